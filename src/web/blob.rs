//! The bytes of a `Blob`: a file that was chosen, or one from the browser's cache. They stay on disk.

use std::cell::{OnceCell, RefCell};
use std::io;

use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, FileReaderSync, MessageChannel, MessagePort};

use crate::weights::ByteSource;

/// Bytes that are read ahead: the many small tensors of batch norm are adjacent, and every read has its cost. What follows them
/// is read twice, so this is not more than they take.
const AHEAD: u64 = 1 << 18;

/// A blob that is read in ranges, in a worker: only there may code wait for the bytes.
pub struct BlobBytes {
    blob: Blob,
    reader: OnceCell<Reader>,
    /// The offset of the bytes that were read ahead, and the bytes.
    window: RefCell<(u64, Vec<u8>)>,
}

/// Reads a blob's bytes and frees the browser's copy of them.
struct Reader {
    reader: FileReaderSync,
    /// A port whose other end is closed.
    away: MessagePort,
}

impl Reader {
    fn new() -> Result<Self, JsValue> {
        let channel = MessageChannel::new()?;
        channel.port2().close();
        Ok(Self {
            reader: FileReaderSync::new()?,
            away: channel.port1(),
        })
    }

    fn read(&self, slice: &Blob, to: &mut [u8]) -> io::Result<()> {
        let buffer = JsValue::from(self.reader.read_as_array_buffer(slice).map_err(failed)?);
        let bytes = Uint8Array::new(&buffer);
        // A file that has changed since it was chosen has fewer bytes, or throws.
        if bytes.length() as usize != to.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.copy_to(to);
        // Transferring the buffer to a closed port frees its memory at once. Garbage collection leaves hundreds of megabytes,
        // and with `ArrayBuffer.transfer(0)` Chromium lets gigabytes gather.
        self.away
            .post_message_with_transferable(&JsValue::NULL, &Array::of1(&buffer))
            .map_err(failed)
    }
}

impl BlobBytes {
    /// The bytes of `blob`.
    pub fn new(blob: Blob) -> Self {
        Self {
            blob,
            reader: OnceCell::new(),
            window: RefCell::default(),
        }
    }

    /// Copies the bytes from `start` on.
    fn copy(&self, start: u64, to: &mut [u8]) -> io::Result<()> {
        let reader = match self.reader.get() {
            Some(reader) => reader,
            None => {
                let reader = Reader::new().map_err(failed)?;
                self.reader.get_or_init(|| reader)
            }
        };
        // Whole numbers of this size are exact in f64.
        let [start, end] = [start, start + to.len() as u64].map(|place| place as f64);
        let slice = self.blob.slice_with_f64_and_f64(start, end);
        reader.read(&slice.map_err(failed)?, to)
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
            return self.copy(offset, buffer);
        }
        let mut window = self.window.borrow_mut();
        let (start, bytes) = &mut *window;
        let held = *start..*start + bytes.len() as u64;
        if offset < held.start || end > held.end {
            let ahead = self.size().min(offset + AHEAD) - offset;
            bytes.resize(ahead as usize, 0);
            *start = offset;
            if let Err(error) = self.copy(offset, bytes) {
                bytes.clear();
                return Err(error);
            }
        }
        let first = (offset - *start) as usize;
        let found = bytes.get(first..first + buffer.len());
        buffer.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

fn failed(thrown: JsValue) -> io::Error {
    let message = match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        // Browsers throw a DOMException here, which is not a JavaScript `Error` in all of them.
        None => Reflect::get(&thrown, &JsValue::from("message"))
            .ok()
            .and_then(|message| message.as_string())
            .unwrap_or_else(|| "the browser gave no reason".to_owned()),
    };
    io::Error::other(message)
}
