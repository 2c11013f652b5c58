#![no_main]

mod bounded;

use resnet_web_core::weights::labels;

libfuzzer_sys::fuzz_target!(|text: &str| {
    bounded::bounded(text.len(), || {
        if let Ok(labels) = labels::parse(text) {
            assert!(labels.len() <= text.len());
        }
    });
});
