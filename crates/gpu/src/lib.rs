#![doc = include_str!("../README.md")]
//!
//! # Map of the modules
//!
//! What is calculated beforehand needs no device and is all that this crate has without the feature `webgpu`: [`caps`] is what
//! an adapter can do, [`kernels`] holds a folder for each shader, [`select`] chooses a variant for a layer, [`lower`] makes the
//! calls of a network, [`memory`] lets maps share buffers. With the feature, `Gpu` opens a device and `Plan` loads a network onto
//! it and runs it. That is WebGPU itself, by burn-wgpu's `wgpu`, and not burn's tensors: the kernels are few, what they read is
//! bound once, and only what is asked for is read back.
//!
//! # Maps and limits
//!
//! Maps lie in memory as `[batch, height, width, channels]`, channels padded to whole blocks of four ([`layout`]). Every kernel
//! keeps to WebGPU's default limits: 64 invocations of a workgroup (256 are allowed), 1 KiB of workgroup memory (16), 5 storage
//! buffers (8), no subgroups.

#![forbid(unsafe_code)]

pub mod caps;
#[cfg(feature = "webgpu")]
mod device;
pub mod error;
pub mod kernels;
pub mod layout;
pub mod lower;
pub mod memory;
#[cfg(feature = "webgpu")]
mod pipelines;
#[cfg(feature = "webgpu")]
mod plan;
#[cfg(feature = "webgpu")]
mod run;
pub mod select;
pub mod timing;
pub mod weights;

#[cfg(feature = "webgpu")]
pub use device::{Gpu, GpuRequest, Limits};
pub use error::{GpuError, LimitError, LowerError, PlanError};
pub use lower::Options;
#[cfg(feature = "webgpu")]
pub use plan::{Map, Plan};
#[cfg(feature = "webgpu")]
pub use run::{ClassMaps, Outputs, PendingRun, TimedRun};
