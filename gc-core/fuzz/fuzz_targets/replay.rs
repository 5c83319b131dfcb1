//! The reader of recorded programs, and the replay of what it took for one: whatever the program
//! says, the heap does it or refuses it, and what differs can be told.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = gc_demo::readers::replay_text(text);
});
