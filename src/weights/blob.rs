//! The bytes of a browser's `Blob`: a file that was chosen, or one from the browser's cache. They stay on disk.

use std::cell::{OnceCell, RefCell};
use std::io;

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, FileReaderSync};

use super::bytes::ByteSource;

/// Bytes that are read ahead: the many small tensors of batch norm lie side by side, and each reading takes its time.
const AHEAD: u64 = 1 << 18;

/// A blob, read piece by piece. Workers alone may wait for its bytes.
pub struct BlobBytes {
    blob: Blob,
    reader: OnceCell<FileReaderSync>,
    /// Where the bytes at hand begin, and they.
    window: RefCell<(u64, Vec<u8>)>,
}

impl BlobBytes {
    /// Of a blob.
    pub fn new(blob: Blob) -> Self {
        Self {
            blob,
            reader: OnceCell::new(),
            window: RefCell::default(),
        }
    }

    /// The bytes from `start` to `end`, as a view of JavaScript's memory.
    fn read(&self, start: u64, end: u64) -> io::Result<Uint8Array> {
        let reader = match self.reader.get() {
            Some(reader) => reader,
            None => {
                let reader = FileReaderSync::new().map_err(failed)?;
                self.reader.get_or_init(|| reader)
            }
        };
        // Whole numbers of this size are exact in f64.
        let slice = self.blob.slice_with_f64_and_f64(start as f64, end as f64);
        let buffer = reader.read_as_array_buffer(&slice.map_err(failed)?);
        Ok(Uint8Array::new(&buffer.map_err(failed)?.into()))
    }
}

impl ByteSource for BlobBytes {
    fn size(&self) -> u64 {
        self.blob.size() as u64
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let length = buffer.len() as u64;
        let end = offset
            .checked_add(length)
            .filter(|&end| end <= self.size())
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        if length >= AHEAD {
            return copied(&self.read(offset, end)?, buffer);
        }
        let mut window = self.window.borrow_mut();
        let (start, bytes) = &mut *window;
        let held = *start..*start + bytes.len() as u64;
        if offset < held.start || end > held.end {
            *start = offset;
            *bytes = self.read(offset, self.size().min(offset + AHEAD))?.to_vec();
        }
        let first = (offset - *start) as usize;
        let found = bytes.get(first..first + buffer.len());
        buffer.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// A file that was changed or taken away since it was chosen gives fewer bytes, or an exception.
fn copied(bytes: &Uint8Array, buffer: &mut [u8]) -> io::Result<()> {
    if bytes.length() as usize != buffer.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    bytes.copy_to(buffer);
    Ok(())
}

fn failed(thrown: JsValue) -> io::Error {
    let message = match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        // What browsers throw here is a DOMException, which is no Error of JavaScript's own everywhere.
        None => js_sys::Reflect::get(&thrown, &JsValue::from("message"))
            .ok()
            .and_then(|message| message.as_string())
            .unwrap_or_else(|| "the browser did not say why".to_owned()),
    };
    io::Error::other(message)
}
