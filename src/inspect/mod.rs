//! What a network sees: every layer's output of one run.

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
pub struct SeenLayer {
    /// PyTorch's name. With batch norm folded, a convolution's output is under its batch norm's. A ReLU that a block uses
    /// several times comes as often.
    pub name: String,
    /// Channels, height, width; a vector's features are channels of one pixel.
    pub shape: [usize; 3],
    /// From the layer before to this one, in milliseconds.
    pub milliseconds: f64,
    /// How the activations spread.
    pub statistics: Statistics,
}

/// What one run showed.
///
/// A run that is looked at fuses nothing, so it takes longer than one that is not; shares of its time tell where the
/// others' goes, roughly.
#[derive(Debug)]
pub struct Inspection {
    layers: Vec<SeenLayer>,
    maps: Vec<FeatureMaps>,
}

impl Inspection {
    /// Runs `network` on one prepared picture `[1, channels, height, width]` and looks at every layer.
    ///
    /// # Errors
    /// [`ShapeError`] where the picture does not fit the network.
    pub fn of(network: &CpuResNet, picture: Tensor<4>) -> Result<Self, ShapeError> {
        let mut watcher = Watcher {
            since: Instant::now(),
            layers: Vec::new(),
            maps: Vec::new(),
        };
        network.forward_observed(picture, &mut watcher)?;
        Ok(Self {
            layers: watcher.layers,
            maps: watcher.maps,
        })
    }

    /// Every layer, in the order of computation.
    pub fn layers(&self) -> &[SeenLayer] {
        &self.layers
    }

    /// The feature maps of the layer at this place of [`layers`](Self::layers).
    pub fn maps(&self, place: usize) -> Option<&FeatureMaps> {
        self.maps.get(place)
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
        let (statistics, maps) = map::look_at(&values, shape);
        self.maps.push(maps);
        self.layers.push(SeenLayer {
            name: layer.to_owned(),
            shape,
            milliseconds,
            statistics,
        });
        // Looking takes its time, which is not the network's.
        self.since = Instant::now();
    }
}
