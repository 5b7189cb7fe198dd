//! libFuzzer's way into `rollups`.
#![no_main]

#[path = "../rollups.rs"]
mod rollups;

libfuzzer_sys::fuzz_target!(|data: &[u8]| rollups::check(data));
