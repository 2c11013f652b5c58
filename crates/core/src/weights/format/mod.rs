//! The file formats: each is a way from a file's bytes to the index of its tensors.
//!
//! A format is recognised by the first bytes, never by the file's name.

// Lengths, offsets and counts come from the file.
#![deny(clippy::arithmetic_side_effects)]

mod burnpack;
pub mod onnx;
mod pytorch;
mod safetensors;

use super::bytes::{ByteSource, HEADER_LIMIT, read};
use super::index::{Format, TensorIndex};
use super::source::WeightError;

/// The highest rank of a tensor that is read.
const MAX_RANK: usize = 16;
/// In a safetensors file the JSON header begins after its length of eight bytes.
const SAFETENSORS_JSON: usize = 8;

/// Reads which tensors a file holds, and where. Of several sets of weights that a checkpoint holds side by side it is the one
/// called `weight_set`, or else the usual one.
///
/// # Errors
/// [`WeightError::Format`] for what is no weight file, or a damaged one.
pub fn index(bytes: &dyn ByteSource, weight_set: Option<&str>) -> Result<TensorIndex, WeightError> {
    let start = read(bytes, 0, bytes.size().min(1024), "the file's start")?;
    match format(&start)? {
        Format::Burnpack => burnpack::index(bytes),
        Format::Onnx => Ok(onnx::read(Box::new(bytes), &|_| None)?.1.index),
        Format::Pytorch => pytorch::index(bytes, weight_set),
        Format::Safetensors => safetensors::index(bytes),
    }
}

/// Whether a file is a graph, which says more than an index.
///
/// # Errors
/// As [`index`].
pub fn is_graph(bytes: &dyn ByteSource) -> Result<bool, WeightError> {
    let start = read(bytes, 0, bytes.size().min(64), "the file's start")?;
    Ok(onnx::starts(&start) && start.get(SAFETENSORS_JSON) != Some(&b'{'))
}

/// Recognises a file's format by its first bytes. www/files/beginning.ts does the same, to stop downloads of other files.
fn format(start: &[u8]) -> Result<Format, WeightError> {
    // The length of its header may look like the start of another file.
    if safetensors::starts(start) {
        return Ok(Format::Safetensors);
    }
    // Files that are often mistaken for weights come first: some look like a length or a pickle.
    if let Some(what) = impostor(start) {
        return Err(WeightError::Format {
            reason: what.to_owned(),
        });
    }
    if burnpack::starts(start) {
        Ok(Format::Burnpack)
    } else if pytorch::starts(start) {
        Ok(Format::Pytorch)
    } else if start.get(SAFETENSORS_JSON) == Some(&b'{') {
        Ok(Format::Safetensors)
    } else if onnx::starts(start) {
        Ok(Format::Onnx)
    } else {
        let reason = "its first bytes match no known format".to_owned();
        Err(WeightError::Format { reason })
    }
}

/// Whether a file of this size can hold a header of this length; long ones are refused unread.
fn header_fits(length: u64, size: u64) -> Result<(), WeightError> {
    let reason = if length > size {
        format!("its header claims to be {length} bytes long, but the file has {size}")
    } else if length > HEADER_LIMIT {
        format!("its header claims to be {length} bytes long, and the limit is {HEADER_LIMIT}")
    } else {
        return Ok(());
    };
    Err(WeightError::Format { reason })
}

/// Names files that are often mistaken for weights, by their first bytes.
fn impostor(start: &[u8]) -> Option<&'static str> {
    const COMPRESSED: &str = "it is compressed: unpack it first";
    const SIGNS: &[(&[u8], &str)] = &[
        (b"<", "it is an HTML page, perhaps a server's error page"),
        (
            b"version https://git-lfs",
            "it is a Git LFS pointer, not the file it points to: fetch that with `git lfs pull`",
        ),
        (b"{", "it is a JSON file"),
        (
            b"\x89HDF",
            "it is an HDF5 file, perhaps of Keras, which is not supported",
        ),
        (b"\x93NUMPY", "it is a NumPy array"),
        (b"GGUF", "it is a GGUF file, a format of language models"),
        (b"\x1f\x8b", COMPRESSED),
        (b"\x28\xb5\x2f\xfd", COMPRESSED),
        (b"\xfd7zXZ", COMPRESSED),
        (b"7z\xbc\xaf", COMPRESSED),
        (b"BZh", COMPRESSED),
        (b"Rar!", COMPRESSED),
        (b"\x89PNG", "it is an image"),
        (b"\xff\xd8\xff", "it is an image"),
    ];
    let start = start.trim_ascii_start();
    if start.is_empty() {
        return Some("it is empty");
    }
    if start.get(4..8) == Some(b"TFL3") {
        return Some("it is a TensorFlow Lite file");
    }
    // Protocol buffers: a version, then the graph. A safetensors header's length may begin so, too.
    if let [8, 1, 0x12, ..] = *start
        && start.get(SAFETENSORS_JSON) != Some(&b'{')
    {
        return Some("it is a SavedModel of TensorFlow");
    }
    let sign = SIGNS.iter().find(|(sign, _)| start.starts_with(sign));
    sign.map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// The first bytes of a file, and whether it can be weights.
    #[derive(Deserialize)]
    struct Start {
        name: String,
        /// Zeros before the bytes.
        at: usize,
        hex: String,
        weights: bool,
    }

    #[test]
    fn first_bytes_are_recognised_as_in_the_page() {
        let table = include_str!("../../../../../tests/fixtures/weight-starts.json");
        let starts: Vec<Start> = serde_json::from_str(table).expect("the table is JSON");
        let differing = starts.iter().filter(|start| {
            let digits = start.hex.as_bytes().chunks(2);
            let byte = |digits| {
                let digits = str::from_utf8(digits).expect("digits are ASCII");
                u8::from_str_radix(digits, 16).expect("digits are hexadecimal")
            };
            let mut bytes = vec![0; start.at];
            bytes.extend(digits.map(byte));
            format(&bytes).is_ok() != start.weights
        });
        let names: Vec<_> = differing.map(|start| &start.name).collect();
        assert!(
            names.is_empty(),
            "the page decides otherwise for: {names:?}"
        );
    }
}
