//! Managed weak references that are trash themselves.

use crate::support::BOTH;
use gc_core::{Gc, Heap, Slot, Trace, Weak, WeakRef};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

#[derive(Trace)]
struct Holder {
    me: Slot<Holder>,
    weak: Slot<WeakRef<u32>>,
}

/// A managed weak reference that was trash, and pointed into another heap, was taken
/// from the wrong heap's table: the target's list kept a freed cell.
#[test]
fn a_trash_weak_reference_into_another_heap() {
    for policy in BOTH {
        let (one, other) = (Heap::new(), Heap::builder().policy(policy).build().unwrap());
        let target = one.alloc(7u32);
        let holder = other.alloc(Holder { me: Slot::empty(), weak: Slot::empty() });
        holder.me.set(Some(holder.clone()));
        holder.weak.set(Some(other.alloc_weak(&target)));
        drop(holder);
        assert_eq!(other.collect(), 2);
        assert_eq!(Gc::weak_count(&target), 0);
        drop(target);
    }
}

/// The value of a managed weak reference could be moved out of its object, whose slot
/// its cell went on to name as the owner.
#[test]
fn a_managed_weak_reference_is_not_unwrapped() {
    let (one, other) = (Heap::new(), Heap::new());
    let target = one.alloc(7u32);
    let called = Rc::new(Cell::new(0));
    let seen = called.clone();
    let weak = other.alloc_weak_with(&target, move |_| seen.set(seen.get() + 1));
    let weak = Gc::try_unwrap(weak).expect_err("it belongs to its object");
    drop(target);
    assert_eq!((called.get(), weak.upgrade().is_none()), (1, true));
}

#[derive(Trace)]
struct Wild {
    #[trace(skip)]
    on_drop: OnDrop,
    me: Slot<Wild>,
    weak: Slot<WeakRef<u32>>,
}

struct OnDrop(Box<dyn Fn()>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// A managed weak reference that is trash is not condemned, so user code that runs
/// meanwhile can make a weak reference to it. That one was never cleared.
#[test]
fn a_weak_reference_to_a_trash_weak_reference() {
    for policy in BOTH {
        let heap = Heap::builder().policy(policy).build().unwrap();
        let found: Rc<RefCell<Vec<Weak<WeakRef<u32>>>>> = Rc::default();
        let target = heap.alloc(7u32);
        let (inner, sink) = (heap.clone(), found.clone());
        let on_drop = OnDrop(Box::new(move || {
            let weak = inner.objects(None).into_iter().filter_map(|object| object.downcast::<WeakRef<u32>>());
            sink.borrow_mut().extend(weak.map(|weak| Gc::downgrade(&weak)));
        }));
        let wild = heap.alloc(Wild { on_drop, me: Slot::empty(), weak: Slot::empty() });
        wild.me.set(Some(wild.clone()));
        wild.weak.set(Some(heap.alloc_weak(&target)));
        drop(wild);
        assert_eq!(heap.collect(), 2);
        assert_eq!(found.borrow().len(), 1, "the program is about one that was found");
        assert!(found.borrow()[0].upgrade().is_none());
    }
}
