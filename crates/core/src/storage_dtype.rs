//! What numbers are stored as in a GPU's memory.

use serde::Serialize;

/// What maps and weights are stored as. Sums are always taken in f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum StorageDtype {
    /// 32 bits.
    F32,
    /// 16 bits, where the adapter has `shader-f16`: half the memory traffic.
    F16,
}

impl StorageDtype {
    /// Bytes of one number.
    pub const fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }
}
