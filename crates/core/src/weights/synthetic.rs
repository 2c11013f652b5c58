//! Synthetic weights: every value follows from the tensor's name and the value's index.
//!
//! PyTorch can be given the same weights, so its outputs serve as goldens in the tests, and a device can be checked
//! at start-up against logits that PyTorch computed. With `u` uniform in [0, 1) (FNV-1a of the name, then
//! splitmix64, the upper 24 bits):
//!
//! | tensor | value |
//! |---|---|
//! | convolution weight `[out, in, kh, kw]` | `(2u - 1) * sqrt(6 / (in * kh * kw))` (He et al. 2015, "Delving deep", eq. 10) |
//! | linear weight `[out, in]` | `(2u - 1) / sqrt(in)` |
//! | batch norm weight | `0.35 + 0.7u` |
//! | batch norm running_var | `0.5 + u` |
//! | any bias, running_mean | `0.2 (u - 0.5)` |
//! | the input | `2u - 1` |

use super::source::{TensorSource, WeightError};

/// A source of every tensor, of any shape.
#[derive(Debug, Clone, Copy, Default)]
pub struct Synthetic;

impl TensorSource for Synthetic {
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightError> {
        Ok(match *shape {
            [_, input, height, width] => {
                let bound = (6.0 / (input * height * width) as f64).sqrt();
                values(name, shape, |u| (2.0 * u - 1.0) * bound)
            }
            [_, input] => {
                let root = (input as f64).sqrt();
                values(name, shape, |u| (2.0 * u - 1.0) / root)
            }
            _ if name.ends_with("running_var") => values(name, shape, |u| 0.5 + u),
            _ if name.ends_with("running_mean") || name.ends_with("bias") => {
                values(name, shape, |u| (u - 0.5) * 0.2)
            }
            _ => values(name, shape, |u| 0.35 + 0.7 * u),
        })
    }
}

/// An input `[batch, channels, height, width]` between -1 and 1, row by row.
pub fn input(shape: [usize; 4]) -> Vec<f32> {
    values("input", &shape, |u| 2.0 * u - 1.0)
}

fn values(name: &str, shape: &[usize], value: impl Fn(f64) -> f64) -> Vec<f32> {
    let hash = fnv1a64(name);
    let count = shape.iter().product::<usize>() as u64;
    (0..count)
        .map(|i| value(uniform(hash.wrapping_add(i))) as f32)
        .collect()
}

/// FNV-1a, 64 bit.
fn fnv1a64(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The upper 24 bits of splitmix64, as a number in [0, 1).
fn uniform(seed: u64) -> f64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    (z >> 40) as f64 / 16_777_216.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, shape, FNV-1a of the name, bits of the first, second and last value: calculated with NumPy.
    type Case = (&'static str, &'static [usize], u64, [u32; 3]);

    const CASES: &[Case] = &[
        (
            "preliminary.0.weight",
            &[64, 3, 7, 7],
            0xac14_94e5_c8cc_94ad,
            [0x3e12_c608, 0xbb27_00e3, 0xbc4e_bb68],
        ),
        (
            "preliminary.1.weight",
            &[64],
            0xec63_05d2_1315_cb0c,
            [0x3f41_3e72, 0x3f5b_083a, 0x3f86_3e51],
        ),
        (
            "preliminary.1.bias",
            &[64],
            0x06d2_9aee_a67b_4811,
            [0xbbad_0fe6, 0x3d0f_b030, 0x3c00_4f66],
        ),
        (
            "preliminary.1.running_mean",
            &[64],
            0x54a8_a260_aec1_0a65,
            [0xbc7b_cf80, 0xbd26_a836, 0xbd60_3653],
        ),
        (
            "preliminary.1.running_var",
            &[64],
            0xcb45_2e18_377d_27cd,
            [0x3f40_709d, 0x3fa9_5988, 0x3f80_0c7a],
        ),
        (
            "layer2.0.shortcut.0.bias",
            &[128],
            0x2085_9744_ef38_ca77,
            [0xbce1_f6e6, 0x3dae_d776, 0x3da1_92e2],
        ),
        (
            "final.1.weight",
            &[10, 100_352],
            0x280b_b4c3_6260_26f0,
            [0xb999_cb33, 0xba0d_e85e, 0xbb0b_7674],
        ),
    ];

    #[test]
    fn values_are_those_of_the_rule_bit_for_bit() {
        let mut faults = Vec::new();
        let mut compare = |name: &str, hash: u64, bits: [u32; 3], found: &[f32]| {
            if fnv1a64(name) != hash {
                faults.push(format!(
                    "{name}: hash {:x} instead of {hash:x}",
                    fnv1a64(name)
                ));
            }
            let found = [found[0], found[1], found[found.len() - 1]].map(f32::to_bits);
            if found != bits {
                faults.push(format!("{name}: {found:x?} instead of {bits:x?}"));
            }
        };
        for &(name, shape, hash, bits) in CASES {
            match Synthetic.take(name, shape) {
                Ok(found) => compare(name, hash, bits, &found),
                Err(error) => panic!("{name}: {error}"),
            }
        }
        compare(
            "input",
            0x1ebb_ae8f_5810_b65b,
            [0xbf4d_eac2, 0xbf34_7db0, 0xbd36_4d60],
            &input([1, 3, 224, 224]),
        );
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
