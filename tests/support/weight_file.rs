//! Weight files made on the spot.

use std::collections::HashMap;

use resnet_web::image::Preprocessing;
use resnet_web::resnet::{BlockKind, Family, Head, NetworkSpec, ResNetConfig, StrideOn};
use resnet_web::weights::metadata::FORMAT;
use resnet_web::weights::synthetic::Synthetic;
use resnet_web::weights::{ModelMetadata, TensorSource};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

/// A tensor as a file holds it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub bytes: Vec<u8>,
}

/// A weight file's contents, to be changed before it is written.
#[derive(Debug, Clone)]
pub struct Draft {
    pub metadata: ModelMetadata,
    pub tensors: Vec<(String, Entry)>,
}

impl Draft {
    /// The smallest torchvision-like network: one no-bottleneck block per stage, 10 classes, 32 x 32 pixels.
    pub fn small() -> Self {
        let config = ResNetConfig {
            family: Family::Torchvision,
            block: BlockKind::NoBottleneck,
            repetitions: [1, 1, 1, 1],
            input_channels: 3,
            classes: 10,
            head: Head::AveragePool,
            stride_on: StrideOn::Conv2,
            groups: 1,
            width_per_group: 64,
        };
        let metadata = ModelMetadata {
            format: FORMAT,
            name: "small".to_owned(),
            network: config.clone(),
            preprocessing: Preprocessing {
                resize_short_side: 36,
                crop: 32,
                ..Preprocessing::default()
            },
            labels: (0..10).map(|i| format!("class {i}")).collect(),
            source: "made for a test".to_owned(),
            license: "none".to_owned(),
            dtype: "f32".to_owned(),
        };
        let tensors = NetworkSpec::new(&config)
            .unwrap()
            .tensors()
            .into_iter()
            .map(|spec| {
                let values = Synthetic.take(&spec.name, &spec.shape).unwrap();
                let bytes = values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect();
                (
                    spec.name,
                    Entry {
                        dtype: Dtype::F32,
                        shape: spec.shape,
                        bytes,
                    },
                )
            });
        Self {
            metadata,
            tensors: tensors.collect(),
        }
    }

    /// The tensor called `name`.
    pub fn tensor(&mut self, name: &str) -> &mut Entry {
        let found = self.tensors.iter_mut().find(|(key, _)| key == name);
        found.map(|(_, entry)| entry).unwrap()
    }

    /// The file's bytes.
    pub fn write(&self) -> Vec<u8> {
        self.write_with(self.metadata.to_entries().unwrap())
    }

    /// The file's bytes with another header.
    pub fn write_with(&self, entries: HashMap<String, String>) -> Vec<u8> {
        let views = self.tensors.iter().map(|(name, entry)| {
            (
                name,
                TensorView::new(entry.dtype, entry.shape.clone(), &entry.bytes).unwrap(),
            )
        });
        safetensors::serialize(views, Some(entries)).unwrap()
    }
}

/// A whole small file.
pub fn small() -> Vec<u8> {
    Draft::small().write()
}
