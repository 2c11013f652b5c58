//! Holds a kernel's Rust side against its shader, by naga.

use naga::front::wgsl;
use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{AddressSpace, Module, ScalarKind, StorageAccess, TypeInner};
use resnet_web_core::storage_dtype::StorageDtype;

use super::{Kernel, Params};
use crate::caps::Caps;

/// A line for everything in which the shader differs from the kernel, or that makes it invalid.
pub fn faults<P: Params>(kernel: &Kernel) -> Vec<String> {
    let mut faults = Vec::new();
    for dtype in [StorageDtype::F32, StorageDtype::F16] {
        match parse(kernel, dtype) {
            Ok(module) => faults.extend(differences::<P>(kernel, &module)),
            Err(error) => faults.push(error),
        }
    }
    let mentions = |name: &str| {
        let words = kernel
            .source
            .split(|c: char| !c.is_alphanumeric() && c != '_');
        words.into_iter().any(|word| word == name)
    };
    let unused = kernel.constants.iter().filter(|(name, _)| !mentions(name));
    faults.extend(unused.map(|(name, _)| format!("constant {name} is not in the shader")));
    faults
        .into_iter()
        .map(|fault| format!("{} {:?}: {fault}", kernel.name, kernel.constants))
        .collect()
}

/// No adapter that the tests run on has `shader-f16`, so for f16 this is all that is known of a shader.
fn parse(kernel: &Kernel, dtype: StorageDtype) -> Result<Module, String> {
    let allowed = match dtype {
        StorageDtype::F32 => Capabilities::empty(),
        StorageDtype::F16 => Capabilities::SHADER_FLOAT16,
    };
    let text = kernel.wgsl(dtype);
    let options = wgsl::Options {
        capabilities: allowed,
        ..wgsl::Options::new()
    };
    let module = wgsl::Frontend::new_with_options(options)
        .parse(&text)
        .map_err(|error| error.emit_to_string(&text))?;
    Validator::new(ValidationFlags::all(), allowed)
        .validate(&module)
        .map_err(|error| error.emit_to_string(&text))?;
    Ok(module)
}

fn differences<P: Params>(kernel: &Kernel, module: &Module) -> Vec<String> {
    let mut faults = Vec::new();
    let mut storage = Vec::new();
    for (_, variable) in module.global_variables.iter() {
        let Some(binding) = variable.binding else {
            continue;
        };
        let name = variable.name.clone().unwrap_or_default();
        let found = (binding.group, binding.binding);
        match variable.space {
            AddressSpace::Uniform => {
                if found != (0, 0) {
                    faults.push(format!("{name}: bound at {found:?} instead of (0, 0)"));
                }
                faults.extend(uniform_faults::<P>(module, variable.ty));
            }
            AddressSpace::Storage { access } => storage.push((binding.binding, name, access)),
            _ => faults.push(format!("{name}: neither uniform nor storage")),
        }
    }
    storage.sort_by_key(|&(binding, ..)| binding);
    let found: Vec<_> = storage
        .iter()
        .map(|(binding, name, _)| (*binding, name.as_str()))
        .collect();
    let expected: Vec<_> = (1..).zip(kernel.bindings.iter().copied()).collect();
    if found != expected {
        faults.push(format!("bindings {found:?} instead of {expected:?}"));
    }
    for (_, name, access) in storage {
        let writes = access.contains(StorageAccess::STORE);
        if writes != (name == "output") {
            faults.push(format!("{name}: access {access:?}"));
        }
    }
    let [x, y, z] = module.entry_points[0].workgroup_size;
    let invocations = x * y * z;
    if invocations > Caps::default().max_invocations {
        faults.push(format!("{invocations} invocations"));
    }
    faults
}

fn uniform_faults<P: Params>(module: &Module, ty: naga::Handle<naga::Type>) -> Vec<String> {
    let TypeInner::Struct { members, span } = &module.types[ty].inner else {
        return vec!["the parameters are no struct".to_owned()];
    };
    let scalar = |ty| match module.types[ty].inner {
        TypeInner::Scalar(scalar) => match (scalar.kind, scalar.width) {
            (ScalarKind::Uint, 4) => "u32",
            (ScalarKind::Sint, 4) => "i32",
            (ScalarKind::Float, 4) => "f32",
            _ => "another scalar",
        },
        _ => "not a scalar",
    };
    let found: Vec<_> = members
        .iter()
        .map(|m| {
            (
                m.name.as_deref().unwrap_or_default(),
                scalar(m.ty),
                m.offset as usize,
            )
        })
        .collect();
    let mut faults = Vec::new();
    if found != P::FIELDS {
        faults.push(format!(
            "fields {found:?} in the shader, {:?} in Rust",
            P::FIELDS
        ));
    }
    if *span as usize != size_of::<P>() {
        faults.push(format!(
            "{span} bytes in the shader, {} in Rust",
            size_of::<P>()
        ));
    }
    faults
}
