//! The wasm surface: what JavaScript sees. It converts arguments and results, and the rest of the crate does the work.

mod blob;
#[cfg(feature = "threads")]
pub mod threads;

use std::panic;

use js_sys::{Array, Error as JsError, Function, JSON, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use wasm_bindgen::prelude::*;
use web_sys::Blob;

use crate::backend::{self, DeviceKind, DeviceReport, Processor};
use crate::classifier::{self, Classifier, EvidenceFor};
use crate::error::Error;
use crate::image::PreprocessingChoice;
use crate::inspect::{self, FeatureMaps};
use crate::weights::{ByteSource, Choices, Description};
use blob::BlobBytes;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"import type { Classification, Description, DeviceKind, DeviceReport, ExternalFile, LayerTime, ModelInfo, SeenChannel, SeenLayer, Summary, WeightChoices } from "../../protocol/types";"#;

/// Runs when the module is loaded: panics and the GPU's warnings are written to the console.
#[wasm_bindgen(start)]
pub fn start() {
    #[cfg(feature = "webgpu")]
    run_constructors();
    console_error_panic_hook::set_once();
    // Fails if a second module in the same worker finds a logger set, which is just as good.
    let _ = console_log::init_with_level(log::Level::Warn);
}

/// Runs the static constructors of the dependencies: cubecl's register its operations.
///
/// Without this call the linker calls them in every export, and then every call from JavaScript takes most of a millisecond.
#[cfg(feature = "webgpu")]
#[allow(unsafe_code)]
fn run_constructors() {
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }
    // SAFETY: the linker defines this function. It is called once, before anything else.
    unsafe { __wasm_call_ctors() }
}

/// Calls `listener` with a panic's message and location before the instance traps.
///
/// The listener must not call into the instance. It is needed because the promise of an async function that panics is never
/// settled.
#[wasm_bindgen(js_name = setPanicListener)]
pub fn set_panic_listener(
    #[wasm_bindgen(unchecked_param_type = "(message: string) => void")] listener: Function,
) {
    // A hook must be Send, and a JavaScript function is not, so it stays in this thread. A panic in a worker thread traps
    // there, and this thread panics as soon as it waits for that thread.
    thread_local! {
        static LISTENER: std::cell::RefCell<Option<Function>> = const { std::cell::RefCell::new(None) };
    }
    LISTENER.set(Some(listener));
    panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        let listener = LISTENER.with_borrow(Clone::clone);
        if let Some(listener) = listener {
            // The instance is about to trap, so an exception of the listener cannot be reported.
            let _ = listener.call1(&JsValue::NULL, &JsValue::from(info.to_string()));
        }
    }));
}

/// A device that has passed the self-check.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    processor: Processor,
    report: DeviceReport,
}

#[wasm_bindgen]
impl Engine {
    /// Opens a device and checks it. The CPU module knows only `"cpu"`.
    ///
    /// # Errors
    /// `adapter-unavailable`, `adapter-software`, `device-failed`, `self-check-failed`.
    pub async fn open(
        #[wasm_bindgen(unchecked_param_type = "DeviceKind")] kind: String,
        #[wasm_bindgen(js_name = allowSoftware)] allow_software: bool,
    ) -> Result<Engine, JsValue> {
        let kind = if kind == "webgpu" {
            DeviceKind::WebGpu
        } else {
            DeviceKind::Cpu
        };
        let (processor, report) = backend::open(kind, allow_software)
            .await
            .map_err(Error::from)
            .map_err(thrown)?;
        Ok(Self { processor, report })
    }

    /// What the device is.
    #[wasm_bindgen(getter, unchecked_return_type = "DeviceReport")]
    pub fn report(&self) -> Result<JsValue, JsValue> {
        to_js(&self.report)
    }

    /// Reads a weight file, with the files of external data of an ONNX model, and builds its network on the device. The blobs
    /// are not needed afterwards.
    ///
    /// # Errors
    /// `weights-format`, `weights-unreadable`, `weights-missing`, `weights-shape`, `weights-dtype`, `weights-values`,
    /// `weights-architecture`, `device-failed`, `device-lost`.
    pub fn load(
        &self,
        weights: Blob,
        #[wasm_bindgen(unchecked_param_type = "WeightChoices")] choices: JsValue,
        #[wasm_bindgen(unchecked_param_type = "readonly ExternalFile[]")] external: Array,
    ) -> Result<Model, JsValue> {
        let choices: Choices = from_js(&choices)?;
        let beside = |name: &str| {
            let file = external.iter().find(|file| blob_of(file, name).is_some())?;
            let bytes = BlobBytes::new(blob_of(&file, name)?);
            Some(Box::new(bytes) as Box<dyn ByteSource + '_>)
        };
        let bytes = BlobBytes::new(weights);
        let classifier = Classifier::load_beside(bytes, &beside, &choices, &self.processor);
        Ok(Model {
            classifier: classifier.map_err(thrown)?,
        })
    }
}

/// Reads a file that describes a model beside its weights: labels, or a configuration of Hugging Face or timm.
///
/// # Errors
/// `labels` for any other file, and for one with neither labels nor settings.
#[wasm_bindgen(js_name = readDescription, unchecked_return_type = "Description")]
pub fn read_description(bytes: &[u8]) -> Result<JsValue, JsValue> {
    let description = Description::read(bytes).map_err(Error::from);
    to_js(&description.map_err(thrown)?)
}

/// The bytes of an `ExternalFile`, if it has this name. In Node they are no `Blob`, but have as much of its surface as is used.
fn blob_of(file: &JsValue, name: &str) -> Option<Blob> {
    let own = Reflect::get(file, &JsValue::from("name")).ok()?;
    let blob = Reflect::get(file, &JsValue::from("blob")).ok()?;
    (own.as_string()? == name).then(|| blob.unchecked_into())
}

/// A network on a device.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Model {
    classifier: Classifier,
}

#[wasm_bindgen]
impl Model {
    /// What the weight file says of itself, or what its tensors show.
    #[wasm_bindgen(getter, unchecked_return_type = "ModelInfo")]
    pub fn info(&self) -> Result<JsValue, JsValue> {
        let metadata = self.classifier.metadata();
        let origin = self.classifier.origin();
        to_js(&json!({
            "architecture": metadata.name,
            "family": metadata.network.family,
            "block": metadata.network.block,
            "repetitions": metadata.network.repetitions,
            "widths": metadata.network.widths,
            "stem": metadata.network.stem,
            "shortcut": metadata.network.shortcut,
            "attention": metadata.network.attention,
            "antiAliasing": metadata.network.anti_aliasing,
            "preActivation": metadata.network.pre_activation,
            "headLayers": metadata.network.head_layers,
            "strideOn": metadata.network.stride_on,
            "inputShape": metadata.input_shape(),
            "classes": metadata.network.distinguished(),
            "labels": metadata.labels,
            "source": metadata.source,
            "license": metadata.license,
            "dtype": metadata.dtype,
            "arithmetic": self.classifier.arithmetic(),
            "arithmetics": self.classifier.arithmetics(),
            "onGpu": self.classifier.on_gpu(),
            "groups": metadata.network.groups,
            "widthPerGroup": metadata.network.width_per_group,
            "preprocessing": PreprocessingChoice::from(metadata.preprocessing),
            "format": origin.format,
            "naming": origin.naming,
            "assumed": origin.assumed,
            "notes": origin.notes,
            "weightSets": origin.weight_sets,
        }))
    }

    /// Replaces the classes' labels, in the order of the logits.
    ///
    /// # Errors
    /// `labels` if there are more or fewer labels than classes. The labels stay as they were then.
    #[wasm_bindgen(js_name = setLabels)]
    pub fn set_labels(&mut self, labels: Vec<String>) -> Result<(), JsValue> {
        self.classifier
            .set_labels(labels)
            .map_err(Error::from)
            .map_err(thrown)
    }

    /// A row for each layer.
    #[wasm_bindgen(getter, unchecked_return_type = "Summary")]
    pub fn summary(&self) -> Result<JsValue, JsValue> {
        to_js(&self.classifier.summary().map_err(thrown)?)
    }

    /// Runs the network alone: a preprocessed image `[1, channels, height, width]`, row by row, to logits.
    ///
    /// # Errors
    /// `image-size`, `device-failed`, `device-lost`.
    pub async fn logits(&self, input: Vec<f32>) -> Result<Vec<f32>, JsValue> {
        self.classifier.logits(input).await.map_err(thrown)
    }

    /// Classifies RGBA pixels, row by row, as `ImageData` has them. `evidence` asks for a class activation map: of the class
    /// with this index, or of the most probable class with `"first"`.
    ///
    /// # Errors
    /// `image-size`, `class-index`, `no-classes`, `device-failed`, `device-lost`.
    #[wasm_bindgen(unchecked_return_type = "Classification")]
    pub async fn classify(
        &self,
        rgba: Vec<u8>,
        width: u32,
        height: u32,
        top: usize,
        #[wasm_bindgen(unchecked_param_type = "\"first\" | number | undefined")] evidence: JsValue,
    ) -> Result<JsValue, JsValue> {
        let evidence = evidence_for(&evidence);
        let run = self
            .classifier
            .classify(&rgba, width, height, top, evidence);
        let classification = run.await;
        to_js(&classification.map_err(thrown)?)
    }

    /// Begins what `classify` does, for a caller that may stop it between steps. The run keeps the network and its labels even
    /// if this model is freed. With `embedding` its result has the features that enter the head's layers, too. A model without
    /// classes gives these alone, for a `top` of zero.
    ///
    /// # Errors
    /// `image-size`, `class-index`, `no-classes`.
    pub fn begin(
        &self,
        rgba: Vec<u8>,
        width: u32,
        height: u32,
        top: usize,
        #[wasm_bindgen(unchecked_param_type = "\"first\" | number | undefined")] evidence: JsValue,
        embedding: bool,
    ) -> Result<Run, JsValue> {
        let evidence = evidence_for(&evidence);
        let classifier = &self.classifier;
        let run = if top == 0 && evidence.is_none() && embedding {
            classifier.begin_embedding(&rgba, width, height)
        } else {
            classifier.begin(&rgba, width, height, top, evidence)
        };
        let run = run.map_err(thrown)?;
        Ok(Run {
            run: Some(if embedding { run.with_embedding() } else { run }),
        })
    }

    /// How long a GPU takes for each layer; null on the CPU, and if the GPU or the browser has no timestamps.
    ///
    /// # Errors
    /// `device-lost`.
    #[wasm_bindgen(js_name = layerTimes, unchecked_return_type = "LayerTime[] | null")]
    pub async fn layer_times(&self) -> Result<JsValue, JsValue> {
        to_js(&self.classifier.layer_times().await.map_err(thrown)?)
    }

    /// Runs the network on RGBA pixels and inspects every layer. On the CPU only.
    ///
    /// # Errors
    /// `image-size`, `device-failed`.
    pub fn inspect(&self, rgba: Vec<u8>, width: u32, height: u32) -> Result<Inspection, JsValue> {
        let inspection = self.classifier.inspect(&rgba, width, height);
        let inspection = inspection.map_err(thrown)?;
        Ok(Inspection { inspection })
    }
}

/// A classification under way. To free it is to end it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Run {
    run: Option<classifier::Run>,
}

#[wasm_bindgen]
impl Run {
    /// Computes the next step and returns whether there are more before `finish`: on the CPU the stem and each block are a step;
    /// on a GPU there is none, since the network is one submission.
    ///
    /// # Errors
    /// `device-failed` if a step has failed before.
    pub fn advance(&mut self) -> Result<bool, JsValue> {
        match &mut self.run {
            Some(run) => run.advance().map_err(thrown),
            None => Err(finished()),
        }
    }

    /// Computes everything that is left. It can be called once; the run is freed afterwards all the same.
    ///
    /// # Errors
    /// `device-failed`, `device-lost`.
    #[wasm_bindgen(unchecked_return_type = "Classification")]
    pub async fn finish(&mut self) -> Result<JsValue, JsValue> {
        let run = self.run.take().ok_or_else(finished)?;
        to_js(&run.finish().await.map_err(thrown)?)
    }
}

fn finished() -> JsValue {
    JsError::new("This run has finished already: begin another one.").into()
}

/// The outputs of every layer in one run, until it is freed.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Inspection {
    inspection: inspect::Inspection,
}

#[wasm_bindgen]
impl Inspection {
    /// Every layer, in the order of computation.
    #[wasm_bindgen(getter, unchecked_return_type = "SeenLayer[]")]
    pub fn layers(&self) -> Result<JsValue, JsValue> {
        to_js(&self.inspection.layers())
    }

    /// The channels of the layer at this index, the one with the largest activation first; none if there is no such layer.
    #[wasm_bindgen(unchecked_return_type = "SeenChannel[]")]
    pub fn channels(&self, place: usize) -> Result<JsValue, JsValue> {
        let channels = self.inspection.maps(place).map(FeatureMaps::channels);
        to_js(&channels.unwrap_or_default())
    }

    /// The images of `count` of those channels from `from` on, one byte per pixel.
    pub fn pixels(&self, place: usize, from: usize, count: usize) -> Vec<u8> {
        let maps = self.inspection.maps(place);
        maps.map_or_else(Vec::new, |maps| maps.pixels(from, count))
    }
}

/// What JavaScript asks for: nothing, a class index or `"first"`.
fn evidence_for(evidence: &JsValue) -> Option<EvidenceFor> {
    match evidence.as_f64() {
        Some(class) => Some(EvidenceFor::Class(class as usize)),
        None if evidence.is_undefined() => None,
        None => Some(EvidenceFor::First),
    }
}

/// Reads what JavaScript passes as a plain object; `undefined` is an empty one.
fn from_js<T: DeserializeOwned + Default>(value: &JsValue) -> Result<T, JsValue> {
    if value.is_undefined() {
        return Ok(T::default());
    }
    let text = JSON::stringify(value)?.as_string().unwrap_or_default();
    serde_json::from_str(&text).map_err(|error| JsError::new(&error.to_string()).into())
}

fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let text = serde_json::to_string(value).map_err(|error| JsError::new(&error.to_string()))?;
    JSON::parse(&text)
}

/// A JavaScript `Error` named `ResNetError`, with the error's code, and its text as sentences.
fn thrown(error: Error) -> JsValue {
    let thrown = JsError::new(&sentences(&error.to_string()));
    thrown.set_name("ResNetError");
    // Setting a property of an object just made does not fail.
    let _ = Reflect::set(
        &thrown,
        &JsValue::from("code"),
        &JsValue::from(error.code()),
    );
    thrown.into()
}

/// An error's text starts with a lower-case letter and has no full stop, so that it can be part of another text. People read
/// sentences.
fn sentences(text: &str) -> String {
    let rest = text.trim_end_matches('.');
    let first = rest.chars().next().map(|first| first.to_ascii_uppercase());
    let mut sentences: String = first.into_iter().collect();
    sentences.extend(rest.chars().skip(1));
    sentences.push('.');
    sentences
}
