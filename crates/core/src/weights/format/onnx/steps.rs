//! From a graph's nodes to the steps of a network: what exporters write in different ways becomes the same, and constants are
//! worked out. Nothing else is computed.

use std::collections::HashMap;

use super::model::{Attribute, Model, Node, kind};
use super::parts::Parts;
use super::protobuf::fault;
use crate::weights::index::{Dtype, TensorEntry};
use crate::weights::plain::plain;
use crate::weights::source::WeightError;

/// What is done with a map. All of its inputs are steps; tensors are part of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Operator {
    /// The image.
    Input,
    /// A convolution, in one dimension or two.
    Conv(Box<Convolution>),
    /// Each channel times a number plus a number, in the end of all batch norms.
    Affine(Affine),
    /// Negative numbers become 0.
    Relu,
    /// A gate, or the last activation of all.
    Sigmoid,
    /// The last activation of all.
    Softmax,
    /// Maximum or average of windows.
    Pool(Window, Pool),
    /// Maximum or average of the map.
    Global {
        /// Of the maximum.
        max: bool,
    },
    /// A linear layer: its weight as `[out, in]`, its bias.
    Linear(Constant, Option<Constant>),
    /// The map as one row.
    Flatten,
    /// The sum of two.
    Add,
    /// The product of two.
    Mul,
    /// The channels of two, one behind the other.
    Concat,
    /// Channels of zeros before and after.
    PadChannels([usize; 2]),
    /// Pixels around the map, which mirror those inside or are 0.
    Pad {
        /// Above, left, below, right.
        pads: [usize; 4],
        /// Whether they mirror.
        mirror: bool,
    },
    /// Every so many pixels.
    Slice([usize; 2]),
    /// The channels from last to first.
    Reverse,
}

/// Where the windows of a convolution or a pool lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// A side, in pixels.
    pub kernel: usize,
    /// Their step.
    pub stride: usize,
    /// Pixels of zeros above, left, below, right.
    pub pads: [usize; 4],
}

/// The kind of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// The maximum.
    Max {
        /// Whether windows may begin in the map and end outside.
        ceil: bool,
    },
    /// The average.
    Average {
        /// Whether windows may begin in the map and end outside.
        ceil: bool,
    },
}

/// A convolution.
#[derive(Debug, Clone, PartialEq)]
pub struct Convolution {
    /// `[out, in / groups, height, width]`, or with one side.
    pub weight: Constant,
    /// Of one number per channel.
    pub bias: Option<Constant>,
    /// Where its windows lie.
    pub window: Window,
    /// Parts of the channels.
    pub groups: usize,
}

/// `scale * x + shift`, each of one number or of one per channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Affine {
    /// The factors.
    pub scale: Vec<f64>,
    /// The summands.
    pub shift: Vec<f64>,
    /// Whether it is a batch norm's, not a layer's bias.
    pub norm: bool,
}

/// A tensor that does not depend on the image.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// Where its numbers lie.
    pub entry: TensorEntry,
    /// Scale, zero point and the axis along which they differ, of whole numbers.
    pub quantised: Option<Box<(TensorEntry, Option<TensorEntry>, usize)>>,
    /// What it is called.
    pub name: String,
}

/// A step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What it does.
    pub operator: Operator,
    /// With what.
    pub inputs: Vec<usize>,
    /// The node, for messages.
    pub node: Option<usize>,
    /// Height and width, where they are known.
    size: Option<[usize; 2]>,
    /// Whether the map is one pixel, because all of it was pooled.
    pub pooled: bool,
    /// Whether no number is negative.
    positive: bool,
}

/// What each axis of a map is: a letter of `nchw`, or `_` for a side of one.
type Layout = &'static [u8];
const NCHW: Layout = b"nchw";
const NHWC: Layout = b"nhwc";
/// Of maps that are one pixel, by the axis of the channels.
const LAYOUTS: [Layout; 5] = [NCHW, NHWC, b"nc", b"n_c", b"nc_"];

/// The value of a name in the graph.
#[derive(Debug, Clone)]
enum Value {
    /// Of a step.
    Map(usize, Layout),
    /// No step's.
    Constant(Constant),
    /// Sides of maps, so many numbers.
    Shape(usize),
    /// Of a node that is not known, or what was made from it.
    Unknown(usize, &'static str),
}

/// A graph as steps.
pub struct Steps<'m> {
    model: &'m Model,
    /// Each uses only those before.
    pub steps: Vec<Step>,
    values: HashMap<&'m str, Value>,
    /// Whether the image has bytes as numbers.
    pub bytes: bool,
}

/// The value of a node's first output.
type Read = Result<Value, WeightError>;

/// The most numbers that are worked out as sides of maps.
const MOST_SIDES: usize = 64;
const UNKNOWN: &str = "is no part of a ResNet";

impl<'m> Steps<'m> {
    /// Reads the nodes of `model`.
    ///
    /// # Errors
    /// For a graph that is none. Nodes that are not known are reported where they are needed.
    pub fn new(model: &'m Model, parts: &mut Parts<'_>) -> Result<Self, WeightError> {
        let is_image = |input: &&super::model::Input| !model.initialisers.contains_key(&input.name);
        let mut images = model.inputs.iter().filter(is_image);
        let (Some(image), None) = (images.next(), images.next()) else {
            return Err(unfit("it does not have one input, an image"));
        };
        // TensorFlow's images have their channels last.
        let turned = |node: &Node| {
            node.inputs.first() == Some(&image.name) && ints(node, "perm") == [0, 3, 1, 2]
        };
        let few = |axis: usize| {
            image
                .shape
                .get(axis)
                .is_some_and(|&side| matches!(side, 1..5))
        };
        let layout = if model.nodes.iter().any(turned) || (few(3) && !few(1)) {
            NHWC
        } else {
            NCHW
        };
        if ![0, 4].contains(&image.shape.len()) {
            return Err(unfit("its input is no image of four axes"));
        }
        let side = |letter: u8| {
            let axis = layout.iter().position(|&axis| axis == letter)?;
            image.shape.get(axis).copied().filter(|&side| side > 0)
        };
        let size = side(b'h').zip(side(b'w')).map(|(h, w)| [h, w]);
        let first = Step {
            operator: Operator::Input,
            inputs: Vec::new(),
            node: None,
            size,
            pooled: false,
            positive: true,
        };
        let mut steps = Self {
            model,
            steps: vec![first],
            values: HashMap::from([(image.name.as_str(), Value::Map(0, layout))]),
            bytes: image.kind == kind::U8,
        };
        for index in in_order(model) {
            let node = &model.nodes[index];
            let value = steps.node(index, node, parts)?;
            for (place, name) in node.outputs.iter().enumerate() {
                let value = if place == 0 {
                    value.clone()
                } else {
                    Value::Unknown(index, "has a second output")
                };
                steps.values.insert(name, value);
            }
        }
        Ok(steps)
    }

    /// The step that gives the graph's output `name`.
    ///
    /// # Errors
    /// Where a node is needed that is not known.
    pub fn output(&self, name: &str) -> Result<usize, WeightError> {
        match self.values.get(name) {
            Some(Value::Map(step, _)) => Ok(*step),
            Some(Value::Unknown(node, why)) => Err(self.refused(Some(*node), why)),
            None => Err(fault(
                "its nodes wait for each other, or for what is not there",
            )),
            _ => Err(unfit("its output does not depend on the image")),
        }
    }

    /// The image's height and width, if they are fixed.
    pub fn size(&self) -> Option<[usize; 2]> {
        self.steps[0].size
    }

    /// The error of a node.
    #[cold]
    pub fn refused(&self, node: Option<usize>, why: &str) -> WeightError {
        match node.and_then(|node| self.model.nodes.get(node)) {
            Some(node) => unfit(&format!(
                "node {} \"{}\" {why}",
                plain(&node.kind),
                plain(&node.name)
            )),
            None => unfit(&format!("its input {why}")),
        }
    }

    /// Makes the initialisers that a node uses known.
    fn use_initialisers(
        &mut self,
        node: &'m Node,
        parts: &mut Parts<'_>,
    ) -> Result<(), WeightError> {
        for name in &node.inputs {
            if name.is_empty() || self.values.contains_key(name.as_str()) {
                continue;
            }
            let Some(tensor) = self.model.initialisers.get(name) else {
                let name = plain(name);
                return Err(fault(&format!("it uses `{name}` before it is computed")));
            };
            let constant = Constant {
                entry: parts.entry(tensor)?,
                quantised: None,
                name: name.clone(),
            };
            self.values.insert(name, Value::Constant(constant));
        }
        Ok(())
    }

    /// The value of a node's input; `None` for one that is left out.
    fn input(&self, node: &Node, place: usize) -> Option<Value> {
        let name = node.inputs.get(place)?;
        self.values.get(name.as_str()).cloned()
    }

    fn constant(&self, node: &Node, place: usize) -> Option<Constant> {
        match self.input(node, place) {
            Some(Value::Constant(constant)) => Some(constant),
            _ => None,
        }
    }

    /// Whole numbers that older nodes have as an attribute and newer ones as an input. `None`: neither, or not known.
    fn list(
        &self,
        node: &Node,
        attribute: &str,
        place: usize,
        parts: &mut Parts<'_>,
    ) -> Result<Option<Vec<i64>>, WeightError> {
        if attribute_of(node, attribute).is_some() {
            return Ok(Some(ints(node, attribute).to_vec()));
        }
        let constant = self.constant(node, place);
        constant
            .map(|constant| parts.ints(&constant.entry))
            .transpose()
    }

    /// The numbers of a small constant.
    fn numbers(
        &self,
        node: &Node,
        place: usize,
        parts: &mut Parts<'_>,
    ) -> Result<Option<Vec<f64>>, WeightError> {
        let constant = self.constant(node, place);
        constant.map(|constant| constant.numbers(parts)).transpose()
    }

    fn step(
        &mut self,
        index: usize,
        operator: Operator,
        inputs: &[usize],
        layout: Layout,
    ) -> Value {
        let first = &self.steps[inputs[0]];
        let (mut size, mut pooled) = (first.size, first.pooled);
        let mut positive = first.positive;
        match &operator {
            Operator::Conv(convolution) => {
                size = size.and_then(|size| convolution.window.output(size, false));
                positive = false;
            }
            Operator::Pool(window, Pool::Max { ceil } | Pool::Average { ceil }) => {
                size = size.and_then(|size| window.output(size, *ceil));
                pooled = size == Some([1, 1]);
            }
            Operator::Slice(stride) => {
                let side = |axis: usize| {
                    size.map(|size: [usize; 2]| size[axis].div_ceil(stride[axis].max(1)))
                };
                size = side(0).zip(side(1)).map(|(h, w)| [h, w]);
            }
            Operator::Pad { pads, .. } => {
                let grown = |size: [usize; 2]| {
                    [0, 1].map(|axis| {
                        size[axis]
                            .saturating_add(pads[axis])
                            .saturating_add(pads[axis | 2])
                    })
                };
                size = size.map(grown);
            }
            Operator::Global { .. } | Operator::Flatten | Operator::Linear(..) => {
                size = Some([1, 1]);
                pooled = true;
                positive &= !matches!(operator, Operator::Linear(..));
            }
            Operator::Reverse | Operator::Affine(_) => positive = false,
            Operator::Relu | Operator::Sigmoid | Operator::Softmax => positive = true,
            Operator::Add | Operator::Mul | Operator::Concat => {
                positive &= inputs.iter().all(|&input| self.steps[input].positive);
                pooled &= !matches!(operator, Operator::Add);
            }
            _ => {}
        }
        self.steps.push(Step {
            operator,
            inputs: inputs.to_vec(),
            node: Some(index),
            size,
            pooled,
            positive,
        });
        Value::Map(self.steps.len().saturating_sub(1), layout)
    }

    fn node(&mut self, index: usize, node: &'m Node, parts: &mut Parts<'_>) -> Read {
        let unknown = |why| Ok(Value::Unknown(index, why));
        if node.kind == "Constant" {
            return constant_node(index, node, parts);
        }
        self.use_initialisers(node, parts)?;
        // What follows from something unknown is unknown, for the same reason.
        let mut shape = false;
        for place in 0..node.inputs.len() {
            match self.input(node, place) {
                Some(Value::Unknown(index, why)) if node.kind != "Shape" => {
                    return Ok(Value::Unknown(index, why));
                }
                Some(Value::Shape(_)) => shape = true,
                _ => {}
            }
        }
        let Some(first) = self.input(node, 0) else {
            return unknown(UNKNOWN);
        };
        if shape && node.kind != "Expand" && !matches!(first, Value::Map(..)) {
            return self.count_of_sides(node);
        }
        match first {
            Value::Constant(constant) => match self.input(node, 1) {
                // One of two summands or factors.
                Some(Value::Map(step, layout)) => self.map(index, node, step, layout, parts),
                _ => self.of_constant(index, node, constant, parts),
            },
            Value::Map(step, layout) => self.map(index, node, step, layout, parts),
            // The size of what is unknown.
            first => Ok(if node.kind == "Shape" {
                Value::Shape(4)
            } else {
                first
            }),
        }
    }

    /// How many numbers a node makes of sides of maps.
    fn count_of_sides(&self, node: &Node) -> Read {
        let count = |place| match self.input(node, place) {
            Some(Value::Shape(count)) => count,
            Some(Value::Constant(constant)) => constant.entry.count().unwrap_or(0),
            _ => 0,
        };
        let count = match node.kind.as_str() {
            "Concat" => {
                (0..node.inputs.len()).fold(0_usize, |sum, place| sum.saturating_add(count(place)))
            }
            "Gather" => 1,
            _ => count(0),
        };
        Ok(Value::Shape(count))
    }

    /// A node whose inputs do not depend on the image.
    fn of_constant(
        &self,
        index: usize,
        node: &Node,
        mut constant: Constant,
        parts: &mut Parts<'_>,
    ) -> Read {
        let entry = &mut constant.entry;
        let rank = entry.shape.len();
        match node.kind.as_str() {
            "Identity" | "Cast" | "CastLike" | "QuantizeLinear" | "Expand" | "Dropout" => {}
            "DequantizeLinear" => {
                if !matches!(entry.dtype, Dtype::I8 | Dtype::U8 | Dtype::I32) {
                    return Ok(Value::Constant(constant));
                }
                let axis = usize::try_from(int(node, "axis", 1)).unwrap_or(0);
                let scale = self.constant(node, 1);
                let zero = self.constant(node, 2);
                let Some(scale) = scale else {
                    return Ok(Value::Unknown(index, "has a scale that is not constant"));
                };
                constant.quantised =
                    Some(Box::new((scale.entry, zero.map(|zero| zero.entry), axis)));
            }
            "Transpose" => {
                let perm = ints(node, "perm");
                let reversed: Vec<usize> = (0..rank).rev().collect();
                let perm: Vec<usize> = if perm.is_empty() {
                    reversed
                } else {
                    perm.iter()
                        .filter_map(|&axis| usize::try_from(axis).ok())
                        .collect()
                };
                constant = constant.transposed(&perm).ok_or_else(|| {
                    self.refused(Some(index), "permutes other axes than its input has")
                })?;
            }
            "Reshape" | "Squeeze" | "Unsqueeze" => {
                constant.straighten(parts)?;
                let entry = &mut constant.entry;
                let list = self.list(
                    node,
                    if node.kind == "Reshape" {
                        "shape"
                    } else {
                        "axes"
                    },
                    1,
                    parts,
                )?;
                match reshaped(&node.kind, &entry.shape, list.as_deref()) {
                    // Axes in another order have no places for another shape.
                    Some(shape) if entry.strides.is_none() && constant.quantised.is_none() => {
                        entry.shape = shape
                    }
                    _ => {
                        return Ok(Value::Unknown(
                            index,
                            "gives a constant a shape that is not read",
                        ));
                    }
                }
            }
            "Shape" => {
                let start = usize::try_from(int(node, "start", 0)).unwrap_or(rank);
                let end = usize::try_from(int(node, "end", i64::MAX)).unwrap_or(rank);
                let sides = entry.shape.get(start.min(rank)..end.min(rank));
                let sides: Vec<f32> = sides
                    .unwrap_or_default()
                    .iter()
                    .map(|&side| side as f32)
                    .collect();
                constant.entry = parts.keep(&sides)?;
            }
            "ConstantOfShape" => {
                let sides = parts.ints(entry)?;
                let count = sides.iter().try_fold(1_usize, |count, &side| {
                    count.checked_mul(usize::try_from(side).ok()?)
                });
                let Some(count) = count.filter(|&count| count <= MOST_SIDES) else {
                    return Ok(Value::Unknown(index, UNKNOWN));
                };
                let value = match attribute_of(node, "value") {
                    Some(Attribute::Tensor(tensor)) => {
                        let value = parts.entry(tensor)?;
                        parts
                            .values(&value, "a shape")?
                            .first()
                            .copied()
                            .unwrap_or(0.0)
                    }
                    _ => 0.0,
                };
                constant.entry = parts.keep(&vec![value; count])?;
            }
            "Concat" | "Slice" | "Gather" => {
                let rows = entry.shape.first().copied().unwrap_or(1);
                let values = constant.numbers(parts)?;
                let each = values.len().checked_div(rows).unwrap_or(0);
                let mut shape = constant.entry.shape.clone();
                let mut kept = Vec::new();
                match node.kind.as_str() {
                    "Concat" => {
                        for place in 0..node.inputs.len() {
                            kept.extend(self.numbers(node, place, parts)?.unwrap_or_default());
                        }
                        shape = vec![kept.len()];
                    }
                    "Slice" => {
                        let first =
                            |name: &str, place: usize, usual: i64, parts: &mut Parts<'_>| {
                                let list = self.list(node, name, place, parts)?;
                                Ok::<i64, WeightError>(
                                    list.and_then(|list| list.first().copied()).unwrap_or(usual),
                                )
                            };
                        let (start, end) = (
                            first("starts", 1, 0, parts)?,
                            first("ends", 2, i64::MAX, parts)?,
                        );
                        let (axis, step) =
                            (first("axes", 3, 0, parts)?, first("steps", 4, 1, parts)?);
                        if axis != 0 || ![1, -1].contains(&step) {
                            return Ok(Value::Unknown(index, UNKNOWN));
                        }
                        let count = i64::try_from(rows).unwrap_or(0);
                        let place = |at: i64| if at < 0 { at.saturating_add(count) } else { at };
                        let (start, end) = (place(start), place(end).clamp(-1, count));
                        let chosen = |row: i64| {
                            if step > 0 {
                                row >= start && row < end
                            } else {
                                row <= start && row > end
                            }
                        };
                        let mut rows: Vec<usize> = (0..count)
                            .filter(|&row| chosen(row))
                            .filter_map(|row| usize::try_from(row).ok())
                            .collect();
                        if step < 0 {
                            rows.reverse();
                        }
                        kept = rows
                            .iter()
                            .flat_map(|&row| {
                                values.iter().skip(row.saturating_mul(each)).take(each)
                            })
                            .copied()
                            .collect();
                        if let Some(first) = shape.first_mut() {
                            *first = rows.len();
                        }
                    }
                    _ => {
                        let Some(chosen) = self.constant(node, 1) else {
                            return Ok(Value::Unknown(index, UNKNOWN));
                        };
                        shape = chosen.entry.shape.clone();
                        for row in positions(&parts.ints(&chosen.entry)?, rows) {
                            kept.extend(values.get(row));
                        }
                    }
                }
                let kept: Vec<f32> = kept.into_iter().map(|value| value as f32).collect();
                constant.quantised = None;
                constant.entry = parts.keep(&kept)?;
                constant.entry.shape = shape;
            }
            "Add" | "Sub" | "Mul" | "Div" | "Sqrt" | "Neg" | "Reciprocal" => {
                let left = constant.numbers(parts)?;
                let right = self.numbers(node, 1, parts)?.unwrap_or_default();
                let operation = |x: f64, y: f64| match node.kind.as_str() {
                    "Add" => x + y,
                    "Sub" => x - y,
                    "Mul" => x * y,
                    "Div" => x / y,
                    "Sqrt" => x.sqrt(),
                    "Neg" => -x,
                    _ => x.recip(),
                };
                let right = if right.is_empty() { vec![0.0] } else { right };
                let Some(values) = zipped(&left, &right, operation, parts)? else {
                    return Ok(Value::Unknown(index, "has constants of different sizes"));
                };
                let shape = if left.len() >= right.len() {
                    constant.entry.shape.clone()
                } else {
                    vec![right.len()]
                };
                let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
                constant.quantised = None;
                constant.entry = parts.keep(&values)?;
                constant.entry.shape = shape;
            }
            _ => return Ok(Value::Unknown(index, UNKNOWN)),
        }
        Ok(Value::Constant(constant))
    }

    /// A node of which an input, the first or the second, is the map `step`.
    #[expect(clippy::too_many_lines, reason = "one arm for each kind of node")]
    fn map(
        &mut self,
        index: usize,
        node: &'m Node,
        step: usize,
        layout: Layout,
        parts: &mut Parts<'_>,
    ) -> Read {
        let unknown = |why| Ok(Value::Unknown(index, why));
        let pooled = self.steps[step].pooled;
        let size = self.steps[step].size;
        let images = layout == NCHW;
        match node.kind.as_str() {
            "Identity"
            | "Dropout"
            | "Cast"
            | "CastLike"
            | "DequantizeLinear"
            | "Expand"
            | "DynamicQuantizeLinear" => Ok(Value::Map(step, layout)),
            // Numbers that are stored without a sign have had their ReLU: quantisers leave it out.
            "QuantizeLinear" => {
                let zero = self.constant(node, 2);
                let dtype = zero.as_ref().map(|zero| zero.entry.dtype.clone());
                let zero = match zero {
                    Some(zero) => zero.numbers(parts)?.first().copied().unwrap_or(0.0),
                    None => 0.0,
                };
                let lowest = if dtype == Some(Dtype::I8) {
                    -128.0
                } else {
                    0.0
                };
                if zero == lowest && !self.steps[step].positive {
                    return Ok(self.step(index, Operator::Relu, &[step], layout));
                }
                Ok(Value::Map(step, layout))
            }
            "Shape" => Ok(Value::Shape(layout.len())),
            "Transpose" => {
                let perm = ints(node, "perm");
                let letter = |&axis: &i64| layout.get(usize::try_from(axis).ok()?).copied();
                let letters: Vec<_> = perm.iter().filter_map(letter).collect();
                let same = |letters: &[u8]| {
                    let found = LAYOUTS.iter().find(|&&layout| layout == letters).copied();
                    let channels = letters.iter().position(|&letter| letter == b'c');
                    found.or_else(|| pooled_layout(letters.len(), channels?).filter(|_| pooled))
                };
                match same(&letters) {
                    Some(layout) => Ok(Value::Map(step, layout)),
                    None => unknown("orders the axes in a way that is not read"),
                }
            }
            "Relu" => {
                if self.steps[step].positive && step != 0 {
                    return Ok(Value::Map(step, layout));
                }
                Ok(self.step(index, Operator::Relu, &[step], layout))
            }
            "Clip" => {
                let limit = |name: &str, place: usize, parts: &mut Parts<'_>| {
                    if let Some(Attribute::Float(limit)) = attribute_of(node, name) {
                        return Ok::<_, WeightError>(Some(f64::from(*limit)));
                    }
                    let limit = self.numbers(node, place, parts)?;
                    Ok(limit.and_then(|limit| limit.first().copied()))
                };
                let (low, high) = (limit("min", 1, parts)?, limit("max", 2, parts)?);
                if low != Some(0.0) || high.is_some_and(|high| high < f64::from(f32::MAX)) {
                    return unknown("limits what a ReLU does not (ReLU6?), which is not supported");
                }
                Ok(self.step(index, Operator::Relu, &[step], layout))
            }
            "Sigmoid" => Ok(self.step(index, Operator::Sigmoid, &[step], layout)),
            "Softmax" | "LogSoftmax" => Ok(self.step(index, Operator::Softmax, &[step], layout)),
            "BatchNormalization" if layout != NHWC => {
                let mut numbers = Vec::with_capacity(4);
                for place in 1..5 {
                    match self.numbers(node, place, parts)? {
                        Some(values) => numbers.push(values),
                        None => return unknown("has no constant numbers"),
                    }
                }
                let [gamma, beta, mean, variance] = &numbers[..] else {
                    return unknown(UNKNOWN);
                };
                let epsilon = match attribute_of(node, "epsilon") {
                    Some(Attribute::Float(epsilon)) => f64::from(*epsilon),
                    _ => f64::from(1e-5_f32),
                };
                if int(node, "training_mode", 0) != 0
                    || variance.iter().any(|&variance| variance < 0.0)
                    || mean.len() != beta.len()
                {
                    return unknown("is for training, or has a negative variance");
                }
                let scale = zipped(
                    gamma,
                    variance,
                    |gamma, variance| gamma / (variance + epsilon).sqrt(),
                    parts,
                )?;
                let Some(scale) = scale else {
                    return unknown("has numbers of different lengths");
                };
                let offset =
                    zipped(mean, &scale, |mean, scale| -mean * scale, parts)?.unwrap_or_default();
                let shift =
                    zipped(beta, &offset, |beta, offset| beta + offset, parts)?.unwrap_or_default();
                self.affine(
                    index,
                    step,
                    layout,
                    Affine {
                        scale,
                        shift,
                        norm: true,
                    },
                    parts,
                )
            }
            "Conv" if images || layout == b"n_c" => {
                let Some(weight) = self.constant(node, 1) else {
                    return unknown("has no constant weight");
                };
                let bias = self.constant(node, 2);
                let rank = weight.entry.shape.len();
                let kernel = weight.entry.shape.get(2..).unwrap_or_default();
                if rank != layout.len() || kernel.iter().any(|&side| side != kernel[0]) {
                    return unknown("has a kernel that is not square");
                }
                let window = match window(node, kernel, size) {
                    Ok(window) => window,
                    Err(why) => return unknown(why),
                };
                let groups = usize::try_from(int(node, "group", 1)).unwrap_or(0);
                self.conv(
                    index,
                    step,
                    layout,
                    Convolution {
                        weight,
                        bias,
                        window,
                        groups,
                    },
                )
            }
            "MaxPool" | "AveragePool" if images => {
                let kernel: Vec<usize> = ints(node, "kernel_shape")
                    .iter()
                    .filter_map(|&side| usize::try_from(side).ok())
                    .collect();
                if kernel.len() != 2 || kernel[0] != kernel[1] {
                    return unknown("has windows that are not square");
                }
                let mut window = match window(node, &kernel, size) {
                    Ok(window) => window,
                    Err(why) => return unknown(why),
                };
                let ceil = int(node, "ceil_mode", 0) != 0;
                let max = node.kind == "MaxPool";
                let mut from = step;
                if let (
                    Operator::Pad {
                        pads,
                        mirror: false,
                    },
                    true,
                ) = (&self.steps[step].operator, max && self.steps[step].positive)
                {
                    // Zeros do not change the maximum of what is never negative.
                    window.pads = added(window.pads, *pads);
                    from = self.steps[step].inputs[0];
                }
                let counts = int(node, "count_include_pad", 0) != 0 && window.pads != [0; 4];
                if !max && counts {
                    return unknown("counts its padding, which is not supported");
                }
                let pool = if max {
                    Pool::Max { ceil }
                } else {
                    Pool::Average { ceil }
                };
                Ok(self.step(index, Operator::Pool(window, pool), &[from], layout))
            }
            "GlobalAveragePool" | "GlobalMaxPool" if images => {
                let max = node.kind == "GlobalMaxPool";
                Ok(self.step(index, Operator::Global { max }, &[step], layout))
            }
            "ReduceMean" | "ReduceMax" => {
                let axes = self.list(node, "axes", 1, parts)?.unwrap_or_default();
                let axes = positions(&axes, layout.len());
                let mut letters: Vec<u8> = axes
                    .iter()
                    .filter_map(|&axis| layout.get(axis).copied())
                    .collect();
                letters.sort_unstable();
                if letters != *b"hw" {
                    return unknown("is not over height and width");
                }
                let max = node.kind == "ReduceMax";
                let layout = if int(node, "keepdims", 1) != 0 {
                    layout
                } else {
                    b"nc"
                };
                Ok(self.step(index, Operator::Global { max }, &[step], layout))
            }
            "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => {
                self.reshape(index, node, step, layout, parts)
            }
            "Gemm" if layout == b"nc" => {
                let plain_sum =
                    ["alpha", "beta"]
                        .iter()
                        .all(|name| match attribute_of(node, name) {
                            Some(Attribute::Float(factor)) => *factor == 1.0,
                            _ => true,
                        });
                let weight = self.constant(node, 1);
                let bias = self.constant(node, 2);
                let transposed = int(node, "transB", 0) == 0;
                self.linear(
                    index,
                    step,
                    weight,
                    bias,
                    transposed && plain_sum,
                    int(node, "transA", 0) == 0 && plain_sum,
                )
            }
            "MatMul" if layout == b"nc" => {
                let weight = self.constant(node, 1);
                self.linear(index, step, weight, None, true, true)
            }
            "Add" | "Sub" | "Mul" | "Div" | "Sum" => self.arithmetic(index, node, layout, parts),
            "Concat" => {
                let mut steps = Vec::new();
                for place in 0..node.inputs.len() {
                    match self.input(node, place) {
                        Some(Value::Map(step, other)) if other == layout && place < 2 => {
                            steps.push(step)
                        }
                        _ => return unknown(UNKNOWN),
                    }
                }
                let axis = positions(&[int(node, "axis", 1)], layout.len());
                if steps.len() != 2 || layout.get(axis.first().copied().unwrap_or(0)) != Some(&b'c')
                {
                    return unknown(UNKNOWN);
                }
                Ok(self.step(index, Operator::Concat, &steps, layout))
            }
            "Pad" => self.pad(index, node, step, layout, parts),
            "Slice" => self.slice(index, node, step, layout, parts),
            "Gather" => {
                let axis = positions(&[int(node, "axis", 0)], layout.len());
                let order = match self.constant(node, 1) {
                    Some(order) => parts.ints(&order.entry)?,
                    None => Vec::new(),
                };
                if axis.first().and_then(|&axis| layout.get(axis)) == Some(&b'c')
                    && order == [2, 1, 0]
                {
                    return Ok(self.step(index, Operator::Reverse, &[step], layout));
                }
                unknown(UNKNOWN)
            }
            _ => unknown(UNKNOWN),
        }
    }

    fn affine(
        &mut self,
        index: usize,
        step: usize,
        layout: Layout,
        mut affine: Affine,
        parts: &mut Parts<'_>,
    ) -> Read {
        let mut from = step;
        // Two in a row are one.
        if let Operator::Affine(before) = &self.steps[step].operator {
            let scale = zipped(&before.scale, &affine.scale, |x, y| x * y, parts)?;
            let shift = zipped(&before.shift, &affine.scale, |x, y| x * y, parts)?;
            let shift = match shift {
                Some(shift) => zipped(&shift, &affine.shift, |x, y| x + y, parts)?,
                None => None,
            };
            let (Some(scale), Some(shift)) = (scale, shift) else {
                return Ok(Value::Unknown(index, "has numbers of different lengths"));
            };
            let norm = before.norm || affine.norm;
            affine = Affine { scale, shift, norm };
            from = self.steps[step].inputs[0];
        }
        Ok(self.step(index, Operator::Affine(affine), &[from], layout))
    }

    fn conv(
        &mut self,
        index: usize,
        step: usize,
        layout: Layout,
        mut convolution: Convolution,
    ) -> Read {
        let mut from = step;
        if let Operator::Pad {
            pads,
            mirror: false,
        } = self.steps[step].operator
        {
            convolution.window.pads = added(convolution.window.pads, pads);
            from = self.steps[step].inputs[0];
        }
        let pooled = self.steps[from].pooled;
        let value = self.step(
            index,
            Operator::Conv(Box::new(convolution)),
            &[from],
            layout,
        );
        if let Some(step) = self.steps.last_mut() {
            step.pooled = pooled;
        }
        Ok(value)
    }

    fn linear(
        &mut self,
        index: usize,
        step: usize,
        weight: Option<Constant>,
        bias: Option<Constant>,
        transposed: bool,
        usual: bool,
    ) -> Read {
        let weight = weight.filter(|weight| usual && weight.entry.shape.len() == 2);
        let weight = weight.and_then(|weight| {
            if transposed {
                weight.transposed(&[1, 0])
            } else {
                Some(weight)
            }
        });
        let Some(weight) = weight else {
            return Ok(Value::Unknown(index, "is no linear layer"));
        };
        Ok(self.step(index, Operator::Linear(weight, bias), &[step], b"nc"))
    }

    fn reshape(
        &mut self,
        index: usize,
        node: &Node,
        step: usize,
        layout: Layout,
        parts: &mut Parts<'_>,
    ) -> Read {
        let channels = layout
            .iter()
            .position(|&letter| letter == b'c')
            .unwrap_or(1);
        let rank = layout.len();
        let target = match self.input(node, 1) {
            // Sides that depend on the image's: the channels are in their usual place.
            Some(Value::Shape(rank)) => Some((rank, if rank == 3 { 2 } else { 1 })),
            _ => match node.kind.as_str() {
                "Flatten" if int(node, "axis", 1) == 1 => Some((2, 1)),
                "Reshape" => {
                    let shape = self.list(node, "shape", 1, parts)?.unwrap_or_default();
                    let last = shape.iter().rposition(|&side| side != 1);
                    Some((shape.len(), last.unwrap_or(1).max(1)))
                }
                "Squeeze" | "Unsqueeze" => {
                    let axes = self.list(node, "axes", 1, parts)?;
                    let adds = node.kind == "Unsqueeze";
                    let count = axes.as_ref().map_or(0, Vec::len);
                    let after = if adds {
                        rank.saturating_add(count)
                    } else {
                        rank
                    };
                    let axes = match axes {
                        Some(axes) => positions(&axes, after),
                        None => (1..rank).filter(|&axis| axis != channels).collect(),
                    };
                    let place = (0..after).filter(|axis| !axes.contains(axis)).nth(channels);
                    let before = axes.iter().filter(|&&axis| axis < channels).count();
                    if adds {
                        place.map(|place| (after, place))
                    } else {
                        Some((
                            rank.saturating_sub(axes.len()),
                            channels.saturating_sub(before),
                        ))
                    }
                }
                _ => None,
            },
        };
        let pooled = self.steps[step].pooled || layout == b"nc";
        let one_pixel = pooled || self.steps[step].size == Some([1, 1]);
        match target {
            Some((rank, channels)) if pooled || (one_pixel && rank == 4) => {
                match pooled_layout(rank, channels) {
                    Some(layout) => Ok(Value::Map(step, layout)),
                    None => Ok(Value::Unknown(index, UNKNOWN)),
                }
            }
            Some((2, _)) if layout == NCHW || one_pixel => {
                Ok(self.step(index, Operator::Flatten, &[step], b"nc"))
            }
            _ => Ok(Value::Unknown(index, UNKNOWN)),
        }
    }

    /// A sum, a product: of two maps, or of a map and a constant for each channel.
    fn arithmetic(
        &mut self,
        index: usize,
        node: &Node,
        layout: Layout,
        parts: &mut Parts<'_>,
    ) -> Read {
        let unknown = |why| Ok(Value::Unknown(index, why));
        let (Some(left), Some(right)) = (self.input(node, 0), self.input(node, 1)) else {
            return unknown(UNKNOWN);
        };
        let kind = node.kind.as_str();
        let (step, constant, first) = match (left, right) {
            (Value::Map(left, one), Value::Map(right, other)) if one == other => {
                let operator = match kind {
                    "Add" | "Sum" if node.inputs.len() == 2 => Operator::Add,
                    "Mul" => Operator::Mul,
                    _ => return unknown(UNKNOWN),
                };
                return Ok(self.step(index, operator, &[left, right], layout));
            }
            (Value::Map(step, _), Value::Constant(constant)) => (step, constant, false),
            (Value::Constant(constant), Value::Map(step, _)) => (step, constant, true),
            _ => return unknown(UNKNOWN),
        };
        let shape = &constant.entry.shape;
        // Shapes are aligned at their ends.
        let missing = layout.len().checked_sub(shape.len());
        let letters = missing
            .and_then(|missing| layout.get(missing..))
            .unwrap_or_default();
        let along_channels = shape
            .iter()
            .zip(letters)
            .all(|(&side, &letter)| side == 1 || letter == b'c');
        if missing.is_none() || !along_channels {
            return unknown("does not compute with a number for each channel");
        }
        let numbers = constant.numbers(parts)?;
        let one = vec![1.0; numbers.len()];
        let none = vec![0.0; numbers.len()];
        let each = |of: fn(&f64) -> f64| numbers.iter().map(of).collect();
        let (scale, shift) = match (kind, first) {
            ("Add" | "Sum", _) => (one, numbers),
            ("Sub", false) => (one, each(|number| -number)),
            ("Sub", true) => (each(|_| -1.0), numbers),
            ("Mul", _) => (numbers, none),
            ("Div", false) => (each(|number| number.recip()), none),
            _ => return unknown(UNKNOWN),
        };
        let norm = !matches!(kind, "Add" | "Sum" | "Sub");
        self.affine(index, step, layout, Affine { scale, shift, norm }, parts)
    }

    fn pad(
        &mut self,
        index: usize,
        node: &Node,
        step: usize,
        layout: Layout,
        parts: &mut Parts<'_>,
    ) -> Read {
        let pads = self.list(node, "pads", 1, parts)?.unwrap_or_default();
        let value = match attribute_of(node, "value") {
            Some(Attribute::Float(value)) => f64::from(*value),
            _ => self
                .numbers(node, 2, parts)?
                .and_then(|value| value.first().copied())
                .unwrap_or(0.0),
        };
        let mode = match attribute_of(node, "mode") {
            Some(Attribute::Text(mode)) => mode.as_str(),
            _ => "constant",
        };
        let mirror = mode == "reflect";
        let pads: Vec<usize> = pads
            .iter()
            .filter_map(|&pad| usize::try_from(pad).ok())
            .collect();
        let rank = layout.len();
        if pads.len() != rank.saturating_mul(2) || !(mirror || (mode == "constant" && value == 0.0))
        {
            return Ok(Value::Unknown(index, "pads in a way that is not read"));
        }
        let at = |letter: u8, end: bool| {
            let axis = layout.iter().position(|&axis| axis == letter).unwrap_or(0);
            pads[if end { axis.saturating_add(rank) } else { axis }]
        };
        let channels = [at(b'c', false), at(b'c', true)];
        let around = [(b'h', false), (b'w', false), (b'h', true), (b'w', true)]
            .map(|(letter, end)| at(letter, end));
        Ok(match (channels, around) {
            _ if at(b'n', false).max(at(b'n', true)) > 0 || rank != 4 => {
                Value::Unknown(index, UNKNOWN)
            }
            ([0, 0], [0, 0, 0, 0]) => Value::Map(step, layout),
            ([0, 0], pads) => self.step(index, Operator::Pad { pads, mirror }, &[step], layout),
            (channels, [0, 0, 0, 0]) if !mirror => {
                self.step(index, Operator::PadChannels(channels), &[step], layout)
            }
            _ => Value::Unknown(index, UNKNOWN),
        })
    }

    fn slice(
        &mut self,
        index: usize,
        node: &Node,
        step: usize,
        layout: Layout,
        parts: &mut Parts<'_>,
    ) -> Read {
        let starts = self.list(node, "starts", 1, parts)?.unwrap_or_default();
        let ends = self.list(node, "ends", 2, parts)?.unwrap_or_default();
        let axes = self.list(node, "axes", 3, parts)?;
        let axes = axes.unwrap_or_else(|| (0_i64..).take(starts.len()).collect());
        let axes = positions(&axes, layout.len());
        let steps = self
            .list(node, "steps", 4, parts)?
            .unwrap_or_else(|| vec![1; starts.len()]);
        let mut strides = [1, 1];
        let mut reversed = false;
        let known = [ends.len(), axes.len(), steps.len()] == [starts.len(); 3];
        for (((&start, &end), &axis), &by) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
            let letter = layout.get(axis).copied().unwrap_or(b'_');
            // Beyond the end of any axis of an image.
            let far = 1 << 16;
            match letter {
                b'c' if by == -1 && (start == -1 || start > far) && end < -3 => reversed = true,
                b'h' | b'w' if start == 0 && end >= far && by > 0 => {
                    strides[usize::from(letter == b'w')] = usize::try_from(by).unwrap_or(1);
                }
                _ if start == 0 && end >= far && by == 1 => {}
                _ => return Ok(Value::Unknown(index, UNKNOWN)),
            }
        }
        if !known {
            return Ok(Value::Unknown(index, UNKNOWN));
        }
        if reversed {
            return Ok(match strides {
                [1, 1] => self.step(index, Operator::Reverse, &[step], layout),
                _ => Value::Unknown(index, UNKNOWN),
            });
        }
        let mut from = step;
        if let Operator::Slice(before) = self.steps[step].operator {
            strides = [0, 1].map(|axis| strides[axis].saturating_mul(before[axis]));
            from = self.steps[step].inputs[0];
        }
        Ok(match strides {
            [1, 1] => Value::Map(step, layout),
            strides => self.step(index, Operator::Slice(strides), &[from], layout),
        })
    }
}

impl Constant {
    /// Its numbers, if they are few.
    ///
    /// # Errors
    /// Where they cannot be read, or are too many.
    pub fn numbers(&self, parts: &mut Parts<'_>) -> Result<Vec<f64>, WeightError> {
        let values = parts.values(&self.entry, &self.name)?;
        let mut values: Vec<f64> = values.into_iter().map(f64::from).collect();
        if let Some(quantised) = &self.quantised {
            let (scale, zero, _) = &**quantised;
            let scale = parts.values(scale, &self.name)?;
            let zero = match zero {
                Some(zero) => parts.values(zero, &self.name)?,
                None => vec![0.0],
            };
            for (place, value) in values.iter_mut().enumerate() {
                let of = |list: &[f32]| {
                    f64::from(list.get(place).or(list.first()).copied().unwrap_or(0.0))
                };
                *value = (*value - of(&zero)) * of(&scale);
            }
        }
        Ok(values)
    }

    /// Puts the numbers of a short list in the order of its axes.
    fn straighten(&mut self, parts: &mut Parts<'_>) -> Result<(), WeightError> {
        let short = self.entry.count().is_some_and(|count| count <= MOST_SIDES);
        if self.entry.strides.is_some() && short && self.quantised.is_none() {
            let values = parts.values(&self.entry, &self.name)?;
            let shape = std::mem::take(&mut self.entry.shape);
            self.entry = parts.keep(&values)?;
            self.entry.shape = shape;
        }
        Ok(())
    }

    /// With its axes in the order `perm`. `None`: it has others.
    pub fn transposed(mut self, perm: &[usize]) -> Option<Self> {
        let entry = &mut self.entry;
        let rank = entry.shape.len();
        if perm.len() != rank || !(0..rank).all(|axis| perm.contains(&axis)) {
            return None;
        }
        let strides = match &entry.strides {
            Some(strides) => strides.clone(),
            None => {
                let mut strides = vec![1_usize; rank];
                for axis in (0..rank).rev().skip(1) {
                    let inner = axis.saturating_add(1);
                    strides[axis] = strides[inner].checked_mul(entry.shape[inner])?;
                }
                strides
            }
        };
        entry.strides = Some(perm.iter().map(|&axis| strides[axis]).collect());
        entry.shape = perm.iter().map(|&axis| entry.shape[axis]).collect();
        if let Some(quantised) = &mut self.quantised {
            quantised.2 = perm
                .iter()
                .position(|&axis| axis == quantised.2)
                .unwrap_or(0);
        }
        Some(self)
    }
}

impl Window {
    /// Height and width of what a map of this size becomes. `None`: too small.
    fn output(&self, size: [usize; 2], ceil: bool) -> Option<[usize; 2]> {
        let side = |axis: usize| {
            let padded = size[axis]
                .checked_add(self.pads[axis])?
                .checked_add(self.pads[axis | 2])?;
            let room = padded.checked_sub(self.kernel)?;
            let steps = if ceil {
                room.div_ceil(self.stride)
            } else {
                room.checked_div(self.stride)?
            };
            steps.checked_add(1)
        };
        Some([side(0)?, side(1)?])
    }

    /// The pixels on each side, if there are as many on all.
    pub fn padding(&self) -> Option<usize> {
        (self.pads == [self.pads[0]; 4]).then_some(self.pads[0])
    }
}

/// The places of the nodes, each after those whose outputs it uses. Those that wait for each other are left out.
fn in_order(model: &Model) -> Vec<usize> {
    let mut made_by = HashMap::new();
    for (index, node) in model.nodes.iter().enumerate() {
        for output in &node.outputs {
            made_by.insert(output.as_str(), index);
        }
    }
    // Who waits for a node, and for how many outputs each waits.
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); model.nodes.len()];
    let mut missing = vec![0_usize; model.nodes.len()];
    for (index, node) in model.nodes.iter().enumerate() {
        for maker in node
            .inputs
            .iter()
            .filter_map(|input| made_by.get(input.as_str()))
        {
            waiting[*maker].push(index);
            missing[index] = missing[index].saturating_add(1);
        }
    }
    let mut order: Vec<usize> = (0..missing.len())
        .filter(|&index| missing[index] == 0)
        .collect();
    let mut next = 0_usize;
    while let Some(&index) = order.get(next) {
        next = next.saturating_add(1);
        for &other in &waiting[index] {
            missing[other] = missing[other].saturating_sub(1);
            if missing[other] == 0 {
                order.push(other);
            }
        }
    }
    order
}

/// The window of a node, its kernel's sides given.
fn window(node: &Node, kernel: &[usize], size: Option<[usize; 2]>) -> Result<Window, &'static str> {
    let same = |list: &[i64], usual: i64| match list.first() {
        Some(&first) if list.iter().all(|&number| number == first) => Some(first),
        Some(_) => None,
        None => Some(usual),
    };
    let number =
        |name: &str| same(ints(node, name), 1).and_then(|number| usize::try_from(number).ok());
    if number("dilations") != Some(1) {
        return Err("is dilated, which is not supported");
    }
    let stride = number("strides")
        .filter(|&stride| stride > 0)
        .ok_or("has different strides")?;
    let kernel_side = kernel.first().copied().unwrap_or(0);
    let mut pads = [0; 4];
    let same_size = match attribute_of(node, "auto_pad") {
        Some(Attribute::Text(how)) => how.strip_prefix("SAME_"),
        _ => None,
    };
    if let Some(how) = same_size {
        for axis in 0..2 {
            let least = match (size, stride) {
                (_, 1) => kernel_side.saturating_sub(1),
                (Some(size), _) => {
                    let windows = size[axis].div_ceil(stride);
                    let covered = windows
                        .saturating_sub(1)
                        .saturating_mul(stride)
                        .saturating_add(kernel_side);
                    covered.saturating_sub(size[axis])
                }
                _ => return Err("pads by the image's size, which is open"),
            };
            let before = if how == "UPPER" {
                least >> 1
            } else {
                least.div_ceil(2)
            };
            pads[axis] = before;
            pads[axis | 2] = least.saturating_sub(before);
        }
    } else {
        let list = ints(node, "pads");
        let one_dimension = list.len() == 2;
        for (axis, pad) in pads.iter_mut().enumerate() {
            let place = if one_dimension { axis >> 1 } else { axis };
            let given = list.get(place).copied().unwrap_or(0);
            *pad = usize::try_from(given).map_err(|_| "has negative padding")?;
        }
    }
    Ok(Window {
        kernel: kernel_side,
        stride,
        pads,
    })
}

fn added(pads: [usize; 4], more: [usize; 4]) -> [usize; 4] {
    [0, 1, 2, 3].map(|side| pads[side].saturating_add(more[side]))
}

/// `operation` on each pair; a list of one number goes with every number. `None`: the lists have different lengths.
fn zipped(
    left: &[f64],
    right: &[f64],
    operation: impl Fn(f64, f64) -> f64,
    parts: &mut Parts<'_>,
) -> Result<Option<Vec<f64>>, WeightError> {
    let count = left.len().max(right.len());
    parts.spend((count as u64).saturating_mul(8))?;
    if [left.len(), right.len()]
        .iter()
        .any(|&length| length != count && length != 1)
    {
        return Ok(None);
    }
    let of = |list: &[f64], place: usize| list.get(place).or(list.first()).copied().unwrap_or(0.0);
    Ok(Some(
        (0..count)
            .map(|place| operation(of(left, place), of(right, place)))
            .collect(),
    ))
}

/// The layout of `rank` axes, of which all but the channels and the images have one side.
fn pooled_layout(rank: usize, channels: usize) -> Option<Layout> {
    let fits = |layout: &&Layout| layout.len() == rank && layout.get(channels) == Some(&b'c');
    LAYOUTS.iter().find(fits).copied()
}

/// Axes of `rank`, counted from the end if negative.
fn positions(axes: &[i64], rank: usize) -> Vec<usize> {
    let rank = i64::try_from(rank).unwrap_or(0);
    let position = |&axis: &i64| {
        usize::try_from(if axis < 0 {
            axis.saturating_add(rank)
        } else {
            axis
        })
        .ok()
    };
    axes.iter().filter_map(position).collect()
}

/// The shape of a constant after a node that only changes that. `None`: it does not fit.
fn reshaped(kind: &str, shape: &[usize], list: Option<&[i64]>) -> Option<Vec<usize>> {
    let list = list.unwrap_or_default();
    let count = |shape: &[usize]| {
        shape
            .iter()
            .try_fold(1_usize, |count, &side| count.checked_mul(side))
    };
    let rank = shape.len();
    let axes = |rank| positions(list, rank);
    let new: Vec<usize> = match kind {
        "Squeeze" => {
            let axes = axes(rank);
            let stays = |(axis, side): &(usize, &usize)| {
                if axes.is_empty() {
                    **side != 1
                } else {
                    !axes.contains(axis)
                }
            };
            shape
                .iter()
                .enumerate()
                .filter(stays)
                .map(|(_, &side)| side)
                .collect()
        }
        "Unsqueeze" => {
            let rank = rank.saturating_add(list.len());
            let axes = axes(rank);
            let mut sides = shape.iter();
            (0..rank)
                .filter_map(|axis| {
                    if axes.contains(&axis) {
                        Some(1)
                    } else {
                        sides.next().copied()
                    }
                })
                .collect()
        }
        "Reshape" => {
            let side = |(axis, &side): (usize, &i64)| {
                if side == 0 {
                    shape.get(axis).copied()
                } else {
                    usize::try_from(side.max(1)).ok()
                }
            };
            let mut new = list
                .iter()
                .enumerate()
                .map(side)
                .collect::<Option<Vec<_>>>()?;
            if let Some(open) = list.iter().position(|&side| side == -1) {
                new[open] = count(shape)?.checked_div(count(&new)?)?;
            }
            new
        }
        _ => return None,
    };
    (count(&new) == count(shape)).then_some(new)
}

fn attribute_of<'n>(node: &'n Node, name: &str) -> Option<&'n Attribute> {
    let mut attributes = node.attributes.iter();
    attributes.find_map(|(own, attribute)| (own == name).then_some(attribute))
}

fn int(node: &Node, name: &str, usual: i64) -> i64 {
    match attribute_of(node, name) {
        Some(Attribute::Int(int)) => *int,
        _ => usual,
    }
}

/// A list of whole numbers; empty if there is none.
fn ints<'n>(node: &'n Node, name: &str) -> &'n [i64] {
    match attribute_of(node, name) {
        Some(Attribute::Ints(ints)) => ints,
        _ => &[],
    }
}

fn constant_node(index: usize, node: &Node, parts: &mut Parts<'_>) -> Read {
    let name = node.outputs.first().cloned().unwrap_or_default();
    let entry = match node.attributes.first().map(|(_, attribute)| attribute) {
        Some(Attribute::Tensor(tensor)) => parts.entry(tensor)?,
        Some(Attribute::Float(value)) => {
            let mut entry = parts.keep(&[*value])?;
            entry.shape.clear();
            entry
        }
        Some(Attribute::Int(int)) => parts.keep(&[*int as f32])?,
        Some(Attribute::Ints(ints)) => {
            parts.keep(&ints.iter().map(|&int| int as f32).collect::<Vec<_>>())?
        }
        _ => {
            return Ok(Value::Unknown(
                index,
                "has a kind of constant that is not read",
            ));
        }
    };
    Ok(Value::Constant(Constant {
        entry,
        quantised: None,
        name,
    }))
}

/// A network that is no ResNet, or is one that cannot be built.
#[cold]
pub fn unfit(reason: &str) -> WeightError {
    WeightError::Architecture {
        reason: reason.to_owned(),
    }
}
