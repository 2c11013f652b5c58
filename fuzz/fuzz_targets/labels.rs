#![no_main]

use resnet_web_core::weights::labels;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(labels) = labels::parse(text) {
        assert!(labels.len() <= text.len());
    }
});
