//! Linear layers.

use burn::module::Param;
use burn::nn::{Linear, LinearConfig};
use burn::prelude::*;

use crate::resnet::spec::LinearSpec;
use crate::weights::{TensorSource, WeightError};

/// Random weights, to train from: see [`ResNet::init`](super::ResNet::init).
pub(super) fn init(spec: &LinearSpec, device: &Device) -> Linear {
    LinearConfig::new(spec.inputs, spec.outputs)
        .with_bias(spec.bias)
        .init(device)
}

/// Takes the tensors that `spec` names out of `source`.
pub(super) fn load(
    spec: &LinearSpec,
    source: &mut dyn TensorSource,
    device: &Device,
) -> Result<Linear, WeightError> {
    let mut linear = init(spec, device);
    for tensor in spec.tensors() {
        let values = source.take(&tensor.name, &tensor.shape)?;
        let values = TensorData::new(values, tensor.shape.clone());
        if tensor.shape.len() == 1 {
            linear.bias = Some(Param::from_tensor(Tensor::from_data(values, device)));
        } else {
            // PyTorch stores `[out, in]`, burn `[in, out]`.
            let weight = Tensor::<2>::from_data(values, device).transpose();
            linear.weight = Param::from_tensor(weight);
        }
    }
    Ok(linear)
}
