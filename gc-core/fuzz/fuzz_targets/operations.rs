//! Programs of the property test on two heaps: both policies, both paces, finalizers and callbacks
//! that do what they like. The heap and the mirror of it must agree after each act.

#![no_main]

use gc_core_fuzz::{decode, free};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(program) = decode::program(data) else { return };
    if let Err(wrong) = free::run(&program) {
        panic!("{wrong}\n{program:?}");
    }
});
