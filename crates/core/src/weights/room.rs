//! Memory for what a file asks for.

use super::source::WeightError;
use crate::size::{Bytes, product};

/// An empty vector with room for `count` numbers of `what`, a tensor of a file's.
///
/// # Errors
/// [`WeightError::TooLarge`] where there is none, instead of a panic or an abort.
pub(super) fn room<T>(count: usize, what: &str) -> Result<Vec<T>, WeightError> {
    let mut room = Vec::new();
    match room.try_reserve_exact(count) {
        Ok(()) => Ok(room),
        Err(_) => Err(too_large(what, product(&[count, size_of::<T>()]))),
    }
}

#[cold]
fn too_large(what: &str, needed: u64) -> WeightError {
    WeightError::TooLarge {
        what: what.to_owned(),
        needed: Bytes(needed),
        most: None,
    }
}
