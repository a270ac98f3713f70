//! See `bodies/bundle.rs`.
#![no_main]
#[path = "../bodies/bundle.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
