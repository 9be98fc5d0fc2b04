#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| reforge_fuzz::journal::run(input));
