//! The CPU's convolutions against the definition.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

mod support;

use burn::prelude::*;
use pollster::block_on;
use proptest::prelude::*;
use resnet_web::cpu::ops::{PackedConv, packed_size};
use resnet_web::resnet::conv::{Arithmetic, ConvShape};
use resnet_web::threads;
use support::convolution::{Case, cases, linear_faults, pooling_faults};

#[test]
fn convolutions_are_what_the_definition_says_on_any_number_of_threads() {
    let device = Device::flex();
    for threads in [1, 2, 5] {
        threads::set_count(threads);
        let faults: Vec<_> = cases()
            .flat_map(|case| block_on(case.faults(&device)))
            .collect();
        assert_eq!(faults, Vec::<String>::new(), "{threads} threads");
    }
}

#[test]
fn in_eight_bits_they_are_too_of_numbers_that_fit() {
    let device = Device::flex();
    for threads in [1, 3] {
        threads::set_count(threads);
        let faults: Vec<_> = cases()
            .flat_map(|case| block_on(case.int8_faults(&device)))
            .collect();
        assert_eq!(faults, Vec::<String>::new(), "{threads} threads");
    }
}

#[test]
fn packed_weights_are_as_large_as_is_said_beforehand() {
    let mut report = Vec::new();
    for arithmetic in [Arithmetic::F32, Arithmetic::Int8] {
        for Case { shape, .. } in cases() {
            let shape = ConvShape {
                arithmetic,
                ..shape
            };
            let size: usize = shape.weight().iter().product();
            let bias = vec![0.0; shape.outputs];
            let found = PackedConv::new(vec![0.0; size], bias, shape).size();
            if found as u64 != packed_size(shape) {
                report.push(format!("{shape:?}: {found} of {}", packed_size(shape)));
            }
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn pooling_is_what_the_definition_says() {
    assert_eq!(
        block_on(pooling_faults(&Device::flex())),
        Vec::<String>::new()
    );
}

#[test]
fn linear_layers_are_what_the_definition_says() {
    assert_eq!(
        block_on(linear_faults(&Device::flex())),
        Vec::<String>::new()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_convolution_is_what_the_definition_says(
        groups in prop::sample::select(vec![1_usize, 1, 2, 3]),
        inputs in 1_usize..20,
        outputs in 1_usize..34,
        kernel in prop::sample::select(vec![1_usize, 2, 3, 5, 7]),
        stride in 1_usize..4,
        padding in 0_usize..4,
        batch in 1_usize..4,
        sides in [1_usize..20, 1_usize..20],
    ) {
        let shape = ConvShape {
            inputs: groups * inputs,
            outputs: groups * outputs,
            kernel,
            stride,
            padding,
            groups,
            arithmetic: Arithmetic::F32,
        };
        prop_assume!(sides.iter().all(|side| side + 2 * padding >= kernel));
        let case = Case { shape, input: [batch, sides[0], sides[1]] };
        prop_assert_eq!(block_on(case.faults(&Device::flex())), Vec::<String>::new());
    }
}
