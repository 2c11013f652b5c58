//! The config, inferred from the names and shapes of a file's tensors.

use super::index::{Dtype, TensorEntry, TensorIndex};
use super::naming::{Backbone, HeadFault};
use super::source::{Listing, WeightError};
use crate::resnet::config::{STEM_CHANNELS, STEM_KERNEL};
use crate::resnet::{BlockKind, Family, Head, ResNetConfig};

/// How many stages every ResNet has.
const STAGES: usize = 4;

/// The network whose convolutions are `backbone`, and the name in the file of its linear layer. `others` are networks
/// beside it in the same file, whose layers are not its own.
///
/// Shapes do not show which convolution of a bottleneck has the stride: the config has torchvision's.
///
/// # Errors
/// [`WeightError::Missing`] if tensors are missing that show the architecture, [`WeightError::Architecture`] for a network of
/// another structure, [`WeightError::NotResNet`] for one that is part of another network.
pub fn infer(
    index: &TensorIndex,
    backbone: &Backbone,
    others: &[Backbone],
) -> Result<(ResNetConfig, String), WeightError> {
    let fault = |reason: String| WeightError::Architecture { reason };
    let weight = |name: String, rank: usize| match index.tensors.get(&name) {
        Some(TensorEntry {
            dtype: Dtype::Other(kind),
            ..
        }) => Err(WeightError::Dtype {
            tensors: Listing::one(format!("{name} is {kind}")),
        }),
        Some(entry) if entry.shape.len() == rank => Ok(entry.shape.as_slice()),
        Some(entry) => Err(fault(format!(
            "{name} has shape {:?}: expected rank {rank}, found {}",
            entry.shape,
            entry.shape.len()
        ))),
        None => Err(WeightError::Missing {
            architecture: "a ResNet".to_owned(),
            names: Listing::one(name),
        }),
    };

    // MoCo's linear layer projects features for comparison and has no classes.
    if backbone.prefix.contains("encoder_q.") || backbone.prefix.contains("encoder_k.") {
        return Err(WeightError::NotResNet {
            seems: guess(index),
        });
    }
    let stem = weight(backbone.stem_weight(), 4)?;
    let &[stem_channels, input_channels, height, width] = stem else {
        return Err(fault(format!("its stem has shape {stem:?}")));
    };
    if [stem_channels, height, width] != [STEM_CHANNELS, STEM_KERNEL, STEM_KERNEL] {
        return Err(fault(format!(
            "expected a stem of a {STEM_KERNEL}x{STEM_KERNEL} convolution to {STEM_CHANNELS} channels, \
             found {height}x{width} to {stem_channels} channels"
        )));
    }

    let repetitions = [0, 1, 2, 3].map(|stage| backbone.blocks(index, stage));
    let stages = repetitions.iter().filter(|&&blocks| blocks > 0).count();
    if stages < STAGES {
        return Err(fault(format!(
            "expected blocks in {STAGES} stages, found {stages}"
        )));
    }
    if backbone.blocks(index, STAGES) > 0 {
        return Err(fault(format!("it has more than {STAGES} stages")));
    }

    let third = |stage, block| {
        let name = backbone.convolution_weight(stage, block, 2);
        index.tensors.contains_key(&name)
    };
    // The majority decides, so that a block that lacks a tensor does not change the architecture.
    let votes = (0..STAGES)
        .flat_map(|stage| (0..repetitions[stage]).map(move |block| (stage, block)))
        .map(|(stage, block)| third(stage, block));
    let (with, without): (Vec<bool>, Vec<bool>) = votes.partition(|&third| third);
    let block = if with.len() > without.len() {
        BlockKind::Bottleneck
    } else {
        BlockKind::NoBottleneck
    };
    let (groups, width_per_group) = match block {
        BlockKind::NoBottleneck => (1, STEM_CHANNELS),
        BlockKind::Bottleneck => {
            // [width, width / groups, 3, 3]
            let spatial = weight(backbone.convolution_weight(0, 0, 1), 4)?;
            let (inner, per_group) = (spatial[0], spatial[1]);
            if per_group == 0 || inner % per_group != 0 {
                return Err(fault(format!(
                    "its first 3x3 convolution has shape {spatial:?}, which cannot be divided into groups"
                )));
            }
            (inner / per_group, per_group)
        }
    };

    let channels = (STEM_CHANNELS << (STAGES - 1)) * block.expansion();
    let side = |features: usize| {
        let side = (features / channels).isqrt();
        (side > 0 && side * side * channels == features).then_some(side)
    };
    let fits = |features| side(features).is_some();
    let linear = backbone.head(index, others, fits).map_err(|found| {
        let listed = |names: Vec<String>| Listing::new(names).map(|names| names.to_string());
        match found {
            // A backbone within another network may have no linear layer of its own.
            HeadFault::Missing => match sign(index) {
                Some(seems) => WeightError::NotResNet { seems },
                None => WeightError::Missing {
                    architecture: "a ResNet".to_owned(),
                    names: Listing::one(format!("{}.weight", backbone.usual_head())),
                },
            },
            HeadFault::Ambiguous(names) => fault(format!(
                "it has several linear layers, any of which may be its head: {}",
                listed(names).unwrap_or_default()
            )),
            HeadFault::Deep(names) => fault(format!(
                "its head has several linear layers, and only one is supported: {}",
                listed(names).unwrap_or_default()
            )),
        }
    })?;
    let mut head = weight(format!("{linear}.weight"), 2)?.to_vec();
    if backbone.convention.transposed_head {
        head.reverse();
    }
    let (classes, features) = (head[0], head[1]);
    let Some(side) = side(features) else {
        return Err(fault(format!(
            "its linear layer takes {features} features; expected {channels} for each pixel of a square map"
        )));
    };
    let family = backbone.convention.family;
    // The reference network has no average pool, whatever the size.
    let usual = ResNetConfig::of(block, repetitions.to_vec(), classes);
    let head = if family == Family::Reference || side > 1 {
        let input_width = usual.input_width_of(side).ok_or_else(|| {
            fault(format!(
                "its linear layer takes {features} features, too many"
            ))
        })?;
        Head::Flatten { input_width }
    } else {
        Head::AveragePool
    };
    let config = ResNetConfig {
        family,
        input_channels,
        head,
        groups,
        width_per_group,
        ..usual
    };
    config
        .validate()
        .map_err(|error| fault(error.to_string()))?;
    Ok((config, linear))
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
        (
            "conv1.0.weight",
            "a ResNet with a deep stem of three convolutions (timm's ResNet-D)",
        ),
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
        ("encoder_q.", "a contrastive learner's checkpoint (MoCo)"),
    ];
    let has = |sign: &str| index.tensors.keys().any(|name| name.contains(sign));
    let (_, what) = SIGNS.iter().find(|(sign, _)| has(sign))?;
    Some(format!("what seems to be {what}"))
}
