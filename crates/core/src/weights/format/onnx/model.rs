//! An ONNX model (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>): nodes in the order in which they are computed, and
//! where the initialisers' numbers lie.

use std::collections::HashMap;

use super::super::MAX_RANK;
use super::Error;
use super::protobuf::{Reader, Span, Value, fault};
use crate::weights::plain::plain;

/// More nodes or initialisers than any ResNet has: one of 1202 layers has 20,000 with its quantisation.
const MOST: usize = 1 << 16;
/// More outputs than a node has: batch norm in training has five.
const MOST_OUTPUTS: usize = 16;
/// The longest list of numbers that is an attribute.
const MOST_NUMBERS: usize = 64;
/// What an entry of a list takes, about: an attacker's are empty.
const ENTRY: u64 = 64;

/// ONNX's data types that are read.
pub mod kind {
    pub const F32: u64 = 1;
    pub const U8: u64 = 2;
    pub const I8: u64 = 3;
    pub const I32: u64 = 6;
    pub const I64: u64 = 7;
    pub const F16: u64 = 10;
    pub const F64: u64 = 11;
    pub const BF16: u64 = 16;

    /// Whether it is one of floating point.
    pub fn is_float(kind: i64) -> bool {
        u64::try_from(kind).is_ok_and(|kind| [F32, F16, F64, BF16].contains(&kind))
    }
}

/// A tensor of the file's, its numbers where they are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tensor {
    /// What it is called.
    pub name: String,
    /// Its data type.
    pub kind: u64,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its numbers.
    pub data: Data,
}

/// Where a tensor's numbers are.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Data {
    /// Nowhere.
    #[default]
    None,
    /// Little-endian in the file.
    Raw(Span),
    /// In fields of their own, in the message of the tensor.
    Coded(Span),
    /// In a file beside.
    External {
        /// Its name.
        file: String,
        /// Where they begin.
        offset: u64,
        /// How many bytes there are, if the model says so.
        length: Option<u64>,
    },
}

/// A node's attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Attribute {
    /// `f`
    Float(f32),
    /// `i`
    Int(i64),
    /// `s`
    Text(String),
    /// `t`
    Tensor(Tensor),
    /// `ints`
    Ints(Vec<i64>),
    /// A graph, a list of texts, or what is too long.
    Other,
}

/// A node of the graph.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Node {
    /// Its name, often empty.
    pub name: String,
    /// What it computes: `Conv`.
    pub kind: String,
    /// The names of its inputs; 0 for one that is left out.
    pub inputs: Vec<usize>,
    /// The names of its outputs.
    pub outputs: Vec<usize>,
    /// By their names.
    pub attributes: Vec<(String, Attribute)>,
}

impl Node {
    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        let mut attributes = self.attributes.iter();
        attributes.find_map(|(own, attribute)| (own == name).then_some(attribute))
    }

    /// A whole number; `usual` if there is none.
    pub fn int(&self, name: &str, usual: i64) -> i64 {
        match self.attribute(name) {
            Some(Attribute::Int(int)) => *int,
            _ => usual,
        }
    }

    /// A list of whole numbers; empty if there is none.
    pub fn ints(&self, name: &str) -> &[i64] {
        match self.attribute(name) {
            Some(Attribute::Ints(ints)) => ints,
            _ => &[],
        }
    }

    /// A number, if there is one.
    pub fn float(&self, name: &str) -> Option<f64> {
        match self.attribute(name) {
            Some(Attribute::Float(float)) => Some(f64::from(*float)),
            _ => None,
        }
    }
}

/// An input of the graph.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Input {
    /// Its name.
    pub name: usize,
    /// Its data type.
    pub kind: u64,
    /// Its sides; 0 where they are open.
    pub shape: Vec<usize>,
}

/// The graph. Names of values are numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// In the order in which they are computed.
    pub nodes: Vec<Node>,
    /// Names and their tensors.
    pub initialisers: Vec<(usize, Tensor)>,
    /// Inputs, initialisers among them in files of old versions.
    pub inputs: Vec<Input>,
    /// The outputs' names.
    pub outputs: Vec<usize>,
    /// The numbers of names, from 1 on.
    pub names: HashMap<String, usize>,
}

impl Model {
    /// The name of this number; empty for 0.
    #[cold]
    pub fn name(&self, number: usize) -> &str {
        let mut names = self.names.iter();
        let name = names.find(|(_, own)| **own == number);
        name.map_or("", |(name, _)| name)
    }

    /// Reads a model, all but its tensors' numbers.
    ///
    /// # Errors
    /// `WeightError::Format` for a damaged one, or one too large to be a ResNet.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut graph = None;
        let mut rest = reader.whole();
        while let Some((number, value)) = reader.field(&mut rest)? {
            match number {
                7 if graph.is_some() => return Err(fault("it has several graphs")),
                7 => graph = Some(Self::graph(reader, value.span())?),
                _ => {}
            }
        }
        graph.ok_or_else(|| fault("it has no graph"))
    }

    fn graph(reader: &mut Reader<'_>, mut rest: Span) -> Result<Self, Error> {
        let mut model = Self::default();
        while let Some((number, value)) = reader.field(&mut rest)? {
            let span = value.span();
            match number {
                1 => model.nodes.push(node(reader, span)?),
                5 => model.initialisers.push(tensor(reader, span)?),
                11 => model.inputs.push(input(reader, span)?),
                12 => model.outputs.push(input(reader, span)?.name),
                15 => return Err(fault("it has sparse tensors, which are not read")),
                _ => {}
            }
            if model.nodes.len().max(model.initialisers.len()) > MOST {
                return Err(fault("it has more nodes than any ResNet"));
            }
        }
        model.names = reader.names();
        Ok(model)
    }
}

fn node(reader: &mut Reader<'_>, mut rest: Span) -> Result<Node, Error> {
    let mut node = Node::default();
    reader.spend(ENTRY)?;
    while let Some((number, value)) = reader.field(&mut rest)? {
        let span = value.span();
        match number {
            1 | 2 => {
                reader.spend(ENTRY)?;
                let name = reader.name(span)?;
                let list = if number == 1 {
                    &mut node.inputs
                } else {
                    &mut node.outputs
                };
                list.push(name);
            }
            3 => node.name = reader.text(span)?,
            4 => node.kind = reader.text(span)?,
            5 => node.attributes.push(attribute(reader, span)?),
            _ => {}
        }
    }
    if node.kind.is_empty() || node.outputs.is_empty() {
        return Err(fault("a node has no operator or no output"));
    }
    if node.outputs.len() > MOST_OUTPUTS {
        return Err(fault("a node has more outputs than any in a ResNet"));
    }
    Ok(node)
}

fn attribute(reader: &mut Reader<'_>, mut rest: Span) -> Result<(String, Attribute), Error> {
    reader.spend(ENTRY)?;
    let mut name = String::new();
    let mut attribute = Attribute::Other;
    let mut ints = Vec::new();
    // Older writers leave out the type, and newer ones write empty lists beside it.
    while let Some((number, value)) = reader.field(&mut rest)? {
        match number {
            1 => name = reader.text(value.span())?,
            2 => attribute = Attribute::Float(f32::from_bits(value.number() as u32)),
            3 => attribute = Attribute::Int(value.number().cast_signed()),
            4 => attribute = Attribute::Text(reader.text(value.span())?),
            5 => attribute = Attribute::Tensor(tensor(reader, value.span())?.1),
            8 => {
                numbers(reader, value, &mut ints)?;
                if ints.len() > MOST_NUMBERS {
                    return Err(fault("an attribute has more numbers than any ResNet's"));
                }
                attribute = Attribute::Ints(ints.iter().map(|&int| int.cast_signed()).collect());
            }
            _ => {}
        }
    }
    Ok((name, attribute))
}

/// Adds the numbers of a field that is repeated, or packed. Stops after more than [`MOST_NUMBERS`].
fn numbers(reader: &mut Reader<'_>, value: Value, numbers: &mut Vec<u64>) -> Result<(), Error> {
    match value {
        Value::Number(number) => numbers.push(number),
        Value::Bytes(mut rest) => {
            while rest.len() > 0 && numbers.len() <= MOST_NUMBERS {
                numbers.push(reader.number(&mut rest)?);
            }
        }
    }
    Ok(())
}

/// A tensor and its name.
fn tensor(reader: &mut Reader<'_>, message: Span) -> Result<(usize, Tensor), Error> {
    reader.spend(ENTRY)?;
    let mut rest = message;
    let mut name = 0;
    let mut tensor = Tensor::default();
    let mut shape = Vec::new();
    let mut external = None;
    while let Some((number, value)) = reader.field(&mut rest)? {
        match number {
            1 => {
                numbers(reader, value, &mut shape)?;
                if shape.len() > MAX_RANK {
                    return Err(fault("a tensor's rank is above 16"));
                }
            }
            2 => tensor.kind = value.number(),
            // One packed field of floats is as good as raw bytes.
            4 if tensor.data == Data::None && matches!(value, Value::Bytes(_)) => {
                tensor.data = Data::Raw(value.span());
            }
            4 | 5 | 7 | 10 | 11 => tensor.data = Data::Coded(message),
            8 => {
                name = reader.name(value.span())?;
                tensor.name = plain(&reader.text(value.span())?);
            }
            9 => tensor.data = Data::Raw(value.span()),
            13 => {
                let (file, offset, length) = external.get_or_insert((String::new(), 0_u64, None));
                let (key, text) = entry(reader, value.span())?;
                let count = || {
                    text.parse::<u64>()
                        .map_err(|_| fault("the place of external data is no number"))
                };
                match key.as_str() {
                    "location" => *file = text,
                    "offset" => *offset = count()?,
                    "length" => *length = Some(count()?),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    if let Some((file, offset, length)) = external {
        tensor.data = Data::External {
            file,
            offset,
            length,
        };
    }
    let sides = shape.into_iter().map(|side| usize::try_from(side).ok());
    tensor.shape = sides
        .collect::<Option<_>>()
        .ok_or_else(|| fault("a tensor is larger than any file"))?;
    Ok((name, tensor))
}

/// A key and its text.
fn entry(reader: &mut Reader<'_>, mut rest: Span) -> Result<(String, String), Error> {
    let mut pair = (String::new(), String::new());
    while let Some((number, value)) = reader.field(&mut rest)? {
        match number {
            1 => pair.0 = reader.text(value.span())?,
            2 => pair.1 = reader.text(value.span())?,
            _ => {}
        }
    }
    Ok(pair)
}

/// `ValueInfoProto`: name 1, type 2 { tensor 1 { shape 2 { side 1 { number 1 } } } }.
fn input(reader: &mut Reader<'_>, mut rest: Span) -> Result<Input, Error> {
    reader.spend(ENTRY)?;
    let mut input = Input::default();
    let mut shape = None;
    while let Some((number, value)) = reader.field(&mut rest)? {
        match number {
            1 => input.name = reader.name(value.span())?,
            2 => shape = Some(value.span()),
            _ => {}
        }
    }
    for wanted in [1, 2] {
        let Some(mut rest) = shape.take() else { break };
        while let Some((number, value)) = reader.field(&mut rest)? {
            match (number, wanted) {
                (1, 2) => input.kind = value.number(),
                (number, wanted) if number == wanted => shape = Some(value.span()),
                _ => {}
            }
        }
    }
    let Some(mut rest) = shape else {
        return Ok(input);
    };
    while let Some((_, side)) = reader.field(&mut rest)? {
        let mut rest = side.span();
        let mut known = 0;
        while let Some((number, value)) = reader.field(&mut rest)? {
            if number == 1 {
                known = usize::try_from(value.number()).unwrap_or(0);
            }
        }
        if input.shape.len() == MAX_RANK {
            return Err(fault("the input's rank is above 16"));
        }
        input.shape.push(known);
    }
    Ok(input)
}

/// The numbers of a tensor that has them in fields of its own, as little-endian bytes of its data type. At most `most`.
///
/// # Errors
/// `WeightError::Format` where there are more.
pub fn decoded(reader: &mut Reader<'_>, tensor: &Tensor, most: usize) -> Result<Vec<u8>, Error> {
    let Data::Coded(mut rest) = tensor.data else {
        return Ok(Vec::new());
    };
    let size = size_of(tensor.kind);
    let mut bytes = Vec::new();
    while let Some((number, value)) = reader.field(&mut rest)? {
        let mut put = |number: u64| {
            if bytes.len() >= most {
                return Err(fault("a tensor has more numbers than its shape"));
            }
            // Of a number of any type the lower bytes.
            bytes.extend(number.to_le_bytes().into_iter().take(size));
            Ok(())
        };
        match (number, value) {
            (4 | 5 | 7 | 10 | 11, Value::Number(number)) => put(number)?,
            (5 | 7 | 11, Value::Bytes(mut rest)) => {
                while rest.len() > 0 {
                    put(reader.number(&mut rest)?)?;
                }
            }
            (4 | 10, Value::Bytes(mut rest)) => {
                while rest.len() > 0 {
                    put(reader.fixed(&mut rest, size)?)?;
                }
            }
            _ => {}
        }
    }
    Ok(bytes)
}

/// Bytes of one number; 0 for a data type that is not read.
pub const fn size_of(kind: u64) -> usize {
    match kind {
        kind::U8 | kind::I8 => 1,
        kind::F16 | kind::BF16 => 2,
        kind::F32 | kind::I32 => 4,
        kind::F64 | kind::I64 => 8,
        _ => 0,
    }
}
