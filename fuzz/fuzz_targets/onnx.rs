#![no_main]

mod bounded;

use bounded::bounded;
use resnet_web_core::weights::{ByteSource, Choices, TensorSource, WeightFile};

// A graph, every tensor of the network it makes, and files of external data: all are the model itself.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let beside = |_: &str| Some(Box::new(bytes) as Box<dyn ByteSource + '_>);
    let mut opened = None;
    bounded(bytes.len(), || {
        opened = WeightFile::open_beside(bytes, &beside, &Choices::default()).ok();
    });
    let Some(mut file) = opened else {
        return;
    };
    for tensor in file.spec().tensors() {
        bounded(bytes.len(), || {
            let _ = file.take(&tensor.name, &tensor.shape);
        });
    }
});
