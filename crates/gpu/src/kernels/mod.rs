//! The kernels, one folder each: the shader, its parameters, its tile, the workgroups of a dispatch, and how weights are packed.
//!
//! A shader's text is complete but for a header that [`Kernel::wgsl`] writes: the type `stored` and the kernel's constants. Rust
//! has the only copy of each constant, so that the two sides cannot differ. The parameters are declared twice, here as a
//! `#[repr(C)]` struct and in the shader as its uniform; a test of every kernel compares the two (`check.rs`).

use std::fmt::Write;

use bytemuck::Pod;
use resnet_web_core::storage_dtype::StorageDtype;

pub mod average_pool;
pub mod channel_convolution;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod check;
pub mod concat_pool;
pub mod conv2d;
pub mod linear;
pub mod pool2d;
pub mod scale_shift;
pub mod workgroups;

/// What a pipeline is compiled from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// For the browser's messages.
    pub name: &'static str,
    /// Invocations of a workgroup: the constant `INVOCATIONS`.
    pub invocations: u32,
    /// The other constants of this variant.
    pub constants: Vec<(&'static str, u32)>,
    /// The shader's storage buffers in the order of their bindings: from 1 on input, output and the rest. The parameters are 0.
    pub bindings: &'static [&'static str],
    /// Whether its input is f32 even where maps are stored as f16: the shader's type `input_type`.
    pub f32_input: bool,
    source: &'static str,
}

impl Kernel {
    /// The whole shader, for maps and weights stored as `dtype`.
    pub fn wgsl(&self, dtype: StorageDtype) -> String {
        let mut text = match dtype {
            StorageDtype::F32 => "alias stored = f32;\n".to_owned(),
            StorageDtype::F16 => "enable f16;\nalias stored = f16;\n".to_owned(),
        };
        text += if self.f32_input {
            "alias input_type = f32;\n"
        } else {
            "alias input_type = stored;\n"
        };
        let invocations = ("INVOCATIONS", self.invocations);
        for (name, value) in std::iter::once(&invocations).chain(&self.constants) {
            // Writing into a string does not fail.
            let _ = writeln!(text, "const {name}: u32 = {value}u;");
        }
        text + self.source
    }
}

/// A kernel's parameters, as they are in the uniform buffer.
pub trait Params: Pod {
    /// Each field's name, type and offset in bytes.
    const FIELDS: &'static [(&'static str, &'static str, usize)];

    /// Its bytes.
    fn bytes(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }
}

/// Declares a kernel's parameters: a `#[repr(C)]` struct that knows its fields.
macro_rules! params {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ident,)* }) => {
        $(#[$about])*
        #[repr(C)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl $crate::kernels::Params for $name {
            const FIELDS: &'static [(&'static str, &'static str, usize)] = &[
                $((stringify!($field), stringify!($type), std::mem::offset_of!($name, $field)),)*
            ];
        }
    };
}
use params;

/// A size as a shader counts it. Sizes that do not fit into 32 bits become the largest number; no buffer is as large, so
/// that the limits on buffers have refused them ([`crate::memory`]).
pub fn count(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
