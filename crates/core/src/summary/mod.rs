//! One row per layer, as torchinfo prints them: name, kind, shapes, parameters, multiply-adds.
//!
//! The rows follow from the spec ([`NetworkSpec`]) and an input shape. Counts have 64 bits
//! on every machine: in the browser, where places have 32, a ResNet-101 has more multiply-adds than that.

#![deny(clippy::arithmetic_side_effects)]

use serde::Serialize;

use crate::resnet::Head;
use crate::resnet::spec::{
    AttentionKind, AttentionSpec, BlockSpec, ConvSpec, HeadLayerSpec, LinearSpec, NetworkSpec,
    NormSpec, PoolSpec, ShapeError, ShortcutSpec,
};
use crate::size::product;

/// A layer, or a container of layers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub struct LayerRow {
    /// PyTorch's name, as `named_modules` gives it: `layer1.0.conv1`.
    pub name: String,
    /// PyTorch's class: `Conv2d`, `BatchNorm2d`, `Bottleneck`.
    pub kind: String,
    /// How deep in the network's tree: 0 for the network's own children.
    pub depth: usize,
    /// Whether the rows below it, one deeper, are its parts; its parameters and multiply-adds are their sum.
    pub container: bool,
    /// `[batch, channels, height, width]` or `[batch, features]`.
    pub input_shape: Vec<usize>,
    /// Likewise.
    pub output_shape: Vec<usize>,
    /// Height and width of the window of a convolution or a pooling.
    pub kernel: Option<[usize; 2]>,
    /// What training changes: weights and biases, not running statistics. At most `u64::MAX`, as all counts here.
    pub parameters: u64,
    /// Multiplications, each with its addition, of convolutions and linear layers over the whole batch.
    pub multiply_adds: u64,
}

/// How long a layer takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub struct LayerTime {
    /// PyTorch's name of the convolution, the pooling or the linear layer. Batch norm and ReLU are in their convolution's
    /// time, and a block's addition and the ReLU after it in that of its last convolution, unless
    /// attention stands between them.
    pub layer: String,
    /// In milliseconds; never negative.
    pub milliseconds: f64,
}

/// A network's rows, a container before what it holds, and their totals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub struct Summary {
    /// The rows.
    pub rows: Vec<LayerRow>,
    /// Parameters in all.
    pub parameters: u64,
    /// Multiply-adds in all.
    pub multiply_adds: u64,
}

impl Summary {
    /// Of a whole network for an input `[batch, channels, height, width]`.
    ///
    /// # Errors
    /// [`ShapeError`] where the input does not fit.
    pub fn of_network(spec: &NetworkSpec, input_shape: [usize; 4]) -> Result<Self, ShapeError> {
        spec.check_input(input_shape)?;
        let mut walk = Walk::new(input_shape);

        let stem = |walk: &mut Walk| {
            spec.stem
                .convolutions
                .iter()
                .for_each(|conv| walk.conv(conv))
        };
        match &spec.stem.container {
            Some(name) => walk.container(name, "Sequential", |walk| {
                stem(walk);
                Ok(())
            })?,
            None => stem(&mut walk),
        }
        spec.stem.pools.iter().for_each(|pool| walk.pool(pool));
        for stage in &spec.stages {
            walk.container(&stage.name, "Sequential", |walk| {
                stage.blocks.iter().try_for_each(|block| {
                    walk.container(&block.name, block.kind, |walk| walk.block(block))
                })
            })?;
        }
        if let Some(norm) = &spec.final_norm {
            walk.norm(norm);
        }
        match &spec.head.container {
            Some(name) => walk.container(name, "Sequential", |walk| {
                walk.head(spec);
                Ok(())
            })?,
            None => walk.head(spec),
        }
        Ok(walk.finish())
    }

    /// Of a block that stands alone, its last row `output` being the whole block.
    ///
    /// # Errors
    /// [`ShapeError`] where the block's two branches do not meet.
    pub fn of_block(spec: &BlockSpec, input_shape: [usize; 4]) -> Result<Self, ShapeError> {
        let mut walk = Walk::new(input_shape);
        walk.container("output", spec.kind, |walk| walk.block(spec))?;
        walk.rows.rotate_left(1);
        Ok(walk.finish())
    }
}

/// Parameters and multiply-adds of all layers, containers left out.
fn totals(rows: &[LayerRow]) -> [u64; 2] {
    let layers = rows.iter().filter(|row| !row.container);
    layers.fold([0, 0], |[parameters, multiply_adds]: [u64; 2], row| {
        [
            parameters.saturating_add(row.parameters),
            multiply_adds.saturating_add(row.multiply_adds),
        ]
    })
}

/// Visits the layers in the order of computation, with the current shape.
struct Walk {
    rows: Vec<LayerRow>,
    shape: Vec<usize>,
    depth: usize,
}

impl Walk {
    fn new(input_shape: [usize; 4]) -> Self {
        Self {
            rows: Vec::new(),
            shape: input_shape.to_vec(),
            depth: 0,
        }
    }

    fn finish(self) -> Summary {
        let [parameters, multiply_adds] = totals(&self.rows);
        Summary {
            parameters,
            multiply_adds,
            rows: self.rows,
        }
    }

    /// Adds a row; its output is the next layer's input.
    fn layer(&mut self, name: &str, kind: &str, output_shape: Vec<usize>) -> &mut LayerRow {
        let input_shape = std::mem::replace(&mut self.shape, output_shape.clone());
        self.rows.push(LayerRow {
            name: name.to_owned(),
            kind: kind.to_owned(),
            depth: self.depth,
            container: false,
            input_shape,
            output_shape,
            kernel: None,
            parameters: 0,
            multiply_adds: 0,
        });
        let last = self.rows.len().saturating_sub(1);
        &mut self.rows[last]
    }

    /// A layer that changes no shape and has no parameters.
    fn pointwise(&mut self, name: &str, kind: &str) {
        self.layer(name, kind, self.shape.clone());
    }

    fn container(
        &mut self,
        name: &str,
        kind: &str,
        inside: impl FnOnce(&mut Self) -> Result<(), ShapeError>,
    ) -> Result<(), ShapeError> {
        let row = self.rows.len();
        self.pointwise(name, kind);
        let depth = self.depth;
        self.depth = depth.saturating_add(1);
        inside(self)?;
        self.depth = depth;
        // The container's own row has nothing yet.
        let [parameters, multiply_adds] = totals(&self.rows[row..]);
        self.rows[row] = LayerRow {
            container: true,
            output_shape: self.shape.clone(),
            parameters,
            multiply_adds,
            ..self.rows[row].clone()
        };
        Ok(())
    }

    fn conv(&mut self, spec: &ConvSpec) {
        let size = spec.output_size([self.shape[2], self.shape[3]]);
        let output = vec![self.shape[0], spec.output_channels, size[0], size[1]];
        let outputs = product(&output);
        let weight = spec.weight_shape();
        let window = product(&weight[1..]);
        let biases = if spec.bias { spec.output_channels } else { 0 };
        let row = self.layer(&spec.name, "Conv2d", output);
        row.kernel = Some([spec.kernel; 2]);
        row.parameters = product(&weight).saturating_add(biases as u64);
        row.multiply_adds = outputs.saturating_mul(window);
        if let Some(norm) = &spec.norm {
            self.batch_norm(norm, "BatchNorm2d", spec.output_channels);
        }
        if let Some(relu) = &spec.relu {
            self.pointwise(relu, "ReLU");
        }
    }

    fn batch_norm(&mut self, name: &str, kind: &str, channels: usize) {
        self.layer(name, kind, self.shape.clone()).parameters = product(&[2, channels]);
    }

    fn norm(&mut self, spec: &NormSpec) {
        self.batch_norm(&spec.name, "BatchNorm2d", spec.channels);
        if let Some(relu) = &spec.relu {
            self.pointwise(relu, "ReLU");
        }
    }

    fn pool(&mut self, spec: &PoolSpec) {
        let [height, width] = spec.output_size([self.shape[2], self.shape[3]]);
        let output = vec![self.shape[0], self.shape[1], height, width];
        self.layer(&spec.name, spec.class(), output).kernel = Some([spec.kernel; 2]);
    }

    /// A linear layer; `units` are its outputs' further sides, one pixel or none.
    fn linear(&mut self, spec: &LinearSpec, kind: &str, units: &[usize]) {
        let batch = self.shape[0];
        let output = [&[batch, spec.outputs], units].concat();
        let row = self.layer(&spec.name, kind, output);
        let weights = product(&spec.size());
        let biases = if spec.bias { spec.outputs } else { 0 };
        row.parameters = weights.saturating_add(biases as u64);
        row.multiply_adds = weights.saturating_mul(batch as u64);
    }

    fn attention(&mut self, spec: &AttentionSpec) -> Result<(), ShapeError> {
        let map = self.shape.clone();
        self.container(&spec.name, spec.class(), |walk| {
            let batch = walk.shape[0];
            walk.shape = vec![batch, spec.channels, 1, 1];
            match &spec.kind {
                AttentionKind::SqueezeExcite {
                    reduce,
                    relu,
                    expand,
                } => {
                    walk.linear(reduce, "Conv2d", &[1, 1]);
                    walk.pointwise(relu, "ReLU");
                    walk.linear(expand, "Conv2d", &[1, 1]);
                }
                AttentionKind::EfficientChannel {
                    convolution,
                    kernel,
                } => {
                    let row = walk.layer(convolution, "Conv1d", walk.shape.clone());
                    row.parameters = *kernel as u64;
                    row.multiply_adds = product(&[batch, spec.channels, *kernel]);
                }
            }
            walk.pointwise(&spec.gate, "Sigmoid");
            walk.shape = map;
            Ok(())
        })
    }

    fn block(&mut self, spec: &BlockSpec) -> Result<(), ShapeError> {
        spec.output_size([self.shape[2], self.shape[3]])?;
        let mut input = self.shape.clone();
        if let Some(norm) = &spec.pre_activation {
            self.norm(norm);
            input = self.shape.clone();
        }
        for (place, conv) in spec.convolutions.iter().enumerate() {
            self.conv(conv);
            if let Some(pool) = spec.pool_after(place) {
                self.pool(pool);
            }
        }
        if let Some(attention) = &spec.attention {
            self.attention(attention)?;
        }
        let output = self.shape.clone();
        match &spec.shortcut {
            Some(ShortcutSpec::Projection { pool, convolution }) => {
                self.shape = input;
                pool.iter().for_each(|pool| self.pool(pool));
                self.conv(convolution);
            }
            Some(ShortcutSpec::ZeroPadded { name, .. }) => {
                self.shape = input;
                self.layer(name, "ZeroPad", output);
            }
            None => {}
        }
        if let Some(relu) = &spec.relu {
            self.pointwise(relu, "ReLU");
        }
        Ok(())
    }

    fn head(&mut self, network: &NetworkSpec) {
        let (spec, batch) = (&network.head, self.shape[0]);
        if let Some(pool) = &spec.pool {
            let channels = match spec.kind {
                Head::ConcatPool => spec.features,
                _ => self.shape[1],
            };
            self.layer(pool, spec.pool_kind(), vec![batch, channels, 1, 1]);
        }
        self.layer(&spec.flatten, "Flatten", vec![batch, spec.features]);
        for layer in &spec.layers {
            match layer {
                HeadLayerSpec::Linear(linear) => self.linear(linear, "Linear", &[]),
                HeadLayerSpec::Norm(norm) => {
                    self.batch_norm(&norm.name, "BatchNorm1d", norm.channels);
                }
                HeadLayerSpec::Relu(name) => self.pointwise(name, "ReLU"),
            }
        }
        if let Some(activation) = &spec.activation {
            self.pointwise(activation, spec.activation_kind());
        }
    }
}
