//! Rows of CPython's `test_finalization` about rings of objects with finalizers, under
//! PEP 442. A test is named after its row's class and name; the return values are
//! those of CPython 3.11.

use crate::support::World;
use gc_core::{Finalize, Gc, Slot, Trace, Weak};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// What a member's finalizer does.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Simple,
    Resurrector,
    /// Unlinks itself from its neighbours.
    Suicidal,
}

use Kind::{Resurrector, Simple, Suicidal};

/// What the finalizers of one ring leave behind.
#[derive(Default)]
struct Record {
    finalized: RefCell<Vec<usize>>,
    survivors: RefCell<Vec<Gc<Chained>>>,
    insane: Cell<usize>,
}

#[derive(Trace)]
#[trace(finalize)]
struct Chained {
    id: usize,
    left: Slot<Chained>,
    right: Slot<Chained>,
    suicided: Cell<bool>,
    #[trace(skip)]
    kind: Kind,
    #[trace(skip)]
    record: Rc<Record>,
}

impl Chained {
    /// Neighbours point back, except to and from those that unlinked themselves.
    fn is_sane(this: &Gc<Chained>) -> bool {
        let (left, right) = (this.left.get(), this.right.get());
        if this.suicided.get() {
            return left.is_none() && right.is_none();
        }
        let points_back = |neighbour: &Gc<Chained>, back: &Slot<Chained>| match back.get() {
            Some(back) => !neighbour.suicided.get() && Gc::ptr_eq(&back, this),
            None => neighbour.suicided.get(),
        };
        left.is_some_and(|left| points_back(&left, &left.right))
            && right.is_some_and(|right| points_back(&right, &right.left))
    }
}

impl Finalize for Chained {
    fn finalize(this: &Gc<Chained>) {
        let record = &this.record;
        record.finalized.borrow_mut().push(this.id);
        record.insane.set(record.insane.get() + usize::from(!Chained::is_sane(this)));
        match this.kind {
            Simple => {}
            Resurrector => record.survivors.borrow_mut().push(this.clone()),
            Suicidal => {
                this.suicided.set(true);
                drop(this.left.take());
                drop(this.right.take());
            }
        }
    }
}

/// A ring of these kinds, and weak references to its members.
fn chain(world: &World, kinds: &[Kind], record: &Rc<Record>) -> Vec<Weak<Chained>> {
    let make = |(id, &kind)| {
        let (left, right, suicided) = (Slot::empty(), Slot::empty(), Cell::new(false));
        world.heap.alloc(Chained { id, left, right, suicided, kind, record: record.clone() })
    };
    let nodes: Vec<_> = kinds.iter().enumerate().map(make).collect();
    for (at, node) in nodes.iter().enumerate() {
        let left = &nodes[(at + nodes.len() - 1) % nodes.len()];
        node.left.set(Some(left.clone()));
        left.right.set(Some(node.clone()));
    }
    assert!(nodes.iter().all(Chained::is_sane));
    nodes.iter().map(Gc::downgrade).collect()
}

/// Every finalizer runs once, in birth order, and sees intact neighbours; the
/// resurrectors survive; all weak references are dead. What the two collections
/// return, the second after the survivors were let go.
fn collected_twice(kinds: &[Kind]) -> (usize, usize) {
    let world = World::pep442();
    let record = Rc::new(Record::default());
    let weaks = chain(&world, kinds, &record);
    assert!(weaks.iter().all(|weak| weak.upgrade().is_some()));

    let first = world.heap.collect();
    let ids: Vec<usize> = (0..kinds.len()).collect();
    assert_eq!(record.finalized.take(), ids);
    assert_eq!(record.insane.get(), 0);
    let survivors: Vec<usize> = record.survivors.borrow().iter().map(|it| it.id).collect();
    let resurrectors: Vec<usize> = ids.into_iter().filter(|&id| kinds[id] == Resurrector).collect();
    assert_eq!(survivors, resurrectors);
    assert!(weaks.iter().all(|weak| weak.upgrade().is_none()));
    if survivors.is_empty() {
        assert_eq!(world.alive(), 0);
    }

    drop(record.survivors.take());
    let second = world.heap.collect();
    assert!(record.finalized.borrow().is_empty() && record.survivors.borrow().is_empty());
    assert!(weaks.iter().all(|weak| weak.upgrade().is_none()));
    assert_eq!((world.alive(), world.heap.garbage().len()), (0, 0));
    (first, second)
}

/// Three finalizers: each called once, neighbours intact in each call.
#[test]
fn chain_test_homogenous() {
    assert_eq!(collected_twice(&[Simple; 3]), (3, 0));
}

/// All three resurrect; later they die without a word.
#[test]
fn chain_test_homogenous_resurrect() {
    assert_eq!(collected_twice(&[Resurrector; 3]), (0, 3));
}

/// All three unlink themselves: they die by count and are not in the return value.
#[test]
fn chain_test_homogenous_suicidal() {
    assert_eq!(collected_twice(&[Suicidal; 3]), (0, 0));
}

/// Unlinking and plain ones in turn: every finalizer once.
#[test]
fn chain_test_heterogenous_suicidal_one() {
    assert_eq!(collected_twice(&[Suicidal, Simple, Suicidal, Simple]), (0, 0));
}

/// The same in blocks: the two plain ones still make a cycle, and reach the others.
#[test]
fn chain_test_heterogenous_suicidal_two() {
    assert_eq!(collected_twice(&[Suicidal, Suicidal, Simple, Simple]), (4, 0));
}

/// Resurrectors and plain ones: the resurrectors are the survivors, but what they
/// reach lives as well.
#[test]
fn chain_test_heterogenous_resurrect_one() {
    assert_eq!(collected_twice(&[Resurrector, Simple, Resurrector, Simple]), (0, 4));
}

/// The same with unlinking ones in turn.
#[test]
fn chain_test_heterogenous_resurrect_two() {
    let kinds = [Resurrector, Simple, Suicidal, Resurrector, Simple, Suicidal];
    assert_eq!(collected_twice(&kinds), (0, 6));
}

/// The same in blocks.
#[test]
fn chain_test_heterogenous_resurrect_three() {
    let kinds = [Resurrector, Resurrector, Simple, Simple, Suicidal, Suicidal];
    assert_eq!(collected_twice(&kinds), (0, 6));
}
