//! Files that describe a model beside its weights: labels, `config.json` of Hugging Face and timm, and
//! `preprocessor_config.json`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::choices::{Choices, Setting};
use super::format::onnx::Beside;
use super::labels::{fault, get, of_lines, of_value, some, structured};
use super::metadata::ModelMetadata;
use super::plain::plain;
use super::source::WeightError;
use super::text::decode;
use crate::image::{
    ChannelOrder, Fit, ImageError, Interpolation, Preprocessing, PreprocessingChoice,
};
use crate::resnet::StrideOn;
use crate::resnet::config::AntiAliasing;

/// The short side's length after resizing, the side of the square that is cut out of the middle, and how an image of
/// another shape becomes that square.
type Size = (u32, u32, Fit);

/// What the file says; empty or `None` where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts", optional_fields))]
pub struct Description {
    /// The classes' names in the order of the logits.
    pub labels: Vec<String>,
    /// How an image becomes the network's input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preprocessing: Option<PreprocessingChoice>,
    /// Which convolution of a bottleneck carries the stride.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stride_on: Option<StrideOn>,
    /// How convolutions of stride 2 are kept from aliasing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anti_aliasing: Option<AntiAliasing>,
    /// Settings of a network that is not computed here although its tensors have the same names and shapes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(as = "Option<Vec<Setting>>"))]
    pub other_network: Vec<Setting>,
    /// Settings that are not supported, and without which the network is the same.
    pub unsupported: Vec<Setting>,
}

/// Keys that a model's configuration has and no file of labels.
const CONFIGURATION: [&str; 16] = [
    "architecture",
    "architectures",
    "model_type",
    "transformers_version",
    "num_classes",
    "num_labels",
    "pretrained_cfg",
    "image_mean",
    "image_std",
    "image_processor_type",
    "feature_extractor_type",
    "do_normalize",
    "do_resize",
    "rescale_factor",
    "crop_pct",
    "input_size",
];
/// Pillow's filters by their numbers, and those that are supported.
const FILTERS: [(&str, Option<Interpolation>); 6] = [
    ("nearest", Some(Interpolation::Nearest)),
    ("lanczos", None),
    ("bilinear", Some(Interpolation::Bilinear)),
    ("bicubic", Some(Interpolation::Bicubic)),
    ("box", Some(Interpolation::Box)),
    ("hamming", None),
];
/// The crop as a part of the resized image if a configuration says nothing: torchvision's and timm's.
const USUAL_CROP_PART: f64 = 0.875;
/// From this size on ConvNeXt's processor cuts nothing off.
const WHOLE_FROM: u64 = 384;

/// Files that say what tensors do not, by the names under which Hugging Face and timm put them beside weights. What the first says
/// counts; the page has the same list.
const BESIDE: [&str; 2] = ["preprocessor_config.json", "config.json"];
/// Longer ones are something else: the names of 21,841 classes take 1.5 MB.
const LONGEST: u64 = 4 << 20;

impl Description {
    /// What the files beside weights say. One that is no description of a model belongs to something else.
    pub fn beside(open: &Beside<'_>) -> Self {
        let read = |name| {
            let file = open(name).filter(|file| file.size() <= LONGEST)?;
            let mut bytes = vec![0; usize::try_from(file.size()).ok()?];
            file.read_into(0, &mut bytes).ok()?;
            Self::read(&bytes).ok()
        };
        let described = BESIDE.into_iter().filter_map(read);
        described.fold(Self::default(), Self::or)
    }

    /// The labels for a network that has none, if they are as many as its classes.
    pub fn labels_for(self, metadata: &ModelMetadata) -> Option<Vec<String>> {
        let fits = self.labels.len() == metadata.network.distinguished();
        let is_wanted = fits && !self.labels.is_empty() && metadata.labels.is_empty();
        is_wanted.then_some(self.labels)
    }

    /// Reads a file's bytes: labels in any form that [`parse`](super::labels::parse) knows, or a configuration.
    ///
    /// # Errors
    /// [`WeightError::Labels`] if it is neither, says nothing or has invalid values.
    pub fn read(bytes: &[u8]) -> Result<Self, WeightError> {
        let text = decode(bytes)?;
        let value = structured(&text)?;
        if let Some(Value::Object(object)) = &value
            && CONFIGURATION.iter().any(|key| get(object, key).is_some())
        {
            return Self::of_configuration(object);
        }
        let labels = match &value {
            Some(value) => of_value(value),
            None => of_lines(&text),
        };
        Ok(Self {
            labels: some(labels?)?,
            ..Self::default()
        })
    }

    /// This, and where it is silent what `other` says.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        if self.labels.is_empty() {
            self.labels = other.labels;
        }
        self.preprocessing = match (self.preprocessing, other.preprocessing) {
            (Some(own), Some(others)) => Some(own.or(others)),
            (own, others) => own.or(others),
        };
        self.stride_on = self.stride_on.or(other.stride_on);
        self.anti_aliasing = self.anti_aliasing.or(other.anti_aliasing);
        self.other_network.extend(other.other_network);
        self.unsupported.extend(other.unsupported);
        self
    }

    /// What it decides of the network and its images.
    pub fn choices(&self) -> Choices {
        Choices {
            stride_on: self.stride_on,
            anti_aliasing: self.anti_aliasing,
            preprocessing: self.preprocessing,
            other_network: self.other_network.clone(),
            ..Choices::default()
        }
    }

    fn of_configuration(object: &Map<String, Value>) -> Result<Self, WeightError> {
        let mut description = Self {
            labels: labels(object)?,
            ..Self::default()
        };
        description.read_network(object);
        let inner = get(object, "pretrained_cfg").and_then(Value::as_object);
        let inner = inner.unwrap_or(object);
        let preprocessing = description.read_preprocessing(inner)?;
        let preprocessing = description.leave_invalid_out(preprocessing, inner);
        let says_something = preprocessing != PreprocessingChoice::default();
        description.preprocessing = says_something.then_some(preprocessing);
        let says_something = says_something
            || description.stride_on.is_some()
            || description.anti_aliasing.is_some()
            || !description.other_network.is_empty()
            || !description.unsupported.is_empty();
        if description.labels.is_empty() && !says_something {
            return Err(fault(
                "it is a model's configuration without labels and preprocessing. Choose its `preprocessor_config.json`, or a file of labels",
            ));
        }
        Ok(description)
    }

    /// Mean, deviation and size, in timm's words or Hugging Face's.
    fn read_preprocessing(
        &mut self,
        object: &Map<String, Value>,
    ) -> Result<PreprocessingChoice, WeightError> {
        let switched_off = |key: &str| is_off(object, key);
        let (mean, std) = if switched_off("do_normalize") {
            (Some([0.0; 3]), Some([1.0; 3]))
        } else {
            (
                colours(object, ["mean", "image_mean"])?,
                colours(object, ["std", "image_std"])?,
            )
        };
        let size = match get(object, "input_size") {
            Some(input_size) => Some(self.timm_size(object, input_size)?),
            None => self.hugging_face_size(object)?,
        };
        if switched_off("do_resize") {
            self.unsupported("do_resize", "false".to_owned());
        }
        let is_bgr = get(object, "do_flip_channel_order").and_then(Value::as_bool);
        Ok(PreprocessingChoice {
            resize_short_side: size.map(|(resized, ..)| resized),
            crop: size.map(|(_, crop, _)| crop),
            mean,
            std,
            interpolation: self.interpolation(object),
            fit: size.map(|(.., fit)| fit),
            channel_order: is_bgr.and_then(|is_bgr| is_bgr.then_some(ChannelOrder::Bgr)),
            range: range(object)?,
        })
    }

    /// What is left of a preprocessing without what no image can be preprocessed with: weights load all the same.
    fn leave_invalid_out(
        &mut self,
        mut choice: PreprocessingChoice,
        object: &Map<String, Value>,
    ) -> PreprocessingChoice {
        while let Err(error) = Preprocessing::default().with(&choice).validate() {
            let keys: &[&str] = match error {
                ImageError::Normalisation { .. } => {
                    (choice.mean, choice.std) = (None, None);
                    &["mean", "image_mean", "std", "image_std"]
                }
                ImageError::Range { .. } => {
                    choice.range = None;
                    &["rescale_factor"]
                }
                _ => {
                    (choice.resize_short_side, choice.crop, choice.fit) = (None, None, None);
                    &["input_size", "size", "crop_size", "crop_pct"]
                }
            };
            for key in keys {
                if let Some(value) = get(object, key) {
                    self.unsupported(key, value.to_string());
                }
            }
        }
        choice
    }

    /// The filter: a name, or Pillow's number of it.
    fn interpolation(&mut self, object: &Map<String, Value>) -> Option<Interpolation> {
        let number = get(object, "resample").and_then(Value::as_u64);
        let known = match number {
            Some(number) => FILTERS.get(usize::try_from(number).ok()?).copied(),
            None => {
                let name = get(object, "interpolation")?.as_str()?;
                let known = FILTERS.iter().find(|(known, _)| *known == name);
                Some(known.copied().unwrap_or((name, None)))
            }
        };
        let (name, filter) = known?;
        if filter.is_none() {
            self.unsupported("interpolation", name.to_owned());
        }
        filter
    }

    /// `[channels, height, width]`, and which part of the resized image that is: timm's `crop_pct`.
    fn timm_size(
        &mut self,
        object: &Map<String, Value>,
        input_size: &Value,
    ) -> Result<Size, WeightError> {
        let sides: Option<Vec<_>> = input_size
            .as_array()
            .map(|sides| sides.iter().filter_map(Value::as_u64).collect());
        let Some(&[_, height, width]) = sides.as_deref() else {
            return Err(unusable("input_size", input_size));
        };
        if height != width {
            self.unsupported("input_size", input_size.to_string());
        }
        let fit = match get(object, "crop_mode").and_then(Value::as_str) {
            None | Some("center") => Fit::Crop,
            Some("squash") => Fit::Stretch,
            Some(mode) => {
                self.unsupported("crop_mode", mode.to_owned());
                Fit::Crop
            }
        };
        let part = get(object, "crop_pct").and_then(Value::as_f64);
        sized(height, part.unwrap_or(USUAL_CROP_PART), fit)
    }

    /// What Hugging Face's image processors call `size`, `crop_size` and `crop_pct`.
    fn hugging_face_size(
        &mut self,
        object: &Map<String, Value>,
    ) -> Result<Option<Size>, WeightError> {
        let Some(size) = get(object, "size") else {
            return Ok(None);
        };
        let side = side(size).ok_or_else(|| unusable("size", size))?;
        let (height, width) = (size.get("height"), size.get("width"));
        if height != width {
            self.unsupported("size", size.to_string());
        }
        let kind = ["image_processor_type", "feature_extractor_type"]
            .iter()
            .find_map(|key| get(object, key)?.as_str());
        let part = get(object, "crop_pct").and_then(Value::as_f64);
        let is_cut = part.is_some() || kind.is_some_and(|kind| kind.starts_with("ConvNext"));
        let crop = get(object, "crop_size").filter(|_| !is_off(object, "do_center_crop"));
        if is_cut {
            let part = part.unwrap_or(USUAL_CROP_PART);
            let size = if side < WHOLE_FROM {
                sized(side, part, Fit::Crop)
            } else {
                exact(side, side, Fit::Stretch)
            };
            return size.map(Some);
        }
        let is_short_side = match crop {
            // A number alone is both sides, unless a square is cut out afterwards.
            None => size.get("shortest_edge").is_some(),
            Some(_) => height.is_none(),
        };
        let fit = if is_short_side {
            Fit::Crop
        } else {
            Fit::Stretch
        };
        let crop = match crop {
            Some(crop) => self::side(crop).ok_or_else(|| unusable("crop_size", crop))?,
            None if is_short_side => {
                // The network is to see all of an image of any shape; here it sees the square in the middle.
                self.unsupported("size", size.to_string());
                side
            }
            None => side,
        };
        exact(side, crop, fit).map(Some)
    }

    #[cold]
    fn unsupported(&mut self, name: &str, value: String) {
        self.unsupported.push(Setting {
            name: name.to_owned(),
            value: plain(&value),
        });
    }
}

/// Whether a setting says no.
fn is_off(object: &Map<String, Value>, key: &str) -> bool {
    get(object, key).and_then(Value::as_bool) == Some(false)
}

/// The labels of a configuration, or none.
fn labels(object: &Map<String, Value>) -> Result<Vec<String>, WeightError> {
    if let Some(labels) = ["id2label", "label2id"]
        .iter()
        .find_map(|key| get(object, key))
    {
        return of_value(labels);
    }
    let inner = get(object, "pretrained_cfg").and_then(Value::as_object);
    let either = |key: &str| get(object, key).or_else(|| get(inner?, key));
    let Some(names) = either("label_names").filter(|names| !names.is_null()) else {
        return Ok(Vec::new());
    };
    let mut labels = of_value(names)?;
    // ImageNet's names are synsets' numbers; people read the descriptions.
    if let Some(descriptions) = either("label_descriptions").and_then(Value::as_object) {
        for label in &mut labels {
            if let Some(described) = get(descriptions, label).and_then(Value::as_str) {
                *label = described.to_owned();
            }
        }
    }
    Ok(labels)
}

/// Three numbers, under one of two keys.
fn colours(object: &Map<String, Value>, keys: [&str; 2]) -> Result<Option<[f32; 3]>, WeightError> {
    let Some((key, value)) = keys.iter().find_map(|key| Some((key, get(object, key)?))) else {
        return Ok(None);
    };
    let numbers: Option<Vec<_>> = value.as_array().map(|numbers| {
        let numbers = numbers.iter().filter_map(Value::as_f64);
        numbers.map(|number| number as f32).collect()
    });
    match numbers.as_deref() {
        Some(&[red, green, blue]) => Ok(Some([red, green, blue])),
        _ => Err(unusable(key, value)),
    }
}

/// What white becomes: Hugging Face's `rescale_factor` for each level, or the level itself.
fn range(object: &Map<String, Value>) -> Result<Option<f32>, WeightError> {
    const WHITE: f64 = 255.0;
    if is_off(object, "do_rescale") {
        return Ok(Some(WHITE as f32));
    }
    let Some(factor) = get(object, "rescale_factor") else {
        return Ok(None);
    };
    let range = factor.as_f64().map(|factor| (factor * WHITE) as f32);
    range
        .map(Some)
        .ok_or_else(|| unusable("rescale_factor", factor))
}

/// A number of pixels, or one of an object's: `shortest_edge`, `height`.
fn side(size: &Value) -> Option<u64> {
    let inner = ["shortest_edge", "height"]
        .iter()
        .find_map(|key| size.get(key));
    inner.unwrap_or(size).as_u64()
}

/// A square of `side` pixels that is the given part of the resized image.
fn sized(side: u64, part: f64, fit: Fit) -> Result<Size, WeightError> {
    let resized = (side as f64 / part).floor();
    if !resized.is_finite() || resized < 0.0 {
        return Err(unusable("crop_pct", &Value::from(part)));
    }
    exact(resized as u64, side, fit)
}

fn exact(resized: u64, crop: u64, fit: Fit) -> Result<Size, WeightError> {
    match (u32::try_from(resized), u32::try_from(crop)) {
        (Ok(resized), Ok(crop)) => Ok((resized, crop, fit)),
        _ => Err(unusable("size", &Value::from(crop))),
    }
}

#[cold]
fn unusable(key: &str, value: &Value) -> WeightError {
    fault(format!(
        "it is a model's configuration, and its `{key}` is {}",
        plain(&value.to_string())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a file says, in short: labels, preprocessing, stride, settings that are not supported.
    fn said(bytes: &[u8]) -> String {
        let Description {
            labels,
            preprocessing,
            stride_on,
            anti_aliasing,
            other_network,
            unsupported,
        } = match Description::read(bytes) {
            Ok(description) => description,
            Err(error) => return error.to_string(),
        };
        let mut said = vec![labels.join("|")];
        if let Some(PreprocessingChoice {
            resize_short_side,
            crop,
            mean,
            std,
            interpolation,
            fit,
            channel_order,
            range,
        }) = preprocessing
        {
            let size = resize_short_side.zip(crop);
            said.extend(size.map(|(resized, crop)| format!("{resized}/{crop}")));
            let stretched = fit.filter(|fit| *fit == Fit::Stretch);
            said.extend(stretched.map(|fit| format!("{fit:?}")));
            said.extend(interpolation.map(|filter| format!("{filter:?}")));
            said.extend(mean.map(|mean| format!("mean {mean:?}")));
            said.extend(std.map(|std| format!("std {std:?}")));
            said.extend(channel_order.map(|order| format!("{order:?}")));
            said.extend(range.map(|range| format!("to {range}")));
        }
        said.extend(stride_on.map(|stride_on| format!("{stride_on:?}")));
        said.extend(anti_aliasing.map(|kind| format!("{kind:?}")));
        let settings = other_network.into_iter();
        said.extend(settings.map(|Setting { name, value }| format!("other {name}={value}")));
        let settings = unsupported.into_iter();
        said.extend(settings.map(|Setting { name, value }| format!("not {name}={value}")));
        said.join("; ")
    }

    #[test]
    fn configurations_say_labels_and_preprocessing() {
        let cases = [
            ("labels alone", "daisy\nrose", "daisy|rose"),
            (
                "Hugging Face's config.json of a ResNet (v1.5)",
                r#"{"architectures": ["ResNetForImageClassification"], "downsample_in_bottleneck": false, "id2label": {"0": "daisy", "1": "rose"},
                    "label2id": {"daisy": 0, "rose": 1}, "model_type": "resnet", "num_labels": 2}"#,
                "daisy|rose; Conv2",
            ),
            (
                "the same with the stride on the first 1x1, and by label alone",
                r#"{"model_type": "resnet", "downsample_in_bottleneck": true, "label2id": {"rose": 1, "daisy": 0}}"#,
                "daisy|rose; Conv1",
            ),
            (
                "a configuration that names nothing",
                r#"{"architectures": ["BertModel"], "model_type": "bert", "num_channels": 3}"#,
                "the labels cannot be read: it is a model's configuration without labels and preprocessing. Choose its `preprocessor_config.json`, or a file of labels. ",
            ),
            (
                "a ResNet's without the stride, with what is not supported",
                r#"{"architectures": ["ResNetModel"], "model_type": "resnet", "hidden_act": "gelu", "downsample_in_first_stage": true}"#,
                "; Conv2; other downsample_in_first_stage=true; other hidden_act=gelu",
            ),
            (
                "of several labels at once",
                r#"{"model_type": "resnet", "id2label": {"0": "daisy", "1": "rose"}, "problem_type": "multi_label_classification"}"#,
                "daisy|rose; Conv2; other problem_type=multi_label_classification",
            ),
            (
                "of one label",
                r#"{"model_type": "resnet", "hidden_act": "ReLU", "problem_type": "single_label_classification", "downsample_in_first_stage": false}"#,
                "; Conv2",
            ),
            (
                "another network's, beside which a ResNet may lie",
                r#"{"model_type": "detr", "id2label": {"0": "daisy", "1": "rose"}, "hidden_act": "gelu"}"#,
                "daisy|rose; not hidden_act=gelu",
            ),
            (
                "timm's with arguments that tensors show",
                r#"{"architecture": "resnet18", "model_args": {"in_chans": 1, "cardinality": 2, "act_layer": "relu", "output_stride": 32,
                    "norm_layer": "BatchNorm2d", "block_args": {"attn_layer": "se", "rd_ratio": 0.25}, "drop_layer": null}, "global_pool": "fastavg"}"#,
                "; Conv2",
            ),
            (
                "timm's with arguments that they do not show",
                r#"{"architecture": "resnet18", "model_args": {"act_layer": "silu", "output_stride": 16, "global_pool": "catavgmax",
                    "norm_layer": "groupnorm", "block_args": {"attn_layer": "ge", "attn_kwargs": {"extra_params": false}}, "new": 1}}"#,
                "; Conv2; other act_layer=silu; other global_pool=catavgmax; other norm_layer=groupnorm; other output_stride=16; \
                 other attn_kwargs={\"extra_params\":false}; other attn_layer=ge; not new=1",
            ),
            (
                "timm's with an argument against aliasing",
                r#"{"architecture": "resnet18", "model_args": {"aa_layer": "blur"}}"#,
                "; Conv2; Blur",
            ),
            (
                "with another one, and without that of the architecture",
                r#"{"architecture": "resnetblur18", "model_args": {"aa_layer": "blur_pc"}}"#,
                "; Conv2; other aa_layer=blur_pc",
            ),
            (
                "as transformers has timm's",
                r#"{"model_type": "timm_wrapper", "architecture": "resnet18", "model_args": {"aa_layer": "avg"}, "global_pool": "max"}"#,
                "; Conv2; Average; other global_pool=max",
            ),
            (
                "timm's with average pools against aliasing",
                r#"{"architecture": "seresnextaa101d_32x8d", "num_classes": 1000, "global_pool": "avg"}"#,
                "; Conv2; Average",
            ),
            (
                "timm's with blurs against it",
                r#"{"architecture": "resnetblur50", "global_pool": "avgmax"}"#,
                "; Conv2; Blur; other global_pool=avgmax",
            ),
            (
                "a preprocessor_config.json of microsoft/resnet-50",
                r#"{"crop_pct": 0.875, "do_normalize": true, "do_resize": true, "feature_extractor_type": "ConvNextFeatureExtractor",
                    "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225], "resample": 3, "size": 224}"#,
                "; 256/224; Bicubic; mean [0.485, 0.456, 0.406]; std [0.229, 0.224, 0.225]",
            ),
            (
                "of a later version, larger",
                r#"{"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 384}, "resample": 2}"#,
                "; 384/384; Stretch; Bilinear",
            ),
            (
                "with a crop of its own",
                r#"{"image_processor_type": "CLIPImageProcessor", "do_center_crop": true, "size": {"shortest_edge": 232},
                    "crop_size": {"height": 224, "width": 224}, "do_rescale": true, "rescale_factor": 0.00392156862745098}"#,
                "; 232/224; to 1",
            ),
            (
                "that stretches, and does not normalise",
                r#"{"image_processor_type": "ViTImageProcessor", "size": {"height": 224, "width": 224}, "do_normalize": false, "resample": 0}"#,
                "; 224/224; Stretch; Nearest; mean [0.0, 0.0, 0.0]; std [1.0, 1.0, 1.0]",
            ),
            (
                "that stretches, then crops",
                r#"{"image_processor_type": "EfficientNetImageProcessor", "size": {"height": 346, "width": 346},
                    "crop_size": {"height": 289, "width": 289}, "do_center_crop": true, "resample": 4}"#,
                "; 346/289; Stretch; Box",
            ),
            (
                "that stretches to a size without names",
                r#"{"feature_extractor_type": "ViTFeatureExtractor", "size": 224, "do_resize": true}"#,
                "; 224/224; Stretch",
            ),
            (
                "that cuts nothing off",
                r#"{"do_center_crop": false, "size": {"shortest_edge": 224}, "crop_size": 224, "do_resize": false}"#,
                r#"; 224/224; not size={"shortest_edge":224}; not do_resize=false"#,
            ),
            (
                "of a rectangle",
                r#"{"size": {"height": 224, "width": 320}, "image_mean": [0, 0, 0]}"#,
                r#"; 224/224; Stretch; mean [0.0, 0.0, 0.0]; not size={"height":224,"width":320}"#,
            ),
            (
                "blue first, up to 255",
                r#"{"size": {"shortest_edge": 256}, "crop_size": 224, "do_flip_channel_order": true, "do_rescale": false,
                    "image_mean": [103.939, 116.779, 123.68], "image_std": [1, 1, 1]}"#,
                "; 256/224; mean [103.939, 116.779, 123.68]; std [1.0, 1.0, 1.0]; Bgr; to 255",
            ),
            (
                "from 0 to 2",
                r#"{"size": {"shortest_edge": 256}, "crop_size": 224, "rescale_factor": 0.00784313725490196}"#,
                "; 256/224; to 2",
            ),
            (
                "timm's config.json",
                r#"{"architecture": "resnet50", "num_classes": 2, "label_names": ["n0", "n1"],
                    "label_descriptions": {"n0": "daisy", "n1": "rose"},
                    "pretrained_cfg": {"input_size": [3, 176, 176], "crop_pct": 0.95, "interpolation": "bilinear", "mean": [0.5, 0.5, 0.5],
                    "std": [0.5, 0.5, 0.5], "crop_mode": "center"}}"#,
                "daisy|rose; 185/176; Bilinear; mean [0.5, 0.5, 0.5]; std [0.5, 0.5, 0.5]; Conv2",
            ),
            (
                "timm's without labels",
                r#"{"architecture": "resnet18", "num_classes": 10, "pretrained_cfg": {"input_size": [3, 224, 224], "interpolation": "bicubic"}}"#,
                "; 256/224; Bicubic; Conv2",
            ),
            (
                "timm's that stretches",
                r#"{"architecture": "resnet18", "pretrained_cfg": {"input_size": [3, 224, 224], "crop_mode": "squash", "crop_pct": 1.0,
                    "interpolation": "lanczos", "test_input_size": [3, 288, 288], "test_crop_pct": 0.9}}"#,
                "; 224/224; Stretch; Conv2; not interpolation=lanczos",
            ),
            (
                "timm's with a border, and a filter chosen at random",
                r#"{"architecture": "resnet18", "pretrained_cfg": {"input_size": [3, 224, 224], "crop_mode": "border", "interpolation": "random"}}"#,
                "; 256/224; Conv2; not crop_mode=border; not interpolation=random",
            ),
            (
                "a size that is too large",
                r#"{"architecture": "resnet18", "input_size": [3, 3000, 3000], "crop_pct": 1, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}"#,
                "; mean [0.5, 0.5, 0.5]; std [0.5, 0.5, 0.5]; Conv2; not input_size=[3,3000,3000]; not crop_pct=1",
            ),
            (
                "a crop of more than there is",
                r#"{"do_resize": true, "size": {"shortest_edge": 224}, "crop_size": 256, "resample": 3}"#,
                r#"; Bicubic; not size={"shortest_edge":224}; not crop_size=256"#,
            ),
            (
                "a deviation and a range of zero",
                r#"{"image_mean": [0, 0, 0], "image_std": [0, 0, 0], "rescale_factor": 0, "size": 64}"#,
                "; 64/64; Stretch; not image_mean=[0,0,0]; not image_std=[0,0,0]; not rescale_factor=0",
            ),
            (
                "a mean of one number",
                r#"{"image_mean": [0.5], "size": 224}"#,
                "the labels cannot be read: it is a model's configuration, and its `image_mean` is [0.5]. ",
            ),
            (
                "a size in words",
                r#"{"do_resize": true, "size": "large"}"#,
                r#"the labels cannot be read: it is a model's configuration, and its `size` is "large". "#,
            ),
            (
                "a part of zero",
                r#"{"input_size": [3, 224, 224], "crop_pct": 0}"#,
                "the labels cannot be read: it is a model's configuration, and its `crop_pct` is 0.0. ",
            ),
        ];
        let mut report = Vec::new();
        for (name, text, expected) in cases {
            let found = said(text.as_bytes());
            let same = match expected.strip_suffix(". ") {
                Some(beginning) => found.starts_with(beginning),
                None => found == expected,
            };
            if !same {
                report.push(format!("{name}: {found}"));
            }
        }
        assert_eq!(report, Vec::<String>::new());
    }
}
