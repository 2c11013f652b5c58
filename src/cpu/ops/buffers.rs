//! The memory of feature maps that are no longer needed, for later ones.

use std::cell::RefCell;

use super::maps::NhwcMaps;

/// Buffers that are kept, at most. A network has maps of about ten sizes.
const MOST_SPARE: usize = 24;

thread_local! {
    static SPARE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer of `size` numbers of any value: one that was given back, if one has this very size. Another would have to be
/// filled first.
pub(super) fn take(size: usize) -> Vec<f32> {
    SPARE.with_borrow_mut(
        |spare| match spare.iter().position(|buffer| buffer.len() == size) {
            Some(place) => spare.swap_remove(place),
            None => vec![0.0; size],
        },
    )
}

/// Keeps the buffer of maps that no other tensor shares.
pub(super) fn give_back(maps: NhwcMaps) {
    if let Some(buffer) = maps.into_buffer() {
        SPARE.with_borrow_mut(|spare| {
            if spare.len() == MOST_SPARE {
                // Most likely of a size that has not been asked for lately.
                spare.remove(0);
            }
            spare.push(buffer);
        });
    }
}
