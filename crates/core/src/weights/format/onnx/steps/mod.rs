//! From a graph's nodes to the steps of a network: what exporters write in different ways becomes the same, and constants are
//! worked out. Nothing else is computed.

mod constants;
mod layout;
mod maps;
mod windows;

use std::rc::Rc;

use self::layout::{Layout, NCHW, NHWC};
use super::Error;
use super::model::{Model, Node, Tensor, kind};
use super::parts::Parts;
use super::protobuf::fault;
use crate::weights::plain::plain;
use crate::weights::source::WeightError;

pub use self::constants::{Constant, number_at};
pub use self::windows::Window;

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
    Linear(Rc<Constant>, Option<Rc<Constant>>),
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
    /// Pixels at a stride.
    Slice([usize; 2]),
    /// The channels from last to first.
    Reverse,
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
    pub weight: Rc<Constant>,
    /// Of one number per channel.
    pub bias: Option<Rc<Constant>>,
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
    pub size: Option<[usize; 2]>,
    /// Whether the map is one pixel, because all of it was pooled.
    pub pooled: bool,
    /// Whether no number is negative.
    positive: bool,
}

/// The value of a name in the graph.
#[derive(Debug, Clone)]
enum Value {
    /// Of a step.
    Map(usize, Layout),
    /// No step's.
    Constant(Rc<Constant>),
    /// Sides of maps, so many numbers.
    Shape(usize),
    /// Of a node that is not known, or what was made from it.
    Unknown(usize, &'static str),
}

/// Why a node has no value.
enum Fault {
    /// It is not known. That matters only if the network needs it.
    Unknown(&'static str),
    /// The file is damaged.
    Error(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// The value of a node's first output.
type Read = Result<Value, Fault>;

/// How often the nodes are gone through for those that come before what they use.
const MOST_PASSES: usize = 64;
/// What to do about a node.
pub const WITHOUT_IT: &str = ". Export the model without it, or choose another one";
const UNKNOWN: Fault = Fault::Unknown("is no part of a ResNet");

/// A node, and the map that it works on.
#[derive(Clone, Copy)]
struct At<'m> {
    /// The node's place.
    index: usize,
    /// The node.
    node: &'m Node,
    /// The step that gives the map.
    step: usize,
    /// The map's axes.
    layout: Layout,
}

/// A graph as steps.
pub struct Steps<'m> {
    model: &'m Model,
    /// Each uses only those before.
    pub steps: Vec<Step>,
    /// By their names.
    values: Vec<Option<Value>>,
    /// By their names.
    initialisers: Vec<Option<&'m Tensor>>,
    /// The nodes whose inputs are not known.
    waiting: Vec<usize>,
    /// Whether the image has bytes as numbers.
    pub bytes: bool,
}

impl<'m> Steps<'m> {
    /// Reads the nodes of `model`.
    ///
    /// # Errors
    /// For a graph that is none. Nodes that are not known are reported where they are needed.
    pub fn new(model: &'m Model, parts: &mut Parts<'_>) -> Result<Self, Error> {
        let mut initialisers = vec![None; model.names.len().saturating_add(1)];
        for (name, tensor) in &model.initialisers {
            initialisers[*name] = Some(tensor);
        }
        let images = model.inputs.iter();
        let mut images =
            images.filter(|input| input.name != 0 && initialisers[input.name].is_none());
        let (Some(image), None) = (images.next(), images.next()) else {
            return Err(unfit("it does not have one input, an image"));
        };
        // TensorFlow's images have their channels last.
        let turned = |node: &Node| {
            node.inputs.first() == Some(&image.name) && node.ints("perm") == [0, 3, 1, 2]
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
            let axis = layout::axis(layout, letter)?;
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
        let mut values = vec![None; model.names.len().saturating_add(1)];
        values[image.name] = Some(Value::Map(0, layout));
        let mut steps = Self {
            model,
            steps: vec![first],
            values,
            initialisers,
            waiting: (0..model.nodes.len()).collect(),
            bytes: image.kind == kind::U8,
        };
        // Nearly all files have their nodes in order; some tools add nodes at the end.
        for _ in 0..MOST_PASSES {
            let before = steps.waiting.len();
            for index in std::mem::take(&mut steps.waiting) {
                let node = &model.nodes[index];
                if node.inputs.iter().any(|&name| !steps.is_known(name)) {
                    steps.waiting.push(index);
                    continue;
                }
                let value = match steps.node(index, node, parts) {
                    Ok(value) => value,
                    Err(Fault::Unknown(why)) => Value::Unknown(index, why),
                    Err(Fault::Error(error)) => return Err(error),
                };
                for (place, &name) in node.outputs.iter().enumerate() {
                    let value = if place == 0 {
                        value.clone()
                    } else {
                        Value::Unknown(index, "has a second output")
                    };
                    // 0 stays what is left out.
                    if name != 0 {
                        steps.values[name] = Some(value);
                    }
                }
            }
            if steps.waiting.len() == before {
                break;
            }
        }
        Ok(steps)
    }

    /// The step that gives the graph's output `name`.
    ///
    /// # Errors
    /// Where a node is needed that is not known.
    pub fn output(&self, name: usize) -> Result<usize, Error> {
        match &self.values[name] {
            Some(Value::Map(step, _)) => Ok(*step),
            Some(Value::Unknown(node, why)) => Err(self.refused(Some(*node), why)),
            None => match self.waiting.first() {
                Some(&node) => {
                    Err(self.refused(Some(node), "waits for itself or for what is not there"))
                }
                None => Err(fault("no node gives its output")),
            },
            _ => Err(unfit("its output does not depend on the image")),
        }
    }

    /// The image's height and width, if they are fixed.
    pub fn size(&self) -> Option<[usize; 2]> {
        self.steps[0].size
    }

    /// The error of a node.
    #[cold]
    pub fn refused(&self, node: Option<usize>, why: &str) -> Error {
        match node.and_then(|node| self.model.nodes.get(node)) {
            Some(node) => {
                let output = node.outputs.first().map_or(0, |&output| output);
                let name = match node.name.as_str() {
                    "" => self.model.name(output),
                    name => name,
                };
                let (kind, name) = (plain(&node.kind), plain(name));
                unfit(&format!("node {kind} \"{name}\" {why}{WITHOUT_IT}"))
            }
            None => unfit(&format!("its input {why}{WITHOUT_IT}")),
        }
    }

    /// Whether a name is left out, or has a value.
    fn is_known(&self, name: usize) -> bool {
        name == 0 || self.values[name].is_some() || self.initialisers[name].is_some()
    }

    /// Makes the initialisers that a node uses known.
    fn use_initialisers(&mut self, node: &'m Node, parts: &mut Parts<'_>) -> Result<(), Error> {
        for &name in &node.inputs {
            if name == 0 || self.values[name].is_some() {
                continue;
            }
            let Some(tensor) = self.initialisers[name] else {
                continue;
            };
            let constant = Constant {
                entry: parts.entry(tensor)?,
                quantised: None,
                name: tensor.name.clone(),
            };
            self.values[name] = Some(Value::Constant(Rc::new(constant)));
        }
        Ok(())
    }

    /// The value of a node's input; `None` for one that is left out.
    fn input(&self, node: &Node, place: usize) -> Option<Value> {
        self.values[*node.inputs.get(place)?].clone()
    }

    /// The node's value.
    fn node(&mut self, index: usize, node: &'m Node, parts: &mut Parts<'_>) -> Read {
        self.use_initialisers(node, parts)?;
        // What follows from something unknown is unknown, for the same reason.
        let arithmetic = ["Add", "Sub", "Mul", "Div", "Sum"].contains(&node.kind.as_str());
        let mut map = None;
        let mut shape = false;
        for place in 0..node.inputs.len() {
            match self.input(node, place) {
                Some(unknown @ Value::Unknown(..)) if node.kind != "Shape" => return Ok(unknown),
                Some(Value::Shape(_)) => shape = true,
                // A map is the first of a node's inputs, or the second of two summands or factors.
                Some(Value::Map(step, layout))
                    if map.is_none() && place <= usize::from(arithmetic) =>
                {
                    map = Some(At {
                        index,
                        node,
                        step,
                        layout,
                    });
                }
                _ => {}
            }
        }
        match (map, self.input(node, 0)) {
            (Some(at), _) => self.map(at, parts),
            (None, None) => constants::node(node, parts),
            (None, Some(Value::Constant(constant))) if !shape || node.kind == "Expand" => {
                self.of_constant(node, &constant, parts)
            }
            (None, Some(_)) => Ok(self.sides(node)),
        }
    }

    /// How many numbers a node makes of sides of maps.
    fn sides(&self, node: &Node) -> Value {
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
            // Of what is not known.
            "Shape" => 4,
            _ => count(0),
        };
        Value::Shape(count)
    }

    /// Adds a step of the node at `at`.
    fn step(&mut self, at: At<'_>, operator: Operator, inputs: &[usize]) -> Read {
        let first = &self.steps[inputs[0]];
        let (mut size, mut pooled) = (first.size, first.pooled);
        let mut positive = first.positive;
        match &operator {
            Operator::Conv(convolution) => {
                size = size.and_then(|size| convolution.window.output(size, false));
                positive = false;
            }
            Operator::Pool(window, Pool::Max { ceil } | Pool::Average { ceil }) => {
                let covers = size.is_some_and(|size| window.covers(size));
                size = size.and_then(|size| window.output(size, *ceil));
                pooled = covers && size == Some([1, 1]);
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
            node: Some(at.index),
            size,
            pooled,
            positive,
        });
        Ok(Value::Map(self.steps.len().saturating_sub(1), at.layout))
    }
}

/// A network that is no ResNet, or is one that cannot be built.
#[cold]
pub fn unfit(reason: &str) -> Error {
    Box::new(WeightError::Architecture {
        reason: reason.to_owned(),
    })
}
