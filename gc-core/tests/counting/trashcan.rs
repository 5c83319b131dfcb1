//! Rows of CPython's `test_gc` about deep structures, and facts 33 and 34 as observed on
//! CPython 2.7.18 (legacy) and 3.11 (PEP 442). A test of a row has the row's name.

use crate::support::*;
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
        if this.calls.get().is_multiple_of(17) {
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
    let heap = Heap::builder().policy(policy).build().unwrap();
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

/// A spine or chain whose members log their numbers.
#[derive(Trace)]
#[trace(finalize)]
struct Numbered {
    number: Option<u32>,
    next: Slot<Numbered>,
    leaf: Slot<Numbered>,
    #[trace(skip)]
    log: Rc<RefCell<Vec<u32>>>,
}

impl Finalize for Numbered {
    fn armed(&self) -> bool {
        self.number.is_some()
    }
    fn finalize(this: &Gc<Numbered>) {
        this.log.borrow_mut().extend(this.number);
    }
}

/// A chain of finalizers of any length: no overflow, head first, and all of them
/// before the drop returns (CPython 2.7 puts most of them off).
#[test]
fn fact_33_trashcan() {
    const LENGTH: u32 = 200_000;
    for policy in BOTH {
        let run = move || {
            let heap = Heap::builder().policy(policy).build().unwrap();
            let log: Rc<RefCell<Vec<u32>>> = Rc::default();
            let mut head = None;
            for number in (0..LENGTH).rev() {
                let next = Slot::new(head.take());
                head = Some(heap.alloc(Numbered { number: Some(number), next, leaf: Slot::empty(), log: log.clone() }));
            }
            assert!(log.borrow().is_empty());
            drop(head);
            assert!(log.borrow().iter().copied().eq(0..LENGTH));
            assert_eq!(heap.objects(None).len(), 0);
        };
        let thread = thread::Builder::new().stack_size(256 << 10).spawn(run);
        thread.expect("a thread").join().expect("no panic");
    }
}

/// The order of the leaves' finalizers on a spine of that depth, each of whose members
/// holds the next one and then a leaf. The deepest leaf has number 0.
fn leaves_of_spine(world: &World, depth: u32) -> Vec<u32> {
    let log: Rc<RefCell<Vec<u32>>> = Rc::default();
    let make = |number, next: Option<Gc<Numbered>>, leaf: Option<Gc<Numbered>>| {
        world.heap.alloc(Numbered { number, next: Slot::new(next), leaf: Slot::new(leaf), log: log.clone() })
    };
    let mut spine = None;
    for number in 0..depth {
        let leaf = make(Some(number), None, None);
        spine = Some(make(None, spine, Some(leaf)));
    }
    drop(spine);
    log.take()
}

/// On bushy shapes 48 nested levels die in the order of recursion, deepest leaf first;
/// what is deeper comes after all that, but before the drop returns. (CPython nests
/// one or two levels more.)
#[test]
fn fact_34_bushy() {
    for world in World::both() {
        for depth in 1..=47 {
            assert!(leaves_of_spine(&world, depth).into_iter().eq(0..depth), "depth {depth}");
        }
        // A leaf of the spine's 48th member would be level 49.
        assert!(leaves_of_spine(&world, 48).into_iter().eq((1..48).chain([0])));
        for depth in [49, 50, 95, 96, 97, 120, 1000] {
            let mut leaves = leaves_of_spine(&world, depth);
            assert!(leaves[..47].iter().copied().eq(depth - 47..depth), "depth {depth}");
            leaves.sort_unstable();
            assert!(leaves.into_iter().eq(0..depth), "depth {depth}");
        }
        assert_eq!(world.alive(), 0);
    }
}
