//! The network: He et al., "Deep Residual Learning for Image Recognition", 2015 (<https://arxiv.org/abs/1512.03385>).
//!
//! [`config`] says which ResNet, [`spec`] works out every layer of it on paper, and [`network`] is the same in
//! tensors: a stem ([`conv_norm`]), four stages of residual blocks ([`block`]) and a head. [`fold`] makes batch norm
//! vanish for inference; [`observe`] shows each layer's output to whoever asks.

pub mod block;
pub mod conv_norm;
pub mod network;
pub mod observe;

pub use block::ResidualBlock;
pub use conv_norm::NormMode;
pub use network::{BuildError, ResNet};
pub use observe::{Observer, Output, Unobserved};
pub use resnet_web_core::resnet::{
    BlockConfig, BlockKind, BlockSpec, ConfigError, Depth, Family, Head, NetworkSpec, ResNetConfig,
    ShapeError, StrideOn, config, conv, fold, spec,
};
