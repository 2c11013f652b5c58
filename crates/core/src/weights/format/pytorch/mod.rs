//! What `torch.save` writes: a pickle that describes tensors, and their bytes beside it.
//!
//! Since PyTorch 1.6 both lie in a zip archive, uncompressed: `NAME/data.pkl` and `NAME/data/0`, `1` and so on. Before
//! that they follow one another in one stream ("legacy"). The pickle is read as data: nothing it names is ever called.

mod archive;
mod budget;
mod legacy;
mod pickle;
mod state_dict;

use crate::weights::bytes::ByteSource;
use crate::weights::index::TensorIndex;
use crate::weights::source::WeightError;

/// Where `ustar` stands in a tar archive.
const TAR_MAGIC: std::ops::Range<usize> = 257..262;

/// Whether a file that starts so is PyTorch's, in any of its forms.
pub fn starts(start: &[u8]) -> bool {
    archive::starts(start) || legacy::starts(start) || start.get(TAR_MAGIC) == Some(b"ustar")
}

/// Reads the pickle and finds the state dict in it.
pub fn index(bytes: &dyn ByteSource, weight_set: Option<&str>) -> Result<TensorIndex, WeightError> {
    let mut start = [0; TAR_MAGIC.end];
    let length = start
        .len()
        .min(usize::try_from(bytes.size()).unwrap_or(usize::MAX));
    // A read error would have shown when the format was recognised.
    let _ = bytes.read_into(0, &mut start[..length]);
    if archive::starts(&start) {
        archive::index(bytes, weight_set)
    } else if legacy::starts(&start) {
        legacy::index(bytes, weight_set)
    } else {
        Err(fault(
            "it is in PyTorch's oldest format, a tar archive: load and save it with PyTorch 1.6 or later",
        ))
    }
}

fn fault(reason: impl Into<String>) -> WeightError {
    WeightError::Format {
        reason: reason.into(),
    }
}

/// Where a storage's bytes lie in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extent {
    offset: u64,
    length: u64,
}
