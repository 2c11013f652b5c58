//! The shaders' texts.

use resnet_web_core::number::Number;

/// A shader: its name, and its text but for the type of the numbers that are stored.
#[derive(Debug, Clone, Copy)]
pub struct Shader {
    /// For the browser's messages.
    pub name: &'static str,
    body: &'static str,
}

/// A convolution, with a residual and ReLU where asked for.
pub const CONVOLUTION: Shader = Shader {
    name: "convolution",
    body: include_str!("shaders/convolution.wgsl"),
};
/// 3x3, stride 2, padding 1.
pub const MAX_POOL: Shader = Shader {
    name: "max pool",
    body: include_str!("shaders/max_pool.wgsl"),
};
/// Over all pixels.
pub const AVERAGE_POOL: Shader = Shader {
    name: "average pool",
    body: include_str!("shaders/average_pool.wgsl"),
};
/// The head's product.
pub const LINEAR: Shader = Shader {
    name: "linear",
    body: include_str!("shaders/linear.wgsl"),
};

impl Shader {
    /// The whole text, for numbers stored as `number`.
    pub fn text(self, number: Number) -> String {
        let declaration = match number {
            Number::F32 => "alias number = f32;\n\n",
            Number::F16 => "enable f16;\n\nalias number = f16;\n\n",
        };
        [declaration, self.body].concat()
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use naga::front::wgsl;
    use naga::valid::{Capabilities, ValidationFlags, Validator};

    use super::*;

    /// No adapter that the tests run on has `shader-f16`, so this is all that is known of those texts.
    #[test]
    fn every_shader_is_valid_for_both_kinds_of_number() {
        let mut faults = Vec::new();
        for number in [Number::F32, Number::F16] {
            let allowed = match number {
                Number::F32 => Capabilities::empty(),
                Number::F16 => Capabilities::SHADER_FLOAT16,
            };
            for shader in [CONVOLUTION, MAX_POOL, AVERAGE_POOL, LINEAR] {
                let text = shader.text(number);
                let options = wgsl::Options {
                    capabilities: allowed,
                    ..wgsl::Options::new()
                };
                let module = match wgsl::Frontend::new_with_options(options).parse(&text) {
                    Ok(module) => module,
                    Err(error) => {
                        faults.push(format!("{}: {}", shader.name, error.emit_to_string(&text)));
                        continue;
                    }
                };
                let mut validator = Validator::new(ValidationFlags::all(), allowed);
                if let Err(error) = validator.validate(&module) {
                    faults.push(format!("{}: {}", shader.name, error.emit_to_string(&text)));
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
