//! The config, inferred from the names and shapes of a file's tensors.

use super::choices::{Assumption, Choices};
use super::head::{self, FoundHead, HeadFault, HeadNames};
use super::index::{Dtype, TensorEntry, TensorIndex};
use super::naming::{Backbone, Layer};
use super::source::{Listing, WeightError};
use crate::resnet::config::{
    AntiAliasing, Attention, HeadLayer, STEM_CHANNELS, STEM_KERNEL, ShortcutKind, Stem,
    StemConvolutions, StemPool,
};
use crate::resnet::{BlockKind, Family, Head, ResNetConfig, StrideOn};

/// A network as a file's tensors show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inferred {
    /// The network.
    pub config: ResNetConfig,
    /// Where its head is.
    pub head: HeadNames,
    /// What the tensors do not show.
    pub assumed: Vec<Assumption>,
}

/// A layer of a block that only networks of another kind have, and what they are called.
const OTHER_BLOCKS: &[(&str, &str)] = &[
    ("conv2.fc1.", "split attention (ResNeSt)"),
    ("convs.", "several 3x3 convolutions in a block (Res2Net)"),
];

/// The network whose convolutions are `backbone`. `others` are networks beside it in the same file, whose layers are not its own.
///
/// What shapes do not show is as `choices` have it, or else as it usually is, and then among what is assumed.
///
/// # Errors
/// [`WeightError::Missing`] if tensors are missing that show the architecture, [`WeightError::Architecture`] for a network of
/// another structure, [`WeightError::NotResNet`] for one that is part of another network.
pub fn infer(
    index: &TensorIndex,
    backbone: &Backbone,
    others: &[Backbone],
    choices: &Choices,
) -> Result<Inferred, WeightError> {
    let tensors = Tensors { index, backbone };
    let mut assumed = Vec::new();
    let blocks = tensors.blocks()?;
    tensors.refuse_others()?;
    let attention = tensors.attention(blocks.len())?;
    let of_caffe = backbone.is_of_caffe() && attention.is_some();
    let (stem, input_channels) = tensors.stem(of_caffe, choices, &mut assumed)?;
    let block = tensors.block_kind(&blocks);
    if of_caffe && block == BlockKind::NoBottleneck {
        return Err(fault(
            "it is an SE-ResNet-18 or 34 of Cadene's or timm's legacy ones, with a ReLU before squeeze-and-excitation, which is \
             not supported; timm's other SE-ResNets load"
                .to_owned(),
        ));
    }
    let repetitions: Vec<usize> = blocks;
    let widths = (0..repetitions.len())
        .map(|stage| tensors.width(stage, block))
        .collect::<Result<Vec<_>, _>>()?;
    let (groups, width_per_group) = match block {
        BlockKind::NoBottleneck => (1, STEM_CHANNELS),
        BlockKind::Bottleneck => tensors.groups(widths[0])?,
    };
    let is_bottleneck = block == BlockKind::Bottleneck;
    let family = backbone.convention.family;
    // Caffe's ResNets have it on the first convolution, its ResNeXts have not. Detectron2's come from Caffe's.
    let is_detectron = backbone.is_of_detectron();
    let stride_on = match (of_caffe || is_detectron, is_bottleneck && groups == 1) {
        (true, true) => StrideOn::Conv1,
        _ => StrideOn::Conv2,
    };
    if is_bottleneck && family == Family::Torchvision && !of_caffe {
        assumed.push(Assumption::Stride);
    }
    let shortcut = tensors.shortcut(&stem, &repetitions, choices, &mut assumed);
    let mut config = ResNetConfig {
        family,
        input_channels,
        groups,
        width_per_group,
        shortcut,
        attention,
        stride_on,
        anti_aliasing: tensors.anti_aliasing(&stem, shortcut, choices, &mut assumed),
        pre_activation: backbone.is_pre_activated(),
        stem,
        widths,
        ..ResNetConfig::of(block, repetitions, 0)
    };
    let head = tensors.head(others, &mut config, &mut assumed)?;
    config
        .validate()
        .map_err(|error| fault(error.to_string()))?;
    Ok(Inferred {
        config,
        head,
        assumed,
    })
}

/// What the architecture in a file's name, such as timm's `resnetaa50d`, says of anti-aliasing. `None`: there is none in it.
fn of_file_name(name: &str) -> Option<Option<AntiAliasing>> {
    let name = name.to_ascii_lowercase();
    let has = |part| name.contains(part);
    if has("netblur") {
        return Some(Some(AntiAliasing::Blur));
    }
    if has("netaa") || has("nextaa") {
        return Some(Some(AntiAliasing::Average));
    }
    let after = ["resnet", "resnext"].map(|kind| name.split_once(kind));
    let mut after = after.into_iter().flatten();
    let is_named = after.any(|(_, depth)| depth.starts_with(|c: char| c.is_ascii_digit()));
    is_named.then_some(None)
}

fn fault(reason: String) -> WeightError {
    WeightError::Architecture { reason }
}

fn missing(name: String) -> WeightError {
    WeightError::Missing {
        architecture: "a ResNet".to_owned(),
        names: Listing::one(name),
    }
}

/// A file's tensors, and where the network's are among them.
#[derive(Clone, Copy)]
struct Tensors<'a> {
    index: &'a TensorIndex,
    backbone: &'a Backbone,
}

impl<'a> Tensors<'a> {
    /// The shape of a tensor of this rank.
    fn shape_of(self, name: String, rank: usize) -> Result<&'a [usize], WeightError> {
        match self.index.tensors.get(&name) {
            Some(TensorEntry {
                dtype: Dtype::Other(kind),
                ..
            }) => Err(WeightError::Dtype {
                tensors: Listing::one(format!("{name} is {kind}")),
            }),
            Some(entry) if entry.shape.len() == rank => Ok(&entry.shape),
            Some(entry) => Err(fault(format!(
                "{name} has shape {:?}: expected rank {rank}, found {}",
                entry.shape,
                entry.shape.len()
            ))),
            None => Err(missing(name)),
        }
    }

    /// The shape of a convolution's weight.
    fn weight(self, name: String) -> Result<[usize; 4], WeightError> {
        let shape = self.shape_of(name, 4)?;
        Ok([shape[0], shape[1], shape[2], shape[3]])
    }

    /// The name of the weight of a layer of a block; empty if the convention has no such layer.
    fn name(self, stage: usize, block: usize, layer: Layer) -> String {
        let prefix = self.backbone.block_prefix(stage, block);
        let name = self.backbone.layer(self.index, &prefix, layer);
        name.map(|name| format!("{name}.weight"))
            .unwrap_or_default()
    }

    fn shape(self, stage: usize, block: usize, layer: Layer) -> Option<&'a [usize]> {
        let entry = self.index.tensors.get(&self.name(stage, block, layer))?;
        Some(&entry.shape)
    }

    fn has(self, stage: usize, block: usize, layer: Layer, rank: usize) -> bool {
        self.shape(stage, block, layer)
            .is_some_and(|shape| shape.len() == rank)
    }

    /// How many blocks each stage has.
    fn blocks(self) -> Result<Vec<usize>, WeightError> {
        let stages = self.backbone.stages;
        let later = (stages..=stages.saturating_add(1))
            .find(|&stage| self.backbone.blocks(self.index, stage) > 0);
        if let Some(later) = later {
            return Err(fault(format!(
                "it has blocks in stages up to {}, but none in stage {}",
                later + 1,
                stages + 1
            )));
        }
        Ok((0..stages)
            .map(|stage| self.backbone.blocks(self.index, stage))
            .collect())
    }

    /// Refuses networks with blocks of another kind, and with another norm.
    fn refuse_others(self) -> Result<(), WeightError> {
        let prefix = self.backbone.block_prefix(0, 0);
        let begins = |layer: &str| {
            let start = format!("{prefix}{layer}");
            let next = self.index.tensors.range(start.clone()..).next();
            next.is_some_and(|(name, _)| name.starts_with(&start))
        };
        if let Some((_, what)) = OTHER_BLOCKS.iter().find(|(layer, _)| begins(layer)) {
            return Err(fault(format!("it has {what}")));
        }
        let norm = match self.backbone.is_pre_activated() {
            true => Layer::FirstNorm,
            false => Layer::Norm(0),
        };
        let first = [Layer::Norm(0), Layer::Convolution(0)].map(|layer| self.shape(1, 0, layer));
        if let [Some([channels]), Some([outputs, inputs, ..])] = first
            && !self.backbone.is_pre_activated()
            && channels == inputs
            && channels != outputs
        {
            return Err(fault(
                "its blocks begin with a batch norm, as kuangliu's PreActResNet's do: networks with pre-activation load with the \
                 names of timm's `resnetv2` or as ONNX, if a batch norm follows the last stage"
                    .to_owned(),
            ));
        }
        let weight = self.name(0, 0, norm);
        let tensors = &self.index.tensors;
        let is_mean = |name: &String| {
            name.starts_with(&self.backbone.prefix) && name.ends_with(".running_mean")
        };
        if tensors.contains_key(&weight) && !tensors.keys().any(is_mean) {
            return Err(fault(
                "its norms have no running means, so they are no batch norms: a ResNet with group norm, as BiT's is with \
                 standardised weights, is not supported"
                    .to_owned(),
            ));
        }
        // Its layers have torchvision's names, but average where those stride.
        let pool = format!("{}attnpool.", self.backbone.prefix);
        if tensors.keys().any(|name| name.starts_with(&pool)) {
            return Err(WeightError::NotResNet {
                seems: "what seems to be CLIP, whose ResNet pools by attention".to_owned(),
            });
        }
        let others = |name: &&String| self.is_filter(name) && !self.backbone.is_blur_pool(name);
        if let Some(filter) = tensors.keys().find(others) {
            return Err(fault(format!(
                "`{filter}` is a filter of antialiased-cnns, which blurs shortcuts, too; of networks with blur pooling only \
                 timm's load"
            )));
        }
        Ok(())
    }

    /// Whether a tensor of the network is a filter against aliasing.
    fn is_filter(self, name: &str) -> bool {
        name.ends_with(".filt") && self.backbone.holds(name)
    }

    /// How convolutions of stride 2 are kept from aliasing.
    fn anti_aliasing(
        self,
        stem: &Stem,
        shortcut: ShortcutKind,
        choices: &Choices,
        assumed: &mut Vec<Assumption>,
    ) -> Option<AntiAliasing> {
        // State dicts do not have them, whole modules do.
        let mut names = self.index.tensors.keys();
        let shown = names.any(|name| self.is_filter(name));
        let known = shown
            .then_some(AntiAliasing::Blur)
            .or(choices.anti_aliasing);
        if known.is_some() {
            return known;
        }
        let named = choices.name.as_deref().and_then(of_file_name);
        let has_strides = self.backbone.stages > 1
            && stem.convolutions != StemConvolutions::Conv3x3
            && shortcut != ShortcutKind::ZeroPadded;
        // Only timm has such networks.
        let is_open = self.backbone.is_of_timm() && has_strides && !choices.is_architecture_known;
        if is_open && named.is_none() {
            assumed.push(Assumption::AntiAliasing);
        }
        named.flatten()
    }

    /// The stem, and the channels of an image.
    fn stem(
        self,
        of_caffe: bool,
        choices: &Choices,
        assumed: &mut Vec<Assumption>,
    ) -> Result<(Stem, usize), WeightError> {
        let count = self.backbone.stem_convolutions();
        let weights = (0..count)
            .map(|i| self.weight(self.backbone.stem_weight(i)))
            .collect::<Result<Vec<_>, _>>()?;
        let [_, input_channels, height, width] = weights[0];
        let channels = weights[weights.len() - 1][0];
        let convolutions = match (weights.len(), height, width) {
            (1, STEM_KERNEL, STEM_KERNEL) => StemConvolutions::Conv7x7,
            (1, 3, 3) => StemConvolutions::Conv3x3,
            (3, 3, 3) => StemConvolutions::Deep {
                channels: [weights[0][0], weights[1][0]],
            },
            _ => {
                return Err(fault(format!(
                    "expected a stem of a {STEM_KERNEL}x{STEM_KERNEL} or 3x3 convolution, or of three of 3x3, found \
                     {count} of {height}x{width} to {channels} channels"
                )));
            }
        };
        let tensors = &self.index.tensors;
        let shown = tensors
            .contains_key(&self.backbone.stem_pool_weight())
            .then_some(StemPool::Convolution);
        let small = convolutions == StemConvolutions::Conv3x3;
        let pool = shown.or(choices.stem_pool).unwrap_or_else(|| {
            if small {
                assumed.push(Assumption::StemPool);
                StemPool::None
            } else if of_caffe {
                StemPool::MaxOverEnd
            } else {
                StemPool::Max
            }
        });
        let stem = Stem {
            convolutions,
            channels,
            pool,
        };
        Ok((stem, input_channels))
    }

    /// The kind of block of most blocks, so that one that lacks a tensor does not change the architecture.
    fn block_kind(self, repetitions: &[usize]) -> BlockKind {
        let blocks = repetitions
            .iter()
            .enumerate()
            .flat_map(|(stage, &blocks)| (0..blocks).map(move |block| (stage, block)));
        let third = Layer::Convolution(2);
        let votes = blocks.map(|(stage, block)| self.has(stage, block, third, 4));
        let (with, without): (Vec<bool>, Vec<bool>) = votes.partition(|&third| third);
        if with.len() > without.len() {
            BlockKind::Bottleneck
        } else {
            BlockKind::NoBottleneck
        }
    }

    /// A stage's width: the channels that come out of its first block, without expansion.
    fn width(self, stage: usize, block: BlockKind) -> Result<usize, WeightError> {
        let last = Layer::Convolution(block.convolutions() - 1);
        let name = self.name(stage, 0, last);
        let shape = self.weight(name.clone())?;
        let expansion = block.expansion();
        if shape[0] % expansion != 0 {
            return Err(fault(format!(
                "{name} has shape {shape:?}; expected a multiple of {expansion} output channels"
            )));
        }
        Ok(shape[0] / expansion)
    }

    /// The groups of a bottleneck's 3x3 convolution, and `width_per_group`, in the first stage of this width.
    fn groups(self, width: usize) -> Result<(usize, usize), WeightError> {
        // [width, width / groups, 3, 3]
        let shape = self.weight(self.name(0, 0, Layer::Convolution(1)))?;
        let [inner, per_group, ..] = shape;
        let groups = inner.checked_div(per_group).unwrap_or(0);
        let base = width.saturating_mul(groups);
        let scaled = inner.saturating_mul(STEM_CHANNELS);
        if groups == 0 || inner % per_group != 0 || base == 0 || scaled % base != 0 {
            return Err(fault(format!(
                "its first 3x3 convolution has shape {shape:?}, which cannot be divided into groups"
            )));
        }
        Ok((groups, scaled / base))
    }

    /// How a block's input gets the shape of its output.
    fn shortcut(
        self,
        stem: &Stem,
        repetitions: &[usize],
        choices: &Choices,
        assumed: &mut Vec<Assumption>,
    ) -> ShortcutKind {
        let any = |layer| (0..repetitions.len()).any(|stage| self.has(stage, 0, layer, 4));
        let (plain, pooled) = (any(Layer::Shortcut), any(Layer::PooledShortcut));
        let shown = match (plain, pooled) {
            // With pre-activation both have the same name.
            (true, true) if !self.backbone.is_pre_activated() => Some(ShortcutKind::AveragePool),
            (false, true) => Some(ShortcutKind::AveragePool),
            (true, false) => Some(ShortcutKind::Projection),
            _ => None,
        };
        let reference = self.backbone.convention.family == Family::Reference;
        let usual = match stem.convolutions {
            _ if reference => return ShortcutKind::Projection,
            _ if !plain && !pooled => ShortcutKind::ZeroPadded,
            StemConvolutions::Deep { .. } => ShortcutKind::AveragePool,
            StemConvolutions::Conv7x7 | StemConvolutions::Conv3x3 => ShortcutKind::Projection,
        };
        shown.or(choices.shortcut).unwrap_or_else(|| {
            // One stage of no-bottleneck blocks needs no shortcut.
            if plain || repetitions.len() > 1 {
                assumed.push(Assumption::Shortcut);
            }
            usual
        })
    }

    /// What weighs the channels that come out of a block's convolutions, by the first block of each stage.
    fn attention(self, stages: usize) -> Result<Option<Attention>, WeightError> {
        let sizes = |layer, size: fn(&[usize]) -> Option<usize>| {
            let size = |stage| {
                let shape = self.shape(stage, 0, layer);
                let name = || missing(self.name(stage, 0, layer));
                size(shape.ok_or_else(name)?).ok_or_else(|| {
                    let name = self.name(stage, 0, layer);
                    fault(format!(
                        "{name} has shape {shape:?}, which no attention has"
                    ))
                })
            };
            (0..stages).map(size).collect::<Result<Vec<_>, _>>()
        };
        if self.shape(0, 0, Layer::Reduce).is_some() {
            let reduced = sizes(Layer::Reduce, |shape| match *shape {
                [reduced, _] | [reduced, _, 1, 1] => Some(reduced),
                _ => None,
            })?;
            return Ok(Some(Attention::SqueezeExcite { reduced }));
        }
        if self.shape(0, 0, Layer::ChannelConvolution).is_some() {
            let kernels = sizes(Layer::ChannelConvolution, |shape| shape.last().copied())?;
            return Ok(Some(Attention::EfficientChannel { kernels }));
        }
        Ok(None)
    }

    /// Adds the head to the config, as far as there is one.
    fn head(
        self,
        others: &[Backbone],
        config: &mut ResNetConfig,
        assumed: &mut Vec<Assumption>,
    ) -> Result<HeadNames, WeightError> {
        let channels = config.last_channels();
        let side = |features: usize| {
            let side = features.checked_div(channels)?.isqrt();
            (side > 0 && side * side * channels == features).then_some(side)
        };
        let concatenated = channels.saturating_mul(2);
        let fits = |features| features == concatenated || side(features).is_some();
        let found = head::find(self.backbone, self.index, others, fits).map_err(|found| {
            let listed = |names: Vec<String>| Listing::new(names).map(|names| names.to_string());
            match found {
                HeadFault::Ambiguous(names) => fault(format!(
                    "it has several linear layers, any of which may be its head: {}",
                    listed(names).unwrap_or_default()
                )),
                HeadFault::Unordered(names) => fault(format!(
                    "its head has several linear layers, and which follows which does not show: {}. Expected: layers of one \
                     `Sequential`",
                    listed(names).unwrap_or_default()
                )),
                HeadFault::Unread(names) => fault(format!(
                    "its head is no linear layer with a `weight`: {}. Remove weight norm, spectral norm or pruning before the \
                     file is saved",
                    listed(names).unwrap_or_default()
                )),
                HeadFault::NoMatrix(name) => match self.shape_of(name, 2) {
                    Err(error) => error,
                    Ok(shape) => fault(format!("its linear layer has shape {shape:?}")),
                },
            }
        })?;
        let Some(FoundHead {
            names,
            layers,
            features,
            classes,
        }) = found
        else {
            // A backbone within another network has no head of its own.
            return match sign(self.index) {
                Some(seems) => Err(WeightError::NotResNet { seems }),
                None if config.family == Family::Reference => {
                    let usual = self.backbone.usual_heads().next().unwrap_or_default();
                    Err(missing(format!("{usual}.weight")))
                }
                None => Ok(HeadNames::default()),
            };
        };
        config.head = match side(features) {
            // The reference network has no average pool, whatever the size.
            Some(1) if config.family != Family::Reference => Head::AveragePool,
            Some(side) => {
                let input_width = config.input_width_of(side).ok_or_else(|| {
                    fault(format!(
                        "its linear layer takes {features} features, too many"
                    ))
                })?;
                Head::Flatten { input_width }
            }
            None if features == concatenated => {
                // fastai's heads begin with a batch norm, or are the second part of a `Sequential`.
                let in_sequential = self.backbone.prefix.starts_with("0.");
                let is_fastai = layers.first() == Some(&HeadLayer::BatchNorm)
                    || (in_sequential && names.layers.iter().all(|name| name.starts_with("1.")));
                if !is_fastai {
                    return Err(fault(format!(
                        "its linear layer takes {features} features, of two pools whose order does not show; expected {channels}, \
                         or fastai's head, which takes the largest values before the averages. An ONNX file shows the order"
                    )));
                }
                Head::ConcatPool
            }
            None => {
                return Err(fault(format!(
                    "its linear layer takes {features} features; expected {channels} for each pixel of a square map"
                )));
            }
        };
        if layers.contains(&HeadLayer::Relu) {
            assumed.push(Assumption::HeadActivation);
        }
        config.classes = classes;
        config.head_layers = layers;
        Ok(names)
    }
}

/// What kind of network tensors without a known naming convention seem to belong to.
pub fn guess(index: &TensorIndex) -> String {
    sign(index).unwrap_or_else(|| match Listing::new(index.tensors.keys().cloned()) {
        Some(names) => format!("a network of unknown kind (its tensors: {names})"),
        None => "no tensors at all".to_owned(),
    })
}

/// The kind of network that is recognised by a part of a tensor's name.
pub fn sign(index: &TensorIndex) -> Option<String> {
    /// A part of a name, and the network that has it.
    const SIGNS: &[(&str, &str)] = &[
        ("features.denseblock1.", "a DenseNet"),
        (
            "features.0.0.weight",
            "a MobileNet, EfficientNet or ConvNeXt of torchvision's",
        ),
        ("classifier.6.weight", "a VGG or an AlexNet"),
        ("conv_stem.weight", "an EfficientNet or MobileNet of timm's"),
        ("Mixed_5b.", "an Inception network"),
        ("roi_heads.", "a detection network (Faster or Mask R-CNN)"),
        ("cls_token", "a vision transformer"),
        ("class_token", "a vision transformer"),
        ("patch_embed", "a vision transformer"),
        ("downsample_layers.", "a ConvNeXt"),
        ("decoder.blocks.", "a segmentation network"),
        ("word_embeddings", "a language model"),
        ("embed_tokens", "a language model"),
        ("down_blocks.", "a diffusion model's U-Net"),
        ("classifier.0.convs.", "a segmentation network"),
        ("fpn.", "a detection network"),
        (".paths.0.conv.", "a ResNet with selective kernels (SKNet)"),
        (
            ".weight_orig",
            "a network with spectral norm or pruning, which have to be removed before it is saved",
        ),
        (
            ".parametrizations.",
            "a network with parametrizations, which have to be removed before it is saved",
        ),
        ("bit.embedder", "a ResNet with group norm (BiT)"),
    ];
    let has = |sign: &str| index.tensors.keys().any(|name| name.contains(sign));
    let (_, what) = SIGNS.iter().find(|(sign, _)| has(sign))?;
    Some(format!("what seems to be {what}"))
}
