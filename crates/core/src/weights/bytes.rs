//! A weight file's bytes, read where they are needed.
//!
//! A file is never held in memory as a whole: its header says where each tensor lies, and a tensor is read when the
//! network takes it. In the browser the bytes are those of a `Blob`, natively of a file or a slice.

use std::io;

use super::room::room;
use super::source::WeightError;

/// The longest header, pickle or index that is read, in bytes. The largest ResNet's takes a hundredth of it.
pub const HEADER_LIMIT: u64 = 16 << 20;

/// Bytes that can be read from any place.
pub trait ByteSource {
    /// How many there are.
    fn size(&self) -> u64;

    /// Fills `buffer` with the bytes from `offset` on.
    ///
    /// # Errors
    /// Where the bytes end before the buffer does, or cannot be read.
    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

impl ByteSource for &(dyn ByteSource + '_) {
    fn size(&self) -> u64 {
        (**self).size()
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        (**self).read_into(offset, buffer)
    }
}

impl<S: ByteSource + ?Sized> ByteSource for Box<S> {
    fn size(&self) -> u64 {
        (**self).size()
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        (**self).read_into(offset, buffer)
    }
}

impl ByteSource for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let bytes = usize::try_from(offset)
            .ok()
            .and_then(|start| self.get(start..)?.get(..buffer.len()))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl ByteSource for std::fs::File {
    fn size(&self) -> u64 {
        self.metadata().map_or(0, |metadata| metadata.len())
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = self;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(buffer)
    }
}

/// The `length` bytes from `offset` on, without trusting that there are so many.
///
/// # Errors
/// [`WeightError::Format`] where they reach beyond the end, [`WeightError::Unreadable`] where they cannot be read,
/// [`WeightError::TooLarge`] where there is no room for them.
pub fn read(
    bytes: &dyn ByteSource,
    offset: u64,
    length: u64,
    what: &str,
) -> Result<Vec<u8>, WeightError> {
    let size = bytes.size();
    let end = offset.checked_add(length).filter(|&end| end <= size);
    let (Some(_), Ok(length)) = (end, usize::try_from(length)) else {
        let reason = format!(
            "{what} takes {length} bytes from byte {offset} on, and the file ends at {size}: it is cut short or damaged"
        );
        return Err(WeightError::Format { reason });
    };
    let mut buffer = room(length, what)?;
    buffer.resize(length, 0);
    bytes
        .read_into(offset, &mut buffer)
        .map_err(|error| WeightError::Unreadable {
            reason: error.to_string(),
        })?;
    Ok(buffer)
}
