//! Reading a safetensors file (<https://huggingface.co/docs/safetensors>): a JSON header, then the tensors' bytes.

use half::f16;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::metadata::ModelMetadata;
use super::source::{Listing, TensorSource, WeightError};
use crate::resnet::NetworkSpec;
use crate::resnet::spec::TensorSpec;

/// A file whose header has been read. The tensors stay in the file's bytes until they are taken.
#[derive(Debug)]
pub struct WeightFile<'bytes> {
    tensors: SafeTensors<'bytes>,
    metadata: ModelMetadata,
}

impl<'bytes> WeightFile<'bytes> {
    /// Reads the header and the description of the network in it.
    ///
    /// # Errors
    /// [`WeightError::Format`] or [`WeightError::Metadata`].
    pub fn read(bytes: &'bytes [u8]) -> Result<Self, WeightError> {
        let format = |error: safetensors::SafeTensorError| WeightError::Format {
            reason: format!("{}{error}", impostor(bytes)),
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(format)?;
        let entries = header.metadata().clone().unwrap_or_default();
        let metadata = ModelMetadata::from_entries(&entries)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(format)?;
        Ok(Self { tensors, metadata })
    }

    /// What the file says of its network.
    pub fn metadata(&self) -> &ModelMetadata {
        &self.metadata
    }

    /// Checks that the file holds every tensor of `network`, each in its shape and readable, and no other.
    ///
    /// # Errors
    /// The first kind of fault there is, with every tensor that has it.
    pub fn check(&self, network: &NetworkSpec) -> Result<(), WeightError> {
        let architecture = network.config.name();
        let expected = network.tensors();
        let found = |spec: &TensorSpec| self.tensors.tensor(&spec.name).ok();

        let missing = expected.iter().filter(|spec| found(spec).is_none());
        if let Some(names) = Listing::new(missing.map(|spec| spec.name.clone())) {
            return Err(WeightError::Missing {
                architecture,
                names,
            });
        }
        // PyTorch counts batches while it trains; nothing reads the count afterwards.
        let mut unexpected: Vec<_> = self
            .tensors
            .names()
            .into_iter()
            .filter(|name| !name.ends_with("num_batches_tracked"))
            .filter(|name| expected.iter().all(|spec| spec.name != *name))
            .map(str::to_owned)
            .collect();
        unexpected.sort_unstable();
        if let Some(names) = Listing::new(unexpected) {
            return Err(WeightError::Unexpected {
                architecture,
                names,
            });
        }
        let misshapen = expected.iter().filter_map(|spec| {
            let shape = found(spec)?.shape().to_vec();
            (shape != spec.shape)
                .then(|| format!("{} is {shape:?} instead of {:?}", spec.name, spec.shape))
        });
        if let Some(tensors) = Listing::new(misshapen) {
            return Err(WeightError::Shape {
                architecture,
                tensors,
            });
        }
        let unreadable = expected.iter().filter_map(|spec| {
            let dtype = found(spec)?.dtype();
            (!matches!(dtype, Dtype::F32 | Dtype::F16))
                .then(|| format!("{} is {dtype:?}", spec.name))
        });
        match Listing::new(unreadable) {
            Some(tensors) => Err(WeightError::Dtype { tensors }),
            None => Ok(()),
        }
    }
}

impl TensorSource for WeightFile<'_> {
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightError> {
        let architecture = self.metadata.name.clone();
        let Ok(view) = self.tensors.tensor(name) else {
            let names = Listing::one(name.to_owned());
            return Err(WeightError::Missing {
                architecture,
                names,
            });
        };
        if view.shape() != shape {
            let fault = format!("{name} is {:?} instead of {shape:?}", view.shape());
            return Err(WeightError::Shape {
                architecture,
                tensors: Listing::one(fault),
            });
        }
        let values = to_f32(&view).ok_or_else(|| WeightError::Dtype {
            tensors: Listing::one(format!("{name} is {:?}", view.dtype())),
        })?;
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(WeightError::NotFinite {
                name: name.to_owned(),
                index,
                value: values[index],
            }),
            None => Ok(values),
        }
    }
}

/// `None` for a type that is not read. The bytes are little-endian, whatever the machine.
fn to_f32(view: &TensorView<'_>) -> Option<Vec<f32>> {
    let (quads, _) = view.data().as_chunks::<4>();
    let (pairs, _) = view.data().as_chunks::<2>();
    match view.dtype() {
        Dtype::F32 => Some(
            quads
                .iter()
                .map(|&bytes| f32::from_le_bytes(bytes))
                .collect(),
        ),
        Dtype::F16 => Some(
            pairs
                .iter()
                .map(|&bytes| f16::from_le_bytes(bytes).to_f32())
                .collect(),
        ),
        _ => None,
    }
}

/// Names what is often mistaken for weights, to be put before the reader's own words.
fn impostor(bytes: &[u8]) -> &'static str {
    let starts = |with: &[u8]| bytes.trim_ascii_start().get(..with.len()) == Some(with);
    if bytes.is_empty() {
        "the file is empty; "
    } else if starts(b"<") {
        "it is an HTML page, perhaps the answer of a server that did not find the file; "
    } else if starts(b"version https://git-lfs") {
        "it is a Git LFS pointer, not the file it points to; "
    } else if starts(b"PK") {
        "it is a zip archive, perhaps PyTorch's; "
    } else {
        ""
    }
}
