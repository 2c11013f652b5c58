//! The surface for threads: Web Workers that share this module's memory.

use wasm_bindgen::prelude::*;

use crate::threads;

/// The compiled module, to be instantiated in another worker on the same memory.
#[wasm_bindgen(js_name = sharedModule)]
pub fn shared_module() -> JsValue {
    wasm_bindgen::module()
}

/// The memory that the workers share.
#[wasm_bindgen(js_name = sharedMemory)]
pub fn shared_memory() -> JsValue {
    wasm_bindgen::memory()
}

/// Adds the calling worker to the thread pool and returns its index. [`run_worker_thread`] must be called next.
#[wasm_bindgen(js_name = joinThreadPool)]
pub fn join_thread_pool() -> usize {
    threads::join()
}

/// Makes the calling worker a worker thread. Returns only by a trap.
#[wasm_bindgen(js_name = runWorkerThread)]
pub fn run_worker_thread(place: usize) {
    threads::work(place);
}

/// Reports that a worker thread trapped, so that no other thread waits for it.
#[wasm_bindgen(js_name = workerThreadDied)]
pub fn worker_thread_died() {
    threads::worker_died();
}

/// The number of worker threads.
#[wasm_bindgen(js_name = workerThreads)]
pub fn worker_threads() -> usize {
    threads::workers()
}

/// Sets how many threads compute, the calling one included: at most one more than there are worker threads. Returns how many
/// do.
#[wasm_bindgen(js_name = setThreads)]
pub fn set_threads(count: usize) -> usize {
    threads::set_count(count);
    threads::count()
}
