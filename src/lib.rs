//! ResNet image classification that runs inside a web page, on the GPU or the CPU.
//!
//! # A photo's way through the crate
//!
//! 1. [`backend`] opens a device and checks that it computes what PyTorch computes.
//! 2. [`weights`] reads a weight file and says which network it holds; [`network`] builds it on the device,
//!    batch norm folded into the convolutions.
//! 3. [`image`] turns RGBA pixels into the tensor that the network was trained on: resize, crop, normalise.
//! 4. [`classifier`] puts these together: pixels in, the most probable classes out.
//! 5. [`summary`] tells what every layer is; `web`, in the browser, is the surface that JavaScript sees.
//!
//! # Example
//!
//! The network of a block's test in the seed document, with weights that follow from their names:
//!
//! ```
//! use burn::prelude::*;
//! use resnet_web::network::{NormMode, ResNet};
//! use resnet_web::resnet::{BlockKind, ResNetConfig};
//! use resnet_web::weights::synthetic::{Synthetic, input};
//!
//! let device = Device::flex();
//! let config = ResNetConfig::seed([1, 1, 1, 1], 32, 10, BlockKind::NoBottleneck, 3);
//! let network = ResNet::load(&config, &mut Synthetic, NormMode::Folded, &device)?;
//! let picture = TensorData::new(input([1, 3, 32, 32]), [1, 3, 32, 32]);
//! let logits = network.forward(Tensor::from_data(picture, &device))?;
//! assert_eq!(logits.dims(), [1, 10]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod backend;
pub mod classifier;
pub mod error;
pub mod inspect;
#[cfg(feature = "cli")]
pub mod logit_error;
pub mod network;
pub mod ops;
#[cfg(target_arch = "wasm32")]
pub mod web;

pub use error::Error;
#[cfg(feature = "cli")]
pub use resnet_web_convert as convert;
pub use resnet_web_core::{image, memory, resnet, summary, weights};
#[cfg(feature = "webgpu")]
pub use resnet_web_gpu as gpu;
pub use resnet_web_kernels::threads;
