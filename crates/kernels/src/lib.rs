//! The CPU's arithmetic for convolutional networks: products, Winograd's convolution, eight-bit products, a thread pool.
//!
//! Everything works on plain slices, and nothing here depends on burn, so that it compiles in seconds and runs under Miri and
//! ThreadSanitizer. [`gemm`] multiplies rows by packed weights, [`winograd`] convolves 3x3 kernels, [`quantise`] quantises,
//! [`simd`] is four numbers at a time, [`threads`] hands out work. Callers need no unsafe code, and whatever they pass, nothing
//! is read or written beside their slices, nor by two threads at once: what does not fit panics.

pub mod direct;
mod disjoint;
pub mod gemm;
mod map;
pub mod packing;
pub mod pool;
pub mod quantise;
pub mod simd;
pub mod threads;
pub mod winograd;

pub use map::{FeatureMap, Window};
