//! See `bodies/read.rs`.
#![no_main]
#[path = "../bodies/read.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
