//! What CPython's `test_weakref` checks of callbacks that meet the heap at work:
//! collections, panics, finalizers, deaths that are put off. The target dies by count;
//! cycles are in `conformance_weakref_cycles`. Tests are named after those they follow.

use crate::support::obj::{Action, Obj, looped};
use crate::support::{BOTH, heap, log, logged};
use gc_core::{FinalizerPolicy, Gc, Heap, Weak, WeakRef};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

thread_local! {
    static WEAK: RefCell<Option<Weak<Obj>>> = const { RefCell::new(None) };
    static MANAGED: RefCell<Option<Gc<WeakRef<Obj>>>> = const { RefCell::new(None) };
}

/// Nobody asks for a name here.
fn obj(heap: &Heap) -> Gc<Obj> {
    crate::support::obj::obj(heap, "")
}

fn with_finalizer(heap: &Heap, finalizer: Action) -> Gc<Obj> {
    crate::support::obj::with_finalizer(heap, "", finalizer)
}

/// What the program is doing is not disturbed by a callback: a panic that unwinds
/// past a dying target goes on, also when the callback panics itself.
#[test]
fn test_callbacks_protected() {
    for policy in BOTH {
        let heap = heap(policy);
        heap.on_unraisable(|_, event| log(event.message.clone()));
        let target = obj(&heap);
        let _bare = Gc::downgrade_with(&target, || panic!("in the bare callback"));
        let _managed = heap.alloc_weak_with(&target, |_| panic!("in the managed callback"));
        let outcome = catch_unwind(AssertUnwindSafe(move || {
            let _target = target;
            panic!("of the program");
        }));
        assert_eq!(*outcome.unwrap_err().downcast_ref::<&str>().unwrap(), "of the program");
        assert_eq!(logged(), ["in the managed callback", "in the bare callback"]);
    }
}

/// A callback that collects while its target is being freed: it is freed once.
#[test]
fn test_sf_bug_840829() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = with_finalizer(&heap, |_| log("finalized"));
        target.next.set(Some(with_finalizer(&heap, |_| log("child finalized"))));
        let weak = Gc::downgrade_with(&target, {
            let heap = heap.clone();
            move || log(format!("collected {}", heap.collect()))
        });
        let managed = heap.alloc_weak_with(&target, {
            let heap = heap.clone();
            move |_| log(format!("collected {}", heap.collect()))
        });
        heap.collect();
        drop(target);
        assert_eq!(
            logged(),
            match policy {
                FinalizerPolicy::Legacy => ["collected 0", "collected 0", "finalized", "child finalized"],
                FinalizerPolicy::Pep442 => ["finalized", "collected 0", "collected 0", "child finalized"],
            }
        );
        assert!(weak.upgrade().is_none() && managed.upgrade().is_none());
        assert_eq!(heap.objects(None).len(), 1);
    }
}

/// The same with a target that has a finalizer, and garbage for the collection.
#[test]
fn test_callback_gcs() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = with_finalizer(&heap, |_| log("finalized"));
        drop(looped(obj(&heap)));
        let _weak = Gc::downgrade_with(&target, {
            let heap = heap.clone();
            move || log(format!("collected {}", heap.collect()))
        });
        drop(target);
        let mut expected = ["finalized", "collected 1"];
        if policy == FinalizerPolicy::Legacy {
            expected.reverse();
        }
        assert_eq!(logged(), expected);
        assert!(heap.objects(None).is_empty());
    }
}

#[test]
fn test_callback_attribute() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = obj(&heap);
        assert!(heap.alloc_weak_with(&target, |_| ()).has_callback());
        assert!(!heap.alloc_weak(&target).has_callback());
    }
}

#[test]
fn test_callback_attribute_after_deletion() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = obj(&heap);
        let managed = heap.alloc_weak_with(&target, |this| log(format!("has {}", this.has_callback())));
        assert!(managed.has_callback());
        drop(target);
        assert_eq!(logged(), ["has false"]);
        assert!(!managed.has_callback());
    }
}

/// Every allocation collects: making a weak reference to an object that is held is safe.
#[test]
fn test_gc_during_ref_creation() {
    for policy in BOTH {
        let heap = heap(policy);
        heap.set_thresholds([1, 1, 1]);
        for _ in 0..500 {
            let target = looped(obj(&heap));
            let managed = heap.alloc_weak_with(&target, |_| log("called"));
            let weak = Gc::downgrade(&target);
            assert!(managed.upgrade().is_some() && weak.upgrade().is_some());
        }
        heap.collect();
        // The weak references are dropped before their targets are found.
        assert!(logged().is_empty());
        assert!(heap.objects(None).is_empty());
    }
}

/// A weak reference that a finalizer makes to its own object is dead afterwards, and
/// its callback never runs. (PEP 442 calls it: the finalizer comes first there.)
#[test]
fn test_ref_created_during_del() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = with_finalizer(&heap, |this| {
            WEAK.set(Some(Gc::downgrade_with(this, || log("called"))));
            MANAGED.set(Some(Gc::heap(this).alloc_weak_with(this, |_| log("called managed"))));
        });
        drop(target);
        let (weak, managed) = (WEAK.take().unwrap(), MANAGED.take().unwrap());
        assert!(weak.upgrade().is_none() && managed.upgrade().is_none());
        match policy {
            FinalizerPolicy::Legacy => assert!(logged().is_empty()),
            FinalizerPolicy::Pep442 => assert_eq!(logged(), ["called managed", "called"]),
        }
        assert!(!managed.has_callback());
    }
}

/// An object whose death is put off, because the structure is deep, is invisible.
///
/// A spine of 60 nodes, each with a second child that looks. 48 nodes die nested in
/// each other, the 49th is at zero and waits, the 11 behind it are held by it still.
#[test]
fn test_trashcan_16602() {
    type Watch = (Weak<Obj>, Gc<WeakRef<Obj>>);
    thread_local! {
        static SPINE: RefCell<Vec<Watch>> = const { RefCell::new(Vec::new()) };
    }
    fn look(_this: &Gc<Obj>) {
        SPINE.with_borrow(|spine| {
            let seen = |(weak, managed): &Watch| weak.upgrade().is_some() || managed.upgrade().is_some();
            log(format!("{} seen", spine.iter().filter(|weak| seen(weak)).count()));
        });
    }
    for policy in BOTH {
        for spine_finalizer in [None, Some((|_| log("spine")) as Action)] {
            let heap = heap(policy);
            let mut head = obj(&heap);
            for _ in 0..60 {
                let node = obj(&heap);
                node.finalizer.set(spine_finalizer);
                node.next.set(Some(head));
                node.other.set(Some(with_finalizer(&heap, look)));
                let weak = (Gc::downgrade(&node), heap.alloc_weak(&node));
                SPINE.with_borrow_mut(|spine| spine.push(weak));
                head = node;
            }
            drop(head);
            let (spine, looks): (Vec<_>, Vec<_>) = logged().into_iter().partition(|event| event == "spine");
            assert_eq!(looks.len(), 60);
            assert!(looks[..47].iter().all(|look| look == "11 seen"), "{looks:?}");
            assert!(looks[48..].iter().all(|look| look == "0 seen"), "{looks:?}");
            assert_eq!(spine.len(), if spine_finalizer.is_some() { 60 } else { 0 });
            SPINE.take();
            assert!(heap.objects(None).is_empty());
        }
    }
}

/// A weak reference that is dropped together with its target, before it, is silent.
#[test]
fn test_subclass_refs_with_cycle() {
    struct Owner {
        _weak: Weak<Obj>,
        _also: Option<Weak<Obj>>,
        _target: Gc<Obj>,
    }
    for policy in BOTH {
        for two in [false, true] {
            let heap = heap(policy);
            let target = with_finalizer(&heap, |_| log("finalized"));
            let callback = || log("called");
            let also = two.then(|| Gc::downgrade_with(&target, callback));
            drop(Owner { _weak: Gc::downgrade_with(&target, callback), _also: also, _target: target });
            assert_eq!(logged(), ["finalized"]);
            assert!(heap.objects(None).is_empty());
        }
    }
}

/// `weakref.finalize` by a callback: once, with what it captured, or never when dropped.
#[test]
fn test_finalize() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = obj(&heap);
        let captured = Rc::new("captured");
        let called = Gc::downgrade_with(&target, {
            let captured = captured.clone();
            move || log(*captured)
        });
        let detached = Gc::downgrade_with(&target, {
            let captured = captured.clone();
            move || log(*captured)
        });
        assert_eq!(Rc::strong_count(&captured), 3);
        drop(detached);
        assert_eq!(Rc::strong_count(&captured), 2, "detached: what it captured goes at once");
        let clone = called.clone();
        drop(called);
        drop(target);
        assert_eq!(logged(), ["captured"], "a clone keeps the callback");
        assert_eq!(Rc::strong_count(&captured), 1);
        assert!(clone.upgrade().is_none());
    }
}

#[test]
fn test_order() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = obj(&heap);
        let finalizers: Vec<_> = (0..5).map(|n| Gc::downgrade_with(&target, move || log(n.to_string()))).collect();
        drop(target);
        assert_eq!(logged(), ["4", "3", "2", "1", "0"]);
        drop(finalizers);
    }
}

/// What a callback captured is freed with it, also when that is the last weak reference.
#[test]
fn test_all_freed() {
    for policy in BOTH {
        let heap = heap(policy);
        let (target, captured) = (obj(&heap), obj(&heap));
        let seen = Gc::downgrade(&captured);
        let weak = Gc::downgrade_with(&target, move || drop(captured));
        let managed = heap.alloc_weak_with(&target, |_| ());
        assert_eq!(heap.collect(), 0);
        assert!(seen.upgrade().is_some(), "captured: held from outside");
        drop(target);
        assert!(seen.upgrade().is_none());
        drop((weak, managed));
        assert!(heap.objects(None).is_empty());
    }
}
