//! How much memory and work reading a pickle may take: a small multiple of its length.
//!
//! Two bytes of a pickle can refer to any value that came before, and so ask for a copy of it, or for another walk over
//! it. Everything that grows or is walked because of a pickle is charged here first. PyTorch's own pickles take a third of
//! what is allowed, or less.

use super::fault;
use crate::weights::source::WeightError;

/// Bytes of memory, or values looked at, for each byte of the pickle.
const PER_BYTE: usize = 24;
/// Added for short pickles.
const SLACK: usize = 1 << 14;
/// The limit for a pickle of any length. The largest ResNet's costs a hundredth of it.
const MOST: usize = 64 << 20;

/// What has been spent, and what may be.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    spent: usize,
    allowed: usize,
}

impl Budget {
    /// The budget of a pickle of which nothing has been read.
    pub const fn new() -> Self {
        Self {
            spent: 0,
            allowed: SLACK,
        }
    }

    /// Adds what `bytes` more bytes of the pickle allow.
    pub fn allow(&mut self, bytes: usize) {
        let more = bytes.saturating_mul(PER_BYTE);
        self.allowed = self.allowed.saturating_add(more).min(MOST);
    }

    /// Spends `cost`: bytes of memory, or values looked at.
    ///
    /// # Errors
    /// Where that is more than the bytes read so far allow.
    pub fn charge(&mut self, cost: usize) -> Result<(), WeightError> {
        self.spent = self.spent.saturating_add(cost);
        if self.spent > self.allowed {
            return Err(fault(format!(
                "its pickle refers to the same values so often that they take more than {} bytes, the limit for its length",
                self.allowed
            )));
        }
        Ok(())
    }

    /// What has been spent.
    #[cfg(test)]
    pub const fn spent(&self) -> usize {
        self.spent
    }

    /// What may be spent.
    #[cfg(test)]
    pub const fn allowed(&self) -> usize {
        self.allowed
    }
}
