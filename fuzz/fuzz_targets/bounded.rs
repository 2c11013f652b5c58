//! Limits on the memory that reading a file may take.

use allocation_counter::measure;

/// The most memory at a time, for each byte of a file.
const PEAK_PER_BYTE: usize = 48;
/// The most memory in total, whether freed or not: a measure of the work.
const TOTAL_PER_BYTE: usize = 256;
/// Added for buffers of a fixed size.
const MORE: usize = 512 << 10;

/// Runs `read`, which reads a file of `length` bytes, and fails if it takes too much memory for that length.
pub fn bounded(length: usize, read: impl FnOnce()) {
    let costs = measure(read);
    for (what, found, per_byte) in [
        ("at a time", costs.bytes_max, PEAK_PER_BYTE),
        ("altogether", costs.bytes_total, TOTAL_PER_BYTE),
    ] {
        let most = length * per_byte + MORE;
        assert!(
            found <= most as u64,
            "reading {length} bytes took {found} bytes of memory {what}; the most is {most}"
        );
    }
}
