//! Work that several threads do together.
//!
//! [`each`] hands out the parts of a piece of work one by one, so that a thread that is held up does fewer of them. The
//! caller works, too: without helpers, it does everything.
//!
//! Natively [`set_count`] starts threads. In the browser a thread is a worker that the page's code starts; it calls
//! `join` and then `help`. Only a module that shares its memory can have any, and its caller must be a worker itself, because it waits.

mod pool;

use std::sync::Mutex;

use pool::Team;

static TEAM: Team = Team::new();

/// How many threads compute, the caller included.
pub fn count() -> usize {
    TEAM.count()
}

/// Sets how many threads compute, the caller included. Natively this starts those that are missing; in the browser it is
/// at most as many as have joined, and the caller.
pub fn set_count(count: usize) {
    #[cfg(not(target_arch = "wasm32"))]
    for _ in TEAM.helpers() + 1..count {
        let place = TEAM.join();
        std::thread::spawn(move || TEAM.help(place));
    }
    TEAM.set_count(count);
}

/// Does `work` on each part; returns when all is done. Calls within `work` are done by the thread that makes them.
///
/// # Panics
/// Where `work` panics, here or in another thread.
pub fn each<T: Send>(parts: impl Iterator<Item = T> + Send, work: impl Fn(T) + Sync) {
    if TEAM.count() == 1 {
        return parts.for_each(work);
    }
    let parts = Mutex::new(parts);
    let next = || parts.lock().ok()?.next();
    TEAM.call(&|| {
        while let Some(part) = next() {
            work(part);
        }
    });
}

/// Parts of a slice that each thread is to have on average.
const PARTS_PER_THREAD: usize = 4;

/// Calls `work` with each whole chunk of `size` numbers and its place, on as many threads as there are.
pub fn each_chunk<T: Send>(numbers: &mut [T], size: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    let chunks = match count() {
        1 => numbers.len() / size,
        count => (numbers.len() / size).div_ceil(PARTS_PER_THREAD * count),
    };
    let parts = numbers.chunks_mut(chunks.max(1) * size).enumerate();
    each(parts, |(part, numbers)| {
        for (i, chunk) in numbers.chunks_exact_mut(size).enumerate() {
            work(part * chunks + i, chunk);
        }
    });
}

/// Counts the calling thread among the helpers and tells its place; [`help`] has to follow.
#[cfg(target_arch = "wasm32")]
pub fn join() -> usize {
    TEAM.join()
}

/// Makes the calling thread a helper, for good.
#[cfg(target_arch = "wasm32")]
pub fn help(place: usize) -> ! {
    TEAM.help(place)
}

/// How many threads have joined.
pub fn helpers() -> usize {
    TEAM.helpers()
}

/// Says that a helper has died, so that nobody waits for it: whoever does, panics.
#[cfg(target_arch = "wasm32")]
pub fn helper_died() {
    TEAM.fail();
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    // What is tried. Miri takes a second for a few calls.
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

    /// Calls of `count` parts each on several threads, some from within others: how often each part was done.
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
        // The one test that sets the count, because all tests share the threads.
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
