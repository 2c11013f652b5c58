//! Reading a file costs memory and work in proportion to its length, whatever it holds.

#![allow(clippy::unwrap_used)]

#[path = "support/costly.rs"]
mod costly;

use std::fs;

use allocation_counter::{AllocationInfo, measure};
use costly::{COSTLY, Costly, network_of_views};
use resnet_web_core::weights::{Choices, WeightFile, labels};

/// What is repeated, and then twice as often.
const SIZE: usize = 8_000;
/// And in a seed for the fuzz targets, which change small files faster.
const SEED_SIZE: usize = 100;
/// The most memory at a time, for each byte of a file.
const PEAK_PER_BYTE: u64 = 48;
/// And beyond that: buffers of a fixed size.
const PEAK_MORE: u64 = 256 << 10;
/// A text that can be shown.
const LONGEST_ERROR: usize = 2_500;

/// What reading `bytes` allocates, and the error it ends with.
fn read(target: &str, bytes: &[u8]) -> (AllocationInfo, String) {
    let mut error = String::new();
    let costs = measure(|| {
        let read = match target {
            "labels" => labels::parse(&String::from_utf8_lossy(bytes)).map(drop),
            _ => WeightFile::open(bytes, &Choices::default()).map(drop),
        };
        error = read
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
    });
    (costs, error)
}

#[test]
fn a_file_takes_memory_in_proportion_to_its_length() {
    let mut report = Vec::new();
    for Costly { name, target, file } in COSTLY {
        let bytes = file(SIZE);
        let (costs, error) = read(target, &bytes);
        let most = PEAK_PER_BYTE * bytes.len() as u64 + PEAK_MORE;
        if costs.bytes_max > most {
            report.push(format!(
                "{target}, {name}: {} bytes of memory for {} of file: {error:.200}",
                costs.bytes_max,
                bytes.len()
            ));
        }
        // Labels' errors quote what is no label, and are cut where they are shown.
        if error.len() > LONGEST_ERROR && *target != "labels" {
            report.push(format!(
                "{target}, {name}: an error of {} bytes",
                error.len()
            ));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn a_file_of_twice_the_size_takes_twice_the_work() {
    let mut report = Vec::new();
    for Costly { name, target, file } in COSTLY {
        let [(once, error), (twice, _)] = [SIZE, 2 * SIZE].map(|size| read(target, &file(size)));
        // Room for what grows by doubling.
        if twice.bytes_total > once.bytes_total * 5 / 2 + PEAK_MORE {
            report.push(format!(
                "{target}, {name}: {} bytes allocated, then {}: {error:.200}",
                once.bytes_total, twice.bytes_total
            ));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

#[test]
fn views_may_not_span_a_file_many_times() {
    let cases = [
        ("no gaps", 1, None),
        ("every second number", 2, None),
        ("gaps over the whole file", 9_000, Some("views with gaps")),
    ];
    let mut report = Vec::new();
    for (name, step, expected) in cases {
        let (_, error) = read("pytorch", &network_of_views(step));
        if expected.map_or(!error.is_empty(), |words| !error.contains(words)) {
            report.push(format!("{name}: {error:?}"));
        }
    }
    assert_eq!(report, Vec::<String>::new());
}

/// Writes the fuzz targets' seeds: `cargo test -p resnet-web-core --test reading_costs seeds -- --ignored`.
#[test]
#[ignore = "writes fuzz/seeds/*/costly-*"]
fn seeds() {
    for Costly { name, target, file } in COSTLY {
        let folder = format!("{}/../../fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
        let name = name.replace(' ', "-");
        fs::write(format!("{folder}/costly-{name}"), file(SEED_SIZE)).unwrap();
    }
}
