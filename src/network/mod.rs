//! The network in tensors: He et al., "Deep Residual Learning for Image Recognition", 2015
//! (<https://arxiv.org/abs/1512.03385>).
//!
//! [`network`] is what [`resnet`](crate::resnet) describes on paper: a stem ([`conv_norm`]), four stages of residual blocks
//! ([`block`]) and a head. [`observe`] shows each layer's output to whoever asks.

pub mod block;
pub mod conv_norm;
pub mod network;
pub mod observe;

pub use block::ResidualBlock;
pub use conv_norm::NormMode;
pub use network::{BuildError, ResNet};
pub use observe::{Observer, Output, Unobserved};
