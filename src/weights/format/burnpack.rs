//! burnpack, the format of burn's `BurnpackStore` (the crate `burn-pack`, version 1 of the format).
//!
//! `NRUB`, a version of two bytes, the index's length of four, the index in CBOR, and from the next multiple of 256
//! bytes on the tensors'.

use std::collections::{BTreeMap, HashMap};

use ciborium::Value;
use serde::Deserialize;

use super::header_fits;
use crate::weights::bytes::{ByteSource, read};
use crate::weights::index::{Dtype, Format, TensorEntry, TensorIndex};
use crate::weights::source::WeightError;

const MAGIC: &[u8] = b"NRUB";
const VERSION: u16 = 1;
/// Magic, version, length.
const START: u64 = 10;
const ALIGNMENT: u64 = 256;
/// How deep the index's values may be nested; they are three deep.
const DEPTH: usize = 16;

#[derive(Deserialize)]
struct Index {
    tensors: BTreeMap<String, Descriptor>,
    #[serde(default)]
    metadata: HashMap<String, String>,
}

#[derive(Deserialize)]
struct Descriptor {
    /// burn's `DType`: a name, or a map for a quantised tensor.
    dtype: Value,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// Whether a file that starts so is one.
pub fn starts(start: &[u8]) -> bool {
    start.starts_with(MAGIC)
}

/// Reads the index.
pub fn index(bytes: &dyn ByteSource) -> Result<TensorIndex, WeightError> {
    let fault = |reason: String| WeightError::Format { reason };
    let start = read(bytes, 0, START, "the header")?;
    let version = u16::from_le_bytes([start[4], start[5]]);
    if version != VERSION {
        return Err(fault(format!(
            "it is a burnpack file of version {version}, and version {VERSION} is read"
        )));
    }
    let length = u64::from(u32::from_le_bytes([start[6], start[7], start[8], start[9]]));
    header_fits(length, bytes.size() - START)?;
    let index = read(bytes, START, length, "the index")?;
    let index: Index = ciborium::de::from_reader_with_recursion_limit(index.as_slice(), DEPTH)
        .map_err(|error| fault(format!("its index cannot be read: {error}")))?;

    let data = (START + length).next_multiple_of(ALIGNMENT);
    let mut tensors = BTreeMap::new();
    for (name, descriptor) in index.tensors {
        let (from, to) = descriptor.data_offsets;
        let shape = descriptor
            .shape
            .iter()
            .map(|&side| usize::try_from(side).ok());
        let (Some(shape), Some(offset)) =
            (shape.collect::<Option<Vec<_>>>(), data.checked_add(from))
        else {
            return Err(fault(format!(
                "tensor `{name}` of shape {:?} at byte {from} is larger than any file",
                descriptor.shape
            )));
        };
        let entry = TensorEntry {
            dtype: dtype(&descriptor.dtype),
            shape,
            offset,
            strides: None,
        };
        let known = !matches!(entry.dtype, Dtype::Other(_));
        if known && entry.byte_count() != to.checked_sub(from) {
            return Err(fault(format!(
                "tensor `{name}` of shape {:?} and type {} does not take the bytes {from} to {to}",
                entry.shape, entry.dtype
            )));
        }
        tensors.insert(name, entry);
    }
    Ok(TensorIndex {
        format: Format::Burnpack,
        tensors,
        metadata: index.metadata,
    })
}

fn dtype(value: &Value) -> Dtype {
    match value.as_text() {
        Some("F64") => Dtype::F64,
        Some("F32" | "Flex32") => Dtype::F32,
        Some("F16") => Dtype::F16,
        Some("BF16") => Dtype::Bf16,
        Some("I8") => Dtype::I8,
        Some(other) => Dtype::Other(other.to_owned()),
        None => Dtype::Other("a quantised type of burn's".to_owned()),
    }
}
