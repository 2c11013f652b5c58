//! The conversion of Keras' ResNet-50: each of its facts on a package made here.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use resnet_web_convert::ConvertError;
use resnet_web_convert::file::{WeightDtype, convert};
use resnet_web_convert::keras::{TorchTensor, config, to_torchvision};
use resnet_web_convert::package::{KerasPackage, KerasTensor};
use resnet_web_core::image::Preprocessing;
use resnet_web_core::resnet::{NetworkSpec, StrideOn};
use resnet_web_core::weights::{Choices, WeightFile};
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};

/// A package with every tensor of the network, each value told by `value(name, index)`.
fn package(value: impl Fn(&str, usize) -> f32) -> KerasPackage {
    let network = NetworkSpec::new(&config(10)).unwrap();
    let mut tensors = HashMap::new();
    let mut put = |name: String, shape: Vec<usize>| {
        let count = shape.iter().product();
        let values = (0..count).map(|i| value(&name, i)).collect();
        tensors.insert(name, KerasTensor { shape, values });
    };
    let mut layers = vec![(
        "conv1".to_owned(),
        "bn_conv1".to_owned(),
        network.stem.convolutions[0].clone(),
    )];
    for (stage, spec) in network.stages.iter().enumerate() {
        for (block, letter) in spec.blocks.iter().zip('a'..) {
            let parts = ["2a", "2b", "2c"].into_iter().zip(&block.convolutions);
            for (part, conv) in parts.chain(["1"].into_iter().zip(block.projection())) {
                let branch = format!("{}{letter}_branch{part}", stage + 2);
                layers.push((format!("res{branch}"), format!("bn{branch}"), conv.clone()));
            }
        }
    }
    for (conv, norm, spec) in layers {
        let (kernel, output) = (spec.kernel, spec.output_channels);
        put(
            format!("{conv}/kernel"),
            vec![kernel, kernel, spec.input_channels, output],
        );
        put(format!("{conv}/bias"), vec![output]);
        for parameter in ["gamma", "beta", "moving_mean", "moving_variance"] {
            put(format!("{norm}/{parameter}"), vec![output]);
        }
    }
    put("fc1000/kernel".to_owned(), vec![network.head.features, 10]);
    put("fc1000/bias".to_owned(), vec![10]);
    KerasPackage {
        tensors,
        labels: (0..10).map(|i| format!("class_{i}")).collect(),
    }
}

fn converted(package: &KerasPackage) -> HashMap<String, TorchTensor> {
    let network = NetworkSpec::new(&config(10)).unwrap();
    let tensors = to_torchvision(package, &network).unwrap();
    tensors
        .into_iter()
        .map(|tensor| (tensor.name.clone(), tensor))
        .collect()
}

#[test]
fn every_fact_of_the_conversion_holds() {
    let keras = package(|name, i| match name {
        "res2a_branch2b/bias" => 0.5,
        "bn2a_branch2b/moving_mean" => 2.0,
        "bn2a_branch2b/moving_variance" => 3.0,
        "conv1/kernel" => (i % 7) as f32 - 3.0,
        "conv1/bias" => 0.25,
        "bn_conv1/moving_mean" => 1.0,
        _ => i as f32,
    });
    let torch = converted(&keras);
    let at = |name: &str, index: usize| f64::from(torch[name].values[index]);

    // [height 3, width 3, in 64, out 64] to [out, in, height, width]: element (o 5, i 7, y 2, x 1).
    let source = ((2 * 3 + 1) * 64 + 7) * 64 + 5;
    let target = ((5 * 64 + 7) * 3 + 2) * 3 + 1;
    // [in 2048, out 10] to [out, in]: element (o 3, i 100).
    let dense = (100 * 10 + 3, 3 * 2048 + 100);
    let cases = [
        (
            "a kernel's axes",
            at("layer1.0.conv2.weight", target),
            source as f64,
        ),
        (
            "the dense kernel's axes",
            at("fc.weight", dense.1),
            dense.0 as f64,
        ),
        (
            "the bias goes into the mean",
            at("layer1.0.bn2.running_mean", 9),
            1.5,
        ),
        (
            "epsilon goes into the variance",
            at("layer1.0.bn2.running_var", 9),
            3.0 + 1e-3 - 1e-5,
        ),
        ("gamma is the weight", at("layer3.5.bn3.weight", 11), 11.0),
        (
            "beta is the bias",
            at("layer4.0.downsample.1.bias", 12),
            12.0,
        ),
    ];
    for (fact, found, expected) in cases {
        assert!(
            (found - expected).abs() < 1e-6 * expected,
            "{fact}: {found} instead of {expected}"
        );
    }
}

/// The stem sees the same numbers whichever network it belongs to.
#[test]
fn the_stem_takes_torchvisions_input() {
    let keras = package(|name, i| match name {
        "conv1/kernel" => ((i * 37 % 101) as f32 - 50.0) / 50.0,
        "conv1/bias" => 0.125,
        "bn_conv1/moving_mean" => 0.75,
        _ => 1.0,
    });
    let torch = converted(&keras);
    let Preprocessing { mean, std, .. } = Preprocessing::default();
    let keras_means = [103.939, 116.779, 123.68];
    // Away from the border, over one window of colour.
    let rgb = |y: usize, x: usize, c: usize| ((y * 31 + x * 17 + c * 71) % 256) as f64;
    for out in [0, 1, 63] {
        let mut expected = 0.125 - 0.75;
        let mut found = -f64::from(torch["bn1.running_mean"].values[out]);
        for (y, x) in (0..7).flat_map(|y| (0..7).map(move |x| (y, x))) {
            for c in 0..3 {
                // Keras' channels are blue, green, red.
                let weight = keras.tensors["conv1/kernel"].values[((y * 7 + x) * 3 + c) * 64 + out];
                expected += f64::from(weight) * (rgb(y, x, 2 - c) - keras_means[c]);
                let weight = torch["conv1.weight"].values[((out * 3 + c) * 7 + y) * 7 + x];
                let pixel = (rgb(y, x, c) / 255.0 - f64::from(mean[c])) / f64::from(std[c]);
                found += f64::from(weight) * pixel;
            }
        }
        assert!(
            (found - expected).abs() < 1e-3,
            "channel {out}: {found} instead of {expected}"
        );
    }
}

#[test]
fn an_infinity_is_never_written() {
    // A variance of 83,614 is one of the real weights'; as f16 it would be infinite, so batch norm stays f32.
    let variance = package(|name, _| {
        if name == "bn4c_branch2a/moving_variance" {
            83_614.0
        } else {
            1.0
        }
    });
    assert!(convert(&variance, WeightDtype::F16).is_ok());

    let kernel = package(|name, i| {
        if (name, i) == ("res5a_branch1/kernel", 7) {
            70_000.0
        } else {
            1.0
        }
    });
    assert!(convert(&kernel, WeightDtype::F32).is_ok());
    let error = convert(&kernel, WeightDtype::F16).unwrap_err();
    // [height 1, width 1, in 1024, out 2048]: index 7 is output 7 of input 0, and a row of PyTorch's has 1024 inputs.
    let ConvertError::Overflow { name, index, value } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(
        (name.as_str(), *index, *value),
        ("layer4.0.downsample.0.weight", 7 * 1024, 70_000.0)
    );
    assert!(error.to_string().contains("--dtype f32"), "{error}");

    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let package = package(|name, i| {
            if (name, i) == ("fc1000/bias", 3) {
                bad
            } else {
                1.0
            }
        });
        let error = convert(&package, WeightDtype::F32).unwrap_err();
        let text = error.to_string();
        assert!(
            matches!(error, ConvertError::NotFinite { index: 3, .. }),
            "{error:?}"
        );
        assert!(
            text.contains(&format!("`fc.bias` comes out as {bad}")),
            "{text}"
        );
    }
}

#[test]
fn the_file_says_what_it_holds_and_keeps_batch_norm_in_f32() {
    let keras = package(|_, i| (i % 1000) as f32 / 999.0);
    for (dtype, name, kernels, rounds) in [
        (WeightDtype::F32, "f32", Dtype::F32, false),
        (WeightDtype::F16, "f16", Dtype::F16, true),
    ] {
        let converted = convert(&keras, dtype).unwrap();
        let file = WeightFile::open(converted.bytes.as_slice(), &Choices::default()).unwrap();
        let metadata = file.metadata();
        assert_eq!(metadata.network, config(10));
        assert_eq!(metadata.network.stride_on, StrideOn::Conv1);
        assert_eq!(metadata.name, "ResNet-50");
        assert_eq!(metadata.dtype, name);
        assert_eq!(metadata.labels, keras.labels);
        assert_eq!(metadata.preprocessing, Preprocessing::default());

        let tensors = SafeTensors::deserialize(&converted.bytes).unwrap();
        assert_eq!(tensors.len(), converted.tensors);
        for (key, view) in tensors.iter() {
            let expected = if view.shape().len() > 1 {
                kernels
            } else {
                Dtype::F32
            };
            assert_eq!(view.dtype(), expected, "{name}: {key}");
        }
        // f16 keeps 11 bits, so no value moves by more than 2^-11 of itself.
        assert_eq!(converted.rounding > 0.0, rounds);
        assert!(converted.rounding < 5e-4, "{}", converted.rounding);
    }
}

#[test]
fn a_package_that_lacks_something_says_what() {
    let whole = package(|_, _| 1.0);
    // A tensor, the shape it is given, or none to leave it out, and words of the error.
    type Case = (&'static str, Option<&'static [usize]>, &'static str);
    let cases: &[Case] = &[
        (
            "res3b_branch2c/kernel",
            None,
            "no tensor `res3b_branch2c/kernel`",
        ),
        ("fc1000/bias", None, "no tensor `fc1000/bias`"),
        (
            "bn3b_branch2c/beta",
            Some(&[2, 256]),
            "[2, 256] instead of [512]",
        ),
        ("res4a_branch1/bias", Some(&[3]), "[3] instead of [1024]"),
        (
            "conv1/kernel",
            Some(&[7, 7, 0, 64]),
            "instead of [7, 7, 3, 64]",
        ),
        (
            "conv1/kernel",
            Some(&[7, 7, 4, 64]),
            "instead of [7, 7, 3, 64]",
        ),
        (
            "conv1/kernel",
            Some(&[7, 7, 192]),
            "instead of [7, 7, 3, 64]",
        ),
        ("fc1000/kernel", Some(&[20_480]), "instead of [2048, 10]"),
        ("fc1000/kernel", Some(&[10, 2048]), "instead of [2048, 10]"),
        ("fc1000/kernel", Some(&[]), "[] instead of [2048, 10]"),
    ];
    let mut report = Vec::new();
    for &(name, shape, words) in cases {
        let mut package = whole.clone();
        package.tensors.remove(name);
        if let Some(shape) = shape {
            let values = vec![1.0; shape.iter().product()];
            let shape = shape.to_vec();
            let tensor = KerasTensor { shape, values };
            package.tensors.insert(name.to_owned(), tensor);
        }
        match convert(&package, WeightDtype::F32) {
            Ok(_) => report.push(format!("{name} as {shape:?}: was converted")),
            Err(error) if error.to_string().contains(words) => {}
            Err(error) => report.push(format!("{name}: no «{words}» in: {error}")),
        }
    }
    assert_eq!(report, Vec::<String>::new());

    let unlabelled = KerasPackage {
        labels: Vec::new(),
        ..whole
    };
    let error = convert(&unlabelled, WeightDtype::F32).unwrap_err();
    assert!(error.to_string().contains("no labels"), "{error}");
}

/// A package of npm's with these files.
fn tgz(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("package/{path}"), bytes.as_slice())
            .unwrap();
    }
    let mut gzip = tar.into_inner().unwrap();
    gzip.flush().unwrap();
    gzip.finish().unwrap()
}

/// A package whose one file is a hole: a kilobyte that unpacks to a terabyte.
fn sparse_terabyte() -> Vec<u8> {
    const TERABYTE: u64 = 1 << 40;
    let mut header = tar::Header::new_gnu();
    header.set_path("package/hole").unwrap();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.set_size(0);
    let gnu = header.as_gnu_mut().unwrap();
    gnu.set_real_size(TERABYTE);
    // The hole ends where a run of no bytes begins.
    gnu.sparse[0].set_offset(TERABYTE);
    gnu.sparse[0].set_length(0);
    header.set_cksum();
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    tar.append(&header, io::empty()).unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

fn model(weights: Value) -> Vec<u8> {
    let group = json!({ "paths": ["shard1", "shard2"], "weights": weights });
    json!({ "weightsManifest": [group] })
        .to_string()
        .into_bytes()
}

#[test]
fn tensors_cross_from_shard_to_shard() {
    let weights = json!([
        { "name": "a", "shape": [2], "dtype": "float32" },
        { "name": "b", "shape": [1, 2], "dtype": "float32" },
    ]);
    let bytes: Vec<u8> = [1.0_f32, 2.0, 3.0, 4.0]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    // Not even the numbers end where the shards do.
    let (first, second) = bytes.split_at(10);
    let read = KerasPackage::read(
        &tgz(&[
            ("ResNet50/model.json", model(weights)),
            ("ResNet50/shard1", first.to_vec()),
            ("ResNet50/shard2", second.to_vec()),
            (
                "assets/labels.json",
                br#"{"1": "dog", "0": "cat"}"#.to_vec(),
            ),
        ])[..],
    )
    .unwrap();
    assert_eq!(
        read.tensors["a"],
        KerasTensor {
            shape: vec![2],
            values: vec![1.0, 2.0]
        }
    );
    assert_eq!(
        read.tensors["b"],
        KerasTensor {
            shape: vec![1, 2],
            values: vec![3.0, 4.0]
        }
    );
    assert_eq!(read.labels, ["cat", "dog"]);
}

#[test]
fn a_package_that_is_none_says_so() {
    let files = |weights: Value, labels: &str| {
        tgz(&[
            ("ResNet50/model.json", model(weights)),
            ("ResNet50/shard1", vec![0; 4]),
            ("ResNet50/shard2", vec![0; 4]),
            ("assets/labels.json", labels.as_bytes().to_vec()),
        ])
    };
    let tensor =
        |shape: Value, dtype: &str| json!([{ "name": "a", "shape": shape, "dtype": dtype }]);
    // gzip ends in a checksum and the length.
    let mut damaged = files(tensor(json!([2]), "float32"), "{}");
    let checksum = damaged.len() - 8;
    damaged[checksum] ^= 1;
    let cases: &[(&str, Vec<u8>, &str)] = &[
        ("no archive", b"<html>".to_vec(), "cannot be unpacked"),
        (
            "half an archive",
            files(tensor(json!([2]), "float32"), "{}")[..60].to_vec(),
            "cannot be unpacked",
        ),
        (
            "an archive of something else",
            tgz(&[("index.js", vec![])]),
            "no file `ResNet50/model.json`",
        ),
        (
            "another type",
            files(tensor(json!([2]), "int32"), "{}"),
            "int32 instead of float32",
        ),
        (
            "a tensor too long",
            files(tensor(json!([3]), "float32"), "{}"),
            "beyond the end",
        ),
        (
            "a huge one",
            files(tensor(json!([u64::MAX, 8]), "float32"), "{}"),
            "beyond the end",
        ),
        ("a damaged end", damaged, "cannot be unpacked"),
        (
            "a sparse file of 1 TB",
            sparse_terabyte(),
            "more than 256 MB",
        ),
        (
            "bytes left over",
            files(tensor(json!([1]), "float32"), "{}"),
            "4 bytes more",
        ),
        (
            "a gap in the labels",
            files(tensor(json!([2]), "float32"), r#"{"1": "dog"}"#),
            "numbered from 0",
        ),
    ];
    let mut report = Vec::new();
    for (name, bytes, words) in cases {
        match KerasPackage::read(&bytes[..]) {
            Ok(_) => report.push(format!("{name}: was read")),
            Err(error) if error.to_string().contains(words) => {}
            Err(error) => report.push(format!("{name}: no «{words}» in: {error}")),
        }
    }
    assert_eq!(report, Vec::<String>::new());
}
