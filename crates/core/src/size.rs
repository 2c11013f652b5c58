//! Sizes that may come from a hostile file: products that saturate, and byte counts in words.

#![deny(clippy::arithmetic_side_effects)]

use std::fmt;

/// The product of sides, `u64::MAX` at most. Never inlined: where addresses have 32 bits it takes many instructions.
#[inline(never)]
pub fn product(sides: &[usize]) -> u64 {
    let of_side = |product: u64, &side: &usize| product.saturating_mul(side as u64);
    sides.iter().fold(1, of_side)
}

/// A number of bytes, shown as people say it: "5.2 GB", "640 MB".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MEGABYTE: u64 = 1_000_000;
        let megabytes = self.0.saturating_add(MEGABYTE / 2) / MEGABYTE;
        match megabytes {
            ..1000 => write!(f, "{megabytes} MB"),
            _ => {
                let tenths = self.0.saturating_add(50 * MEGABYTE) / (100 * MEGABYTE);
                write!(f, "{}.{} GB", tenths / 10, tenths % 10)
            }
        }
    }
}
