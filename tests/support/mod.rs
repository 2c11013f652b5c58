//! What the tests of several files share.

// Each test file uses its part.
#![allow(dead_code)]

pub mod convolution;
pub mod evidence;
pub mod family;
pub mod golden;
#[cfg(feature = "webgpu")]
pub mod gpu_kernels;
pub mod networks;
pub mod weight_file;
