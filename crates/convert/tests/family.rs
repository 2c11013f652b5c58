//! Networks of the whole family are converted: what is written says which they are and has their numbers.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Read;

use flate2::read::GzDecoder;
use resnet_web_convert::file::{WeightDtype, convert_file};
use resnet_web_core::weights::{Assumption, Choices, TensorSource, WeightFile};

const FAMILY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/family");

#[test]
fn a_converted_network_is_the_one_that_was_read() {
    let mut report = Vec::new();
    let files = fs::read_dir(FAMILY).unwrap().map(|file| file.unwrap());
    let packed = files.filter(|file| file.path().extension().is_some_and(|end| end == "gz"));
    for file in packed {
        let name = file.file_name().into_string().unwrap();
        let mut bytes = Vec::new();
        let file = fs::File::open(file.path()).unwrap();
        GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
        let mut read = WeightFile::open(bytes.as_slice(), &Choices::default()).unwrap();
        for dtype in [WeightDtype::F32, WeightDtype::Int8] {
            let written = convert_file(&mut read, None, dtype).unwrap();
            let again = WeightFile::open(written.bytes.as_slice(), &Choices::default());
            let mut again = match again {
                Ok(again) => again,
                Err(error) => {
                    report.push(format!("{name}, {dtype:?}: {error}"));
                    continue;
                }
            };
            let (network, expected) = (&again.metadata().network, &read.metadata().network);
            if network != expected {
                report.push(format!("{name}: {network:?} instead of {expected:?}"));
            }
            if again
                .assumed()
                .iter()
                .any(|known| *known != Assumption::Labels)
            {
                report.push(format!("{name}: {:?} is assumed", again.assumed()));
            }
            let tensors = read.spec().tensors();
            for tensor in tensors.iter().filter(|_| dtype == WeightDtype::F32) {
                let before = read.take(&tensor.name, &tensor.shape).unwrap();
                if again.take(&tensor.name, &tensor.shape).unwrap() != before {
                    report.push(format!("{name}: {} has other values", tensor.name));
                }
            }
        }
    }
    assert_eq!(report, Vec::<String>::new());
}
