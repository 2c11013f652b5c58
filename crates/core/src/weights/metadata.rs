//! A weight file's metadata: the network, its input, its labels, where it comes from.
//!
//! It is JSON under one key of the entries in a safetensors header or a burnpack index. The tensors' shapes do not
//! show all of it: which convolution has the stride, how an image is normalised and what the classes are called.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::plain::plain;
use super::source::WeightError;
use crate::image::Preprocessing;
use crate::resnet::ResNetConfig;

/// The header's key.
pub const KEY: &str = "resnet-web";
/// The version of the format that is written where it can say all there is.
pub const FORMAT: u32 = 1;
/// The latest version that is read and written: it has the fields that were added to version 1.
pub const LATEST_FORMAT: u32 = 2;

/// The description of a weight file's network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelMetadata {
    /// [`FORMAT`] to [`LATEST_FORMAT`]: the version that was read. The one that is written depends on the other fields.
    pub format: u32,
    /// The network's usual name: "ResNet-50".
    pub name: String,
    /// The network, its fields beside the others.
    #[serde(flatten)]
    pub network: ResNetConfig,
    /// How an image becomes the network's input.
    pub preprocessing: Preprocessing,
    /// The classes' names in the order of the logits; empty if unknown. Two if the network has one logit.
    pub labels: Vec<String>,
    /// Where the weights come from; empty if unknown.
    pub source: String,
    /// Their licence; empty if unknown.
    pub license: String,
    /// How the convolutions' weights are stored: "f32", "f16", "int8".
    pub dtype: String,
}

impl ModelMetadata {
    /// Reads it from a file's entries. `None` for a file that has none.
    ///
    /// # Errors
    /// [`WeightError::Metadata`] where it is unreadable, of a later format or at odds with itself.
    pub fn from_entries(entries: &HashMap<String, String>) -> Result<Option<Self>, WeightError> {
        let fault = |reason: String| WeightError::Metadata { reason };
        let Some(text) = entries.get(KEY) else {
            return Ok(None);
        };
        let mut metadata: Self =
            serde_json::from_str(text).map_err(|error| fault(format!("`{KEY}`: {error}")))?;
        if !(FORMAT..=LATEST_FORMAT).contains(&metadata.format) {
            let found = metadata.format;
            return Err(fault(format!(
                "its format is {found}; expected {FORMAT} to {LATEST_FORMAT}"
            )));
        }
        for text in [
            &mut metadata.name,
            &mut metadata.source,
            &mut metadata.license,
            &mut metadata.dtype,
        ] {
            *text = plain(text);
        }
        let labels = std::mem::take(&mut metadata.labels);
        let count = labels.len();
        if count != 0 && metadata.set_labels(labels).is_err() {
            let classes = metadata.network.distinguished();
            return Err(fault(format!("found {count} labels, expected {classes}")));
        }
        Ok(Some(metadata))
    }

    /// The entry of a safetensors header.
    ///
    /// # Errors
    /// Where a number of the preprocessing cannot be written as JSON.
    pub fn to_entries(&self) -> Result<HashMap<String, String>, serde_json::Error> {
        let written = Self {
            format: self.format.max(self.needed_format()),
            ..self.clone()
        };
        Ok(HashMap::from([(
            KEY.to_owned(),
            serde_json::to_string(&written)?,
        )]))
    }

    /// The first version of the format that can say all of it.
    fn needed_format(&self) -> u32 {
        if self.preprocessing.is_of_format_1() && self.network.is_of_format_1() {
            FORMAT
        } else {
            LATEST_FORMAT
        }
    }

    /// The shape of the network's input, `[1, channels, height, width]`.
    pub fn input_shape(&self) -> [usize; 4] {
        let side = self.preprocessing.crop as usize;
        [1, self.network.input_channels, side, side]
    }

    /// Gives the classes other names, in the order of the logits. A network of one logit takes two, class 0's and class 1's,
    /// or that of class 1 alone.
    ///
    /// # Errors
    /// [`WeightError::LabelCount`] where there are more or fewer than classes; those before stay.
    pub fn set_labels(&mut self, labels: Vec<String>) -> Result<(), WeightError> {
        let (found, classes) = (labels.len(), self.network.distinguished());
        if let ([label], 1) = (&labels[..], self.network.classes) {
            self.labels = vec![plain(&format!("not {label}")), plain(label)];
            return Ok(());
        }
        if found != classes {
            return Err(WeightError::LabelCount { found, classes });
        }
        self.labels = labels.iter().map(|label| plain(label)).collect();
        Ok(())
    }

    /// The name of class `index`; its number where the file has no labels.
    pub fn label(&self, index: usize) -> String {
        self.labels
            .get(index)
            .cloned()
            .unwrap_or_else(|| format!("class {index}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Interpolation;
    use crate::resnet::Depth;

    #[test]
    fn a_file_has_the_first_format_that_can_say_all_of_it() {
        let network = ResNetConfig::torchvision(Depth::D18, 10);
        let mut metadata = ModelMetadata {
            format: FORMAT,
            name: network.name(),
            network,
            preprocessing: Preprocessing::default(),
            labels: Vec::new(),
            source: String::new(),
            license: String::new(),
            dtype: "f32".to_owned(),
        };
        for (interpolation, format) in [
            (Interpolation::Bilinear, FORMAT),
            (Interpolation::Bicubic, LATEST_FORMAT),
        ] {
            metadata.preprocessing.interpolation = interpolation;
            let entries = metadata.to_entries().unwrap_or_default();
            let read = ModelMetadata::from_entries(&entries).ok().flatten();
            let read = read.map(|read| (read.format, read.preprocessing.interpolation));
            assert_eq!(read, Some((format, interpolation)));
        }
    }
}
