#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| libretto_providers::fuzz::read("minimax_speech", bytes));
