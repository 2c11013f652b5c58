//! The head of a network, found among the layers beside its convolutions by their names and sizes.

use std::iter::once;

use super::index::TensorIndex;
use super::naming::Backbone;
use crate::resnet::NetworkSpec;
use crate::resnet::config::HeadLayer;
use crate::resnet::spec::HeadLayerSpec;

/// Where in a file a head is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeadNames {
    /// The names of its layers that have tensors, from the features to the logits. None: the file has no head.
    pub layers: Vec<String>,
}

/// A head as its tensors show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundHead {
    /// Where it is.
    pub names: HeadNames,
    /// Its layers; none if it is one linear layer with a bias.
    pub layers: Vec<HeadLayer>,
    /// Features that go into the first.
    pub features: usize,
    /// Logits that come out of the last.
    pub classes: usize,
}

/// Why a file's head cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadFault {
    /// Several fit.
    Ambiguous(Vec<String>),
    /// What follows what does not show from names and sizes.
    Unordered(Vec<String>),
    /// There are tensors under the usual name, but no linear layer.
    Unread(Vec<String>),
    /// The usual name's tensor is no matrix.
    NoMatrix(String),
}

/// Usual names of a head's linear layer, besides the conventions' own.
const HEADS: [&str; 6] = [
    "fc",
    "head.fc",
    "classifier",
    "head",
    "classifier.1",
    "linear",
];
/// The most layers of a head with tensors: each linear layer is compared with each of them.
const MOST_LAYERS: usize = 64;
/// Parts of names in files of networks that learned by comparing images: MoCo, SimSiam, BYOL, SwAV, DINO. Their linear layers
/// project features for that comparison and have no classes.
const COMPARING: [&str; 12] = [
    "encoder_q",
    "encoder_k",
    "base_encoder",
    "momentum_encoder",
    "online_encoder",
    "target_encoder",
    "online_network",
    "target_network",
    "predictor",
    "prototypes",
    "last_layer",
    "queue",
];
/// Beginnings of parts of names of such layers.
const PROJECTIONS: [&str; 3] = ["proj", "predict", "neck"];
/// How the classifier is called that such training may keep beside them.
const CLASSIFIER: &str = "classif";

/// A layer that may be one of a head's.
struct Candidate<'a> {
    name: &'a str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Linear([usize; 2]),
    Norm(usize),
}

impl Candidate<'_> {
    /// Features in.
    const fn inputs(&self) -> usize {
        match self.kind {
            Kind::Linear([inputs, _]) => inputs,
            Kind::Norm(features) => features,
        }
    }

    /// Features in and out, of a linear layer.
    const fn linear(&self) -> Option<[usize; 2]> {
        match self.kind {
            Kind::Linear(sizes) => Some(sizes),
            Kind::Norm(_) => None,
        }
    }
}

/// A name without the number at its end, and the number.
fn numbered(name: &str) -> Option<(&str, usize)> {
    let base = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = name[base.len()..].parse().ok()?;
    Some((base, number))
}

/// The names of the head of a file that says which network it holds: the usual ones.
pub fn usual_names(backbone: &Backbone, spec: &NetworkSpec) -> HeadNames {
    let usual = backbone.usual_heads().next().unwrap_or_default();
    let layers = spec.head.layers.iter().enumerate();
    let is_single = spec.head.layers.len() == 1;
    let with_tensors = layers.filter(|(_, layer)| !matches!(layer, HeadLayerSpec::Relu(_)));
    let named = with_tensors.map(|(i, _)| {
        if is_single {
            usual.clone()
        } else {
            format!("{usual}.{i}")
        }
    });
    HeadNames {
        layers: named.collect(),
    }
}

/// The layers that follow the last stage: the convention's own linear layer, or the nearest that `fits` the number of features
/// that come out of it, and what comes before and after it in its container. `None`: there are none.
///
/// # Errors
/// If it is not clear which.
pub fn find(
    backbone: &Backbone,
    index: &TensorIndex,
    others: &[Backbone],
    fits: impl Fn(usize) -> bool,
) -> Result<Option<FoundHead>, HeadFault> {
    let candidates = candidates(backbone, index, others);
    let linear: Vec<_> = candidates
        .iter()
        .filter(|layer| layer.linear().is_some())
        .collect();
    let has = |name: &String| index.tensors.contains_key(&format!("{name}.weight"));
    let may_be_head = |name: &String| linear.iter().any(|layer| layer.name == name);
    let first = match backbone.usual_heads().find(may_be_head) {
        Some(usual) => usual,
        None => match nearest(backbone, &linear, fits)? {
            Some(nearest) => nearest.to_owned(),
            None => match backbone.usual_heads().find(has) {
                _ if is_comparing(index) => return Ok(None),
                Some(usual) => return Err(HeadFault::NoMatrix(format!("{usual}.weight"))),
                None => return unread(backbone, index).map_or(Ok(None), Err),
            },
        },
    };
    let chain = chain(&candidates, &first);
    if chain.len() > MOST_LAYERS {
        let names = chain.iter().map(|layer| layer.name.to_owned());
        return Err(HeadFault::Unordered(names.collect()));
    }
    let names = |layers: &[&Candidate<'_>]| layers.iter().map(|l| l.name.to_owned()).collect();
    let mut width = chain[0].inputs();
    let features = width;
    let mut layers = Vec::new();
    let last_linear = chain.iter().rposition(|layer| layer.linear().is_some());
    // A gap in the numbers, or names of their own, have the ReLU between them.
    let mut before: Option<(&str, usize)> = None;
    let mut is_owed = false;
    for (i, layer) in chain.iter().enumerate() {
        let own = numbered(layer.name);
        if layer.inputs() != width {
            return Err(HeadFault::Unordered(names(&chain)));
        }
        let is_gap = match (before, own) {
            (Some((base, before)), Some((_, own))) => {
                !base.ends_with('.') || own > before.saturating_add(1)
            }
            _ => false,
        };
        if is_owed && is_gap {
            layers.push(HeadLayer::Relu);
            is_owed = false;
        }
        before = own;
        match layer.kind {
            Kind::Norm(_) => layers.push(HeadLayer::BatchNorm),
            Kind::Linear([_, outputs]) => {
                let bias = index.tensors.contains_key(&format!("{}.bias", layer.name));
                layers.push(HeadLayer::Linear { outputs, bias });
                width = outputs;
                is_owed = Some(i) != last_linear;
            }
        }
    }
    let classes = width;
    // What seems to follow, precede or accompany these layers would change what they mean.
    let module = container(backbone, &first);
    let belongs = |layer: &&&Candidate<'_>| {
        let [inputs, outputs] = layer.linear().unwrap_or_default();
        !chain.iter().any(|own| own.name == layer.name)
            && (module.is_some_and(|module| layer.name.starts_with(module))
                || inputs == classes
                || (inputs == features && outputs == features))
    };
    let mut loose: Vec<_> = linear.iter().filter(belongs).copied().collect();
    if !loose.is_empty() {
        let first = chain.iter().filter(|layer| layer.linear().is_some());
        loose.splice(0..0, first.copied());
        return Err(HeadFault::Unordered(names(&loose)));
    }
    if matches!(layers[..], [HeadLayer::Linear { bias: true, .. }]) {
        layers.clear();
    }
    let layers_names = names(&chain);
    Ok(Some(FoundHead {
        names: HeadNames {
            layers: layers_names,
        },
        layers,
        features,
        classes,
    }))
}

/// The container that a head's layer is in, where it is in one beside the backbone: `fc.` of `fc.1`.
pub fn container<'a>(backbone: &Backbone, layer: &'a str) -> Option<&'a str> {
    let scope = scope(backbone, layer);
    let end = layer[scope..].find('.')?;
    Some(&layer[..=scope + end])
}

/// The tensors under a usual head's name, if there are any.
fn unread(backbone: &Backbone, index: &TensorIndex) -> Option<HeadFault> {
    let names = |head: String| {
        let start = head + ".";
        let names = index.tensors.keys();
        let names = names.filter(move |name| name.starts_with(&start) && !backbone.holds(name));
        names.cloned().collect::<Vec<_>>()
    };
    let mut found = backbone.usual_heads().map(names);
    found.find(|names| !names.is_empty()).map(HeadFault::Unread)
}

/// Whether the file is of a network that learned by comparing images.
fn is_comparing(index: &TensorIndex) -> bool {
    let is_sign = |part: &str| COMPARING.contains(&part);
    let mut names = index.tensors.keys();
    names.any(|name| name.split('.').any(is_sign))
}

/// Linear layers and batch norms over features that belong to no network's convolutions and may have classes.
fn candidates<'a>(
    backbone: &Backbone,
    index: &'a TensorIndex,
    others: &[Backbone],
) -> Vec<Candidate<'a>> {
    let comparing = is_comparing(index);
    let has_classes = |name: &str| {
        let mut parts = name.split('.');
        if comparing {
            return parts.any(|part| part.starts_with(CLASSIFIER));
        }
        !parts.any(|part| PROJECTIONS.iter().any(|start| part.starts_with(start)))
    };
    let candidate = |(name, entry): (&'a String, _)| {
        let entry: &super::index::TensorEntry = entry;
        let (name, kind) = match (name.rsplit_once('.')?, &entry.shape[..]) {
            ((name, "running_mean"), &[features]) => (name, Kind::Norm(features)),
            ((name, "weight"), &[outputs, inputs]) => {
                let sizes = if backbone.convention.transposed_head {
                    [outputs, inputs]
                } else {
                    [inputs, outputs]
                };
                (name, Kind::Linear(sizes))
            }
            // timm and others have a 1x1 convolution in its place.
            ((name, "weight"), &[outputs, inputs, 1, 1])
                if backbone.usual_heads().any(|head| head == name) || HEADS.contains(&name) =>
            {
                (name, Kind::Linear([inputs, outputs]))
            }
            _ => return None,
        };
        let inside = once(backbone)
            .chain(others)
            .any(|network| network.holds(name));
        (!inside && has_classes(name)).then_some(Candidate { name, kind })
    };
    index.tensors.iter().filter_map(candidate).collect()
}

/// The layer `first` and those that are numbered with it, in order; no more than one too many.
fn chain<'a>(candidates: &'a [Candidate<'a>], first: &str) -> Vec<&'a Candidate<'a>> {
    let is_first = |layer: &&Candidate<'_>| layer.name == first;
    let alone = || candidates.iter().filter(is_first).collect();
    let Some((base, _)) = numbered(first) else {
        return alone();
    };
    // Inserted in order: sorting is a lot of code for so few.
    let mut chain: Vec<(usize, &Candidate<'_>)> = Vec::new();
    for layer in candidates {
        if let Some((own, number)) = numbered(layer.name)
            && own == base
            && chain.len() <= MOST_LAYERS
        {
            let later = |(other, _): &(usize, _)| *other > number;
            let at = chain.iter().position(later).unwrap_or(chain.len());
            chain.insert(at, (number, layer));
        }
    }
    chain.into_iter().map(|(_, layer)| layer).collect()
}

/// The one of `linear` that fits and whose name begins most like the backbone's own; if there are several, the usual one.
fn nearest<'a>(
    backbone: &Backbone,
    linear: &[&Candidate<'a>],
    fits: impl Fn(usize) -> bool,
) -> Result<Option<&'a str>, HeadFault> {
    let fitting: Vec<_> = linear
        .iter()
        .filter(|layer| fits(layer.inputs()))
        .map(|layer| (layer.name, scope(backbone, layer.name)))
        .collect();
    let Some(nearest) = fitting.iter().map(|(_, scope)| *scope).max() else {
        return Ok(None);
    };
    let near: Vec<_> = fitting
        .into_iter()
        .filter_map(|(layer, scope)| (scope == nearest).then_some(layer))
        .collect();
    if let [layer] = near[..] {
        return Ok(Some(layer));
    }
    let usual = |head: &&str| near.iter().find(|layer| &layer[nearest..] == *head);
    // Of layers that are numbered together the first.
    let sequence = || {
        let (base, _) = numbered(near[0])?;
        let own = near.iter().filter_map(|layer| numbered(layer));
        let together = own.clone().all(|(other, _)| other == base) && own.count() == near.len();
        let first = near.iter().min_by_key(|layer| numbered(layer));
        first.filter(|_| together && base.ends_with('.'))
    };
    let found = HEADS.iter().find_map(usual).or_else(sequence);
    match found {
        Some(layer) => Ok(Some(layer)),
        None => {
            let near = near.iter().map(|layer| (*layer).to_owned());
            Err(HeadFault::Ambiguous(near.collect()))
        }
    }
}

/// How long the beginning is that a name and the backbone's prefix share, in whole parts.
fn scope(backbone: &Backbone, name: &str) -> usize {
    let parts = backbone
        .prefix
        .split_inclusive('.')
        .zip(name.split_inclusive('.'));
    let shared = parts.take_while(|(part, other)| part == other);
    shared.map(|(part, _)| part.len()).sum()
}
