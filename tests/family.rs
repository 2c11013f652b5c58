//! The whole ResNet family against PyTorch, on every engine: `tests/fixtures/family` has the networks.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fs;

use pollster::block_on;
use resnet_web::cpu::ops::arithmetics;
use resnet_web::threads;
use support::family::members;

#[test]
fn the_burn_module_computes_what_pytorch_computes() {
    let members = block_on(members()).into_iter();
    let faults = members.flat_map(|member| block_on(member.module_faults()));
    assert_eq!(faults.collect::<Vec<_>>().join("\n"), "");
}

#[test]
fn the_cpu_computes_what_pytorch_computes() {
    let members = block_on(members());
    let mut faults = Vec::new();
    for threads in [1, 2] {
        threads::set_count(threads);
        for arithmetic in arithmetics() {
            let found = members.iter().map(|member| member.cpu_faults(arithmetic));
            faults.extend(found.flat_map(block_on));
        }
    }
    assert_eq!(faults.join("\n"), "");
}

#[test]
fn files_as_their_libraries_write_them_give_pytorchs_logits() {
    let members = block_on(members()).into_iter();
    let faults = members.flat_map(|member| block_on(member.file_faults()));
    assert_eq!(faults.collect::<Vec<_>>().join("\n"), "");
}

#[test]
fn every_network_of_the_folder_is_in_the_table() {
    let files = fs::read_dir("tests/fixtures/family").unwrap();
    let names = files.filter_map(|file| {
        let name = file.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".json").map(str::to_owned)
    });
    let tested = block_on(members()).into_iter().map(|member| member.case);
    assert_eq!(tested.collect::<BTreeSet<_>>(), names.collect());
}
