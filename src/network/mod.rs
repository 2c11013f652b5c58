//! The network as a burn module: He et al., "Deep Residual Learning for Image Recognition", 2015
//! (<https://arxiv.org/abs/1512.03385>).
//!
//! A [`ResNet`] consists of burn's own convolutions, batch norms, pools and linear layers, so it runs on every device that
//! burn has, is saved and loaded by burn's means, and can be trained: on a device with automatic differentiation (burn's
//! feature `autodiff`, here the feature `training`) its batch norms use the statistics of the batch, as PyTorch's do in
//! training mode. What it consists of is read off the [`NetworkSpec`](crate::resnet::NetworkSpec), whose names and shapes
//! are those of a PyTorch state dict: ResNets as published, and what is made of them with other stems and shortcuts,
//! attention, anti-aliasing, pre-activation and other heads.
//!
//! [`cpu`](crate::cpu) computes the same, faster, for inference.
//!
//! # Example
//!
//! ResNet-18 for ten classes as a backbone, with random weights:
//!
//! ```
//! use burn::prelude::*;
//! use resnet_web::network::ResNet;
//! use resnet_web::resnet::{Depth, NetworkSpec, ResNetConfig};
//!
//! let device = Device::flex();
//! let spec = NetworkSpec::new(&ResNetConfig::torchvision(Depth::D18, 10))?;
//! let network = ResNet::init(spec, &device);
//! let features = network.features(Tensor::zeros([1, 3, 64, 64], &device))?;
//! assert_eq!(features.dims(), [1, 512, 2, 2]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod attention;
mod block;
mod conv_norm;
mod head;
mod linear;
mod norm;
mod pool;
mod resnet;

pub use block::ResidualBlock;
pub use resnet::ResNet;
