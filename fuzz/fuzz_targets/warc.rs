//! See `bodies/warc.rs`.
#![no_main]
#[path = "../bodies/warc.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
