//! The names of a network's tensors, and where in the graph each is.

use std::collections::BTreeMap;

use super::Error;
use super::network::{Attention, Block, HeadLayer, Layer, Network, Shortcut};
use super::parts::Parts;
use super::steps::{Operator, Pool, Steps, number_at, unfit};
use crate::resnet::NetworkSpec;
use crate::resnet::fold::EPSILON;
use crate::resnet::spec::{
    AttentionKind, BlockSpec, ConvSpec, HeadLayerSpec, LinearSpec, PoolKind, PoolSpec,
    ShortcutSpec, TensorSpec,
};
use crate::weights::index::{SCALE_SUFFIX, TensorEntry, ZERO_POINT_SUFFIX};

/// More numbers than a tensor has that several layers may share.
const MOST_SHARED: usize = 1 << 14;

/// Collects the tensors of a network.
pub struct Tensors<'a, 'm, 'bytes> {
    steps: &'a Steps<'m>,
    parts: &'a mut Parts<'bytes>,
    /// By their names in the network.
    tensors: BTreeMap<String, TensorEntry>,
    /// The places of those that are used.
    used: Vec<u64>,
}

/// Gives the tensors of `network` the names that `spec` has for them.
///
/// # Errors
/// `WeightError::Architecture` with the first layer that is not as in `spec`.
pub fn named(
    steps: &Steps<'_>,
    network: &Network,
    spec: &NetworkSpec,
    parts: &mut Parts<'_>,
) -> Result<BTreeMap<String, TensorEntry>, Error> {
    let mut tensors = Tensors {
        steps,
        parts,
        tensors: BTreeMap::new(),
        used: Vec::new(),
    };
    let same = |found: usize, expected: usize| {
        if found == expected {
            Ok(())
        } else {
            Err(unfit("its layers are not those of a ResNet"))
        }
    };
    same(network.stem.len(), spec.stem.convolutions.len())?;
    for (&layer, spec) in network.stem.iter().zip(&spec.stem.convolutions) {
        tensors.convolution(layer, spec)?;
    }
    same(network.pools.len(), spec.stem.pools.len())?;
    for (&pool, spec) in network.pools.iter().zip(&spec.stem.pools) {
        tensors.pool(pool, spec)?;
    }
    same(network.blocks.len(), spec.blocks().count())?;
    for (block, spec) in network.blocks.iter().zip(spec.blocks()) {
        tensors.block(block, spec)?;
    }
    if let (Some(norm), Some(spec)) = (network.final_norm, &spec.final_norm) {
        tensors.norm(None, Some(norm), &spec.tensors())?;
    }
    same(network.head.len(), spec.head.layers.len())?;
    for (layer, spec) in network.head.iter().zip(&spec.head.layers) {
        match (layer, spec) {
            (HeadLayer::Linear(layer), HeadLayerSpec::Linear(spec)) => {
                tensors.linear(*layer, spec)?
            }
            (HeadLayer::Norm(norm), HeadLayerSpec::Norm(spec)) => {
                tensors.norm(None, Some(*norm), &spec.tensors())?
            }
            _ => {}
        }
    }
    Ok(tensors.tensors)
}

impl Tensors<'_, '_, '_> {
    #[cold]
    fn differs(&self, step: usize, what: &str, found: usize, expected: usize) -> Error {
        let why = format!("has {what} {found}, expected {expected}");
        self.steps.refused(self.steps.steps[step].node, &why)
    }

    fn block(&mut self, block: &Block, spec: &BlockSpec) -> Result<(), Error> {
        let differs = |tensors: &Self, what: &str| {
            tensors.steps.refused(
                tensors.steps.steps[block.add].node,
                &format!("ends a block {what} that differs from the others' or is not needed"),
            )
        };
        if let (Some(norm), Some(spec)) = (block.norm, &spec.pre_activation) {
            self.norm(None, Some(norm), &spec.tensors())?;
        }
        if block.convolutions.len() != spec.convolutions.len() {
            return Err(differs(self, "with convolutions"));
        }
        for (&layer, spec) in block.convolutions.iter().zip(&spec.convolutions) {
            self.convolution(layer, spec)?;
        }
        match (block.anti_aliasing, &spec.anti_aliasing) {
            (None, None) => {}
            (Some((place, pool)), Some((expected, spec))) if place == *expected => {
                self.pool(pool, spec)?
            }
            _ => return Err(differs(self, "with a pool")),
        }
        match (
            block.attention,
            spec.attention.as_ref().map(|attention| &attention.kind),
        ) {
            (None, None) => {}
            (
                Some(Attention::SqueezeExcite([first, last])),
                Some(AttentionKind::SqueezeExcite { reduce, expand, .. }),
            ) => {
                self.linear(first, reduce)?;
                self.linear(last, expand)?;
            }
            (
                Some(Attention::EfficientChannel(layer)),
                Some(AttentionKind::EfficientChannel {
                    convolution,
                    kernel,
                }),
            ) => {
                let window = self.steps.window(layer.step);
                if self.steps.has_bias(layer) || window.pads[0] != *kernel >> 1 {
                    return Err(differs(self, "with attention"));
                }
                self.weight(
                    layer,
                    &TensorSpec {
                        name: format!("{convolution}.weight"),
                        shape: vec![1, 1, *kernel],
                    },
                )?;
            }
            _ => return Err(differs(self, "with attention")),
        }
        match (block.shortcut, &spec.shortcut) {
            (None, None) => Ok(()),
            (
                Some(Shortcut::Projection(pool, layer)),
                Some(ShortcutSpec::Projection {
                    pool: expected,
                    convolution,
                }),
            ) => {
                match (pool, expected) {
                    (None, None) => {}
                    (Some(pool), Some(expected)) => self.pool(pool, expected)?,
                    _ => return Err(differs(self, "with a shortcut")),
                }
                self.convolution(layer, convolution)
            }
            (
                Some(Shortcut::ZeroPadded(stride, zeros)),
                Some(ShortcutSpec::ZeroPadded {
                    stride: expected,
                    before,
                    after,
                    ..
                }),
            ) if stride == *expected && zeros == [*before, *after] => Ok(()),
            _ => Err(differs(self, "with a shortcut")),
        }
    }

    fn pool(&mut self, step: usize, spec: &PoolSpec) -> Result<(), Error> {
        let window = self.steps.window(step);
        self.compare(
            step,
            [
                ("a window of", window.kernel, spec.kernel),
                ("a stride of", window.stride, spec.stride),
            ],
        )?;
        let fits = match (self.steps.operator(step), spec.kind) {
            // A window over the end is the same with one pixel of padding there.
            (Operator::Pool(_, Pool::Max { ceil }), PoolKind::Max) => {
                let pads = [[spec.padding; 4], [spec.padding, spec.padding, 1, 1]];
                (*ceil == spec.ceil && window.pads == pads[0])
                    || (spec.ceil && !ceil && window.pads == pads[1])
            }
            // Where a block's other branch rounds up, so must this one, whatever it says.
            (Operator::Pool(_, Pool::Average { ceil }), PoolKind::Average) => {
                window.padding() == Some(spec.padding) && (spec.ceil || !ceil)
            }
            (Operator::Conv(blur), PoolKind::Blur) => {
                let values = blur.weight.numbers(self.parts)?;
                let binomial = |place: usize| {
                    [1.0, 2.0, 1.0, 2.0, 4.0, 2.0, 1.0, 2.0, 1.0]
                        .get(place)
                        .map_or(0.0, |part| part / 16.0)
                };
                let (kernels, rest) = values.as_chunks::<9>();
                let near = |(place, value): (usize, &f64)| (value - binomial(place)).abs() < 1e-5;
                rest.is_empty()
                    && kernels
                        .iter()
                        .all(|kernel| kernel.iter().enumerate().all(near))
            }
            _ => false,
        };
        if fits {
            Ok(())
        } else {
            Err(self.steps.refused(
                self.steps.steps[step].node,
                "has padding, rounding (ceil_mode) or a filter that a ResNet's pool does not have",
            ))
        }
    }

    fn compare<const N: usize>(
        &self,
        step: usize,
        numbers: [(&str, usize, usize); N],
    ) -> Result<(), Error> {
        match numbers
            .into_iter()
            .find(|(_, found, expected)| found != expected)
        {
            Some((what, found, expected)) => Err(self.differs(step, what, found, expected)),
            None => Ok(()),
        }
    }

    fn convolution(&mut self, layer: Layer, spec: &ConvSpec) -> Result<(), Error> {
        let Some(convolution) = self.steps.convolution(layer.step) else {
            return Err(self.steps.unmatched(layer.step));
        };
        let window = convolution.window;
        let Some(padding) = window.padding() else {
            let why = format!(
                "pads unevenly, by {:?}, which is not supported",
                window.pads
            );
            return Err(self.steps.refused(self.steps.steps[layer.step].node, &why));
        };
        self.compare(
            layer.step,
            [
                ("a kernel of", window.kernel, spec.kernel),
                ("a stride of", window.stride, spec.stride),
                ("padding of", padding, spec.padding),
                ("groups:", convolution.groups, spec.groups),
            ],
        )?;
        let tensors = spec.convolution_tensors();
        self.weight(layer, &tensors[0])?;
        match spec.norm_tensors() {
            Some(tensors) => self.norm(Some(layer), layer.affine, &tensors),
            None if self.steps.has_bias(layer) => Err(self.steps.refused(
                self.steps.steps[layer.step].node,
                "has a bias, which this network has no place for",
            )),
            None => Ok(()),
        }
    }

    fn linear(&mut self, layer: Layer, spec: &LinearSpec) -> Result<(), Error> {
        let window = self.steps.window(layer.step);
        self.compare(
            layer.step,
            [
                ("a kernel of", window.kernel, 1),
                ("padding of", window.pads.into_iter().max().unwrap_or(0), 0),
            ],
        )?;
        for tensor in spec.tensors() {
            if tensor.shape.len() > 1 {
                self.weight(layer, &tensor)?;
            } else {
                let (scale, shift) = self.affine(Some(layer), layer.affine, spec.outputs)?;
                if scale.iter().any(|&scale| scale != 1.0) {
                    return Err(self.steps.unmatched(layer.step));
                }
                self.keep(&tensor, &shift)?;
            }
        }
        Ok(())
    }

    /// The factor and the summand of each of `channels`, out of a layer's bias and what follows it.
    fn affine(
        &mut self,
        layer: Option<Layer>,
        affine: Option<usize>,
        channels: usize,
    ) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let bias = match layer.map(|layer| self.steps.operator(layer.step)) {
            Some(Operator::Conv(convolution)) => convolution.bias.as_ref(),
            Some(Operator::Linear(_, bias)) => bias.as_ref(),
            _ => None,
        };
        let bias = match bias {
            Some(bias) => bias.numbers(self.parts)?,
            None => vec![0.0],
        };
        let (mut scale, mut shift) = (vec![1.0], vec![0.0]);
        if let Some(Operator::Affine(affine)) = affine.map(|affine| self.steps.operator(affine)) {
            (scale, shift) = (affine.scale.clone(), affine.shift.clone());
        }
        self.parts.spend((channels as u64).saturating_mul(16))?;
        if let Some(list) = [&bias, &scale, &shift]
            .into_iter()
            .find(|list| list.len() != channels && list.len() != 1)
        {
            return Err(unfit(&format!(
                "it has {} numbers for {channels} channels",
                list.len()
            )));
        }
        let each = (0..channels).map(|channel| {
            let scale = number_at(&scale, channel);
            let shift = number_at(&bias, channel) * scale + number_at(&shift, channel);
            (scale, shift)
        });
        Ok(each.unzip())
    }

    /// Batch norm out of the bias of the layer before it and of factors and summands.
    fn norm(
        &mut self,
        layer: Option<Layer>,
        affine: Option<usize>,
        specs: &[TensorSpec; 4],
    ) -> Result<(), Error> {
        let [gamma, beta, mean, variance] = specs;
        let channels = gamma.shape.first().copied().unwrap_or(0);
        let (scale, shift) = self.affine(layer, affine, channels)?;
        self.keep(gamma, &scale)?;
        self.keep(beta, &shift)?;
        self.keep(mean, &vec![0.0; channels])?;
        // With the epsilon it is 1.
        self.keep(variance, &vec![1.0 - EPSILON; channels])
    }

    fn keep(&mut self, spec: &TensorSpec, values: &[f64]) -> Result<(), Error> {
        let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        let entry = self.parts.keep(&values)?;
        self.tensors.insert(spec.name.clone(), entry);
        Ok(())
    }

    /// The weight of a layer, with the scales of whole numbers beside it.
    fn weight(&mut self, layer: Layer, spec: &TensorSpec) -> Result<(), Error> {
        let Some(weight) = self.steps.weight(layer.step) else {
            return Err(self.steps.unmatched(layer.step));
        };
        let mut entry = weight.entry.clone();
        // A 1x1 convolution may be a linear layer, and the other way round.
        let rank = spec.shape.len();
        if entry.shape.iter().skip(rank).all(|&side| side == 1) {
            entry.shape.truncate(rank);
            if let Some(strides) = &mut entry.strides {
                strides.truncate(rank);
            }
        }
        let count = entry.count().unwrap_or(usize::MAX);
        let shared = self.used.contains(&entry.offset);
        self.used.push(entry.offset);
        if shared && count <= MOST_SHARED && entry.strides.is_none() && weight.quantised.is_none() {
            let values = self.parts.values(&entry, &weight.name)?;
            let shape = std::mem::take(&mut entry.shape);
            entry = self.parts.keep(&values)?;
            entry.shape = shape;
        }
        if let Some((scale, zero, axis)) = &weight.quantised {
            let channels = entry.shape.first().copied().unwrap_or(0);
            let zero = match zero {
                Some(zero) => self.parts.values(&zero.entry, &weight.name)?,
                None => vec![0.0],
            };
            let scale = self.parts.values(&scale.entry, &weight.name)?;
            for (suffix, numbers) in [(SCALE_SUFFIX, scale), (ZERO_POINT_SUFFIX, zero)] {
                let spread = match numbers[..] {
                    [one] => vec![one; channels],
                    _ if numbers.len() == channels && *axis == 0 => numbers,
                    _ => {
                        return Err(self.steps.refused(
                            self.steps.steps[layer.step].node,
                            "has a weight whose scales are not those of output channels",
                        ));
                    }
                };
                if suffix == SCALE_SUFFIX || spread.iter().any(|&zero| zero != 0.0) {
                    let entry = self.parts.keep(&spread)?;
                    self.tensors.insert(format!("{}{suffix}", spec.name), entry);
                }
            }
        }
        self.tensors.insert(spec.name.clone(), entry);
        Ok(())
    }
}
