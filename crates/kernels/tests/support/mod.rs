//! What the tests share: numbers, and threads to compute with.

use std::sync::{Mutex, PoisonError};

use resnet_web_kernels::threads;

/// How many threads compute.
pub const THREADS: &[usize] = if cfg!(miri) { &[1, 3] } else { &[1, 2, 3, 5] };
/// Multiplications of a case that Miri runs, at most.
pub const MOST_UNDER_MIRI: usize = 1 << 10;

/// Runs `work` on so many threads; no other test changes it meanwhile.
pub fn on_threads(count: usize, work: impl FnOnce()) {
    static COUNT: Mutex<()> = Mutex::new(());
    let _ours = COUNT.lock().unwrap_or_else(PoisonError::into_inner);
    threads::set_count(count);
    work();
}

/// Numbers between -1 and 1 that follow from a seed: the upper bits of a linear congruential generator (Knuth's MMIX).
pub fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}
