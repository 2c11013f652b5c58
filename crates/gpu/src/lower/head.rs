//! From the last stage's map to the logits.

use resnet_web_core::resnet::Head;
use resnet_web_core::resnet::spec::HeadSpec;
use resnet_web_core::storage_dtype::StorageDtype;
use resnet_web_core::weights::folded_head::{FoldedLinear, folded_layers};

use super::{ClassMaps, Lowering, MapId, Operand, Tensors, TensorsId};
use crate::error::LimitError;
use crate::kernels::linear::Activation;
use crate::kernels::{Params, concat_pool, linear, workgroups};
use crate::layout::{channel_blocks, pixels};

/// What a head was lowered to.
pub(super) struct LoweredHead<'a> {
    pub(super) features: MapId,
    pub(super) logits: Option<MapId>,
    pub(super) class_maps: Option<ClassMaps<'a>>,
}

/// Whether a head adds up what its one layer makes of each place. Of any other the numbers stay on the CPU, too: see
/// [`ClassMaps::OnCpu`].
pub(crate) fn is_linear(spec: &HeadSpec) -> bool {
    spec.linear_layers().count() <= 1 && spec.kind != Head::ConcatPool
}

impl<'a> Lowering<'a, '_> {
    pub(super) fn head(
        &mut self,
        map: MapId,
        spec: &'a HeadSpec,
    ) -> Result<LoweredHead<'a>, LimitError> {
        let shape @ [batch, ..] = self.shape(map);
        let features = match (&spec.pool, spec.kind) {
            (Some(name), Head::ConcatPool) => {
                let pooled = [batch, spec.features, 1, 1];
                let features = self.map_of(name, pooled, StorageDtype::F32)?;
                self.push(
                    name,
                    concat_pool::kernel(),
                    concat_pool::Params::new(shape).bytes(),
                    [map, features],
                    Vec::new(),
                    workgroups::of_vectors(batch, spec.features),
                )?
            }
            (Some(name), _) => self.mean(name, map)?,
            (None, _) => map,
        };
        self.observe(spec.pool.as_deref(), features);
        self.observe(Some(&spec.flatten), features);
        let mut x = features;
        let layers = folded_layers(&spec.layers);
        let is_linear = is_linear(spec);
        for layer in &layers {
            let activation = match layer.relu {
                Some(_) => Activation::Relu,
                None => Activation::None,
            };
            x = self.linear(x, *layer, activation, !is_linear)?;
            self.observe(Some(layer.relu.unwrap_or(layer.output_name())), x);
        }
        let class_maps = match &layers[..] {
            [] => None,
            [layer] if is_linear => Some(self.class_maps(map, spec, layer)?),
            _ => Some(ClassMaps::OnCpu {
                map,
                kind: spec.kind,
            }),
        };
        Ok(LoweredHead {
            features,
            logits: (!layers.is_empty()).then_some(x),
            class_maps,
        })
    }

    /// The head's one layer for each place of `map` alone, by the weights of the last call.
    fn class_maps(
        &mut self,
        map: MapId,
        spec: &HeadSpec,
        layer: &FoldedLinear<'a>,
    ) -> Result<ClassMaps<'a>, LimitError> {
        let shape @ [_, channels, height, width] = self.shape(map);
        let (step, places) = match spec.pool {
            Some(_) => (0, pixels(shape)),
            None => (channel_blocks(channels), 1),
        };
        let (name, classes) = (&layer.linear.name, layer.linear.outputs);
        let class_maps = self.map_of(name, [1, classes, height, width], StorageDtype::F32)?;
        let weights = TensorsId(self.tensors.len().saturating_sub(1));
        let blocks = channel_blocks(channels);
        let params = linear::Params::new(blocks, classes, step, Activation::None);
        let call = self.call(
            name,
            linear::kernel(self.dtype(map)),
            params.bytes(),
            [map, class_maps],
            vec![Operand::Weight(weights), Operand::Zeros(classes)],
            linear::workgroups(pixels(shape), classes),
        )?;
        Ok(ClassMaps::Call { call, places })
    }

    /// A linear layer over all of a map.
    pub(super) fn linear(
        &mut self,
        x: MapId,
        spec: FoldedLinear<'a>,
        activation: Activation,
        on_cpu: bool,
    ) -> Result<MapId, LimitError> {
        let shape @ [batch, channels, ..] = self.shape(x);
        let layer = &spec.linear.name;
        let outputs = spec.linear.outputs;
        let pixels = pixels(shape);
        let tensors = Tensors::Linear {
            spec,
            channels,
            pixels,
            on_cpu,
        };
        let tensors = self.tensors(layer, tensors)?;
        let y = self.map_of(layer, [batch, outputs, 1, 1], StorageDtype::F32)?;
        let blocks = pixels.saturating_mul(channel_blocks(channels));
        self.push(
            layer,
            linear::kernel(self.dtype(x)),
            linear::Params::new(blocks, outputs, 0, activation).bytes(),
            [x, y],
            vec![Operand::Weight(tensors), Operand::Bias(tensors)],
            linear::workgroups(batch, outputs),
        )
    }
}
