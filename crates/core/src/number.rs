//! What numbers are stored as in the GPU's memory.

use serde::Serialize;

/// What maps and weights are stored as. Sums are always taken in 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Number {
    /// 32 bits.
    F32,
    /// 16 bits, where the adapter has `shader-f16`: half of what goes through memory.
    F16,
}

impl Number {
    /// Bytes of one.
    pub const fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }
}
