//! Where the windows of convolutions and pools lie.

use super::super::model::{Attribute, Node};
use super::Fault;

/// Where the windows of a convolution or a pool lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// A side, in pixels.
    pub kernel: usize,
    /// Their step.
    pub stride: usize,
    /// Pixels of zeros above, left, below, right.
    pub pads: [usize; 4],
}

impl Window {
    /// Height and width of what a map of this size becomes. `None`: too small.
    pub fn output(&self, size: [usize; 2], ceil: bool) -> Option<[usize; 2]> {
        let side = |axis: usize| {
            let padded = size[axis]
                .checked_add(self.pads[axis])?
                .checked_add(self.pads[axis | 2])?;
            let room = padded.checked_sub(self.kernel)?;
            let steps = if ceil {
                room.div_ceil(self.stride)
            } else {
                room.checked_div(self.stride)?
            };
            steps.checked_add(1)
        };
        Some([side(0)?, side(1)?])
    }

    /// Whether the first window has all pixels of a map of this size.
    pub fn covers(&self, size: [usize; 2]) -> bool {
        [0, 1]
            .iter()
            .all(|&axis| size[axis].saturating_add(self.pads[axis]) <= self.kernel)
    }

    /// The pixels on each side, if there are as many on all.
    pub fn padding(&self) -> Option<usize> {
        (self.pads == [self.pads[0]; 4]).then_some(self.pads[0])
    }
}

/// The window of a node, its kernel's sides given.
pub fn window(node: &Node, kernel: &[usize], size: Option<[usize; 2]>) -> Result<Window, Fault> {
    let same = |list: &[i64], usual: i64| match list.first() {
        Some(&first) if list.iter().all(|&number| number == first) => Some(first),
        Some(_) => None,
        None => Some(usual),
    };
    let number =
        |name: &str| same(node.ints(name), 1).and_then(|number| usize::try_from(number).ok());
    if number("dilations") != Some(1) {
        return Err(Fault::Unknown("is dilated, which is not supported"));
    }
    let stride = number("strides")
        .filter(|&stride| stride > 0)
        .ok_or(Fault::Unknown("has different strides"))?;
    let kernel_side = kernel.first().copied().unwrap_or(0);
    let mut pads = [0; 4];
    let same_size = match node.attribute("auto_pad") {
        Some(Attribute::Text(how)) => how.strip_prefix("SAME_"),
        _ => None,
    };
    if let Some(how) = same_size {
        for axis in 0..2 {
            let least = match (size, stride) {
                (_, 1) => kernel_side.saturating_sub(1),
                (Some(size), _) => {
                    let windows = size[axis].div_ceil(stride);
                    let covered = windows
                        .saturating_sub(1)
                        .saturating_mul(stride)
                        .saturating_add(kernel_side);
                    covered.saturating_sub(size[axis])
                }
                _ => return Err(Fault::Unknown("pads by the image's size, which is open")),
            };
            let before = if how == "UPPER" {
                least >> 1
            } else {
                least.div_ceil(2)
            };
            pads[axis] = before;
            pads[axis | 2] = least.saturating_sub(before);
        }
    } else {
        let list = node.ints("pads");
        let one_dimension = list.len() == 2;
        for (axis, pad) in pads.iter_mut().enumerate() {
            let place = if one_dimension { axis >> 1 } else { axis };
            let given = list.get(place).copied().unwrap_or(0);
            *pad = usize::try_from(given).map_err(|_| Fault::Unknown("has negative padding"))?;
        }
    }
    Ok(Window {
        kernel: kernel_side,
        stride,
        pads,
    })
}

/// Padding and more of it.
pub fn added(pads: [usize; 4], more: [usize; 4]) -> [usize; 4] {
    [0, 1, 2, 3].map(|side| pads[side].saturating_add(more[side]))
}
