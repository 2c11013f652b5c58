//! What is too large for memory: said beforehand, and in a sentence where memory ends after all.
//!
//! Files are made of nothing here: zeros as many as are asked for.

#![allow(clippy::unwrap_used)]

use std::io;

use resnet_web_core::memory::{Footprint, Packing};
use resnet_web_core::resnet::conv::ConvShape;
use resnet_web_core::resnet::{Attention, Depth, Head, HeadLayer, NetworkSpec, ResNetConfig};
use resnet_web_core::size::Bytes;
use resnet_web_core::weights::ByteSource;
use resnet_web_core::weights::index::{Dtype, TensorEntry};

const MEBIBYTE: u64 = 1 << 20;

/// A file of so many zeros.
struct Zeros(u64);

impl ByteSource for Zeros {
    fn size(&self) -> u64 {
        self.0
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.0) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer.fill(0);
        Ok(())
    }
}

/// Weights that are kept as they are.
struct Plain;

impl Packing for Plain {
    fn convolution(&self, shape: ConvShape) -> u64 {
        shape.weight().iter().map(|&side| side as u64).product()
    }

    fn linear(&self, [features, classes]: [usize; 2]) -> u64 {
        features as u64 * classes as u64
    }
}

/// A tensor of a file: type, shape, steps; the file's bytes.
type Case = (
    &'static str,
    Dtype,
    &'static [usize],
    Option<&'static [usize]>,
    u64,
);

#[test]
fn a_tensor_for_which_there_is_no_room_is_an_error() {
    // On machines of 64 bits there is always room to ask for; the largest that can be asked for is an error there, too.
    let mut cases: Vec<Case> = vec![(
        "more numbers than can be addressed as f32",
        Dtype::I8,
        const { &[usize::MAX / 4 + 1] },
        None,
        u64::MAX,
    )];
    if cfg!(target_pointer_width = "32") {
        let more: [Case; 4] = [
            (
                "I8, 600 million numbers",
                Dtype::I8,
                &[600, 1_000_000],
                None,
                600_000_000,
            ),
            (
                "F16, 600 million numbers",
                Dtype::F16,
                &[600, 1_000_000],
                None,
                1_200_000_000,
            ),
            (
                "a view over 2.4 GB",
                Dtype::F32,
                &[2],
                Some(&[600_000_000]),
                2_400_000_004,
            ),
            (
                "a view over 2.4 GB of bytes",
                Dtype::I8,
                &[2],
                Some(&[2_400_000_000]),
                2_400_000_001,
            ),
        ];
        cases.extend(more);
    }
    let mut report = Vec::new();
    for (what, dtype, shape, strides, size) in cases {
        let entry = TensorEntry {
            dtype,
            shape: shape.to_vec(),
            offset: 0,
            strides: strides.map(<[usize]>::to_vec),
        };
        let text = match entry.values("t", &Zeros(size)) {
            Ok(values) => format!("{} values", values.len()),
            Err(error) => error.to_string(),
        };
        for words in [
            "tensor `t` needs about",
            "GB of memory",
            "Choose a smaller network",
        ] {
            if !text.contains(words) {
                report.push(format!("{what}: no «{words}» in: {text}"));
            }
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn a_networks_footprint_is_that_of_its_weights_and_maps() {
    let plain = |depth, classes| ResNetConfig::torchvision(depth, classes);
    // Weights without biases and norms, the largest tensor, the largest map: in numbers of four bytes.
    let squeezing = ResNetConfig {
        attention: Some(Attention::SqueezeExcite {
            reduced: vec![4, 8, 16, 32],
        }),
        ..plain(Depth::D18, 1000)
    };
    // Two blocks of each width, with two layers each.
    let squeezed = 4 * (64 * 4 + 128 * 8 + 256 * 16 + 512 * 32);
    let of_two_layers = ResNetConfig {
        head: Head::ConcatPool,
        head_layers: vec![
            HeadLayer::BatchNorm,
            HeadLayer::Linear {
                outputs: 512,
                bias: false,
            },
            HeadLayer::Relu,
            HeadLayer::Linear {
                outputs: 1000,
                bias: true,
            },
        ],
        ..plain(Depth::D18, 1000)
    };
    #[rustfmt::skip]
    let cases: &[(ResNetConfig, usize, [u64; 3])] = &[
        (squeezing, 224, [11_678_912 + squeezed, 512 * 512 * 9, 64 * 112 * 112]),
        (of_two_layers, 224, [11_678_912 + 1024 * 512, 512 * 512 * 9, 64 * 112 * 112]),
        (plain(Depth::D18, 0), 224, [11_678_912 - 1000 * 512, 512 * 512 * 9, 64 * 112 * 112]),
        (plain(Depth::D18, 1000), 224, [11_678_912, 512 * 512 * 9, 64 * 112 * 112]),
        (plain(Depth::D18, 1000), 2048, [11_678_912, 512 * 512 * 9, 64 * 1024 * 1024]),
        (plain(Depth::D18, 900_000), 224, [11_678_912 + 899_000 * 512, 900_000 * 512, 900_000]),
        (plain(Depth::D50, 1000), 224, [25_502_912, 512 * 512 * 9, 64 * 112 * 112]),
        (plain(Depth::D50, 1 << 20), 224, [25_502_912 + ((1 << 20) - 1000) * 2048, (1 << 20) * 2048, 1 << 20]),
    ];
    let mut report = Vec::new();
    for (config, side, expected) in cases {
        let spec = NetworkSpec::new(config).unwrap();
        let found = Footprint::of(&spec, [1, 3, *side, *side], &Plain).unwrap();
        let [weights, largest_tensor, largest_map] = expected.map(|numbers| 4 * numbers);
        let expected = Footprint {
            weights,
            largest_tensor,
            largest_map,
        };
        if found != expected {
            report.push(format!(
                "{}, {side}: {found:?} instead of {expected:?}",
                config.name()
            ));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn what_does_not_fit_is_refused_with_both_sizes() {
    let footprint = |classes| {
        let spec = NetworkSpec::new(&ResNetConfig::torchvision(Depth::D18, classes)).unwrap();
        Footprint::of(&spec, [1, 3, 224, 224], &Plain).unwrap()
    };
    let cases = [
        (1000, 2048 * MEBIBYTE, None),
        (100_000, 2048 * MEBIBYTE, None),
        (
            900_000,
            4096 * MEBIBYTE,
            Some(
                "this network needs about 5.6 GB of memory, and there are at most 4.3 GB for it here. Choose a smaller network, or one with fewer classes",
            ),
        ),
        (
            900_000,
            2048 * MEBIBYTE,
            Some("needs about 5.6 GB of memory, and there are at most 2.1 GB"),
        ),
        (900_000, u64::MAX, None),
    ];
    let mut report = Vec::new();
    for (classes, most, expected) in cases {
        let found = footprint(classes)
            .check(most)
            .err()
            .map(|error| error.to_string());
        let fits = match (&found, expected) {
            (Some(text), Some(words)) => text.contains(words),
            (None, None) => true,
            _ => false,
        };
        if !fits {
            report.push(format!(
                "{classes} classes in {most}: {found:?} instead of {expected:?}"
            ));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn bytes_are_shown_as_people_say_them() {
    let cases = [
        (0, "0 MB"),
        (640_400_000, "640 MB"),
        (999_499_999, "999 MB"),
        (999_500_000, "1.0 GB"),
        (4 << 30, "4.3 GB"),
        (5_200_000_000, "5.2 GB"),
        (u64::MAX, "18446744073.7 GB"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(Bytes(bytes).to_string(), expected, "{bytes}");
    }
}
