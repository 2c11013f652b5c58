//! From the stem to the last block: each layer's call.

use resnet_web_core::resnet::conv::{Arithmetic, ConvShape};
use resnet_web_core::resnet::spec::{
    AttentionKind, AttentionSpec, BlockSpec, ConvSpec, NormSpec, PoolSpec, ShortcutSpec, StemSpec,
};
use resnet_web_core::storage_dtype::StorageDtype;
use resnet_web_core::weights::folded_head::FoldedLinear;

use super::{ConvWeights, Input, Lowering, MapId, Operand, SpaceToDepth, Tensors};
use crate::error::{LimitError, LowerError};
use crate::kernels::linear::Activation;
use crate::kernels::{
    Params, average_pool, channel_convolution, conv2d, pool2d, scale_shift, workgroups,
};
use crate::select;

/// A convolution as it is dispatched.
struct Convolution<'a> {
    layer: &'a str,
    weights: ConvWeights<'a>,
    shape: ConvShape,
    output_size: [usize; 2],
    /// What is added to its output.
    residual: Option<MapId>,
    relu: bool,
}

impl<'a> Lowering<'a, '_> {
    /// The stem, and what it reads of an image of `shape`.
    pub(super) fn stem(
        &mut self,
        shape: [usize; 4],
        spec: &'a StemSpec,
    ) -> Result<(Input, MapId), LimitError> {
        let mut convolutions = spec.convolutions.iter();
        let (input, mut x) = match convolutions.next() {
            Some(first) if first.stride == 2 && first.groups == 1 => {
                self.space_to_depth(shape, first)?
            }
            first => {
                let map = self.map("the image", shape)?;
                let input = Input {
                    map,
                    space_to_depth: None,
                };
                let x = match first {
                    Some(first) => self.conv(map, first)?,
                    None => map,
                };
                (input, x)
            }
        };
        for conv in convolutions {
            x = self.conv(x, conv)?;
        }
        self.observe(spec.container.as_deref(), x);
        for pool in &spec.pools {
            x = self.pool(x, pool)?;
        }
        Ok((input, x))
    }

    /// A convolution of stride 2 over an image, which is read in space-to-depth form.
    fn space_to_depth(
        &mut self,
        shape: [usize; 4],
        spec: &'a ConvSpec,
    ) -> Result<(Input, MapId), LimitError> {
        let whole = spec.shape();
        let deep = ConvShape {
            inputs: whole.inputs.saturating_mul(4),
            kernel: whole.kernel.div_ceil(2),
            stride: 1,
            padding: 0,
            ..whole
        };
        let output_size = spec.output_size([shape[2], shape[3]]);
        let border = deep.kernel.saturating_sub(1);
        let [down, across] = output_size.map(|side| side.saturating_add(border));
        let map = self.map(&spec.name, [shape[0], deep.inputs, down, across])?;
        let convolution = Convolution {
            layer: &spec.name,
            weights: ConvWeights::SpaceToDepth(spec),
            shape: deep,
            output_size,
            residual: None,
            relu: spec.relu.is_some(),
        };
        let y = self.convolution(map, convolution)?;
        self.observe_conv(spec, y);
        let space_to_depth = Some(SpaceToDepth {
            image: shape,
            padding: whole.padding,
        });
        let input = Input {
            map,
            space_to_depth,
        };
        Ok((input, y))
    }

    fn conv(&mut self, x: MapId, spec: &'a ConvSpec) -> Result<MapId, LimitError> {
        let y = self.conv_and(x, spec, None, spec.relu.is_some())?;
        self.observe_conv(spec, y);
        Ok(y)
    }

    /// A convolution with what comes after it at the end of a block.
    fn conv_and(
        &mut self,
        x: MapId,
        spec: &'a ConvSpec,
        residual: Option<MapId>,
        relu: bool,
    ) -> Result<MapId, LimitError> {
        let [_, _, height, width] = self.shape(x);
        let convolution = Convolution {
            layer: &spec.name,
            weights: ConvWeights::Layer(spec),
            shape: spec.shape(),
            output_size: spec.output_size([height, width]),
            residual,
            relu,
        };
        self.convolution(x, convolution)
    }

    fn convolution(&mut self, x: MapId, convolution: Convolution<'a>) -> Result<MapId, LimitError> {
        let Convolution {
            layer,
            weights,
            shape,
            output_size: [height, width],
            residual,
            relu,
        } = convolution;
        let input = self.shape(x);
        let output = [input[0], shape.outputs, height, width];
        let tile = select::conv2d(&shape, self.caps, self.options.forced);
        let y = self.map(layer, output)?;
        let tensors = Tensors::Conv2d {
            weights,
            shape,
            tile,
        };
        let tensors = self.tensors(layer, tensors)?;
        let operands = vec![
            Operand::Weight(tensors),
            Operand::Bias(tensors),
            // Without a residual a buffer has to stand in its place, and is not read.
            Operand::Map(residual.unwrap_or(x)),
        ];
        let params = conv2d::Params::new(shape, tile, [input, output], [relu, residual.is_some()]);
        self.push(
            layer,
            conv2d::kernel(tile),
            params.bytes(),
            [x, y],
            operands,
            conv2d::workgroups(tile, output),
        )
    }

    fn observe_conv(&mut self, spec: &ConvSpec, y: MapId) {
        self.observe(Some(spec.relu.as_deref().unwrap_or(spec.folded_name())), y);
    }

    fn pool(&mut self, x: MapId, spec: &'a PoolSpec) -> Result<MapId, LimitError> {
        let input = self.shape(x);
        let [batch, channels, height, width] = input;
        let [height, width] = spec.output_size([height, width]);
        let output = [batch, channels, height, width];
        let y = self.map(&spec.name, output)?;
        self.observe(Some(&spec.name), y);
        self.push(
            &spec.name,
            pool2d::kernel(spec),
            pool2d::Params::new(input, output).bytes(),
            [x, y],
            Vec::new(),
            workgroups::of_maps(output),
        )
    }

    /// A batch norm on its own, with the ReLU after it.
    pub(super) fn norm(&mut self, x: MapId, spec: &'a NormSpec) -> Result<MapId, LimitError> {
        let shape = self.shape(x);
        let y = self.map(&spec.name, shape)?;
        let tensors = self.tensors(&spec.name, Tensors::Norm(spec))?;
        self.observe(spec.relu.as_deref().or(Some(&spec.name)), y);
        self.push(
            &spec.name,
            scale_shift::kernel(),
            scale_shift::Params::new(shape, false, [spec.relu.is_some(), false]).bytes(),
            [x, y],
            vec![
                Operand::Weight(tensors),
                Operand::Bias(tensors),
                Operand::Map(x),
            ],
            workgroups::of_maps(shape),
        )
    }

    pub(super) fn block(&mut self, x: MapId, spec: &'a BlockSpec) -> Result<MapId, LowerError> {
        let [_, _, height, width] = self.shape(x);
        spec.output_size([height, width])?;
        let Some((last, first)) = spec.convolutions.split_last() else {
            return Ok(x);
        };
        let activated = match &spec.pre_activation {
            Some(norm) => self.norm(x, norm)?,
            None => x,
        };
        let mut inner = activated;
        for (place, conv) in first.iter().enumerate() {
            inner = self.conv(inner, conv)?;
            if let Some(pool) = spec.pool_after(place) {
                inner = self.pool(inner, pool)?;
            }
        }
        let relu = spec.relu.is_some();
        let y = match &spec.attention {
            // The gates depend on the whole map, so they and what comes after them are calls of their own.
            Some(attention) => {
                inner = self.conv(inner, last)?;
                let gates = self.gates(inner, attention)?;
                let shortcut = self.shortcut(x, activated, spec)?;
                self.gated(inner, gates, shortcut, relu, attention)?
            }
            None => {
                let shortcut = self.shortcut(x, activated, spec)?;
                self.conv_and(inner, last, Some(shortcut), relu)?
            }
        };
        self.observe(spec.relu.as_deref(), y);
        self.observe(Some(&*spec.name).filter(|name| !name.is_empty()), y);
        Ok(y)
    }

    /// What is added at the end of a block that reads `x`, which its first convolution reads `activated`.
    fn shortcut(
        &mut self,
        x: MapId,
        activated: MapId,
        spec: &'a BlockSpec,
    ) -> Result<MapId, LimitError> {
        match &spec.shortcut {
            None => Ok(x),
            Some(ShortcutSpec::Projection { pool, convolution }) => {
                let pooled = match pool {
                    Some(pool) => self.pool(activated, pool)?,
                    None => activated,
                };
                self.conv(pooled, convolution)
            }
            Some(ShortcutSpec::ZeroPadded {
                name,
                stride,
                before,
                after,
            }) => {
                let [_, channels, height, width] = self.shape(x);
                let shape = ConvShape {
                    inputs: channels,
                    outputs: channels.saturating_add(*before).saturating_add(*after),
                    kernel: 1,
                    stride: *stride,
                    padding: 0,
                    groups: 1,
                    arithmetic: Arithmetic::F32,
                };
                // A convolution of ones and zeros, which the stages that have one are narrow enough for.
                let convolution = Convolution {
                    layer: name,
                    weights: ConvWeights::Shifted(*before),
                    shape,
                    output_size: [height, width].map(|side| side.div_ceil(*stride)),
                    residual: None,
                    relu: false,
                };
                let y = self.convolution(x, convolution)?;
                self.observe(Some(name), y);
                Ok(y)
            }
        }
    }

    /// A weight between 0 and 1 for each channel of `x`.
    fn gates(&mut self, x: MapId, spec: &'a AttentionSpec) -> Result<MapId, LimitError> {
        let means = self.mean(&spec.name, x)?;
        let gates = match &spec.kind {
            AttentionKind::SqueezeExcite {
                reduce,
                relu,
                expand,
            } => {
                let reduced =
                    self.linear(means, FoldedLinear::of(reduce), Activation::Relu, false)?;
                self.observe(Some(relu), reduced);
                self.linear(
                    reduced,
                    FoldedLinear::of(expand),
                    Activation::Sigmoid,
                    false,
                )?
            }
            AttentionKind::EfficientChannel {
                convolution,
                kernel,
            } => {
                let shape @ [batch, channels, ..] = self.shape(means);
                let gates = self.map_of(convolution, shape, StorageDtype::F32)?;
                let tensors = Tensors::ChannelConvolution {
                    name: convolution,
                    kernel: *kernel,
                };
                let tensors = self.tensors(convolution, tensors)?;
                self.push(
                    convolution,
                    channel_convolution::kernel(),
                    channel_convolution::Params::new(channels, *kernel).bytes(),
                    [means, gates],
                    vec![Operand::Weight(tensors)],
                    workgroups::of_vectors(batch, channels),
                )?
            }
        };
        self.observe(Some(&spec.gate), gates);
        Ok(gates)
    }

    /// The end of a block with attention: `x` times its gates, plus the shortcut.
    fn gated(
        &mut self,
        x: MapId,
        gates: MapId,
        shortcut: MapId,
        relu: bool,
        spec: &'a AttentionSpec,
    ) -> Result<MapId, LimitError> {
        let shape = self.shape(x);
        let y = self.map(&spec.name, shape)?;
        self.push(
            &spec.gate,
            scale_shift::kernel(),
            scale_shift::Params::new(shape, true, [relu, true]).bytes(),
            [x, y],
            vec![
                Operand::Map(gates),
                Operand::Zeros(spec.channels),
                Operand::Map(shortcut),
            ],
            workgroups::of_maps(shape),
        )
    }

    /// The mean of each channel, as f32.
    pub(super) fn mean(&mut self, layer: &'a str, x: MapId) -> Result<MapId, LimitError> {
        let shape @ [batch, channels, ..] = self.shape(x);
        let y = self.map_of(layer, [batch, channels, 1, 1], StorageDtype::F32)?;
        self.push(
            layer,
            average_pool::kernel(),
            average_pool::Params::new(shape).bytes(),
            [x, y],
            Vec::new(),
            workgroups::of_vectors(batch, channels),
        )
    }
}
