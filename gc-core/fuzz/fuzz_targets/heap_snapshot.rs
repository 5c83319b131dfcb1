//! The reader of `.heapsnapshot` files, and all that is computed of what it has read.

#![no_main]

use gc_core::diagnosis::DiagnosisInput;
use gc_core_fuzz::looks;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(snapshot) = gc_demo::readers::heap_snapshot(data) else { return };
    looks::at(&snapshot);
    let _ = DiagnosisInput::of_snapshot(&snapshot).earlier(&snapshot).diagnose().to_string();
});
