//! What every format's target does with its bytes.

use resnet_web_core::weights::{Choices, WeightFile, format};

use crate::bounded::bounded;

/// Reads the index, every tensor in it, and the network they make. Errors are fine; panics, hangs and more memory
/// than the file's size allows are not.
pub fn read(bytes: &[u8]) {
    bounded(bytes.len(), || {
        let _ = WeightFile::open(bytes, &Choices::default());
    });
    let Ok(index) = format::index(&bytes, None) else {
        return;
    };
    for (name, entry) in &index.tensors {
        bounded(bytes.len(), || {
            if let Ok(values) = entry.values(name, &bytes) {
                assert!(
                    values.len() <= bytes.len(),
                    "{name} is larger than its file"
                );
            }
        });
    }
}
