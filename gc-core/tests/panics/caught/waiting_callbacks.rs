//! A weak reference that is dropped while its callback waits to run: what the callback captured is
//! dropped by the code that drops the weak reference, and a panic there goes the same way.

use super::{BOTH, Plain, REPORTS, assert_sound, heap, panic_if, report};
use crate::support::{log, logged};
use gc_core::hooks::UnraisableKind;
use gc_core::{Gc, Slot, Weak};
use std::cell::RefCell;
use std::rc::Rc;

/// Panics when it is dropped, if the test panics in "capture".
struct Captured;

impl Drop for Captured {
    fn drop(&mut self) {
        log("capture dropped");
        panic_if("capture");
    }
}

#[test]
fn dropped_by_the_callback_before_it() {
    for policy in BOTH {
        for cycle in [false, true] {
            let heap = heap(policy, "capture");
            let target = heap.alloc(Plain { me: Slot::empty() });
            if cycle {
                target.me.set(Some(target.clone()));
            }
            let captured = Captured;
            let older: Rc<RefCell<Option<Weak<Plain>>>> = Rc::default();
            *older.borrow_mut() = Some(Gc::downgrade_with(&target, move || {
                let _captured = &captured;
                log("older called");
            }));
            let drops = older.clone();
            let _newer = Gc::downgrade_with(&target, move || {
                let older = drops.take();
                log("newer called");
                drop(older);
                log("not reached");
            });
            drop(target);
            assert_eq!(heap.collect(), usize::from(cycle));
            assert_eq!(logged(), ["newer called", "capture dropped"], "{policy:?} {cycle}");
            assert_eq!(REPORTS.take(), [report(UnraisableKind::WeakCallback, "Weak", "in capture")]);
            assert_sound(&heap);
        }
    }
}
