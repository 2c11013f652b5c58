//! A network as a list of kernel calls, worked out from its spec alone.
//!
//! Nothing here needs weights or a device. A [`Program`] names the maps that calls read and write and the tensors that they
//! need; [`crate::memory`] gives the maps buffers, and a plan binds them.

#![deny(clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;

use resnet_web_core::resnet::conv::ConvShape;
use resnet_web_core::resnet::spec::{
    BlockSpec, ConvSpec, HeadSpec, LinearSpec, NetworkSpec, PoolSpec,
};
use resnet_web_core::size::product;
use resnet_web_core::storage_dtype::StorageDtype;

use crate::caps::Caps;
use crate::error::{LimitError, LowerError};
use crate::kernels::conv2d::Tile;
use crate::kernels::{Kernel, average_pool, conv2d, linear, max_pool};
use crate::layout::{channel_blocks, map_bytes, pixels};
use crate::select::{self, Forced};

/// The name of a lone block's output among the observed maps.
const BLOCK_OUTPUT: &str = "output";

/// What a caller may choose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Whether every layer's map has memory of its own and is read after a run. Otherwise a map's memory is used again as soon
    /// as no later call reads it.
    pub observe: bool,
    /// Kernels that are used whatever [`select`] says.
    pub forced: Forced,
}

impl Options {
    /// Every layer's map is read after a run.
    pub fn observing() -> Self {
        Self {
            observe: true,
            ..Self::default()
        }
    }
}

/// A map's place in [`Program::maps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MapId(pub usize);

/// A map between two calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MapSpec {
    /// `[batch, channels, height, width]`
    pub shape: [usize; 4],
    /// What it is stored as.
    pub dtype: StorageDtype,
}

impl MapSpec {
    /// Bytes that it takes.
    pub fn bytes(&self) -> u64 {
        map_bytes(self.shape, self.dtype)
    }
}

/// A place in [`Program::tensors`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TensorsId(pub usize);

/// A layer's weight and bias in the form that its kernel reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tensors<'a> {
    /// A convolution with its batch norm folded into it.
    Conv2d {
        /// The layer.
        spec: &'a ConvSpec,
        /// The convolution that is dispatched.
        shape: ConvShape,
        /// Its kernel's variant.
        tile: Tile,
        /// Whether the kernel is brought into space-to-depth form.
        space_to_depth: bool,
    },
    /// The head's linear layer, for maps of so many channels and pixels.
    Linear {
        /// The layer.
        spec: &'a LinearSpec,
        /// Of the map that it reads.
        channels: usize,
        /// Of the map that it reads.
        pixels: usize,
    },
}

impl Tensors<'_> {
    /// The sides of the packed weight.
    pub fn packed_shape(&self) -> [usize; 3] {
        match *self {
            Self::Conv2d { shape, tile, .. } => conv2d::packed_shape(shape, tile),
            Self::Linear {
                spec,
                channels,
                pixels,
            } => linear::packed_shape(channels, pixels, spec.outputs),
        }
    }
}

/// A buffer that a call reads beside its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operand {
    /// A map.
    Map(MapId),
    /// The packed weight of these tensors.
    Weight(TensorsId),
    /// Their bias.
    Bias(TensorsId),
    /// A bias of so many zeros.
    Zeros(usize),
}

/// A dispatch of a kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call<'a> {
    /// The layer that it computes, by PyTorch's name. A convolution comes with its batch norm and ReLU, and at the end of a
    /// block with the addition and the ReLU after it.
    pub layer: &'a str,
    /// What is run.
    pub kernel: Kernel,
    /// The kernel's parameters, as they are in the uniform buffer.
    pub params: Vec<u8>,
    /// The map that it reads.
    pub input: MapId,
    /// The map that it writes.
    pub output: MapId,
    /// What it reads beside, in the order of the kernel's bindings.
    pub operands: Vec<Operand>,
    /// Workgroups along each axis.
    pub workgroups: [u32; 3],
}

impl Call<'_> {
    /// The maps that it reads.
    pub fn reads(&self) -> impl Iterator<Item = MapId> {
        let operands = self.operands.iter().filter_map(|operand| match *operand {
            Operand::Map(map) => Some(map),
            _ => None,
        });
        std::iter::once(self.input).chain(operands)
    }
}

/// Where the input goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input {
    /// The map that is written.
    pub map: MapId,
    /// Set where the map is the image in space-to-depth form.
    pub space_to_depth: Option<SpaceToDepth>,
}

/// How an image is brought into space-to-depth form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpaceToDepth {
    /// The image's `[batch, channels, height, width]`.
    pub image: [usize; 4],
    /// Zeros above and left of it.
    pub padding: usize,
}

/// What each place of the last stage's map adds to each logit, as one call more.
///
/// It is the head's linear layer, run for each place alone, for all classes: the weights are on the GPU in packed form only,
/// and which class is the most probable is known there no sooner than here. On the CPU the rows of a flatten head could take
/// 400 MB; reading the map back instead would take more than reading this, and would need them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassMapsCall<'a> {
    /// Writes a map `[1, classes, height, width]`.
    pub call: Call<'a>,
    /// Over how many places the head takes the map's mean: one where it flattens.
    pub places: usize,
}

/// A network for inputs of one shape, as calls of kernels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program<'a> {
    /// Everything that calls read and write.
    pub maps: Vec<MapSpec>,
    /// The layers' weights.
    pub tensors: Vec<Tensors<'a>>,
    /// In the order of computation.
    pub calls: Vec<Call<'a>>,
    /// What is written before the first call.
    pub input: Input,
    /// What is read after the last call: the logits, or a lone block's map.
    pub output: MapId,
    /// The maps that are observed, by PyTorch's names: a convolution's map after batch norm and ReLU has the name of the last
    /// of them. None unless that was asked for.
    pub observed: BTreeMap<String, MapId>,
    /// A network's class activation maps.
    pub class_maps: Option<ClassMapsCall<'a>>,
}

impl Program<'_> {
    /// The calls of a run, with that of the class activation maps.
    pub fn all_calls(&self) -> impl Iterator<Item = &Call<'_>> {
        let class_maps = self.class_maps.as_ref().map(|class_maps| &class_maps.call);
        self.calls.iter().chain(class_maps)
    }
}

/// Lowers the network that `spec` describes, for inputs `[batch, channels, height, width]`.
///
/// # Errors
/// An input that does not fit, or a layer that is larger than the device allows.
pub fn network<'a>(
    spec: &'a NetworkSpec,
    shape: [usize; 4],
    caps: &Caps,
    options: Options,
) -> Result<Program<'a>, LowerError> {
    spec.check_input(shape)?;
    let mut lowering = Lowering::new(caps, options);
    let (input, mut x) = lowering.stem(shape, &spec.stem.convolutions[0])?;
    lowering.observe(spec.stem.container.as_deref(), x);
    for pool in &spec.stem.pools {
        x = lowering.max_pool(x, pool)?;
    }
    for stage in &spec.stages {
        for block in &stage.blocks {
            x = lowering.block(x, block)?;
        }
        lowering.observe(Some(&stage.name), x);
    }
    let (logits, class_maps) = lowering.head(x, &spec.head)?;
    Ok(lowering.finish(input, logits, class_maps))
}

/// Lowers a block alone.
///
/// # Errors
/// As those of a network.
pub fn block<'a>(
    spec: &'a BlockSpec,
    shape: [usize; 4],
    caps: &Caps,
    options: Options,
) -> Result<Program<'a>, LowerError> {
    let mut lowering = Lowering::new(caps, options);
    let map = lowering.map(&spec.name, shape)?;
    let output = lowering.block(map, spec)?;
    lowering.observe(Some(BLOCK_OUTPUT), output);
    let input = Input {
        map,
        space_to_depth: None,
    };
    Ok(lowering.finish(input, output, None))
}

struct Lowering<'a, 'c> {
    caps: &'c Caps,
    options: Options,
    maps: Vec<MapSpec>,
    tensors: Vec<Tensors<'a>>,
    calls: Vec<Call<'a>>,
    observed: BTreeMap<String, MapId>,
}

/// A convolution of a layer: its own, or that over an image in space-to-depth form.
struct Convolution<'a> {
    spec: &'a ConvSpec,
    shape: ConvShape,
    output_size: [usize; 2],
    space_to_depth: bool,
}

impl<'a, 'c> Lowering<'a, 'c> {
    const fn new(caps: &'c Caps, options: Options) -> Self {
        Self {
            caps,
            options,
            maps: Vec::new(),
            tensors: Vec::new(),
            calls: Vec::new(),
            observed: BTreeMap::new(),
        }
    }

    fn finish(
        self,
        input: Input,
        output: MapId,
        class_maps: Option<ClassMapsCall<'a>>,
    ) -> Program<'a> {
        Program {
            maps: self.maps,
            tensors: self.tensors,
            calls: self.calls,
            input,
            output,
            observed: self.observed,
            class_maps,
        }
    }

    fn shape(&self, map: MapId) -> [usize; 4] {
        self.maps.get(map.0).map_or([0; 4], |map| map.shape)
    }

    fn observe(&mut self, name: Option<&str>, map: MapId) {
        if let (Some(name), true) = (name, self.options.observe) {
            self.observed.insert(name.to_owned(), map);
        }
    }

    /// A map of a layer, stored as the device stores maps.
    fn map(&mut self, layer: &str, shape: [usize; 4]) -> Result<MapId, LimitError> {
        self.map_of(layer, shape, self.caps.storage_dtype())
    }

    fn map_of(
        &mut self,
        layer: &str,
        shape: [usize; 4],
        dtype: StorageDtype,
    ) -> Result<MapId, LimitError> {
        let map = MapSpec { shape, dtype };
        self.check_bytes(layer, map.bytes())?;
        self.maps.push(map);
        Ok(MapId(self.maps.len().saturating_sub(1)))
    }

    fn tensors(&mut self, layer: &str, tensors: Tensors<'a>) -> Result<TensorsId, LimitError> {
        let numbers = product(&tensors.packed_shape());
        let size = self.caps.storage_dtype().size() as u64;
        self.check_bytes(layer, numbers.saturating_mul(size))?;
        self.tensors.push(tensors);
        Ok(TensorsId(self.tensors.len().saturating_sub(1)))
    }

    fn check_bytes(&self, layer: &str, needed: u64) -> Result<(), LimitError> {
        let allowed = self.caps.max_binding_bytes;
        check(layer, "bytes in one buffer", needed, allowed)
    }

    /// Checks a call against the device's limits.
    fn call(
        &self,
        layer: &'a str,
        kernel: Kernel,
        params: &[u8],
        [input, output]: [MapId; 2],
        operands: Vec<Operand>,
        workgroups: [usize; 3],
    ) -> Result<Call<'a>, LimitError> {
        let [invocations, allowed] = [kernel.invocations, self.caps.max_invocations].map(u64::from);
        check(layer, "invocations in a workgroup", invocations, allowed)?;
        for count in workgroups {
            let allowed = self.caps.max_workgroups.into();
            check(layer, "workgroups along an axis", count as u64, allowed)?;
        }
        Ok(Call {
            layer,
            kernel,
            params: params.to_vec(),
            input,
            output,
            operands,
            workgroups: workgroups.map(|count| count as u32),
        })
    }

    /// The stem, and what it reads: an image of `shape` in space-to-depth form.
    fn stem(
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
            spec,
            shape: deep,
            output_size,
            space_to_depth: true,
        };
        let y = self.convolution(map, None, spec.relu.is_some(), convolution)?;
        self.observe(spec.relu.as_deref().or(Some(spec.folded_name())), y);
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

    fn conv(
        &mut self,
        x: MapId,
        residual: Option<MapId>,
        relu: bool,
        spec: &'a ConvSpec,
    ) -> Result<MapId, LimitError> {
        let [_, _, height, width] = self.shape(x);
        let convolution = Convolution {
            spec,
            shape: spec.shape(),
            output_size: spec.output_size([height, width]),
            space_to_depth: false,
        };
        self.convolution(x, residual, relu, convolution)
    }

    fn convolution(
        &mut self,
        x: MapId,
        residual: Option<MapId>,
        relu: bool,
        convolution: Convolution<'a>,
    ) -> Result<MapId, LimitError> {
        let Convolution {
            spec,
            shape,
            output_size: [height, width],
            space_to_depth,
        } = convolution;
        let input = self.shape(x);
        let output = [input[0], shape.outputs, height, width];
        let tile = select::conv2d(&shape, self.caps, self.options.forced);
        let tensors = Tensors::Conv2d {
            spec,
            shape,
            tile,
            space_to_depth,
        };
        let y = self.map(&spec.name, output)?;
        let tensors = self.tensors(&spec.name, tensors)?;
        let operands = vec![
            Operand::Weight(tensors),
            Operand::Bias(tensors),
            // Without a residual a buffer has to stand in its place, and is not read.
            Operand::Map(residual.unwrap_or(x)),
        ];
        let call = self.call(
            &spec.name,
            conv2d::kernel(tile),
            bytemuck::bytes_of(&conv2d::Params::new(
                shape,
                tile,
                [input, output],
                [relu, residual.is_some()],
            )),
            [x, y],
            operands,
            conv2d::workgroups(tile, output),
        )?;
        self.calls.push(call);
        Ok(y)
    }

    fn max_pool(&mut self, x: MapId, spec: &'a PoolSpec) -> Result<MapId, LimitError> {
        let input = self.shape(x);
        let [batch, channels, height, width] = input;
        let [height, width] = spec.output_size([height, width]);
        let output = [batch, channels, height, width];
        let y = self.map(&spec.name, output)?;
        let call = self.call(
            &spec.name,
            max_pool::kernel(),
            bytemuck::bytes_of(&max_pool::Params::new(input, output)),
            [x, y],
            Vec::new(),
            max_pool::workgroups(output),
        )?;
        self.calls.push(call);
        self.observe(Some(&spec.name), y);
        Ok(y)
    }

    fn block(&mut self, x: MapId, spec: &'a BlockSpec) -> Result<MapId, LowerError> {
        let [_, _, height, width] = self.shape(x);
        spec.output_size([height, width])?;
        let Some((last, first)) = spec.convolutions.split_last() else {
            return Ok(x);
        };
        let mut inner = x;
        for conv in first {
            inner = self.conv(inner, None, conv.relu.is_some(), conv)?;
            self.observe(conv.relu.as_deref(), inner);
        }
        let residual = match spec.projection() {
            Some(projection) => {
                let y = self.conv(x, None, projection.relu.is_some(), projection)?;
                self.observe(Some(projection.folded_name()), y);
                y
            }
            None => x,
        };
        let y = self.conv(inner, Some(residual), true, last)?;
        self.observe(spec.relu.as_deref(), y);
        self.observe(Some(&*spec.name).filter(|name| !name.is_empty()), y);
        Ok(y)
    }

    fn head(
        &mut self,
        features: MapId,
        spec: &'a HeadSpec,
    ) -> Result<(MapId, Option<ClassMapsCall<'a>>), LimitError> {
        let feature_shape = self.shape(features);
        let [batch, channels, height, width] = feature_shape;
        let mut x = features;
        if let Some(name) = &spec.pool {
            x = self.map(name, [batch, channels, 1, 1])?;
            let call = self.call(
                name,
                average_pool::kernel(),
                bytemuck::bytes_of(&average_pool::Params::new(feature_shape)),
                [features, x],
                Vec::new(),
                average_pool::workgroups(feature_shape),
            )?;
            self.calls.push(call);
            self.observe(Some(name), x);
        }
        self.observe(Some(&spec.flatten), x);
        let Some(last) = spec.last_linear() else {
            return Ok((x, None));
        };
        let row = pixels(self.shape(x));
        let tensors = Tensors::Linear {
            spec: last,
            channels,
            pixels: row,
        };
        let tensors = self.tensors(&last.name, tensors)?;
        let blocks = channel_blocks(channels);
        let logits = self.map_of(&last.name, [batch, spec.classes, 1, 1], StorageDtype::F32)?;
        let call = self.call(
            &last.name,
            linear::kernel(),
            bytemuck::bytes_of(&linear::Params::new(
                row.saturating_mul(blocks),
                spec.classes,
                0,
            )),
            [x, logits],
            vec![Operand::Weight(tensors), Operand::Bias(tensors)],
            linear::workgroups(batch, spec.classes),
        )?;
        self.calls.push(call);
        self.observe(Some(&last.name), logits);

        let shape = [1, spec.classes, height, width];
        let class_maps = self.map_of(&last.name, shape, StorageDtype::F32)?;
        let (step, places) = match spec.pool {
            Some(_) => (0, pixels(feature_shape)),
            None => (blocks, 1),
        };
        let call = self.call(
            &last.name,
            linear::kernel(),
            bytemuck::bytes_of(&linear::Params::new(blocks, spec.classes, step)),
            [features, class_maps],
            vec![Operand::Weight(tensors), Operand::Zeros(spec.classes)],
            linear::workgroups(pixels(feature_shape), spec.classes),
        )?;
        Ok((logits, Some(ClassMapsCall { call, places })))
    }
}

fn check(layer: &str, what: &'static str, needed: u64, allowed: u64) -> Result<(), LimitError> {
    if needed <= allowed {
        return Ok(());
    }
    Err(LimitError {
        layer: layer.to_owned(),
        what,
        needed,
        allowed,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]
mod tests;
