//! What a configuration says of the network that its tensors do not show, in timm's words or Hugging Face's.

use serde_json::{Map, Value};

use super::choices::{PROBLEM_TYPE, Setting};
use super::description::Description;
use super::labels::get;
use super::plain::plain;
use crate::resnet::StrideOn;
use crate::resnet::config::AntiAliasing;

/// Settings of the network itself that tensors do not show, and the values that are computed here, as [`word`] has them.
const NETWORK: [(&str, &[&str]); 10] = [
    ("hidden_act", &["relu"]),
    ("act_layer", &["relu"]),
    // Empty: features that are not pooled, which have no classes.
    ("global_pool", &["avg", "fast", "fastavg", ""]),
    ("output_stride", &["32"]),
    (
        "norm_layer",
        &["batchnorm", "batchnorm2d", "batchnormact2d"],
    ),
    ("conv_layer", &["conv2d"]),
    ("attn_layer", &["se", "eca"]),
    ("attn_kwargs", &[]),
    ("downsample_in_first_stage", &["false"]),
    (PROBLEM_TYPE, &["singlelabelclassification"]),
];
/// timm's arguments that tensors show, or that matter in training alone.
const SHOWN: [&str; 22] = [
    "avg_down",
    "base_width",
    "block",
    "block_args",
    "block_reduce_first",
    "cardinality",
    "channels",
    "down_kernel_size",
    "drop_block_rate",
    "drop_layer",
    "drop_path_rate",
    "drop_rate",
    "in_chans",
    "layers",
    "num_classes",
    "pretrained",
    "rd_ratio",
    "replace_stem_pool",
    "stem_chs",
    "stem_type",
    "stem_width",
    "zero_init_last",
];
impl Description {
    /// What a network's tensors do not show, in timm's words or Hugging Face's.
    pub(super) fn read_network(&mut self, object: &Map<String, Value>) {
        let text = |key: &str| get(object, key).and_then(Value::as_str);
        let says_yes = |key: &str| get(object, key).and_then(Value::as_bool) == Some(true);
        if text("model_type") == Some("resnet") {
            // Hugging Face's ResNets have the stride on the 3x3 unless they say otherwise.
            self.stride_on = Some(if says_yes("downsample_in_bottleneck") {
                StrideOn::Conv1
            } else {
                StrideOn::Conv2
            });
        }
        let architecture = text("architecture").unwrap_or_default();
        let is = |part: &str| architecture.contains(part);
        if (is("resnet") || is("resnext")) && !is("legacy") {
            self.stride_on = Some(StrideOn::Conv2);
            self.anti_aliasing = if is("netaa") || is("nextaa") {
                Some(AntiAliasing::Average)
            } else {
                is("netblur").then_some(AntiAliasing::Blur)
            };
        }
        let kind = text("architecture").or_else(|| text("model_type"));
        // Another model's configuration may lie beside the backbone that is a part of it.
        let is_its_own = kind.is_none_or(|kind| kind.contains("resn"));
        let arguments = get(object, "model_args").and_then(Value::as_object);
        let of_blocks = arguments.and_then(|arguments| get(arguments, "block_args")?.as_object());
        for (key, value) in object {
            if NETWORK.iter().any(|(name, _)| name == key) {
                self.read_setting(key, value, is_its_own);
            }
        }
        for (key, value) in [arguments, of_blocks].into_iter().flatten().flatten() {
            if key == "aa_layer" {
                self.read_anti_aliasing(value);
            } else if !SHOWN.contains(&key.as_str()) {
                self.read_setting(key, value, is_its_own);
            }
        }
    }

    /// A setting of the network that its tensors do not show.
    fn read_setting(&mut self, key: &str, value: &Value, is_its_own: bool) {
        let word = word(value);
        let known = NETWORK.iter().find(|(name, _)| *name == key);
        if value.is_null() || known.is_some_and(|(_, computed)| computed.contains(&&*word)) {
            return;
        }
        let setting = Setting {
            name: key.to_owned(),
            value: plain(&said(value)),
        };
        let settings = if known.is_some() && is_its_own {
            &mut self.other_network
        } else {
            &mut self.unsupported
        };
        if !settings.contains(&setting) {
            settings.push(setting);
        }
    }

    /// timm's `aa_layer`.
    fn read_anti_aliasing(&mut self, value: &Value) {
        self.anti_aliasing = match &*word(value) {
            "avg" | "avgpool" => Some(AntiAliasing::Average),
            "blur" | "blurpool" => Some(AntiAliasing::Blur),
            "" | "null" | "false" => None,
            _ => {
                self.other_network.push(Setting {
                    name: "aa_layer".to_owned(),
                    value: plain(&said(value)),
                });
                None
            }
        };
    }
}

/// A value as one reads it.
fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// A value as timm compares it: without a difference between `BatchNorm2d`, `batch_norm2d` and `batchnorm2d`.
fn word(value: &Value) -> String {
    said(value).to_lowercase().replace(['_', '-'], "")
}
