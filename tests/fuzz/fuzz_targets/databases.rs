//! libFuzzer's way into `databases`.
#![no_main]

#[path = "../databases.rs"]
mod databases;

libfuzzer_sys::fuzz_target!(|data: &[u8]| databases::check(data));
