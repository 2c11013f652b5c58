//! The crate `resnet-web-convert` as a wasm module: from any weight file to one of this project's, where there is neither Rust
//! nor a browser. `www/cli` uses it.
#![cfg(target_arch = "wasm32")]

use std::io;

use js_sys::{Array, Error as JsError, Function, Reflect, Uint8Array};
use resnet_web_convert::ConvertError;
use resnet_web_convert::file::{Converted, WeightDtype, convert_file};
use resnet_web_core::weights::{
    Assumption, ByteSource, Choices, Description, WeightError, WeightFile,
};
use serde_json::json;
use wasm_bindgen::prelude::*;

/// A file that JavaScript reads.
struct FileBytes {
    size: u64,
    /// `(offset, length)` to the bytes there.
    read: Function,
}

impl ByteSource for FileBytes {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        // Whole numbers of this size are exact in f64.
        let [offset, length] = [offset as f64, buffer.len() as f64].map(JsValue::from);
        let bytes = self.read.call2(&JsValue::NULL, &offset, &length);
        let bytes = Uint8Array::new(&bytes.map_err(|_| io::ErrorKind::Other)?);
        if bytes.length() as usize != buffer.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.copy_to(buffer);
        Ok(())
    }
}

/// A converted weight file.
#[wasm_bindgen]
#[derive(Debug)]
pub struct ConvertedFile {
    converted: Converted,
    facts: String,
}

#[wasm_bindgen]
impl ConvertedFile {
    /// The file's bytes, in safetensors.
    pub fn bytes(&self) -> Uint8Array {
        Uint8Array::from(self.converted.bytes.as_slice())
    }

    /// JSON: `architecture`, `classes`, `labels` (how many there are), `assumed`, and `rounding`, the largest difference
    /// between a value and what is written of it, as a part of its tensor's largest.
    #[wasm_bindgen(getter)]
    pub fn facts(&self) -> String {
        self.facts.clone()
    }
}

/// Converts the weight file of `size` bytes, which `read` reads: `(offset, length)` to a `Uint8Array`. `beside` opens a file
/// beside it, which may describe it or have an ONNX model's weights: a name to `{ size, read }`, or to nothing where there is none.
///
/// `choices` is the JSON of `WeightChoices`. `descriptions` are files with labels or configurations that were named; choices come
/// before them, one of them before the next, and those beside the weights last. `dtype` is `f32`, `f16` or `int8`.
///
/// # Errors
/// Those of reading weights and labels, with their `code`; `weights-values` for values that `dtype` cannot hold.
#[wasm_bindgen]
pub fn convert(
    size: f64,
    #[wasm_bindgen(unchecked_param_type = "(offset: number, length: number) => Uint8Array")]
    read: Function,
    #[wasm_bindgen(
        unchecked_param_type = "(name: string) => { size: number; read(offset: number, length: number): Uint8Array } | undefined"
    )]
    beside: Function,
    choices: &str,
    #[wasm_bindgen(unchecked_param_type = "Uint8Array[]")] descriptions: Array,
    dtype: &str,
) -> Result<ConvertedFile, JsValue> {
    let mut choices: Choices =
        serde_json::from_str(choices).map_err(|error| JsError::new(&error.to_string()))?;
    let dtype = match dtype {
        "f32" => WeightDtype::F32,
        "f16" => WeightDtype::F16,
        _ => WeightDtype::Int8,
    };
    let mut described = Description::default();
    for bytes in descriptions.iter() {
        let found = Description::read(&Uint8Array::new(&bytes).to_vec());
        described = described.or(found.map_err(weights_error)?);
    }
    let open_beside = |name: &str| opened(&beside, name);
    let found = Description::beside(&open_beside);
    choices.described = Some(Box::new(found.choices()));
    let named = described.choices();
    choices.stride_on = choices.stride_on.or(named.stride_on);
    choices.anti_aliasing = choices.anti_aliasing.or(named.anti_aliasing);
    choices.other_network.extend(named.other_network);
    choices.preprocessing = choices.preprocessing.or(named.preprocessing);
    let size = size as u64;
    let bytes = FileBytes { size, read };
    let file = WeightFile::open_beside(bytes, &open_beside, &choices);
    let mut file = file.map_err(weights_error)?;
    let labels = Some(described.labels).filter(|labels| !labels.is_empty());
    let labels = labels.or_else(|| found.labels_for(file.metadata()));
    let mut assumed = file.assumed().to_vec();
    if labels.is_some() {
        assumed.retain(|&assumption| assumption != Assumption::Labels);
    }
    let metadata = file.metadata();
    let known = labels.as_ref().unwrap_or(&metadata.labels).len();
    let mut facts = json!({
        "architecture": metadata.name,
        "classes": metadata.network.distinguished(),
        "labels": known,
        "assumed": assumed,
    });
    let converted = convert_file(&mut file, labels, dtype).map_err(convert_error)?;
    facts["rounding"] = json!(converted.rounding);
    let facts = facts.to_string();
    Ok(ConvertedFile { converted, facts })
}

/// What `beside` returns for a name.
fn opened(beside: &Function, name: &str) -> Option<Box<dyn ByteSource>> {
    let file = beside.call1(&JsValue::NULL, &name.into()).ok()?;
    let size = Reflect::get(&file, &"size".into()).ok()?.as_f64()? as u64;
    let read = Reflect::get(&file, &"read".into()).ok()?.dyn_into().ok()?;
    Some(Box::new(FileBytes { size, read }))
}

fn convert_error(error: ConvertError) -> JsValue {
    match error {
        ConvertError::Weights(error) => weights_error(error),
        other => thrown("weights-values", &other.to_string()),
    }
}

fn weights_error(error: WeightError) -> JsValue {
    thrown(error.code(), &error.to_string())
}

/// A JavaScript `Error` named `ResNetError`, as `www/protocol/errors.ts` knows it from every module.
fn thrown(code: &str, text: &str) -> JsValue {
    let mut text = text.trim_end_matches('.').to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let thrown = JsError::new(&format!("{text}."));
    thrown.set_name("ResNetError");
    // Setting a property of an object just made does not fail.
    let _ = Reflect::set(&thrown, &"code".into(), &code.into());
    thrown.into()
}
