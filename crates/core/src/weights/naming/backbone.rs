//! Where in a file a network's convolutions are.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::Layer::{
    ChannelConvolution, Convolution, Expand, FirstNorm, Norm, PooledShortcut, PooledShortcutNorm,
    Reduce, Shortcut, ShortcutNorm,
};
use super::{CONVENTIONS, Convention, DETECTRON, Layer, Stem, names_from};
use crate::resnet::NetworkSpec;
use crate::resnet::config::MOST_STAGES;
use crate::resnet::spec::{AttentionKind, BlockSpec, ConvSpec, HeadLayerSpec, TensorSpec};
use crate::weights::index::TensorIndex;

/// Where in a file a network's convolutions are.
#[derive(Debug, Clone)]
pub struct Backbone {
    /// Whose names they have.
    pub convention: &'static Convention,
    /// What comes before each of them, with its dot: `module.`, or nothing.
    pub prefix: String,
    stem: Stem,
    /// How many stages there are, one after the other.
    pub stages: usize,
}

/// The longest prefix. No library has a longer one, and every tensor's name repeats it.
const LONGEST_PREFIX: usize = 200;
/// The most networks in a file: every name is compared with each of them.
const MOST_NETWORKS: usize = 16;
/// Parts of names under which copies of a network are kept while it is trained: averaged ones, a teacher's, MoCo's keys.
const COPIES: [&str; 8] = [
    "ema", "teacher", "target", "momentum", "shadow", "averaged", "k", "key",
];

/// Whether a name is one under which training keeps a copy of the network: `state_dict_ema`.
pub fn is_copy(name: &str) -> bool {
    name.split(['.', '_']).any(|part| COPIES.contains(&part))
}

impl Backbone {
    /// The network of these names in `index`, as far as it is there.
    pub fn new(index: &TensorIndex, convention: &'static Convention, prefix: String) -> Self {
        let mut backbone = Self {
            convention,
            prefix,
            stem: convention.stems[0],
            stages: 0,
        };
        let has = |name: &str| {
            let name = format!("{}{name}.weight", backbone.prefix);
            index.tensors.contains_key(&name)
        };
        let whole = |stem: &&Stem| stem.iter().all(|[convolution, _]| has(convolution));
        let stems = convention.stems.iter().filter(whole);
        if let Some(stem) = stems.max_by_key(|stem| stem.len()) {
            backbone.stem = stem;
        }
        backbone.stages = (0..MOST_STAGES)
            .take_while(|&stage| backbone.blocks(index, stage) > 0)
            .count();
        backbone
    }

    /// Every network in `index`, found by its convolutions, the most likely first: copies that training keeps come last, and
    /// networks of more tensors before smaller ones.
    pub fn find(index: &TensorIndex) -> Vec<Self> {
        let mut found: Vec<(&'static Convention, &str)> = Vec::new();
        let rank = |prefix: &str| (is_copy(prefix), prefix.len());
        for layer in index
            .tensors
            .keys()
            .filter_map(|name| name.strip_suffix(".weight"))
        {
            for convention in &CONVENTIONS {
                for stem in convention.stems {
                    let Some(prefix) = layer.strip_suffix(stem[0][0]) else {
                        continue;
                    };
                    let is_prefix = prefix.is_empty() || prefix.ends_with('.');
                    if !is_prefix || prefix.len() > LONGEST_PREFIX {
                        continue;
                    }
                    // One that is not among the most likely need not be looked at.
                    let is_full = found.len() == MOST_NETWORKS;
                    let last = found.last().map(|(_, last)| rank(last));
                    if is_full && last.is_some_and(|last| rank(prefix) >= last) {
                        continue;
                    }
                    let is_same = |&(other, its): &(&Convention, &str)| {
                        std::ptr::eq(other, convention) && its == prefix
                    };
                    if !found.iter().any(is_same) && convention.has_block(index, prefix) {
                        let later = |&(_, other): &(_, &str)| rank(other) > rank(prefix);
                        let at = found.iter().position(later).unwrap_or(found.len());
                        found.insert(at, (convention, prefix));
                        found.truncate(MOST_NETWORKS);
                    }
                }
            }
        }
        // Inserted in order: sorting is a lot of code for so few.
        let mut backbones: Vec<(_, Self)> = Vec::new();
        for (convention, prefix) in found {
            let backbone = Self::new(index, convention, prefix.to_owned());
            let own = names_from(index, prefix).filter(|name| backbone.holds_own(name));
            let rank = (is_copy(prefix), Reverse(own.count()));
            let later = |(other, _): &(_, Self)| *other > rank;
            let at = backbones.iter().position(later).unwrap_or(backbones.len());
            backbones.insert(at, (rank, backbone));
        }
        backbones.into_iter().map(|(_, found)| found).collect()
    }

    /// The network of a graph's tensors, which have the spec's own names.
    pub fn unwrapped(index: &TensorIndex, pre_activated: bool) -> Self {
        let is_own = |convention: &&Convention| convention.final_norm.is_some() == pre_activated;
        let own = CONVENTIONS.iter().find(is_own).unwrap_or(&CONVENTIONS[0]);
        Self::new(index, own, String::new())
    }

    /// Its name among several networks: the prefix.
    pub fn set_name(&self) -> String {
        self.prefix.trim_end_matches('.').to_owned()
    }

    /// How many convolutions its stem has.
    pub const fn stem_convolutions(&self) -> usize {
        self.stem.len()
    }

    /// The name in the file of the weight of one of the stem's convolutions.
    pub fn stem_weight(&self, convolution: usize) -> String {
        format!("{}{}.weight", self.prefix, self.stem[convolution][0])
    }

    /// Whether it has the names of networks that were converted from Caffe: Cadene's, timm's legacy ones.
    pub fn is_of_caffe(&self) -> bool {
        self.stem[0][0].starts_with("layer0.")
    }

    /// Whether it has timm's names, which are torchvision's.
    pub fn is_of_timm(&self) -> bool {
        std::ptr::eq(self.convention, &raw const CONVENTIONS[0]) && !self.is_of_caffe()
    }

    /// Whether this is the filter of one of timm's blur pools: in a block, or after the stem's max pool.
    pub fn is_blur_pool(&self, name: &str) -> bool {
        let own = name.strip_prefix(&self.prefix).unwrap_or_default();
        let pool = own.strip_suffix(".filt").unwrap_or_default();
        pool.ends_with(".aa") || pool == self.convention.stem_pool[1]
    }

    /// Whether it has Detectron2's names. The networks of its model zoo were converted from Caffe, too.
    pub fn is_of_detectron(&self) -> bool {
        self.convention.name == DETECTRON
    }

    /// The name in the file of the weight of the convolution in place of the stem's max pool.
    pub fn stem_pool_weight(&self) -> String {
        format!("{}{}.weight", self.prefix, self.convention.stem_pool[0])
    }

    /// Whether it has the names of a network with pre-activation.
    pub const fn is_pre_activated(&self) -> bool {
        self.convention.final_norm.is_some()
    }

    /// The linear layers that the convention may have, the usual first.
    pub fn usual_heads(&self) -> impl Iterator<Item = String> {
        let outer = self.prefix.strip_suffix(self.convention.inner);
        let outer = outer.unwrap_or(&self.prefix);
        let heads = self.convention.heads.iter();
        heads.map(move |head| format!("{outer}{head}"))
    }

    /// Whether a tensor's name belongs to the convention's stem or stages.
    pub fn holds(&self, name: &str) -> bool {
        let own = name.strip_prefix(&self.prefix);
        own.is_some_and(|own| self.holds_own(own))
    }

    /// The same of a name without the prefix.
    fn holds_own(&self, rest: &str) -> bool {
        let convention = self.convention;
        let stem = self.stem.iter().chain([&convention.stem_pool]).flatten();
        let mut roots = stem.copied().chain(convention.final_norm);
        convention.stage.begins(rest, self.stages)
            || roots.any(|root| {
                let after = rest.strip_prefix(root).filter(|_| !root.is_empty());
                after.is_some_and(|after| after.is_empty() || after.starts_with('.'))
            })
    }

    /// How many blocks stage `stage`, counted from 0, has: one more than the highest number.
    pub fn blocks(&self, index: &TensorIndex, stage: usize) -> usize {
        let prefix = self.prefix.clone() + &self.convention.stage.at(stage);
        let numbers = names_from(index, &prefix)
            .filter_map(|rest| rest.split_once('.')?.0.parse::<usize>().ok());
        // No more blocks than tensors, whatever number a name has.
        let most = index.tensors.len();
        numbers
            .max()
            .map_or(0, |highest| highest.saturating_add(1).min(most))
    }

    /// What comes before the names of a block's layers.
    pub fn block_prefix(&self, stage: usize, block: usize) -> String {
        let stage = self.convention.stage.at(stage);
        format!("{}{stage}{block}.", self.prefix)
    }

    /// The name in the file of a layer of the block that has this prefix: one that the file has, or else the usual. `None`:
    /// the convention has no such layer.
    pub fn layer(&self, index: &TensorIndex, block: &str, layer: Layer) -> Option<String> {
        let names = self.convention.block.iter();
        let names = names.filter(|(named, _)| *named == layer);
        let mut names = names.map(|(_, name)| format!("{block}{name}"));
        let usual = names.next()?;
        let has = |name: &String| index.tensors.contains_key(&format!("{name}.weight"));
        if has(&usual) {
            return Some(usual);
        }
        Some(names.find(has).unwrap_or(usual))
    }

    /// The names in the file of a block's shortcut, convolution and batch norm.
    fn shortcut(&self, index: &TensorIndex, block: &str, averaged: bool) -> [String; 2] {
        let names = |layers: [Layer; 2]| {
            layers.map(|layer| self.layer(index, block, layer).unwrap_or_default())
        };
        let usual = names([Shortcut, ShortcutNorm]);
        let is_convolution = |name: &str| {
            let weight = index.tensors.get(&format!("{name}.weight"));
            weight.is_some_and(|weight| weight.shape.len() == 4)
        };
        if is_convolution(&usual[0]) {
            return usual;
        }
        let pooled = names([PooledShortcut, PooledShortcutNorm]);
        if is_convolution(&pooled[0]) || averaged || usual[0].is_empty() {
            return pooled;
        }
        usual
    }

    /// The names in the file of every tensor of `network`, by the network's own. `head` are the names there of the head's layers that
    /// have tensors.
    pub fn names(
        &self,
        index: &TensorIndex,
        network: &NetworkSpec,
        head: &[String],
    ) -> HashMap<String, String> {
        let mut names = Names(HashMap::new(), self.convention.norm_parameters);
        let stem = self.stem.iter().chain([&self.convention.stem_pool]);
        let stem = stem.map(|names| names.map(|name| format!("{}{name}", self.prefix)));
        let mut stem: Vec<_> = stem.collect();
        // Without a whole stem in the file it has the usual names.
        let convolutions = &network.stem.convolutions;
        if convolutions.len() == self.stem.len() {
            stem.truncate(self.stem.len());
        }
        for (convolution, [own, norm]) in convolutions.iter().zip(&stem) {
            names.convolution(convolution, own, norm);
        }
        for (i, stage) in network.stages.iter().enumerate() {
            for (j, block) in stage.blocks.iter().enumerate() {
                self.name_block(&mut names, index, block, &self.block_prefix(i, j));
            }
        }
        if let (Some(norm), Some(own)) = (&network.final_norm, self.convention.final_norm) {
            names.norm(norm.tensors(), &format!("{}{own}", self.prefix));
        }
        let layers = network.head.layers.iter();
        let with_tensors = layers.filter(|layer| !matches!(layer, HeadLayerSpec::Relu(_)));
        for (layer, own) in with_tensors.zip(head) {
            match layer {
                HeadLayerSpec::Linear(linear) => names.layer(linear.tensors(), own),
                HeadLayerSpec::Norm(norm) => names.norm(norm.tensors(), own),
                HeadLayerSpec::Relu(_) => {}
            }
        }
        names.0
    }

    fn name_block(&self, names: &mut Names, index: &TensorIndex, block: &BlockSpec, prefix: &str) {
        let layer = |layer| self.layer(index, prefix, layer).unwrap_or_default();
        if let Some(norm) = &block.pre_activation {
            names.norm(norm.tensors(), &layer(FirstNorm));
        }
        for (k, convolution) in block.convolutions.iter().enumerate() {
            names.convolution(convolution, &layer(Convolution(k)), &layer(Norm(k)));
        }
        match block.attention.as_ref().map(|attention| &attention.kind) {
            Some(AttentionKind::SqueezeExcite { reduce, expand, .. }) => {
                names.layer(reduce.tensors(), &layer(Reduce));
                names.layer(expand.tensors(), &layer(Expand));
            }
            Some(AttentionKind::EfficientChannel { .. }) => {
                let tensors = block.attention.iter().flat_map(|kind| kind.tensors());
                names.layer(tensors, &layer(ChannelConvolution));
            }
            None => {}
        }
        if let Some(convolution) = block.projection() {
            let averaged = convolution.name.ends_with(".1");
            let [own, norm] = self.shortcut(index, prefix, averaged);
            names.convolution(convolution, &own, &norm);
        }
    }
}

/// The file's names by the network's own, and what the file calls a batch norm's factor and offset.
struct Names(HashMap<String, String>, [&'static str; 2]);

impl Names {
    fn convolution(&mut self, spec: &ConvSpec, own: &str, norm: &str) {
        self.layer(spec.convolution_tensors(), own);
        if let Some(tensors) = spec.norm_tensors() {
            self.norm(tensors, norm);
        }
    }

    /// Weight and bias.
    fn layer(&mut self, tensors: impl IntoIterator<Item = TensorSpec>, own: &str) {
        for (tensor, part) in tensors.into_iter().zip(["weight", "bias"]) {
            self.0.insert(tensor.name, format!("{own}.{part}"));
        }
    }

    fn norm(&mut self, tensors: [TensorSpec; 4], own: &str) {
        let [factor, offset] = self.1;
        let parts = [factor, offset, "running_mean", "running_var"];
        for (tensor, part) in tensors.into_iter().zip(parts) {
            self.0.insert(tensor.name, format!("{own}.{part}"));
        }
    }
}
