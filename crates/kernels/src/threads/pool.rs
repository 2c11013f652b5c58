//! A caller and its helpers.
//!
//! A network makes a call about every half millisecond, and waking a thread that sleeps takes a tenth of that. So helpers
//! look for the next call for a while before they go to sleep, and the caller looks for their end in the same way.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};

/// How often a thread looks before it goes to sleep: about a millisecond. Miri takes that long for one.
const LOOKS: u32 = if cfg!(miri) { 8 } else { 1 << 20 };

// There a call goes on to its panic without the helpers that still have its work: it must not return to whom it belongs.
#[cfg(all(target_arch = "wasm32", panic = "unwind"))]
compile_error!("in the browser a call that lost a helper has to end in an abort");

/// What every thread does once in each call.
type Work<'a> = &'a (dyn Fn() + Sync);

/// A caller and its helpers. Calls from other threads than the first, and calls within calls, go without helpers.
pub struct Team {
    state: Mutex<State>,
    /// Held by the caller.
    turn: Mutex<()>,
    /// Calls so far, to look at without taking the lock.
    calls: AtomicU32,
    /// Helpers at work, likewise.
    busy: AtomicUsize,
    count: AtomicUsize,
    helpers: AtomicUsize,
    /// Whether a helper died at work.
    failed: AtomicBool,
    /// Rung for helpers that sleep.
    call: Condvar,
    /// Rung for a caller that sleeps.
    end: Condvar,
}

struct State {
    work: Option<Work<'static>>,
    /// Helpers that sleep.
    asleep: usize,
    /// Whether the caller does.
    caller_asleep: bool,
}

impl Team {
    /// A caller alone.
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
            helpers: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            call: Condvar::new(),
            end: Condvar::new(),
        }
    }

    /// How many threads compute, the caller included.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Sets it, at most to what there is.
    pub fn set_count(&self, count: usize) {
        let most = self.helpers() + 1;
        self.count.store(count.clamp(1, most), Ordering::Relaxed);
        // Those who were left out may be wanted now.
        drop(self.state());
        self.call.notify_all();
    }

    /// How many helpers there are.
    pub fn helpers(&self) -> usize {
        self.helpers.load(Ordering::Relaxed)
    }

    /// A new helper's place in the row: places begin with one, the caller's is zero.
    pub fn join(&self) -> usize {
        self.helpers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Says that a helper has died.
    #[cfg(target_arch = "wasm32")]
    pub fn fail(&self) {
        let state = self.state();
        self.failed.store(true, Ordering::Relaxed);
        drop(state);
        self.end.notify_all();
    }

    /// Does `work` once on this thread and on every helper that comes before this thread is done; returns when all are.
    ///
    /// # Panics
    /// Where `work` panics on any thread.
    pub fn call(&self, work: Work<'_>) {
        let _turn = match self.turn.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(turn)) => turn.into_inner(),
            Err(TryLockError::WouldBlock) => return work(),
        };
        // SAFETY: only the lifetime changes. `Call` takes the work back and waits for all who have it when it is
        // dropped, which is before `work` ends, whether this function returns or panics. In the browser it does not wait
        // where a helper has died, but then the assertion below aborts, and `work` never ends.
        #[allow(unsafe_code)]
        let lasting = unsafe { std::mem::transmute::<Work<'_>, Work<'static>>(work) };
        let call = Call::of(self, lasting);
        work();
        drop(call);
        assert!(
            !self.failed.load(Ordering::Relaxed),
            "a thread died that was helping with this work"
        );
    }

    /// Helps with every call in which this place is among those that compute.
    pub fn help(&self, place: usize) -> ! {
        let mut seen = 0;
        loop {
            self.wait_for_call(place, seen);
            let state = self.state();
            seen = self.calls.load(Ordering::Relaxed);
            if let Some(work) = state.work {
                self.busy.fetch_add(1, Ordering::Relaxed);
                drop(state);
                let helper = Helper(self);
                #[cfg(not(target_arch = "wasm32"))]
                // A helper outlives its panics, as a caller does.
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    let dying = Dying(self);
                    work();
                    std::mem::forget(dying);
                }));
                #[cfg(target_arch = "wasm32")]
                work();
                drop(helper);
            }
        }
    }

    /// Waits for another call than `seen`.
    fn wait_for_call(&self, place: usize, seen: u32) {
        let news = || self.calls.load(Ordering::Acquire) != seen && place < self.count();
        if place < self.count() {
            for _ in 0..LOOKS {
                if news() {
                    return;
                }
                std::hint::spin_loop();
            }
        }
        let mut state = self.state();
        while !news() {
            // Those who are not wanted are not counted: nobody has to wake them for a call.
            let wanted = usize::from(place < self.count());
            state.asleep += wanted;
            state = self
                .call
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.asleep -= wanted;
        }
    }

    /// Waits until no helper is at work, or one has died.
    fn wait_for_end(&self) {
        let over = || {
            // Natively one that dies leaves its work first; in the browser it never does.
            let died = cfg!(target_arch = "wasm32") && self.failed.load(Ordering::Relaxed);
            died || self.busy.load(Ordering::Acquire) == 0
        };
        for _ in 0..LOOKS {
            if over() {
                return;
            }
            std::hint::spin_loop();
        }
        let mut state = self.state();
        state.caller_asleep = true;
        while !over() {
            state = self.end.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.caller_asleep = false;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call under way; over when dropped.
struct Call<'a>(&'a Team);

impl<'a> Call<'a> {
    fn of(team: &'a Team, work: Work<'static>) -> Self {
        team.failed.store(false, Ordering::Relaxed);
        let mut state = team.state();
        state.work = Some(work);
        team.calls.fetch_add(1, Ordering::Release);
        let asleep = state.asleep > 0;
        drop(state);
        if asleep {
            team.call.notify_all();
        }
        Self(team)
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.state().work = None;
        self.0.wait_for_end();
    }
}

/// A helper at work; done when dropped.
struct Helper<'a>(&'a Team);

impl Drop for Helper<'_> {
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
struct Dying<'a>(&'a Team);

#[cfg(not(target_arch = "wasm32"))]
impl Drop for Dying<'_> {
    fn drop(&mut self) {
        self.0.failed.store(true, Ordering::Relaxed);
    }
}
