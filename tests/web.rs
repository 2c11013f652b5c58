//! The wasm surface in a real browser: golden networks on the CPU and on WebGPU, and what JavaScript gets to see.
//!
//! Run with `wasm-pack test --headless --chrome -- --features webgpu`.

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashMap;

use burn::prelude::*;
use js_sys::{Array, JSON, Reflect, Uint8Array};
use resnet_web::backend::{self, DeviceKind, self_check};
use resnet_web::resnet::NormMode;
use resnet_web::web::Engine;
use serde_json::Value;
use support::convolution::{cases, linear_faults, pooling_faults};
use support::golden::Golden;
use support::weight_file::{self, Draft};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Blob;

// Where the page runs it: in a worker.
wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// The seed document's own three tests: both blocks, and the 50-layer network.
const SEED: &[&str] = &[
    include_str!("fixtures/goldens/seed-block-no-bottleneck.json"),
    include_str!("fixtures/goldens/seed-block-bottleneck.json"),
    include_str!("fixtures/goldens/seed-resnet50.json"),
];

const OTHERS: &[&str] = &[
    include_str!("fixtures/goldens/seed-resnet18-64px.json"),
    include_str!("fixtures/goldens/self-check.json"),
    include_str!("fixtures/goldens/torchvision-resnet18.json"),
    include_str!("fixtures/goldens/torchvision-resnet50.json"),
    include_str!("fixtures/goldens/torchvision-resnet50-v1-stride.json"),
];

async fn open(kind: DeviceKind) -> Device {
    let (device, report) = backend::open(kind, true).await.unwrap();
    assert_eq!(report.kind, kind);
    assert!(
        report.self_check.worst_error <= self_check::TOLERANCE,
        "{report:?}"
    );
    device
}

async fn faults(goldens: &[&[&str]], mode: NormMode, device: &Device) -> String {
    let mut faults = Vec::new();
    for json in goldens.concat() {
        faults.extend(Golden::read(json).faults(mode, device).await);
    }
    faults.join("\n")
}

#[wasm_bindgen_test]
async fn the_cpu_computes_what_pytorch_computes() {
    let device = open(DeviceKind::Cpu).await;
    assert_eq!(faults(&[SEED, OTHERS], NormMode::Folded, &device).await, "");
    assert_eq!(faults(&[SEED], NormMode::Separate, &device).await, "");
}

#[wasm_bindgen_test]
async fn the_cpus_convolutions_are_what_the_definition_says() {
    let device = open(DeviceKind::Cpu).await;
    let mut faults = pooling_faults(&device).await;
    faults.extend(linear_faults(&device).await);
    for case in cases() {
        faults.extend(case.faults(&device).await);
        faults.extend(case.int8_faults(&device).await);
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[cfg(feature = "webgpu")]
#[wasm_bindgen_test]
async fn the_gpus_convolutions_are_what_the_definition_says() {
    let device = open(DeviceKind::WebGpu).await;
    let mut faults = pooling_faults(&device).await;
    faults.extend(linear_faults(&device).await);
    for case in cases() {
        faults.extend(case.faults(&device).await);
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[cfg(feature = "webgpu")]
#[wasm_bindgen_test]
async fn webgpu_computes_what_pytorch_computes() {
    let device = open(DeviceKind::WebGpu).await;
    let small = &OTHERS[..2];
    assert_eq!(faults(&[SEED, small], NormMode::Folded, &device).await, "");
    assert_eq!(faults(&[&SEED[..2]], NormMode::Separate, &device).await, "");
}

#[cfg(feature = "webgpu")]
#[wasm_bindgen_test]
async fn a_software_adapter_is_refused_unless_asked_for() {
    let error = Engine::open("webgpu".to_owned(), false).await.unwrap_err();
    assert_eq!(property(&error, "code"), "adapter-software");
    let engine = Engine::open("webgpu".to_owned(), true).await.unwrap();
    let report = json(&engine.report().unwrap());
    assert_eq!(
        (&report["kind"], &report["software"]),
        (&"webgpu".into(), &true.into())
    );
}

#[wasm_bindgen_test]
async fn a_picture_is_classified() {
    let engine = Engine::open("cpu".to_owned(), false).await.unwrap();
    let report = json(&engine.report().unwrap());
    assert_eq!(
        (&report["kind"], &report["selfCheck"]["runs"]),
        (&"cpu".into(), &2.into())
    );

    let model = engine
        .load(blob(&weight_file::small()), JsValue::UNDEFINED)
        .unwrap();
    let info = json(&model.info().unwrap());
    assert_eq!(info["inputShape"], serde_json::json!([1, 3, 32, 32]));
    assert_eq!(info["labels"][3], "class 3");
    let summary = json(&model.summary().unwrap());
    assert_eq!(summary["rows"][0]["name"], "conv1");
    assert_eq!(
        summary["rows"][0]["outputShape"],
        serde_json::json!([1, 64, 16, 16])
    );

    let (width, height) = (40, 30);
    let rgba: Vec<u8> = (0..width * height * 4)
        .map(|i| (i * 7 % 256) as u8)
        .collect();
    let classification = json(&model.classify(rgba, width, height, 3).await.unwrap());
    let top = classification["top"].as_array().unwrap();
    let probabilities: Vec<_> = top
        .iter()
        .map(|p| p["probability"].as_f64().unwrap())
        .collect();
    assert_eq!(top.len(), 3);
    assert!(
        probabilities.is_sorted_by(|a, b| a >= b) && probabilities[0] > 0.1,
        "{probabilities:?}"
    );
    let index = top[0]["index"].as_u64().unwrap();
    assert_eq!(top[0]["label"], format!("class {index}"));
}

#[wasm_bindgen_test]
async fn a_file_that_does_not_say_all_of_itself_loads_with_what_is_chosen_and_named() {
    let engine = Engine::open("cpu".to_owned(), false).await.unwrap();
    let silent = Draft::small().write_with(HashMap::new());
    let choices = r#"{
        "name": "weights.bin",
        "preprocessing": {"resizeShortSide": 36, "crop": 32, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
    }"#;
    let mut model = engine
        .load(blob(&silent), JSON::parse(choices).unwrap())
        .unwrap();
    let info = json(&model.info().unwrap());
    assert_eq!(info["assumed"], serde_json::json!(["labels"]));
    assert_eq!(info["source"], "weights.bin");
    assert_eq!(info["preprocessing"]["resizeShortSide"], 36);

    let error = model.set_labels("cat\ndog").unwrap_err();
    assert_eq!(property(&error, "code"), "labels");
    assert!(property(&error, "message").contains("2 labels, and the network tells 10"));
    model.set_labels(&["dog"; 10].join("\n")).unwrap();
    let top = json(&model.classify(vec![255; 16], 2, 2, 1).await.unwrap());
    assert_eq!(top["top"][0]["label"], "dog");
}

#[wasm_bindgen_test]
async fn what_is_wrong_has_a_code_and_leaves_the_engine_working() {
    let engine = Engine::open("cpu".to_owned(), false).await.unwrap();
    let model = engine
        .load(blob(&weight_file::small()), JsValue::UNDEFINED)
        .unwrap();
    let error = engine
        .load(blob(b"<!doctype html>"), JsValue::UNDEFINED)
        .unwrap_err();
    assert_eq!(property(&error, "name"), "ResNetError");
    assert_eq!(property(&error, "code"), "weights-format");
    assert!(
        property(&error, "message").contains("HTML page"),
        "{error:?}"
    );
    let error = model.classify(vec![0; 3], 2, 2, 5).await.unwrap_err();
    assert_eq!(property(&error, "code"), "image-size");
    assert!(model.classify(vec![255; 16], 2, 2, 5).await.is_ok());
}

fn blob(bytes: &[u8]) -> Blob {
    let parts = Array::of1(&Uint8Array::from(bytes));
    Blob::new_with_u8_array_sequence(&parts).unwrap()
}

fn property(value: &JsValue, name: &str) -> String {
    Reflect::get(value, &name.into())
        .unwrap()
        .as_string()
        .unwrap_or_default()
}

fn json(value: &JsValue) -> Value {
    serde_json::from_str(&String::from(JSON::stringify(value).unwrap())).unwrap()
}
