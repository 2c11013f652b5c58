//! Which kernel computes a layer: pure functions of its shape and the device's capabilities.
//!
//! A new variant is a row of a table here. Rows are tried in order, and the first that applies wins.

use resnet_web_core::resnet::conv::ConvShape;

use crate::caps::Caps;
use crate::kernels::conv2d::Tile;

/// Variants that the caller chooses, whatever the tables say: to compare them with each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forced {
    /// For every convolution.
    pub conv2d: Option<Tile>,
}

/// When a tile is used.
struct Rule {
    applies: fn(&ConvShape, &Caps) -> bool,
    tile: Tile,
}

/// 32 pixels of 64 channels.
const DEFAULT: Tile = Tile {
    rows: 4,
    columns: 8,
};

const CONV2D: &[Rule] = &[Rule {
    applies: |_, _| true,
    tile: DEFAULT,
}];

/// The tile of a convolution.
pub fn conv2d(shape: &ConvShape, caps: &Caps, forced: Forced) -> Tile {
    let rule = CONV2D.iter().find(|rule| (rule.applies)(shape, caps));
    let chosen = rule.map_or(DEFAULT, |rule| rule.tile);
    forced.conv2d.unwrap_or(chosen)
}

#[cfg(test)]
mod tests {
    use resnet_web_core::resnet::conv::Arithmetic;

    use super::*;

    #[test]
    fn every_convolution_has_its_tile() {
        let conv = |inputs, outputs, kernel, stride, groups| ConvShape {
            inputs,
            outputs,
            kernel,
            stride,
            padding: kernel / 2,
            groups,
            arithmetic: Arithmetic::F32,
        };
        let f16 = Caps {
            shader_f16: true,
            ..Caps::default()
        };
        let other = Tile {
            rows: 8,
            columns: 4,
        };
        let forced = Forced {
            conv2d: Some(other),
        };
        let by_table = Forced::default();
        let cases = [
            (
                "stem",
                conv(12, 64, 4, 1, 1),
                Caps::default(),
                by_table,
                DEFAULT,
            ),
            (
                "1x1",
                conv(64, 256, 1, 1, 1),
                Caps::default(),
                by_table,
                DEFAULT,
            ),
            (
                "3x3",
                conv(512, 512, 3, 1, 1),
                Caps::default(),
                by_table,
                DEFAULT,
            ),
            (
                "groups",
                conv(128, 128, 3, 2, 32),
                Caps::default(),
                by_table,
                DEFAULT,
            ),
            ("f16", conv(64, 64, 3, 1, 1), f16, by_table, DEFAULT),
            (
                "forced",
                conv(64, 64, 3, 1, 1),
                Caps::default(),
                forced,
                other,
            ),
        ];
        for (name, shape, caps, forced, expected) in cases {
            assert_eq!(conv2d(&shape, &caps, forced), expected, "{name}");
        }
    }
}
