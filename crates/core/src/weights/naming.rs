//! What the same layers are called by different libraries: one table for each convention.

use std::collections::HashMap;

use super::index::TensorIndex;
use crate::resnet::spec::{BlockSpec, ConvSpec};
use crate::resnet::{Family, NetworkSpec};

/// Names with a running number: `conv1`, `conv2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered {
    /// `{}` is where the number goes.
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
        name: "the seed document",
        family: Family::Seed,
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

impl Convention {
    /// The convention that the names in `index` follow.
    pub fn of(index: &TensorIndex) -> Option<&'static Self> {
        CONVENTIONS.iter().find(|convention| {
            let stem = format!("{}.weight", convention.stem[0]);
            index.tensors.contains_key(&stem) && convention.blocks(index, 0) > 0
        })
    }

    /// How many blocks stage `stage`, counted from 0, has: one more than the highest number.
    pub fn blocks(&self, index: &TensorIndex, stage: usize) -> usize {
        let prefix = self.stage.at(stage);
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
        let stage = self.stage.at(stage);
        format!("{stage}{block}.{}.weight", self.convolution.at(convolution))
    }

    /// The names in the file of every tensor of `network`, by the network's own.
    pub fn names(&self, network: &NetworkSpec) -> HashMap<String, String> {
        let mut names = HashMap::new();
        self.name_convolution(&mut names, &network.stem, self.stem[0], self.stem[1]);
        for (i, stage) in network.stages.iter().enumerate() {
            for (j, block) in stage.blocks.iter().enumerate() {
                self.name_block(&mut names, block, &format!("{}{j}.", self.stage.at(i)));
            }
        }
        for (tensor, part) in network.head.tensors().into_iter().zip(["weight", "bias"]) {
            names.insert(tensor.name, format!("{}.{part}", self.head));
        }
        names
    }

    fn name_block(&self, names: &mut HashMap<String, String>, block: &BlockSpec, prefix: &str) {
        for (k, convolution) in block.convolutions.iter().enumerate() {
            let [own, norm] =
                [self.convolution, self.norm].map(|name| prefix.to_owned() + &name.at(k));
            self.name_convolution(names, convolution, &own, &norm);
        }
        if let Some(shortcut) = &block.shortcut {
            let [own, norm] = self.shortcut.map(|name| prefix.to_owned() + name);
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
            names.insert(tensor.name, format!("{own}.{part}"));
        }
        let [factor, offset] = self.norm_parameters;
        let parts = [factor, offset, "running_mean", "running_var"];
        for (tensor, part) in spec.norm_tensors().into_iter().zip(parts) {
            names.insert(tensor.name, format!("{norm}.{part}"));
        }
    }
}
