//! The ResNet family: config and spec, no values. He et al., "Deep Residual Learning for Image Recognition", 2015 (<https://arxiv.org/abs/1512.03385>).
//!
//! [`config`] says which ResNet, [`spec`] is every layer of it, [`mod@conv`] the shape of one convolution, and [`fold`] folds
//! batch norm for inference.

pub mod config;
pub mod conv;
pub mod fold;
pub mod spec;

pub use config::{
    AntiAliasing, Attention, BlockKind, ConfigError, Depth, Family, Head, HeadLayer, ResNetConfig,
    ShortcutKind, Stem, StemConvolutions, StemPool, StrideOn,
};
pub use spec::{BlockConfig, BlockSpec, NetworkSpec, ShapeError};
