//! The native tool as its user meets it: what it prints, and how it fails.

#![cfg(all(feature = "cli", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use support::weight_file;

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
            "words.txt: this is no weight file",
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
