//! The pool itself: a call under way, and the worker threads that join it.
//!
//! A network makes a call about every half millisecond, and waking a sleeping thread takes a tenth of that. So worker
//! threads spin for a while before they sleep, and the caller spins in the same way until they are done.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};

/// How often a thread spins before it sleeps: about a millisecond. Under Miri one turn takes that long.
const SPINS: u32 = if cfg!(miri) { 8 } else { 1 << 20 };

// In the browser a call whose worker thread has died does not wait for the others, which still have its work: the panic
// must abort, so that the call never returns to the owner of that work.
#[cfg(all(target_arch = "wasm32", panic = "unwind"))]
compile_error!("the thread pool needs panic = \"abort\" in WebAssembly");

/// What every thread runs once in each call.
type Work<'a> = &'a (dyn Fn() + Sync);

/// A pool for one caller at a time. A second caller, or a call within a call, runs its work alone.
pub struct ThreadPool {
    state: Mutex<State>,
    /// Held by the caller.
    turn: Mutex<()>,
    /// Calls so far. Atomic, so that a spinning worker need not take the lock.
    calls: AtomicU32,
    /// Worker threads that run the current work. Atomic for the caller that spins.
    busy: AtomicUsize,
    count: AtomicUsize,
    workers: AtomicUsize,
    /// Whether a worker thread has died in this call.
    failed: AtomicBool,
    /// Wakes worker threads for a call.
    call: Condvar,
    /// Wakes the caller at the end of a call.
    end: Condvar,
}

struct State {
    work: Option<Work<'static>>,
    /// Worker threads that sleep and would take part in a call.
    asleep: usize,
    caller_asleep: bool,
}

impl ThreadPool {
    /// A pool without worker threads.
    pub const fn new() -> Self {
        Self {
            state: Mutex::new(State {
                work: None,
                asleep: 0,
                caller_asleep: false,
            }),
            turn: Mutex::new(()),
            calls: AtomicU32::new(0),
            busy: AtomicUsize::new(0),
            count: AtomicUsize::new(1),
            workers: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            call: Condvar::new(),
            end: Condvar::new(),
        }
    }

    /// How many threads compute, the caller included.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Sets how many threads compute: at least one, at most all there are.
    pub fn set_count(&self, count: usize) {
        let most = self.workers() + 1;
        self.count.store(count.clamp(1, most), Ordering::Relaxed);
        // Workers that were left out until now may have to spin from here on.
        drop(self.state());
        self.call.notify_all();
    }

    /// How many worker threads have joined.
    pub fn workers(&self) -> usize {
        self.workers.load(Ordering::Relaxed)
    }

    /// The index of a new worker thread. The caller is thread 0.
    pub fn join(&self) -> usize {
        self.workers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Reports that a worker thread has died.
    #[cfg(target_arch = "wasm32")]
    pub fn fail(&self) {
        let state = self.state();
        self.failed.store(true, Ordering::Relaxed);
        drop(state);
        self.end.notify_all();
    }

    /// Runs `work` once on this thread and on every worker thread that comes before this one is done; returns when all
    /// are.
    ///
    /// # Panics
    /// If `work` panics on any thread.
    pub fn call(&self, work: Work<'_>) {
        let _turn = match self.turn.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(turn)) => turn.into_inner(),
            Err(TryLockError::WouldBlock) => return work(),
        };
        // SAFETY: only the lifetime changes. Dropping `Call` takes the work back and waits for every thread that runs it,
        // which happens before `work` ends, whether this function returns or panics. In the browser it does not wait once
        // a worker thread has died, but then the assertion below aborts, and `work` never ends.
        #[allow(unsafe_code)]
        let lasting = unsafe { std::mem::transmute::<Work<'_>, Work<'static>>(work) };
        let call = Call::start(self, lasting);
        work();
        drop(call);
        assert!(
            !self.failed.load(Ordering::Relaxed),
            "a worker thread died during this call"
        );
    }

    /// Runs the work of every call in which thread `index` takes part.
    pub fn work(&self, index: usize) -> ! {
        let mut seen = 0;
        loop {
            self.wait_for_call(index, seen);
            let state = self.state();
            seen = self.calls.load(Ordering::Relaxed);
            if let Some(work) = state.work {
                self.busy.fetch_add(1, Ordering::Relaxed);
                drop(state);
                let busy = Busy(self);
                #[cfg(not(target_arch = "wasm32"))]
                // A worker thread outlives its panics, as a caller does.
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    let dying = Dying(self);
                    work();
                    std::mem::forget(dying);
                }));
                #[cfg(target_arch = "wasm32")]
                work();
                drop(busy);
            }
        }
    }

    /// Waits until the number of calls is not `seen` any more.
    fn wait_for_call(&self, index: usize, seen: u32) {
        let is_called = || self.calls.load(Ordering::Acquire) != seen && index < self.count();
        if index < self.count() {
            for _ in 0..SPINS {
                if is_called() {
                    return;
                }
                std::hint::spin_loop();
            }
        }
        let mut state = self.state();
        while !is_called() {
            // A worker that takes no part is not counted, so that no call wakes threads for it.
            let takes_part = usize::from(index < self.count());
            state.asleep += takes_part;
            state = self
                .call
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.asleep -= takes_part;
        }
    }

    /// Waits until no worker thread runs the work, or one has died.
    fn wait_for_end(&self) {
        let is_over = || {
            // Natively a worker that dies counts itself out first; in the browser it cannot.
            let died = cfg!(target_arch = "wasm32") && self.failed.load(Ordering::Relaxed);
            died || self.busy.load(Ordering::Acquire) == 0
        };
        for _ in 0..SPINS {
            if is_over() {
                return;
            }
            std::hint::spin_loop();
        }
        let mut state = self.state();
        state.caller_asleep = true;
        while !is_over() {
            state = self.end.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.caller_asleep = false;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call under way. Dropping it ends the call.
struct Call<'a>(&'a ThreadPool);

impl<'a> Call<'a> {
    fn start(pool: &'a ThreadPool, work: Work<'static>) -> Self {
        pool.failed.store(false, Ordering::Relaxed);
        let mut state = pool.state();
        state.work = Some(work);
        pool.calls.fetch_add(1, Ordering::Release);
        let asleep = state.asleep > 0;
        drop(state);
        if asleep {
            pool.call.notify_all();
        }
        Self(pool)
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.state().work = None;
        self.0.wait_for_end();
    }
}

/// A worker thread that runs the work. Dropping it counts the thread out.
struct Busy<'a>(&'a ThreadPool);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let state = self.0.state();
        self.0.busy.fetch_sub(1, Ordering::Release);
        let caller_asleep = state.caller_asleep;
        drop(state);
        if caller_asleep {
            self.0.end.notify_all();
        }
    }
}

/// Marks the call as failed unless it is forgotten.
#[cfg(not(target_arch = "wasm32"))]
struct Dying<'a>(&'a ThreadPool);

#[cfg(not(target_arch = "wasm32"))]
impl Drop for Dying<'_> {
    fn drop(&mut self) {
        self.0.failed.store(true, Ordering::Relaxed);
    }
}
