//! Weight files made on the spot.

use std::collections::HashMap;

use resnet_web::image::Preprocessing;
use resnet_web::resnet::{BlockKind, NetworkSpec, ResNetConfig};
use resnet_web::weights::metadata::{FORMAT, KEY};
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
        Self::of(
            "small",
            &ResNetConfig::of(BlockKind::NoBottleneck, vec![1, 1, 1, 1], 10),
            32,
        )
    }

    /// Any network, with synthetic weights, for images of `crop` x `crop` pixels.
    pub fn of(name: &str, config: &ResNetConfig, crop: u32) -> Self {
        let metadata = ModelMetadata {
            format: FORMAT,
            name: name.to_owned(),
            network: config.clone(),
            preprocessing: Preprocessing {
                resize_short_side: crop + 4,
                crop,
                ..Preprocessing::default()
            },
            labels: (0..config.distinguished())
                .map(|i| format!("class {i}"))
                .collect(),
            source: "made for a test".to_owned(),
            license: "none".to_owned(),
            dtype: "f32".to_owned(),
        };
        let tensors = NetworkSpec::new(config)
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
        let metadata = serde_json::to_string(&self.metadata).unwrap();
        self.write_with(HashMap::from([(KEY.to_owned(), metadata)]))
    }

    /// The file's bytes as burn's own store writes them, with burn's names and its order of the head's sides.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn write_burnpack(&self) -> Vec<u8> {
        use burn::tensor::{Bytes, DType};

        let burn_name = |name: &str| {
            let part = |text: &str| (1..=4).any(|i| text == format!("layer{i}"));
            let parts: Vec<_> = name.split('.').collect();
            let norm = parts
                .iter()
                .rev()
                .nth(1)
                .is_some_and(|layer| layer.starts_with("bn"))
                || name.contains("downsample.1");
            let mut burn = String::new();
            for (i, piece) in parts.iter().enumerate() {
                let piece = match *piece {
                    "weight" if norm => "gamma",
                    "bias" if norm => "beta",
                    "0" if parts[i - 1] == "downsample" => "conv",
                    "1" if parts[i - 1] == "downsample" => "bn",
                    piece => piece,
                };
                burn += if i > 0 { "." } else { "" };
                burn += piece;
                burn += if part(piece) { ".blocks" } else { "" };
            }
            burn
        };
        let tensors = self.tensors.iter().map(|(name, entry)| {
            let (mut shape, mut bytes) = (entry.shape.clone(), entry.bytes.clone());
            if let [rows, columns] = shape[..] {
                let (numbers, _) = entry.bytes.as_chunks::<4>();
                let column = |c: usize| (0..rows).map(move |r| numbers[r * columns + c]);
                bytes = (0..columns).flat_map(column).flatten().collect();
                shape.reverse();
            }
            let bytes = Bytes::from_bytes_vec(bytes);
            burn_pack::Tensor::new(burn_name(name), DType::F32, shape, None, bytes)
        });
        let bytes = burn_pack::Writer::new(tensors.collect())
            .into_bytes()
            .unwrap();
        bytes.to_vec()
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
