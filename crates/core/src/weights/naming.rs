//! Naming conventions: what each library calls the layers, in one table for each, and where in a file they are.
//!
//! Training scripts wrap networks, so that `conv1` becomes `module.conv1` or `model.backbone.conv1`, and keep tensors of
//! their own beside them. [`Backbone::find`] looks for the convolutions under any prefix, [`Backbone::head`] for the linear
//! layer beside them.

use std::collections::HashMap;

use super::index::TensorIndex;
use crate::resnet::spec::{BlockSpec, ConvSpec};
use crate::resnet::{Family, NetworkSpec};

/// Names with a running number: `conv1`, `conv2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered {
    /// `{}` stands for the number.
    text: &'static str,
    /// The first number.
    first: usize,
    /// From one to the next.
    step: usize,
}

/// How a library names a ResNet's tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convention {
    /// Its usual name.
    pub name: &'static str,
    /// The network these names stand for.
    pub family: Family,
    /// The stem's convolution and batch norm.
    pub stem: [&'static str; 2],
    /// What comes before the block's number.
    stage: Numbered,
    /// A block's convolutions.
    convolution: Numbered,
    /// Their batch norms.
    norm: Numbered,
    /// The projection shortcut's convolution and batch norm.
    shortcut: [&'static str; 2],
    /// The linear layer.
    pub head: &'static str,
    /// A batch norm's factor and offset.
    norm_parameters: [&'static str; 2],
    /// Whether the linear layer's weight is `[features, classes]`, as burn has it, and not PyTorch's `[classes,
    /// features]`.
    pub transposed_head: bool,
}

const fn numbered(text: &'static str, first: usize, step: usize) -> Numbered {
    Numbered { text, first, step }
}

/// PyTorch's names of a batch norm's factor and offset.
const PYTORCH_NORM: [&str; 2] = ["weight", "bias"];

/// Every convention that is known.
pub const CONVENTIONS: [Convention; 4] = [
    Convention {
        // timm's names are the same.
        name: "torchvision",
        family: Family::Torchvision,
        stem: ["conv1", "bn1"],
        stage: numbered("layer{}.", 1, 1),
        convolution: numbered("conv{}", 1, 1),
        norm: numbered("bn{}", 1, 1),
        shortcut: ["downsample.0", "downsample.1"],
        head: "fc",
        norm_parameters: PYTORCH_NORM,
        transposed_head: false,
    },
    Convention {
        name: "the reference implementation",
        family: Family::Reference,
        stem: ["preliminary.0", "preliminary.1"],
        stage: numbered("layer{}.", 1, 1),
        convolution: numbered("block.{}", 0, 3),
        norm: numbered("block.{}", 1, 3),
        shortcut: ["shortcut.0", "shortcut.1"],
        head: "final.1",
        norm_parameters: PYTORCH_NORM,
        transposed_head: false,
    },
    Convention {
        // transformers' ResNetForImageClassification.
        name: "Hugging Face",
        family: Family::Torchvision,
        stem: [
            "resnet.embedder.embedder.convolution",
            "resnet.embedder.embedder.normalization",
        ],
        stage: numbered("resnet.encoder.stages.{}.layers.", 0, 1),
        convolution: numbered("layer.{}.convolution", 0, 1),
        norm: numbered("layer.{}.normalization", 0, 1),
        shortcut: ["shortcut.convolution", "shortcut.normalization"],
        head: "classifier.1",
        norm_parameters: PYTORCH_NORM,
        transposed_head: false,
    },
    Convention {
        // The ResNet of burn's model collection.
        name: "burn",
        family: Family::Torchvision,
        stem: ["conv1", "bn1"],
        stage: numbered("layer{}.blocks.", 1, 1),
        convolution: numbered("conv{}", 1, 1),
        norm: numbered("bn{}", 1, 1),
        shortcut: ["downsample.conv", "downsample.bn"],
        head: "fc",
        norm_parameters: ["gamma", "beta"],
        transposed_head: true,
    },
];

impl Numbered {
    fn at(&self, index: usize) -> String {
        self.text
            .replace("{}", &(self.first + self.step * index).to_string())
    }
}

/// Where in a file a network's convolutions are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backbone {
    /// Whose names they have.
    pub convention: &'static Convention,
    /// What comes before each of them, with its dot: `module.`, or nothing.
    pub prefix: String,
}

/// Why no linear layer is the head.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadFault {
    /// None takes the number of features.
    Missing,
    /// Several fit.
    Ambiguous(Vec<String>),
    /// It is one of several layers that follow one another.
    Deep(Vec<String>),
}

/// The longest prefix. No library has a longer one, and every tensor's name repeats it.
const LONGEST_PREFIX: usize = 200;
/// The most networks in a file: every name is compared with each of them.
const MOST_NETWORKS: usize = 16;
/// Parts of names under which copies of a network are kept while it is trained: averaged ones, a teacher's.
const COPIES: [&str; 6] = ["ema", "teacher", "target", "momentum", "shadow", "averaged"];
/// Usual names of a head's linear layer, besides the convention's own.
const HEADS: [&str; 6] = [
    "fc",
    "head.fc",
    "classifier",
    "head",
    "classifier.1",
    "linear",
];

/// Whether a name is one under which training keeps a copy of the network: `state_dict_ema`.
pub fn is_copy(name: &str) -> bool {
    name.split(['.', '_']).any(|part| COPIES.contains(&part))
}

impl Backbone {
    /// Every network in `index`, found by its convolutions, the most likely first: copies that training keeps come last, longer
    /// prefixes after shorter ones.
    pub fn find(index: &TensorIndex) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for layer in index
            .tensors
            .keys()
            .filter_map(|name| name.strip_suffix(".weight"))
        {
            for convention in &CONVENTIONS {
                let Some(prefix) = layer.strip_suffix(convention.stem[0]) else {
                    continue;
                };
                let is_prefix = prefix.is_empty() || prefix.ends_with('.');
                if !is_prefix || prefix.len() > LONGEST_PREFIX {
                    continue;
                }
                let backbone = Self {
                    convention,
                    prefix: prefix.to_owned(),
                };
                if backbone.blocks(index, 0) > 0 {
                    let later = |other: &Self| other.rank() > backbone.rank();
                    let at = found.iter().position(later).unwrap_or(found.len());
                    found.insert(at, backbone);
                    found.truncate(MOST_NETWORKS);
                }
            }
        }
        found
    }

    /// torchvision's names without a prefix.
    pub const fn unwrapped() -> Self {
        Self {
            convention: &CONVENTIONS[0],
            prefix: String::new(),
        }
    }

    /// The smaller, the more likely it is the network that is meant.
    fn rank(&self) -> (bool, usize) {
        (is_copy(&self.prefix), self.prefix.len())
    }

    /// Its name among several networks: the prefix.
    pub fn set_name(&self) -> String {
        self.prefix.trim_end_matches('.').to_owned()
    }

    /// The name in the file of the stem's weight.
    pub fn stem_weight(&self) -> String {
        format!("{}{}.weight", self.prefix, self.convention.stem[0])
    }

    /// The linear layer that the convention has.
    pub fn usual_head(&self) -> String {
        format!("{}{}", self.prefix, self.convention.head)
    }

    /// Whether a tensor's name belongs to the convention's stem or stages.
    pub fn holds(&self, name: &str) -> bool {
        let Some(rest) = name.strip_prefix(&self.prefix) else {
            return false;
        };
        let roots = [
            self.convention.stem[0],
            self.convention.stem[1],
            self.convention.stage.text,
        ];
        roots.iter().any(|root| {
            // `layer{}.`: `layer1`, and `layer5`.
            let end = root.find(['.', '{']).unwrap_or(root.len());
            let rest = rest.strip_prefix(&root[..end]);
            rest.is_some_and(|rest| {
                let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                rest.is_empty() || rest.starts_with('.')
            })
        })
    }

    /// The linear layer that follows the last stage: the convention's own, or the nearest one that `fits` the number of
    /// features that come out of it.
    ///
    /// # Errors
    /// If there is none, it is not clear which, or it is one of several layers in sequence.
    pub fn head(
        &self,
        index: &TensorIndex,
        others: &[Self],
        fits: impl Fn(usize) -> bool,
    ) -> Result<String, HeadFault> {
        // Each with its number of features in and out.
        let linear: Vec<(&str, [usize; 2])> = index
            .tensors
            .iter()
            .filter_map(|(name, entry)| {
                let layer = name.strip_suffix(".weight")?;
                let &[out, features] = entry.shape.as_slice() else {
                    return None;
                };
                let sizes = if self.convention.transposed_head {
                    [out, features]
                } else {
                    [features, out]
                };
                let inside = self.holds(name) || others.iter().any(|other| other.holds(name));
                (!inside).then_some((layer, sizes))
            })
            .collect();
        let usual = self.usual_head();
        let head = if index.tensors.contains_key(&format!("{usual}.weight")) {
            usual
        } else {
            self.nearest(&linear, fits)?.to_owned()
        };
        let Some((_, [features, classes])) = linear.iter().find(|(layer, _)| *layer == head) else {
            // It is not a matrix, which the caller reports.
            return Ok(head);
        };
        let module = self.head_module(&head);
        let follows = |(layer, sizes): &&(&str, [usize; 2])| {
            *layer != head
                && (module.is_some_and(|module| layer.starts_with(module))
                    || sizes[0] == *classes
                    || (sizes[0] == *features && sizes[1] == *features))
        };
        let mut deep: Vec<_> = linear
            .iter()
            .filter(follows)
            .map(|(layer, _)| (*layer).to_owned())
            .collect();
        if deep.is_empty() {
            return Ok(head);
        }
        deep.insert(0, head);
        Err(HeadFault::Deep(deep))
    }

    /// The one of `linear` whose name begins most like the backbone's own; if there are several, the usual one.
    fn nearest<'a>(
        &self,
        linear: &[(&'a str, [usize; 2])],
        fits: impl Fn(usize) -> bool,
    ) -> Result<&'a str, HeadFault> {
        let fitting: Vec<_> = linear
            .iter()
            .filter(|(_, [features, _])| fits(*features))
            .map(|(layer, _)| (*layer, self.scope(layer)))
            .collect();
        let nearest = fitting.iter().map(|(_, scope)| *scope).max();
        let nearest = nearest.ok_or(HeadFault::Missing)?;
        let near: Vec<_> = fitting
            .into_iter()
            .filter_map(|(layer, scope)| (scope == nearest).then_some(layer))
            .collect();
        match near[..] {
            [layer] => Ok(layer),
            _ => HEADS
                .iter()
                .find_map(|head| {
                    near.iter()
                        .find(|layer| &layer[nearest..] == *head)
                        .copied()
                })
                .ok_or_else(|| HeadFault::Ambiguous(near.iter().map(|&l| l.to_owned()).collect())),
        }
    }

    /// How long the beginning is that a name and the backbone's prefix share, in whole parts.
    fn scope(&self, name: &str) -> usize {
        let parts = self
            .prefix
            .split_inclusive('.')
            .zip(name.split_inclusive('.'));
        let shared = parts.take_while(|(part, other)| part == other);
        shared.map(|(part, _)| part.len()).sum()
    }

    /// The container that a head's linear layer is in, where it is in one beside the backbone: `fc.` of `fc.1`.
    pub fn head_module<'a>(&self, head: &'a str) -> Option<&'a str> {
        let scope = self.scope(head);
        let end = head[scope..].find('.')?;
        Some(&head[..=scope + end])
    }

    /// How many blocks stage `stage`, counted from 0, has: one more than the highest number.
    pub fn blocks(&self, index: &TensorIndex, stage: usize) -> usize {
        let prefix = self.prefix.clone() + &self.convention.stage.at(stage);
        let numbers = index
            .tensors
            .range(prefix.clone()..)
            .map_while(|(name, _)| name.strip_prefix(&prefix))
            .filter_map(|rest| rest.split('.').next()?.parse::<usize>().ok());
        // No more blocks than tensors, whatever number a name has.
        let most = index.tensors.len();
        numbers
            .max()
            .map_or(0, |highest| highest.saturating_add(1).min(most))
    }

    /// The weight of convolution `convolution` of a block, all counted from 0.
    pub fn convolution_weight(&self, stage: usize, block: usize, convolution: usize) -> String {
        let Convention {
            stage: stages,
            convolution: convolutions,
            ..
        } = self.convention;
        format!(
            "{}{}{block}.{}.weight",
            self.prefix,
            stages.at(stage),
            convolutions.at(convolution)
        )
    }

    /// The names in the file of every tensor of `network` whose linear layer is `head`, by the network's own.
    pub fn names(&self, network: &NetworkSpec, head: &str) -> HashMap<String, String> {
        let mut names = HashMap::new();
        let Convention { stem, stage, .. } = self.convention;
        for convolution in &network.stem.convolutions {
            self.name_convolution(&mut names, convolution, stem[0], stem[1]);
        }
        for (i, blocks) in network.stages.iter().enumerate() {
            for (j, block) in blocks.blocks.iter().enumerate() {
                self.name_block(&mut names, block, &format!("{}{j}.", stage.at(i)));
            }
        }
        for (tensor, part) in network.head.tensors().into_iter().zip(["weight", "bias"]) {
            names.insert(tensor.name, format!("{head}.{part}"));
        }
        names
    }

    fn name_block(&self, names: &mut HashMap<String, String>, block: &BlockSpec, prefix: &str) {
        let Convention {
            convolution: convolutions,
            norm,
            shortcut: projection,
            ..
        } = self.convention;
        for (k, convolution) in block.convolutions.iter().enumerate() {
            let [own, norm] = [convolutions, norm].map(|name| prefix.to_owned() + &name.at(k));
            self.name_convolution(names, convolution, &own, &norm);
        }
        if let Some(shortcut) = block.projection() {
            let [own, norm] = projection.map(|name| prefix.to_owned() + name);
            self.name_convolution(names, shortcut, &own, &norm);
        }
    }

    fn name_convolution(
        &self,
        names: &mut HashMap<String, String>,
        spec: &ConvSpec,
        own: &str,
        norm: &str,
    ) {
        for (tensor, part) in spec
            .convolution_tensors()
            .into_iter()
            .zip(["weight", "bias"])
        {
            names.insert(tensor.name, format!("{}{own}.{part}", self.prefix));
        }
        let [factor, offset] = self.convention.norm_parameters;
        let parts = [factor, offset, "running_mean", "running_var"];
        for (tensor, part) in spec.norm_tensors().into_iter().flatten().zip(parts) {
            names.insert(tensor.name, format!("{}{norm}.{part}", self.prefix));
        }
    }
}
