//! Every layer's output in one run: statistics and feature maps.

mod map;

use burn::prelude::*;
use serde::Serialize;
use web_time::Instant;

pub use map::{Channel, FeatureMaps, Statistics};

use crate::cpu::CpuResNet;
use crate::observe::{Observer, Output};
use crate::resnet::ShapeError;

/// A layer's output in one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "engine.ts"))]
pub struct SeenLayer {
    /// PyTorch's name. With batch norm folded, a convolution's output has its batch norm's name. A ReLU that a block uses
    /// several times occurs as often.
    pub name: String,
    /// Channels, height, width. A vector's features are channels of one pixel.
    pub shape: [usize; 3],
    /// From the layer before to this one, in milliseconds.
    pub milliseconds: f64,
    /// The distribution of the activations.
    pub statistics: Statistics,
}

/// The outputs of every layer in one run.
///
/// An observed run fuses nothing, so it takes longer than an ordinary one. The shares of its time show roughly where an
/// ordinary run spends its own.
#[derive(Debug)]
pub struct Inspection {
    layers: Vec<SeenLayer>,
    maps: Vec<FeatureMaps>,
}

impl Inspection {
    /// Runs `network` on one preprocessed image `[1, channels, height, width]` and inspects every layer.
    ///
    /// # Errors
    /// [`ShapeError`] if the image does not fit the network.
    pub fn of(network: &CpuResNet, image: Tensor<4>) -> Result<Self, ShapeError> {
        let mut watcher = Watcher {
            since: Instant::now(),
            layers: Vec::new(),
            maps: Vec::new(),
        };
        network.forward_observed(image, &mut watcher)?;
        Ok(Self {
            layers: watcher.layers,
            maps: watcher.maps,
        })
    }

    /// Every layer, in the order of computation.
    pub fn layers(&self) -> &[SeenLayer] {
        &self.layers
    }

    /// The feature maps of the layer at this index of [`layers`](Self::layers).
    pub fn maps(&self, layer: usize) -> Option<&FeatureMaps> {
        self.maps.get(layer)
    }
}

struct Watcher {
    since: Instant,
    layers: Vec<SeenLayer>,
    maps: Vec<FeatureMaps>,
}

impl Observer for Watcher {
    fn see(&mut self, layer: &str, output: Output<'_>) {
        let milliseconds = self.since.elapsed().as_secs_f64() * 1e3;
        let (shape, data) = match output {
            Output::Map(x) => {
                let [_, channels, height, width] = x.dims();
                ([channels, height, width], x.clone().into_data())
            }
            Output::Vector(x) => ([x.dims()[1], 1, 1], x.clone().into_data()),
        };
        let values: Vec<f32> = data.iter::<f32>().collect();
        let (statistics, maps) = map::inspect(&values, shape);
        self.maps.push(maps);
        self.layers.push(SeenLayer {
            name: layer.to_owned(),
            shape,
            milliseconds,
            statistics,
        });
        // The time that the statistics take is not the network's.
        self.since = Instant::now();
    }
}
