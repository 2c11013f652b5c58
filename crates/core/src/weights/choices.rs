//! What the caller decides of a weight file's network, and what is assumed where neither it nor the file says.

use serde::{Deserialize, Serialize};

use crate::image::PreprocessingChoice;
use crate::resnet::StrideOn;
use crate::resnet::config::{AntiAliasing, ShortcutKind, StemPool};
use crate::resnet::conv::Arithmetic;

/// A setting of a configuration: `interpolation` is `bicubic`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub struct Setting {
    /// Its key.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The setting of Hugging Face's configurations that says what the logits mean.
pub(super) const PROBLEM_TYPE: &str = "problem_type";

/// What the caller decides where the file does not say it, or says it wrong.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[non_exhaustive]
#[cfg_attr(
    test,
    derive(ts_rs::TS),
    ts(export_to = "core.ts", optional_fields, rename = "WeightChoices")
)]
pub struct Choices {
    /// The file's name, to be shown.
    pub name: Option<String>,
    /// Which convolution of a bottleneck carries the stride.
    pub stride_on: Option<StrideOn>,
    /// What follows the stem's convolutions: after one of 3x3 nothing, unless given; after others a max pool.
    pub stem_pool: Option<StemPool>,
    /// How a block's input gets the shape of its output, where tensors do not show it.
    pub shortcut: Option<ShortcutKind>,
    /// How convolutions of stride 2 are kept from aliasing: not at all, unless given.
    pub anti_aliasing: Option<AntiAliasing>,
    /// How an image becomes the network's input, or parts of that.
    pub preprocessing: Option<PreprocessingChoice>,
    /// What a configuration asks for that is not computed here and that the tensors do not show, such as another activation: a file
    /// with such a network is refused.
    #[cfg_attr(test, ts(as = "Option<Vec<Setting>>"))]
    pub other_network: Vec<Setting>,
    /// Which of several sets of weights in the file is taken, by its name there; if not given, the one that most likely is meant.
    pub weight_set: Option<String>,
    /// The convolutions' arithmetic, if the device has it: [`Arithmetic::F32`] unless given.
    #[cfg_attr(test, ts(as = "Option<Arithmetic>"))]
    pub arithmetic: Arithmetic,
    /// What files that were found beside the weights say of the network and its images. It is taken unless the weight file has
    /// metadata or the caller decides otherwise.
    #[cfg_attr(test, ts(skip))]
    pub described: Option<Box<Self>>,
    /// Whether what is described names the network's architecture, and so all that its tensors do not show.
    #[serde(skip)]
    #[cfg_attr(test, ts(skip))]
    pub(super) is_architecture_known: bool,
}

impl Choices {
    /// These, and what is described where they decide nothing.
    pub(super) fn or_described(&self) -> Self {
        let mut all = self.clone();
        if let Some(described) = all.described.take() {
            // Configurations that name the architecture say where the stride is.
            all.is_architecture_known = described.stride_on.is_some();
            all.stride_on = all.stride_on.or(described.stride_on);
            all.stem_pool = all.stem_pool.or(described.stem_pool);
            all.shortcut = all.shortcut.or(described.shortcut);
            all.anti_aliasing = all.anti_aliasing.or(described.anti_aliasing);
            all.other_network.extend(described.other_network);
            let choice = all.preprocessing.unwrap_or_default();
            let beside = described.preprocessing.unwrap_or_default();
            all.preprocessing = Some(choice.or(beside));
        }
        all
    }

    /// These for a graph, which shows what its nodes compute. `of_network`: what is described of its input as of the network's.
    pub(super) fn for_graph(
        &self,
        of_network: impl FnOnce(PreprocessingChoice) -> PreprocessingChoice,
    ) -> Self {
        let mut own = self.clone();
        let described = own.described.get_or_insert_default();
        let beside = described.preprocessing.unwrap_or_default();
        described.preprocessing = Some(of_network(beside));
        let mut all = own.or_described();
        all.stride_on = None;
        all.other_network.retain(|asked| asked.name == PROBLEM_TYPE);
        all
    }
}

/// What neither the file nor the caller said, so that the usual is assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum Assumption {
    /// Which convolution has the stride: the 3x3 one, as in torchvision, or with Detectron2's names the first, as in Caffe.
    Stride,
    /// That a stem of one 3x3 convolution has no pooling, as in networks for small images.
    StemPool,
    /// That shortcuts without tensors have zeros before and after the input's channels; or, with pre-activation, that they
    /// average if the stem is deep.
    Shortcut,
    /// That nothing keeps convolutions of stride 2 from aliasing.
    AntiAliasing,
    /// That a head of several linear layers has ReLU between them.
    HeadActivation,
    /// That images are resized, cropped and, unless a graph does it, normalised as for torchvision's ImageNet weights, or for
    /// Detectron2's.
    Preprocessing,
    /// What the classes are called.
    Labels,
}
