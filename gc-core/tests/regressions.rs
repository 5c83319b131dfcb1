//! Programs that once went wrong, each with what went wrong.

#![forbid(unsafe_code)]

use gc_core::{FinalizerPolicy, Gc, Heap, Slot, Trace, Weak, WeakRef, gc_cast};
use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::rc::Rc;

const BOTH: [FinalizerPolicy; 2] = [FinalizerPolicy::Legacy, FinalizerPolicy::Pep442];

/// Counts its drops.
struct Flag(Rc<Cell<u32>>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

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

#[derive(Trace)]
struct Pointers {
    me: Slot<Pointers>,
    leaf: RefCell<Option<Gc<Leaf>>>,
}

#[derive(Trace)]
struct Memory {
    me: Slot<Memory>,
    leaves: RefCell<Vec<Gc<Leaf>>>,
}

#[derive(Trace)]
struct Leaf(#[trace(skip)] Flag);

/// What a leaked mutable borrow hid from the passes was never released.
#[test]
fn a_forgotten_mutable_borrow() {
    let heap = Heap::new();
    let drops = Rc::new(Cell::new(0));
    let leaf = || heap.alloc(Leaf(Flag(drops.clone())));
    let pointers = heap.alloc(Pointers { me: Slot::empty(), leaf: RefCell::new(Some(leaf())) });
    pointers.me.set(Some(pointers.clone()));
    std::mem::forget(pointers.leaf.borrow_mut());
    let memory = heap.alloc(Memory { me: Slot::empty(), leaves: RefCell::new(vec![leaf()]) });
    memory.me.set(Some(memory.clone()));
    std::mem::forget(memory.leaves.borrow_mut());
    drop((pointers, memory));
    assert_eq!(heap.collect(), 2);
    assert_eq!(drops.get(), 2);
}

#[derive(Trace)]
struct Element {
    next: Slot<[Element]>,
    #[trace(skip)]
    flag: Flag,
}

#[derive(Trace)]
struct Tailed<T: ?Sized> {
    next: Slot<Tailed<[u8]>>,
    #[trace(skip)]
    flag: Flag,
    tail: T,
}

#[derive(Trace)]
struct Opaque<T: ?Sized + 'static> {
    next: Slot<Opaque<dyn Debug>>,
    #[trace(skip)]
    flag: Flag,
    #[trace(skip)]
    tail: T,
}

/// An object that is pointed to as an unsized type was taken for lying on no cycle.
#[test]
fn cycles_through_unsized_types() {
    let heap = Heap::new();
    let drops = Rc::new(Cell::new(0));
    let flag = || Flag(drops.clone());
    let slice: Gc<[Element]> = gc_cast!(heap.alloc([Element { next: Slot::empty(), flag: flag() }]) => [Element]);
    slice[0].next.set(Some(slice.clone()));
    let tailed = Tailed { next: Slot::empty(), flag: flag(), tail: [1u8; 3] };
    let tailed: Gc<Tailed<[u8]>> = gc_cast!(heap.alloc(tailed) => Tailed<[u8]>);
    tailed.next.set(Some(tailed.clone()));
    let opaque = Opaque { next: Slot::empty(), flag: flag(), tail: 5u32 };
    let opaque: Gc<Opaque<dyn Debug>> = gc_cast!(heap.alloc(opaque) => Opaque<dyn Debug>);
    opaque.next.set(Some(opaque.clone()));
    assert_eq!((slice.len(), tailed.tail.len(), format!("{:?}", &opaque.tail)), (1, 3, "5".into()));
    assert!([Gc::as_any(&slice), Gc::as_any(&tailed), Gc::as_any(&opaque)].iter().all(|any| any.is_tracked()));
    drop((slice, tailed, opaque));
    assert_eq!((heap.collect(), drops.get()), (3, 3));
}

/// Full collections of a steady stream of garbage, with a type that is reclaimed
/// exactly or not.
fn full_collections<T: Trace>(make: impl Fn() -> T, link: impl Fn(&Gc<T>, Gc<T>)) -> usize {
    let heap = Heap::builder().thresholds([100, 2, 2]).build().unwrap();
    let mut window = std::collections::VecDeque::new();
    for _ in 0..100_000 {
        let object = heap.alloc(make());
        link(&object, object.clone());
        window.push_back(object);
        if window.len() > 2_000 {
            window.pop_front();
        }
    }
    heap.stats()[2].collections
}

#[derive(Trace)]
struct Plain {
    me: Slot<Plain>,
}

#[derive(Trace)]
struct Skipping {
    me: Slot<Skipping>,
    #[trace(skip)]
    nothing: Option<Box<dyn Fn()>>,
}

/// What an exact reclaim had just freed counted as long-lived, so that each full
/// collection waited for more garbage than the one before.
#[test]
fn garbage_does_not_count_as_long_lived() {
    let fast = full_collections(|| Plain { me: Slot::empty() }, |object, me| object.me.set(Some(me)));
    let skipping = || Skipping { me: Slot::empty(), nothing: None };
    let exact = full_collections(skipping, |object, me| {
        assert!(object.nothing.is_none());
        object.me.set(Some(me));
    });
    assert!(fast > 2 && exact * 2 > fast, "{exact} full collections against {fast}");
}
