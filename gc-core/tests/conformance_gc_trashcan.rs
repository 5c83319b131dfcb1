//! Rows of CPython's `test_gc` about deep structures. A test has its row's name.

mod common;

use common::*;
use gc_core::{Finalize, FinalizerPolicy, Gc, GcAny, Heap, List, Slot, Trace};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::thread;

/// An object whose finalizer collects at every 17th call.
#[derive(Trace)]
#[trace(finalize)]
struct Ouch {
    #[trace(skip)]
    calls: Rc<Cell<usize>>,
}

impl Finalize for Ouch {
    fn finalize(this: &Gc<Ouch>) {
        this.calls.set(this.calls.get() + 1);
        if this.calls.get() % 17 == 0 {
            Gc::heap(this).collect();
        }
    }
}

/// One level of nesting: lists or maps, beside an `Ouch`.
#[derive(Trace, Default)]
struct Level {
    list: List<Level>,
    ouch: Slot<Ouch>,
    map: RefCell<BTreeMap<u32, GcAny>>,
}

/// Deeply nested containers are dropped while finalizers collect.
#[test]
fn test_trashcan() {
    const N: usize = 150;
    for world in World::both() {
        let heap = &world.heap;
        heap.enable();
        let calls = Rc::new(Cell::new(0));
        let ouch = || heap.alloc(Ouch { calls: calls.clone() });
        for _ in 0..2 {
            for _ in 0..2 {
                let mut nested = heap.alloc(Level::default());
                for _ in 0..N {
                    let list = List::from_iter([nested]);
                    nested = heap.alloc(Level { list, ouch: ouch().into(), map: RefCell::default() });
                }
            }
            let mut nested = heap.alloc(Level::default());
            for _ in 0..N {
                let map = BTreeMap::from([(1, nested.into()), (2, ouch().into())]);
                nested = heap.alloc(Level { map: RefCell::new(map), ..Level::default() });
            }
        }
        assert_eq!(calls.get(), 2 * 3 * N);
        let stats = heap.stats();
        assert_eq!((stats[2].collections, stats.map(|it| it.collected)), (2 * 3 * N / 17, [0, 0, 0]));
        assert_eq!(world.alive(), 0);
    }
}

#[derive(Trace)]
#[trace(finalize)]
struct Counted {
    items: List<Between>,
    #[trace(skip)]
    finalized: Rc<Cell<usize>>,
}

impl Finalize for Counted {
    fn finalize(this: &Gc<Counted>) {
        this.finalized.set(this.finalized.get() + 1);
        // Something else dies while the release is under way.
        drop(Gc::heap(this).alloc(Between(List::new())));
    }
}

#[derive(Trace)]
struct Between(List<Counted>);

/// Makes deep nests and drops them; how many objects were made, and finalized.
fn make_nests(policy: FinalizerPolicy, nesting: usize, nests: usize) -> (usize, usize) {
    let heap = Heap::builder().policy(policy).build();
    let finalized = Rc::new(Cell::new(0));
    let made = Cell::new(0);
    let counted = |items: Option<Gc<Between>>| {
        made.set(made.get() + 1);
        heap.alloc(Counted { items: items.into_iter().collect(), finalized: finalized.clone() })
    };
    for _ in 0..nests {
        let mut x = counted(None);
        for _ in 0..nesting {
            x = counted(Some(heap.alloc(Between(List::from_iter([x])))));
        }
        drop(x);
        assert_eq!(finalized.get(), made.get());
    }
    assert_eq!(heap.objects(None).len(), 0);
    (made.get(), finalized.get())
}

/// Deep nests are dropped in several threads at once, each with a heap of its own:
/// every object is finalized.
#[test]
fn test_trashcan_threads() {
    const NESTING: usize = 60;
    const NESTS: usize = 100;
    for policy in BOTH {
        let threads = [(); 2].map(|()| thread::spawn(move || make_nests(policy, NESTING, NESTS)));
        let counts = threads.map(|thread| thread.join().expect("no panic"));
        assert_eq!(counts, [(NESTS * (NESTING + 1), NESTS * (NESTING + 1)); 2]);
    }
}
