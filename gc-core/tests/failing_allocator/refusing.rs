//! The allocator: the system's, which refuses while it is told to, on this thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

#[derive(Clone, Copy, Debug)]
pub enum Refusal {
    Never,
    /// The request of this number only.
    Once(u64),
    /// That one and all after it.
    From(u64),
    /// Where the bits of a number say so, again and again.
    Moods(u64),
}

thread_local! {
    static REFUSAL: Cell<Refusal> = const { Cell::new(Refusal::Never) };
    static OPEN: Cell<bool> = const { Cell::new(false) };
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

/// From here on requests are counted from 0.
pub fn begin(refusal: Refusal) {
    REFUSAL.set(refusal);
    ASKED.set(0);
}

/// How many there were while [`refusing`].
pub fn asked() -> u64 {
    ASKED.get()
}

/// Refuses, when it is time to, what `f` asks for.
pub fn refusing<R>(f: impl FnOnce() -> R) -> R {
    OPEN.set(true);
    let result = f();
    OPEN.set(false);
    result
}

/// Refuses nothing meanwhile: what the test itself needs within.
pub fn indulging<R>(f: impl FnOnce() -> R) -> R {
    let before = OPEN.replace(false);
    let result = f();
    OPEN.set(before);
    result
}

pub struct Refusing;

impl Refusing {
    fn refuses() -> bool {
        if !OPEN.get() {
            return false;
        }
        let number = ASKED.replace(ASKED.get() + 1);
        match REFUSAL.get() {
            Refusal::Never => false,
            Refusal::Once(at) => number == at,
            Refusal::From(at) => number >= at,
            Refusal::Moods(moods) => moods >> (number % 64) & 1 == 0,
        }
    }
}

// SAFETY: passes everything on to the system's allocator, or refuses.
unsafe impl GlobalAlloc for Refusing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: passed on.
        if Refusing::refuses() { std::ptr::null_mut() } else { unsafe { System.alloc(layout) } }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: passed on.
        if Refusing::refuses() { std::ptr::null_mut() } else { unsafe { System.realloc(pointer, layout, size) } }
    }
}
