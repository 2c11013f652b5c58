//! safetensors (<https://huggingface.co/docs/safetensors>): a JSON header, then the tensors' bytes.

use safetensors::Dtype as Kind;
use safetensors::tensor::Metadata;

use super::{MAX_RANK, header_fits};
use crate::weights::bytes::{ByteSource, HEADER_LIMIT, read};
use crate::weights::index::{Dtype, Format, TensorEntry, TensorIndex, WeightSets};
use crate::weights::plain::plain;
use crate::weights::source::WeightError;

/// Bytes of the header's length, which comes first.
const LENGTH: u64 = 8;

/// Whether a file begins with a header's length, which is none of a pickle or a text, and with JSON.
pub fn starts(start: &[u8]) -> bool {
    let length = start
        .first_chunk()
        .map(|&length| u64::from_le_bytes(length));
    length.is_some_and(|length| length <= HEADER_LIMIT) && start.get(LENGTH as usize) == Some(&b'{')
}

/// Reads the header.
pub fn index(bytes: &dyn ByteSource) -> Result<TensorIndex, WeightError> {
    let fault = |reason: String| WeightError::Format { reason };
    let mut length = [0; LENGTH as usize];
    length.copy_from_slice(&read(bytes, 0, LENGTH, "the header's length")?);
    let length = u64::from_le_bytes(length);
    header_fits(length, bytes.size().saturating_sub(LENGTH))?;
    let header = read(bytes, LENGTH, length, "the header")?;
    // Checks, too, that the tensors lie one behind the other and have the bytes that their shapes need.
    let header: Metadata = serde_json::from_slice(&header)
        .map_err(|error| fault(format!("its header cannot be read: {error}")))?;

    let data = LENGTH.saturating_add(length);
    let expected = data.checked_add(header.data_len() as u64);
    if expected != Some(bytes.size()) {
        return Err(fault(format!(
            "its header describes {} bytes of tensors, but {} follow: it is cut short or damaged",
            header.data_len(),
            bytes.size().saturating_sub(data)
        )));
    }
    let tensors = header.tensors();
    if let Some((name, info)) = tensors.iter().find(|(_, info)| info.shape.len() > MAX_RANK) {
        return Err(fault(format!(
            "tensor `{}` has rank {}, and the highest that is read is {MAX_RANK}",
            plain(name),
            info.shape.len()
        )));
    }
    let tensors = tensors.into_iter().map(|(name, info)| {
        let entry = TensorEntry {
            dtype: dtype(info.dtype),
            shape: info.shape.clone(),
            offset: data.saturating_add(info.data_offsets.0 as u64),
            strides: None,
        };
        (name, entry)
    });
    Ok(TensorIndex {
        format: Format::Safetensors,
        tensors: tensors.collect(),
        metadata: header.metadata().clone().unwrap_or_default(),
        weight_sets: WeightSets::default(),
    })
}

fn dtype(kind: Kind) -> Dtype {
    match kind {
        Kind::F64 => Dtype::F64,
        Kind::F32 => Dtype::F32,
        Kind::F16 => Dtype::F16,
        Kind::BF16 => Dtype::Bf16,
        Kind::I8 => Dtype::I8,
        other => Dtype::Other(format!("{other:?}")),
    }
}
