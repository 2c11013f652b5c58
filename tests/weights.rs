//! Weight files: what loads, and what is said of files that do not.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::sync::LazyLock;

use burn::prelude::*;
use flate2::read::GzDecoder;
use half::{bf16, f16};
use pollster::block_on;
use proptest::prelude::*;
use resnet_web::backend::Processor;
use resnet_web::classifier::Classifier;
use resnet_web::cpu::CpuResNet;
use resnet_web::image::{Interpolation, PreprocessingChoice};
use resnet_web::resnet::config::AntiAliasing;
use resnet_web::resnet::conv::Arithmetic;
use resnet_web::resnet::{BlockKind, Family, Head, StrideOn};
use resnet_web::weights::index::Format;
use resnet_web::weights::metadata::KEY;
use resnet_web::weights::synthetic::input;
use resnet_web::weights::{Assumption, Choices, Description, Note, TensorSource, WeightFile};
use safetensors::Dtype;
use serde::Deserialize;
use support::weight_file::{Draft, Entry, small};

/// An image of 40 x 30 pixels.
static STRIPES: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..40 * 30 * 4).map(|i| (i * 7 % 256) as u8).collect());

/// The most probable class and its probability for [`STRIPES`].
fn top(bytes: &[u8]) -> (usize, f32) {
    let classifier = Classifier::load(bytes, &Choices::default(), &Processor::Cpu).unwrap();
    let top = block_on(classifier.classify(&STRIPES, 40, 30, 1, None))
        .unwrap()
        .top;
    (top[0].index, top[0].probability)
}

/// What is done to a small file that goes on being one.
type Variant = (&'static str, fn(&mut Draft));

/// Writes the tensors of several sides anew, in another type.
fn keep_as<const N: usize>(draft: &mut Draft, dtype: Dtype, number: fn(f32) -> [u8; N]) {
    for (_, entry) in draft.tensors.iter_mut().filter(|(_, e)| e.shape.len() > 1) {
        let (numbers, _) = entry.bytes.as_chunks::<4>();
        let numbers = numbers.iter().map(|&bytes| f32::from_le_bytes(bytes));
        entry.bytes = numbers.flat_map(number).collect();
        entry.dtype = dtype;
    }
}

/// Writes the tensors of several sides as whole numbers with scales beside them.
fn keep_as_int8(draft: &mut Draft) {
    let mut scales = Vec::new();
    for (name, entry) in draft.tensors.iter_mut().filter(|(_, e)| e.shape.len() > 1) {
        let (numbers, _) = entry.bytes.as_chunks::<4>();
        let numbers: Vec<_> = numbers.iter().map(|&b| f32::from_le_bytes(b)).collect();
        let channels = numbers.chunks_exact(numbers.len() / entry.shape[0]);
        let scale = |channel: &[f32]| channel.iter().fold(0.0, |m: f32, v| m.max(v.abs())) / 127.0;
        let bytes = channels.clone().flat_map(|channel| {
            let scale = scale(channel);
            channel.iter().map(move |v| (v / scale).round() as i8 as u8)
        });
        let own: Vec<u8> = channels
            .clone()
            .flat_map(|c| scale(c).to_le_bytes())
            .collect();
        entry.bytes = bytes.collect();
        entry.dtype = Dtype::I8;
        let scale = Entry {
            dtype: Dtype::F32,
            shape: vec![entry.shape[0]],
            bytes: own,
        };
        scales.push((format!("{name}_scale"), scale));
    }
    draft.tensors.extend(scales);
}

#[test]
fn files_that_load_give_the_same_answer() {
    let expected = top(&small());
    let variants: [Variant; 8] = [
        ("f16", |d| {
            keep_as(d, Dtype::F16, |v| f16::from_f32(v).to_le_bytes())
        }),
        ("bf16", |d| {
            keep_as(d, Dtype::BF16, |v| bf16::from_f32(v).to_le_bytes())
        }),
        ("f64", |d| {
            keep_as(d, Dtype::F64, |v| f64::from(v).to_le_bytes())
        }),
        ("int8 with scales", keep_as_int8),
        ("batch counts, as PyTorch saves them", |draft| {
            let count = Entry {
                dtype: Dtype::I64,
                shape: vec![],
                bytes: vec![0; 8],
            };
            draft
                .tensors
                .push(("bn1.num_batches_tracked".to_owned(), count));
        }),
        ("names of a network trained on several GPUs", |draft| {
            for (name, _) in &mut draft.tensors {
                *name = format!("module.{name}");
            }
        }),
        ("names wrapped twice", |draft| {
            for (name, _) in &mut draft.tensors {
                *name = format!("model._orig_mod.{name}");
            }
        }),
        ("no labels", |draft| draft.metadata.labels.clear()),
    ];
    for (name, change) in variants {
        let mut draft = Draft::small();
        change(&mut draft);
        let found = top(&draft.write());
        let tolerance = if name == "bf16" || name.starts_with("int8") {
            2e-2
        } else {
            1e-3
        };
        assert!(
            found.0 == expected.0 && (found.1 - expected.1).abs() < tolerance,
            "{name}: {found:?} instead of {expected:?}"
        );
    }
}

#[test]
fn files_beside_the_weights_count_where_the_weights_say_nothing() {
    let preprocessing = |crop| PreprocessingChoice {
        crop: Some(crop),
        interpolation: Some(Interpolation::Bicubic),
        ..Draft::small().metadata.preprocessing.into()
    };
    let mut described = Choices::default();
    described.preprocessing = Some(preprocessing(30));
    let mut choices = Choices::default();
    choices.described = Some(Box::new(described));
    let mut decided = choices.clone();
    decided.preprocessing = Some(preprocessing(28));
    let draft = Draft::small();
    let without_metadata = draft.write_with(HashMap::new());
    for (name, bytes, choices, crop, filter) in [
        (
            "beside",
            &without_metadata,
            &choices,
            30,
            Interpolation::Bicubic,
        ),
        (
            "the caller",
            &without_metadata,
            &decided,
            28,
            Interpolation::Bicubic,
        ),
        (
            "metadata",
            &draft.write(),
            &choices,
            32,
            Interpolation::Bilinear,
        ),
    ] {
        let file = WeightFile::open(bytes.as_slice(), choices).unwrap();
        let found = file.metadata().preprocessing;
        assert_eq!((found.crop, found.interpolation), (crop, filter), "{name}");
        assert!(
            !file.assumed().contains(&Assumption::Preprocessing),
            "{name}"
        );
    }
}

#[test]
fn a_configuration_beside_the_weights_says_how_they_are_kept_from_aliasing() {
    let bytes = Draft::small().write_with(HashMap::new());
    for (architecture, expected) in [
        ("resnetaa18d", Some(AntiAliasing::Average)),
        ("resnetblur18", Some(AntiAliasing::Blur)),
        ("resnet18", None),
    ] {
        let config = format!(r#"{{"architecture": "{architecture}"}}"#);
        let mut choices = Choices::default();
        choices.described = Some(Box::new(
            Description::read(config.as_bytes()).unwrap().choices(),
        ));
        let file = WeightFile::open(bytes.as_slice(), &choices).unwrap();
        assert_eq!(
            file.metadata().network.anti_aliasing,
            expected,
            "{architecture}"
        );
    }
}

#[test]
fn a_configuration_with_an_invalid_size_does_not_lock_the_weights_out() {
    let bare = Draft::small().write_with(HashMap::new());
    let config = r#"{"input_size": [3, 3000, 3000], "interpolation": "bicubic"}"#;
    let described = Description::read(config.as_bytes()).unwrap();
    let mut choices = Choices::default();
    choices.described = Some(Box::new(described.choices()));
    let classifier = Classifier::load(bare.as_slice(), &choices, &Processor::Cpu).unwrap();
    let found = classifier.metadata().preprocessing;
    assert_eq!(
        (found.crop, found.interpolation),
        (224, Interpolation::Bicubic)
    );
}

#[test]
fn settings_that_make_another_network_are_refused() {
    let draft = Draft::small();
    let bare = draft.write_with(HashMap::new());
    let silu = r#"{"architecture": "resnet18", "model_args": {"act_layer": "silu"}}"#;
    let several = r#"{"model_type": "resnet", "problem_type": "multi_label_classification"}"#;
    let packed = fs::File::open("tests/fixtures/onnx/basic-opset17.onnx.gz").unwrap();
    let mut graph = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut graph).unwrap();
    let cases = [
        ("beside", &bare, silu, true, Some("`act_layer`: silu")),
        ("named", &bare, silu, false, Some("`act_layer`: silu")),
        ("metadata", &draft.write(), silu, true, None),
        ("a graph", &graph, silu, false, None),
        (
            "a graph's logits",
            &graph,
            several,
            true,
            Some("`problem_type`: multi_label"),
        ),
    ];
    let mut report = Vec::new();
    for (name, bytes, config, is_beside, expected) in cases {
        let said = Description::read(config.as_bytes()).unwrap().choices();
        let mut choices = Choices::default();
        if is_beside {
            choices.described = Some(Box::new(said));
        } else {
            choices = said;
        }
        let found = WeightFile::open(bytes.as_slice(), &choices);
        let found = found.err().map(|error| error.to_string());
        let is_expected = match (&found, expected) {
            (Some(found), Some(words)) => found.contains(words),
            (found, expected) => found.is_none() && expected.is_none(),
        };
        if !is_expected {
            report.push(format!("{name}: {found:?}"));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

/// The preprocessing of a small file's network, which its tensors do not show.
fn small_choices() -> Choices {
    let mut choices = Choices::default();
    choices.preprocessing = Some(Draft::small().metadata.preprocessing.into());
    choices
}

#[test]
fn what_a_file_does_not_say_is_read_off_its_tensors() {
    let draft = Draft::small();
    for (name, bytes, format, naming) in [
        (
            "safetensors",
            draft.write_with(HashMap::new()),
            Format::Safetensors,
            "torchvision",
        ),
        ("burnpack", draft.write_burnpack(), Format::Burnpack, "burn"),
    ] {
        let classifier =
            Classifier::load(bytes.as_slice(), &small_choices(), &Processor::Cpu).unwrap();
        let metadata = classifier.metadata();
        assert_eq!(metadata.network, draft.metadata.network, "{name}");
        assert_eq!(metadata.name, "ResNet [1, 1, 1, 1]", "{name}");
        let origin = classifier.origin();
        assert_eq!((origin.format, origin.naming), (format, naming));
        // A no-bottleneck network has but one way to stride, and only timm's names have anti-aliasing.
        let is_open = [Assumption::AntiAliasing, Assumption::Labels];
        let open = &is_open[usize::from(naming != "torchvision")..];
        assert_eq!(origin.assumed, open, "{name}");

        let run = classifier.classify(&STRIPES, 40, 30, 1, None);
        let found = block_on(run).unwrap().top[0].clone();
        let expected = top(&small());
        assert!(
            found.index == expected.0 && (found.probability - expected.1).abs() < 1e-4,
            "{name}: {found:?} instead of {expected:?}"
        );
    }
}

/// What PyTorch made, and what it computes with it: `make_weight_files.py`.
const FILES: &str = "tests/fixtures/weights";

#[derive(Deserialize)]
struct Expected {
    files: Vec<ExpectedFile>,
    other_sets: Vec<ExpectedFile>,
    whole_modules: Vec<ExpectedFile>,
    refused: Vec<RefusedFile>,
}

#[derive(Deserialize)]
struct ExpectedFile {
    file: String,
    network: String,
    /// The set of weights that is asked for.
    weight_set: Option<String>,
    input_shape: [usize; 4],
    logits: Vec<f32>,
}

#[derive(Deserialize)]
struct RefusedFile {
    file: String,
}

fn expected_files() -> Expected {
    let text = fs::read_to_string(format!("{FILES}/expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A file of [`FILES`], unpacked.
fn unpacked(file: &str) -> Vec<u8> {
    let path = format!("{FILES}/{file}");
    let packed = fs::File::open(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut bytes = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn files_that_pytorch_wrote_give_pytorchs_logits() {
    let device = Device::flex();
    let mut report = Vec::new();
    let Expected {
        files,
        other_sets,
        whole_modules,
        ..
    } = expected_files();
    let files = files.into_iter().chain(other_sets).chain(whole_modules);
    for ExpectedFile {
        file,
        network,
        weight_set,
        input_shape,
        logits,
    } in files
    {
        let bytes = unpacked(&file);
        let mut choices = Choices::default();
        choices.weight_set = weight_set;
        let found = WeightFile::open(bytes.as_slice(), &choices).and_then(|mut file| {
            let spec = file.spec().clone();
            CpuResNet::load(spec, &mut file, Arithmetic::F32)
        });
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                report.push(format!("{file}: {error}"));
                continue;
            }
        };
        let config = &found.spec().config;
        let what = (
            config.family,
            config.block,
            config.groups,
            config.width_per_group,
        );
        let expected = match network.as_str() {
            "basic" | "binary" => (Family::Torchvision, BlockKind::NoBottleneck, 1, 64),
            "bottleneck" => (Family::Torchvision, BlockKind::Bottleneck, 1, 64),
            "wide" => (Family::Torchvision, BlockKind::Bottleneck, 1, 128),
            "resnext" => (Family::Torchvision, BlockKind::Bottleneck, 32, 4),
            "seed-basic" => (Family::Reference, BlockKind::NoBottleneck, 1, 64),
            "seed-bottleneck" => (Family::Reference, BlockKind::Bottleneck, 1, 64),
            other => panic!("no network is called {other}"),
        };
        if what != expected {
            report.push(format!("{file}: {what:?} instead of {expected:?}"));
        }
        let input = TensorData::new(input(input_shape), input_shape);
        let computed = found.forward(Tensor::from_data(input, &device)).unwrap();
        let computed: Vec<f32> = computed.into_data().iter().collect();
        let largest = logits.iter().fold(0.0, |max: f32, v| max.max(v.abs()));
        let off = computed.iter().zip(&logits).map(|(c, l)| (c - l).abs());
        let off = off.fold(0.0, f32::max) / largest;
        if computed.len() != logits.len() || off.is_nan() || off > 1e-3 {
            report.push(format!("{file}: {off} of the largest logit off"));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

/// What is said of how fine-tuned checkpoints were read: the linear layer that was taken, what was ignored, and the sets.
#[test]
fn what_is_left_over_in_a_checkpoint_is_ignored_and_said() {
    let cases: &[(&str, &str)] = &[
        ("basic-zip.pth.gz", ""),
        ("basic-state-dict.pth.gz", ""),
        ("dropout-head.pth.gz", "head fc.1"),
        ("no-head.safetensors.gz", "no head"),
        (
            "lightning.ckpt.gz",
            "ignored criterion.weight, train_accuracy.total",
        ),
        ("averaged.pth.gz", "ignored n_averaged"),
        ("backbone-head.pth.gz", "head head.fc"),
        (
            "compiled.pth.gz",
            "head _orig_mod.classifier; ignored _orig_mod.loss.margin",
        ),
        (
            "averages.pth.gz",
            "took state_dict of state_dict, state_dict_ema",
        ),
        (
            "student-teacher.pth.gz",
            "took student.module of student.module, teacher",
        ),
    ];
    let mut report = Vec::new();
    for (file, expected) in cases {
        let bytes = unpacked(file);
        let file = match WeightFile::open(bytes.as_slice(), &Choices::default()) {
            Ok(file) => file,
            Err(error) => {
                report.push(format!("{file}: {error}"));
                continue;
            }
        };
        let found = said(&file);
        if found != *expected {
            report.push(format!("{found} instead of {expected}"));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

/// A file's notes and its sets of weights, in short.
fn said(file: &WeightFile<'_>) -> String {
    let notes = file.notes().iter().map(|note| match note {
        Note::Ignored { tensors } => format!("ignored {tensors}"),
        Note::Head { layer } => format!("head {layer}"),
        Note::NoHead => "no head".to_owned(),
        other => format!("{other:?}"),
    });
    let sets = file.weight_sets();
    let names = sets.names.join(", ");
    let taken = sets.taken.map(|taken| format!("took {taken} of {names}"));
    notes.chain(taken).collect::<Vec<_>>().join("; ")
}

#[test]
fn of_several_networks_in_a_file_one_is_taken_and_the_others_are_offered() {
    let mut draft = Draft::small();
    let copy = draft.tensors.clone();
    for (name, _) in &mut draft.tensors {
        *name = format!("model.{name}");
    }
    let average = copy.into_iter().map(|(name, mut entry)| {
        if name == "fc.bias" {
            entry.bytes.fill(0);
        }
        (format!("ema_model.module.{name}"), entry)
    });
    draft.tensors.extend(average);
    let bytes = draft.write_with(HashMap::new());
    let sets = "model, ema_model.module";
    let mut report = Vec::new();
    for (wanted, taken) in [
        (None, "model"),
        (Some("model"), "model"),
        (Some("ema_model.module"), "ema_model.module"),
        (Some("another"), "model"),
    ] {
        let mut choices = Choices::default();
        choices.weight_set = wanted.map(str::to_owned);
        let mut file = WeightFile::open(bytes.as_slice(), &choices).unwrap();
        let bias = file.take("fc.bias", &[10]).unwrap();
        let is_average = bias.iter().all(|value| *value == 0.0);
        let found = said(&file);
        let all = taken.len() + ", ".len();
        let expected = match taken {
            "model" => format!("took {taken} of {sets}"),
            _ => format!("took {taken} of {taken}, {}", &sets[..sets.len() - all]),
        };
        if found != expected || is_average != (taken == "ema_model.module") {
            report.push(format!("{wanted:?}: {found} instead of {expected}"));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

/// Files that PyTorch wrote and no ResNet is in, or none that can be had without Python: the code, and words.
const REFUSED: &[(&str, &str, &[&str])] = &[
    ("vgg.pth.gz", "weights-architecture", &["VGG"]),
    (
        "vit.pth.gz",
        "weights-architecture",
        &["vision transformer"],
    ),
    ("mobilenet.pth.gz", "weights-architecture", &["MobileNet"]),
    ("densenet.pth.gz", "weights-architecture", &["DenseNet"]),
    (
        "sparse.pth.gz",
        "weights-dtype",
        &["_rebuild_sparse_tensor"],
    ),
    ("quantized.pth.gz", "weights-dtype", &["_rebuild_qtensor"]),
    (
        "detection.pth.gz",
        "weights-architecture",
        &["a detection network"],
    ),
    (
        "module-in-dict.pth.gz",
        "weights-architecture",
        &["a network of unknown kind", "bias, weight"],
    ),
    (
        "torchscript.pt.gz",
        "weights-architecture",
        &["a network of unknown kind", "bias, weight"],
    ),
    (
        "frozen.pt.gz",
        "weights-format",
        &["a frozen TorchScript program", "`torch.jit.freeze`"],
    ),
    (
        "settings.pkl.gz",
        "weights-format",
        &["it holds `argparse.Namespace`", "state_dict()"],
    ),
    (
        "evil.pth.gz",
        "weights-architecture",
        &["unknown kind", "payload"],
    ),
];

#[test]
fn files_that_pytorch_wrote_of_something_else_are_named() {
    let mut report = Vec::new();
    for (file, code, words) in REFUSED {
        report.extend(refusal(file, &unpacked(file), code, words));
    }
    assert_eq!(report, Vec::<String>::new());
    let listed: Vec<_> = expected_files()
        .refused
        .into_iter()
        .map(|r| r.file)
        .collect();
    let untried = listed
        .iter()
        .filter(|file| REFUSED.iter().all(|(tried, ..)| tried != file));
    assert_eq!(untried.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn the_stride_comes_from_the_metadata() {
    let mut draft = Draft::small();
    draft.metadata.network.stride_on = StrideOn::Conv1;
    let network = Classifier::load(
        draft.write().as_slice(),
        &Choices::default(),
        &Processor::Cpu,
    )
    .unwrap();
    assert_eq!(network.metadata().network.stride_on, StrideOn::Conv1);
}

/// What is done to a small file, the error's code, and words that its text must hold.
type Fault = (
    &'static str,
    Box<dyn Fn(&mut Draft)>,
    &'static str,
    &'static [&'static str],
);

fn faults() -> Vec<Fault> {
    fn fault(
        name: &'static str,
        change: impl Fn(&mut Draft) + 'static,
        code: &'static str,
        words: &'static [&'static str],
    ) -> Fault {
        (name, Box::new(change), code, words)
    }
    fn set(entry: &mut Entry, index: usize, value: f32) {
        entry.bytes[4 * index..4 * index + 4].copy_from_slice(&value.to_le_bytes());
    }
    vec![
        fault(
            "a tensor is missing",
            |d| {
                d.tensors
                    .retain(|(name, _)| name != "layer2.0.bn1.running_var")
            },
            "weights-missing",
            &["lacks", "layer2.0.bn1.running_var"],
        ),
        fault(
            "a whole stage is missing",
            |d| d.tensors.retain(|(name, _)| !name.starts_with("layer3")),
            "weights-missing",
            &["layer3.0.conv1.weight", "10 more (15 in all)"],
        ),
        fault(
            "a tensor too many",
            |d| {
                d.tensors
                    .push(("layer9.bias".to_owned(), d.tensors[1].1.clone()))
            },
            "weights-missing",
            &["no place for", "layer9.bias"],
        ),
        fault(
            "a misshapen tensor",
            |d| d.tensor("fc.weight").shape = vec![512, 10],
            "weights-shape",
            &["fc.weight is [512, 10] instead of [10, 512]"],
        ),
        fault(
            "a number type that is not read",
            |d| d.tensor("bn1.weight").dtype = Dtype::I32,
            "weights-dtype",
            &["bn1.weight is I32", "F32, F16, BF16"],
        ),
        fault(
            "whole numbers without scales",
            |d| {
                let weight = d.tensor("conv1.weight");
                weight.dtype = Dtype::I8;
                weight.bytes.truncate(weight.bytes.len() / 4);
            },
            "weights-dtype",
            &["conv1.weight is I8 without conv1.weight_scale"],
        ),
        fault(
            "too few scales",
            |d| {
                keep_as_int8(d);
                let scale = d.tensor("conv1.weight_scale");
                scale.shape = vec![63];
                scale.bytes.truncate(4 * 63);
            },
            "weights-dtype",
            &["conv1.weight is I8 without conv1.weight_scale"],
        ),
        fault(
            "a network of a thousand million blocks",
            |d| d.metadata.network.repetitions = vec![1, 1_000_000_000, 1, 1],
            "weights-architecture",
            &["blocks in a stage is 1000000000", "1024"],
        ),
        fault(
            "another network's tensors",
            |d| {
                for (name, _) in &mut d.tensors {
                    *name = name.replace("layer", "block");
                }
            },
            "weights-architecture",
            &["unknown kind", "block1.0.bn1.bias"],
        ),
        fault(
            "not a number",
            |d| set(d.tensor("layer1.0.conv1.weight"), 7, f32::NAN),
            "weights-values",
            &["layer1.0.conv1.weight", "NaN", "index 7"],
        ),
        fault(
            "an infinity",
            |d| set(d.tensor("bn1.running_var"), 63, f32::INFINITY),
            "weights-values",
            &["bn1.running_var", "inf", "index 63"],
        ),
        fault(
            "a negative variance",
            |d| set(d.tensor("layer2.0.bn2.running_var"), 3, -1.0),
            "weights-values",
            &["layer2.0.bn2", "running_var is -1", "channel 3"],
        ),
        fault(
            "a mean and a factor that make the bias infinite",
            |d| {
                set(d.tensor("bn1.weight"), 7, f32::MAX);
                set(d.tensor("bn1.running_mean"), 7, f32::MAX);
            },
            "weights-values",
            &["bn1", "inf", "channel 7"],
        ),
        fault(
            "a stage of no blocks",
            |d| d.metadata.network.repetitions = vec![1, 0, 1, 1],
            "weights-architecture",
            &["stage 2"],
        ),
        fault(
            "more labels than classes",
            |d| d.metadata.labels.push("one more".to_owned()),
            "weights-architecture",
            &["found 11 labels, expected 10"],
        ),
        fault(
            "a grey image",
            |d| {
                d.metadata.network.input_channels = 1;
                let weight = d.tensor("conv1.weight");
                weight.shape = vec![64, 1, 7, 7];
                weight.bytes.truncate(4 * 64 * 7 * 7);
            },
            "weights-architecture",
            &["1 input channels", "3"],
        ),
        fault(
            "a crop larger than what it is cut from",
            |d| d.metadata.preprocessing.crop = 300,
            "weights-architecture",
            &["300 pixels"],
        ),
        fault(
            "a flatten head for another size than the crop",
            |d| {
                d.metadata.network.head = Head::Flatten { input_width: 64 };
                let weight = d.tensor("fc.weight");
                weight.shape = vec![10, 2048];
                weight.bytes = weight.bytes.repeat(4);
            },
            "weights-architecture",
            &["64 by 64"],
        ),
        fault(
            "a later format",
            |d| d.metadata.format = 99,
            "weights-architecture",
            &["format is 99"],
        ),
    ]
}

#[test]
fn a_faulty_file_is_refused_with_its_fault() {
    let mut report = Vec::new();
    for (name, change, code, words) in faults() {
        let mut draft = Draft::small();
        change(&mut draft);
        report.extend(refusal(name, &draft.write(), code, words));
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn what_is_no_weight_file_is_named() {
    let whole = small();
    let header = |length: u64| [&length.to_le_bytes()[..], b"{}"].concat();
    let cases: &[(&str, Vec<u8>, &[&str])] = &[
        ("nothing", Vec::new(), &["empty"]),
        (
            "a web page",
            b"\n <!doctype html><html>".to_vec(),
            &["HTML page"],
        ),
        (
            "a pointer",
            b"version https://git-lfs.github.com/spec/v1\n".to_vec(),
            &["Git LFS pointer"],
        ),
        (
            "the start of a zip archive",
            b"PK\x03\x04archive/data.pkl".to_vec(),
            &["zip archive"],
        ),
        ("JSON", b"{\"a\": 1}".to_vec(), &["JSON"]),
        ("an image", b"\x89PNG\r\n\x1a\n".to_vec(), &["image"]),
        ("Keras' HDF5", b"\x89HDF\r\n".to_vec(), &["HDF5", "Keras"]),
        ("GGUF", b"GGUF\x03\0\0\0".to_vec(), &["GGUF"]),
        (
            "TensorFlow Lite",
            b"\x1c\0\0\0TFL3".to_vec(),
            &["TensorFlow Lite"],
        ),
        (
            "the start of an ONNX graph",
            b"\x08\x07\x12\x07pytorch\x1a\x061.13.0:\x80".to_vec(),
            &["cut short"],
        ),
        (
            "a SavedModel",
            b"\x08\x01\x12\x8e\x04\x0a".to_vec(),
            &["TensorFlow"],
        ),
        ("zstd", b"\x28\xb5\x2f\xfd\0".to_vec(), &["unpack it"]),
        (
            "a zip archive of Keras",
            zip("model.weights.h5"),
            &["Keras"],
        ),
        ("NumPy's arrays", zip("conv1.npy"), &["NumPy"]),
        ("any zip archive", zip("notes.txt"), &["without `data.pkl`"]),
        ("anything", b"abcdefgh".to_vec(), &["first bytes"]),
        (
            "a pickle of something",
            b"\x80\x02]q\x00.".to_vec(),
            &["not one that `torch.save` wrote"],
        ),
        (
            "Detectron2's pickle of arrays",
            b"\x80\x02}(X\x01\x00\x00\x00acnumpy.core.multiarray\n_reconstruct\nu.".to_vec(),
            &["NumPy's arrays, as Detectron2's", "`torch.save`"],
        ),
        (
            "burnpack of a later version",
            b"NRUB\x02\x00\x00\x00\x00\x00".to_vec(),
            &["version 2"],
        ),
        (
            "burnpack with an index longer than the file",
            b"NRUB\x01\x00\xff\xff\xff\xff".to_vec(),
            &["4294967295 bytes long"],
        ),
        (
            "tensors that lie on top of each other",
            handmade(
                r#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
                    "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}"#,
                12,
            ),
            &["invalid offset for tensor `b`"],
        ),
        (
            "a shape of more numbers than can be counted",
            handmade(
                r#"{"a": {"dtype": "F32", "shape": [4294967296, 4294967296, 4], "data_offsets": [0, 8]}}"#,
                8,
            ),
            &["cannot be read"],
        ),
        ("a zip bomb", bomb(), &["compressed", "`torch.save`"]),
        (
            "deep nesting",
            [
                &200_000_u64.to_le_bytes()[..],
                b"{\"a\":",
                "[".repeat(199_995).as_bytes(),
            ]
            .concat(),
            &["cannot be read"],
        ),
        (
            "a header longer than the file",
            header(1 << 20),
            &["1048576 bytes long", "the file has 2"],
        ),
        (
            "a header of 2^63 bytes",
            header(1 << 63),
            &["9223372036854775808 bytes long"],
        ),
        (
            "half a file",
            whole[..whole.len() / 2].to_vec(),
            &["cut short"],
        ),
    ];
    let mut report = Vec::new();
    for (name, bytes, words) in cases {
        report.extend(refusal(name, bytes, "weights-format", words));
    }
    let draft = Draft::small();
    let unreadable = HashMap::from([(KEY.to_owned(), "[".to_owned())]);
    report.extend(refusal(
        "an unreadable description",
        &draft.write_with(unreadable),
        "weights-architecture",
        &["invalid type: sequence"],
    ));
    assert_eq!(report, Vec::<String>::new());
}

/// A safetensors file with this header and so many bytes of tensors.
fn handmade(header: &str, bytes: usize) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [&length[..], header.as_bytes(), &vec![0; bytes]].concat()
}

/// A zip archive of one empty file.
fn zip(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    let (mut entry, config) = archive.new_file(name).start().unwrap();
    let (_, descriptor) = config.wrap(&mut entry).finish().unwrap();
    entry.finish(descriptor).unwrap();
    archive.finish().unwrap();
    bytes
}

/// A zip archive whose pickle unpacks to a thousand times its size.
fn bomb() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    let (mut entry, config) = archive
        .new_file("archive/data.pkl")
        .compression_method(rawzip::CompressionMethod::DEFLATE)
        .start()
        .unwrap();
    let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::best());
    let mut writer = config.wrap(encoder);
    writer.write_all(&vec![b'N'; 8 << 20]).unwrap();
    let (encoder, descriptor) = writer.finish().unwrap();
    encoder.finish().unwrap();
    entry.finish(descriptor).unwrap();
    archive.finish().unwrap();
    bytes
}

/// A line for each way in which the refusal of `bytes` is not the one expected.
fn refusal(name: &str, bytes: &[u8], code: &str, words: &[&str]) -> Vec<String> {
    match Classifier::load(bytes, &Choices::default(), &Processor::Cpu) {
        Ok(_) => vec![format!("{name}: was loaded")],
        Err(error) => {
            let text = error.to_string();
            let missing = words.iter().filter(|word| !text.contains(**word));
            let mut faults: Vec<_> = missing
                .map(|word| format!("{name}: no «{word}» in: {text}"))
                .collect();
            if error.code() != code {
                faults.push(format!("{name}: code {} instead of {code}", error.code()));
            }
            faults
        }
    }
}

/// Real files of every form, unpacked once.
static REAL: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let pytorch = [
        "basic-zip.pth.gz",
        "basic-legacy.pth.gz",
        "basic-state-dict.pth.gz",
        "resnext.pth.gz",
    ];
    let other = [
        "basic.safetensors.gz",
        "hugging-face-bottleneck.safetensors.gz",
    ];
    let files = pytorch.into_iter().chain(other).map(unpacked);
    files
        .chain([small(), Draft::small().write_burnpack()])
        .collect()
});

/// How many bytes at the start or the end of a file describe the tensors.
const TELLING: usize = 1 << 15;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever happens to the bytes: an error or a network, never a panic.
    #[test]
    fn a_changed_file_never_panics(
        file in 0_usize..8,
        changes in prop::collection::vec((0..2 * TELLING, any::<u8>()), 1..4),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut bytes = REAL[file].clone();
        let size = bytes.len();
        for (position, byte) in changes {
            // The first half of the positions counts from the start, the second from the end.
            let position = if position < TELLING { position } else { size - 1 - (position - TELLING) };
            bytes[position] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(size));
        }
        if let Ok(mut file) = WeightFile::open(bytes.as_slice(), &Choices::default()) {
            for tensor in file.spec().tensors().into_iter().take(8) {
                let _ = file.take(&tensor.name, &tensor.shape);
            }
        }
    }
}

/// Writes the fuzz target's seeds: `cargo test --test weights burnpack_seeds -- --ignored`.
#[test]
#[ignore = "writes fuzz/seeds/burnpack"]
fn burnpack_seeds() {
    use burn::tensor::{Bytes, DType};

    let tensor = |name: &str, dtype, shape: Vec<usize>, bytes: usize| {
        let bytes = Bytes::from_bytes_vec(vec![1; bytes]);
        burn_pack::Tensor::new(name.to_owned(), dtype, shape, Some(7), bytes)
    };
    let some = vec![
        tensor("conv1.weight", DType::F32, vec![2, 3, 1, 1], 24),
        tensor("half", DType::F16, vec![3], 6),
        tensor("counts", DType::I64, vec![], 8),
    ];
    let resnet = Draft::small().tensors.into_iter();
    let resnet =
        resnet.map(|(name, entry)| tensor(&name, DType::F32, vec![0; entry.shape.len()], 0));
    let folder = "fuzz/seeds/burnpack";
    fs::create_dir_all(folder).unwrap();
    for (name, tensors) in [("small", some), ("names", resnet.collect())] {
        let pack = burn_pack::Writer::new(tensors).with_metadata("resnet-web", "{}");
        fs::write(format!("{folder}/{name}.bpk"), &*pack.into_bytes().unwrap()).unwrap();
    }
}
