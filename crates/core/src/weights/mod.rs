//! From a weight file's bytes to a network's tensors.
//!
//! A network asks a [`TensorSource`] for its tensors by name. A [`WeightFile`] is one: [`bytes`] to read from, whose
//! [`mod@format`] gives an [`index`] of the tensors; [`naming`] knows what each library calls them, [`infer`] finds the
//! config from their shapes, and [`metadata`] is what the file itself says. [`folded`] takes a convolution
//! with its batch norm folded into it. [`synthetic`] calculates tensors from their names, for tests and
//! for the check that a device computes correctly.

pub mod bytes;
pub mod description;
pub mod file;
pub mod folded;
pub mod format;
pub mod index;
pub mod infer;
pub mod labels;
pub mod metadata;
pub mod naming;
pub mod plain;
mod room;
pub mod source;
pub mod synthetic;
mod text;

pub use bytes::ByteSource;
pub use description::Description;
pub use file::{Assumption, Choices, Note, WeightFile};
pub use index::WeightSets;
pub use metadata::ModelMetadata;
pub use source::{Listing, TensorSource, WeightError};
