//! What a ResNet is, before anything is computed: its layers, its weight files, its input.
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
//! ```
//! use resnet_web_core::resnet::{Depth, NetworkSpec, ResNetConfig};
//! use resnet_web_core::summary::Summary;
//!
//! let config = ResNetConfig::torchvision(Depth::D50, 1000);
//! let spec = NetworkSpec::new(&config)?;
//! let summary = Summary::of_network(&spec, [1, 3, 224, 224])?;
//! assert_eq!(config.name(), "ResNet-50");
//! assert_eq!(summary.parameters, 25_557_032);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

pub mod image;
pub mod memory;
pub mod resnet;
pub mod size;
pub mod storage_dtype;
pub mod summary;
#[cfg(test)]
mod typescript;
pub mod weights;
