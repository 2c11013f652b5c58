//! What an adapter can do, as plain values: kernels are chosen and sizes checked without a device.

use resnet_web_core::storage_dtype::StorageDtype;

/// What a device may be asked to do. The default is what WebGPU guarantees of every adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caps {
    /// Whether shaders may use f16 (`shader-f16`).
    pub shader_f16: bool,
    /// Whether passes may be timed (`timestamp-query`).
    pub timestamps: bool,
    /// Bytes of the largest buffer that a shader may read (`maxStorageBufferBindingSize`).
    pub max_binding_bytes: u64,
    /// Workgroups along an axis of a dispatch, at most (`maxComputeWorkgroupsPerDimension`).
    pub max_workgroups: u32,
    /// Invocations of a workgroup, at most (`maxComputeInvocationsPerWorkgroup`).
    pub max_invocations: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            shader_f16: false,
            timestamps: false,
            max_binding_bytes: 128 << 20,
            max_workgroups: 65_535,
            max_invocations: 256,
        }
    }
}

impl Caps {
    /// What maps and weights are stored as.
    pub const fn storage_dtype(&self) -> StorageDtype {
        if self.shader_f16 {
            StorageDtype::F16
        } else {
            StorageDtype::F32
        }
    }
}
