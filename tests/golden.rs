//! The network against PyTorch: layer shapes, sampled activations, logits and probabilities of every golden file.
//!
//! Each golden was computed by PyTorch for weights and an input that follow from their names
//! (`resnet_web::weights::synthetic`), so there is no weight file to compare with.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

mod support;

use burn::prelude::*;
use pollster::block_on;
use resnet_web::backend::{self, DeviceKind, self_check};
use resnet_web::cpu::CpuResNet;
use resnet_web::network::ResNet;
use resnet_web::resnet::NetworkSpec;
use resnet_web::resnet::conv::Arithmetic;
use resnet_web::weights::synthetic::{Synthetic, input};
use support::golden::{Golden, Implementation};

const SELF_CHECK: &str = include_str!("fixtures/goldens/self-check.json");
const SELF_CHECK_GPU: &str = include_str!("fixtures/goldens/self-check-gpu.json");

const GOLDENS: &[&str] = &[
    include_str!("fixtures/goldens/reference-block-no-bottleneck.json"),
    include_str!("fixtures/goldens/reference-block-bottleneck.json"),
    include_str!("fixtures/goldens/reference-resnet18-64px.json"),
    include_str!("fixtures/goldens/reference-resnet50.json"),
    SELF_CHECK,
    SELF_CHECK_GPU,
    include_str!("fixtures/goldens/torchvision-resnet18.json"),
    include_str!("fixtures/goldens/torchvision-resnet50.json"),
    include_str!("fixtures/goldens/torchvision-resnet50-v1-stride.json"),
];

fn faults(implementation: Implementation) -> String {
    let faults: Vec<_> = GOLDENS
        .iter()
        .flat_map(|json| block_on(Golden::read(json).faults(implementation)))
        .collect();
    faults.join("\n")
}

#[test]
fn every_layer_of_the_burn_module_computes_what_pytorch_computes() {
    assert_eq!(faults(Implementation::Module), "");
}

#[test]
fn every_layer_of_the_cpus_network_computes_what_pytorch_computes() {
    assert_eq!(faults(Implementation::Cpu), "");
}

#[test]
fn the_self_check_expects_pytorchs_logits() {
    for (json, logits) in [
        (SELF_CHECK, self_check::LOGITS),
        (SELF_CHECK_GPU, self_check::GPU_LOGITS),
    ] {
        let golden = Golden::read(json);
        assert_eq!(golden.logits(), [logits], "{}", golden.case);
    }
}

#[test]
fn the_cpu_computes_what_the_burn_module_does_in_the_rarer_layers_of_the_self_check() {
    let device = &Device::flex();
    let shape = self_check::INPUT_SHAPE;
    let image = Tensor::<4>::from_data(TensorData::new(input(shape), shape), device);
    for config in self_check::variants() {
        assert!(self_check::is_variant(&config));
        let spec = NetworkSpec::new(&config).unwrap();
        let module = ResNet::load(spec.clone(), &mut Synthetic, device).unwrap();
        let cpu = CpuResNet::load(spec, &mut Synthetic, Arithmetic::F32).unwrap();
        let expected = module.forward(image.clone()).unwrap();
        let largest: f32 = expected.clone().abs().max().into_scalar();
        let off = (cpu.forward(image.clone()).unwrap() - expected).abs().max();
        let off: f32 = off.into_scalar();
        assert!(
            off <= self_check::TOLERANCE * largest && largest > 1e-2,
            "off by {off} of {largest}: {config:?}"
        );
    }
    assert!(!self_check::is_variant(&self_check::gpu_config()));
}

#[test]
fn the_cpu_passes_the_self_check() {
    let (_, report) = block_on(backend::open(DeviceKind::Cpu, false)).unwrap();
    assert_eq!((report.kind, report.self_check.runs), (DeviceKind::Cpu, 2));
    assert!(report.self_check.worst_error <= 1e-4, "{report:?}");
}
