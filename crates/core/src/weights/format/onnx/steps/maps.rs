//! Nodes that work on maps: each becomes a step, or none.

use std::rc::Rc;

use super::super::Error;
use super::super::model::{Attribute, Node, kind};
use super::super::parts::Parts;
use super::constants::zipped;
use super::layout::{FLAT, NCHW, NHWC, ROW, axis, known, of_one_pixel, places};
use super::windows::{added, window};
use super::{Affine, At, Convolution, Fault, Operator, Pool, Read, Steps, UNKNOWN, Value};
use crate::weights::index::Dtype;

/// Beyond the end of any axis of an image.
const FAR: i64 = 1 << 16;

impl Steps<'_> {
    /// What a node does with a map, its first input or, of a sum or a product, its second.
    pub(super) fn map(&mut self, at: At<'_>, parts: &mut Parts<'_>) -> Read {
        let At {
            node, step, layout, ..
        } = at;
        match node.kind.as_str() {
            "Add" | "Sub" | "Mul" | "Div" | "Sum" => self.arithmetic(at, parts),
            "Identity" | "Dropout" | "DequantizeLinear" => Ok(Value::Map(step, layout)),
            // Bytes are whole numbers already.
            "Cast" | "CastLike" if (step == 0 && self.bytes) || self.casts_to_floats(node) => {
                Ok(Value::Map(step, layout))
            }
            "Cast" | "CastLike" => Err(Fault::Unknown("rounds, which is not supported")),
            // A gate, which the product expands anyway.
            "Expand" if self.steps[step].pooled => Ok(Value::Map(step, layout)),
            "QuantizeLinear" => self.quantise(at, parts),
            "Shape" => Ok(Value::Shape(layout.len())),
            "Transpose" => self.transpose(at),
            "Relu" => self.relu(at),
            "Clip" => self.clip(at, parts),
            "Sigmoid" => self.step(at, Operator::Sigmoid, &[step]),
            "Softmax" | "LogSoftmax"
                if node.attribute("axis").is_some() && !self.is_of_channels(at, 1) =>
            {
                Err(Fault::Unknown("is not over the classes"))
            }
            "Softmax" | "LogSoftmax" => self.step(at, Operator::Softmax, &[step]),
            "BatchNormalization" if layout != NHWC => self.batch_norm(at, parts),
            "Conv" if layout == NCHW || layout == ROW => self.conv(at),
            "MaxPool" | "AveragePool" if layout == NCHW => self.pool(at),
            "GlobalAveragePool" | "GlobalMaxPool" if layout == NCHW => {
                let max = node.kind == "GlobalMaxPool";
                self.step(at, Operator::Global { max }, &[step])
            }
            "ReduceMean" | "ReduceMax" => self.reduce(at, parts),
            "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => self.reshape(at, parts),
            "Gemm" | "MatMul" if layout == FLAT => self.linear(at),
            "Concat" => self.concat(at),
            "Pad" => self.pad(at, parts),
            "Slice" => self.slice(at, parts),
            "Gather" => {
                let order = self.constant(node, 1).ok_or(UNKNOWN)?;
                if self.is_of_channels(at, 0) && parts.ints(&order.entry)? == [2, 1, 0] {
                    return self.step(at, Operator::Reverse, &[step]);
                }
                Err(UNKNOWN)
            }
            _ => Err(UNKNOWN),
        }
    }

    /// Whether a node's attribute `axis`, usually `usual`, is that of the channels.
    fn is_of_channels(&self, at: At<'_>, usual: i64) -> bool {
        let places = places(&[at.node.int("axis", usual)], at.layout.len());
        places.first().copied() == axis(at.layout, b'c')
    }

    /// Whether the numbers of a cast are of floating point.
    fn casts_to_floats(&self, node: &Node) -> bool {
        match self.constant(node, 1) {
            Some(like) => !matches!(
                like.entry.dtype,
                Dtype::I8 | Dtype::U8 | Dtype::I32 | Dtype::I64
            ),
            // Like a map.
            None => node.kind == "CastLike" || kind::is_float(node.int("to", 0)),
        }
    }

    fn relu(&mut self, at: At<'_>) -> Read {
        // The image is what counts as never negative without being so.
        if self.steps[at.step].positive && at.step != 0 {
            return Ok(Value::Map(at.step, at.layout));
        }
        self.step(at, Operator::Relu, &[at.step])
    }

    fn clip(&mut self, at: At<'_>, parts: &mut Parts<'_>) -> Read {
        let mut limit = |name: &str, place: usize| {
            if let Some(limit) = at.node.float(name) {
                return Ok::<_, Error>(Some(limit));
            }
            let limit = self.numbers(at.node, place, parts)?;
            Ok(limit.and_then(|limit| limit.first().copied()))
        };
        let (low, high) = (limit("min", 1)?, limit("max", 2)?);
        if low != Some(0.0) || high.is_some_and(|high| high < f64::from(f32::MAX)) {
            return Err(Fault::Unknown(
                "is no ReLU: it has an upper limit (ReLU6), or another lower one than 0",
            ));
        }
        self.relu(at)
    }

    /// Numbers that are stored without those below 0 have had their ReLU: quantisers leave it out.
    fn quantise(&mut self, at: At<'_>, parts: &mut Parts<'_>) -> Read {
        let zero = self.constant(at.node, 2);
        let signed = matches!(&zero, Some(zero) if zero.entry.dtype == Dtype::I8);
        let zero = self.numbers(at.node, 2, parts)?;
        let zero = zero.and_then(|zero| zero.first().copied()).unwrap_or(0.0);
        if zero == if signed { f64::from(i8::MIN) } else { 0.0 } && at.step != 0 {
            return self.relu(at);
        }
        Ok(Value::Map(at.step, at.layout))
    }

    fn transpose(&self, at: At<'_>) -> Read {
        let order = places(at.node.ints("perm"), at.layout.len());
        let letters: Option<Vec<u8>> = order
            .iter()
            .map(|&axis| at.layout.get(axis).copied())
            .collect();
        let letters = letters.ok_or(UNKNOWN)?;
        let layout = known(&letters).or_else(|| {
            let channels = letters.iter().position(|&letter| letter == b'c')?;
            of_one_pixel(letters.len(), channels).filter(|_| self.steps[at.step].pooled)
        });
        let layout = layout.ok_or(Fault::Unknown("gives axes an order that is not supported"))?;
        Ok(Value::Map(at.step, layout))
    }

    fn batch_norm(&mut self, at: At<'_>, parts: &mut Parts<'_>) -> Read {
        let mut numbers = |place| {
            let numbers = self.numbers(at.node, place, parts)?;
            numbers.ok_or(Fault::Unknown("has no constant numbers"))
        };
        let [gamma, beta] = [numbers(1)?, numbers(2)?];
        let [mean, variance] = [numbers(3)?, numbers(4)?];
        if at.node.int("training_mode", 0) != 0 || variance.iter().any(|&variance| variance < 0.0) {
            return Err(Fault::Unknown(
                "is for training, or has a negative variance",
            ));
        }
        let epsilon = at.node.float("epsilon").unwrap_or(1e-5);
        let factor = |gamma: f64, variance: f64| gamma / (variance + epsilon).sqrt();
        let scale = zipped(&gamma, &variance, &factor, parts)?;
        let offset = zipped(&mean, &scale, &|mean, scale| mean * scale, parts)?;
        let shift = zipped(&beta, &offset, &|beta, offset| beta - offset, parts)?;
        let norm = true;
        self.affine(at, Affine { scale, shift, norm }, parts)
    }

    fn affine(&mut self, at: At<'_>, mut affine: Affine, parts: &mut Parts<'_>) -> Read {
        let mut from = at.step;
        // Two in a row are one.
        if let Operator::Affine(before) = &self.steps[at.step].operator {
            let shift = zipped(&before.shift, &affine.scale, &|x, y| x * y, parts)?;
            affine = Affine {
                scale: zipped(&before.scale, &affine.scale, &|x, y| x * y, parts)?,
                shift: zipped(&shift, &affine.shift, &|x, y| x + y, parts)?,
                norm: before.norm || affine.norm,
            };
            from = self.steps[at.step].inputs[0];
        }
        self.step(at, Operator::Affine(affine), &[from])
    }

    /// A sum, a product: of two maps, or of a map and a constant for each channel.
    fn arithmetic(&mut self, at: At<'_>, parts: &mut Parts<'_>) -> Read {
        let kind = at.node.kind.as_str();
        let (left, right) = (self.input(at.node, 0), self.input(at.node, 1));
        let (constant, map_first) = match (left, right) {
            (Some(Value::Map(left, one)), Some(Value::Map(right, other))) if one == other => {
                let operator = match kind {
                    "Add" | "Sum" if at.node.inputs.len() == 2 => Operator::Add,
                    "Mul" => Operator::Mul,
                    _ => return Err(UNKNOWN),
                };
                return self.step(at, operator, &[left, right]);
            }
            (_, Some(Value::Constant(constant))) => (constant, true),
            (Some(Value::Constant(constant)), _) => (constant, false),
            _ => return Err(UNKNOWN),
        };
        let shape = &constant.entry.shape;
        // Shapes are aligned at their ends.
        let missing = at.layout.len().checked_sub(shape.len());
        let letters = missing.and_then(|missing| at.layout.get(missing..));
        let letters = letters.ok_or(UNKNOWN)?;
        let mut sides = shape.iter().zip(letters);
        if !sides.all(|(&side, &letter)| side == 1 || letter == b'c') {
            return Err(Fault::Unknown(
                "does not compute with a number for each channel",
            ));
        }
        let numbers = constant.numbers(parts)?;
        let each = |of: fn(f64) -> f64| numbers.iter().copied().map(of).collect();
        let (scale, shift) = match (kind, map_first) {
            ("Add" | "Sum", _) => (vec![1.0], numbers),
            ("Sub", true) => (vec![1.0], each(|number| -number)),
            ("Sub", false) => (vec![-1.0], numbers),
            ("Mul", _) => (numbers, vec![0.0]),
            ("Div", true) => (each(f64::recip), vec![0.0]),
            _ => return Err(UNKNOWN),
        };
        let norm = scale != [1.0];
        self.affine(at, Affine { scale, shift, norm }, parts)
    }

    fn conv(&mut self, at: At<'_>) -> Read {
        let weight = self.constant(at.node, 1);
        let weight = weight.ok_or(Fault::Unknown("has no constant weight"))?;
        let kernel = weight.entry.shape.get(2..).unwrap_or_default();
        let rank = weight.entry.shape.len();
        if rank != at.layout.len() || kernel.iter().any(|&side| side != kernel[0]) {
            return Err(Fault::Unknown("has a kernel that is not square"));
        }
        let size = self.steps[at.step].size;
        let mut window = window(at.node, kernel, size)?;
        let mut from = at.step;
        if let Some((pads, before)) = self.zeros_around(at.step) {
            window.pads = added(window.pads, pads);
            from = before;
        }
        let convolution = Convolution {
            window,
            bias: self.constant(at.node, 2),
            groups: usize::try_from(at.node.int("group", 1)).unwrap_or(0),
            weight,
        };
        self.step(at, Operator::Conv(Box::new(convolution)), &[from])
    }

    /// The zeros around a map, and the step without them.
    fn zeros_around(&self, step: usize) -> Option<([usize; 4], usize)> {
        let mirror = false;
        match self.steps[step].operator {
            Operator::Pad {
                pads,
                mirror: found,
            } if found == mirror => Some((pads, self.steps[step].inputs[0])),
            _ => None,
        }
    }

    fn pool(&mut self, at: At<'_>) -> Read {
        let kernel = places(at.node.ints("kernel_shape"), 0);
        if kernel.len() != 2 || kernel[0] != kernel[1] {
            return Err(Fault::Unknown("has windows that are not square"));
        }
        let size = self.steps[at.step].size;
        let mut window = window(at.node, &kernel, size)?;
        let ceil = at.node.int("ceil_mode", 0) != 0;
        let mut from = at.step;
        let pool = if at.node.kind == "MaxPool" {
            // Zeros do not change the maximum of what is never negative.
            let zeros = self
                .zeros_around(at.step)
                .filter(|_| self.steps[at.step].positive);
            if let Some((pads, before)) = zeros {
                window.pads = added(window.pads, pads);
                from = before;
            }
            Pool::Max { ceil }
        } else {
            if at.node.int("count_include_pad", 0) != 0 && window.pads != [0; 4] {
                return Err(Fault::Unknown("counts its padding, which is not supported"));
            }
            Pool::Average { ceil }
        };
        self.step(at, Operator::Pool(window, pool), &[from])
    }

    fn reduce(&mut self, at: At<'_>, parts: &mut Parts<'_>) -> Read {
        let axes = self.list(at.node, "axes", 1, parts)?.unwrap_or_default();
        let axes = places(&axes, at.layout.len());
        let over = |letter| axes.contains(&axis(at.layout, letter).unwrap_or(usize::MAX));
        if axes.len() != 2 || !over(b'h') || !over(b'w') {
            return Err(Fault::Unknown("is not over height and width"));
        }
        let layout = if at.node.int("keepdims", 1) != 0 {
            at.layout
        } else {
            FLAT
        };
        let max = at.node.kind == "ReduceMax";
        self.step(At { layout, ..at }, Operator::Global { max }, &[at.step])
    }

    fn linear(&mut self, at: At<'_>) -> Read {
        let no_linear =
            || Fault::Unknown("is no linear layer of a constant weight, or scales what that gives");
        let node = at.node;
        let factor = |name: &str| node.float(name).unwrap_or(1.0);
        if factor("alpha") != 1.0 || factor("beta") != 1.0 || node.int("transA", 0) != 0 {
            return Err(no_linear());
        }
        let weight = self
            .constant(node, 1)
            .filter(|weight| weight.entry.shape.len() == 2);
        let weight = weight.ok_or_else(no_linear)?;
        let weight = match node.int("transB", 0) {
            0 => Rc::new(weight.transposed(&[1, 0]).ok_or_else(no_linear)?),
            _ => weight,
        };
        let bias = self.constant(node, 2);
        self.step(at, Operator::Linear(weight, bias), &[at.step])
    }

    fn concat(&mut self, at: At<'_>) -> Read {
        match (self.input(at.node, 0), self.input(at.node, 1)) {
            (Some(Value::Map(left, _)), Some(Value::Map(right, layout)))
                if layout == at.layout
                    && at.node.inputs.len() == 2
                    && self.is_of_channels(at, 1) =>
            {
                self.step(at, Operator::Concat, &[left, right])
            }
            _ => Err(UNKNOWN),
        }
    }

    /// The rank and the axis of the channels after a node that only changes the shape of a map of one pixel.
    fn new_axes(&self, at: At<'_>, parts: &mut Parts<'_>) -> Result<(usize, usize), Fault> {
        let node = at.node;
        let rank = at.layout.len();
        let channels = axis(at.layout, b'c').unwrap_or(1);
        if let Some(Value::Shape(rank)) = self.input(node, 1) {
            // Sides that depend on the image's: the channels are in their usual place.
            return Ok((rank, if rank == 3 { 2 } else { 1 }));
        }
        match node.kind.as_str() {
            "Flatten" if node.int("axis", 1) == 1 => Ok((2, 1)),
            "Reshape" => {
                let shape = self.list(node, "shape", 1, parts)?.unwrap_or_default();
                let last = shape.iter().rposition(|&side| side != 1);
                Ok((shape.len(), last.unwrap_or(1).max(1)))
            }
            "Squeeze" => {
                let axes = match self.list(node, "axes", 1, parts)? {
                    Some(axes) => places(&axes, rank),
                    None => (1..rank).filter(|&axis| axis != channels).collect(),
                };
                let before = axes.iter().filter(|&&axis| axis < channels).count();
                let rank = rank.checked_sub(axes.len()).ok_or(UNKNOWN)?;
                Ok((rank, channels.checked_sub(before).ok_or(UNKNOWN)?))
            }
            "Unsqueeze" => {
                let axes = self.list(node, "axes", 1, parts)?.ok_or(UNKNOWN)?;
                let rank = rank.saturating_add(axes.len());
                let axes = places(&axes, rank);
                let mut old = (0..rank).filter(|axis| !axes.contains(axis));
                Ok((rank, old.nth(channels).ok_or(UNKNOWN)?))
            }
            _ => Err(UNKNOWN),
        }
    }

    fn reshape(&mut self, at: At<'_>, parts: &mut Parts<'_>) -> Read {
        let (rank, channels) = self.new_axes(at, parts)?;
        let step = &self.steps[at.step];
        let pooled = step.pooled || at.layout == FLAT;
        let one_pixel = pooled || step.size == Some([1, 1]);
        if pooled || (one_pixel && rank == 4) {
            let channels = if rank == 1 { 0 } else { channels };
            let layout = of_one_pixel(rank, channels).ok_or(UNKNOWN)?;
            return Ok(Value::Map(at.step, layout));
        }
        if rank == 2 && (at.layout == NCHW || one_pixel) {
            let layout = FLAT;
            return self.step(At { layout, ..at }, Operator::Flatten, &[at.step]);
        }
        Err(UNKNOWN)
    }

    fn pad(&mut self, at: At<'_>, parts: &mut Parts<'_>) -> Read {
        let node = at.node;
        let pads = self.list(node, "pads", 1, parts)?.unwrap_or_default();
        let value = match node.float("value") {
            Some(value) => value,
            None => {
                let value = self.numbers(node, 2, parts)?;
                value
                    .and_then(|value| value.first().copied())
                    .unwrap_or(0.0)
            }
        };
        let mirror = match node.attribute("mode") {
            Some(Attribute::Text(mode)) if mode == "reflect" => true,
            Some(Attribute::Text(mode)) if mode != "constant" => return Err(UNKNOWN),
            _ => false,
        };
        let pads = places(&pads, 0);
        let rank = at.layout.len();
        if rank != 4 || pads.len() != 8 || (!mirror && value != 0.0) {
            return Err(Fault::Unknown("does not pad height and width with zeros"));
        }
        // Before and after.
        let of = |letter: u8| {
            let place = axis(at.layout, letter).unwrap_or(0);
            [pads[place], pads[place | 4]]
        };
        let [[top, bottom], [left, right]] = [of(b'h'), of(b'w')];
        let pads = [top, left, bottom, right];
        match (of(b'n'), of(b'c'), pads) {
            ([0, 0], [0, 0], [0, 0, 0, 0]) => Ok(Value::Map(at.step, at.layout)),
            ([0, 0], [0, 0], pads) => self.step(at, Operator::Pad { pads, mirror }, &[at.step]),
            ([0, 0], channels, [0, 0, 0, 0]) if !mirror => {
                self.step(at, Operator::PadChannels(channels), &[at.step])
            }
            _ => Err(UNKNOWN),
        }
    }

    /// Pixels at a stride, or the channels from last to first.
    fn slice(&mut self, at: At<'_>, parts: &mut Parts<'_>) -> Read {
        let mut list = |name: &str, place: usize| self.list(at.node, name, place, parts);
        let (starts, ends) = (
            list("starts", 1)?.unwrap_or_default(),
            list("ends", 2)?.unwrap_or_default(),
        );
        let count = starts.len();
        let axes = list("axes", 3)?.unwrap_or_else(|| (0_i64..).take(count).collect());
        let steps = list("steps", 4)?.unwrap_or_else(|| vec![1; count]);
        let axes = places(&axes, at.layout.len());
        if [ends.len(), axes.len(), steps.len()] != [count; 3] {
            return Err(UNKNOWN);
        }
        let mut strides = [1, 1];
        let mut reversed = false;
        for (((&start, &end), &axis), &by) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
            match at.layout.get(axis) {
                Some(b'c') if by == -1 && (start == -1 || start > FAR) && end < -3 => {
                    reversed = true
                }
                Some(letter @ (b'h' | b'w')) if start == 0 && end >= FAR && by > 0 => {
                    strides[usize::from(*letter == b'w')] = usize::try_from(by).unwrap_or(1);
                }
                _ if start == 0 && end >= FAR && by == 1 => {}
                _ => return Err(UNKNOWN),
            }
        }
        let mut from = at.step;
        if let Operator::Slice(before) = self.steps[at.step].operator {
            strides = [0, 1].map(|axis| strides[axis].saturating_mul(before[axis]));
            from = self.steps[at.step].inputs[0];
        }
        match (reversed, strides) {
            (true, [1, 1]) => self.step(at, Operator::Reverse, &[at.step]),
            (true, _) => Err(UNKNOWN),
            (false, [1, 1]) => Ok(Value::Map(at.step, at.layout)),
            (false, _) => self.step(at, Operator::Slice(strides), &[from]),
        }
    }
}
