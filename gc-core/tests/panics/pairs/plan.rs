//! Where user code is to panic.

use std::cell::{Cell, RefCell};
use std::panic::resume_unwind;

/// The numbers of the points that panic, in the order in which the program comes to them.
pub struct Plan([usize; 2]);

/// What a point panics with.
pub struct Injected;

thread_local! {
    static WHERE: Cell<[usize; 2]> = const { Cell::new([usize::MAX; 2]) };
    static MET: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    static IS_ON: Cell<bool> = const { Cell::new(false) };
}

impl Plan {
    pub fn none() -> Plan {
        Plan::at([usize::MAX; 2])
    }

    pub fn at(points: [usize; 2]) -> Plan {
        Plan(points)
    }

    /// From here on points count, and panic, until [`finish`].
    pub fn begin(&self) {
        WHERE.set(self.0);
        MET.take();
        IS_ON.set(true);
    }
}

/// No point panics any more; the kinds of those that were met.
pub fn finish() -> Vec<&'static str> {
    IS_ON.set(false);
    MET.take()
}

/// User code is called here. While a panic unwinds another one would end the process, as in any
/// Rust program: then nothing is injected.
pub fn point(kind: &'static str) {
    if !IS_ON.get() || std::thread::panicking() {
        return;
    }
    let number = MET.with_borrow_mut(|met| {
        met.push(kind);
        met.len() - 1
    });
    if WHERE.get().contains(&number) {
        resume_unwind(Box::new(Injected));
    }
}
