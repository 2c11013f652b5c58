//! Numbers that several threads write at once.

use std::marker::PhantomData;

/// A slice that several threads write, each to places of its own. It is borrowed as a whole for as long as a copy lives.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    start: *mut f32,
    len: usize,
    of: PhantomData<&'a mut [f32]>,
}

// SAFETY: without `Parts::at`, whose caller answers for it, nothing can be read or written.
#[allow(unsafe_code)]
unsafe impl Send for Parts<'_> {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl Sync for Parts<'_> {}

impl<'a> Parts<'a> {
    /// All of a slice.
    pub fn of(whole: &'a mut [f32]) -> Self {
        Self {
            start: whole.as_mut_ptr(),
            len: whole.len(),
            of: PhantomData,
        }
    }

    /// `count` numbers from `place` on, to be shared out again.
    ///
    /// # Panics
    /// Where the slice has not so many.
    pub fn part(&self, place: usize, count: usize) -> Self {
        self.check(place, count);
        Self {
            start: self.start.wrapping_add(place),
            len: count,
            of: PhantomData,
        }
    }

    /// `count` numbers from `place` on.
    ///
    /// # Safety
    /// While the result lives, nobody else reads or writes any of them, through this, a copy or a [`part`](Self::part).
    ///
    /// # Panics
    /// Where the slice has not so many.
    #[allow(unsafe_code)]
    #[inline(always)]
    pub unsafe fn at(&self, place: usize, count: usize) -> &'a mut [f32] {
        self.check(place, count);
        // SAFETY: they lie within a slice that is borrowed for `'a`, and the caller has them alone.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(place), count) }
    }

    #[inline(always)]
    fn check(&self, place: usize, count: usize) {
        assert!(place <= self.len && count <= self.len - place);
    }
}
