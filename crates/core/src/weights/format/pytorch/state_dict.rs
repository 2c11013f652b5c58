//! Finding the state dict in what was saved, and its tensors in the file.

use std::borrow::Cow;
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

/// How many dictionaries of tensors beside each other are read: a student and a teacher, a backbone and a head.
const MOST_BESIDE: usize = 16;
/// Where the classes of activations are: PyTorch's, and timm's older and newer ones. Those of a TorchScript program begin with
/// `__torch__.`.
const ACTIVATIONS: [&str; 5] = [
    "torch.nn.modules.activation",
    "timm.layers.activations",
    "timm.layers.activations_me",
    "timm.models.layers.activations",
    "timm.models.layers.activations_me",
];
/// The activations that ResNets have, in blocks, in attention and after the head.
const KNOWN_ACTIVATIONS: [&str; 4] = ["ReLU", "Sigmoid", "Softmax", "LogSoftmax"];
/// What makes a file that loads of a whole model.
const SAVE: &str = "in Python, `import torch` and `torch.save(torch.load(\"model.pth\", weights_only=False).state_dict(), \"weights.pth\")` make a file that loads";

/// The tensors of the state dict in `pickle`, whose storages lie where `place` says of their keys.
pub fn index_of(
    pickle: &Pickle<'_>,
    weight_set: Option<&str>,
    place: &dyn Fn(&str) -> Option<Extent>,
) -> Result<TensorIndex, WeightError> {
    let mut budget = pickle.budget;
    let mut tensors = BTreeMap::new();
    let mut extents = HashMap::new();
    let (dicts, weight_sets) = state_dict(pickle, weight_set, &mut budget)?;
    for Dict { prefix, pairs } in dicts {
        let mut keys = HashSet::new();
        for &(key, value) in pairs {
            let (Node::Tensor(_) | Node::Opaque(_), Some(own)) =
                (pickle.node(value), pickle.text(key))
            else {
                continue;
            };
            // By its place first: a long name that comes again and again is not looked at.
            let again = !keys.insert(key);
            if !again && !prefix.is_empty() {
                budget.charge(prefix.len().saturating_add(own.len()))?;
            }
            let name = if again || prefix.is_empty() {
                own
            } else {
                Cow::Owned(format!("{prefix}{own}"))
            };
            if again || tensors.contains_key(&*name) {
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
                // Lists of a TorchScript program's settings.
                Node::Opaque(class) if pickle.name(*class).starts_with("torch.jit._pickle.") => {
                    continue;
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

/// A dictionary of tensors, and what is put before its keys.
struct Dict<'a> {
    prefix: String,
    pairs: &'a Pairs,
}

/// The dictionaries that hold the tensors, and what they and averages beside them are called.
fn state_dict<'a>(
    pickle: &'a Pickle<'_>,
    weight_set: Option<&str>,
    budget: &mut Budget,
) -> Result<(Vec<Dict<'a>>, WeightSets), WeightError> {
    // Dictionaries that were looked through and hold no tensor. Each is looked through once, however often it is held.
    let mut without = HashSet::new();
    let mut holds_tensors = |id: Id, budget: &mut Budget| {
        let Some(pairs) = pickle.pairs(id).filter(|_| !without.contains(&id)) else {
            return Ok(false);
        };
        budget.charge(pairs.len())?;
        let is_tensor = |&(_, value): &(Id, Id)| matches!(pickle.node(value), Node::Tensor(_));
        let holds = is_module(pickle, id, budget)? || pairs.iter().any(is_tensor);
        if !holds {
            without.insert(id);
        }
        Ok::<_, WeightError>(holds)
    };
    let mut at = pickle.root;
    let mut weight_sets = WeightSets::default();
    for _ in 0..DEPTH {
        let Some(found) = pickle.pairs(at) else { break };
        budget.charge(found.len())?;
        if is_module(pickle, at, budget)? {
            return Ok((modules(pickle, at, String::new(), budget)?, weight_sets));
        }
        // A checkpoint may keep a tensor or two beside its weights, so these come first.
        let usual = |key: &&'static str| Some((*key, pickle.get(at, key)?));
        if let Some((key, inner)) = USUAL_KEYS
            .iter()
            .filter_map(usual)
            .find(|(_, id)| pickle.pairs(*id).is_some())
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
        if holds_tensors(at, budget)? {
            let prefix = String::new();
            let dict = Dict {
                prefix,
                pairs: found,
            };
            return Ok((vec![dict], weight_sets));
        }
        let mut holding = Vec::new();
        for &(key, value) in found {
            if holding.len() < MOST_BESIDE && holds_tensors(value, budget)? {
                holding.push((key, value));
            }
        }
        match holding[..] {
            [] => break,
            [(_, only)] => at = only,
            _ => {
                let mut dicts = Vec::new();
                for (key, value) in holding {
                    let key = pickle.text(key).filter(|key| key.len() <= LONGEST_KEY);
                    let prefix = format!("{}.", key.unwrap_or_default());
                    match pickle.pairs(value) {
                        Some(pairs) if !is_module(pickle, value, budget)? => {
                            dicts.push(Dict { prefix, pairs });
                        }
                        _ => dicts.extend(modules(pickle, value, prefix, budget)?),
                    }
                }
                return Ok((dicts, weight_sets));
            }
        }
    }
    Err(fault(match pickle.node(at) {
        Node::Dict(pairs) => {
            let keys = pairs.iter().filter_map(|&(key, _)| pickle.text(key));
            match Listing::new(keys.map(|key| plain(&key))) {
                Some(keys) => format!("it holds no tensors, only: {keys}"),
                None => "it holds an empty dictionary".to_owned(),
            }
        }
        Node::Opaque(class) | Node::Object { class, .. } => format!(
            "it holds a whole Python object ({}) without tensors that can be read: {SAVE}",
            pickle.name(*class)
        ),
        Node::Tensor(_) => "it holds a single tensor: save the model's `state_dict()`".to_owned(),
        _ => "it holds no dictionary of tensors: save the model's `state_dict()`".to_owned(),
    }))
}

/// Whether a value is a whole module: PyTorch's own, or of a TorchScript program.
fn is_module(pickle: &Pickle<'_>, id: Id, budget: &mut Budget) -> Result<bool, WeightError> {
    if !matches!(pickle.node(id), Node::Object { .. }) {
        return Ok(false);
    }
    // Each of its attributes may be looked at for each of the names that a module's have.
    let attributes = pickle.pairs(id).unwrap_or_default().len();
    budget.charge(attributes.saturating_mul(4))?;
    Ok(pickle.is_script(id) || pickle.get(id, "_modules").is_some())
}

/// The dictionaries of tensors of a module and of those inside it. Nothing of its class is needed: the attributes of a module
/// of PyTorch's hold its parameters, buffers and modules under these names, those of a TorchScript program are themselves
/// the tensors and modules.
fn modules<'a>(
    pickle: &'a Pickle<'_>,
    root: Id,
    prefix: String,
    budget: &mut Budget,
) -> Result<Vec<Dict<'a>>, WeightError> {
    let mut dicts = Vec::new();
    let mut open = vec![(prefix, root)];
    while let Some((prefix, module)) = open.pop() {
        refuse_others(pickle, &prefix, module, budget)?;
        let inner = if pickle.is_script(module) {
            dicts.push((prefix.clone(), module));
            Some(module)
        } else {
            let own = ["_parameters", "_buffers"];
            let own = own.iter().filter_map(|kind| pickle.get(module, kind));
            dicts.extend(own.map(|dict| (prefix.clone(), dict)));
            pickle.get(module, "_modules")
        };
        for &(key, value) in inner.and_then(|id| pickle.pairs(id)).unwrap_or_default() {
            budget.charge(1)?;
            if is_module(pickle, value, budget)?
                && let Some(key) = pickle.text(key)
            {
                let length = prefix.len().saturating_add(key.len());
                let place = size_of::<(String, Id)>().saturating_add(length);
                // Its name may be kept three times.
                budget.charge(place.saturating_mul(3))?;
                open.push((format!("{prefix}{key}."), value));
            }
        }
    }
    let pairs = |(prefix, dict)| {
        let pairs = pickle.pairs(dict)?;
        Some(Dict { prefix, pairs })
    };
    Ok(dicts.into_iter().filter_map(pairs).collect())
}

/// Refuses a module that computes something else than a ResNet's with the same tensors does.
fn refuse_others(
    pickle: &Pickle<'_>,
    prefix: &str,
    module: Id,
    budget: &mut Budget,
) -> Result<(), WeightError> {
    let other = |what: &str| WeightError::Architecture {
        reason: format!(
            "its module `{}` is {what}",
            plain(prefix.trim_end_matches('.'))
        ),
    };
    if let Some((from, class)) = pickle.class(module) {
        let from = from.strip_prefix("__torch__.").unwrap_or(from);
        let is_activation = |known: &str| {
            let rest = from.strip_prefix(known);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(".___torch_mangle"))
        };
        if ACTIVATIONS.iter().any(|known| is_activation(known))
            && !KNOWN_ACTIVATIONS.contains(&class)
        {
            return Err(other(&format!(
                "the activation {}; expected ReLU",
                plain(class)
            )));
        }
    }
    let attributes = pickle.pairs(module).unwrap_or_default().len();
    budget.charge(attributes)?;
    let is_dilated = match pickle.get(module, "dilation").map(|id| pickle.node(id)) {
        Some(Node::Int(dilation)) => *dilation != 1,
        Some(Node::Tuple(sides)) => {
            budget.charge(sides.len())?;
            let mut sides = sides.iter().map(|&side| pickle.node(side));
            sides.any(|side| matches!(side, Node::Int(dilation) if *dilation != 1))
        }
        _ => false,
    };
    if is_dilated {
        return Err(other("dilated, as in networks for segmentation"));
    }
    Ok(())
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
            let refusal = state_dict(&pickle, None, &mut budget).err().unwrap();
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
