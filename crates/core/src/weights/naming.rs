//! Naming conventions: what each library calls the layers, in one table for each, and where in a file they are.
//!
//! Training scripts wrap networks, so that `conv1` becomes `module.conv1` or `model.backbone.conv1`, and keep tensors of
//! their own beside them. [`Backbone::find`] looks for the convolutions of every convention under any prefix; `head` for the
//! linear layers beside them.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::head::HeadNames;
use super::index::TensorIndex;
use crate::resnet::config::MOST_STAGES;
use crate::resnet::spec::{AttentionKind, BlockSpec, ConvSpec, HeadLayerSpec, TensorSpec};
use crate::resnet::{Family, NetworkSpec};

/// Names with a running number: `layer1`, `layer2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Numbered {
    /// `{}` stands for the number. What follows it ends with the dot before a block's number.
    text: &'static str,
    /// The first number.
    first: usize,
}

/// A layer of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// One of its convolutions, counted from 0.
    Convolution(usize),
    /// The batch norm after one of them.
    Norm(usize),
    /// With pre-activation, the batch norm before the first.
    FirstNorm,
    /// The shortcut's convolution.
    Shortcut,
    /// The batch norm after it.
    ShortcutNorm,
    /// The shortcut's convolution where an average pool comes before it.
    PooledShortcut,
    /// The batch norm after it.
    PooledShortcutNorm,
    /// The first layer of squeeze-and-excitation.
    Reduce,
    /// Its second layer.
    Expand,
    /// The convolution of efficient channel attention.
    ChannelConvolution,
}

/// The names of a stem's convolutions, each with its batch norm; empty where there is none.
type Stem = &'static [[&'static str; 2]];
/// What a block's layers are called. A layer may have several names.
type Block = &'static [(Layer, &'static str)];

/// How a library names a ResNet's tensors.
#[derive(Debug)]
pub struct Convention {
    /// Its usual name.
    pub name: &'static str,
    /// The network these names stand for.
    pub family: Family,
    /// A prefix that the library itself puts before stem and stages, but not before the head.
    inner: &'static str,
    /// The stems it has, the usual first.
    stems: &'static [Stem],
    /// The convolution and the batch norm that may stand in place of the stem's max pool.
    stem_pool: [&'static str; 2],
    /// What comes before the block's number.
    stage: Numbered,
    /// A block's layers.
    block: Block,
    /// With pre-activation, the batch norm after the last stage.
    final_norm: Option<&'static str>,
    /// What the linear layer is called, the usual first.
    heads: &'static [&'static str],
    /// A batch norm's factor and offset.
    norm_parameters: [&'static str; 2],
    /// Whether the linear layer's weight is `[features, classes]`, as burn has it, and not PyTorch's `[classes,
    /// features]`.
    pub transposed_head: bool,
}

const fn numbered(text: &'static str, first: usize) -> Numbered {
    Numbered { text, first }
}

use Layer::{
    ChannelConvolution, Convolution, Expand, FirstNorm, Norm, PooledShortcut, PooledShortcutNorm,
    Reduce, Shortcut, ShortcutNorm,
};

/// torchvision's block, and what libraries with the same names add to it.
const BLOCK: Block = &[
    (Convolution(0), "conv1"),
    (Norm(0), "bn1"),
    (Convolution(1), "conv2"),
    (Norm(1), "bn2"),
    (Convolution(2), "conv3"),
    (Norm(2), "bn3"),
    (Shortcut, "downsample.0"),
    (ShortcutNorm, "downsample.1"),
    // timm's and OpenMMLab's ResNet-D.
    (PooledShortcut, "downsample.1"),
    (PooledShortcutNorm, "downsample.2"),
    // Networks for CIFAR.
    (Shortcut, "shortcut.0"),
    (ShortcutNorm, "shortcut.1"),
    // timm; Cadene's models, and timm's legacy ones; OpenMMLab.
    (Reduce, "se.fc1"),
    (Expand, "se.fc2"),
    (Reduce, "se_module.fc1"),
    (Expand, "se_module.fc2"),
    (Reduce, "se_layer.conv1.conv"),
    (Expand, "se_layer.conv2.conv"),
    (ChannelConvolution, "se.conv"),
];

/// torchvision's conventions, which most others have in part.
const TORCHVISION: Convention = Convention {
    // timm's names are the same, OpenMMLab's nearly.
    name: "torchvision",
    family: Family::Torchvision,
    inner: "",
    stems: &[
        &[["conv1", "bn1"]],
        // timm
        &[
            ["conv1.0", "conv1.1"],
            ["conv1.3", "conv1.4"],
            ["conv1.6", "bn1"],
        ],
        // OpenMMLab
        &[
            ["stem.0", "stem.1"],
            ["stem.3", "stem.4"],
            ["stem.6", "stem.7"],
        ],
        // Cadene's models of squeeze-and-excitation
        &[["layer0.conv1", "layer0.bn1"]],
        // networks for segmentation
        &[["conv1", "bn1"], ["conv2", "bn2"], ["conv3", "bn3"]],
    ],
    stem_pool: ["maxpool.0", "maxpool.1"],
    stage: numbered("layer{}.", 1),
    block: BLOCK,
    final_norm: None,
    heads: &["fc", "last_linear", "linear"],
    // PyTorch's names.
    norm_parameters: ["weight", "bias"],
    transposed_head: false,
};

/// Every convention that is known.
pub static CONVENTIONS: [Convention; 9] = [
    TORCHVISION,
    Convention {
        name: "the reference implementation",
        family: Family::Reference,
        stems: &[&[["preliminary.0", "preliminary.1"]]],
        block: &[
            (Convolution(0), "block.0"),
            (Norm(0), "block.1"),
            (Convolution(1), "block.3"),
            (Norm(1), "block.4"),
            (Convolution(2), "block.6"),
            (Norm(2), "block.7"),
            (Shortcut, "shortcut.0"),
            (ShortcutNorm, "shortcut.1"),
        ],
        heads: &["final.1"],
        ..TORCHVISION
    },
    Convention {
        // transformers' ResNetForImageClassification, and ResNetModel.
        name: "Hugging Face",
        inner: "resnet.",
        stems: &[&[[
            "embedder.embedder.convolution",
            "embedder.embedder.normalization",
        ]]],
        stage: numbered("encoder.stages.{}.layers.", 0),
        block: &[
            (Convolution(0), "layer.0.convolution"),
            (Norm(0), "layer.0.normalization"),
            (Convolution(1), "layer.1.convolution"),
            (Norm(1), "layer.1.normalization"),
            (Convolution(2), "layer.2.convolution"),
            (Norm(2), "layer.2.normalization"),
            (Shortcut, "shortcut.convolution"),
            (ShortcutNorm, "shortcut.normalization"),
        ],
        heads: &["classifier.1"],
        ..TORCHVISION
    },
    Convention {
        // The ResNet of burn's model collection.
        name: "burn",
        stems: &[&[["conv1", "bn1"]]],
        stage: numbered("layer{}.blocks.", 1),
        block: &[
            (Convolution(0), "conv1"),
            (Norm(0), "bn1"),
            (Convolution(1), "conv2"),
            (Norm(1), "bn2"),
            (Convolution(2), "conv3"),
            (Norm(2), "bn3"),
            (Shortcut, "downsample.conv"),
            (ShortcutNorm, "downsample.bn"),
        ],
        norm_parameters: ["gamma", "beta"],
        transposed_head: true,
        ..TORCHVISION
    },
    Convention {
        // ResNetV2, with pre-activation.
        name: "timm's resnetv2",
        stems: &[
            &[["stem.conv", ""]],
            &[
                ["stem.conv1", "stem.norm1"],
                ["stem.conv2", "stem.norm2"],
                ["stem.conv3", ""],
            ],
        ],
        stage: numbered("stages.{}.blocks.", 0),
        block: &[
            (FirstNorm, "norm1"),
            (Convolution(0), "conv1"),
            (Norm(0), "norm2"),
            (Convolution(1), "conv2"),
            (Norm(1), "norm3"),
            (Convolution(2), "conv3"),
            (Shortcut, "downsample.conv"),
            (PooledShortcut, "downsample.conv"),
        ],
        final_norm: Some("norm"),
        heads: &["head.fc"],
        ..TORCHVISION
    },
    Convention {
        // A `Sequential` of torchvision's children, as fastai's learners and many feature extractors are.
        name: "torchvision, by number",
        stems: &[
            &[["0", "1"]],
            &[["0.0", "0.1"], ["0.3", "0.4"], ["0.6", "1"]],
        ],
        stem_pool: ["3.0", "3.1"],
        stage: numbered("{}.", 4),
        heads: &["fc"],
        ..TORCHVISION
    },
    Convention {
        name: "fastai's xresnet",
        stems: &[&[["0.0", "0.1"], ["1.0", "1.1"], ["2.0", "2.1"]]],
        stage: numbered("{}.", 4),
        block: &[
            (Convolution(0), "convpath.0.0"),
            (Norm(0), "convpath.0.1"),
            (Convolution(1), "convpath.1.0"),
            (Norm(1), "convpath.1.1"),
            (Convolution(2), "convpath.2.0"),
            (Norm(2), "convpath.2.1"),
            (PooledShortcut, "idpath.1.0"),
            (PooledShortcutNorm, "idpath.1.1"),
            (PooledShortcut, "idpath.0.0"),
            (PooledShortcutNorm, "idpath.0.1"),
        ],
        heads: &["11"],
        ..TORCHVISION
    },
    Convention {
        name: "Detectron2",
        stems: &[
            &[["stem.conv1", "stem.conv1.norm"]],
            &[
                ["stem.conv1", "stem.conv1.norm"],
                ["stem.conv2", "stem.conv2.norm"],
                ["stem.conv3", "stem.conv3.norm"],
            ],
        ],
        stage: numbered("res{}.", 2),
        block: &[
            (Convolution(0), "conv1"),
            (Norm(0), "conv1.norm"),
            (Convolution(1), "conv2"),
            (Norm(1), "conv2.norm"),
            (Convolution(2), "conv3"),
            (Norm(2), "conv3.norm"),
            (Shortcut, "shortcut"),
            (ShortcutNorm, "shortcut.norm"),
        ],
        heads: &["linear"],
        ..TORCHVISION
    },
    Convention {
        // A well-known collection of networks for CIFAR-100.
        name: "pytorch-cifar100",
        stems: &[&[["conv1.0", "conv1.1"]]],
        stage: numbered("conv{}_x.", 2),
        block: &[
            (Convolution(0), "residual_function.0"),
            (Norm(0), "residual_function.1"),
            (Convolution(1), "residual_function.3"),
            (Norm(1), "residual_function.4"),
            (Convolution(2), "residual_function.6"),
            (Norm(2), "residual_function.7"),
            (Shortcut, "shortcut.0"),
            (ShortcutNorm, "shortcut.1"),
        ],
        ..TORCHVISION
    },
];

impl Numbered {
    fn at(&self, index: usize) -> String {
        let number = self.first.saturating_add(index);
        self.text.replace("{}", &number.to_string())
    }

    /// Whether the name of a layer begins so, with the number of one of so many stages, or with any where the number follows a
    /// name.
    fn begins(&self, name: &str, stages: usize) -> bool {
        let Some((before, after)) = self.text.split_once("{}") else {
            return false;
        };
        let Some(rest) = name.strip_prefix(before) else {
            return false;
        };
        let end = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = rest[..rest.len() - end.len()].parse::<usize>();
        let last = self.first.saturating_add(stages);
        let is_stage = |number| !before.is_empty() || (self.first..last).contains(&number);
        end.starts_with(after) && number.is_ok_and(is_stage)
    }
}

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

    /// The names in the file of every tensor of `network` whose head is `head`, by the network's own.
    pub fn names(
        &self,
        index: &TensorIndex,
        network: &NetworkSpec,
        head: &HeadNames,
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
        for (layer, own) in with_tensors.zip(&head.layers) {
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

impl Convention {
    /// Whether the first stage under this prefix has a convolution of one of its blocks.
    fn has_block(&self, index: &TensorIndex, prefix: &str) -> bool {
        let start = prefix.to_owned() + &self.stage.at(0);
        let convolutions = self.block.iter().filter_map(|(layer, name)| match layer {
            Convolution(_) => Some(*name),
            _ => None,
        });
        names_from(index, &start).any(|rest| {
            let Some((number, layer)) = rest.split_once('.') else {
                return false;
            };
            let is_number = !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit());
            let layer = layer.strip_suffix(".weight");
            is_number && layer.is_some_and(|layer| convolutions.clone().any(|name| name == layer))
        })
    }
}

/// The names that begin with `prefix`, without it.
fn names_from<'a>(index: &'a TensorIndex, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    let names = index.tensors.range(prefix.to_owned()..);
    names.map_while(move |(name, _)| name.strip_prefix(prefix))
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
