//! libFuzzer's way into `strings`.
#![no_main]

#[path = "../strings.rs"]
mod strings;

libfuzzer_sys::fuzz_target!(|data: &[u8]| strings::check(data));
