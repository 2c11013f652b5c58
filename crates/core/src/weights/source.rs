//! Where a network's tensors come from, and every error of weights.

use std::fmt;

use serde::Serialize;
use thiserror::Error;

use super::plain::{message, plain};
use crate::resnet::fold::NormError;
use crate::size::Bytes;

/// Returns tensors by their names in PyTorch's state dict.
pub trait TensorSource {
    /// The values of tensor `name`, row by row, as f32.
    ///
    /// # Errors
    /// If it is missing, has another shape or an unsupported dtype, or holds values that are not finite.
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightError>;
}

/// The first few of many texts from a file, each shortened and made safe to show, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub struct Listing {
    first: Vec<String>,
    count: usize,
}

impl Listing {
    const SHOWN: usize = 5;

    /// `None` for no items.
    pub fn new(items: impl IntoIterator<Item = String>) -> Option<Self> {
        let mut items = items.into_iter();
        let first: Vec<_> = items
            .by_ref()
            .take(Self::SHOWN)
            .map(|item| plain(&item))
            .collect();
        let count = first.len() + items.count();
        (count > 0).then_some(Self { first, count })
    }

    /// A single item.
    pub fn one(item: String) -> Self {
        Self {
            first: vec![plain(&item)],
            count: 1,
        }
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first.join(", "))?;
        match self.count - self.first.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more ({} in all)", self.count),
        }
    }
}

/// What is wrong with a set of weights.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum WeightError {
    /// The bytes are not a weight file, or a damaged one.
    #[error(
        "this is not a weight file that can be read: {}. Expected: a complete safetensors, PyTorch (.pth), ONNX or burnpack file",
        message(reason)
    )]
    Format {
        /// What is wrong with them.
        reason: String,
    },
    /// The bytes can no longer be read.
    #[error("the weight file cannot be read: {}. Choose it again", message(reason))]
    Unreadable {
        /// The system's message.
        reason: String,
    },
    /// More than fits in memory.
    #[error(
        "{} needs about {needed} of memory, and {}. Choose a smaller network, or one with fewer classes",
        plain(what),
        .most.map_or_else(|| "there is no room for it".to_owned(), |most| format!("there are at most {most} for it here"))
    )]
    TooLarge {
        /// The network, or the tensor that does not fit.
        what: String,
        /// What has to be in memory at once.
        needed: Bytes,
        /// The limit, if there is one.
        most: Option<Bytes>,
    },
    /// The file's metadata is invalid.
    #[error(
        "the file's own description of its network cannot be used: {}. Convert the weights again with `resnet-web convert`",
        message(reason)
    )]
    Metadata {
        /// What is missing or wrong.
        reason: String,
    },
    /// The metadata or the tensors describe a network that is not supported.
    #[error("the file's network cannot be built here: {}", message(reason))]
    Architecture {
        /// Which rule it breaks.
        reason: String,
    },
    /// The tensors belong to another kind of network.
    #[error(
        "the file holds {}. Expected: a ResNet with the tensor names of torchvision, timm, Hugging Face, fastai, OpenMMLab, Detectron2, burn or the reference implementation",
        message(seems)
    )]
    NotResNet {
        /// What it seems to hold.
        seems: String,
    },
    /// More or fewer labels than classes.
    #[error(
        "found {found} labels, expected {classes}. Choose a file with one label for each class, in the order of the logits"
    )]
    LabelCount {
        /// How many labels there are.
        found: usize,
        /// How many classes.
        classes: usize,
    },
    /// A text without labels.
    #[error(
        "the labels cannot be read: {}. Expected: a text with one label on each line, or JSON: a list of labels, or an object of numbers and labels",
        message(reason)
    )]
    Labels {
        /// What is wrong with it.
        reason: String,
    },
    /// The file lacks tensors of the network.
    #[error("the file lacks tensors that {} needs: {names}", plain(architecture))]
    Missing {
        /// The network.
        architecture: String,
        /// The tensors' names.
        names: Listing,
    },
    /// The file has tensors among the network's layers that the network does not have.
    #[error(
        "the file holds tensors that {} has no place for: {names}",
        plain(architecture)
    )]
    Unexpected {
        /// The network.
        architecture: String,
        /// The tensors' names.
        names: Listing,
    },
    /// Tensors have another shape than the network's.
    #[error("tensors do not have {}'s shapes: {tensors}", plain(architecture))]
    Shape {
        /// The network.
        architecture: String,
        /// Name, expected and found shape of each.
        tensors: Listing,
    },
    /// Tensors have a dtype that is not supported.
    #[error(
        "tensors have a dtype that is not supported: {tensors}. Expected: F32, F16, BF16, F64, or I8 with a scale for each output channel"
    )]
    Dtype {
        /// Name and dtype of each.
        tensors: Listing,
    },
    /// A value is NaN or infinite, which would spread to every output.
    #[error(
        "tensor `{}` holds {value} at index {index}; every weight must be finite. The file is damaged",
        plain(name)
    )]
    NotFinite {
        /// The tensor.
        name: String,
        /// Row-major index.
        index: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// A batch norm has values that are finite but cannot be computed with.
    #[error(
        "batch norm `{}` cannot be used: {fault}. The file is damaged",
        plain(name)
    )]
    Norm {
        /// The layer.
        name: String,
        /// What is wrong with it.
        fault: NormError,
    },
}

impl WeightError {
    /// The kind of error, in words that stay the same from version to version.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Format { .. } => "weights-format",
            Self::Unreadable { .. } => "weights-unreadable",
            Self::LabelCount { .. } | Self::Labels { .. } => "labels",
            Self::Missing { .. } | Self::Unexpected { .. } => "weights-missing",
            Self::Shape { .. } => "weights-shape",
            Self::TooLarge { .. } => "too-large",
            Self::Dtype { .. } => "weights-dtype",
            Self::NotFinite { .. } | Self::Norm { .. } => "weights-values",
            Self::Metadata { .. } | Self::Architecture { .. } | Self::NotResNet { .. } => {
                "weights-architecture"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_shows_five_and_counts_the_rest() {
        let cases = [
            (0, None),
            (1, Some("t0")),
            (5, Some("t0, t1, t2, t3, t4")),
            (7, Some("t0, t1, t2, t3, t4 and 2 more (7 in all)")),
        ];
        for (count, expected) in cases {
            let listing = Listing::new((0..count).map(|i| format!("t{i}")));
            assert_eq!(
                listing.map(|l| l.to_string()).as_deref(),
                expected,
                "{count} items"
            );
        }
    }
}
