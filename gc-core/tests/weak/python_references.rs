//! What CPython's `test_weakref` checks of references and callbacks when the target
//! dies by count. Each test is named after the one it follows; both kinds of weak
//! reference are looked at, and both policies.
//!
//! Not here: cycles (`conformance_weakref_cycles`), proxies, mappings, bound methods,
//! and what Rust's types say already (constructor arguments, subclasses, read-only
//! callbacks).

use crate::support::{BOTH, heap, log, logged};
use gc_core::{DynTrace, Gc, Heap, Slot, Trace, Weak, WeakRef, gc_cast, trace_object};
use std::cell::RefCell;
use std::rc::Rc;

/// A tracked object without a finalizer.
#[derive(Trace)]
struct Obj {
    next: Slot<Obj>,
}

fn obj(heap: &Heap) -> Gc<Obj> {
    let object = heap.alloc(Obj { next: Slot::empty() });
    assert!(object.next.is_none() && heap.is_tracked(&Gc::as_any(&object)));
    object
}

#[test]
fn test_basic_ref() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = obj(&heap);
        let (weak, managed) = (Gc::downgrade(&target), heap.alloc_weak(&target));
        assert!(Gc::ptr_eq(&weak.upgrade().unwrap(), &target));
        assert!(Gc::ptr_eq(&managed.upgrade().unwrap(), &target));
        assert_eq!(Gc::strong_count(&target), 1);
        drop(target);
        assert!(weak.upgrade().is_none() && managed.upgrade().is_none());
    }
}

#[test]
fn test_basic_callback() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = obj(&heap);
        let weak = Gc::downgrade_with(&target, || log("bare"));
        let managed = heap.alloc_weak_with(&target, |_| log("managed"));
        assert!(logged().is_empty());
        drop(target);
        assert_eq!(logged(), ["managed", "bare"], "once each, the newest first");
        assert!(weak.upgrade().is_none() && managed.upgrade().is_none());
        drop((weak, managed, heap));
        assert!(logged().is_empty());
    }
}

/// Targets without a finalizer or an edge, as C functions are.
#[test]
fn test_cfunction() {
    for policy in BOTH {
        let heap = heap(policy);
        let function: Gc<fn(u32) -> u32> = heap.alloc(|n| n + 1);
        let weak = Gc::downgrade_with(&function, || log("bare"));
        let managed = heap.alloc_weak_with(&function, |_| log("managed"));
        assert_eq!((*weak.upgrade().unwrap())(1), 2);
        assert!(!heap.is_tracked(&Gc::as_any(&function)));
        drop(function);
        assert!(weak.upgrade().is_none() && managed.upgrade().is_none());
        assert_eq!(logged(), ["managed", "bare"]);
    }
}

#[test]
fn test_multiple_callbacks() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = obj(&heap);
        let bare = [1, 2].map(|n| Gc::downgrade_with(&target, move || log(format!("bare {n}"))));
        let managed = [3, 4].map(|n| heap.alloc_weak_with(&target, move |_| log(format!("managed {n}"))));
        drop(target);
        assert_eq!(logged(), ["managed 4", "managed 3", "bare 2", "bare 1"]);
        assert!(bare.iter().all(|weak| weak.upgrade().is_none()));
        assert!(managed.iter().all(|weak| weak.upgrade().is_none()));
    }
}

/// All references to the target are dead before the first callback runs.
#[test]
fn test_multiple_selfref_callbacks() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = obj(&heap);
        let all: Rc<RefCell<Vec<Weak<Obj>>>> = Rc::default();
        let managed: Rc<RefCell<Vec<Gc<WeakRef<Obj>>>>> = Rc::default();
        let look = {
            let (all, managed) = (Rc::downgrade(&all), Rc::downgrade(&managed));
            move || {
                let (all, managed) = (all.upgrade().unwrap(), managed.upgrade().unwrap());
                let bare = all.borrow().iter().filter(|weak| weak.upgrade().is_some()).count();
                let managed = managed.borrow().iter().filter(|weak| weak.upgrade().is_some()).count();
                log(format!("{} alive", bare + managed));
            }
        };
        for _ in 0..2 {
            let (one, two) = (look.clone(), look.clone());
            all.borrow_mut().push(Gc::downgrade_with(&target, one));
            managed.borrow_mut().push(heap.alloc_weak_with(&target, move |_| two()));
        }
        all.borrow_mut().push(Gc::downgrade(&target));
        drop(target);
        assert_eq!(logged(), ["0 alive"; 4]);
        managed.take();
    }
}

/// Bare references without callback share a cell; those with one are distinct, and
/// so is every managed one.
#[test]
fn test_ref_reuse() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = obj(&heap);
        let (one, two) = (Gc::downgrade(&target), Gc::downgrade(&target));
        assert!(one.ptr_eq(&two));
        assert_eq!(Gc::weak_count(&target), 1);
        let called = Gc::downgrade_with(&target, || ());
        assert!(!called.ptr_eq(&one) && called.ptr_eq(&called.clone()));
        assert_eq!(Gc::weak_count(&target), 2);
        drop((one, two));
        assert_eq!(Gc::weak_count(&target), 1);
        let managed = heap.alloc_weak(&target);
        assert!(!Gc::ptr_eq(&managed, &heap.alloc_weak(&target)));
        assert_eq!(Gc::weak_count(&target), 2);
    }
}

#[test]
fn test_shared_ref_without_callback() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = obj(&heap);
        let called = Gc::downgrade_with(&target, || ());
        let (one, two) = (Gc::downgrade(&target), Gc::downgrade(&target));
        assert!(one.ptr_eq(&two) && !one.ptr_eq(&called));
        drop(one);
        assert!(two.ptr_eq(&Gc::downgrade(&target)), "the cell lives with its last holder");
    }
}

#[test]
fn test_getweakrefcount() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = obj(&heap);
        assert_eq!(Gc::weak_count(&target), 0);
        let (one, two) = (Gc::downgrade_with(&target, || ()), Gc::downgrade_with(&target, || ()));
        let managed = heap.alloc_weak(&target);
        assert_eq!(Gc::weak_count(&target), 3);
        drop((one, two));
        assert_eq!(Gc::weak_count(&target), 1);
        drop(managed);
        assert_eq!(Gc::weak_count(&target), 0);
        assert_eq!(Gc::weak_count(&heap.alloc(1)), 0);
    }
}

#[test]
fn test_getweakrefs() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = obj(&heap);
        let any = Gc::as_any(&target);
        let (one, two) = (heap.alloc_weak(&target), heap.alloc_weak_with(&target, |_| ()));
        let _bare = Gc::downgrade(&target);
        assert_eq!(any.weak_refs(), [Gc::as_any(&two), Gc::as_any(&one)], "newest first");
        assert!(one.upgrade().is_some() && Gc::as_any(&one).is_weak_ref());
        assert_eq!(Gc::as_any(&one).weak_target(), Some(any.clone()));
        drop(two);
        assert_eq!(any.weak_refs(), [Gc::as_any(&one)]);
        drop((target, any));
        assert_eq!(Gc::as_any(&one).weak_target(), None);
        assert!(Gc::as_any(&heap.alloc(1)).weak_refs().is_empty());
    }
}

/// Any type can be a target: sized, a slice, a string, a trait object, a weak reference.
#[test]
fn test_classes() {
    trait Shape: DynTrace {
        fn corners(&self) -> u32;
    }
    trace_object!(dyn Shape);
    #[derive(Trace)]
    struct Square;
    impl Shape for Square {
        fn corners(&self) -> u32 {
            4
        }
    }
    for policy in BOTH {
        let heap = heap(policy);
        let (text, numbers) = (heap.alloc_str("text"), heap.alloc_slice([1, 2]));
        let shape: Gc<dyn Shape> = gc_cast!(heap.alloc(Square) => dyn Shape);
        let weaks = (heap.alloc_weak(&text), Gc::downgrade(&numbers), heap.alloc_weak(&shape));
        assert_eq!(&*weaks.0.upgrade().unwrap(), "text");
        assert_eq!(*weaks.1.upgrade().unwrap(), [1, 2]);
        assert_eq!(weaks.2.upgrade().unwrap().corners(), 4);
        let weak_of_weak = heap.alloc_weak(&weaks.0);
        assert!(weak_of_weak.upgrade().is_some());
        drop((text, numbers, shape));
        assert!(weaks.0.upgrade().is_none() && weaks.1.upgrade().is_none() && weaks.2.upgrade().is_none());
        drop(weaks);
        assert!(weak_of_weak.upgrade().is_none());
    }
}

#[test]
fn test_repr() {
    let heap = Heap::new();
    let target = obj(&heap);
    let (weak, managed) = (Gc::downgrade(&target), heap.alloc_weak(&target));
    assert_eq!(format!("{weak:?}"), format!("Weak({target:?})"));
    assert_eq!(format!("{:?}", *managed), "WeakRef(alive)");
    drop(target);
    assert_eq!((format!("{weak:?}"), format!("{:?}", *managed)), ("Weak(dead)".into(), "WeakRef(dead)".into()));
    assert_eq!(format!("{:?}", Weak::<Obj>::new()), "Weak(dead)");
}
