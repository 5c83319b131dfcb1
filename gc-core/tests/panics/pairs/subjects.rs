//! The objects, and what is known of them outside of the heap.

use super::plan::point;
use gc_core::{Finalize, Gc, Heap, Slot, Trace, TypeWalker, Visitor, WeakRef};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What became of an object.
#[derive(Clone, Copy, Default, Debug)]
pub struct Fate {
    /// It was on the heap, and has a finalizer.
    pub finalizable: bool,
    pub finalized: u32,
    pub dropped: u32,
}

thread_local! {
    static FATES: RefCell<BTreeMap<u32, Fate>> = const { RefCell::new(BTreeMap::new()) };
}

fn fate(id: u32, change: impl FnOnce(&mut Fate)) {
    FATES.with_borrow_mut(|fates| change(fates.entry(id).or_default()));
}

/// What became of all objects since this was last asked.
pub fn fates() -> BTreeMap<u32, Fate> {
    FATES.take()
}

/// Part of every value; its drop is user code.
pub struct Bomb(u32);

impl Bomb {
    /// Of a new value.
    fn new() -> Bomb {
        let id = FATES.with_borrow(|fates| fates.len() as u32);
        fate(id, |_| ());
        Bomb(id)
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        fate(self.0, |fate| fate.dropped += 1);
        point("value drop");
    }
}

/// An object with a finalizer.
#[derive(Trace)]
#[trace(finalize)]
pub struct Subject {
    #[trace(skip)]
    bomb: Bomb,
    pub next: Slot<Subject>,
    pub hand: Slot<Hand>,
    pub weak: Slot<WeakRef<Subject>>,
}

/// An object without one, whose `Trace` is written by hand, and panics, against the contract.
pub struct Hand {
    _bomb: Bomb,
    pub next: Slot<Hand>,
    pub subject: Slot<Subject>,
}

// SAFETY: each pointer is reported once. (That it panics is what is tested.)
unsafe impl Trace for Hand {
    fn types(walk: &mut TypeWalker) {
        walk.field::<Slot<Hand>>();
        walk.field::<Slot<Subject>>();
        walk.untraced::<Bomb>();
    }
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        self.next.trace(visitor);
        point("trace");
        self.subject.trace(visitor);
    }
}

impl Finalize for Subject {
    fn armed(&self) -> bool {
        point("armed");
        true
    }

    fn finalize(this: &Gc<Subject>) {
        fate(this.bomb.0, |fate| fate.finalized += 1);
        point("finalizer");
    }
}

pub fn subject(heap: &Heap) -> Gc<Subject> {
    let (next, hand, weak) = (Slot::empty(), Slot::empty(), Slot::empty());
    let made = heap.alloc(Subject { bomb: Bomb::new(), next, hand, weak });
    fate(made.bomb.0, |fate| fate.finalizable = true);
    made
}

/// A value of the other type.
pub fn hand() -> Hand {
    Hand { _bomb: Bomb::new(), next: Slot::empty(), subject: Slot::empty() }
}
