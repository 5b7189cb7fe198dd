//! libFuzzer's way into `runs`.
#![no_main]

#[path = "../runs.rs"]
mod runs;
#[path = "../../support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|data: &[u8]| runs::check(data));
