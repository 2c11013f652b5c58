//! The network as a burn module: He et al., "Deep Residual Learning for Image Recognition", 2015
//! (<https://arxiv.org/abs/1512.03385>).
//!
//! A [`ResNet`] consists of burn's own convolutions, batch norms, pools and linear layer, so it runs on every device that
//! burn has, is saved and loaded by burn's means, and can be trained: on a device with automatic differentiation (burn's
//! feature `autodiff`, here the feature `training`) its batch norms use the statistics of the batch, as PyTorch's do in
//! training mode. What it consists of is read off the [`NetworkSpec`](crate::resnet::NetworkSpec), whose names and shapes
//! are those of a PyTorch state dict.
//!
//! This is the definition that everything else is held against. To classify images quickly on the CPU there is
//! [`cpu`](crate::cpu), which computes the same.

mod block;
mod conv_norm;
mod head;
mod resnet;

pub use block::ResidualBlock;
pub use conv_norm::ConvNorm;
pub use head::ClassifierHead;
pub use resnet::{ResNet, Stage};
