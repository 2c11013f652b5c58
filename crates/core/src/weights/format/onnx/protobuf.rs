//! Protocol buffers (<https://protobuf.dev/programming-guides/encoding/>), read by fields: what is long is skipped, never held.

use std::collections::HashMap;

use super::Error;
use crate::weights::bytes::{ByteSource, read};
use crate::weights::source::WeightError;

/// Bytes that are read at once.
const WINDOW: u64 = 64 << 10;
/// The bytes of the longest number.
const LONGEST_NUMBER: u32 = 10;

/// A message or another field of several bytes: where it lies in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its first byte.
    pub start: u64,
    /// The one after its last.
    pub end: u64,
}

impl Span {
    /// How many bytes.
    pub const fn len(self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// A field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A number; a float's bits.
    Number(u64),
    /// A text, a message, bytes or packed numbers.
    Bytes(Span),
}

impl Value {
    /// The number; 0 for what is none.
    pub const fn number(self) -> u64 {
        match self {
            Self::Number(number) => number,
            Self::Bytes(_) => 0,
        }
    }

    /// The bytes; none for a number.
    pub const fn span(self) -> Span {
        match self {
            Self::Bytes(span) => span,
            Self::Number(_) => Span { start: 0, end: 0 },
        }
    }
}

/// Reads fields from a file, one window of it at a time.
pub struct Reader<'a> {
    bytes: &'a dyn ByteSource,
    window: Vec<u8>,
    start: u64,
    /// Bytes of texts that may still be held.
    budget: u64,
    /// The number of each name.
    names: HashMap<String, usize>,
}

impl<'a> Reader<'a> {
    /// A reader that returns texts of at most `budget` bytes in all.
    pub fn new(bytes: &'a dyn ByteSource, budget: u64) -> Self {
        Self {
            bytes,
            window: Vec::new(),
            start: 0,
            budget,
            names: HashMap::new(),
        }
    }

    /// The whole file.
    pub fn whole(&self) -> Span {
        Span {
            start: 0,
            end: self.bytes.size(),
        }
    }

    /// The next field of a message and its number; `rest` is what follows it.
    ///
    /// # Errors
    /// `WeightError::Format` where the bytes are no field.
    pub fn field(&mut self, rest: &mut Span) -> Result<Option<(u64, Value)>, Error> {
        if rest.start >= rest.end {
            return Ok(None);
        }
        let tag = self.number(rest)?;
        let value = match tag & 7 {
            0 => Value::Number(self.number(rest)?),
            1 => Value::Number(self.fixed(rest, 8)?),
            2 => {
                let length = self.number(rest)?;
                let start = rest.start;
                let end = start.checked_add(length).filter(|&end| end <= rest.end);
                let end = end.ok_or_else(damaged)?;
                rest.start = end;
                Value::Bytes(Span { start, end })
            }
            5 => Value::Number(self.fixed(rest, 4)?),
            _ => return Err(damaged()),
        };
        Ok(Some((tag >> 3, value)))
    }

    /// The number of variable length at the start of `rest`.
    ///
    /// # Errors
    /// `WeightError::Format` where it does not end.
    pub fn number(&mut self, rest: &mut Span) -> Result<u64, Error> {
        let mut number = 0_u64;
        for place in 0..LONGEST_NUMBER {
            let byte = self.byte(rest)?;
            let bits = u64::from(byte & 0x7f);
            number |= bits
                .checked_shl(place.saturating_mul(7))
                .unwrap_or_default();
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(damaged())
    }

    /// The little-endian number of `length` bytes, at most 8, at the start of `rest`.
    ///
    /// # Errors
    /// `WeightError::Format` where there are fewer bytes.
    pub fn fixed(&mut self, rest: &mut Span, length: usize) -> Result<u64, Error> {
        let mut number = [0; 8];
        for byte in number.iter_mut().take(length) {
            *byte = self.byte(rest)?;
        }
        Ok(u64::from_le_bytes(number))
    }

    /// A text.
    ///
    /// # Errors
    /// `WeightError::Format` where all texts together are too long.
    pub fn text(&mut self, mut span: Span) -> Result<String, Error> {
        self.spend(span.len())?;
        let mut bytes = Vec::new();
        while span.len() > 0 {
            bytes.push(self.byte(&mut span)?);
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A name as a number: the same for the same name, 0 for an empty one.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn name(&mut self, span: Span) -> Result<usize, Error> {
        if span.len() == 0 {
            return Ok(0);
        }
        let name = self.text(span)?;
        let next = self.names.len().saturating_add(1);
        Ok(*self.names.entry(name).or_insert(next))
    }

    /// All names and their numbers.
    pub fn names(&mut self) -> HashMap<String, usize> {
        std::mem::take(&mut self.names)
    }

    /// Counts `bytes` of memory.
    ///
    /// # Errors
    /// `WeightError::Format` where there have been too many.
    pub fn spend(&mut self, bytes: u64) -> Result<(), Error> {
        self.budget = self
            .budget
            .checked_sub(bytes)
            .ok_or_else(|| fault("it describes a larger graph than any ResNet's"))?;
        Ok(())
    }

    fn byte(&mut self, rest: &mut Span) -> Result<u8, Error> {
        if rest.start >= rest.end {
            return Err(damaged());
        }
        let place = |start: u64| usize::try_from(rest.start.checked_sub(start)?).ok();
        let mut byte = place(self.start).and_then(|place| self.window.get(place));
        if byte.is_none() {
            let length = self.bytes.size().saturating_sub(rest.start).min(WINDOW);
            self.window = read(self.bytes, rest.start, length, "the graph")?;
            self.start = rest.start;
            byte = self.window.first();
        }
        rest.start = rest.start.saturating_add(1);
        byte.copied().ok_or_else(damaged)
    }
}

/// A file that is no ONNX model, or no longer one.
#[cold]
pub fn fault(reason: &str) -> Error {
    Box::new(WeightError::Format {
        reason: reason.to_owned(),
    })
}

#[cold]
fn damaged() -> Error {
    fault("its protocol buffers are cut short or damaged")
}
