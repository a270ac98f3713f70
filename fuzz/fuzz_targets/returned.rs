//! See `bodies/returned.rs`.
#![no_main]
#[path = "../bodies/returned.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
