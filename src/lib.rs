#![doc = include_str!("README.md")]
//!
//! # From a photo to classes
//!
//! A weight file becomes a [`Classifier`](classifier::Classifier), which takes RGBA pixels and returns the most probable
//! classes:
//!
//! 1. [`backend`] opens a device and checks that it computes what PyTorch computes.
//! 2. [`weights`] reads a weight file and finds the network in it. [`resnet`] describes that network layer by layer.
//! 3. [`cpu`] computes it on the CPU, `gpu` (feature `webgpu`) on a GPU.
//! 4. [`image`] turns pixels into the network's input: resize, crop, normalise.
//! 5. [`inspect`] shows what every layer computes, [`summary`] what every layer is.
//!
//! [`network`] is the same network as a burn module, for everything else that burn can do: other devices, training,
//! transfer learning.
//!
//! # A network without a file
//!
//! A small network with synthetic weights, on an image of noise:
//!
//! ```
//! use burn::prelude::*;
//! use resnet_web::cpu::CpuResNet;
//! use resnet_web::resnet::conv::Arithmetic;
//! use resnet_web::resnet::{Depth, NetworkSpec, ResNetConfig};
//! use resnet_web::weights::synthetic::{Synthetic, input};
//!
//! let config = ResNetConfig {
//!     repetitions: vec![1, 1, 1, 1],
//!     ..ResNetConfig::torchvision(Depth::D18, 10)
//! };
//! let network = CpuResNet::load(NetworkSpec::new(&config)?, &mut Synthetic, Arithmetic::F32)?;
//!
//! let shape = [1, 3, 64, 64];
//! let image = TensorData::new(input(shape), shape);
//! let logits = network.forward(Tensor::from_data(image, &Device::flex()))?;
//! assert_eq!(logits.dims(), [1, 10]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Map of the modules
//!
//! Arrows point from the user of a module to the module; nothing points back. `gpu`, [`threads`] and what [`image`],
//! [`memory`], [`resnet`], [`summary`] and [`weights`] hold are crates of their own, on which all of these build.
//!
//! ```text
//! web   bin (command line)
//!  └──┬──┘
//! classifier ──► error
//!  │   │  │        │
//!  │   │  └────► backend (devices, self-check)
//!  │  inspect      │
//!  └───┼───────────┤
//!      └──► cpu ◄──┘      network (burn module)
//!            └─► observe ◄───┘
//! ```

pub mod backend;
pub mod classifier;
pub mod cpu;
pub mod error;
pub mod inspect;
pub mod network;
pub mod observe;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod typescript;
#[cfg(target_arch = "wasm32")]
pub mod web;

pub use error::Error;
#[cfg(feature = "cli")]
pub use resnet_web_convert as convert;
pub use resnet_web_core::{image, memory, resnet, summary, weights};
#[cfg(feature = "webgpu")]
pub use resnet_web_gpu as gpu;
pub use resnet_web_kernels::threads;
