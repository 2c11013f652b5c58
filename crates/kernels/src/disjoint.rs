//! A slice that several threads write, each to ranges of its own.

use std::marker::PhantomData;

/// A mutable slice that can be copied to several threads. It stays borrowed as a whole for as long as a copy lives.
///
/// Unlike `chunks_mut` it can hand out ranges that interleave, such as some channels of every pixel.
#[derive(Debug, Clone, Copy)]
pub struct DisjointSlice<'a> {
    start: *mut f32,
    len: usize,
    borrow: PhantomData<&'a mut [f32]>,
}

// SAFETY: the only access is the unsafe `DisjointSlice::range`, whose caller promises that ranges do not overlap.
#[allow(unsafe_code)]
unsafe impl Send for DisjointSlice<'_> {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl Sync for DisjointSlice<'_> {}

impl<'a> DisjointSlice<'a> {
    /// Borrows all of `slice`.
    pub fn new(slice: &'a mut [f32]) -> Self {
        Self {
            start: slice.as_mut_ptr(),
            len: slice.len(),
            borrow: PhantomData,
        }
    }

    /// The `len` elements from `start` on, to be divided further.
    ///
    /// # Panics
    /// If they do not lie within the slice.
    pub fn part(&self, start: usize, len: usize) -> Self {
        self.check(start, len);
        Self {
            start: self.start.wrapping_add(start),
            len,
            borrow: PhantomData,
        }
    }

    /// The `len` elements from `start` on.
    ///
    /// # Safety
    /// While the result is in use, nothing else reads or writes these elements: not through this slice, a copy of it or a
    /// [`part`](Self::part).
    ///
    /// # Panics
    /// If they do not lie within the slice.
    #[allow(unsafe_code)]
    #[inline(always)]
    pub unsafe fn range(&self, start: usize, len: usize) -> &'a mut [f32] {
        self.check(start, len);
        // SAFETY: the range was checked to lie within a slice that is borrowed for `'a`, and the caller promises that it is
        // not accessed in any other way.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), len) }
    }

    #[inline(always)]
    fn check(&self, start: usize, len: usize) {
        assert!(start <= self.len && len <= self.len - start);
    }
}
