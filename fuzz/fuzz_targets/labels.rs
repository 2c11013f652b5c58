#![no_main]

mod bounded;

use resnet_web_core::weights::Description;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    bounded::bounded(bytes.len(), || {
        if let Ok(description) = Description::read(bytes) {
            assert!(description.labels.len() <= bytes.len());
        }
    });
});
