//! A network as a list of kernel calls, worked out from its spec alone.
//!
//! Nothing here needs weights or a device. A [`Program`] names the maps that calls read and write and the tensors that they
//! need; [`crate::memory`] gives the maps buffers, and a plan binds them.

#![deny(clippy::arithmetic_side_effects)]

mod head;
mod layers;

use std::collections::BTreeMap;

use resnet_web_core::resnet::Head;
use resnet_web_core::resnet::conv::ConvShape;
use resnet_web_core::resnet::spec::{BlockSpec, ConvSpec, NetworkSpec, NormSpec};
use resnet_web_core::size::product;
use resnet_web_core::storage_dtype::StorageDtype;
use resnet_web_core::weights::folded_head::FoldedLinear;

use crate::caps::Caps;
use crate::error::{LimitError, LowerError};
use crate::kernels::conv2d::Tile;
use crate::kernels::{Kernel, conv2d, linear};
use crate::layout::{CHANNEL_BLOCK, map_bytes};
use crate::select::Forced;

use head::LoweredHead;
pub(crate) use head::is_linear;

/// The name of a lone block's output among the observed maps.
const BLOCK_OUTPUT: &str = "output";

/// What a caller may choose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Whether every layer's map has memory of its own and is read after a run. Otherwise a map's memory is used again as soon
    /// as no later call reads it.
    pub observe: bool,
    /// Kernels that are used whatever [`select`](crate::select) says.
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
    /// A convolution.
    Conv2d {
        /// Where its weights come from.
        weights: ConvWeights<'a>,
        /// The convolution that is dispatched.
        shape: ConvShape,
        /// Its kernel's variant.
        tile: Tile,
    },
    /// A batch norm as a factor and a shift of each channel.
    Norm(&'a NormSpec),
    /// A linear layer, with the head's batch norms next to it folded into it.
    Linear {
        /// The layer.
        spec: FoldedLinear<'a>,
        /// Of the map that it reads.
        channels: usize,
        /// Of the map that it reads.
        pixels: usize,
        /// Whether its numbers stay in this program's memory, too: see [`ClassMaps::OnCpu`].
        on_cpu: bool,
    },
    /// A convolution along the channels.
    ChannelConvolution {
        /// Its name.
        name: &'a str,
        /// Its length.
        kernel: usize,
    },
}

/// Where a convolution's weights come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConvWeights<'a> {
    /// A layer, with its batch norm folded into it.
    Layer(&'a ConvSpec),
    /// The same, brought into space-to-depth form.
    SpaceToDepth(&'a ConvSpec),
    /// No layer: each input channel becomes the output channel that is so many places after it. All others are zero.
    Shifted(usize),
}

impl Tensors<'_> {
    /// The sides of the packed weight.
    pub fn packed_shape(&self) -> [usize; 3] {
        match *self {
            Self::Conv2d { shape, tile, .. } => conv2d::packed_shape(shape, tile),
            Self::Norm(spec) => [1, 1, spec.channels.next_multiple_of(CHANNEL_BLOCK)],
            Self::Linear {
                spec,
                channels,
                pixels,
                ..
            } => linear::packed_shape(channels, pixels, spec.linear.outputs),
            Self::ChannelConvolution { kernel, .. } => [1, 1, kernel],
        }
    }

    /// What the packed weight is stored as on a device that stores maps as `maps`: what is a few numbers for a channel stays
    /// f32.
    pub const fn dtype(&self, maps: StorageDtype) -> StorageDtype {
        match self {
            Self::Conv2d { .. } | Self::Linear { .. } => maps,
            Self::Norm(_) | Self::ChannelConvolution { .. } => StorageDtype::F32,
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
    /// block with the addition and the ReLU after it. At the end of a block with attention these come with the gate, whose
    /// factors they follow; the means before it have the attention's name.
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

/// What each place of the map that the head reads adds to each logit: the class activation maps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClassMaps<'a> {
    /// As one call more, of a head of one linear layer.
    ///
    /// It is that layer, run for each place alone, for all classes: the weights are on the GPU in packed form only, and which
    /// class is the most probable is known there no sooner than here. On the CPU the rows of a flatten head could take 400 MB;
    /// reading the map back instead would take more than reading this, and would need them.
    Call {
        /// Writes a map `[1, classes, height, width]`.
        call: Call<'a>,
        /// Over how many places the head takes the map's mean: one where it flattens.
        places: usize,
    },
    /// On the CPU, by [`class_map`](resnet_web_core::class_map). What is not linear in a head (a largest value, a
    /// ReLU) depends on the whole map, so there is nothing to run for a place alone.
    OnCpu {
        /// What is read back: the map that the head pools.
        map: MapId,
        /// What it does with it.
        kind: Head,
    },
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
    /// What the head's layers read: pooled features, or the whole map. A lone block's output.
    pub features: MapId,
    /// What they end in. `None` without a head.
    pub logits: Option<MapId>,
    /// The maps that are observed, by PyTorch's names: a convolution's map after batch norm and ReLU has the name of the last
    /// of them. None unless that was asked for.
    pub observed: BTreeMap<String, MapId>,
    /// A network's class activation maps. `None` without classes.
    pub class_maps: Option<ClassMaps<'a>>,
}

impl Program<'_> {
    /// The call of the class activation maps, if there is one.
    pub fn class_maps_call(&self) -> Option<&Call<'_>> {
        match &self.class_maps {
            Some(ClassMaps::Call { call, .. }) => Some(call),
            _ => None,
        }
    }

    /// The calls of a run, with that of the class activation maps.
    pub fn all_calls(&self) -> impl Iterator<Item = &Call<'_>> {
        self.calls.iter().chain(self.class_maps_call())
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
    let (input, mut x) = lowering.stem(shape, &spec.stem)?;
    for stage in &spec.stages {
        for block in &stage.blocks {
            x = lowering.block(x, block)?;
        }
        lowering.observe(Some(&stage.name), x);
    }
    if let Some(norm) = &spec.final_norm {
        x = lowering.norm(x, norm)?;
    }
    let head = lowering.head(x, &spec.head)?;
    Ok(lowering.finish(input, head))
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
    let features = lowering.block(map, spec)?;
    lowering.observe(Some(BLOCK_OUTPUT), features);
    let input = Input {
        map,
        space_to_depth: None,
    };
    let no_head = LoweredHead {
        features,
        logits: None,
        class_maps: None,
    };
    Ok(lowering.finish(input, no_head))
}

struct Lowering<'a, 'c> {
    caps: &'c Caps,
    options: Options,
    maps: Vec<MapSpec>,
    tensors: Vec<Tensors<'a>>,
    calls: Vec<Call<'a>>,
    observed: BTreeMap<String, MapId>,
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

    fn finish(self, input: Input, head: LoweredHead<'a>) -> Program<'a> {
        Program {
            maps: self.maps,
            tensors: self.tensors,
            calls: self.calls,
            input,
            features: head.features,
            logits: head.logits,
            observed: self.observed,
            class_maps: head.class_maps,
        }
    }

    fn shape(&self, map: MapId) -> [usize; 4] {
        self.maps.get(map.0).map_or([0; 4], |map| map.shape)
    }

    fn dtype(&self, map: MapId) -> StorageDtype {
        let maps = self.caps.storage_dtype();
        self.maps.get(map.0).map_or(maps, |map| map.dtype)
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
        let size = tensors.dtype(self.caps.storage_dtype()).size() as u64;
        self.check_bytes(layer, numbers.saturating_mul(size))?;
        self.tensors.push(tensors);
        Ok(TensorsId(self.tensors.len().saturating_sub(1)))
    }

    fn check_bytes(&self, layer: &str, needed: u64) -> Result<(), LimitError> {
        let allowed = self.caps.max_binding_bytes;
        check(layer, "bytes in one buffer", needed, allowed)
    }

    /// Adds a call.
    fn push(
        &mut self,
        layer: &'a str,
        kernel: Kernel,
        params: &[u8],
        maps: [MapId; 2],
        operands: Vec<Operand>,
        workgroups: [usize; 3],
    ) -> Result<MapId, LimitError> {
        let call = self.call(layer, kernel, params, maps, operands, workgroups)?;
        self.calls.push(call);
        Ok(maps[1])
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
