//! The stream before PyTorch 1.6: a magic number, a version and the machine's sizes, each a pickle; the object; the
//! storages' keys; then for each storage how many numbers it has, in eight bytes, and the numbers.

use std::collections::{HashMap, HashSet};

use super::pickle::{Node, Pickle};
use super::state_dict::index_of;
use super::{Extent, fault};
use crate::weights::bytes::{ByteSource, HEADER_LIMIT, read};
use crate::weights::index::TensorIndex;
use crate::weights::plain::plain;
use crate::weights::source::WeightError;

/// 0x1950a86a20f9469cfc6c, as a pickle has it in protocol 2: after `PROTO 2 LONG1 10`.
const MAGIC: [u8; 14] = [
    0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19,
];
/// Magic number, protocol version, sizes.
const PREAMBLE: usize = 3;
/// Bytes that count a storage's numbers.
const COUNT: u64 = 8;

/// Whether a file that starts so is one: with the magic number in protocol 2 or later, or a bare pickle.
pub fn starts(start: &[u8]) -> bool {
    matches!(start, [0x80, 2..=5, ..])
}

/// Reads the pickles and finds the storages behind them.
pub fn index(bytes: &dyn ByteSource, weight_set: Option<&str>) -> Result<TensorIndex, WeightError> {
    let length = bytes.size().min(HEADER_LIMIT);
    let stream = read(bytes, 0, length, "the pickles")?;
    let magic = stream.starts_with(&MAGIC[..2]) && stream.get(4..14) == Some(&MAGIC[4..]);
    // Later protocols put a frame's length before the number.
    let framed = stream.get(13..23) == Some(&MAGIC[4..]);
    if !magic && !framed {
        let pickle = Pickle::read(&stream).ok();
        let held = pickle.and_then(|pickle| match *pickle.node(pickle.root) {
            Node::Opaque(class) | Node::Object { class, .. } => {
                Some(format!("`{}`", pickle.name(class)))
            }
            Node::Dict(_) => {
                let names = ["numpy.core.multiarray", "numpy._core.multiarray"];
                let arrays = names.iter().any(|name| pickle.names_module(name));
                arrays.then(|| "NumPy's arrays, as Detectron2's and Caffe2's do".to_owned())
            }
            _ => None,
        });
        return Err(fault(format!(
            "it is a pickle, but not one that `torch.save` wrote{}: save the model's `state_dict()` with `torch.save`",
            held.map(|held| format!(" (it holds {held})"))
                .unwrap_or_default()
        )));
    }
    let mut position = 0;
    let mut next = || {
        let pickle = Pickle::read(stream.get(position..).unwrap_or_default())?;
        position = position.saturating_add(pickle.length);
        Ok::<_, WeightError>(pickle)
    };
    for _ in 0..PREAMBLE {
        next()?;
    }
    let object = next()?;
    let keys = next()?;
    let Node::List(keys_in_order) = keys.node(keys.root) else {
        return Err(fault(
            "its list of storages is not a list: the file is damaged",
        ));
    };

    // By the place of the key first: a long key that comes again and again is looked at once.
    let mut seen = HashSet::new();
    let mut widths = HashMap::new();
    for storage in object.storages() {
        if seen.insert(storage.key)
            && let Some(key) = object.text(storage.key)
        {
            widths.insert(key, object.width(storage));
        }
    }
    let mut seen = HashSet::new();
    let mut extents = HashMap::new();
    let mut offset = position as u64;
    for &id in keys_in_order {
        let key = keys.text(id).unwrap_or_default();
        if !seen.insert(id) || extents.contains_key(&key) {
            return Err(fault(format!(
                "it lists the storage `{}` twice: the file is damaged",
                plain(&key)
            )));
        }
        let Some(&width) = widths.get(&key) else {
            return Err(fault(format!(
                "it lists a storage `{}` that no tensor uses: the file is damaged",
                plain(&key)
            )));
        };
        let mut count = [0; COUNT as usize];
        let what = format!("storage `{}`", plain(&key));
        count.copy_from_slice(&read(bytes, offset, COUNT, &what)?);
        let length = u64::from_le_bytes(count).checked_mul(width as u64);
        let start = offset.saturating_add(COUNT);
        let rest = bytes.size().saturating_sub(start);
        let Some(length) = length.filter(|&length| length <= rest) else {
            return Err(fault(format!(
                "{what} reaches beyond the end: it is cut short or damaged"
            )));
        };
        let extent = Extent {
            offset: start,
            length,
        };
        offset = start.saturating_add(length);
        extents.insert(key, extent);
    }
    index_of(&object, weight_set, &|key| extents.get(key).copied())
}
