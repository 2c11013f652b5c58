//! SIMD vectors of four f32: WebAssembly's 128-bit registers, arrays everywhere else.

#[cfg(target_arch = "wasm32")]
use core::arch::wasm32::*;

/// Lanes of a vector.
pub const LANES: usize = 4;

/// Four f32, or the bits of four i32 or of sixteen bytes.
#[cfg(target_arch = "wasm32")]
#[derive(Clone, Copy)]
pub struct F32x4(v128);

#[cfg(target_arch = "wasm32")]
impl F32x4 {
    /// The same number in every lane.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
    }

    /// The first four elements of a slice.
    #[inline(always)]
    pub fn load(from: &[f32]) -> Self {
        let from = &from[..LANES];
        // SAFETY: the slice has sixteen bytes, and `v128.load` needs no alignment.
        #[allow(unsafe_code)]
        Self(unsafe { v128_load(from.as_ptr().cast()) })
    }

    /// Writes the lanes to the first four elements of a slice.
    #[inline(always)]
    pub fn store(self, to: &mut [f32]) {
        let to: &mut [f32] = &mut to[..LANES];
        // SAFETY: the slice has sixteen bytes, and `v128.store` needs no alignment.
        #[allow(unsafe_code)]
        unsafe {
            v128_store(to.as_mut_ptr().cast(), self.0);
        }
    }

    /// The larger of each pair, NaN if either is.
    ///
    /// Three instructions on x86, where WebAssembly's own `f32x4.max` takes nine.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        let nan = f32x4_ne(other.0, other.0);
        Self(v128_or(f32x4_pmax(self.0, other.0), nan))
    }

    /// `if self < other { other } else { self }`, lane by lane: a NaN in `self` stays, one in `other` is ignored.
    #[inline(always)]
    pub fn pmax(self, other: Self) -> Self {
        Self(f32x4_pmax(self.0, other.0))
    }

    /// `if other < self { other } else { self }`, lane by lane.
    #[inline(always)]
    pub fn pmin(self, other: Self) -> Self {
        Self(f32x4_pmin(self.0, other.0))
    }

    /// Sixteen numbers from 0 to 255 truncated to bytes, four in the bits of each lane.
    #[inline(always)]
    pub fn to_bytes([a, b, c, d]: [Self; LANES]) -> Self {
        let [a, b, c, d] = [a, b, c, d].map(|lanes| i32x4_trunc_sat_f32x4(lanes.0));
        let (low, high) = (i16x8_narrow_i32x4(a, b), i16x8_narrow_i32x4(c, d));
        Self(u8x16_narrow_i16x8(low, high))
    }

    /// i32 lanes converted to f32.
    #[inline(always)]
    pub fn i32_to_f32(self) -> Self {
        Self(f32x4_convert_i32x4(self.0))
    }

    /// The sums of i32 lanes.
    #[inline(always)]
    pub fn add_i32(self, other: Self) -> Self {
        Self(i32x4_add(self.0, other.0))
    }

    /// Adds to each i32 lane the dot product of four `bytes` from 0 to 127 with four signed `weights`.
    #[cfg(feature = "relaxed-simd")]
    #[inline]
    #[target_feature(enable = "relaxed-simd")]
    pub fn add_dots(self, bytes: Self, weights: Self) -> Self {
        Self(i32x4_relaxed_dot_i8x16_i7x16_add(
            weights.0, bytes.0, self.0,
        ))
    }

    /// Never called: `quantise::IS_AVAILABLE` is false in this build.
    #[cfg(not(feature = "relaxed-simd"))]
    #[inline(always)]
    pub fn add_dots(self, _bytes: Self, _weights: Self) -> Self {
        self
    }

    /// `a * b + self`, rounded once.
    #[cfg(feature = "relaxed-simd")]
    #[inline]
    #[target_feature(enable = "relaxed-simd")]
    pub fn add_product(self, a: Self, b: Self) -> Self {
        Self(f32x4_relaxed_madd(a.0, b.0, self.0))
    }

    /// `a * b + self`
    #[cfg(not(feature = "relaxed-simd"))]
    #[inline(always)]
    pub fn add_product(self, a: Self, b: Self) -> Self {
        Self(f32x4_add(f32x4_mul(a.0, b.0), self.0))
    }
}

#[cfg(target_arch = "wasm32")]
impl core::ops::Add for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(f32x4_add(self.0, other.0))
    }
}

#[cfg(target_arch = "wasm32")]
impl core::ops::Mul for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(f32x4_mul(self.0, other.0))
    }
}

#[cfg(target_arch = "wasm32")]
impl core::ops::Sub for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(f32x4_sub(self.0, other.0))
    }
}

/// Four f32, or the bits of four i32 or of sixteen bytes.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy)]
pub struct F32x4([f32; LANES]);

#[cfg(not(target_arch = "wasm32"))]
impl F32x4 {
    /// The same number in every lane.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    /// The first four elements of a slice.
    #[inline(always)]
    pub fn load(from: &[f32]) -> Self {
        let mut lanes = [0.0; LANES];
        lanes.copy_from_slice(&from[..LANES]);
        Self(lanes)
    }

    /// Writes the lanes to the first four elements of a slice.
    #[inline(always)]
    pub fn store(self, to: &mut [f32]) {
        to[..LANES].copy_from_slice(&self.0);
    }

    /// The larger of each pair, NaN if either is.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b || b.is_nan() { b } else { a })
    }

    /// `if self < other { other } else { self }`, lane by lane: a NaN in `self` stays, one in `other` is ignored.
    #[inline(always)]
    pub fn pmax(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { b } else { a })
    }

    /// `if other < self { other } else { self }`, lane by lane.
    #[inline(always)]
    pub fn pmin(self, other: Self) -> Self {
        self.zip(other, |a, b| if b < a { b } else { a })
    }

    /// Sixteen numbers from 0 to 255 truncated to bytes, four in the bits of each lane.
    #[inline(always)]
    pub fn to_bytes(vectors: [Self; LANES]) -> Self {
        Self(vectors.map(|lanes| f32::from_ne_bytes(lanes.0.map(|number| number as u8))))
    }

    /// i32 lanes converted to f32.
    #[inline(always)]
    pub fn i32_to_f32(self) -> Self {
        Self(self.0.map(|bits| bits.to_bits().cast_signed() as f32))
    }

    /// The sums of i32 lanes.
    #[inline(always)]
    pub fn add_i32(self, other: Self) -> Self {
        self.zip(other, |a, b| {
            f32::from_bits(a.to_bits().wrapping_add(b.to_bits()))
        })
    }

    /// Adds to each i32 lane the dot product of four `bytes` from 0 to 127 with four signed `weights`.
    #[inline(always)]
    pub fn add_dots(self, bytes: Self, weights: Self) -> Self {
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
    pub fn add_product(self, a: Self, b: Self) -> Self {
        Self(core::array::from_fn(|i| a.0[i] * b.0[i] + self.0[i]))
    }

    #[inline(always)]
    fn zip(self, other: Self, of: impl Fn(f32, f32) -> f32) -> Self {
        Self(core::array::from_fn(|i| of(self.0[i], other.0[i])))
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl core::ops::Add for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl core::ops::Mul for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl core::ops::Sub for F32x4 {
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
    fn maxima_of_nan() {
        const NAN: f32 = f32::NAN;
        type Of = fn(F32x4, F32x4) -> F32x4;
        let cases: [(&str, Of, [f32; LANES]); 3] = [
            ("max", F32x4::max, [2.0, 3.0, NAN, NAN]),
            ("pmax", F32x4::pmax, [2.0, 3.0, NAN, 1.0]),
            ("pmin", F32x4::pmin, [-1.0, 2.0, NAN, 1.0]),
        ];
        let [a, b] = [[2.0, 2.0, NAN, 1.0], [-1.0, 3.0, 1.0, NAN]].map(|lanes| F32x4::load(&lanes));
        for (name, of, expected) in cases {
            let mut found = [0.0; LANES];
            of(a, b).store(&mut found);
            // Compared as text: NaN is not equal to itself.
            assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{name}");
        }
    }
}
