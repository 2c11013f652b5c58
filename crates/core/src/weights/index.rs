//! The index of a weight file: which tensors it holds, and where. Every format produces one.

#![deny(clippy::arithmetic_side_effects)]

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use half::{bf16, f16};
use serde::Serialize;

use super::bytes::{ByteSource, read};
use super::room::room;
use super::source::{Listing, WeightError};

/// Added to an int8 tensor's name: the tensor of its scales, one for each output channel.
pub const SCALE_SUFFIX: &str = "_scale";
/// Added likewise: the tensor of what is taken off before, where that is not 0.
pub const ZERO_POINT_SUFFIX: &str = "_zero_point";

/// The file formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub enum Format {
    /// <https://huggingface.co/docs/safetensors>
    Safetensors,
    /// What `torch.save` writes.
    Pytorch,
    /// burn's own format.
    Burnpack,
    /// A graph of <https://onnx.ai>.
    Onnx,
}

/// How a tensor's numbers are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dtype {
    /// IEEE double precision.
    F64,
    /// IEEE single precision.
    F32,
    /// IEEE half precision.
    F16,
    /// The upper half of an f32.
    Bf16,
    /// Whole numbers from -127 to 127, to be multiplied by a scale for each output channel.
    I8,
    /// Whole numbers from 0 to 255, to be multiplied likewise after a zero point was taken off.
    U8,
    /// Whole numbers of biases, to be multiplied likewise.
    I32,
    /// Whole numbers of shapes.
    I64,
    /// A dtype that is not supported, by its name.
    Other(String),
}

impl Dtype {
    /// Bytes of one number; 0 if unknown.
    pub const fn size(&self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::I8 | Self::U8 => 1,
            Self::Other(_) => 0,
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F64 => "F64",
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::I8 => "I8",
            Self::U8 => "U8",
            Self::I32 => "I32",
            Self::I64 => "I64",
            Self::Other(name) => name,
        })
    }
}

/// A tensor in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorEntry {
    /// How its numbers are stored.
    pub dtype: Dtype,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Where its first number lies in the file.
    pub offset: u64,
    /// Numbers to go on by for a step along each axis. `None`: row by row, without gaps.
    pub strides: Option<Vec<usize>>,
}

/// The sets of weights in a file: those that training ends with, and averages of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "core.ts"))]
pub struct WeightSets {
    /// The name of the one that was taken, where there are several.
    pub taken: Option<String>,
    /// Every one's, that one's too.
    pub names: Vec<String>,
}

/// Every tensor of a file, by its name there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorIndex {
    /// The file's format.
    pub format: Format,
    /// The tensors.
    pub tensors: BTreeMap<String, TensorEntry>,
    /// What the file says of itself.
    pub metadata: HashMap<String, String>,
    /// Sets of weights that the format keeps side by side. The tensors are those of the one that was taken.
    pub weight_sets: WeightSets,
}

/// Adds the numbers that little-endian bytes stand for.
type Decoder = fn(&[u8], &mut Vec<f32>);

/// Bytes that are decoded at a time, so that a tensor is not held twice.
const PIECE: usize = 4 << 20;

impl TensorEntry {
    /// How many numbers it has. `None`: more than can be counted.
    pub fn count(&self) -> Option<usize> {
        self.shape
            .iter()
            .try_fold(1_usize, |count, &side| count.checked_mul(side))
    }

    /// Numbers from the first to the last, with those between them that belong to others.
    fn extent(&self) -> Option<usize> {
        let count = self.count()?;
        let Some(strides) = &self.strides else {
            return Some(count);
        };
        if count == 0 {
            return Some(0);
        }
        let mut last = 0_usize;
        for (&side, &stride) in self.shape.iter().zip(strides) {
            last = last.checked_add(side.saturating_sub(1).checked_mul(stride)?)?;
        }
        last.checked_add(1)
    }

    /// Bytes that its own numbers take. `None`: more than can be counted.
    pub fn byte_count(&self) -> Option<u64> {
        (self.count()? as u64).checked_mul(self.dtype.size() as u64)
    }

    /// Bytes from its first number to its last, with those between them that belong to others.
    pub fn span(&self) -> Option<u64> {
        (self.extent()? as u64).checked_mul(self.dtype.size() as u64)
    }

    /// Its numbers as f32, row by row.
    ///
    /// # Errors
    /// A type that is not read, numbers beyond the end of the file, for which there is no room, or that are not finite.
    #[inline]
    pub fn values(&self, name: &str, bytes: &dyn ByteSource) -> Result<Vec<f32>, WeightError> {
        let decode = self.decoder().ok_or_else(|| WeightError::Dtype {
            tensors: Listing::one(format!("{name} is {}", self.dtype)),
        })?;
        let what = format!("tensor `{name}`");
        let span = self.span().filter(|&span| span <= bytes.size());
        let span = span.and_then(|span| usize::try_from(span).ok());
        let (Some(length), Some(count)) = (span, self.count()) else {
            let reason = format!("{what} of shape {:?} is larger than the file", self.shape);
            return Err(WeightError::Format { reason });
        };
        let values = match &self.strides {
            None => {
                let mut values = room(count, &what)?;
                for start in (0..length).step_by(PIECE) {
                    let piece = PIECE.min(length.saturating_sub(start)) as u64;
                    let offset = self.offset.saturating_add(start as u64);
                    let piece = read(bytes, offset, piece, &what)?;
                    decode(&piece, &mut values);
                }
                values
            }
            Some(strides) => {
                // A view with as many numbers as it spans, or fewer: nothing is repeated.
                if self.byte_count().is_none_or(|own| own > length as u64) {
                    let reason = format!(
                        "{what} of shape {:?} repeats its numbers: save a copy (`tensor.clone()`)",
                        self.shape
                    );
                    return Err(WeightError::Format { reason });
                }
                let mut spread = room(self.extent().unwrap_or(0), &what)?;
                decode(
                    &read(bytes, self.offset, length as u64, &what)?,
                    &mut spread,
                );
                let mut values = room(count, &what)?;
                values.extend(places(&self.shape, strides, count).map(|place| spread[place]));
                values
            }
        };
        // Without an early exit the loop is vectorised.
        let finite = values
            .iter()
            .fold(true, |all, value| all & value.is_finite());
        let fault = if finite {
            None
        } else {
            values.iter().position(|value| !value.is_finite())
        };
        match fault {
            Some(index) => Err(WeightError::NotFinite {
                name: name.to_owned(),
                index,
                value: values[index],
            }),
            None => Ok(values),
        }
    }

    /// As [`values`](Self::values), for the few numbers that are read while a file is opened: shorter code, not faster.
    ///
    /// # Errors
    /// As [`values`](Self::values).
    pub(super) fn few_values(
        &self,
        name: &str,
        bytes: &dyn ByteSource,
    ) -> Result<Vec<f32>, WeightError> {
        let (Some(decode), Some(span)) = (self.decoder(), self.span()) else {
            let tensors = Listing::one(format!("{name} is {}", self.dtype));
            return Err(WeightError::Dtype { tensors });
        };
        let mut values = Vec::new();
        decode(&read(bytes, self.offset, span, name)?, &mut values);
        if let Some(strides) = &self.strides {
            let places = places(&self.shape, strides, values.len());
            values = places
                .filter_map(|place| values.get(place).copied())
                .collect();
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(WeightError::NotFinite {
                name: name.to_owned(),
                index,
                value: values[index],
            }),
            None => Ok(values),
        }
    }

    /// Decodes the bytes; `None` for an unsupported dtype.
    #[inline]
    fn decoder(&self) -> Option<Decoder> {
        #[inline]
        fn each<const N: usize>(bytes: &[u8], values: &mut Vec<f32>, of: fn([u8; N]) -> f32) {
            values.extend(bytes.as_chunks::<N>().0.iter().map(|&bytes| of(bytes)));
        }
        Some(match self.dtype {
            Dtype::F64 => |bytes, values| each(bytes, values, |b| f64::from_le_bytes(b) as f32),
            Dtype::F32 => |bytes, values| each(bytes, values, f32::from_le_bytes),
            Dtype::F16 => |bytes, values| each(bytes, values, |b| f16::from_le_bytes(b).to_f32()),
            Dtype::Bf16 => |bytes, values| each(bytes, values, |b| bf16::from_le_bytes(b).to_f32()),
            Dtype::I8 => |bytes, values| each(bytes, values, |b| f32::from(i8::from_le_bytes(b))),
            Dtype::U8 => |bytes, values| values.extend(bytes.iter().map(|&byte| f32::from(byte))),
            Dtype::I32 => |bytes, values| each(bytes, values, |b| i32::from_le_bytes(b) as f32),
            Dtype::I64 => |bytes, values| each(bytes, values, |b| i64::from_le_bytes(b) as f32),
            Dtype::Other(_) => return None,
        })
    }
}

/// Where the `count` numbers of a view lie, row by row.
fn places(shape: &[usize], strides: &[usize], count: usize) -> impl Iterator<Item = usize> {
    let mut position = vec![0_usize; shape.len()];
    let mut next = 0_usize;
    (0..count).map(move |_| {
        let place = next;
        for axis in (0..shape.len()).rev() {
            position[axis] = position[axis].saturating_add(1);
            // The step along a side of one is never taken, and can be any number: it comes off again.
            next = next.wrapping_add(strides[axis]);
            if position[axis] < shape[axis] {
                break;
            }
            next = next.wrapping_sub(strides[axis].wrapping_mul(shape[axis]));
            position[axis] = 0;
        }
        place
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_type_and_layout_are_read() {
        let f32s: Vec<u8> = [1.5_f32, -2.0, 0.0, 4.0, 8.0, 16.0]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let entry = |dtype, shape: &[usize], offset, strides: Option<&[usize]>| TensorEntry {
            dtype,
            shape: shape.to_vec(),
            offset,
            strides: strides.map(<[usize]>::to_vec),
        };
        type Case<'a> = (&'a str, TensorEntry, &'a [u8], Result<Vec<f32>, &'a str>);
        let cases: &[Case<'_>] = &[
            (
                "f32",
                entry(Dtype::F32, &[2, 2], 4, None),
                &f32s,
                Ok(vec![-2.0, 0.0, 4.0, 8.0]),
            ),
            (
                "a transposed view",
                entry(Dtype::F32, &[2, 3], 0, Some(&[1, 2])),
                &f32s,
                Ok(vec![1.5, 0.0, 8.0, -2.0, 4.0, 16.0]),
            ),
            (
                "every second number",
                entry(Dtype::F32, &[3], 0, Some(&[2])),
                &f32s,
                Ok(vec![1.5, 0.0, 8.0]),
            ),
            (
                "a side of one whose step is more than can be counted",
                entry(Dtype::F32, &[2, 1], 0, Some(&[1, usize::MAX])),
                &f32s,
                Ok(vec![1.5, -2.0]),
            ),
            (
                "f64",
                entry(Dtype::F64, &[1], 0, None),
                &0.1_f64.to_le_bytes(),
                Ok(vec![0.1]),
            ),
            (
                "f16",
                entry(Dtype::F16, &[1], 0, None),
                &f16::from_f32(0.5).to_le_bytes(),
                Ok(vec![0.5]),
            ),
            (
                "bf16",
                entry(Dtype::Bf16, &[1], 0, None),
                &bf16::from_f32(-3.0).to_le_bytes(),
                Ok(vec![-3.0]),
            ),
            (
                "i8",
                entry(Dtype::I8, &[2], 0, None),
                &[127, 129],
                Ok(vec![127.0, -127.0]),
            ),
            (
                "nothing",
                entry(Dtype::F32, &[0, 3], 0, None),
                &f32s,
                Ok(vec![]),
            ),
            (
                "another type",
                entry(Dtype::Other("U16".into()), &[1], 0, None),
                &f32s,
                Err("t is U16"),
            ),
            (
                "beyond the end",
                entry(Dtype::F32, &[2, 2], 12, None),
                &f32s,
                Err("ends at 24"),
            ),
            (
                "an offset that wraps around",
                entry(Dtype::F32, &[1], u64::MAX - 1, None),
                &f32s,
                Err("ends at 24"),
            ),
            (
                "more than can be counted",
                entry(Dtype::F32, &[usize::MAX, 4], 0, None),
                &f32s,
                Err("larger than the file"),
            ),
            (
                "one number a thousand times over",
                entry(Dtype::F32, &[1000], 0, Some(&[0])),
                &f32s,
                Err("repeats its numbers"),
            ),
            (
                "an infinity",
                entry(Dtype::F32, &[1], 0, None),
                &f32::INFINITY.to_le_bytes(),
                Err("inf"),
            ),
        ];
        for (name, entry, bytes, expected) in cases {
            match (entry.values("t", bytes), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(&found, expected, "{name}"),
                (Err(error), Err(words)) => assert!(
                    error.to_string().contains(words),
                    "{name}: no «{words}» in: {error}"
                ),
                (found, _) => panic!("{name}: {found:?} instead of {expected:?}"),
            }
        }
    }
}
