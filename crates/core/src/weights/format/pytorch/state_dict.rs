//! Finding the state dict in what was saved, and its tensors in the file.

use std::collections::{BTreeMap, HashMap};

use super::pickle::{Id, Node, Pickle, Storage, Tensor};
use super::{Extent, fault};
use crate::weights::index::{Dtype, Format, TensorEntry, TensorIndex};
use crate::weights::source::{Listing, WeightError};

/// Where training scripts put the weights in a checkpoint, the usual first.
const USUAL_KEYS: [&str; 6] = [
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "weights",
    "module",
];
/// How deep the state dict may lie.
const DEPTH: usize = 4;

/// The tensors of the state dict in `pickle`, whose storages lie where `place` says.
pub fn index_of(
    pickle: &Pickle,
    place: &dyn Fn(&Storage) -> Option<Extent>,
) -> Result<TensorIndex, WeightError> {
    let mut tensors = BTreeMap::new();
    for (name, value) in state_dict(pickle)? {
        let entry = match pickle.node(value) {
            Node::Tensor(tensor) => locate(&name, tensor, place)?,
            // It has to be named if it is needed: a sparse or a quantised tensor.
            Node::Opaque(class) => TensorEntry {
                dtype: Dtype::Other(class.clone()),
                shape: Vec::new(),
                offset: 0,
                strides: None,
            },
            _ => continue,
        };
        tensors.insert(name, entry);
    }
    Ok(TensorIndex {
        format: Format::Pytorch,
        tensors,
        metadata: HashMap::new(),
    })
}

/// Names and values of the dictionary that holds the tensors.
fn state_dict(pickle: &Pickle) -> Result<Vec<(String, Id)>, WeightError> {
    let entries = |id: Id| match pickle.node(id) {
        Node::Dict(pairs) => {
            let named = pairs
                .iter()
                .filter_map(|&(key, value)| Some((pickle.text(key)?, value)));
            Some(named.collect::<Vec<_>>())
        }
        _ => None,
    };
    let holds_tensors = |id: Id| {
        entries(id).is_some_and(|entries| {
            let is_tensor = |&(_, value): &(_, Id)| matches!(pickle.node(value), Node::Tensor(_));
            entries.iter().any(is_tensor)
        })
    };
    let mut at = pickle.root;
    for _ in 0..DEPTH {
        let Some(found) = entries(at) else { break };
        let inner = |key: &str| {
            let entry = found.iter().find(|(name, _)| name == key);
            entry.map(|&(_, value)| value)
        };
        let is_dict = |id: &Id| matches!(pickle.node(*id), Node::Dict(_));
        // A checkpoint may keep a tensor or two beside its weights, so these come first.
        let usual = USUAL_KEYS.iter().find_map(|key| inner(key).filter(is_dict));
        match usual {
            Some(inner) => at = inner,
            None if holds_tensors(at) => return Ok(found),
            None => match found.iter().find(|&&(_, value)| holds_tensors(value)) {
                Some(&(_, value)) => at = value,
                None => break,
            },
        }
    }
    Err(fault(match pickle.node(at) {
        Node::Dict(_) => {
            let keys = entries(at).unwrap_or_default().into_iter();
            match Listing::new(keys.map(|(key, _)| key)) {
                Some(keys) => format!("it holds no tensors, only: {keys}"),
                None => "it holds an empty dictionary".to_owned(),
            }
        }
        Node::Opaque(class) => format!(
            "it holds a whole Python object ({class}), which only Python can read: save the model's `state_dict()`"
        ),
        Node::Tensor(_) => "it holds a single tensor: save the model's `state_dict()`".to_owned(),
        _ => "it holds no dictionary of tensors: save the model's `state_dict()`".to_owned(),
    }))
}

/// Where a tensor lies in the file.
fn locate(
    name: &str,
    tensor: &Tensor,
    place: &dyn Fn(&Storage) -> Option<Extent>,
) -> Result<TensorEntry, WeightError> {
    let Tensor {
        storage,
        dtype,
        offset,
        shape,
        strides,
    } = tensor;
    let missing = || {
        fault(format!(
            "tensor `{name}` lies in storage `{}`, which the file does not hold",
            storage.key
        ))
    };
    let extent = place(storage).ok_or_else(missing)?;
    let entry = TensorEntry {
        dtype: dtype.clone(),
        shape: shape.clone(),
        offset: 0,
        strides: (!is_row_major(shape, strides)).then(|| strides.clone()),
    };
    let start = offset
        .checked_add(storage.start)
        .and_then(|numbers| (numbers as u64).checked_mul(dtype.size() as u64));
    let end = start.and_then(|start| start.checked_add(entry.span()?));
    match (start, end) {
        (Some(start), Some(end)) if end <= extent.length => Ok(TensorEntry {
            offset: extent.offset.saturating_add(start),
            ..entry
        }),
        _ => Err(fault(format!(
            "tensor `{name}` of shape {shape:?} reaches beyond its storage of {} bytes: the file is damaged",
            extent.length
        ))),
    }
}

/// Whether the numbers follow one another row by row. A side of one has no step.
fn is_row_major(shape: &[usize], strides: &[usize]) -> bool {
    let mut expected = 1_usize;
    shape.iter().zip(strides).rev().all(|(&side, &stride)| {
        let fits = side == 1 || stride == expected;
        expected = expected.saturating_mul(side);
        fits
    })
}
