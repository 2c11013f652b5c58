//! ONNX (<https://onnx.ai>): a graph, which is matched with the ResNet family and never run.
//!
//! `protobuf` reads fields, `model` nodes and where tensors lie, `parts` makes one range of bytes out of the file and those
//! beside it. `steps` makes the same of what exporters write in different ways, `network` finds the blocks, from the logits
//! back, `config` says which ResNet they make, and `tensors` where in the file each of its tensors is.

mod config;
mod model;
mod network;
mod parts;
mod protobuf;
mod steps;
mod tensors;

use std::collections::HashMap;

use self::model::{Attribute, Model, Tensor};
use self::network::Network;
pub use self::parts::{Beside, Parts};
use self::protobuf::{Reader, fault};
use self::steps::{Affine, Steps, WITHOUT_IT, number_at, unfit};
use crate::image::{ChannelOrder, Preprocessing, PreprocessingChoice};
use crate::resnet::{NetworkSpec, ResNetConfig};
use crate::weights::bytes::{ByteSource, HEADER_LIMIT};
use crate::weights::index::{Format, TensorIndex, WeightSets};
use crate::weights::source::WeightError;

/// Boxed, because there are many ways out and each would carry it.
type Error = Box<WeightError>;

/// The most of a graph's outputs that are tried.
const MOST_OUTPUTS: usize = 8;
/// Above this a mean or a deviation is of numbers up to 255, not up to 1.
const OF_BYTES: f64 = 2.0;

/// A network out of a graph.
pub struct Graph {
    /// Its tensors, by the names of its spec.
    pub index: TensorIndex,
    /// The network.
    pub network: ResNetConfig,
    /// Outputs beside its logits or features.
    pub unused: Vec<String>,
    /// How an image becomes its input.
    pub preprocessing: Preprocessing,
    /// Whether the graph says how it is normalised.
    pub normalises: bool,
    /// Whether it takes the channels in the other order than its first convolution does.
    reversed: bool,
}

impl Graph {
    /// What files beside it say of its input, as of the network's. How it normalises, it shows itself.
    pub fn described(&self, mut beside: PreprocessingChoice) -> PreprocessingChoice {
        if self.normalises {
            let own = PreprocessingChoice::from(self.preprocessing);
            return PreprocessingChoice {
                mean: own.mean,
                std: own.std,
                channel_order: own.channel_order,
                range: own.range,
                ..beside
            };
        }
        if self.reversed {
            let numbers = [&mut beside.mean, &mut beside.std];
            for number in numbers.into_iter().flatten() {
                number.reverse();
            }
            beside.channel_order = beside.channel_order.map(|order| match order {
                ChannelOrder::Rgb => ChannelOrder::Bgr,
                ChannelOrder::Bgr => ChannelOrder::Rgb,
            });
        }
        beside
    }
}

/// Whether a file that starts so is one: a version, then another field of a model.
pub fn starts(start: &[u8]) -> bool {
    matches!(
        start,
        [
            8,
            3..=20,
            0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42,
            ..
        ]
    )
}

/// Reads a graph. The places of its tensors are in the bytes that are returned with it. Files beside it are opened by `beside`.
///
/// # Errors
/// [`WeightError::Format`] for a damaged one or a missing file, [`WeightError::Architecture`] for another network.
pub fn read<'bytes>(
    bytes: Box<dyn ByteSource + 'bytes>,
    beside: &Beside<'bytes>,
) -> Result<(Parts<'bytes>, Graph), WeightError> {
    graph(bytes, beside).map_err(|error| *error)
}

fn graph<'bytes>(
    bytes: Box<dyn ByteSource + 'bytes>,
    beside: &Beside<'bytes>,
) -> Result<(Parts<'bytes>, Graph), Error> {
    let mut parts = Parts::new(bytes);
    let model = Model::read(&mut Reader::new(parts.model(), HEADER_LIMIT))?;
    for tensor in tensors_of(&model) {
        parts.open(tensor, beside)?;
    }
    let steps = Steps::new(&model, &mut parts)?;
    let outputs = || model.outputs.iter().copied().take(MOST_OUTPUTS);
    let mut first = None;
    let mut found: Option<(usize, Network)> = None;
    for output in outputs() {
        let network = steps.output(output).and_then(|step| steps.network(step));
        match network {
            // Features may come before the logits.
            Ok(network) => match &found {
                Some((_, other)) if !other.head.is_empty() || network.head.is_empty() => {}
                _ => found = Some((output, network)),
            },
            Err(error) => {
                first.get_or_insert(error);
            }
        }
    }
    let Some((output, network)) = found else {
        return Err(first.unwrap_or_else(|| fault("its graph has no output")));
    };
    let config = steps.config(&network)?;
    let spec = NetworkSpec::new(&config).map_err(|error| unfit(&error.to_string()))?;
    let tensors = tensors::named(&steps, &network, &spec, &mut parts)?;
    let (preprocessing, normalises) =
        preprocessing(&steps, &config, network.input.as_ref(), network.reversed)?;
    let unused = outputs().filter(|&other| other != output);
    let graph = Graph {
        index: TensorIndex {
            format: Format::Onnx,
            tensors,
            metadata: HashMap::new(),
            weight_sets: WeightSets::default(),
        },
        network: config,
        unused: unused.map(|other| model.name(other).to_owned()).collect(),
        preprocessing,
        normalises,
        reversed: network.reversed,
    };
    Ok((parts, graph))
}

/// Every tensor of a model.
fn tensors_of(model: &Model) -> impl Iterator<Item = &Tensor> {
    let attributes = model.nodes.iter().flat_map(|node| &node.attributes);
    let constants = attributes.filter_map(|(_, attribute)| match attribute {
        Attribute::Tensor(tensor) => Some(tensor),
        _ => None,
    });
    let initialisers = model.initialisers.iter().map(|(_, tensor)| tensor);
    initialisers.chain(constants)
}

/// How an image becomes the network's input: what the graph does before the first convolution, in a square of the size that it
/// takes. Whether it normalises, too.
fn preprocessing(
    steps: &Steps<'_>,
    config: &ResNetConfig,
    affine: Option<&Affine>,
    reversed: bool,
) -> Result<(Preprocessing, bool), Error> {
    let usual = Preprocessing::default();
    let mut preprocessing = usual;
    let side = steps.size().map(|[height, width]| height.min(width));
    let crop = match config.head {
        crate::resnet::Head::Flatten { input_width } => Some(input_width),
        _ => side,
    };
    if let Some(crop) = crop.and_then(|crop| u32::try_from(crop).ok()) {
        // The same part of the image.
        preprocessing.crop = crop;
        preprocessing.resize_short_side = crop
            .saturating_mul(usual.resize_short_side)
            .checked_div(usual.crop)
            .unwrap_or(crop);
    }
    if reversed {
        preprocessing.channel_order = ChannelOrder::Bgr;
        // Of the image's channels to the network's.
        preprocessing.mean.reverse();
        preprocessing.std.reverse();
    }
    let Some(affine) = affine else {
        if steps.bytes {
            // Nothing can normalise bytes outside.
            preprocessing.mean = [0.0; 3];
            preprocessing.std = [1.0; 3];
            preprocessing.range = 255.0;
        }
        return Ok((preprocessing, steps.bytes));
    };
    let mut large = steps.bytes;
    let (mut mean, mut std) = ([0.0; 3], [0.0; 3]);
    for channel in 0..3 {
        // scale x + shift = (x - mean) / deviation
        let scale = number_at(&affine.scale, channel);
        mean[channel] = -number_at(&affine.shift, channel) / scale;
        if !(scale > 0.0 && scale.is_finite()) {
            return Err(unfit(&format!(
                "its input is multiplied by {scale}, which is no normalisation{WITHOUT_IT}"
            )));
        }
        std[channel] = scale.recip();
        large |= mean[channel].abs().max(std[channel].abs()) > OF_BYTES;
    }
    // The same with white as 1.
    let white = if large { 255.0 } else { 1.0 };
    preprocessing.mean = mean.map(|mean: f64| (mean / white) as f32);
    preprocessing.std = std.map(|std: f64| (std / white) as f32);
    preprocessing
        .validate()
        .map_err(|error| unfit(&error.to_string()))?;
    Ok((preprocessing, true))
}
