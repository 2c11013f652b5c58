//! Finding the state dict in what was saved, and its tensors in the file.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::mem::size_of;

use super::budget::Budget;
use super::pickle::{Id, Node, Pickle, Tensor};
use super::{Extent, fault};
use crate::weights::index::{Dtype, Format, TensorEntry, TensorIndex, WeightSets};
use crate::weights::naming::is_copy;
use crate::weights::plain::plain;
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
/// No training script's key is longer.
const LONGEST_KEY: usize = 64;
/// How deep the state dict may lie.
const DEPTH: usize = 4;

/// The tensors of the state dict in `pickle`, whose storages lie where `place` says of their keys.
pub fn index_of(
    pickle: &Pickle<'_>,
    weight_set: Option<&str>,
    place: &dyn Fn(&str) -> Option<Extent>,
) -> Result<TensorIndex, WeightError> {
    let mut budget = pickle.budget;
    let mut tensors = BTreeMap::new();
    let mut keys = HashSet::new();
    let mut extents = HashMap::new();
    let (found, weight_sets) = state_dict(pickle, weight_set, &mut budget)?;
    for &(key, value) in found {
        if !matches!(pickle.node(value), Node::Tensor(_) | Node::Opaque(_)) {
            continue;
        }
        let Some(name) = pickle.text(key) else {
            continue;
        };
        // By its place first: a long name that comes again and again is not looked at.
        if !keys.insert(key) || tensors.contains_key(&*name) {
            return Err(fault(format!(
                "it has two tensors `{}`: the file is damaged",
                plain(&name)
            )));
        }
        let entry = match pickle.node(value) {
            Node::Tensor(tensor) => {
                let key = tensor.storage.key;
                let extent = extents
                    .entry(key)
                    .or_insert_with(|| place(&pickle.text(key)?));
                let extent = extent.ok_or_else(|| {
                    fault(format!(
                        "tensor `{}` lies in storage `{}`, which the file does not hold",
                        plain(&name),
                        plain(&pickle.text(key).unwrap_or_default())
                    ))
                })?;
                locate(&name, tensor, extent)?
            }
            // It has to be named if it is needed: a sparse or a quantised tensor.
            Node::Opaque(class) => TensorEntry {
                dtype: Dtype::Other(pickle.name(*class)),
                shape: Vec::new(),
                offset: 0,
                strides: None,
            },
            _ => continue,
        };
        budget.charge(cost(&name, &entry))?;
        tensors.insert(name.into_owned(), entry);
    }
    Ok(TensorIndex {
        format: Format::Pytorch,
        tensors,
        metadata: HashMap::new(),
        weight_sets,
    })
}

/// Bytes that an entry of the index takes.
fn cost(name: &str, entry: &TensorEntry) -> usize {
    let kind = match &entry.dtype {
        Dtype::Other(kind) => kind.len(),
        _ => 0,
    };
    let strides = entry.strides.as_ref().map_or(0, Vec::len);
    let sides = entry.shape.len().saturating_add(strides);
    let sides = size_of::<usize>().saturating_mul(sides);
    [name.len(), kind, sides]
        .into_iter()
        .fold(size_of::<(String, TensorEntry)>(), usize::saturating_add)
}

/// Keys and values of a dictionary.
type Pairs = [(Id, Id)];

/// Keys and values of the dictionary that holds the tensors, and what it and averages beside it are called.
fn state_dict<'a>(
    pickle: &'a Pickle<'_>,
    weight_set: Option<&str>,
    budget: &mut Budget,
) -> Result<(&'a Pairs, WeightSets), WeightError> {
    let dict = |id: Id| match pickle.node(id) {
        Node::Dict(pairs) => Some(&pairs[..]),
        _ => None,
    };
    // Dictionaries that were looked through and hold no tensor. Each is looked through once, however often it is held.
    let mut without = HashSet::new();
    let mut holds_tensors = |id: Id, budget: &mut Budget| {
        let Some(pairs) = dict(id).filter(|_| !without.contains(&id)) else {
            return Ok(false);
        };
        budget.charge(pairs.len())?;
        let is_tensor = |&(_, value): &(Id, Id)| matches!(pickle.node(value), Node::Tensor(_));
        let holds = pairs.iter().any(is_tensor);
        if !holds {
            without.insert(id);
        }
        Ok::<_, WeightError>(holds)
    };
    let mut at = pickle.root;
    let mut weight_sets = WeightSets::default();
    for _ in 0..DEPTH {
        let Some(found) = dict(at) else { break };
        budget.charge(found.len())?;
        let inner = |usual: &str| {
            let is_usual = |key: Id| matches!(pickle.node(key), Node::Text(key) if key == usual);
            let entry = found.iter().find(|&&(key, _)| is_usual(key));
            entry.map(|&(_, value)| value)
        };
        // A checkpoint may keep a tensor or two beside its weights, so these come first.
        let is_dict = |&id: &Id| dict(id).is_some();
        let usual = |key: &&'static str| Some((*key, inner(key)?));
        if let Some((key, inner)) = USUAL_KEYS
            .iter()
            .filter_map(usual)
            .find(|(_, id)| is_dict(id))
        {
            at = inner;
            let mut sets = vec![(key, inner)];
            for &(key, value) in found {
                if let Node::Text(key) = pickle.node(key)
                    && key.len() <= LONGEST_KEY
                    && is_copy(key)
                    && holds_tensors(value, budget)?
                {
                    sets.push((key, value));
                }
            }
            if sets.len() > 1 && holds_tensors(inner, budget)? {
                let wanted = sets.iter().find(|(key, _)| Some(*key) == weight_set);
                let (taken, value) = *wanted.unwrap_or(&sets[0]);
                at = value;
                weight_sets = WeightSets {
                    taken: Some(taken.to_owned()),
                    names: sets.iter().map(|(key, _)| (*key).to_owned()).collect(),
                };
            }
            continue;
        }
        let whole =
            USUAL_KEYS
                .iter()
                .filter_map(usual)
                .find_map(|(key, id)| match pickle.node(id) {
                    Node::Opaque(class) => Some((key, *class)),
                    _ => None,
                });
        if let Some((key, class)) = whole {
            return Err(fault(format!(
                "its `{key}` is a whole Python object ({}), which only Python can read: save the model's `state_dict()` in its place",
                plain(&pickle.name(class))
            )));
        }
        if holds_tensors(at, budget)? {
            return Ok((found, weight_sets));
        }
        let mut values = found.iter().map(|&(_, value)| value);
        let holding = loop {
            match values.next() {
                Some(value) if holds_tensors(value, budget)? => break Some(value),
                Some(_) => {}
                None => break None,
            }
        };
        let Some(holding) = holding else { break };
        at = holding;
    }
    Err(fault(match pickle.node(at) {
        Node::Dict(pairs) => {
            let keys = pairs.iter().filter_map(|&(key, _)| pickle.text(key));
            match Listing::new(keys.map(|key| plain(&key))) {
                Some(keys) => format!("it holds no tensors, only: {keys}"),
                None => "it holds an empty dictionary".to_owned(),
            }
        }
        Node::Opaque(class) => format!(
            "it holds a whole Python object ({}), which only Python can read: save the model's `state_dict()`",
            pickle.name(*class)
        ),
        Node::Tensor(_) => "it holds a single tensor: save the model's `state_dict()`".to_owned(),
        _ => "it holds no dictionary of tensors: save the model's `state_dict()`".to_owned(),
    }))
}

/// Where a tensor lies in the file.
fn locate(name: &str, tensor: &Tensor, extent: Extent) -> Result<TensorEntry, WeightError> {
    let Tensor {
        storage,
        dtype,
        offset,
        shape,
        strides,
    } = tensor;
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
            "tensor `{}` of shape {shape:?} reaches beyond its storage of {} bytes: the file is damaged",
            plain(name),
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A dictionary of `n` numbers, held `n` times by another.
    fn held_often(n: usize) -> Vec<u8> {
        let start = b"\x80\x02}q\x00(U\x01aq\x01K\x07q\x02";
        let numbers = b"h\x01h\x02".repeat(n);
        let held = b"h\x01h\x00".repeat(n);
        [&start[..], &numbers, b"u0}(", &held, b"u."].concat()
    }

    #[test]
    fn a_dictionary_is_looked_through_once_however_often_it_is_held() {
        for n in [1_000, 2_000] {
            let bytes = held_often(n);
            let pickle = Pickle::read(&bytes).unwrap();
            let mut budget = pickle.budget;
            let refusal = state_dict(&pickle, None, &mut budget).unwrap_err();
            assert!(refusal.to_string().contains("holds no tensors"), "{n}");
            // The outer one for its usual keys and for tensors, the inner one for tensors.
            let looked_at = budget.spent() - pickle.budget.spent();
            assert_eq!(looked_at, n + n + (n + 1), "{n}");
        }
    }

    #[test]
    fn what_pytorch_writes_takes_a_third_of_its_budget() {
        let file = include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../fuzz/seeds/pytorch/resnet50-legacy.pth"
        ));
        let mut rest = &file[..];
        // Magic number, version, sizes, object.
        for object in [false, false, false, true] {
            let pickle = Pickle::read(rest).unwrap();
            let (spent, allowed) = (pickle.budget.spent(), pickle.budget.allowed());
            assert!(!object || 3 * spent <= allowed, "{spent} of {allowed}");
            rest = &rest[pickle.length..];
        }
    }
}
