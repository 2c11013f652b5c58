//! How far the logits of two weight files of one network differ: what rounding the weights costs.

use burn::prelude::*;

use resnet_web::cpu::CpuResNet;
use resnet_web::error::Error;
use resnet_web::resnet::conv::Arithmetic;
use resnet_web::weights::{Choices, WeightFile, synthetic};

/// The largest difference between the logits of two weight files of the same network for an image of noise, relative to the
/// largest logit.
///
/// # Errors
/// What is wrong with one of the files.
pub(crate) fn logit_error(before: &mut WeightFile<'_>, after: &[u8]) -> Result<f32, Error> {
    let device = Device::flex();
    let mut after = WeightFile::open(after, &Choices::default())?;
    let shape = before.metadata().input_shape();
    let logits = |file: &mut WeightFile<'_>| {
        let spec = file.spec().clone();
        let network = CpuResNet::load(spec, file, Arithmetic::F32)?;
        let input = TensorData::new(synthetic::input(shape), shape);
        let logits = network.forward(Tensor::from_data(input, &device))?;
        let logits = logits.into_data();
        Ok::<_, Error>(logits.iter::<f32>().collect::<Vec<_>>())
    };
    let (before, after) = (logits(before)?, logits(&mut after)?);
    let largest = before.iter().fold(0.0, |max: f32, v| max.max(v.abs()));
    let differences = before.iter().zip(&after).map(|(b, a)| (b - a).abs());
    Ok(differences.fold(0.0, f32::max) / largest)
}
