//! Panics of user code that has a caller: they go there, and nothing is left behind.

use super::{BOTH, Plain, REPORTS, assert_sound, heap};
use gc_core::{FinalizerPolicy, Gc, ReleaseAfter, Slot, Trace, Weak};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

#[test]
fn in_new_cyclic() {
    #[derive(Trace)]
    struct Gadget {
        me: Weak<Gadget>,
    }
    for policy in BOTH {
        let heap = heap(policy, "");
        let kept = Rc::new(RefCell::new(Weak::<Gadget>::new()));
        for collects in [false, true] {
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                heap.new_cyclic(|me| {
                    assert!(me.upgrade().is_none());
                    *kept.borrow_mut() = me.clone();
                    if collects {
                        assert_eq!(heap.collect(), 0);
                    }
                    panic!("in make");
                })
            }));
            assert_eq!(*outcome.map(|_: Gc<Gadget>| ()).unwrap_err().downcast_ref::<&str>().unwrap(), "in make");
            assert!(kept.borrow().upgrade().is_none());
            assert!(REPORTS.take().is_empty(), "it went to its caller");
            assert_sound(&heap);
        }
        let gadget = heap.new_cyclic(|me| Gadget { me: me.clone() });
        assert!(kept.borrow().upgrade().is_none(), "the slot is another object's now");
        assert!(Gc::ptr_eq(&gadget, &gadget.me.upgrade().unwrap()));
    }
}

/// The values that were yielded are dropped; no slot was taken.
#[test]
fn in_the_iterator_of_alloc_slice() {
    for policy in BOTH {
        let heap = heap(policy, "");
        let held = heap.alloc(Plain { me: Slot::empty() });
        let values = (0..5).map(|n| if n < 3 { held.clone() } else { panic!("in next") });
        let outcome = catch_unwind(AssertUnwindSafe(|| heap.alloc_slice(values)));
        assert!(outcome.is_err());
        assert_eq!(Gc::strong_count(&held), 1);
        assert_eq!(heap.slots_in_use(), 1);
        drop(held);
        assert_sound(&heap);
    }
}

/// An iterator that says more than it yields.
#[test]
fn alloc_slice_of_a_lying_iterator() {
    struct Lies(u32);
    impl Iterator for Lies {
        type Item = u32;
        fn next(&mut self) -> Option<u32> {
            self.0 = self.0.checked_sub(1)?;
            Some(self.0)
        }
        fn size_hint(&self) -> (usize, Option<usize>) {
            (5, Some(5))
        }
    }
    impl ExactSizeIterator for Lies {}
    let heap = heap(FinalizerPolicy::Pep442, "");
    let short = catch_unwind(AssertUnwindSafe(|| heap.alloc_slice(Lies(3))));
    assert!(short.is_err());
    assert_eq!(*heap.alloc_slice(Lies(9)), [8, 7, 6, 5, 4], "what is too much is left");
    assert_sound(&heap);
}

/// A change that panics passes the panic on; the cell can be used again.
#[test]
fn in_a_change_of_a_cell() {
    let heap = heap(FinalizerPolicy::Pep442, "");
    let cell = RefCell::new(vec![heap.alloc(1)]);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        cell.change(|items| {
            items.clear();
            panic!("in change")
        })
    }));
    assert!(outcome.is_err() && cell.borrow().is_empty());
    assert_sound(&heap);
}
