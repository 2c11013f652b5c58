//! The network for inference on the CPU.
//!
//! [`CpuResNet`] computes what [`network::ResNet`](crate::network::ResNet) computes, faster: batch norm is folded into the
//! convolutions, their weights are packed for the kernels of [`resnet_web_kernels`] once, when they are loaded, and bias,
//! residual and ReLU are added while the sums are in registers. Inputs and outputs are burn's tensors on its CPU device,
//! [`Device::flex`](burn::prelude::Device::flex); tensors of other devices are refused with a panic. It cannot be trained.

mod attention;
mod block;
mod convolution;
mod head;
mod linear;
mod network;
mod norm;
pub mod ops;
mod shortcut;

pub use block::CpuBlock;
pub use network::CpuResNet;
