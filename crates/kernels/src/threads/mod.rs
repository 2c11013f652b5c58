//! The thread pool: one call's work, shared by the calling thread and worker threads.
//!
//! [`each`] hands out the parts of the work one by one, so that a thread that is held up does fewer of them. The calling
//! thread works, too: without worker threads it does everything.
//!
//! ```
//! use resnet_web_kernels::threads;
//!
//! threads::set_count(2);
//! let mut squares = vec![0; 1000];
//! threads::each(squares.iter_mut().enumerate(), |(i, square)| *square = i * i);
//! assert_eq!(squares[999], 998_001);
//! ```
//!
//! Natively [`set_count`] starts threads. In the browser a worker thread is a Web Worker that the page starts: it calls
//! `join` and then `work`. Only a module that shares its memory can have any, and its caller must be a Web Worker itself,
//! because it waits.

mod pool;

use std::sync::Mutex;

use pool::ThreadPool;

static POOL: ThreadPool = ThreadPool::new();

/// How many threads compute, the calling thread included.
pub fn count() -> usize {
    POOL.count()
}

/// Sets how many threads compute, the calling thread included. Natively this starts the threads that are missing; in the
/// browser the most is one more than have joined.
pub fn set_count(count: usize) {
    #[cfg(not(target_arch = "wasm32"))]
    for _ in POOL.workers() + 1..count {
        let index = POOL.join();
        std::thread::spawn(move || POOL.work(index));
    }
    POOL.set_count(count);
}

/// Calls `work` with each part; returns when all are done. Calls from within `work` run on the thread that makes them.
///
/// # Panics
/// If `work` panics on any thread.
pub fn each<T: Send>(parts: impl Iterator<Item = T> + Send, work: impl Fn(T) + Sync) {
    if POOL.count() == 1 {
        return parts.for_each(work);
    }
    let parts = Mutex::new(parts);
    let next = || parts.lock().ok()?.next();
    POOL.call(&|| {
        while let Some(part) = next() {
            work(part);
        }
    });
}

/// How many parts each thread gets on average.
const PARTS_PER_THREAD: usize = 4;

/// Calls `work` with each whole chunk of `size` elements and its index, on all threads.
///
/// # Panics
/// If `size` is zero or `work` panics.
pub fn each_chunk<T: Send>(slice: &mut [T], size: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    let chunks = match count() {
        1 => slice.len() / size,
        count => (slice.len() / size).div_ceil(PARTS_PER_THREAD * count),
    };
    let parts = slice.chunks_mut(chunks.max(1) * size).enumerate();
    each(parts, |(part, slice)| {
        for (i, chunk) in slice.chunks_exact_mut(size).enumerate() {
            work(part * chunks + i, chunk);
        }
    });
}

/// Adds the calling thread to the worker threads and returns its index. It must call [`work`] next.
#[cfg(target_arch = "wasm32")]
pub fn join() -> usize {
    POOL.join()
}

/// Runs the calling thread as worker thread `index`, for good.
#[cfg(target_arch = "wasm32")]
pub fn work(index: usize) -> ! {
    POOL.work(index)
}

/// How many worker threads have joined.
pub fn workers() -> usize {
    POOL.workers()
}

/// Reports that a worker thread has died: a call that waits for it panics instead.
#[cfg(target_arch = "wasm32")]
pub fn worker_died() {
    POOL.fail();
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    // Miri takes a second for a few calls.
    const THREADS: &[usize] = if cfg!(miri) {
        &[1, 3, 2]
    } else {
        &[1, 2, 5, 3, 1, 4]
    };
    const PARTS: &[usize] = if cfg!(miri) {
        &[0, 1, 7]
    } else {
        &[0, 1, 2, 7, 1000]
    };
    const ROUNDS: usize = if cfg!(miri) { 2 } else { 50 };

    /// How often each of `count` parts is done by calls on several threads, some from within others.
    fn times_done(count: usize) -> Vec<usize> {
        let done: Vec<_> = (0..count).map(|_| AtomicUsize::new(0)).collect();
        each(0..count, |part| {
            each(0..3, |inner| {
                done[part].fetch_add(usize::from(inner == 0), Ordering::Relaxed);
            });
        });
        done.into_iter().map(AtomicUsize::into_inner).collect()
    }

    #[test]
    fn every_part_is_done_once() {
        // The only test that sets the count: all tests share the threads.
        for &threads in THREADS {
            set_count(threads);
            assert_eq!(count(), threads);
            for &parts in PARTS {
                for _ in 0..ROUNDS {
                    assert_eq!(times_done(parts), vec![1; parts], "{threads} threads");
                }
            }
            let panicked = catch_unwind(|| each(0..16, |part| assert_ne!(part, 10)));
            assert!(panicked.is_err(), "{threads} threads");
            assert_eq!(
                times_done(10),
                vec![1; 10],
                "after a panic, {threads} threads"
            );
        }
    }

    #[test]
    fn several_callers_do_not_wait_for_each_other() {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..4 * ROUNDS {
                        assert_eq!(times_done(20), vec![1; 20]);
                    }
                });
            }
        });
    }
}
