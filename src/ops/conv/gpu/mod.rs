//! Convolution on the GPU: one dispatch each, bias, residual and ReLU included.
//!
//! The shader is WGSL as it stands in `convolution.wgsl`, and not CubeCL: what it reads, shares and waits for is there to
//! be seen, and it needs nothing beyond WebGPU's default limits. Maps lie in memory as on the CPU, `[batch, height, width,
//! channels]` under burn's usual shape, so that four channels are one load.

use burn::backend::ops::{ActivationOps, FloatTensorOps};
use burn::prelude::Shape;
use burn::tensor::DType;
use burn_wgpu::{CubeBackend, CubeTensor};
use cubecl::ir::UIntKind;
use cubecl::ir::metadata::Info;
use cubecl::prelude::*;
use cubecl::server::KernelArguments;
use cubecl::zspace::metadata::Metadata;
use cubecl::{CubeKernel, PrecompiledSource};

use super::{ConvOps, ConvShape, plain};

/// Channels that are loaded at once.
const QUAD: usize = 4;
/// Pixels and channels of a workgroup, as the shader has them.
const TILE: [usize; 2] = [32, 64];

impl ConvOps for CubeBackend {
    fn pack_weight(weight: CubeTensor, shape: ConvShape) -> CubeTensor {
        if shape.groups > 1 {
            return weight;
        }
        let ConvShape {
            inputs,
            outputs,
            kernel,
            ..
        } = shape;
        let pixels = kernel * kernel;
        let weight = Self::float_reshape(weight, Shape::from(vec![outputs, inputs, pixels]));
        // [kernel pixel][input][output], each kind of channel filled up to whole quads.
        let weight = Self::float_permute(weight, &[2, 1, 0]);
        let [inputs_padded, outputs_padded] =
            [inputs, outputs].map(|count| count.next_multiple_of(QUAD));
        let padded = Shape::from(vec![pixels, inputs_padded, outputs_padded]);
        let weight = if [inputs, outputs] == [inputs_padded, outputs_padded] {
            weight
        } else {
            let device = weight.device.clone();
            let zeros = Self::float_zeros(padded.clone(), &device, DType::F32.into());
            let part = [0..pixels, 0..inputs, 0..outputs].map(Into::into);
            Self::float_slice_assign(zeros, &part, weight)
        };
        let length = padded.num_elements();
        Self::float_reshape(weight, Shape::from(vec![length]))
    }

    fn conv(
        x: CubeTensor,
        packed: CubeTensor,
        bias: CubeTensor,
        shape: ConvShape,
        relu: bool,
    ) -> CubeTensor {
        if shape.groups > 1 {
            let y = plain::<Self>(x, packed, bias, shape);
            return if relu { Self::relu(y) } else { y };
        }
        convolution(x, packed, bias, None, shape, relu)
    }

    fn conv_onto(
        x: CubeTensor,
        packed: CubeTensor,
        bias: CubeTensor,
        residual: CubeTensor,
        shape: ConvShape,
    ) -> CubeTensor {
        if shape.groups > 1 {
            let y = plain::<Self>(x, packed, bias, shape);
            return Self::relu(Self::float_add(y, residual));
        }
        convolution(x, packed, bias, Some(residual), shape, true)
    }
}

/// `convolution + bias + residual`, and ReLU of that.
fn convolution(
    x: CubeTensor,
    weight: CubeTensor,
    bias: CubeTensor,
    residual: Option<CubeTensor>,
    shape: ConvShape,
    relu: bool,
) -> CubeTensor {
    let [batch, channels, height, width] = x.meta.shape().dims();
    let [out_height, out_width] = [height, width].map(|side| shape.output_side(side));
    let out = [batch, shape.outputs, out_height, out_width];
    let kernel = Convolution {
        quads: channels.is_multiple_of(QUAD)
            && strides(&x) == interleaved([batch, channels, height, width]),
        residual: residual.is_some(),
    };
    let residual = residual.map(|residual| {
        if strides(&residual) == interleaved(out) {
            return residual;
        }
        let residual = CubeBackend::float_permute(residual, &[0, 2, 3, 1]);
        CubeBackend::float_reshape(residual, Shape::from(vec![out.iter().product::<usize>()]))
    });
    let [input_quads, output_quads] = [channels, shape.outputs].map(|count| count.div_ceil(QUAD));
    let [picture_step, channel_step, row_step, column_step] = strides(&x);
    let params = [
        height,
        width,
        out_height,
        out_width,
        channels,
        input_quads,
        shape.outputs,
        output_quads,
        shape.kernel,
        shape.stride,
        shape.padding,
        shape.kernel * shape.kernel * input_quads,
        usize::from(relu),
        picture_step,
        channel_step,
        row_step,
        column_step,
    ];
    let params: Vec<u8> = params
        .iter()
        .flat_map(|&value| (value as u32).to_ne_bytes())
        .collect();

    let client = x.client.clone();
    let numbers: usize = out.iter().product();
    let output = CubeTensor::new(
        client.clone(),
        client.empty(numbers * size_of::<f32>()),
        Metadata::new(out, interleaved(out)),
        x.device.clone(),
        DType::F32,
    );
    let mut arguments = KernelArguments::new()
        .with_buffer(client.create_from_slice(&params).binding())
        .with_buffer(x.handle.binding())
        .with_buffer(weight.handle.binding())
        .with_buffer(bias.handle.binding())
        .with_buffer(output.handle.clone().binding());
    if let Some(residual) = residual {
        arguments = arguments.with_buffer(residual.handle.binding());
    }
    let count = |size: usize, tile: usize| size.div_ceil(tile) as u32;
    let groups = CubeCount::Static(
        count(out_height * out_width, TILE[0]),
        count(shape.outputs, TILE[1]),
        batch as u32,
    );
    client.launch(Box::new(kernel), groups, arguments);
    output
}

/// Steps along batch, channels, height and width.
fn strides(tensor: &CubeTensor) -> [usize; 4] {
    let strides = tensor.meta.strides();
    core::array::from_fn(|axis| strides[axis])
}

/// The steps of a map whose channels lie side by side.
fn interleaved([_, channels, height, width]: [usize; 4]) -> [usize; 4] {
    [height * width * channels, 1, width * channels, channels]
}

/// The shader's kinds; everything else it is told when it runs, so that few have to be compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Convolution {
    /// Whether the input's channels lie side by side, four at a time.
    quads: bool,
    /// Whether something is added.
    residual: bool,
}

impl Convolution {
    fn text(self) -> String {
        let input = if self.quads {
            include_str!("quads.wgsl")
        } else {
            include_str!("strided.wgsl")
        };
        let residual = if self.residual {
            include_str!("residual.wgsl")
        } else {
            "fn residual_at(at: u32) -> f32 {\n    return 0.0;\n}\n"
        };
        let bindings = include_str!("bindings.wgsl");
        [bindings, input, residual, include_str!("convolution.wgsl")].concat()
    }
}

impl KernelMetadata for Convolution {
    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(*self)
    }

    fn address_type(&self) -> ElemType {
        ElemType::UInt(UIntKind::U32)
    }
}

impl CubeKernel for Convolution {
    fn define(&self) -> KernelDefinition {
        // The text stands in for what would be compiled of this.
        let invocations = CubeDim::new_1d(64);
        let settings = KernelSettings::new(invocations.0, ExecutionMode::Checked, AddressType::U32);
        KernelDefinition {
            body: Scope::root(settings.clone()),
            settings,
            info: Info::default(),
        }
    }

    fn source(&self) -> Option<PrecompiledSource> {
        Some(PrecompiledSource {
            source: self.text(),
            entrypoint_name: "main".to_owned(),
            lang: "wgsl",
        })
    }
}
