#![doc = include_str!("../README.md")]
//!
//! # Map of the modules
//!
//! | module | what it does |
//! |---|---|
//! | [`direct`] | convolutions as matrix products of rows that are read in place, in f32 and in eight bits |
//! | [`grouped`] | convolutions in groups, in f32 and in eight bits |
//! | [`winograd`] | 3x3 convolutions of stride 1 |
//! | [`pool`] | maxima, averages and blurs of windows, means and maxima of maps, padding with channels of zeros |
//! | [`pointwise`] | maps scaled by channel, shifted or added to, and ReLU |
//! | [`attention`] | the gates of squeeze-and-excitation and efficient channel attention |
//! | [`gemm`] | the matrix product under all of these, and the linear layer |
//! | [`quantise`] | int8 weights and inputs |
//! | [`packing`] | weights in panels, NHWC maps |
//! | [`threads`] | the thread pool |
//!
//! The crate compiles in seconds, and its tests run under Miri and ThreadSanitizer (`npm run sanitize`). It holds all of the
//! CPU's unsafe code: whatever a caller passes, nothing is accessed outside the slices or by two threads at once.

pub mod attention;
pub mod direct;
mod disjoint;
pub mod gemm;
pub mod grouped;
mod map;
pub mod packing;
pub mod pointwise;
pub mod pool;
pub mod quantise;
mod simd;
pub mod threads;
pub mod winograd;

pub use map::{FeatureMap, Window};
