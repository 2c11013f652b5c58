//! Four f32 at a time: WebAssembly's 128-bit registers, and arrays everywhere else.

#[cfg(target_arch = "wasm32")]
use core::arch::wasm32::*;

/// How many numbers a [`Lanes`] holds.
pub const LANES: usize = 4;

/// Four numbers.
#[cfg(target_arch = "wasm32")]
#[derive(Clone, Copy)]
pub struct Lanes(v128);

#[cfg(target_arch = "wasm32")]
impl Lanes {
    /// Four times the same.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
    }

    /// The first four numbers of a slice.
    #[inline(always)]
    pub fn load(from: &[f32]) -> Self {
        let from = &from[..LANES];
        // SAFETY: the slice has sixteen bytes, and v128.load asks for no alignment.
        #[allow(unsafe_code)]
        Self(unsafe { v128_load(from.as_ptr().cast()) })
    }

    /// Writes to the first four numbers of a slice.
    #[inline(always)]
    pub fn store(self, to: &mut [f32]) {
        let to: &mut [f32] = &mut to[..LANES];
        // SAFETY: the slice has sixteen bytes, and v128.store asks for no alignment.
        #[allow(unsafe_code)]
        unsafe {
            v128_store(to.as_mut_ptr().cast(), self.0);
        }
    }

    /// The larger of each pair; a NaN of `self` stays.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Self(f32x4_pmax(self.0, other.0))
    }

    /// The smaller of each pair.
    #[inline(always)]
    pub fn min(self, other: Self) -> Self {
        Self(f32x4_pmin(other.0, self.0))
    }

    /// Sixteen numbers from 0 to 255 as bytes, four in the bits of each lane; fractions are cut off.
    #[inline(always)]
    pub fn bytes([a, b, c, d]: [Self; LANES]) -> Self {
        let [a, b, c, d] = [a, b, c, d].map(|lanes| i32x4_trunc_sat_f32x4(lanes.0));
        let (low, high) = (i16x8_narrow_i32x4(a, b), i16x8_narrow_i32x4(c, d));
        Self(u8x16_narrow_i16x8(low, high))
    }

    /// The lanes' bits, which are whole numbers, as numbers.
    #[inline(always)]
    pub fn to_numbers(self) -> Self {
        Self(f32x4_convert_i32x4(self.0))
    }

    /// The sums of each pair of whole numbers in the lanes' bits.
    #[inline(always)]
    pub fn plus_integers(self, other: Self) -> Self {
        Self(i32x4_add(self.0, other.0))
    }

    /// Whole numbers in the bits of each lane: `self` and the products of four signed bytes with four from 0 to 127.
    #[cfg(feature = "relaxed-simd")]
    #[inline]
    #[target_feature(enable = "relaxed-simd")]
    pub fn plus_dots(self, bytes: Self, weights: Self) -> Self {
        Self(i32x4_relaxed_dot_i8x16_i7x16_add(
            weights.0, bytes.0, self.0,
        ))
    }

    /// Only builds with relaxed SIMD have weights of bytes.
    #[cfg(not(feature = "relaxed-simd"))]
    #[inline(always)]
    pub fn plus_dots(self, _bytes: Self, _weights: Self) -> Self {
        self
    }

    /// `a * b + self`, rounded once.
    #[cfg(feature = "relaxed-simd")]
    #[inline]
    #[target_feature(enable = "relaxed-simd")]
    pub fn plus_product(self, a: Self, b: Self) -> Self {
        Self(f32x4_relaxed_madd(a.0, b.0, self.0))
    }

    /// `a * b + self`
    #[cfg(not(feature = "relaxed-simd"))]
    #[inline(always)]
    pub fn plus_product(self, a: Self, b: Self) -> Self {
        Self(f32x4_add(f32x4_mul(a.0, b.0), self.0))
    }
}

#[cfg(target_arch = "wasm32")]
impl core::ops::Add for Lanes {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(f32x4_add(self.0, other.0))
    }
}

#[cfg(target_arch = "wasm32")]
impl core::ops::Mul for Lanes {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(f32x4_mul(self.0, other.0))
    }
}

#[cfg(target_arch = "wasm32")]
impl core::ops::Sub for Lanes {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(f32x4_sub(self.0, other.0))
    }
}

/// Four numbers.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy)]
pub struct Lanes([f32; LANES]);

#[cfg(not(target_arch = "wasm32"))]
impl Lanes {
    /// Four times the same.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    /// The first four numbers of a slice.
    #[inline(always)]
    pub fn load(from: &[f32]) -> Self {
        let mut lanes = [0.0; LANES];
        lanes.copy_from_slice(&from[..LANES]);
        Self(lanes)
    }

    /// Writes to the first four numbers of a slice.
    #[inline(always)]
    pub fn store(self, to: &mut [f32]) {
        to[..LANES].copy_from_slice(&self.0);
    }

    /// The larger of each pair; a NaN of `self` stays.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { b } else { a })
    }

    /// The smaller of each pair.
    #[inline(always)]
    pub fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if b < a { b } else { a })
    }

    /// Sixteen numbers from 0 to 255 as bytes, four in the bits of each lane; fractions are cut off.
    #[inline(always)]
    pub fn bytes(quads: [Self; LANES]) -> Self {
        Self(quads.map(|lanes| f32::from_ne_bytes(lanes.0.map(|number| number as u8))))
    }

    /// The lanes' bits, which are whole numbers, as numbers.
    #[inline(always)]
    pub fn to_numbers(self) -> Self {
        Self(self.0.map(|bits| bits.to_bits().cast_signed() as f32))
    }

    /// The sums of each pair of whole numbers in the lanes' bits.
    #[inline(always)]
    pub fn plus_integers(self, other: Self) -> Self {
        self.zip(other, |a, b| {
            f32::from_bits(a.to_bits().wrapping_add(b.to_bits()))
        })
    }

    /// Whole numbers in the bits of each lane: `self` and the products of four signed bytes with four from 0 to 127.
    #[inline(always)]
    pub fn plus_dots(self, bytes: Self, weights: Self) -> Self {
        Self(core::array::from_fn(|i| {
            let (bytes, weights) = (bytes.0[i].to_ne_bytes(), weights.0[i].to_ne_bytes());
            let products = bytes.iter().zip(weights);
            let sum: i32 = products
                .map(|(&byte, weight)| i32::from(byte) * i32::from(weight.cast_signed()))
                .sum();
            let before = self.0[i].to_bits().cast_signed();
            f32::from_bits((before + sum).cast_unsigned())
        }))
    }

    /// `a * b + self`.
    #[inline(always)]
    pub fn plus_product(self, a: Self, b: Self) -> Self {
        Self(core::array::from_fn(|i| a.0[i] * b.0[i] + self.0[i]))
    }

    #[inline(always)]
    fn zip(self, other: Self, of: impl Fn(f32, f32) -> f32) -> Self {
        Self(core::array::from_fn(|i| of(self.0[i], other.0[i])))
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl core::ops::Add for Lanes {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl core::ops::Mul for Lanes {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl core::ops::Sub for Lanes {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_of_two_is_kept_and_so_is_what_is_no_number() {
        let mut larger = [0.0; LANES];
        let zero = Lanes::splat(0.0);
        Lanes::load(&[-1.0, 2.0, f32::NAN, f32::INFINITY])
            .max(zero)
            .store(&mut larger);
        assert_eq!(larger[..2], [0.0, 2.0]);
        assert!(
            larger[2].is_nan() && larger[3] == f32::INFINITY,
            "{larger:?}"
        );
    }
}
