//! What a ResNet is, before any number is calculated: its layers on paper, its weight files, its pictures.
//!
//! [`resnet`] describes the family, [`weights`] reads every known file format and finds the network in it, [`image`] turns
//! RGBA pixels into the tensor that the network was trained on, [`summary`] is a row for each layer, and [`memory`] says what a
//! network takes before it is built.
//!
//! Nothing here depends on burn, on a device or on a browser, so that it compiles and is fuzzed in seconds.

#![forbid(unsafe_code)]

pub mod image;
pub mod memory;
pub mod number;
pub mod resnet;
pub mod summary;
pub mod weights;
