//! The network against PyTorch: layer shapes, sampled activations, logits and probabilities of every golden file.
//!
//! Each golden was computed by PyTorch for weights and an input that follow from their names
//! (`resnet_web::weights::synthetic`), so there is no weight file to compare with.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

mod support;

use pollster::block_on;
use resnet_web::backend::{self, DeviceKind, self_check};
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
fn the_cpu_passes_the_self_check() {
    let (_, report) = block_on(backend::open(DeviceKind::Cpu, false)).unwrap();
    assert_eq!((report.kind, report.self_check.runs), (DeviceKind::Cpu, 2));
    assert!(report.self_check.worst_error <= 1e-4, "{report:?}");
}
