//! The surface for threads: workers of the page that share this module's memory.

use wasm_bindgen::prelude::*;

use crate::threads;

/// The compiled module, to be started again in another worker on the same memory.
#[wasm_bindgen(js_name = sharedModule)]
pub fn shared_module() -> JsValue {
    wasm_bindgen::module()
}

/// The memory, to be shared with it.
#[wasm_bindgen(js_name = sharedMemory)]
pub fn shared_memory() -> JsValue {
    wasm_bindgen::memory()
}

/// Counts the calling worker among the helpers and tells its place; [`help`] has to follow.
#[wasm_bindgen(js_name = joinHelpers)]
pub fn join_helpers() -> usize {
    threads::join()
}

/// Makes the calling worker a helper. It is left only by a trap.
#[wasm_bindgen]
pub fn help(place: usize) {
    threads::work(place);
}

/// Says that a helper trapped, so that nobody waits for it.
#[wasm_bindgen(js_name = helperDied)]
pub fn helper_died() {
    threads::worker_died();
}

/// How many workers are helping.
#[wasm_bindgen]
pub fn helpers() -> usize {
    threads::workers()
}

/// Sets how many threads compute, the caller included: at most one more than there are helpers. Tells how many do.
#[wasm_bindgen(js_name = setThreads)]
pub fn set_threads(count: usize) -> usize {
    threads::set_count(count);
    threads::count()
}
