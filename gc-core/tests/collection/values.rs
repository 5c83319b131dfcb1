//! Values whose edges are hard to see: behind a leaked borrow, behind unsized types.

use gc_core::{Gc, Heap, Slot, Trace, gc_cast};
use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::rc::Rc;

/// Counts its drops.
struct Flag(Rc<Cell<u32>>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
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
