//! A weight file: its bytes, the tensors in them, and the network they make.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::bytes::ByteSource;
use super::choices::{Assumption, Choices, Setting};
use super::format;
use super::format::onnx::{self, Beside};
use super::head::{self, HeadNames, usual_names};
use super::index::{
    Dtype, Format, SCALE_SUFFIX, TensorEntry, TensorIndex, WeightSets, ZERO_POINT_SUFFIX,
};
use super::infer::{Inferred, guess, infer};
use super::metadata::{FORMAT, ModelMetadata};
use super::naming::{Backbone, Convention};
use super::plain::plain;
use super::room::room;
use super::source::{Listing, TensorSource, WeightError};
use crate::image::{ChannelOrder, Fit, Interpolation, Preprocessing};
use crate::resnet::config::AntiAliasing;
use crate::resnet::spec::TensorSpec;
use crate::resnet::{Head, NetworkSpec, ResNetConfig};

/// PyTorch counts batches while it trains; nothing reads the count afterwards.
const BATCH_COUNT: &str = "num_batches_tracked";

/// How often a file's tensors may span its bytes, with the gaps of views. Without gaps it is once.
const MOST_SPANNED: u64 = 4;
/// Every block has so many convolutions, or more.
const CONVOLUTIONS: usize = 2;

/// How Detectron2 prepares images: as Caffe does.
const DETECTRON: Preprocessing = Preprocessing {
    resize_short_side: 256,
    crop: 224,
    mean: [103.53, 116.28, 123.675],
    std: [1.0; 3],
    interpolation: Interpolation::Bilinear,
    fit: Fit::Crop,
    channel_order: ChannelOrder::Bgr,
    range: 255.0,
};

/// Something the user should know about how a file was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum Note {
    /// Tensors that the network does not have and that were ignored: a loss function's, a counter, a second output.
    Ignored {
        /// Their names.
        tensors: Listing,
    },
    /// The linear layer of the head was recognised by its shape, not by its usual name.
    Head {
        /// Its name, or those of several.
        layer: String,
    },
    /// The file has no classifier, so that the network gives embeddings alone.
    NoHead,
}

/// An open weight file. Its header has been read and checked; tensors are read when they are taken.
///
/// ```no_run
/// use resnet_web_core::weights::{Choices, TensorSource, WeightFile};
///
/// let bytes = std::fs::File::open("resnet50.safetensors")?;
/// let mut file = WeightFile::open(bytes, &Choices::default())?;
/// println!("{} with {} classes", file.metadata().name, file.metadata().network.classes);
/// let bias = file.take("fc.bias", &[1000])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WeightFile<'bytes> {
    bytes: Box<dyn ByteSource + 'bytes>,
    index: TensorIndex,
    /// Where in the file the network is, and which other ones are beside it.
    backbone: Backbone,
    others: Vec<Backbone>,
    /// Where in the file the head is.
    head: HeadNames,
    /// The file's names of tensors, by the network's.
    names: HashMap<String, String>,
    metadata: ModelMetadata,
    assumed: Vec<Assumption>,
    notes: Vec<Note>,
    spec: NetworkSpec,
}

impl<'bytes> WeightFile<'bytes> {
    /// Reads which network a file holds, and checks that it holds all of it.
    ///
    /// # Errors
    /// What is wrong with the file. No tensor's values are read.
    pub fn open(bytes: impl ByteSource + 'bytes, choices: &Choices) -> Result<Self, WeightError> {
        Self::open_beside(bytes, &|_| None, choices)
    }

    /// As [`open`](Self::open), for a file that may keep its weights in others beside it, as ONNX does. `beside` opens one by
    /// its name, which has no folder.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_beside(
        bytes: impl ByteSource + 'bytes,
        beside: &Beside<'bytes>,
        choices: &Choices,
    ) -> Result<Self, WeightError> {
        if format::is_graph(&bytes)? {
            let (bytes, graph) = onnx::read(Box::new(bytes), beside)?;
            let choices = choices.for_graph(|beside| graph.described(beside));
            return Self::with(Box::new(bytes), Read::graph(graph), &choices);
        }
        let read = Read::new(&bytes, choices)?;
        let choices = match read.is_described {
            true => choices.clone(),
            false => choices.or_described(),
        };
        Self::with(Box::new(bytes), read, &choices)
    }

    fn with(
        bytes: Box<dyn ByteSource + 'bytes>,
        read: Read,
        choices: &Choices,
    ) -> Result<Self, WeightError> {
        let Read {
            index,
            backbone,
            others,
            head,
            mut metadata,
            mut assumed,
            unused,
            ..
        } = read;
        let asked = choices.other_network.iter();
        let asked = asked.map(|Setting { name, value }| format!("`{name}`: {value}"));
        if let Some(settings) = Listing::new(asked) {
            return Err(WeightError::Architecture {
                reason: format!(
                    "its configuration asks for {settings}, which cannot be computed here. Load the weight file without the configuration if that belongs to another network"
                ),
            });
        }
        if metadata.labels.is_empty() && metadata.network.classes > 0 {
            assumed.push(Assumption::Labels);
        }
        if let Some(stride_on) = choices.stride_on {
            metadata.network.stride_on = stride_on;
            assumed.retain(|&assumption| assumption != Assumption::Stride);
        }
        if let Some(choice) = choices.preprocessing {
            metadata.preprocessing = metadata.preprocessing.with(&choice);
            assumed.retain(|&known| known != Assumption::Preprocessing || !choice.is_whole());
        }
        if let (Some(name), true) = (&choices.name, metadata.source.is_empty()) {
            metadata.source = plain(name);
        }
        let spec = spec_of(&metadata.network, index.tensors.len())?;
        let head = head.unwrap_or_else(|| usual_names(&backbone, &spec));
        let names = match index.format {
            // A graph's tensors have the network's names.
            Format::Onnx => {
                let names = spec.tensors().into_iter().map(|tensor| tensor.name);
                names.map(|name| (name.clone(), name)).collect()
            }
            _ => backbone.names(&index, &spec, &head.layers),
        };
        let mut file = Self {
            bytes,
            names,
            index,
            backbone,
            others,
            head,
            metadata,
            assumed,
            notes: Vec::new(),
            spec,
        };
        file.check()?;
        file.notes = file.noted(unused);
        Ok(file)
    }

    /// The file's own metadata, or what its tensors show.
    pub fn metadata(&self) -> &ModelMetadata {
        &self.metadata
    }

    /// What was assumed.
    pub fn assumed(&self) -> &[Assumption] {
        &self.assumed
    }

    /// The file's format.
    pub fn format(&self) -> Format {
        self.index.format
    }

    /// Whose names its tensors have.
    pub fn convention(&self) -> &'static Convention {
        self.backbone.convention
    }

    /// What the user should know about how it was read.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The sets of weights in it; none if there is only one.
    pub fn weight_sets(&self) -> WeightSets {
        if self.others.is_empty() {
            return self.index.weight_sets.clone();
        }
        let all = [&self.backbone].into_iter().chain(&self.others);
        // Sets that the format keeps beside the one that these networks are in.
        let WeightSets { taken, names } = &self.index.weight_sets;
        let beside = names.iter().filter(|name| taken.as_ref() != Some(name));
        WeightSets {
            taken: Some(self.backbone.set_name()),
            names: all.map(Backbone::set_name).chain(beside.cloned()).collect(),
        }
    }

    /// Every layer of the network.
    pub fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    fn entry(&self, spec: &TensorSpec) -> Option<(&str, &TensorEntry)> {
        let name = self.names.get(&spec.name)?;
        let entry = self.index.tensors.get(name)?;
        Some((name, entry))
    }

    /// Whether `spec` is a bias that the file's library leaves out: one of senet.pytorch's squeeze-and-excitation. It is zero.
    fn is_left_out(&self, spec: &TensorSpec) -> bool {
        let name = self.names.get(&spec.name);
        let is_bias = |name: &String| name.contains(".se.fc.") && name.ends_with(".bias");
        name.is_some_and(is_bias) && self.entry(spec).is_none()
    }

    /// Whether `spec` is a linear layer's weight and the file has it transposed, as burn does.
    fn is_transposed(&self, spec: &TensorSpec) -> bool {
        self.convention().transposed_head && spec.shape.len() == 2
    }

    /// The container of the head's layers, where they are in one.
    fn head_container(&self) -> Option<&str> {
        head::container(&self.backbone, self.head.layers.first()?)
    }

    /// Checks that the file holds every tensor of the network, each in its shape and readable, and no other.
    fn check(&self) -> Result<(), WeightError> {
        let architecture = self.spec.config.name();
        let expected = self.spec.tensors();

        let missing = expected
            .iter()
            .filter(|spec| self.entry(spec).is_none() && !self.is_left_out(spec));
        if let Some(names) = Listing::new(missing.map(|spec| self.names[&spec.name].clone())) {
            return Err(WeightError::Missing {
                architecture,
                names,
            });
        }
        // Tensors among the network's own layers would change what it computes.
        let module = self.head_container();
        let takes_part = |name: &&String| {
            self.backbone.holds(name) || module.is_some_and(|module| name.starts_with(module))
        };
        let unexpected = self.left_over().filter(takes_part);
        if let Some(names) = Listing::new(unexpected.cloned()) {
            return Err(WeightError::Unexpected {
                architecture,
                names,
            });
        }
        let found = || {
            expected
                .iter()
                .filter_map(|spec| Some((spec, self.entry(spec)?)))
        };
        let unreadable = found().filter_map(|(_, (name, entry))| match &entry.dtype {
            Dtype::Other(kind) => Some(format!("{name} is {kind}")),
            Dtype::I8 | Dtype::U8 if self.scales_of(name, entry, SCALE_SUFFIX).is_none() => Some(format!(
                "{name} is {} without {name}{SCALE_SUFFIX} of one number for each output channel",
                entry.dtype
            )),
            Dtype::I32 | Dtype::I64 => Some(format!("{name} is {}", entry.dtype)),
            _ => None,
        });
        if let Some(tensors) = Listing::new(unreadable) {
            return Err(WeightError::Dtype { tensors });
        }
        let misshapen = found().filter_map(|(spec, (name, entry))| {
            let mut shape = spec.shape.clone();
            if self.is_transposed(spec) {
                shape.reverse();
            }
            // A linear layer's weight may be a 1x1 convolution's.
            let is_same = match (&entry.shape[..], &shape[..]) {
                ([own @ .., 1, 1], [_, _]) => own == shape,
                (own, _) => own == shape,
            };
            (!is_same).then(|| format!("{name} is {:?} instead of {shape:?}", entry.shape))
        });
        if let Some(tensors) = Listing::new(misshapen) {
            return Err(WeightError::Shape {
                architecture,
                tensors,
            });
        }
        let sum = |bytes_of: fn(&TensorEntry) -> Option<u64>| {
            found().try_fold(0_u64, |sum, (_, (_, entry))| {
                sum.checked_add(bytes_of(entry)?)
            })
        };
        let size = self.bytes.size();
        let fault = |reason: String| Err(WeightError::Format { reason });
        // Tensors that share their bytes could make a network of any size out of a small file.
        if sum(TensorEntry::byte_count).is_none_or(|needed| needed > size) {
            return fault(format!(
                "its tensors take more bytes than the {size} it has, because they share them: save copies of them"
            ));
        }
        // All that a view spans is read. Views that each span the whole file would make a small one last for minutes.
        let most = size.saturating_mul(MOST_SPANNED);
        if sum(TensorEntry::span).is_none_or(|spanned| spanned > most) {
            return fault(format!(
                "its tensors are views with gaps that span more than {MOST_SPANNED} times the {size} bytes it has: save copies of them"
            ));
        }
        Ok(())
    }

    /// The tensors that the network does not have.
    fn left_over(&self) -> impl Iterator<Item = &String> {
        let known: HashSet<&str> = self.names.values().map(String::as_str).collect();
        let is_known = move |name: &str| {
            let scaled = [SCALE_SUFFIX, ZERO_POINT_SUFFIX]
                .iter()
                .find_map(|suffix| name.strip_suffix(suffix));
            known.contains(name)
                || name.ends_with(BATCH_COUNT)
                || scaled.is_some_and(|name| known.contains(name))
        };
        let blurs = self.metadata.network.anti_aliasing == Some(AntiAliasing::Blur);
        let names = self.index.tensors.keys();
        names.filter(move |name| {
            let is_filter = blurs && self.backbone.is_blur_pool(name);
            !is_filter && !is_known(name)
        })
    }

    fn noted(&self, unused: Vec<String>) -> Vec<Note> {
        let is_head_of = |other: &Backbone, name: &str| {
            let mut heads = other.usual_heads();
            heads.any(|head| name.starts_with(&(head + ".")))
        };
        let of_others = |name: &str| {
            self.others
                .iter()
                .any(|other| other.holds(name) || is_head_of(other, name))
        };
        let ignored = self.left_over().filter(|name| !of_others(name));
        let ignored =
            Listing::new(ignored.cloned().chain(unused)).map(|tensors| Note::Ignored { tensors });
        let head = match &self.head.layers[..] {
            [] => Some(Note::NoHead),
            [only] if self.backbone.usual_heads().any(|head| head == *only) => None,
            _ if self.index.format == Format::Onnx => None,
            layers => Some(Note::Head {
                layer: plain(&layers.join(", ")),
            }),
        };
        head.into_iter().chain(ignored).collect()
    }

    /// The scales or zero points of a tensor of whole numbers: one for each output channel.
    fn scales_of(
        &self,
        name: &str,
        entry: &TensorEntry,
        suffix: &str,
    ) -> Option<(String, &TensorEntry)> {
        let name = format!("{name}{suffix}");
        let scales = self.index.tensors.get(&name)?;
        let fits = scales.dtype == Dtype::F32 && scales.count() == entry.shape.first().copied();
        fits.then_some((name, scales))
    }
}

impl TensorSource for WeightFile<'_> {
    // Compiled with the crate that builds networks, for speed.
    #[inline]
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightError> {
        let spec = TensorSpec {
            name: name.to_owned(),
            shape: shape.to_vec(),
        };
        if self.is_left_out(&spec) {
            return Ok(vec![0.0; shape.iter().product()]);
        }
        let Some((name, entry)) = self.entry(&spec) else {
            return Err(WeightError::Missing {
                architecture: self.metadata.name.clone(),
                names: Listing::one(spec.name),
            });
        };
        let bytes = &*self.bytes;
        let mut values = entry.values(name, bytes)?;
        if matches!(entry.dtype, Dtype::I8 | Dtype::U8) {
            let numbers = |suffix| {
                let numbers = self.scales_of(name, entry, suffix);
                numbers.map(|(name, numbers)| numbers.values(&name, bytes))
            };
            if let Some(zeros) = numbers(ZERO_POINT_SUFFIX) {
                each_channel(&mut values, &zeros?, |value, zero| value - zero);
            }
            if let Some(scales) = numbers(SCALE_SUFFIX) {
                each_channel(&mut values, &scales?, |value, scale| value * scale);
            }
        }
        if self.is_transposed(&spec) {
            values = transposed(&values, shape[1], name)?;
        }
        Ok(values)
    }
}

/// What a file says of its network, before the caller's choices.
struct Read {
    index: TensorIndex,
    backbone: Backbone,
    others: Vec<Backbone>,
    /// Where the head is; `None`: under its usual names.
    head: Option<HeadNames>,
    metadata: ModelMetadata,
    /// Whether that is the file's own, so that what is beside it decides nothing.
    is_described: bool,
    assumed: Vec<Assumption>,
    /// Outputs of a graph that are not the network's.
    unused: Vec<String>,
}

impl Read {
    /// From the names and shapes of tensors.
    fn new(bytes: &dyn ByteSource, choices: &Choices) -> Result<Self, WeightError> {
        let index = format::index(bytes, choices.weight_set.as_deref())?;
        let mut others = Backbone::find(&index);
        let wanted = choices.weight_set.as_ref();
        let wanted = others
            .iter()
            .position(|backbone| Some(&backbone.set_name()) == wanted);
        if others.is_empty() {
            return Err(WeightError::NotResNet {
                seems: guess(&index),
            });
        }
        let backbone = others.remove(wanted.unwrap_or(0));
        let described = ModelMetadata::from_entries(&index.metadata)?;
        let is_described = described.is_some();
        let (metadata, assumed, head) = match described {
            Some(metadata) => (metadata, Vec::new(), None),
            None => {
                let choices = choices.or_described();
                let (metadata, assumed, head) = describe(&index, &backbone, &others, &choices)?;
                (metadata, assumed, Some(head))
            }
        };
        Ok(Self {
            is_described,
            index,
            backbone,
            others,
            head,
            metadata,
            assumed,
            unused: Vec::new(),
        })
    }

    /// From a graph, which shows more.
    fn graph(graph: onnx::Graph) -> Self {
        let backbone = Backbone::unwrapped(&graph.index, graph.network.pre_activation);
        let mut metadata = metadata_of(graph.network, &graph.index, &backbone);
        metadata.preprocessing = graph.preprocessing;
        Self {
            is_described: false,
            head: None,
            index: graph.index,
            backbone,
            others: Vec::new(),
            metadata,
            unused: graph.unused,
            // Even a graph that normalises leaves open how images get their size.
            assumed: vec![Assumption::Preprocessing],
        }
    }
}

/// The spec of `network`, for a file of so many tensors.
fn spec_of(network: &ResNetConfig, tensors: usize) -> Result<NetworkSpec, WeightError> {
    let fault = |reason: String| WeightError::Architecture { reason };
    network
        .validate()
        .map_err(|error| fault(error.to_string()))?;
    // The spec of a block takes some kilobytes, even if the file has none of its tensors.
    let blocks: usize = network.repetitions.iter().sum();
    if tensors < blocks * CONVOLUTIONS {
        return Err(fault(format!(
            "it has {blocks} blocks of at least {CONVOLUTIONS} convolutions each, but the file holds {tensors} tensors"
        )));
    }
    NetworkSpec::new(network).map_err(|error| fault(error.to_string()))
}

/// Computes each of a channel's values with the channel's number.
#[inline]
fn each_channel(values: &mut [f32], numbers: &[f32], of: fn(f32, f32) -> f32) {
    let per_channel = (values.len() / numbers.len().max(1)).max(1);
    for (channel, &number) in values.chunks_exact_mut(per_channel).zip(numbers) {
        for value in channel {
            *value = of(*value, number);
        }
    }
}

/// Transposes tensor `name`, a matrix of `rows` rows.
#[inline]
fn transposed(values: &[f32], rows: usize, name: &str) -> Result<Vec<f32>, WeightError> {
    let columns = values.len() / rows.max(1);
    let column = |c: usize| (0..rows).map(move |r| values[r * columns + c]);
    let mut transposed = room(values.len(), &format!("tensor `{name}`"))?;
    transposed.extend((0..columns).flat_map(column));
    Ok(transposed)
}

/// For a file without metadata: what its tensors show, what is assumed, and where the head is.
fn describe(
    index: &TensorIndex,
    backbone: &Backbone,
    others: &[Backbone],
    choices: &Choices,
) -> Result<(ModelMetadata, Vec<Assumption>, HeadNames), WeightError> {
    let Inferred {
        config: network,
        head,
        mut assumed,
    } = infer(index, backbone, others, choices)?;
    let usual = match (backbone.is_of_detectron(), network.groups) {
        (false, _) => Preprocessing::default(),
        // The default of Detectron2's networks, and of its ResNeXts.
        (true, 1) => DETECTRON,
        (true, _) => Preprocessing {
            std: [57.375, 57.12, 58.395],
            ..DETECTRON
        },
    };
    let preprocessing = match network.head {
        Head::AveragePool | Head::ConcatPool => usual,
        // The same part of the image, in the size that fits.
        Head::Flatten { input_width } => {
            let crop = u32::try_from(input_width).unwrap_or(usual.crop);
            Preprocessing {
                resize_short_side: crop * usual.resize_short_side / usual.crop,
                crop,
                ..usual
            }
        }
    };
    assumed.push(Assumption::Preprocessing);
    let mut metadata = metadata_of(network, index, backbone);
    metadata.preprocessing = preprocessing;
    Ok((metadata, assumed, head))
}

/// What a network's tensors show of it.
fn metadata_of(network: ResNetConfig, index: &TensorIndex, backbone: &Backbone) -> ModelMetadata {
    let dtype = index
        .tensors
        .get(&backbone.stem_weight(0))
        .map(|entry| match &entry.dtype {
            // The word of `convert` and of `ModelMetadata`.
            Dtype::I8 | Dtype::U8 => "int8".to_owned(),
            dtype => dtype.to_string().to_ascii_lowercase(),
        });
    ModelMetadata {
        format: FORMAT,
        name: network.name(),
        network,
        preprocessing: Preprocessing::default(),
        labels: Vec::new(),
        source: String::new(),
        license: String::new(),
        dtype: plain(&dtype.unwrap_or_default()),
    }
}
