//! The zip form, since PyTorch 1.6.

use std::collections::HashMap;
use std::io;

use rawzip::{CompressionMethod, ReaderAt, ZipLocator};

use super::pickle::Pickle;
use super::state_dict::index_of;
use super::{Extent, fault};
use crate::weights::bytes::{ByteSource, HEADER_LIMIT, read};
use crate::weights::format::header_fits;
use crate::weights::index::TensorIndex;
use crate::weights::plain::plain;
use crate::weights::source::WeightError;

/// More entries than any checkpoint has.
const MOST_ENTRIES: usize = 1 << 16;

/// Whether a file that starts so is a zip archive.
pub fn starts(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

struct At<'a>(&'a dyn ByteSource);

impl ReaderAt for At<'_> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = self.0.size().saturating_sub(offset);
        let length = buffer
            .len()
            .min(usize::try_from(rest).unwrap_or(usize::MAX));
        self.0.read_into(offset, &mut buffer[..length])?;
        Ok(length)
    }
}

/// Reads the archive's directory and the pickle in it.
pub fn index(bytes: &dyn ByteSource, weight_set: Option<&str>) -> Result<TensorIndex, WeightError> {
    let zip = |error: rawzip::Error| fault(format!("its zip archive cannot be read: {error}"));
    let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
    let archive = ZipLocator::new()
        .locate_in_reader(At(bytes), &mut buffer, bytes.size())
        .map_err(|(_, error)| zip(error))?;
    let mut found = Vec::new();
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().map_err(zip)? {
        if found.len() == MOST_ENTRIES {
            return Err(fault(format!(
                "its zip archive has more than {MOST_ENTRIES} entries, the limit"
            )));
        }
        let path = String::from_utf8_lossy(entry.file_path().as_ref()).into_owned();
        let stored = entry.compression_method() == CompressionMethod::STORE;
        found.push((path, stored, entry.wayfinder()));
    }

    // PyTorch puts everything into one folder.
    let root = found
        .iter()
        .filter_map(|(path, ..)| path.strip_suffix("data.pkl"))
        .min_by_key(|root| root.len())
        .ok_or_else(|| {
            let holds = |end: &str| found.iter().any(|(path, ..)| path.ends_with(end));
            fault(if holds("model.weights.h5") {
                "it is a Keras model, which is not supported"
            } else if holds(".npy") {
                "it is an archive of NumPy arrays"
            } else {
                "it is a zip archive without `data.pkl`, so PyTorch did not write it"
            })
        })?;
    let mut files = HashMap::new();
    for (path, stored, wayfinder) in &found {
        // Beside these a TorchScript program has its code, which is compressed.
        let Some(name) = path
            .strip_prefix(root)
            .filter(|name| matches!(*name, "data.pkl" | "byteorder") || name.starts_with("data/"))
        else {
            continue;
        };
        if !stored {
            // A few bytes could unpack to any number.
            return Err(fault(format!(
                "`{}` is compressed, which PyTorch does not do: save the file with `torch.save`",
                plain(path)
            )));
        }
        let (start, end) = archive
            .get_entry(*wayfinder)
            .map_err(zip)?
            .compressed_data_range();
        let length = end.saturating_sub(start);
        let extent = Extent {
            offset: start,
            length,
        };
        files.insert(name, extent);
    }
    if let Some(&order) = files.get("byteorder") {
        let order = read(bytes, order.offset, order.length.min(8), "`byteorder`")?;
        if order.trim_ascii() != b"little" {
            return Err(fault(
                "its numbers are big-endian: save it on another machine",
            ));
        }
    }
    let pickle = files["data.pkl"];
    header_fits(pickle.length, HEADER_LIMIT.min(bytes.size()))?;
    let pickle = read(bytes, pickle.offset, pickle.length, "`data.pkl`")?;
    let index = index_of(&Pickle::read(&pickle)?, weight_set, &|key| {
        files.get(format!("data/{key}").as_str()).copied()
    })?;
    let constants = |(path, ..): &(String, _, _)| path.strip_prefix(root) == Some("constants.pkl");
    if index.tensors.is_empty() && found.iter().any(constants) {
        return Err(fault(
            "it is a frozen TorchScript program, whose weights have no names: save the model's `state_dict()` with `torch.save` before `torch.jit.freeze`",
        ));
    }
    Ok(index)
}
