//! What a network sees: every layer's output of one run, and where in the picture the evidence for a class lies.

mod map;

use burn::prelude::*;
use serde::Serialize;
use web_time::Instant;

pub use map::{Channel, FeatureMaps, Statistics};

use crate::resnet::{Observer, Output, ResNet, ShapeError};

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
    evidence: Evidence,
    logits: Vec<f32>,
}

/// What each place of the last stage's maps adds to each class's logit.
#[derive(Debug)]
struct Evidence {
    /// `[height, width]`
    size: [usize; 2],
    classes: usize,
    /// `[height, width, classes]`
    values: Vec<f32>,
}

impl Inspection {
    /// Runs `network` on one prepared picture `[1, channels, height, width]` and looks at every layer.
    ///
    /// # Errors
    /// [`ShapeError`] where the picture does not fit the network.
    pub fn of(network: &ResNet, picture: Tensor<4>) -> Result<Self, ShapeError> {
        let last = network.spec().stages.last().map(|stage| stage.name.clone());
        let mut watcher = Watcher {
            last: last.unwrap_or_default(),
            since: Instant::now(),
            layers: Vec::new(),
            maps: Vec::new(),
            features: None,
        };
        let logits = network.forward_observed(picture, &mut watcher)?;
        let evidence = match watcher.features {
            Some(features) => {
                let [_, _, height, width] = features.dims();
                let evidence = network.evidence(features);
                Evidence {
                    size: [height, width],
                    classes: evidence.dims()[1],
                    values: evidence.into_data().iter::<f32>().collect(),
                }
            }
            None => Evidence {
                size: [0, 0],
                classes: 0,
                values: Vec::new(),
            },
        };
        Ok(Self {
            layers: watcher.layers,
            maps: watcher.maps,
            evidence,
            logits: logits.into_data().iter::<f32>().collect(),
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

    /// What the network gave out: one for each class.
    pub fn logits(&self) -> &[f32] {
        &self.logits
    }

    /// Height and width of a class activation map.
    pub const fn evidence_size(&self) -> [usize; 2] {
        self.evidence.size
    }

    /// The class activation map (Zhou et al. 2016, section 2) of a class, row by row: what each place adds to the class's
    /// logit. Together with the class's bias the places sum up to the logit.
    ///
    /// After an average pool that is the last stage's features times the class's weights; for a head that flattens, the
    /// class's weights reshaped to the map.
    pub fn evidence(&self, class: usize) -> Option<Vec<f32>> {
        let Evidence {
            classes, values, ..
        } = &self.evidence;
        let of_class = || values.iter().skip(class).step_by(*classes).copied();
        (class < *classes).then(|| of_class().collect())
    }
}

struct Watcher {
    /// The last stage's name.
    last: String,
    since: Instant,
    layers: Vec<SeenLayer>,
    maps: Vec<FeatureMaps>,
    features: Option<Tensor<4>>,
}

impl Observer for Watcher {
    fn see(&mut self, layer: &str, output: Output<'_>) {
        let milliseconds = self.since.elapsed().as_secs_f64() * 1e3;
        let (shape, data) = match output {
            Output::Map(x) => {
                let [_, channels, height, width] = x.dims();
                if layer == self.last {
                    self.features = Some(x.clone());
                }
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
