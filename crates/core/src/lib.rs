#![doc = include_str!("../README.md")]
//!
//! # Map of the modules
//!
//! | module | what it holds | uses |
//! |---|---|---|
//! | [`size`] | products that saturate, byte counts | |
//! | [`resnet`] | which ResNet (config), and every layer of it (spec) | |
//! | [`image`] | RGBA pixels to the normalised input, as torchvision does it | |
//! | [`storage_dtype`] | how the GPU stores maps and weights | |
//! | [`summary`] | one row for each layer: shapes, parameters, multiply-adds | size, resnet |
//! | [`weights`] | every weight file format that is read, and the network in it | size, resnet, image |
//! | [`memory`] | what a network takes in memory, before it is built | all of them |
//!
//! Modules use those above them only. Nothing depends on burn, a device or a browser, so the crate compiles and is fuzzed in
//! seconds.
//!
//! # From a weight file to tensors
//!
//! A [`WeightFile`](weights::WeightFile) finds the network in a file and returns its tensors by name, one at a time:
//!
//! ```no_run
//! use std::fs::File;
//!
//! use resnet_web_core::weights::{Choices, TensorSource, WeightFile};
//!
//! let mut file = WeightFile::open(File::open("resnet18.pth")?, &Choices::default())?;
//! println!("{}: {} classes", file.metadata().name, file.metadata().network.classes);
//! for tensor in file.spec().tensors() {
//!     let values = file.take(&tensor.name, &tensor.shape)?;
//!     println!("{:30} {:?}, first value {}", tensor.name, tensor.shape, values[0]);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

pub mod class_map;
pub mod image;
pub mod memory;
pub mod resnet;
pub mod size;
pub mod storage_dtype;
pub mod summary;
#[cfg(test)]
mod typescript;
pub mod weights;
