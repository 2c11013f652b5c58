//! The network on paper: He et al., "Deep Residual Learning for Image Recognition", 2015 (<https://arxiv.org/abs/1512.03385>).
//!
//! [`config`] says which ResNet, [`spec`] works out every layer of it, [`mod@conv`] is one convolution's numbers, and [`fold`]
//! makes batch norm vanish for inference.

pub mod config;
pub mod conv;
pub mod fold;
pub mod spec;

pub use config::{BlockKind, ConfigError, Depth, Family, Head, ResNetConfig, StrideOn};
pub use spec::{BlockConfig, BlockSpec, NetworkSpec, ShapeError};
