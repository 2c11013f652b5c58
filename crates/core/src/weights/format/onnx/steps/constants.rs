//! Tensors that do not depend on the image: initialisers, and what a few nodes make of them. Weights are only permuted, and
//! stay where they are; the numbers of short ones are worked out.

use std::rc::Rc;

use super::super::Error;
use super::super::model::{Attribute, Node};
use super::super::parts::Parts;
use super::layout::places;
use super::{Fault, Read, Steps, UNKNOWN, Value};
use crate::weights::index::{Dtype, TensorEntry};

/// The most numbers that are worked out as sides of maps.
const MOST_SIDES: usize = 64;

/// A tensor that does not depend on the image.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// Where its numbers lie.
    pub entry: TensorEntry,
    /// Scale, zero point and the axis along which they differ, of whole numbers.
    pub quantised: Option<(Rc<Self>, Option<Rc<Self>>, usize)>,
    /// What it is called.
    pub name: String,
}

impl Constant {
    /// Its numbers, if they are few.
    ///
    /// # Errors
    /// Where they cannot be read, or are too many.
    pub fn numbers(&self, parts: &mut Parts<'_>) -> Result<Vec<f64>, Error> {
        let values = parts.values(&self.entry, &self.name)?;
        let mut values: Vec<f64> = values.into_iter().map(f64::from).collect();
        if let Some((scale, zero, _)) = &self.quantised {
            let scale = parts.values(&scale.entry, &self.name)?;
            let zero = match zero {
                Some(zero) => parts.values(&zero.entry, &self.name)?,
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

    /// Numbers that were worked out from it, as one axis unless a shape is given.
    fn with(
        &self,
        values: &[f64],
        shape: Option<Vec<usize>>,
        parts: &mut Parts<'_>,
    ) -> Result<Self, Fault> {
        let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        let mut entry = parts.keep(&values)?;
        if let Some(shape) = shape {
            entry.shape = shape;
        }
        Ok(Self {
            entry,
            quantised: None,
            name: self.name.clone(),
        })
    }

    /// With its axes in the order `perm`. `None`: it has others.
    pub fn transposed(&self, perm: &[usize]) -> Option<Self> {
        let mut constant = self.clone();
        let entry = &mut constant.entry;
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
        if let Some(quantised) = &mut constant.quantised {
            quantised.2 = perm
                .iter()
                .position(|&axis| axis == quantised.2)
                .unwrap_or(0);
        }
        Some(constant)
    }
}

impl Steps<'_> {
    /// A constant that is an input of a node.
    pub(super) fn constant(&self, node: &Node, place: usize) -> Option<Rc<Constant>> {
        match self.input(node, place) {
            Some(Value::Constant(constant)) => Some(constant),
            _ => None,
        }
    }

    /// Whole numbers that older nodes have as an attribute and newer ones as an input. `None`: neither, or not known.
    pub(super) fn list(
        &self,
        node: &Node,
        attribute: &str,
        place: usize,
        parts: &mut Parts<'_>,
    ) -> Result<Option<Vec<i64>>, Error> {
        if node.attribute(attribute).is_some() {
            return Ok(Some(node.ints(attribute).to_vec()));
        }
        let constant = self.constant(node, place);
        let ints = constant.map(|constant| parts.ints(&constant.entry));
        ints.transpose()
    }

    /// The numbers of a short constant.
    pub(super) fn numbers(
        &self,
        node: &Node,
        place: usize,
        parts: &mut Parts<'_>,
    ) -> Result<Option<Vec<f64>>, Error> {
        let constant = self.constant(node, place);
        constant.map(|constant| constant.numbers(parts)).transpose()
    }

    /// A node whose inputs are constant.
    pub(super) fn of_constant(
        &self,
        node: &Node,
        constant: &Constant,
        parts: &mut Parts<'_>,
    ) -> Read {
        let constant = match node.kind.as_str() {
            "Identity" | "Cast" | "CastLike" | "QuantizeLinear" | "Expand" | "Dropout" => {
                constant.clone()
            }
            "DequantizeLinear" => self.dequantised(node, constant)?,
            "Transpose" => {
                let rank = constant.entry.shape.len();
                let perm = match node.attribute("perm") {
                    Some(_) => places(node.ints("perm"), rank),
                    None => (0..rank).rev().collect(),
                };
                constant.transposed(&perm).ok_or(UNKNOWN)?
            }
            "Reshape" | "Squeeze" | "Unsqueeze" => self.reshaped(node, constant, parts)?,
            "Shape" => {
                let shape = &constant.entry.shape;
                let rank = shape.len();
                let place = |name: &str, usual: i64| {
                    let place = usize::try_from(node.int(name, usual));
                    place.unwrap_or(rank).min(rank)
                };
                let sides = shape.get(place("start", 0)..place("end", i64::MAX));
                let sides = sides.unwrap_or_default().iter().map(|&side| side as f64);
                constant.with(&sides.collect::<Vec<_>>(), None, parts)?
            }
            "ConstantOfShape" => {
                let sides = parts.ints(&constant.entry)?;
                let count = sides.iter().try_fold(1_usize, |count, &side| {
                    count.checked_mul(usize::try_from(side).ok()?)
                });
                let count = count.filter(|&count| count <= MOST_SIDES).ok_or(UNKNOWN)?;
                let value = match node.attribute("value") {
                    Some(Attribute::Tensor(tensor)) => {
                        let value = parts.entry(tensor)?;
                        let values = parts.values(&value, "a shape")?;
                        values.first().copied().unwrap_or(0.0)
                    }
                    _ => 0.0,
                };
                constant.with(&vec![f64::from(value); count], None, parts)?
            }
            "Concat" => {
                let mut values = Vec::new();
                for place in 0..node.inputs.len() {
                    values.extend(self.numbers(node, place, parts)?.unwrap_or_default());
                }
                constant.with(&values, None, parts)?
            }
            "Slice" => self.sliced(node, constant, parts)?,
            "Gather" => {
                let chosen = self.constant(node, 1).ok_or(UNKNOWN)?;
                let values = constant.numbers(parts)?;
                let rows = places(&parts.ints(&chosen.entry)?, values.len());
                let values: Vec<_> = rows
                    .iter()
                    .filter_map(|&row| values.get(row))
                    .copied()
                    .collect();
                constant.with(&values, Some(chosen.entry.shape.clone()), parts)?
            }
            "Add" | "Sub" | "Mul" | "Div" | "Sqrt" | "Neg" | "Reciprocal" => {
                self.worked_out(node, constant, parts)?
            }
            _ => return Err(UNKNOWN),
        };
        Ok(Value::Constant(Rc::new(constant)))
    }

    fn dequantised(&self, node: &Node, constant: &Constant) -> Result<Constant, Fault> {
        let mut constant = constant.clone();
        let entry = &constant.entry;
        // Some quantisers leave the weights in floating point.
        if matches!(entry.dtype, Dtype::I8 | Dtype::U8 | Dtype::I32) {
            let axis = places(&[node.int("axis", 1)], entry.shape.len());
            // Not quantised themselves: a chain of them would be as long as the file is.
            let plain = |place| {
                let constant = self.constant(node, place);
                constant.filter(|constant| constant.quantised.is_none())
            };
            let scale = plain(1).ok_or(Fault::Unknown("has a scale that is not constant"))?;
            let zero = plain(2);
            if zero.is_none() && self.input(node, 2).is_some() {
                return Err(UNKNOWN);
            }
            let axis = axis.first().copied().unwrap_or(0);
            constant.quantised = Some((scale, zero, axis));
        }
        Ok(constant)
    }

    fn reshaped(
        &self,
        node: &Node,
        constant: &Constant,
        parts: &mut Parts<'_>,
    ) -> Result<Constant, Fault> {
        let mut constant = constant.clone();
        if constant.entry.strides.is_some() {
            // Axes in another order have no places for another shape: a short list is put in order.
            let short = constant
                .entry
                .count()
                .is_some_and(|count| count <= MOST_SIDES);
            if !short {
                return Err(Fault::Unknown("gives a constant a shape that is not read"));
            }
            let values = constant.numbers(parts)?;
            let shape = constant.entry.shape.clone();
            constant = constant.with(&values, Some(shape), parts)?;
        }
        let attribute = if node.kind == "Reshape" {
            "shape"
        } else {
            "axes"
        };
        let list = self.list(node, attribute, 1, parts)?;
        let shape = reshaped(&node.kind, &constant.entry.shape, list.as_deref());
        constant.entry.shape = shape
            .filter(|_| constant.quantised.is_none())
            .ok_or(UNKNOWN)?;
        Ok(constant)
    }

    /// Rows of a short constant, forwards or backwards.
    fn sliced(
        &self,
        node: &Node,
        constant: &Constant,
        parts: &mut Parts<'_>,
    ) -> Result<Constant, Fault> {
        let mut first = |name: &str, place: usize, usual: i64| {
            let list = self.list(node, name, place, parts)?;
            let first = list.and_then(|list| list.first().copied());
            Ok::<i64, Error>(first.unwrap_or(usual))
        };
        let (start, end) = (first("starts", 1, 0)?, first("ends", 2, i64::MAX)?);
        let (axis, step) = (first("axes", 3, 0)?, first("steps", 4, 1)?);
        if axis != 0 || ![1, -1].contains(&step) {
            return Err(UNKNOWN);
        }
        let values = constant.numbers(parts)?;
        let mut shape = constant.entry.shape.clone();
        let rows = shape.first().copied().unwrap_or(1);
        let each = values.len().checked_div(rows).unwrap_or(0);
        let count = i64::try_from(rows).unwrap_or(0);
        let place = |at: i64| if at < 0 { at.saturating_add(count) } else { at };
        let (start, end) = (place(start), place(end).clamp(-1, count));
        let chosen = |&(row, _): &(i64, &[f64])| match step {
            1 => row >= start && row < end,
            _ => row <= start && row > end,
        };
        let rows = (0..).zip(values.chunks(each.max(1))).filter(chosen);
        let mut rows: Vec<&[f64]> = rows.map(|(_, row)| row).collect();
        if step < 0 {
            rows.reverse();
        }
        if let Some(first) = shape.first_mut() {
            *first = rows.len();
        }
        constant.with(&rows.concat(), Some(shape), parts)
    }

    /// A sum, a product and the like of short constants.
    fn worked_out(
        &self,
        node: &Node,
        constant: &Constant,
        parts: &mut Parts<'_>,
    ) -> Result<Constant, Fault> {
        let left = constant.numbers(parts)?;
        let right = self.numbers(node, 1, parts)?.unwrap_or_else(|| vec![0.0]);
        let operation = |x: f64, y: f64| match node.kind.as_str() {
            "Add" => x + y,
            "Sub" => x - y,
            "Mul" => x * y,
            "Div" => x / y,
            "Sqrt" => x.sqrt(),
            "Neg" => -x,
            _ => x.recip(),
        };
        let values = zipped(&left, &right, &operation, parts)?;
        let shape = (left.len() >= right.len()).then(|| constant.entry.shape.clone());
        constant.with(&values, shape, parts)
    }
}

/// The constant that a node without inputs is.
pub fn node(node: &Node, parts: &mut Parts<'_>) -> Read {
    let list = |ints: &[i64]| ints.iter().map(|&int| int as f32).collect::<Vec<_>>();
    let mut attributes = node.attributes.iter().map(|(_, attribute)| attribute);
    let entry = match attributes.next() {
        _ if node.kind != "Constant" => return Err(UNKNOWN),
        Some(Attribute::Tensor(tensor)) => parts.entry(tensor)?,
        Some(Attribute::Float(value)) => scalar(parts.keep(&[*value])?),
        Some(Attribute::Int(int)) => scalar(parts.keep(&list(&[*int]))?),
        Some(Attribute::Ints(ints)) => parts.keep(&list(ints))?,
        _ => return Err(UNKNOWN),
    };
    Ok(Value::Constant(Rc::new(Constant {
        entry,
        quantised: None,
        name: "a constant".to_owned(),
    })))
}

fn scalar(entry: TensorEntry) -> TensorEntry {
    TensorEntry {
        shape: Vec::new(),
        ..entry
    }
}

/// The number at a place of a list; one of a single number has it everywhere.
pub fn number_at(list: &[f64], place: usize) -> f64 {
    let number = list.get(place).or(list.first());
    number.copied().unwrap_or(0.0)
}

/// `operation` on each pair; a list of one number goes with every number.
pub fn zipped(
    left: &[f64],
    right: &[f64],
    operation: &dyn Fn(f64, f64) -> f64,
    parts: &mut Parts<'_>,
) -> Result<Vec<f64>, Fault> {
    let count = left.len().max(right.len());
    parts.spend((count as u64).saturating_mul(8))?;
    if [left.len(), right.len()]
        .iter()
        .any(|&length| length != count && length != 1)
    {
        return Err(Fault::Unknown("has numbers of different lengths"));
    }
    let pairs = (0..count).map(|place| operation(number_at(left, place), number_at(right, place)));
    Ok(pairs.collect())
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
    let axes = |rank| places(list, rank);
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
