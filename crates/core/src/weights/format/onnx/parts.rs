//! One range of bytes out of several files: the model, its external data, and numbers worked out of them.

use std::io;

use super::Error;
use super::model::{Data, Tensor, decoded, kind, size_of};
use super::protobuf::{Reader, fault};
use crate::weights::bytes::{ByteSource, HEADER_LIMIT};
use crate::weights::index::{Dtype, TensorEntry};

/// Bytes that may be read to work with, or worked out, for each byte of the files.
const BUDGET_PER_BYTE: u64 = 16;
/// And beyond that.
const BUDGET_MORE: u64 = 64 << 10;

/// Opens a file beside the model by its name, which has no folder. `None`: there is none.
pub type Beside<'bytes> = dyn Fn(&str) -> Option<Box<dyn ByteSource + 'bytes>> + 'bytes;

/// The model's bytes, then those of the files beside it, then what was worked out.
pub struct Parts<'bytes> {
    /// Each with the place of its first byte.
    files: Vec<(u64, Box<dyn ByteSource + 'bytes>)>,
    names: Vec<String>,
    /// The place of the first byte that was worked out.
    end: u64,
    worked_out: Vec<u8>,
    /// How many more bytes may be read to work with, or worked out.
    budget: u64,
}

impl ByteSource for Parts<'_> {
    fn size(&self) -> u64 {
        self.end.saturating_add(self.worked_out.len() as u64)
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if let Some(own) = offset.checked_sub(self.end) {
            return self.worked_out.as_slice().read_into(own, buffer);
        }
        let file = self.files.iter().rfind(|(start, _)| *start <= offset);
        let (start, file) = file.ok_or(io::ErrorKind::UnexpectedEof)?;
        file.read_into(offset.saturating_sub(*start), buffer)
    }
}

impl<'bytes> Parts<'bytes> {
    /// The model alone.
    pub fn new(model: Box<dyn ByteSource + 'bytes>) -> Self {
        Self {
            end: model.size(),
            budget: budget_of(model.size()),
            files: vec![(0, model)],
            names: vec![String::new()],
            worked_out: Vec::new(),
        }
    }

    /// The model's own bytes.
    pub fn model(&self) -> &(dyn ByteSource + 'bytes) {
        &*self.files[0].1
    }

    /// Opens the file beside it that `tensor` is in. All are opened before anything is worked out.
    ///
    /// # Errors
    /// `WeightError::Format` for a file in another folder, or none.
    pub fn open(&mut self, tensor: &Tensor, beside: &Beside<'bytes>) -> Result<(), Error> {
        let Data::External { file, .. } = &tensor.data else {
            return Ok(());
        };
        let inside =
            !file.contains(['/', '\\', ':', '\0']) && !["", ".", ".."].contains(&file.as_str());
        if !inside {
            return Err(fault(&format!(
                "it keeps weights outside its folder, in `{file}`"
            )));
        }
        if self.names.contains(file) {
            return Ok(());
        }
        let missing = || {
            fault(&format!(
                "its weights are in a file of their own, `{file}`: choose both files together"
            ))
        };
        let opened = beside(file).ok_or_else(missing)?;
        let start = self.end;
        self.end = start.checked_add(opened.size()).ok_or_else(missing)?;
        self.budget = budget_of(self.end);
        self.files.push((start, opened));
        self.names.push(file.clone());
        Ok(())
    }

    /// Where the numbers of a tensor lie.
    ///
    /// # Errors
    /// `WeightError::Format` where they are not as many as its shape says.
    pub fn entry(&mut self, tensor: &Tensor) -> Result<TensorEntry, Error> {
        let mut entry = TensorEntry {
            dtype: dtype(tensor.kind),
            shape: tensor.shape.clone(),
            offset: 0,
            strides: None,
        };
        let size = size_of(tensor.kind) as u64;
        let count = entry.count().map(|count| count as u64);
        let length = count.and_then(|count| count.checked_mul(size));
        let length = length.ok_or_else(|| fault("a tensor is larger than any file"))?;
        let (offset, found) = match &tensor.data {
            Data::None => (0, 0),
            Data::Raw(span) => (span.start, span.len()),
            Data::Coded(_) => {
                self.spend(length)?;
                let most = usize::try_from(length).unwrap_or(0);
                let mut reader = Reader::new(self.model(), 0);
                let bytes = decoded(&mut reader, tensor, most)?;
                self.put(&bytes)
            }
            Data::External {
                file,
                offset,
                length: said,
            } => {
                let place = self.names.iter().position(|name| name == file).unwrap_or(0);
                let (start, bytes) = &self.files[place];
                let fits = offset
                    .checked_add(length)
                    .is_some_and(|end| end <= bytes.size());
                let found = if fits { said.unwrap_or(length) } else { 0 };
                (start.saturating_add(*offset), found)
            }
        };
        entry.offset = offset;
        if found != length {
            let shape = &tensor.shape;
            return Err(fault(&format!(
                "a tensor of shape {shape:?} has {found} bytes, expected {length}: the file is cut short or damaged"
            )));
        }
        Ok(entry)
    }

    /// The numbers of a small tensor.
    ///
    /// # Errors
    /// As [`TensorEntry::values`], and `WeightError::Format` where all small ones together are too large.
    pub fn values(&mut self, entry: &TensorEntry, name: &str) -> Result<Vec<f32>, Error> {
        self.spend(entry.span().unwrap_or(u64::MAX))?;
        Ok(entry.few_values(name, self)?)
    }

    /// The whole numbers of a short list.
    ///
    /// # Errors
    /// As [`values`](Self::values).
    pub fn ints(&mut self, entry: &TensorEntry) -> Result<Vec<i64>, Error> {
        // Those of shapes are small, or stand for the end of an axis.
        let values = self.values(entry, "a shape")?;
        Ok(values.into_iter().map(|value| value as i64).collect())
    }

    /// Keeps numbers that were worked out.
    ///
    /// # Errors
    /// `WeightError::Format` where all together are too many.
    pub fn keep(&mut self, values: &[f32]) -> Result<TensorEntry, Error> {
        self.spend((values.len() as u64).saturating_mul(4))?;
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        Ok(TensorEntry {
            dtype: Dtype::F32,
            shape: vec![values.len()],
            offset: self.put(&bytes).0,
            strides: None,
        })
    }

    /// Counts bytes against the budget.
    ///
    /// # Errors
    /// `WeightError::Format` where it is spent.
    pub fn spend(&mut self, bytes: u64) -> Result<(), Error> {
        let rest = self.budget.checked_sub(bytes);
        self.budget = rest.ok_or_else(|| fault("its constants are larger than any ResNet's"))?;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> (u64, u64) {
        let offset = self.size();
        self.worked_out.extend(bytes);
        (offset, bytes.len() as u64)
    }
}

/// How many bytes may be worked with in a model of so many.
fn budget_of(size: u64) -> u64 {
    let of_size = size.saturating_mul(BUDGET_PER_BYTE);
    let budget = of_size.saturating_add(BUDGET_MORE);
    budget.min(HEADER_LIMIT.saturating_mul(2))
}

fn dtype(kind: u64) -> Dtype {
    match kind {
        kind::F32 => Dtype::F32,
        kind::U8 => Dtype::U8,
        kind::I8 => Dtype::I8,
        kind::I32 => Dtype::I32,
        kind::F16 => Dtype::F16,
        kind::F64 => Dtype::F64,
        kind::BF16 => Dtype::Bf16,
        kind::I64 => Dtype::I64,
        other => Dtype::Other(format!("ONNX's data type {other}")),
    }
}
