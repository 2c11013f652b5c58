//! Operations beside burn's own: backend extensions, and direct ways to what a backend has.
//!
//! burn's tensor operators also handle quantised tensors. None are used here, and that code is a tenth of the CPU
//! module, so these operations go past it.

pub mod conv;
pub mod linear;
pub mod residual;
