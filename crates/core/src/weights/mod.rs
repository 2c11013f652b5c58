//! From a weight file's bytes to a network's tensors.
//!
//! A network asks a [`TensorSource`] for its tensors by name. A [`WeightFile`] is one. It reads from a [`ByteSource`], whose
//! [`mod@format`] gives an [`index`] of the tensors; [`naming`] knows what each library calls them, [`infer`] finds the config
//! from their shapes, and [`metadata`] is what the file itself says. [`folded`] takes a convolution with its batch norm folded
//! into it. [`synthetic`] calculates tensors from their names, for tests and for the check that a device computes correctly.
//! A [`Description`] is what files beside the weights say: labels, preprocessing.

mod bytes;
mod choices;
mod description;
mod file;
pub mod folded;
pub mod folded_head;
pub mod format;
pub mod head;
pub mod index;
pub mod infer;
pub mod labels;
pub mod metadata;
pub mod naming;
mod network_settings;
pub mod plain;
mod room;
mod source;
pub mod synthetic;
mod text;

pub use bytes::ByteSource;
pub use choices::{Assumption, Choices, Setting};
pub use description::Description;
pub use file::{Note, WeightFile};
pub use format::onnx::Beside;
pub use index::{SCALE_SUFFIX, WeightSets, ZERO_POINT_SUFFIX};
pub use metadata::ModelMetadata;
pub use source::{Listing, TensorSource, WeightError};
