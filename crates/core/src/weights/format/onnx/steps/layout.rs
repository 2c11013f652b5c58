//! What the axes of a map are.

/// What each axis is: a letter of `nchw`, or `_` for one of a single number.
pub type Layout = &'static [u8];
/// PyTorch's.
pub const NCHW: Layout = b"nchw";
/// TensorFlow's.
pub const NHWC: Layout = b"nhwc";
/// Of features without a height and a width.
pub const FLAT: Layout = b"nc";
/// Of features as a row, for a convolution over channels.
pub const ROW: Layout = b"n_c";
/// Of one image's logits, or of one logit of each image.
pub const LIST: Layout = b"c";
/// Those of maps, then those of maps that are one pixel.
const LAYOUTS: [Layout; 6] = [NCHW, NHWC, FLAT, ROW, b"nc_", LIST];

/// The layout with these letters.
pub fn known(letters: &[u8]) -> Option<Layout> {
    LAYOUTS.into_iter().find(|layout| *layout == letters)
}

/// The layout of a map of one pixel with `rank` axes, that of the channels being `channels`.
pub fn of_one_pixel(rank: usize, channels: usize) -> Option<Layout> {
    let fits = |layout: &Layout| layout.len() == rank && layout.get(channels) == Some(&b'c');
    LAYOUTS.into_iter().find(fits)
}

/// The place of an axis.
pub fn axis(layout: Layout, letter: u8) -> Option<usize> {
    layout.iter().position(|&axis| axis == letter)
}

/// The places of axes among `rank`, which are counted from the end if negative.
pub fn places(axes: &[i64], rank: usize) -> Vec<usize> {
    let rank = i64::try_from(rank).unwrap_or(0);
    let place = |&axis: &i64| {
        let place = if axis < 0 {
            axis.saturating_add(rank)
        } else {
            axis
        };
        usize::try_from(place).ok()
    };
    axes.iter().filter_map(place).collect()
}
