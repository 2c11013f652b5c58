//! A weight file: its bytes, the tensors in them, and the network they make.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::bytes::ByteSource;
use super::format;
use super::index::{Dtype, Format, TensorEntry, TensorIndex};
use super::infer::{guess, infer};
use super::metadata::{FORMAT, ModelMetadata};
use super::naming::Convention;
use super::source::{Listing, TensorSource, WeightError};
use crate::image::Preprocessing;
use crate::memory::room;
use crate::resnet::conv::Arithmetic;
use crate::resnet::spec::TensorSpec;
use crate::resnet::{BlockKind, Family, Head, NetworkSpec, ResNetConfig, StrideOn};

/// What comes after a tensor's name for the scales of its whole numbers, one for each output channel.
pub const SCALE_SUFFIX: &str = "_scale";
/// PyTorch counts batches while it trains; nothing reads the count afterwards.
const BATCH_COUNT: &str = "num_batches_tracked";

/// Every block has so many convolutions, or more.
const CONVOLUTIONS: usize = 2;

/// What whoever loads a file decides, where the file does not tell or tells wrong.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Choices {
    /// The file's name, to be shown.
    pub name: Option<String>,
    /// Which convolution of a bottleneck carries the stride.
    pub stride_on: Option<StrideOn>,
    /// How a picture becomes the network's input.
    pub preprocessing: Option<Preprocessing>,
    /// What convolutions calculate with, where the device can: [`Arithmetic::F32`] if nobody says.
    pub arithmetic: Arithmetic,
}

/// What neither the file nor the caller told, so that the usual was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assumption {
    /// That the stride is on the 3x3 convolution, as in torchvision.
    Stride,
    /// That pictures are resized, cropped and normalised as for torchvision's ImageNet weights.
    Preprocessing,
    /// What the classes are called.
    Labels,
}

/// A file whose header has been read. The tensors stay where they are until they are taken.
pub struct WeightFile<'bytes> {
    bytes: Box<dyn ByteSource + 'bytes>,
    index: TensorIndex,
    convention: &'static Convention,
    /// The file's names of tensors, by the network's.
    names: HashMap<String, String>,
    metadata: ModelMetadata,
    assumed: Vec<Assumption>,
    spec: NetworkSpec,
}

impl<'bytes> WeightFile<'bytes> {
    /// Reads which network a file holds, and checks that it holds all of it.
    ///
    /// # Errors
    /// What is wrong with the file, before any tensor's numbers are looked at.
    pub fn open(bytes: impl ByteSource + 'bytes, choices: &Choices) -> Result<Self, WeightError> {
        let mut index = format::index(&bytes)?;
        unwrap_names(&mut index);
        let convention = Convention::of(&index).ok_or_else(|| WeightError::NotResNet {
            seems: guess(&index),
        })?;
        let described = ModelMetadata::from_entries(&index.metadata)?;
        let (mut metadata, mut assumed) = match described {
            Some(metadata) => (metadata, Vec::new()),
            None => describe(&index, convention)?,
        };
        if metadata.labels.is_empty() {
            assumed.push(Assumption::Labels);
        }
        if let Some(stride_on) = choices.stride_on {
            metadata.network.stride_on = stride_on;
            assumed.retain(|&assumption| assumption != Assumption::Stride);
        }
        if let Some(preprocessing) = choices.preprocessing {
            metadata.preprocessing = preprocessing;
            assumed.retain(|&assumption| assumption != Assumption::Preprocessing);
        }
        if let (Some(name), true) = (&choices.name, metadata.source.is_empty()) {
            metadata.source.clone_from(name);
        }
        let spec = spec_of(&metadata.network, index.tensors.len())?;
        let file = Self {
            bytes: Box::new(bytes),
            names: convention.names(&spec),
            index,
            convention,
            metadata,
            assumed,
            spec,
        };
        file.check()?;
        Ok(file)
    }

    /// What the file says of its network, or what its tensors tell.
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
        self.convention
    }

    /// The network on paper.
    pub fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    fn entry(&self, spec: &TensorSpec) -> Option<(&str, &TensorEntry)> {
        let name = self.names.get(&spec.name)?;
        let entry = self.index.tensors.get(name)?;
        Some((name, entry))
    }

    /// Whether `entry` is the head's weight, whose sides burn has the other way round.
    fn is_transposed(&self, spec: &TensorSpec) -> bool {
        self.convention.transposed_head && spec.shape.len() == 2
    }

    /// Checks that the file holds every tensor of the network, each in its shape and readable, and no other.
    fn check(&self) -> Result<(), WeightError> {
        let architecture = self.spec.config.name();
        let expected = self.spec.tensors();

        let missing = expected.iter().filter(|spec| self.entry(spec).is_none());
        if let Some(names) = Listing::new(missing.map(|spec| self.names[&spec.name].clone())) {
            return Err(WeightError::Missing {
                architecture,
                names,
            });
        }
        let known: HashSet<&str> = self.names.values().map(String::as_str).collect();
        let is_known = |name: &str| {
            let scaled = name.strip_suffix(SCALE_SUFFIX);
            known.contains(name)
                || name.ends_with(BATCH_COUNT)
                || scaled.is_some_and(|name| known.contains(name))
        };
        let unexpected = self.index.tensors.keys().filter(|name| !is_known(name));
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
            Dtype::I8 if self.scales_of(name, entry).is_none() => Some(format!(
                "{name} is I8 without {name}{SCALE_SUFFIX} of one number for each output channel"
            )),
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
            (entry.shape != shape)
                .then(|| format!("{name} is {:?} instead of {shape:?}", entry.shape))
        });
        if let Some(tensors) = Listing::new(misshapen) {
            return Err(WeightError::Shape {
                architecture,
                tensors,
            });
        }
        // Tensors that share their bytes could make a network of any size out of a small file.
        let needed = found().try_fold(0_u64, |sum, (_, (_, entry))| {
            sum.checked_add(entry.byte_count()?)
        });
        let size = self.bytes.size();
        if needed.is_none_or(|needed| needed > size) {
            let reason = format!(
                "its tensors take more bytes than the {size} it has, because they share them: save copies of them"
            );
            return Err(WeightError::Format { reason });
        }
        Ok(())
    }

    /// The scales of a tensor of whole numbers: one for each output channel.
    fn scales_of(&self, name: &str, entry: &TensorEntry) -> Option<(String, &TensorEntry)> {
        let name = format!("{name}{SCALE_SUFFIX}");
        let scales = self.index.tensors.get(&name)?;
        let fits = scales.dtype == Dtype::F32 && scales.count() == entry.shape.first().copied();
        fits.then_some((name, scales))
    }
}

impl TensorSource for WeightFile<'_> {
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightError> {
        let spec = TensorSpec {
            name: name.to_owned(),
            shape: shape.to_vec(),
        };
        let Some((name, entry)) = self.entry(&spec) else {
            return Err(WeightError::Missing {
                architecture: self.metadata.name.clone(),
                names: Listing::one(spec.name),
            });
        };
        let bytes = &*self.bytes;
        let mut values = entry.values(name, bytes)?;
        if entry.dtype == Dtype::I8
            && let Some((scales_name, scales)) = self.scales_of(name, entry)
        {
            let scales = scales.values(&scales_name, bytes)?;
            let per_channel = values.len() / scales.len().max(1);
            for (channel, scale) in values.chunks_exact_mut(per_channel.max(1)).zip(scales) {
                channel.iter_mut().for_each(|value| *value *= scale);
            }
        }
        if self.is_transposed(&spec) {
            values = transposed(&values, shape[1], name)?;
        }
        Ok(values)
    }
}

/// `network` on paper, for a file of so many tensors.
fn spec_of(network: &ResNetConfig, tensors: usize) -> Result<NetworkSpec, WeightError> {
    let fault = |reason: String| WeightError::Architecture { reason };
    network
        .validate()
        .map_err(|error| fault(error.to_string()))?;
    // Each takes some kilobytes on paper, whatever the file has of it.
    let blocks: usize = network.repetitions.iter().sum();
    if tensors < blocks * CONVOLUTIONS {
        return Err(fault(format!(
            "it has {blocks} blocks of at least {CONVOLUTIONS} convolutions each, and the file holds {tensors} tensors"
        )));
    }
    NetworkSpec::new(network).map_err(|error| fault(error.to_string()))
}

/// A matrix whose columns become rows; it has `rows` of them now. It is tensor `name`.
fn transposed(values: &[f32], rows: usize, name: &str) -> Result<Vec<f32>, WeightError> {
    let columns = values.len() / rows.max(1);
    let column = |c: usize| (0..rows).map(move |r| values[r * columns + c]);
    let mut transposed = room(values.len(), &format!("tensor `{name}`"))?;
    transposed.extend((0..columns).flat_map(column));
    Ok(transposed)
}

/// Takes off what all names begin with: `module.` of a network that was trained on several GPUs, `model.`, `_orig_mod.`.
fn unwrap_names(index: &mut TensorIndex) {
    let prefix = common_prefix(index);
    if prefix > 0 {
        let tensors = std::mem::take(&mut index.tensors).into_iter();
        index.tensors = tensors
            .map(|(name, entry)| (name[prefix..].to_owned(), entry))
            .collect();
    }
}

/// The length of the parts, each with its dot, that all names begin with.
fn common_prefix(index: &TensorIndex) -> usize {
    // What the first and the last of sorted names have in common, all have.
    let (Some((first, _)), Some((last, _))) = (
        index.tensors.first_key_value(),
        index.tensors.last_key_value(),
    ) else {
        return 0;
    };
    // With one name alone it says something.
    if index.tensors.len() == 1 {
        return 0;
    }
    let parts = first.split_inclusive('.').zip(last.split_inclusive('.'));
    parts
        // With a stage alone, too.
        .take_while(|(part, other)| {
            part == other && part.ends_with('.') && !part.starts_with("layer")
        })
        .map(|(part, _)| part.len())
        .sum()
}

/// What the tensors of a file tell that says nothing of itself.
fn describe(
    index: &TensorIndex,
    convention: &Convention,
) -> Result<(ModelMetadata, Vec<Assumption>), WeightError> {
    let network: ResNetConfig = infer(index, convention)?;
    let usual = Preprocessing::default();
    let preprocessing = match network.head {
        Head::AveragePool => usual,
        // The same part of the picture, in the size that fits.
        Head::Flatten { input_width } => {
            let crop = u32::try_from(input_width).unwrap_or(usual.crop);
            Preprocessing {
                resize_short_side: crop * usual.resize_short_side / usual.crop,
                crop,
                ..usual
            }
        }
    };
    let choice = network.family == Family::Torchvision && network.block == BlockKind::Bottleneck;
    let mut assumed = Vec::new();
    if choice {
        assumed.push(Assumption::Stride);
    }
    assumed.push(Assumption::Preprocessing);
    let stem = format!("{}.weight", convention.stem[0]);
    let dtype = index
        .tensors
        .get(&stem)
        .map(|entry| entry.dtype.to_string());
    let metadata = ModelMetadata {
        format: FORMAT,
        name: network.name(),
        network,
        preprocessing,
        labels: Vec::new(),
        source: String::new(),
        license: String::new(),
        dtype: dtype.unwrap_or_default().to_ascii_lowercase(),
    };
    Ok((metadata, assumed))
}
