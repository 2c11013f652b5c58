//! From pixels to the network's input: torchvision's values for two photos, a plain reference for every other shape.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use resnet_web_core::image::{
    ChannelOrder, Fit, ImageError, Interpolation, MAX_CROP, Placement, Preprocessing, preprocess,
};
use serde::Deserialize;

/// What torchvision makes of a photo.
#[derive(Debug, Deserialize)]
struct Golden {
    photo: String,
    resize_short_side: u32,
    mean: [f32; 3],
    std: [f32; 3],
    photo_width_height: [u32; 2],
    resized_width_height: [u64; 2],
    crop_left_top: [u64; 2],
    tensor_shape: [u32; 4],
    channel_mean: [f64; 3],
    channel_std: [f64; 3],
    samples: Vec<(usize, f32)>,
    samples_8bit: Vec<u8>,
}

const GOLDENS: [&str; 2] = [
    include_str!("../../../tests/fixtures/goldens/preprocess-chelsea.json"),
    include_str!("../../../tests/fixtures/goldens/preprocess-coffee.json"),
];

impl Golden {
    fn read(json: &str) -> Self {
        serde_json::from_str(json).unwrap()
    }

    fn photo(&self) -> Picture {
        let path = format!(
            "{}/../../www/public/photos/{}",
            env!("CARGO_MANIFEST_DIR"),
            self.photo
        );
        let photo = image::open(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let rgba = photo.to_rgba8();
        Picture {
            size: [rgba.width(), rgba.height()],
            rgba: rgba.into_raw(),
        }
    }

    fn preprocessing(&self) -> Preprocessing {
        Preprocessing {
            resize_short_side: self.resize_short_side,
            crop: self.tensor_shape[2],
            mean: self.mean,
            std: self.std,
            ..Preprocessing::default()
        }
    }
}

/// What Pillow's `resize` makes of noise, by `tests/fixtures/goldens/make_resizes.py`.
#[derive(Debug, Deserialize)]
struct Resize {
    filter: Interpolation,
    width_height: [u32; 2],
    /// Of the square that both sides are stretched to.
    side: u32,
    /// The square in its middle.
    crop: u32,
    /// FNV-1a of the square's levels, `[3, crop, crop]`.
    hash: u32,
    /// Some of them, by place.
    samples: Vec<(usize, u8)>,
}

const RESIZES: &str = include_str!("../../../tests/fixtures/goldens/resizes.json");

#[derive(Debug, Clone)]
struct Picture {
    size: [u32; 2],
    rgba: Vec<u8>,
}

impl Picture {
    /// Without rhyme or reason, the same every time: hashed positions, opaque.
    fn noise(width: u32, height: u32) -> Self {
        let level = |i: u32| (i.wrapping_mul(2_654_435_761).rotate_left(11) >> 24) as u8;
        let rgba = (0..width * height * 4)
            .map(|i| if i % 4 == 3 { 255 } else { level(i) })
            .collect();
        Self {
            size: [width, height],
            rgba,
        }
    }

    fn plain(width: u32, height: u32, pixel: [u8; 4]) -> Self {
        Self {
            size: [width, height],
            rgba: pixel.repeat((width * height) as usize),
        }
    }

    fn preprocess(&self, preprocessing: &Preprocessing) -> Result<Vec<f32>, ImageError> {
        preprocess(&self.rgba, self.size[0], self.size[1], preprocessing)
    }

    /// The same, before it is normalised: `[3, crop, crop]`.
    fn levels(&self, preprocessing: &Preprocessing) -> Vec<u8> {
        let values = self.preprocess(preprocessing).unwrap();
        let plane = values.len() / 3;
        let level = |(i, value): (usize, &f32)| {
            let (mean, std) = (preprocessing.mean[i / plane], preprocessing.std[i / plane]);
            ((value * std + mean) * 255.0).round() as u8
        };
        values.iter().enumerate().map(level).collect()
    }
}

/// Pillow's `Image.resize(size, BILINEAR)` and a crop, as plainly as its C code has it: `[3, crop, crop]`.
mod pillow {
    use super::{Picture, Preprocessing};

    const PRECISION: u32 = 32 - 8 - 2;

    /// The first source pixel that a resized one is made of, and the weight of each from there on.
    fn weights(side: u32, resized: u64, position: u64) -> (usize, Vec<i32>) {
        let scale = f64::from(side) / resized as f64;
        let support = scale.max(1.0);
        let centre = (position as f64 + 0.5) * scale;
        let first = ((centre - support + 0.5) as i64).max(0);
        let end = ((centre + support + 0.5) as i64).min(i64::from(side));
        let triangle = |i| (1.0 - ((i as f64 - centre + 0.5) / support).abs()).max(0.0);
        let weights: Vec<f64> = (first..end).map(triangle).collect();
        let sum: f64 = weights.iter().sum();
        let fixed = |weight| (weight / sum * f64::from(1 << PRECISION) + 0.5) as i32;
        (first as usize, weights.into_iter().map(fixed).collect())
    }

    fn weighted(levels: impl Iterator<Item = u8>, weights: &[i32]) -> u8 {
        let sum: i32 = levels
            .zip(weights)
            .map(|(level, weight)| i32::from(level) * weight)
            .sum();
        ((sum + (1 << (PRECISION - 1))) >> PRECISION).clamp(0, 255) as u8
    }

    pub fn levels(picture: &Picture, preprocessing: &Preprocessing) -> Vec<u8> {
        let [width, height] = picture.size;
        let placement = preprocessing.placement(width, height).unwrap();
        let crop = preprocessing.crop as usize;
        let along = |axis: usize, offset: usize| {
            let position = placement.left_top[axis] + offset as u64;
            weights(picture.size[axis], placement.resized[axis], position)
        };
        let mut levels = vec![0; 3 * crop * crop];
        for x in 0..crop {
            let (left, columns) = along(0, x);
            let narrowed = |c: usize, y: usize| {
                let row = y * width as usize + left;
                weighted(
                    (0..columns.len()).map(|i| picture.rgba[4 * (row + i) + c]),
                    &columns,
                )
            };
            for y in 0..crop {
                let (top, rows) = along(1, y);
                for c in 0..3 {
                    let column = (0..rows.len()).map(|i| narrowed(c, top + i));
                    levels[(c * crop + y) * crop + x] = weighted(column, &rows);
                }
            }
        }
        levels
    }
}

/// How many levels differ, and by how much at most.
fn difference(found: &[u8], expected: &[u8]) -> (usize, u8) {
    assert_eq!(found.len(), expected.len());
    let differences = found
        .iter()
        .zip(expected)
        .map(|(f, e)| f.abs_diff(*e))
        .filter(|d| *d > 0);
    differences.fold((0, 0), |(count, worst), d| (count + 1, worst.max(d)))
}

#[test]
fn photos_become_what_torchvision_makes_of_them() {
    let mut faults = Vec::new();
    for golden in GOLDENS.map(Golden::read) {
        let (name, photo, preprocessing) = (&golden.photo, golden.photo(), golden.preprocessing());
        let mut check = |what: &str, holds: bool, found: String| {
            if !holds {
                faults.push(format!("{name}: {what}: {found}"));
            }
        };
        check(
            "size",
            photo.size == golden.photo_width_height,
            format!("{:?}", photo.size),
        );
        check(
            "the default",
            preprocessing == Preprocessing::default(),
            format!("{preprocessing:?}"),
        );
        let placement = preprocessing
            .placement(photo.size[0], photo.size[1])
            .unwrap();
        let expected = Placement {
            resized: golden.resized_width_height,
            left_top: golden.crop_left_top,
        };
        check(
            "placement",
            placement == expected,
            format!("{placement:?} instead of {expected:?}"),
        );

        let values = photo.preprocess(&preprocessing).unwrap();
        let plane = values.len() / 3;
        let length: u32 = golden.tensor_shape.iter().product();
        check(
            "length",
            values.len() == length as usize,
            values.len().to_string(),
        );
        let levels = photo.levels(&preprocessing);
        for (&(i, value), &level) in golden.samples.iter().zip(&golden.samples_8bit) {
            let found = format!(
                "[{i}] is {} ({}) instead of {level} ({value})",
                levels[i], values[i]
            );
            // Exact: the nine digits of the file round-trip f32.
            check("sample", levels[i] == level && values[i] == value, found);
        }
        for (c, channel) in values.chunks_exact(plane).enumerate() {
            let mean = channel.iter().map(|&v| f64::from(v)).sum::<f64>() / plane as f64;
            let squares = channel.iter().map(|&v| (f64::from(v) - mean).powi(2));
            let std = (squares.sum::<f64>() / plane as f64).sqrt();
            let (expected_mean, expected_std) = (golden.channel_mean[c], golden.channel_std[c]);
            let near = (mean - expected_mean).abs() < 1e-6 && (std - expected_std).abs() < 1e-6;
            let found = format!("{mean} and {std} instead of {expected_mean} and {expected_std}");
            check(&format!("channel {c}'s mean and deviation"), near, found);
        }
    }
    assert_eq!(faults.join("\n"), "");
}

#[test]
fn every_filter_is_pillows() {
    let resizes: Vec<Resize> = serde_json::from_str(RESIZES).unwrap();
    let mut faults = Vec::new();
    for golden in resizes {
        let [width, height] = golden.width_height;
        let levels = Picture::noise(width, height).levels(&Preprocessing {
            resize_short_side: golden.side,
            crop: golden.crop,
            interpolation: golden.filter,
            fit: Fit::Stretch,
            ..Preprocessing::default()
        });
        let hash = levels.iter().fold(0x811c_9dc5_u32, |hash, &level| {
            (hash ^ u32::from(level)).wrapping_mul(0x0100_0193)
        });
        let wrong = golden
            .samples
            .iter()
            .filter(|&&(i, level)| levels[i] != level);
        let wrong: Vec<_> = wrong.map(|&(i, level)| (i, levels[i], level)).collect();
        if hash != golden.hash || !wrong.is_empty() {
            faults.push(format!(
                "{:?}, {width} x {height} to {}: hash {hash:x}; place, found, expected: {wrong:?}",
                golden.filter, golden.side
            ));
        }
    }
    assert_eq!(faults.join("\n"), "");
}

#[test]
fn channels_and_range_are_those_of_the_network() {
    let pixel = Picture::plain(2, 2, [10, 20, 30, 255]);
    let caffe = Preprocessing {
        resize_short_side: 2,
        crop: 1,
        mean: [3.0, 2.0, 1.0],
        std: [1.0, 2.0, 4.0],
        channel_order: ChannelOrder::Bgr,
        range: 255.0,
        ..Preprocessing::default()
    };
    let rgb = Preprocessing {
        channel_order: ChannelOrder::Rgb,
        ..caffe
    };
    let to_two = Preprocessing {
        range: 2.0,
        mean: [0.0; 3],
        std: [1.0; 3],
        ..caffe
    };
    let cases = [
        ("blue first, up to 255", caffe, [27.0, 9.0, 2.25]),
        ("red first, up to 255", rgb, [7.0, 9.0, 7.25]),
        (
            "blue first, up to 2",
            to_two,
            [30.0 / 127.5, 20.0 / 127.5, 10.0 / 127.5],
        ),
    ];
    for (name, preprocessing, expected) in cases {
        assert_eq!(
            pixel.preprocess(&preprocessing).unwrap(),
            expected,
            "{name}"
        );
    }
}

#[test]
fn files_of_format_1_are_read_and_written_as_before() {
    let usual = r#"{"resize_short_side":256,"crop":224,"mean":[0.485,0.456,0.406],"std":[0.229,0.224,0.225]}"#;
    assert_eq!(
        serde_json::from_str::<Preprocessing>(usual).unwrap(),
        Preprocessing::default()
    );
    assert_eq!(
        serde_json::to_string(&Preprocessing::default()).unwrap(),
        usual
    );
    let unusual = Preprocessing {
        interpolation: Interpolation::Bicubic,
        fit: Fit::Stretch,
        channel_order: ChannelOrder::Bgr,
        range: 255.0,
        ..Preprocessing::default()
    };
    let text = serde_json::to_string(&unusual).unwrap();
    assert!(!unusual.is_of_format_1());
    assert_eq!(
        serde_json::from_str::<Preprocessing>(&text).unwrap(),
        unusual,
        "{text}"
    );
}

#[test]
fn the_plain_reference_is_pillow() {
    for golden in GOLDENS.map(Golden::read) {
        let levels = pillow::levels(&golden.photo(), &golden.preprocessing());
        let found: Vec<_> = golden.samples.iter().map(|&(i, _)| levels[i]).collect();
        assert_eq!(found, golden.samples_8bit, "{}", golden.photo);
        // All of the image that the file has.
        for (c, channel) in levels.chunks_exact(224 * 224).enumerate() {
            let sum: u64 = channel.iter().map(|&level| u64::from(level)).sum();
            let mean = sum as f64 / channel.len() as f64 / 255.0;
            let mean = (mean - f64::from(golden.mean[c])) / f64::from(golden.std[c]);
            assert!(
                (mean - golden.channel_mean[c]).abs() < 1e-6,
                "{}: channel {c}: {mean}",
                golden.photo
            );
        }
    }
}

#[test]
fn images_of_every_shape_are_resized_as_by_pillow() {
    let photos = GOLDENS.map(|json| {
        let golden = Golden::read(json);
        (golden.photo(), golden.preprocessing())
    });
    let sizes = [
        [1, 1],
        [1, 2],
        [2, 1],
        [1, 300],
        [300, 1],
        [2, 2000],
        [2000, 2],
        [10_000, 1],
        [1, 10_000],
        [37, 3000],
        [3000, 37],
        [223, 223],
        [223, 224],
        [224, 224],
        [225, 225],
        [255, 257],
        [256, 256],
        [257, 256],
        [512, 512],
        [640, 480],
        [1013, 761],
    ];
    let noise =
        sizes.map(|[width, height]| (Picture::noise(width, height), Preprocessing::default()));
    // Other networks' numbers, among them a crop that is all of the short side.
    let others = [(232, 224), (224, 224), (36, 32), (1, 1), (300, 299)];
    let others = others.map(|(resize_short_side, crop)| {
        let preprocessing = Preprocessing {
            resize_short_side,
            crop,
            ..Preprocessing::default()
        };
        (Picture::noise(131, 97), preprocessing)
    });

    let mut faults = Vec::new();
    for (picture, preprocessing) in photos.into_iter().chain(noise).chain(others) {
        let found = picture.levels(&preprocessing);
        let expected = pillow::levels(&picture, &preprocessing);
        let (count, worst) = difference(&found, &expected);
        let total = found.len();
        if count > 0 {
            faults.push(format!(
                "{:?} to {}: {count} of {total} levels differ, by {worst} at most",
                picture.size, preprocessing.resize_short_side
            ));
        }
    }
    assert_eq!(faults.join("\n"), "");
}

#[test]
fn an_image_of_one_colour_keeps_it() {
    // Its pixels, and the red, green and blue that the network is to see.
    let cases: &[(&str, [u8; 4], [u8; 3])] = &[
        ("black", [0, 0, 0, 255], [0, 0, 0]),
        ("white", [255, 255, 255, 255], [255, 255, 255]),
        ("grey", [119, 119, 119, 255], [119, 119, 119]),
        ("a colour", [10, 128, 250, 255], [10, 128, 250]),
        ("transparent black", [0, 0, 0, 0], [255, 255, 255]),
        ("transparent red", [255, 0, 0, 0], [255, 255, 255]),
        // 128/255 of black over white: 127 exactly.
        ("half black", [0, 0, 0, 128], [127, 127, 127]),
        // (0, 100, 255) * 1/255 + 254: 254, 254.39 and 255.
        ("a hint of blue", [0, 100, 255, 1], [254, 254, 255]),
        ("nearly opaque", [0, 100, 255, 254], [1, 101, 255]),
    ];
    let mut faults = Vec::new();
    for [width, height] in [[1, 1], [300, 200], [200, 300]] {
        for &(name, pixel, expected) in cases {
            let levels = Picture::plain(width, height, pixel).levels(&Preprocessing::default());
            for (c, channel) in levels.chunks_exact(224 * 224).enumerate() {
                if let Some(level) = channel.iter().find(|level| **level != expected[c]) {
                    let expected = expected[c];
                    faults.push(format!(
                        "{name}, {width} x {height}: channel {c} has {level} instead of {expected}"
                    ));
                }
            }
        }
    }
    assert_eq!(faults.join("\n"), "");
}

#[test]
fn the_crop_lies_where_torchvision_puts_it() {
    // Width and height, resized, left and top: int(256 * long / short) and int(round((side - 224) / 2)).
    let cases = [
        ([451, 300], [384, 256], [80, 16]),
        ([300, 451], [256, 384], [16, 80]),
        ([256, 256], [256, 256], [16, 16]),
        ([1, 1], [256, 256], [16, 16]),
        // 257 leaves 33 pixels: 16.5 is rounded to the even 16.
        ([257, 256], [257, 256], [16, 16]),
        // 259 leaves 35: 17.5 is rounded to 18.
        ([259, 256], [259, 256], [18, 16]),
        ([10_000, 1], [2_560_000, 256], [1_279_888, 16]),
        (
            [u32::MAX, 1],
            [256 * 4_294_967_295, 256],
            [549_755_813_648, 16],
        ),
    ];
    let stretched = Preprocessing {
        fit: Fit::Stretch,
        ..Preprocessing::default()
    };
    let found = stretched.placement(451, 300);
    let [resized, left_top] = [[256, 256], [16, 16]];
    assert_eq!(found, Ok(Placement { resized, left_top }), "stretched");
    for ([width, height], resized, left_top) in cases {
        let found = Preprocessing::default().placement(width, height);
        assert_eq!(
            found,
            Ok(Placement { resized, left_top }),
            "{width} x {height}"
        );
    }
}

#[test]
fn invalid_images_are_refused_with_the_reason() {
    let default = Preprocessing::default();
    let crop = |crop, resize_short_side| Preprocessing {
        crop,
        resize_short_side,
        ..default
    };
    // Bytes, width and height, preprocessing, and words that the text must hold.
    type Case = (&'static str, usize, [u32; 2], Preprocessing, &'static str);
    let cases: [Case; 15] = [
        ("no width", 0, [0, 7], default, "0 x 7 pixels"),
        ("no height", 0, [7, 0], default, "at least 1"),
        ("nothing", 0, [0, 0], default, "0 x 0 pixels"),
        ("no bytes", 0, [2, 2], default, "expected 16 bytes for"),
        (
            "a byte missing",
            15,
            [2, 2],
            default,
            "expected 16 bytes for",
        ),
        (
            "a byte too many",
            17,
            [2, 2],
            default,
            "expected 16 bytes for",
        ),
        ("RGB", 12, [2, 2], default, "four bytes per pixel"),
        (
            "more than memory holds",
            4,
            [u32::MAX, u32::MAX],
            default,
            "expected 73786976260478468100 bytes for",
        ),
        (
            "sides whose product wraps to 1",
            4,
            [65_537, 65_535],
            default,
            "expected 17179869180 bytes for",
        ),
        ("no crop", 4, [1, 1], crop(0, 256), "a square of 0 pixels"),
        (
            "a crop larger than the image",
            4,
            [1, 1],
            crop(257, 256),
            "257 pixels out of a short side of 256",
        ),
        (
            "a crop larger than a page can bear",
            4,
            [1, 1],
            crop(MAX_CROP + 1, u32::MAX),
            "between 1 and 2048",
        ),
        (
            "a deviation of zero",
            4,
            [1, 1],
            Preprocessing {
                std: [1.0, 0.0, 1.0],
                ..default
            },
            "deviations above 0",
        ),
        (
            "a mean that is no number",
            4,
            [1, 1],
            Preprocessing {
                mean: [0.0, f32::NAN, 0.0],
                ..default
            },
            "must be finite",
        ),
        (
            "a range of zero",
            4,
            [1, 1],
            Preprocessing {
                range: 0.0,
                ..default
            },
            "makes white 0",
        ),
    ];
    let mut faults = Vec::new();
    for (name, bytes, [width, height], preprocessing, words) in cases {
        match preprocess(&vec![0; bytes], width, height, &preprocessing) {
            Ok(_) => faults.push(format!("{name}: was accepted")),
            Err(error) if error.to_string().contains(words) => {}
            Err(error) => faults.push(format!("{name}: no «{words}» in: {error}")),
        }
    }
    assert_eq!(faults.join("\n"), "");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Any picture gives finite values between those of black and white.
    #[test]
    fn values_stay_between_black_and_white(
        width in 1_u32..400,
        height in 1_u32..400,
        resize_short_side in 1_u32..300,
        crop_share in 0.0..=1.0_f64,
        pixel in any::<[u8; 4]>(),
    ) {
        let crop = ((f64::from(resize_short_side) * crop_share) as u32).max(1);
        let preprocessing = Preprocessing { resize_short_side, crop, ..Preprocessing::default() };
        let mut picture = Picture::noise(width, height);
        for (i, byte) in picture.rgba.iter_mut().enumerate() {
            *byte ^= pixel[i % 4];
        }
        let values = picture.preprocess(&preprocessing).unwrap();
        prop_assert_eq!(values.len(), 3 * (crop * crop) as usize);
        for (c, channel) in values.chunks_exact(values.len() / 3).enumerate() {
            let normalised = |v: f32| (v - preprocessing.mean[c]) / preprocessing.std[c];
            let (black, white) = (normalised(0.0), normalised(1.0));
            prop_assert!(channel.iter().all(|v| (black..=white).contains(v)));
        }
    }

    /// Any sizes and any number of bytes: values or an error, never a panic.
    #[test]
    fn bytes_of_any_length_never_panic(
        width in prop_oneof![0_u32..9, any::<u32>()],
        height in prop_oneof![0_u32..9, any::<u32>()],
        resize_short_side in prop_oneof![0_u32..300, any::<u32>()],
        crop in prop_oneof![0_u32..300, any::<u32>()],
        bytes in 0_usize..300,
    ) {
        let preprocessing = Preprocessing { resize_short_side, crop, ..Preprocessing::default() };
        if let Ok(values) = preprocess(&vec![77; bytes], width, height, &preprocessing) {
            prop_assert!(values.iter().all(|value| value.is_finite()));
        }
    }
}
