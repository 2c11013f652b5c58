//! Weight files: what loads, and what is said of files that do not.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashMap;

use burn::prelude::*;
use half::f16;
use pollster::block_on;
use proptest::prelude::*;
use resnet_web::classifier::Classifier;
use resnet_web::error::Error;
use resnet_web::resnet::{Head, StrideOn};
use resnet_web::weights::Choices;
use resnet_web::weights::metadata::KEY;
use safetensors::Dtype;
use support::weight_file::{Draft, Entry, small};

/// The most probable class and its probability for a picture of stripes.
fn top(bytes: &[u8]) -> (usize, f32) {
    let classifier = Classifier::load(bytes, &Choices::default(), &Device::flex()).unwrap();
    let rgba: Vec<u8> = (0..40 * 30 * 4).map(|i| (i * 7 % 256) as u8).collect();
    let top = block_on(classifier.classify(&rgba, 40, 30, 1)).unwrap().top;
    (top[0].index, top[0].probability)
}

/// What is done to a small file that goes on being one.
type Variant = (&'static str, fn(&mut Draft));

#[test]
fn files_that_load_give_the_same_answer() {
    let expected = top(&small());
    let variants: [Variant; 3] = [
        ("convolutions in f16", |draft| {
            for (_, entry) in draft.tensors.iter_mut().filter(|(_, e)| e.shape.len() == 4) {
                let values = entry
                    .bytes
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|&b| f32::from_le_bytes(b));
                entry.bytes = values
                    .flat_map(|v| f16::from_f32(v).to_le_bytes())
                    .collect();
                entry.dtype = Dtype::F16;
            }
        }),
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
        ("no labels", |draft| draft.metadata.labels.clear()),
    ];
    for (name, change) in variants {
        let mut draft = Draft::small();
        change(&mut draft);
        let found = top(&draft.write());
        assert!(
            found.0 == expected.0 && (found.1 - expected.1).abs() < 1e-3,
            "{name}: {found:?} instead of {expected:?}"
        );
    }
}

#[test]
fn the_stride_comes_from_the_metadata() {
    let mut draft = Draft::small();
    draft.metadata.network.stride_on = StrideOn::Conv1;
    let network = Classifier::load(
        draft.write().as_slice(),
        &Choices::default(),
        &Device::flex(),
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
            &["bn1.weight is I32", "F32 or F16"],
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
            "a network of no classes",
            |d| {
                d.metadata.network.classes = 0;
                d.metadata.labels.clear();
            },
            "weights-architecture",
            &["classes is 0"],
        ),
        fault(
            "a stage of no blocks",
            |d| d.metadata.network.repetitions = [1, 0, 1, 1],
            "weights-architecture",
            &["stage 2"],
        ),
        fault(
            "more labels than classes",
            |d| d.metadata.labels.push("one more".to_owned()),
            "weights-architecture",
            &["11 labels for 10 classes"],
        ),
        fault(
            "a picture in grey",
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
            "PyTorch's zip",
            b"PK\x03\x04archive/data.pkl".to_vec(),
            &["zip archive"],
        ),
        (
            "a header longer than the file",
            header(1 << 20),
            &["not a safetensors file"],
        ),
        (
            "a header of 2^63 bytes",
            header(1 << 63),
            &["not a safetensors file"],
        ),
        (
            "half a file",
            whole[..whole.len() / 2].to_vec(),
            &["not a safetensors file"],
        ),
    ];
    let mut report = Vec::new();
    for (name, bytes, words) in cases {
        report.extend(refusal(name, bytes, "weights-format", words));
    }
    let draft = Draft::small();
    let metadata_cases: [(&str, HashMap<String, String>, &[&str]); 2] = [
        ("no description", HashMap::new(), &["no `resnet-web` entry"]),
        (
            "an unreadable one",
            HashMap::from([(KEY.to_owned(), "[".to_owned())]),
            &["invalid type: sequence"],
        ),
    ];
    for (name, entries, words) in metadata_cases {
        report.extend(refusal(
            name,
            &draft.write_with(entries),
            "weights-architecture",
            words,
        ));
    }
    assert_eq!(report, Vec::<String>::new());
}

/// A line for each way in which the refusal of `bytes` is not the one expected.
fn refusal(name: &str, bytes: &[u8], code: &str, words: &[&str]) -> Vec<String> {
    match Classifier::load(bytes, &Choices::default(), &Device::flex()).map_err(Error::from) {
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens to the bytes of the header: an error or a network, never a panic.
    #[test]
    fn a_damaged_header_never_panics(position in 0_usize..4000, byte in any::<u8>()) {
        let mut bytes = small();
        bytes[position] = byte;
        let _ = Classifier::load(bytes.as_slice(), &Choices::default(), &Device::flex());
    }
}
