//! From the last stage's map to the logits.

use super::TensorSpec;
use super::layers::{LinearSpec, NormSpec};
use crate::resnet::config::{Family, Head, HeadLayer, ResNetConfig};

/// Pooling, and the layers to the logits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadSpec {
    /// What it does with the map.
    pub kind: Head,
    /// The pooling's name, where there is one.
    pub pool: Option<String>,
    /// The flattening's name.
    pub flatten: String,
    /// Features after it: what an embedding consists of.
    pub features: usize,
    /// The layers from there to the logits. None: the features are all that the network gives.
    pub layers: Vec<HeadLayerSpec>,
    /// The name of the softmax or sigmoid. `None` without logits.
    pub activation: Option<String>,
    /// The container that holds these layers, in the reference network.
    pub container: Option<String>,
    /// Logits that come out.
    pub classes: usize,
}

/// A layer of a head.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadLayerSpec {
    /// A linear layer.
    Linear(LinearSpec),
    /// Batch norm over features.
    Norm(NormSpec),
    /// ReLU, by its name.
    Relu(String),
}

impl HeadLayerSpec {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Linear(linear) => &linear.name,
            Self::Norm(norm) => &norm.name,
            Self::Relu(name) => name,
        }
    }
}

impl HeadSpec {
    pub(super) fn new(config: &ResNetConfig, channels: usize) -> Self {
        let reference = config.family == Family::Reference;
        let named = |reference_name: &str, name: &str| {
            (if reference { reference_name } else { name }).to_owned()
        };
        let [pool, linear] = match config.pre_activation {
            true => ["head.global_pool", "head.fc"],
            false => ["avgpool", "fc"],
        };
        let (pool, features) = match config.head {
            Head::AveragePool => (Some(pool.to_owned()), channels),
            Head::ConcatPool => (Some(pool.to_owned()), channels.saturating_mul(2)),
            Head::Flatten { input_width } => {
                let side = input_width / config.total_stride();
                let places = side.saturating_mul(side);
                (None, channels.saturating_mul(places))
            }
        };
        let activation = match config.classes {
            0 => None,
            1 => Some(named("final.2", "sigmoid")),
            _ => Some(named("final.2", "softmax")),
        };
        Self {
            kind: config.head,
            pool,
            flatten: named("final.0", "flatten"),
            features,
            layers: layers(config, features, &named("final.1", linear)),
            activation,
            container: reference.then(|| "final".to_owned()),
            classes: config.classes,
        }
    }

    /// The layer whose outputs are the logits. `None`: there are none.
    pub fn last_linear(&self) -> Option<&LinearSpec> {
        self.linear_layers().last()
    }

    /// Its linear layers, from the features to the logits.
    pub fn linear_layers(&self) -> impl Iterator<Item = &LinearSpec> {
        self.layers.iter().filter_map(|layer| match layer {
            HeadLayerSpec::Linear(linear) => Some(linear),
            HeadLayerSpec::Norm(_) | HeadLayerSpec::Relu(_) => None,
        })
    }

    /// PyTorch's class of the activation: a single logit has no other to be weighed against.
    pub const fn activation_kind(&self) -> &'static str {
        if self.classes == 1 {
            "Sigmoid"
        } else {
            "Softmax"
        }
    }

    /// PyTorch's or fastai's class of the pooling.
    pub const fn pool_kind(&self) -> &'static str {
        match self.kind {
            Head::ConcatPool => "AdaptiveConcatPool2d",
            Head::AveragePool | Head::Flatten { .. } => "AdaptiveAvgPool2d",
        }
    }

    /// Its layers' tensors.
    pub fn tensors(&self) -> Vec<TensorSpec> {
        let tensors = self.layers.iter().map(|layer| match layer {
            HeadLayerSpec::Linear(linear) => linear.tensors(),
            HeadLayerSpec::Norm(norm) => norm.tensors().into(),
            HeadLayerSpec::Relu(_) => Vec::new(),
        });
        tensors.flatten().collect()
    }
}

fn layers(config: &ResNetConfig, features: usize, name: &str) -> Vec<HeadLayerSpec> {
    let linear = |name: String, inputs, outputs, bias| {
        HeadLayerSpec::Linear(LinearSpec {
            name,
            inputs,
            outputs,
            bias,
        })
    };
    if config.classes == 0 {
        return Vec::new();
    }
    if config.head_layers.is_empty() {
        return vec![linear(name.to_owned(), features, config.classes, true)];
    }
    let mut width = features;
    let is_alone = config.head_layers.len() == 1;
    let layers = config.head_layers.iter().enumerate().map(|(i, layer)| {
        let name = if is_alone {
            name.to_owned()
        } else {
            format!("{name}.{i}")
        };
        match *layer {
            HeadLayer::Linear { outputs, bias } => {
                let inputs = std::mem::replace(&mut width, outputs);
                linear(name, inputs, outputs, bias)
            }
            HeadLayer::BatchNorm => HeadLayerSpec::Norm(NormSpec {
                name,
                relu: None,
                channels: width,
            }),
            HeadLayer::Relu => HeadLayerSpec::Relu(name),
        }
    });
    layers.collect()
}
