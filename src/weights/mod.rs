//! From a weight file's bytes to a network's tensors.
//!
//! A network asks a [`TensorSource`] for its tensors by name. [`safetensors`] reads them from a file, whose
//! [`metadata`] says which network it holds; [`synthetic`] works them out from the names, for tests and for the check
//! that a device computes right.

pub mod metadata;
pub mod safetensors;
pub mod source;
pub mod synthetic;

pub use metadata::ModelMetadata;
pub use safetensors::WeightFile;
pub use source::{Listing, TensorSource, WeightError};
