//! From the blocks of a ResNet to its config.

use super::Error;
use super::network::{Attention, Block, HeadLayer, Layer, Network, Pooling, Shortcut};
use super::steps::{Operator, Pool, Steps};
use crate::resnet::config::{
    self, AntiAliasing, STEM_CHANNELS, ShortcutKind, Stem, StemConvolutions, StemPool,
};
use crate::resnet::{BlockKind, Head, ResNetConfig, StrideOn};

impl Steps<'_> {
    /// The config of a network. What it cannot say of the network is compared when the tensors get their names.
    ///
    /// # Errors
    /// `WeightError::Architecture` for a network that it cannot describe at all.
    pub fn config(&self, network: &Network) -> Result<ResNetConfig, Error> {
        let outputs = |layer: Option<&Layer>| layer.map_or(0, |&layer| self.shape(layer)[0]);
        let first = &network.blocks[0];
        let block = match first.convolutions.len() {
            2 => BlockKind::NoBottleneck,
            3 => BlockKind::Bottleneck,
            _ => {
                return Err(self.refused(
                    self.steps[first.add].node,
                    "ends a block that has neither two nor three convolutions",
                ));
            }
        };
        let mut config = ResNetConfig::of(block, Vec::new(), 0);
        config.stem = self.stem(network)?;
        config.pre_activation = network.final_norm.is_some();
        if let [.., last] = network.pools[..]
            && config.stem.pool == StemPool::Max
        {
            config.anti_aliasing = self.anti_aliasing(last);
        }
        let [_, channels, ..] = self.shape(network.stem[0]);
        let groups = |layer: Layer| {
            self.convolution(layer.step)
                .map_or(1, |convolution| convolution.groups)
        };
        config.input_channels = channels.saturating_mul(groups(network.stem[0]));

        let mut before = None;
        let (mut reduced, mut kernels) = (Vec::new(), Vec::new());
        for block in &network.blocks {
            let channels = outputs(block.convolutions.last());
            let stride = self.stride(block);
            if before != Some(channels) || stride != 1 {
                config.repetitions.push(0);
                config
                    .widths
                    .push(channels.checked_div(config.block.expansion()).unwrap_or(0));
                match block.attention {
                    Some(Attention::SqueezeExcite([reduce, _])) => {
                        reduced.push(self.shape(reduce)[0])
                    }
                    Some(Attention::EfficientChannel(layer)) => kernels.push(self.shape(layer)[2]),
                    None => {}
                }
            }
            before = Some(channels);
            if let Some(last) = config.repetitions.last_mut() {
                *last = last.saturating_add(1);
            }
            if let Some((_, pool)) = block.anti_aliasing {
                config.anti_aliasing = self.anti_aliasing(pool);
            }
            let on_first = self.window(block.convolutions[0].step).stride != 1
                || matches!(block.anti_aliasing, Some((0, _)));
            if on_first && config.block == BlockKind::Bottleneck {
                config.stride_on = StrideOn::Conv1;
            }
            match block.shortcut {
                Some(Shortcut::Projection(Some(_), _)) => {
                    config.shortcut = ShortcutKind::AveragePool
                }
                Some(Shortcut::ZeroPadded(_, [0, after])) if after > 0 => {
                    config.shortcut = ShortcutKind::ZeroPaddedAfter
                }
                Some(Shortcut::ZeroPadded(..)) => config.shortcut = ShortcutKind::ZeroPadded,
                _ => {}
            }
        }
        if !reduced.is_empty() {
            config.attention = Some(config::Attention::SqueezeExcite { reduced });
        } else if !kernels.is_empty() {
            config.attention = Some(config::Attention::EfficientChannel { kernels });
        }
        if let [_, spatial, _] = first.convolutions[..] {
            let [inner, ..] = self.shape(spatial);
            config.groups = groups(spatial);
            let of_usual = inner
                .checked_div(config.groups)
                .unwrap_or(0)
                .saturating_mul(STEM_CHANNELS);
            config.width_per_group = of_usual.checked_div(config.widths[0]).unwrap_or(0);
        }

        let linear = network.head.iter().filter_map(|layer| match layer {
            HeadLayer::Linear(layer) => Some(layer),
            _ => None,
        });
        config.classes = outputs(linear.clone().next_back());
        if network.head.len() > 1 {
            let layer = |layer: &HeadLayer| match layer {
                HeadLayer::Linear(layer) => config::HeadLayer::Linear {
                    outputs: self.shape(*layer)[0],
                    bias: self.has_bias(*layer),
                },
                HeadLayer::Norm(_) => config::HeadLayer::BatchNorm,
                HeadLayer::Relu => config::HeadLayer::Relu,
            };
            config.head_layers = network.head.iter().map(layer).collect();
        }
        config.head = match network.pooling {
            Pooling::Average | Pooling::None => Head::AveragePool,
            Pooling::Concat => Head::ConcatPool,
            Pooling::Flatten => {
                let features = linear
                    .clone()
                    .next()
                    .map_or(0, |&layer| self.shape(layer)[1]);
                let side = features
                    .checked_div(before.unwrap_or(0))
                    .unwrap_or(0)
                    .isqrt();
                match config.input_width_of(side) {
                    // A map of one pixel.
                    _ if side == 1 => Head::AveragePool,
                    Some(input_width) => Head::Flatten { input_width },
                    None => Head::AveragePool,
                }
            }
        };
        Ok(config)
    }

    fn stem(&self, network: &Network) -> Result<Stem, Error> {
        let mismatch =
            |step: usize| self.refused(self.steps[step].node, "is in no stem of a ResNet");
        let count = network.stem.len();
        let last = network.stem[count.saturating_sub(1)];
        let channels = |place: usize| self.shape(network.stem[place])[0];
        let convolutions = match (count, self.window(network.stem[0].step).kernel) {
            (1 | 2, 7) => StemConvolutions::Conv7x7,
            (1 | 2, 3) => StemConvolutions::Conv3x3,
            (3 | 4, 3) => StemConvolutions::Deep {
                channels: [channels(0), channels(1)],
            },
            _ => return Err(mismatch(network.stem[0].step)),
        };
        let pool = match (count, &network.pools[..]) {
            (2 | 4, []) => StemPool::Convolution,
            (1 | 3, []) => StemPool::None,
            (1 | 3, [pool, ..]) => match self.operator(*pool) {
                // Windows from the first pixel on that may reach over the end.
                Operator::Pool(window, Pool::Max { ceil: true }) if window.pads == [0; 4] => {
                    StemPool::MaxOverEnd
                }
                Operator::Pool(window, Pool::Max { .. }) if window.pads == [0, 0, 1, 1] => {
                    StemPool::MaxOverEnd
                }
                _ => StemPool::Max,
            },
            _ => return Err(mismatch(last.step)),
        };
        Ok(Stem {
            convolutions,
            channels: self.shape(last)[0],
            pool,
        })
    }

    /// What a pool of a block, or the stem's last, is there for.
    fn anti_aliasing(&self, pool: usize) -> Option<AntiAliasing> {
        match self.operator(pool) {
            Operator::Pool(_, Pool::Average { .. }) => Some(AntiAliasing::Average),
            Operator::Conv(_) => Some(AntiAliasing::Blur),
            _ => None,
        }
    }

    /// The stride of all of a block.
    fn stride(&self, block: &Block) -> usize {
        let pool = block.anti_aliasing.map(|(_, pool)| pool);
        let steps = block
            .convolutions
            .iter()
            .map(|layer| layer.step)
            .chain(pool);
        steps.fold(1, |stride, step| {
            stride.saturating_mul(self.window(step).stride)
        })
    }

    /// Whether a linear layer has a bias.
    pub fn has_bias(&self, layer: Layer) -> bool {
        let own = match self.operator(layer.step) {
            Operator::Linear(_, bias) => bias.is_some(),
            Operator::Conv(convolution) => convolution.bias.is_some(),
            _ => false,
        };
        own || layer.affine.is_some()
    }
}
