//! The CPU's kernels for convolutional networks: convolutions, max pooling, the linear layer, a thread pool.
//!
//! | module | what it does |
//! |---|---|
//! | [`direct`] | convolutions as matrix products of rows that are read in place, in f32 and in eight bits |
//! | [`winograd`] | 3x3 convolutions of stride 1 |
//! | [`pool`] | max pooling |
//! | [`gemm`] | the matrix product under all of these, and the linear layer |
//! | [`quantise`] | int8 weights and inputs |
//! | [`packing`] | weights in panels, NHWC maps |
//! | [`threads`] | the thread pool |
//!
//! Everything works on slices. Nothing here depends on burn, so the crate compiles in seconds, and its tests run under Miri and
//! ThreadSanitizer (`npm run sanitize`). It holds all of the CPU's unsafe code behind a safe interface: whatever a caller
//! passes, nothing is accessed outside the slices or by two threads at once. Sizes that do not fit panic.
//!
//! ```
//! use resnet_web_kernels::gemm::Epilogue;
//! use resnet_web_kernels::packing::pack;
//! use resnet_web_kernels::{FeatureMap, Window, direct};
//!
//! // A 1x1 convolution of two pixels, from two channels to eight: output channel i adds i times the inputs' sum.
//! let map = FeatureMap::new(&[1.0, 2.0, 3.0, 4.0], [1, 2, 2]);
//! let window = Window { side: 1, stride: 1, padding: 0 };
//! let weights: Vec<f32> = (0..8).flat_map(|i| [i as f32; 2]).collect();
//! let epilogue = Epilogue { bias: &[0.0; 8], residual: None, relu: true };
//! let mut output = [0.0; 2 * 8];
//! direct::convolve(map, window, &pack(&weights, 8, 2), 8, epilogue, &mut output);
//! assert_eq!(output[..8], [0.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0, 21.0]);
//! ```

pub mod direct;
mod disjoint;
pub mod gemm;
mod map;
pub mod packing;
pub mod pool;
pub mod quantise;
mod simd;
pub mod threads;
pub mod winograd;

pub use map::{FeatureMap, Window};
