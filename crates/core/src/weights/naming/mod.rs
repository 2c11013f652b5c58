//! Naming conventions: what each library calls the layers, in one table for each, and where in a file they are.
//!
//! Training scripts wrap networks, so that `conv1` becomes `module.conv1` or `model.backbone.conv1`, and keep tensors of
//! their own beside them. [`Backbone::find`] looks for the convolutions of every convention under any prefix; `head` for the
//! linear layers beside them.

mod backbone;
mod conventions;

use super::index::TensorIndex;
use crate::resnet::Family;

pub use backbone::{Backbone, is_copy};
pub use conventions::CONVENTIONS;
use conventions::DETECTRON;

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

impl Convention {
    /// Whether the first stage under this prefix has a convolution of one of its blocks.
    fn has_block(&self, index: &TensorIndex, prefix: &str) -> bool {
        let start = prefix.to_owned() + &self.stage.at(0);
        let convolutions = self.block.iter().filter_map(|(layer, name)| match layer {
            Layer::Convolution(_) => Some(*name),
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
