//! The native tool as its user meets it: what it prints, and how it fails.

#![cfg(all(feature = "cli", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use flate2::read::GzDecoder;
use support::weight_file::{self, Draft};

const WEIGHTS: &str = "www/public/weights/resnet50.safetensors";

fn tool(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_resnet-web"));
    command.args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A new, empty folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A file of that folder, as an argument.
fn file(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn what_cannot_be_done_is_said_in_one_sentence() {
    let folder = folder("faults");
    let weights = &file(&folder, "small.safetensors", &weight_file::small());
    let page = &file(&folder, "page.safetensors", b"<!doctype html>");
    let words = &file(&folder, "words.txt", b"no photo");
    let half = &file(&folder, "half.png", b"\x89PNG\r\n\x1a\n");
    let target = &folder.join("new.safetensors").display().to_string();
    let cases: &[(&[&str], &str)] = &[
        (&["summary", "missing"], "missing: No such file"),
        (&["summary", page], "it is an HTML page"),
        (&["classify", page, words], "it is an HTML page"),
        (&["classify", weights, "missing"], "missing: No such file"),
        (
            &["classify", weights, words],
            "words.txt: this is neither a JPEG nor a PNG",
        ),
        (&["classify", weights, half], "half.png: "),
        (&["convert", "missing", target], "missing: No such file"),
        (
            &["convert", words, target],
            "words.txt: this is not a weight file",
        ),
    ];
    let mut report = Vec::new();
    for (arguments, expected) in cases {
        let Output { status, stderr, .. } = tool(arguments);
        let stderr = text(&stderr);
        let sentence = stderr.starts_with("resnet-web: ") && stderr.ends_with(".\n");
        if status.code() != Some(1)
            || !sentence
            || stderr.lines().count() != 1
            || !stderr.contains(expected)
        {
            report.push(format!(
                "{arguments:?}: {status}, no «{expected}» in: {stderr}"
            ));
        }
    }
    assert_eq!(report, Vec::<String>::new());
    assert!(!folder.join("new.safetensors").exists());
}

#[test]
fn nothing_of_a_file_steers_the_terminal() {
    let folder = folder("terminal");
    let hostile = "\u{1b}[31m\u{202e}\u{7}".to_owned() + &"x".repeat(1 << 20);
    let mut named = Draft::small();
    named.tensors[0].0.clone_from(&hostile);
    let mut labelled = Draft::small();
    labelled.metadata.labels.fill(hostile.clone());
    let named = &file(&folder, "named.safetensors", &named.write());
    let labelled = &file(&folder, "labelled.safetensors", &labelled.write());
    let text_of_labels = (hostile.clone() + "\n").repeat(10);
    let labels = &file(&folder, "labels.txt", text_of_labels.as_bytes());
    let broken = format!("{{\"{hostile}\": 1}}");
    let broken = &file(&folder, "labels.json", broken.as_bytes());
    let photo = &file(&folder, "\u{1b}[31m.png", b"none");
    let sample = "www/public/photos/chelsea.png";
    let cases: &[&[&str]] = &[
        &["summary", named],
        &["classify", labelled, sample],
        &["classify", labelled, sample, "--labels", labels],
        &["classify", labelled, sample, "--labels", broken],
        &["classify", labelled, photo],
    ];
    let mut report = Vec::new();
    for arguments in cases {
        let Output { stdout, stderr, .. } = tool(arguments);
        let printed = text(&stdout) + &text(&stderr);
        let steers = printed.replace('\n', "").contains(char::is_control);
        if steers || printed.contains('\u{202e}') || printed.len() > 10_000 {
            let start: String = printed.chars().take(300).collect();
            report.push(format!("{arguments:?}: {} bytes: {start:?}", printed.len()));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn files_beside_the_weights_say_labels_and_preprocessing() {
    let folder = folder("described");
    let mut silent = Draft::small();
    silent.metadata.labels.clear();
    let weights = &file(&folder, "small.safetensors", &silent.write());
    let labels: HashMap<_, _> = (0..10).map(|i| (format!("thing {i}"), i)).collect();
    let config = serde_json::json!({"model_type": "resnet", "label2id": labels});
    let config = &file(&folder, "config.json", config.to_string().as_bytes());
    let preprocessor = &file(
        &folder,
        "preprocessor_config.json",
        br#"{"size": {"shortest_edge": 64}, "crop_pct": 0.8, "resample": 1}"#,
    );
    let arguments = ["classify", weights, "www/public/photos/chelsea.png"];
    let described = [
        "--labels",
        config.as_str(),
        "--preprocessing",
        preprocessor.as_str(),
    ];
    let Output {
        status,
        stdout,
        stderr,
    } = tool(&[&arguments[..], &described[..]].concat());
    let (stdout, stderr) = (text(&stdout), text(&stderr));
    assert!(status.success(), "{stderr}");
    assert!(stdout.contains("%  thing "), "{stdout}");
    assert!(stderr.contains("interpolation = lanczos"), "{stderr}");
    // The file's own preprocessing counts where none is named; its labels are those of the folder, as it has none.
    let own = text(&tool(&arguments).stdout);
    assert!(own.contains("%  thing "), "{own}");
    assert_ne!(stdout, own);
    // Without metadata all of the folder's counts.
    file(
        &folder,
        "small.safetensors",
        &silent.write_with(HashMap::new()),
    );
    let found = text(&tool(&arguments).stdout);
    let answers = |printed: &str| {
        printed
            .lines()
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(answers(&found), answers(&stdout));
}

#[test]
fn a_configuration_of_a_network_that_is_not_computed_is_refused() {
    let folder = folder("other-network");
    let photo = "www/public/photos/chelsea.png";
    let described = Draft::small();
    let bare = described.write_with(HashMap::new());
    let silu = r#"{"architecture": "resnet18", "model_args": {"act_layer": "silu"}}"#;
    let max = r#"{"architecture": "resnet18", "global_pool": "max"}"#;
    let gelu = r#"{"model_type": "resnet", "hidden_act": "gelu"}"#;
    let lanczos = r#"{"input_size": [3, 32, 32], "crop_pct": 1, "interpolation": "lanczos"}"#;
    let ignored = "interpolation = lanczos, which is not supported and is ignored";
    let mut report = Vec::new();
    for (name, weights, config, is_named, expected) in [
        ("activation", &bare, silu, false, Err("`act_layer`: silu")),
        ("pool", &bare, max, false, Err("`global_pool`: max")),
        ("named", &bare, gelu, true, Err("`hidden_act`: gelu")),
        ("filter", &bare, lanczos, false, Ok(ignored)),
        ("named filter", &bare, lanczos, true, Ok(ignored)),
        ("metadata", &described.write(), max, false, Ok("")),
    ] {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).unwrap();
        let weights = file(&folder, "small.safetensors", weights);
        let beside = if is_named {
            "named.json"
        } else {
            "config.json"
        };
        let config = file(&folder, beside, config.as_bytes());
        let mut arguments = vec!["classify", &weights, photo];
        if is_named {
            arguments.extend(["--preprocessing", &config]);
        }
        let Output { status, stderr, .. } = tool(&arguments);
        let stderr = text(&stderr);
        let (Ok(words) | Err(words)) = expected;
        if status.success() != expected.is_ok() || !stderr.contains(words) {
            report.push(format!("{name}: {stderr}"));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn summary_ends_with_the_totals() {
    let weights = file(
        &folder("summary"),
        "small.safetensors",
        &weight_file::small(),
    );
    let Output { status, stdout, .. } = tool(&["summary", &weights]);
    let table = text(&stdout);
    assert!(status.success());
    assert!(table.contains("layer4.0.conv2"), "{table}");
    let total: Vec<_> = table.lines().last().unwrap().split_whitespace().collect();
    // Stem, four stages of one block, and 512 features to 10 classes.
    let parameters = 9_536 + 73_984 + 230_144 + 919_040 + 3_673_088 + 5_130;
    assert_eq!(total[..2], ["total", &parameters.to_string()], "{table}");
}

#[test]
fn any_file_is_converted_to_any_type_and_the_rounding_is_reported() {
    let folder = folder("convert");
    let mut pth = Vec::new();
    GzDecoder::new(fs::File::open("tests/fixtures/weights/bottleneck.pth.gz").unwrap())
        .read_to_end(&mut pth)
        .unwrap();
    let pth = &file(&folder, "bottleneck.pth", &pth);
    let labels = &file(&folder, "labels.txt", "thing\n".repeat(10).as_bytes());
    let few = &file(&folder, "few.txt", b"thing\n");
    let mut report = Vec::new();
    // Bytes of a weight, and how far the logits may move.
    for (dtype, width, most) in [("f32", 4, 1e-9), ("f16", 2, 1e-3), ("int8", 1, 5e-2)] {
        let target = &folder.join(dtype).display().to_string();
        let arguments = ["convert", pth, target, "--dtype", dtype, "--labels", labels];
        let Output {
            status,
            stdout,
            stderr,
        } = tool(&[&arguments[..], &["--stride", "conv1"]].concat());
        let stdout = text(&stdout);
        let moved = stdout
            .split_once("change by ")
            .and_then(|(_, rest)| rest.split(' ').next());
        let moved: f64 = moved
            .and_then(|number| number.parse().ok())
            .unwrap_or(f64::NAN);
        let size = fs::metadata(target).map_or(0, |file| file.len());
        // Eight million weights, and little else.
        let fits = (size as f64 / (8_036_426.0 * f64::from(width)) - 1.0).abs() < 0.05;
        if !status.success() || moved.is_nan() || moved > most || !fits {
            report.push(format!("{dtype}: {size} bytes, {stdout}{}", text(&stderr)));
        }
        let summary = tool(&["summary", target]);
        let photo = "www/public/photos/chelsea.png";
        let classified = text(&tool(&["classify", target, photo]).stdout);
        if !summary.status.success() || !classified.contains("%  thing") {
            report.push(format!("{dtype}: {classified}"));
        }
    }
    assert_eq!(report, Vec::<String>::new());

    let wrong = text(&tool(&["classify", pth, "photo.png", "--labels", few]).stderr);
    assert!(
        wrong.contains("few.txt: found 1 labels, expected 10"),
        "{wrong}"
    );
}

#[test]
fn every_command_says_how_the_file_was_read() {
    let folder = folder("remarks");
    let unpacked = |name: &str| {
        let packed = fs::File::open(format!("tests/fixtures/{name}.gz")).unwrap();
        let mut bytes = Vec::new();
        GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
        file(&folder, name.split('/').next_back().unwrap(), &bytes)
    };
    let photo = "www/public/photos/chelsea.png";
    let target = &folder.join("new.safetensors").display().to_string();
    let cases: &[(&str, &[&str])] = &[
        (
            "weights/bottleneck.pth",
            &["assumed the stride on the 3x3", "assumed that images"],
        ),
        (
            "weights/student-teacher.pth",
            &["took the set of weights `student.module`", "teacher"],
        ),
        (
            "family/resnet20-option-a.safetensors",
            &["assumed no pooling", "assumed the shortcuts' kind"],
        ),
        (
            "family/head-mlp.pth",
            &[
                "assumed ReLU between the head's linear layers",
                "assumed nothing against aliasing",
            ],
        ),
    ];
    let mut report = Vec::new();
    for (weights, expected) in cases {
        let weights = &unpacked(weights);
        for arguments in [
            &["summary", weights][..],
            &["classify", weights, photo],
            &["convert", weights, target],
        ] {
            let said = text(&tool(arguments).stderr);
            let missing = expected.iter().filter(|words| !said.contains(**words));
            report.extend(missing.map(|words| format!("{arguments:?}: no «{words}» in: {said}")));
        }
    }
    assert!(report.is_empty(), "{}", report.join("\n"));
}

#[test]
fn an_onnx_model_is_read_with_the_files_beside_it() {
    let folder = folder("onnx");
    let unpacked = |name: &str| {
        let packed = fs::File::open(format!("tests/fixtures/onnx/{name}.gz")).unwrap();
        let mut bytes = Vec::new();
        GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
        file(&folder, name, &bytes)
    };
    let model = &unpacked("external.onnx");
    let target = &folder.join("new.safetensors").display().to_string();
    let alone = text(&tool(&["convert", model, target]).stderr);
    assert!(alone.contains("`external.onnx.data`"), "{alone}");

    unpacked("external.onnx.data");
    let converted = text(&tool(&["convert", model, target, "--dtype", "f32"]).stdout);
    assert!(converted.contains("from Onnx"), "{converted}");
    let [before, after] = [model, target].map(|file| text(&tool(&["summary", file]).stdout));
    assert!(before.contains("layer4.0.conv2"), "{before}");
    assert_eq!(before, after);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let weights = file(&folder("pipe"), "small.safetensors", &weight_file::small());
    let mut command = Command::new(env!("CARGO_BIN_EXE_resnet-web"));
    command
        .args(["summary", &weights])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    assert_eq!((status.code(), text(&stderr).as_str()), (Some(0), ""));
}

#[test]
fn a_photo_is_turned_as_its_exif_data_says() {
    assert!(
        Path::new(WEIGHTS).exists(),
        "{WEIGHTS} is missing. Run `node tools/weights.mjs` first"
    );
    let turned = fs::read("tests/fixtures/images/cat-exif-rotated.jpg").unwrap();
    // The orientation lies in the APP1 segment, whose length counts its own two bytes.
    let marker = turned
        .windows(2)
        .position(|pair| pair == [0xff, 0xe1])
        .unwrap();
    let length = usize::from(u16::from_be_bytes([turned[marker + 2], turned[marker + 3]]));
    let lying = [&turned[..marker], &turned[marker + 2 + length..]].concat();

    let folder = folder("exif");
    let photos = [("turned.jpg", turned), ("lying.jpg", lying)];
    let photos = photos.map(|(name, bytes)| file(&folder, name, &bytes));
    let [turned, lying] = photos.map(|photo| {
        let Output {
            status,
            stdout,
            stderr,
        } = tool(&["classify", WEIGHTS, &photo]);
        assert!(status.success(), "{}", text(&stderr));
        text(&stdout)
            .lines()
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    assert_eq!(turned.len(), 5, "{turned:?}");
    assert!(turned[0].ends_with("%  Egyptian_cat"), "{turned:?}");
    assert_ne!(turned, lying);
}
