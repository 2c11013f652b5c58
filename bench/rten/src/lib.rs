//! What the race needs of rten: load an ONNX model, run it.

use rten::{Model, ModelOptions, Value};
use rten_tensor::Tensor;
use wasm_bindgen::prelude::*;

/// A network with one input, images, and one output, their logits.
#[wasm_bindgen]
pub struct Network(Model);

#[wasm_bindgen]
impl Network {
    /// Reads an ONNX model; everything that can be worked out beforehand is.
    #[wasm_bindgen(constructor)]
    pub fn new(onnx: Vec<u8>) -> Result<Network, JsError> {
        let model = ModelOptions::with_all_ops()
            .enable_optimization(true)
            .prepack_weights(true)
            .load(onnx)?;
        Ok(Self(model))
    }

    /// The logits of images `[batch, channels, height, width]`.
    pub fn run(&self, values: Vec<f32>, shape: &[usize]) -> Result<Vec<f32>, JsError> {
        let input: Value = Tensor::try_from_data(shape, values)?.into();
        let logits: Tensor<f32> = self.0.run_one(input.into(), None)?.try_into()?;
        Ok(logits.into_data())
    }
}
