#![no_main]

mod bounded;
mod shared;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shared::read(bytes));
