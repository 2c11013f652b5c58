//! The CPU's arithmetic for convolutional networks: products, Winograd's convolution, eight-bit products, a thread pool.
//!
//! Everything works on plain slices, and nothing here depends on burn, so that it compiles in seconds and runs under Miri and
//! ThreadSanitizer. [`gemm`] multiplies rows by packed weights, [`winograd`] convolves 3x3 kernels, [`int8`] quantises,
//! [`lanes`] is four numbers at a time, [`threads`] hands out work, [`parts`] is what several threads write at once.

pub mod gemm;
pub mod int8;
pub mod lanes;
pub mod parts;
pub mod threads;
pub mod winograd;
