//! libFuzzer's way into `ledgers`.
#![no_main]

#[path = "../ledgers.rs"]
mod ledgers;
#[path = "../../support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|data: &[u8]| ledgers::check(data));
