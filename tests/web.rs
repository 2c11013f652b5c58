//! The wasm surface in a real browser: golden networks on the CPU and on WebGPU, and what JavaScript gets to see.
//!
//! Run with `wasm-pack test --headless --chrome -- --features webgpu`.

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashMap;

use burn::prelude::*;
#[cfg(feature = "webgpu")]
use futures_lite::future::zip;
use js_sys::{Array, JSON, Reflect, Uint8Array};
use resnet_web::backend::{self, DeviceKind, Processor, self_check};
use resnet_web::classifier::Classifier;
#[cfg(feature = "webgpu")]
use resnet_web::cpu::CpuResNet;
use resnet_web::cpu::ops::arithmetics;
#[cfg(feature = "webgpu")]
use resnet_web::gpu::kernels::conv2d::Tile;
#[cfg(feature = "webgpu")]
use resnet_web::gpu::{Gpu, GpuRequest, Limits, Options, Plan, TimedRun};
#[cfg(feature = "webgpu")]
use resnet_web::resnet::BlockKind;
#[cfg(feature = "webgpu")]
use resnet_web::resnet::conv::Arithmetic;
use resnet_web::resnet::{Depth, NetworkSpec, ResNetConfig};
#[cfg(feature = "webgpu")]
use resnet_web::summary::LayerTime;
use resnet_web::summary::Summary;
use resnet_web::web::{Engine, read_description};
use resnet_web::weights::Choices;
#[cfg(feature = "webgpu")]
use resnet_web::weights::synthetic::{Synthetic, input};
use serde_json::Value;
use support::convolution::{cases, linear_faults, pooling_faults};
use support::evidence;
use support::family::members;
use support::golden::{Golden, Implementation};
#[cfg(feature = "webgpu")]
use support::gpu_kernels;
use support::networks::{every_kind, without_head};
use support::weight_file::{self, Draft};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Blob;

// Where the page runs it: in a worker.
wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// The reference implementation's three tests: both blocks, and the 50-layer network.
const REFERENCE: &[&str] = &[
    include_str!("fixtures/goldens/reference-block-no-bottleneck.json"),
    include_str!("fixtures/goldens/reference-block-bottleneck.json"),
    include_str!("fixtures/goldens/reference-resnet50.json"),
];

const OTHERS: &[&str] = &[
    include_str!("fixtures/goldens/reference-resnet18-64px.json"),
    include_str!("fixtures/goldens/self-check-gpu.json"),
    include_str!("fixtures/goldens/self-check.json"),
    include_str!("fixtures/goldens/torchvision-resnet18.json"),
    include_str!("fixtures/goldens/torchvision-resnet50.json"),
    include_str!("fixtures/goldens/torchvision-resnet50-v1-stride.json"),
];

async fn open_cpu() -> Device {
    let (processor, report) = backend::open(DeviceKind::Cpu, true).await.unwrap();
    assert_eq!(report.kind, DeviceKind::Cpu);
    assert!(
        report.self_check.worst_error <= self_check::TOLERANCE,
        "{report:?}"
    );
    assert!(matches!(processor, Processor::Cpu), "{processor:?}");
    Device::flex()
}

#[cfg(feature = "webgpu")]
async fn open_gpu(limits: Limits) -> Gpu {
    let allow_software = true;
    Gpu::open(GpuRequest {
        allow_software,
        limits,
    })
    .await
    .unwrap()
}

async fn faults(goldens: &[&[&str]], implementation: Implementation) -> String {
    let mut faults = Vec::new();
    for json in goldens.concat() {
        faults.extend(Golden::read(json).faults(implementation).await);
    }
    faults.join("\n")
}

#[wasm_bindgen_test]
async fn the_cpu_computes_what_pytorch_computes() {
    open_cpu().await;
    assert_eq!(faults(&[REFERENCE, OTHERS], Implementation::Cpu).await, "");
    assert_eq!(faults(&[REFERENCE], Implementation::Module).await, "");
}

#[wasm_bindgen_test]
async fn the_cpu_computes_the_whole_family_as_pytorch_does() {
    let mut faults = Vec::new();
    let members = members().await;
    for arithmetic in arithmetics() {
        for member in &members {
            faults.extend(member.cpu_faults(arithmetic).await);
        }
    }
    assert_eq!(faults.join("\n"), "");
}

#[cfg(feature = "webgpu")]
#[wasm_bindgen_test]
async fn webgpu_computes_the_whole_family_as_pytorch_does() {
    let gpu = open_gpu(Limits::Default).await;
    let mut faults = Vec::new();
    for member in members().await {
        faults.extend(member.gpu_faults(&gpu).await);
    }
    assert_eq!(faults.join("\n"), "");
}

#[cfg(feature = "webgpu")]
#[wasm_bindgen_test]
async fn rarer_layers_pass_the_self_check_on_webgpu_and_then_classify() {
    let gpu = open_gpu(Limits::Default).await;
    self_check::of_variants(&gpu).await.unwrap();
    let engine = Engine::open("webgpu".to_owned(), true).await.unwrap();
    // No library has names for the other one's attention.
    let [config, _] = self_check::variants();
    let file = blob(&Draft::of("rarer layers", &config, 64).write());
    let model = engine.load(file, JsValue::UNDEFINED, Array::new()).unwrap();
    for _ in 0..2 {
        let run = model.classify(vec![255; 16], 2, 2, 5, JsValue::UNDEFINED);
        assert!(run.await.is_ok());
    }
}

#[wasm_bindgen_test]
fn counts_have_more_than_32_bits() {
    let cases: [(Depth, usize, u64); 4] = [
        (Depth::D34, 256, 4_785_164_288),
        (Depth::D50, 256, 5_340_348_416),
        (Depth::D101, 224, 7_801_405_440),
        (Depth::D152, 224, 11_513_626_624),
    ];
    let counts = cases.map(|(depth, side, _)| {
        let spec = NetworkSpec::new(&ResNetConfig::torchvision(depth, 1000)).unwrap();
        let summary = Summary::of_network(&spec, [1, 3, side, side]).unwrap();
        (depth, side, summary.multiply_adds)
    });
    assert_eq!(counts, cases);
}

#[wasm_bindgen_test]
async fn the_cpus_convolutions_are_what_the_definition_says() {
    let device = open_cpu().await;
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
async fn webgpu_computes_what_pytorch_computes() {
    for limits in [Limits::Default, Limits::LargestBuffers] {
        let gpu = open_gpu(limits).await;
        let mut faults = Vec::new();
        for json in [REFERENCE, &OTHERS[..3]].concat() {
            faults.extend(Golden::read(json).gpu_faults(&gpu).await);
        }
        assert_eq!(faults.join("\n"), "", "{limits:?}");
    }
}

#[cfg(feature = "webgpu")]
#[wasm_bindgen_test]
async fn the_gpus_kernels_are_what_their_definitions_say() {
    let gpu = open_gpu(Limits::Default).await.without_f16();
    assert_eq!(gpu_kernels::faults(&gpu).await.join("\n"), "");
}

#[cfg(feature = "webgpu")]
#[wasm_bindgen_test]
async fn every_map_of_the_family_is_on_the_gpu_what_it_is_on_the_cpu() {
    let gpu = open_gpu(Limits::Default).await.without_f16();
    let mut faults = Vec::new();
    for member in members().await {
        faults.extend(member.gpu_map_faults(&gpu).await);
    }
    assert_eq!(faults.join("\n"), "");
}

#[cfg(feature = "webgpu")]
#[wasm_bindgen_test]
async fn the_gpu_holds_every_map_against_the_cpus_before_it_is_used() {
    let (_, report) = backend::open(DeviceKind::WebGpu, true).await.unwrap();
    assert_eq!(report.self_check.runs, 2);
    assert!(report.self_check.layers > 20, "{report:?}");
}

#[cfg(feature = "webgpu")]
#[wasm_bindgen_test]
async fn networks_of_every_kind_are_on_the_gpu_what_they_are_on_the_cpu() {
    let gpu = open_gpu(Limits::Default).await;
    let small = |block| ResNetConfig::reference([1, 1, 1, 1], 64, 6, block, 3);
    let torchvision = |groups, width_per_group| ResNetConfig {
        repetitions: vec![1, 1, 1, 1],
        groups,
        width_per_group,
        ..ResNetConfig::torchvision(Depth::D50, 10)
    };
    let other_tile = Some(Tile {
        rows: 8,
        columns: 4,
    });
    let cases = [
        (
            "no bottleneck, two images",
            small(BlockKind::NoBottleneck),
            [2, 3, 64, 64],
            None,
        ),
        (
            "a size that fills no tile",
            torchvision(1, 64),
            [1, 3, 75, 59],
            None,
        ),
        ("ResNeXt", torchvision(32, 4), [1, 3, 64, 64], None),
        ("Wide ResNet", torchvision(1, 128), [1, 3, 64, 64], None),
        (
            "a tile that is forced",
            torchvision(32, 4),
            [1, 3, 75, 59],
            other_tile,
        ),
    ];
    let mut faults = Vec::new();
    for (name, config, shape, tile) in cases {
        let spec = NetworkSpec::new(&config).unwrap();
        let mut options = Options::default();
        options.forced.conv2d = tile;
        let plan = Plan::of_network(&spec, &mut Synthetic, shape, options, &gpu).unwrap();
        let values = input(shape);
        let found = plan.run(&values).await.unwrap();
        let device = Device::flex();
        let network = CpuResNet::load(spec, &mut Synthetic, Arithmetic::F32).unwrap();
        let x = Tensor::from_data(TensorData::new(values, shape), &device);
        let expected = network.forward(x).unwrap().into_data_async().await.unwrap();
        let expected: Vec<_> = expected.iter::<f32>().collect();
        let largest = expected.iter().fold(0.0, |max: f32, v| max.max(v.abs()));
        let near = |(f, e): (&f32, &f32)| (f - e).abs() <= 1e-4 * largest;
        if found.len() != expected.len() || !found.iter().zip(&expected).all(near) {
            faults.push(format!("{name}: {found:?} instead of {expected:?}"));
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[cfg(feature = "webgpu")]
#[wasm_bindgen_test]
async fn runs_that_overlap_each_have_their_own_answer() {
    let gpu = open_gpu(Limits::Default).await;
    let spec = NetworkSpec::new(&ResNetConfig::torchvision(Depth::D18, 10)).unwrap();
    let shape = [1, 3, 64, 64];
    let plan = Plan::of_network(&spec, &mut Synthetic, shape, Options::default(), &gpu).unwrap();
    let image = input(shape);
    let other: Vec<_> = image.iter().map(|value| 0.5 - value).collect();
    let alone = (
        plan.run(&image).await.unwrap(),
        plan.run(&other).await.unwrap(),
    );
    assert_ne!(alone.0, alone.1);
    let together = zip(plan.run(&image), plan.run(&other)).await;
    assert_eq!((together.0.unwrap(), together.1.unwrap()), alone);

    let alone = (
        plan.run_with_class_maps(&image).await.unwrap(),
        plan.run_with_class_maps(&other).await.unwrap(),
    );
    assert_ne!(alone.0.1, alone.1.1);
    let together = zip(
        plan.run_with_class_maps(&image),
        plan.run_with_class_maps(&other),
    );
    let together = together.await;
    assert_eq!((together.0.unwrap(), together.1.unwrap()), alone);
}

/// A line for each class activation map that is wrong, for networks of every kind on a device.
async fn evidence_faults(processor: &Processor, tolerance: f32) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, config) in every_kind() {
        let weights = evidence::weights(&config);
        let choices = Choices::default();
        let classifier = Classifier::load(weights.as_slice(), &choices, processor).unwrap();
        faults.extend(evidence::faults(name, &config, &classifier, tolerance).await);
    }
    faults
}

#[wasm_bindgen_test]
async fn evidence_is_what_each_place_alone_adds_to_the_logit() {
    let faults = evidence_faults(&Processor::Cpu, 1e-4).await;
    assert_eq!(faults, Vec::<String>::new());
}

#[cfg(feature = "webgpu")]
#[wasm_bindgen_test]
async fn evidence_on_webgpu_is_what_it_is_on_the_cpu() {
    let gpu = open_gpu(Limits::Default).await;
    let faults = evidence_faults(&Processor::Gpu(Box::new(gpu)), 1e-3).await;
    assert_eq!(faults, Vec::<String>::new());
}

#[cfg(feature = "webgpu")]
#[wasm_bindgen_test]
async fn a_timed_run_times_every_dispatch_and_changes_nothing() {
    let gpu = open_gpu(Limits::LargestBuffers).await;
    let torchvision = ResNetConfig {
        repetitions: vec![1, 1, 1, 1],
        ..ResNetConfig::torchvision(Depth::D18, 10)
    };
    let reference = ResNetConfig::reference([1, 1, 1, 1], 64, 6, BlockKind::Bottleneck, 3);
    // In the order of computation: a block's shortcut before the convolution that is added to it.
    let cases = [
        (
            torchvision,
            "conv1 maxpool layer1.0.conv1 layer1.0.conv2 \
             layer2.0.conv1 layer2.0.downsample.0 layer2.0.conv2 \
             layer3.0.conv1 layer3.0.downsample.0 layer3.0.conv2 \
             layer4.0.conv1 layer4.0.downsample.0 layer4.0.conv2 avgpool fc",
        ),
        (
            reference,
            "preliminary.0 maxpool1 \
             layer1.0.block.0 layer1.0.block.3 layer1.0.shortcut.0 layer1.0.block.6 \
             layer2.0.block.0 layer2.0.block.3 layer2.0.shortcut.0 layer2.0.block.6 \
             layer3.0.block.0 layer3.0.block.3 layer3.0.shortcut.0 layer3.0.block.6 \
             layer4.0.block.0 layer4.0.block.3 layer4.0.shortcut.0 layer4.0.block.6 final.1",
        ),
    ];
    let shape = [1, 3, 64, 64];
    for (config, expected) in cases {
        let spec = NetworkSpec::new(&config).unwrap();
        let plan =
            Plan::of_network(&spec, &mut Synthetic, shape, Options::default(), &gpu).unwrap();
        let image = input(shape);
        let ordinary = plan.run(&image).await.unwrap();
        let (timed, beside) = zip(plan.run_timed(&image), plan.run(&image)).await;
        let TimedRun { logits, layers } = timed.unwrap().unwrap();
        assert_eq!((&logits, &beside.unwrap()), (&ordinary, &ordinary));
        let names: Vec<_> = layers.iter().map(|layer| layer.layer.as_str()).collect();
        assert_eq!(names, expected.split_whitespace().collect::<Vec<_>>());
        assert_eq!(names.len(), plan.dispatches());
        let summary = Summary::of_network(&spec, shape).unwrap();
        let rows = |name| summary.rows.iter().filter(|row| row.name == name).count();
        assert!(names.into_iter().all(|name| rows(name) == 1), "{layers:?}");

        let means = plan.layer_times(&image).await.unwrap().unwrap();
        assert_eq!(means.len(), plan.dispatches());
        for times in [layers, means] {
            let possible =
                |time: &LayerTime| time.milliseconds.is_finite() && time.milliseconds >= 0.0;
            assert!(times.iter().all(possible), "{times:?}");
            // Nothing takes no time, even by a clock that is rounded.
            assert!(
                times.iter().any(|time| time.milliseconds > 0.0),
                "{times:?}"
            );
        }
    }
}

#[cfg(feature = "webgpu")]
#[wasm_bindgen_test]
async fn a_device_without_timestamps_has_no_layer_times() {
    let gpu = open_gpu(Limits::Default).await;
    let spec = NetworkSpec::new(&ResNetConfig::torchvision(Depth::D18, 10)).unwrap();
    let shape = [1, 3, 32, 32];
    let plan = Plan::of_network(&spec, &mut Synthetic, shape, Options::default(), &gpu).unwrap();
    assert_eq!(plan.run_timed(&input(shape)).await, Ok(None));
    assert_eq!(plan.layer_times(&input(shape)).await, Ok(None));
}

#[cfg(feature = "webgpu")]
#[wasm_bindgen_test]
async fn javascript_sees_the_gpus_times_and_none_of_the_cpu() {
    for (kind, timed) in [("webgpu", true), ("cpu", false)] {
        let engine = Engine::open(kind.to_owned(), true).await.unwrap();
        let model = engine
            .load(
                blob(&weight_file::small()),
                JsValue::UNDEFINED,
                Array::new(),
            )
            .unwrap();
        let times = json(&model.layer_times().await.unwrap());
        let Some(times) = times.as_array() else {
            assert!(!timed, "{kind}: {times:?}");
            continue;
        };
        assert!(timed, "{kind}: {times:?}");
        assert_eq!(times[0]["layer"], "conv1");
        assert!(times[0]["milliseconds"].is_f64(), "{times:?}");
    }
}

#[cfg(feature = "webgpu")]
#[wasm_bindgen_test]
async fn a_resnet_50_is_56_dispatches() {
    let gpu = open_gpu(Limits::Default).await;
    let spec = NetworkSpec::new(&ResNetConfig::torchvision(Depth::D50, 10)).unwrap();
    let shape = [1, 3, 32, 32];
    let plan = Plan::of_network(&spec, &mut Synthetic, shape, Options::default(), &gpu).unwrap();
    assert_eq!(plan.dispatches(), 56);
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
async fn an_image_is_classified() {
    let engine = Engine::open("cpu".to_owned(), false).await.unwrap();
    let report = json(&engine.report().unwrap());
    assert_eq!(
        (&report["kind"], &report["selfCheck"]["runs"]),
        (&"cpu".into(), &2.into())
    );

    let model = engine
        .load(
            blob(&weight_file::small()),
            JsValue::UNDEFINED,
            Array::new(),
        )
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
    let classification = json(
        &model
            .classify(rgba.clone(), width, height, 3, JsValue::UNDEFINED)
            .await
            .unwrap(),
    );
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
    assert_eq!(classification.get("evidence"), None);

    for (wanted, class) in [("first".into(), index), (JsValue::from(7), 7)] {
        let run = model.classify(rgba.clone(), width, height, 3, wanted);
        let evidence = &json(&run.await.unwrap())["evidence"];
        assert_eq!(
            (
                &evidence["classIndex"],
                &evidence["width"],
                &evidence["height"]
            ),
            (&class.into(), &1.into(), &1.into())
        );
        assert_eq!(evidence["values"].as_array().unwrap().len(), 1);
    }
    let run = model.classify(rgba, width, height, 3, JsValue::from(10));
    assert_eq!(property(&run.await.unwrap_err(), "code"), "class-index");
}

#[wasm_bindgen_test]
async fn a_run_advances_step_by_step_and_outlives_its_model() {
    #[cfg(feature = "webgpu")]
    const KINDS: [(&str, usize); 2] = [("cpu", 4), ("webgpu", 0)];
    #[cfg(not(feature = "webgpu"))]
    const KINDS: [(&str, usize); 1] = [("cpu", 4)];
    let (rgba, width, height) = (vec![200; 40 * 30 * 4], 40, 30);
    for (kind, expected) in KINDS {
        let engine = Engine::open(kind.to_owned(), true).await.unwrap();
        let model = engine
            .load(
                blob(&weight_file::small()),
                JsValue::UNDEFINED,
                Array::new(),
            )
            .unwrap();
        let begin = || model.begin(rgba.clone(), width, height, 3, "first".into(), false);
        let whole = model.classify(rgba.clone(), width, height, 3, "first".into());
        let whole = json(&whole.await.unwrap());

        // Freed halfway.
        assert_eq!(begin().unwrap().advance().unwrap(), expected > 0, "{kind}");

        let mut run = begin().unwrap();
        drop(model);
        let mut more = 0;
        while run.advance().unwrap() {
            more += 1;
        }
        assert_eq!(more, expected, "{kind}");
        let found = json(&run.finish().await.unwrap());
        for part in ["top", "evidence"] {
            assert_eq!(found[part], whole[part], "{kind}");
        }
        let again = run.advance().unwrap_err();
        assert!(property(&again, "message").contains("begin another one"));
    }
}

#[wasm_bindgen_test]
async fn an_image_is_embedded_with_and_without_classes() {
    #[cfg(feature = "webgpu")]
    const KINDS: [&str; 2] = ["cpu", "webgpu"];
    #[cfg(not(feature = "webgpu"))]
    const KINDS: [&str; 1] = ["cpu"];
    let (rgba, width, height) = (vec![200; 40 * 30 * 4], 40, 30);
    let mut expected = Vec::new();
    for kind in KINDS {
        let engine = Engine::open(kind.to_owned(), true).await.unwrap();
        let without_head = Draft::of("no head", &without_head(), 32).write();
        for (weights, classes) in [(weight_file::small(), 10), (without_head, 0)] {
            let model = engine.load(blob(&weights), JsValue::UNDEFINED, Array::new());
            let model = model.unwrap();
            assert_eq!(json(&model.info().unwrap())["classes"], classes, "{kind}");
            let run = |top| {
                let rgba = rgba.clone();
                model.begin(rgba, width, height, top, JsValue::UNDEFINED, true)
            };
            let found = json(&run(0).unwrap().finish().await.unwrap());
            let numbers = found["embedding"].as_array().unwrap();
            let embedding: Vec<_> = numbers.iter().map(|v| v.as_f64().unwrap()).collect();
            assert_eq!(found["top"].as_array().unwrap().len(), 0, "{kind}");
            if classes == 0 {
                let refused = run(1).unwrap_err();
                assert_eq!(property(&refused, "code"), "no-classes", "{kind}");
            } else {
                let both = json(&run(3).unwrap().finish().await.unwrap());
                assert_eq!(both["embedding"], found["embedding"], "{kind}");
                assert_eq!(both["top"].as_array().unwrap().len(), 3, "{kind}");
            }
            // Every network and device: they have the same weights but for the head.
            if expected.is_empty() {
                expected.clone_from(&embedding);
            }
            let largest = expected.iter().fold(0.0, |max: f64, v| max.max(v.abs()));
            let near = |(f, e): (&f64, &f64)| (f - e).abs() <= 2e-2 * largest;
            assert_eq!(embedding.len(), 512, "{kind}");
            assert!(embedding.iter().zip(&expected).all(near), "{kind}");
        }
    }
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
        .load(blob(&silent), JSON::parse(choices).unwrap(), Array::new())
        .unwrap();
    let info = json(&model.info().unwrap());
    assert_eq!(
        info["assumed"],
        serde_json::json!(["anti-aliasing", "labels"])
    );
    assert_eq!(info["source"], "weights.bin");
    assert_eq!(info["preprocessing"]["resizeShortSide"], 36);

    let labels = |count| (0..count).map(|_| "dog".to_owned()).collect();
    let error = model.set_labels(labels(2)).unwrap_err();
    assert_eq!(property(&error, "code"), "labels");
    assert!(property(&error, "message").contains("Found 2 labels, expected 10"));
    model.set_labels(labels(10)).unwrap();
    let top = json(
        &model
            .classify(vec![255; 16], 2, 2, 1, JsValue::UNDEFINED)
            .await
            .unwrap(),
    );
    assert_eq!(top["top"][0]["label"], "dog");
}

#[wasm_bindgen_test]
fn a_file_that_describes_a_model_is_read() {
    let labels = json(&read_description(b"0: daisy\n1: rose").unwrap());
    assert_eq!(
        labels,
        serde_json::json!({"labels": ["daisy", "rose"], "unsupported": []})
    );
    let config = br#"{"model_type": "resnet", "downsample_in_bottleneck": true, "size": 224, "crop_pct": 0.875,
        "image_mean": [0.5, 0.5, 0.5], "resample": 3}"#;
    assert_eq!(
        json(&read_description(config).unwrap()),
        serde_json::json!({
            "labels": [],
            "preprocessing": {
                "resizeShortSide": 256,
                "crop": 224,
                "fit": "crop",
                "interpolation": "bicubic",
                "mean": [0.5, 0.5, 0.5],
            },
            "strideOn": "conv1",
            "unsupported": [],
        })
    );
    let error = read_description(b"PK\x03\x04").unwrap_err();
    assert_eq!(property(&error, "code"), "labels");
}

#[wasm_bindgen_test]
async fn what_is_wrong_has_a_code_and_leaves_the_engine_working() {
    let engine = Engine::open("cpu".to_owned(), false).await.unwrap();
    let model = engine
        .load(
            blob(&weight_file::small()),
            JsValue::UNDEFINED,
            Array::new(),
        )
        .unwrap();
    let error = engine
        .load(blob(b"<!doctype html>"), JsValue::UNDEFINED, Array::new())
        .unwrap_err();
    assert_eq!(property(&error, "name"), "ResNetError");
    assert_eq!(property(&error, "code"), "weights-format");
    assert!(
        property(&error, "message").contains("HTML page"),
        "{error:?}"
    );
    let error = model
        .classify(vec![0; 3], 2, 2, 5, JsValue::UNDEFINED)
        .await
        .unwrap_err();
    assert_eq!(property(&error, "code"), "image-size");
    let run = model.classify(vec![255; 16], 2, 2, 5, JsValue::UNDEFINED);
    assert!(run.await.is_ok());
}

#[wasm_bindgen_test]
async fn a_network_too_large_for_memory_is_refused_every_time() {
    let engine = Engine::open("cpu".to_owned(), false).await.unwrap();
    let file = of_so_many_classes(900_000);
    for _ in 0..3 {
        let error = engine
            .load(file.clone(), JsValue::UNDEFINED, Array::new())
            .unwrap_err();
        assert_eq!(property(&error, "code"), "too-large", "{error:?}");
        let message = property(&error, "message");
        assert!(message.contains("needs about 5.6 GB"), "{message}");
    }
    let small = engine.load(
        blob(&weight_file::small()),
        JsValue::UNDEFINED,
        Array::new(),
    );
    assert!(small.is_ok());
}

/// A whole file of zeros: a small network whose linear layer, 512 numbers for each class, is of eight bits.
fn of_so_many_classes(classes: usize) -> Blob {
    const PIECE: usize = 1 << 24;
    let config = ResNetConfig {
        repetitions: vec![1; 4],
        ..ResNetConfig::torchvision(Depth::D18, classes)
    };
    let mut header = serde_json::Map::new();
    let mut size = 0;
    let mut add = |name: &str, dtype: &str, shape: &[usize], bytes: usize| {
        let end = size + bytes * shape.iter().product::<usize>();
        let entry =
            serde_json::json!({ "dtype": dtype, "shape": shape, "data_offsets": [size, end] });
        header.insert(name.to_owned(), entry);
        size = end;
    };
    for tensor in NetworkSpec::new(&config).unwrap().tensors() {
        if tensor.name == "fc.weight" {
            add(&tensor.name, "I8", &tensor.shape, 1);
            add("fc.weight_scale", "F32", &tensor.shape[..1], 4);
        } else {
            add(&tensor.name, "F32", &tensor.shape, 4);
        }
    }
    let header = Value::from(header).to_string();
    let start = [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
    // The browser has the zeros once.
    let zeros = blob(&vec![0; PIECE]);
    let parts = Array::of1(&blob(&start));
    for _ in 0..size / PIECE {
        parts.push(&zeros);
    }
    parts.push(&blob(&vec![0; size % PIECE]));
    Blob::new_with_blob_sequence(&parts).unwrap()
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
