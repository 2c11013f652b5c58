//! The network on a GPU: one list of dispatches, made when the weights are loaded, submitted as a whole for every picture.
//!
//! What is said here is WebGPU itself, through burn-wgpu's `wgpu`, and not burn's tensors: the shaders are few, what they
//! read is bound once, and nothing but the logits comes back. Maps lie in memory as `[batch, height,
//! width, channels]`, channels filled up to whole quads; [`layout`] brings weights into the order in which they are read.
//!
//! Every shader keeps to WebGPU's default limits: 64 invocations of a workgroup (256 are allowed), 1 KiB of workgroup memory
//! (16), 5 storage buffers (8), no subgroups.

#[cfg(feature = "webgpu")]
mod device;
mod error;
pub mod layout;
#[cfg(feature = "webgpu")]
mod plan;
#[cfg(feature = "webgpu")]
mod run;
#[cfg(feature = "webgpu")]
mod shaders;
pub mod times;
pub mod wgsl;

#[cfg(feature = "webgpu")]
pub use device::{Gpu, GpuRequest, Limits};
pub use error::{GpuError, PlanError};
#[cfg(feature = "webgpu")]
pub use plan::{Keep, Map, Plan};
pub use resnet_web_core::number::Number;
pub use resnet_web_core::summary::LayerTime;
#[cfg(feature = "webgpu")]
pub use run::{Answer, ClassMaps, Run, TimedRun};
