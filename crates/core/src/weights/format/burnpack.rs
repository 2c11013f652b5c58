//! burnpack, the format of burn's `BurnpackStore` (the crate `burn-pack`, version 1 of the format).
//!
//! `NRUB`, a version of two bytes, the index's length of four, the index in CBOR, and from the next multiple of 256
//! bytes on the tensors'.

use std::collections::{BTreeMap, HashMap};

use minicbor::Decoder;
use minicbor::data::Type;
use minicbor::decode::Error;

use super::{MAX_RANK, header_fits};
use crate::weights::bytes::{ByteSource, read};
use crate::weights::index::{Dtype, Format, TensorEntry, TensorIndex, WeightSets};
use crate::weights::plain::plain;
use crate::weights::source::WeightError;

const MAGIC: &[u8] = b"NRUB";
const VERSION: u16 = 1;
/// Magic, version, length.
const START: u64 = 10;
const ALIGNMENT: u64 = 256;
/// More tensors than any ResNet has.
const MOST_TENSORS: usize = 1 << 16;

/// A tensor as the index describes it.
#[derive(Default)]
struct Descriptor {
    /// burn's name of the type; a quantised one has none.
    dtype: Option<String>,
    shape: Vec<u64>,
    data_offsets: Vec<u64>,
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
            "it is a burnpack file of version {version}; expected version {VERSION}"
        )));
    }
    let length = u64::from(u32::from_le_bytes([start[6], start[7], start[8], start[9]]));
    header_fits(length, bytes.size().saturating_sub(START))?;
    let index = read(bytes, START, length, "the index")?;
    let (descriptors, metadata) = read_index(&mut Decoder::new(&index))
        .map_err(|error| fault(format!("its index cannot be read: {error}")))?;

    let data = (START + length).next_multiple_of(ALIGNMENT);
    let mut tensors = BTreeMap::new();
    for (name, descriptor) in descriptors {
        let &[from, to] = descriptor.data_offsets.as_slice() else {
            return Err(fault(format!(
                "tensor `{}` has no place in the file",
                plain(&name)
            )));
        };
        let shape = descriptor
            .shape
            .iter()
            .map(|&side| usize::try_from(side).ok());
        let (Some(shape), Some(offset)) =
            (shape.collect::<Option<Vec<_>>>(), data.checked_add(from))
        else {
            return Err(fault(format!(
                "tensor `{}` of shape {:?} at byte {from} is larger than any file",
                plain(&name),
                descriptor.shape
            )));
        };
        let entry = TensorEntry {
            dtype: dtype(descriptor.dtype),
            shape,
            offset,
            strides: None,
        };
        let known = !matches!(entry.dtype, Dtype::Other(_));
        if known && entry.byte_count() != to.checked_sub(from) {
            return Err(fault(format!(
                "tensor `{}` of shape {:?} and type {} does not take the bytes {from} to {to}",
                plain(&name),
                entry.shape,
                entry.dtype
            )));
        }
        tensors.insert(name, entry);
    }
    Ok(TensorIndex {
        format: Format::Burnpack,
        tensors,
        metadata,
        weight_sets: WeightSets::default(),
    })
}

/// Tensors by their names, and texts by theirs.
type Index = (BTreeMap<String, Descriptor>, HashMap<String, String>);

/// `{"tensors": {name: {"dtype": …, "shape": …, "data_offsets": …}}, "metadata": {…}}`; other keys are skipped.
fn read_index(index: &mut Decoder<'_>) -> Result<Index, Error> {
    let mut tensors = BTreeMap::new();
    let mut metadata = HashMap::new();
    read_map(index, |key, index| match key {
        "tensors" => read_map(index, |name, index| {
            if tensors.len() == MOST_TENSORS {
                return Err(Error::message("it lists more tensors than any ResNet has"));
            }
            let mut descriptor = Descriptor::default();
            read_map(index, |key, index| {
                match key {
                    "dtype" if index.datatype()? == Type::String => {
                        descriptor.dtype = Some(index.str()?.to_owned());
                    }
                    "shape" => descriptor.shape = read_numbers(index)?,
                    "data_offsets" => descriptor.data_offsets = read_numbers(index)?,
                    _ => index.skip()?,
                }
                Ok(())
            })?;
            tensors.insert(name.to_owned(), descriptor);
            Ok(())
        }),
        "metadata" => read_map(index, |key, index| {
            metadata.insert(key.to_owned(), index.str()?.to_owned());
            Ok(())
        }),
        _ => index.skip(),
    })?;
    Ok((tensors, metadata))
}

/// Calls `entry` with each key, and the index at its value.
fn read_map<'a>(
    index: &mut Decoder<'a>,
    mut entry: impl FnMut(&'a str, &mut Decoder<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    // A map of indefinite length ends with a break.
    let mut rest = index.map()?;
    loop {
        match &mut rest {
            Some(0) => return Ok(()),
            Some(rest) => *rest = rest.saturating_sub(1),
            None if index.datatype()? == Type::Break => return index.skip(),
            None => {}
        }
        let key = index.str()?;
        entry(key, index)?;
    }
}

fn read_numbers(index: &mut Decoder<'_>) -> Result<Vec<u64>, Error> {
    let numbers = index.array_iter::<u64>()?.take(MAX_RANK + 1);
    let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
    if numbers.len() > MAX_RANK {
        return Err(Error::message("a tensor's rank is above 16"));
    }
    Ok(numbers)
}

fn dtype(name: Option<String>) -> Dtype {
    match name.as_deref() {
        Some("F64") => Dtype::F64,
        Some("F32" | "Flex32") => Dtype::F32,
        Some("F16") => Dtype::F16,
        Some("BF16") => Dtype::Bf16,
        Some("I8") => Dtype::I8,
        Some(other) => Dtype::Other(other.to_owned()),
        None => Dtype::Other("a quantised type of burn's".to_owned()),
    }
}
