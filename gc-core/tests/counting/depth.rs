//! However deep the program's structure is, the heap's stack is not: everything here runs on a
//! thread with 256 KiB of stack.
//!
//! Debug builds do a tenth of the objects that release builds do, to be done in seconds.

use std::cell::RefCell;

use crate::support::deep::{
    BOTH, Counted, Duty, FEWER, Fin, MANY, Node, Untraced, assert_empty, called, calls, heap, on_a_small_stack,
};
use gc_core::{DynTrace, FinalizerPolicy, Gc, GcAny, Heap, List, Slot, Trace, Weak, WeakRef, gc_cast, trace_object};

fn lists_are_dropped_by_count<P: Trace>(payload: impl Fn() -> P) {
    for policy in BOTH {
        let heap = heap(policy);
        drop(Node::list_before(Node::alone(&heap, payload()), &heap, MANY, &payload));
        assert_empty(&heap);
    }
}

#[test]
fn a_list_is_dropped_by_count() {
    on_a_small_stack(|| lists_are_dropped_by_count(|| ()));
}

#[test]
fn a_list_with_memory_is_dropped_by_count() {
    on_a_small_stack(|| lists_are_dropped_by_count(|| String::from("on the global heap")));
}

#[test]
fn a_list_with_an_untraced_drop_is_dropped_by_count() {
    on_a_small_stack(|| {
        lists_are_dropped_by_count(|| Untraced(Counted));
        assert_eq!(calls(), 2 * (MANY + 1));
    });
}

/// Every node has a leaf on the side where the drop begins, or on the other one.
#[test]
fn a_comb_is_dropped_by_count() {
    on_a_small_stack(|| {
        for leaf_first in [true, false] {
            let heap = heap(FinalizerPolicy::Pep442);
            let comb = (0..FEWER).fold(Node::alone(&heap, ()), |deep, _| {
                let (node, leaf) = (Node::alone(&heap, ()), Node::alone(&heap, ()));
                let [first, second] = if leaf_first { [leaf, deep] } else { [deep, leaf] };
                node.next.set(Some(first));
                node.other.set(Some(second));
                node
            });
            drop(comb);
            assert_empty(&heap);
        }
    });
}

fn rings_are_collected<P: Trace>(payload: impl Fn() -> P) {
    for policy in BOTH {
        let heap = heap(policy);
        for linear in [None, Some(false), Some(true)] {
            heap.force_detector(linear);
            let length = if linear.is_none() { MANY } else { FEWER };
            drop(Node::ring(&heap, length, &payload));
            assert_eq!(heap.collect(), length);
            assert_empty(&heap);
        }
    }
}

#[test]
fn a_ring_is_collected() {
    on_a_small_stack(|| rings_are_collected(|| ()));
}

#[test]
fn a_ring_with_memory_is_collected() {
    on_a_small_stack(|| rings_are_collected(|| String::from("on the global heap")));
}

#[test]
fn a_ring_with_an_untraced_drop_is_collected() {
    on_a_small_stack(|| {
        rings_are_collected(|| Untraced(Counted));
        assert_eq!(calls(), 2 * (MANY + 2 * FEWER));
    });
}

/// Held by something in the ring, so that it dies by count while the ring is reclaimed.
#[test]
fn a_list_that_hangs_off_a_ring_dies_with_it() {
    on_a_small_stack(|| {
        for policy in BOTH {
            let heap = heap(policy);
            let ring = Node::ring(&heap, 2, || ());
            ring.other.set(Some(Node::list_before(Node::alone(&heap, ()), &heap, MANY, || ())));
            drop(ring);
            assert_eq!(heap.collect(), MANY + 3);
            assert_empty(&heap);
        }
    });
}

#[test]
fn a_list_with_finalizers_is_dropped_by_count() {
    on_a_small_stack(|| {
        for policy in BOTH {
            for duty in [Duty::Nothing, Duty::Unlink] {
                let heap = heap(policy);
                drop(Fin::list(&heap, FEWER, duty));
                assert_eq!(calls(), FEWER + 1);
                assert_empty(&heap);
            }
        }
    });
}

#[test]
fn a_ring_with_finalizers_is_collected_under_pep_442() {
    on_a_small_stack(|| {
        let heap = heap(FinalizerPolicy::Pep442);
        drop(Fin::ring(&heap, FEWER));
        assert_eq!((heap.collect(), calls()), (FEWER, FEWER));
        assert_empty(&heap);
    });
}

#[test]
fn a_ring_with_finalizers_is_uncollectable_under_legacy_until_it_is_broken() {
    on_a_small_stack(|| {
        let heap = heap(FinalizerPolicy::Legacy);
        drop(Fin::ring(&heap, FEWER));
        assert_eq!((heap.collect(), calls()), (FEWER, 0));
        assert_eq!(heap.garbage().len(), FEWER);
        let first = heap.garbage().get(0).and_then(|it| it.downcast::<Fin>()).expect("it is a Fin");
        first.next.take();
        drop(first);
        assert_eq!(calls(), 0, "every one is held by the garbage list");
        heap.garbage().clear();
        assert_eq!(calls(), FEWER);
        assert_empty(&heap);
    });
}

/// One object with a finalizer on a cycle keeps a long list alive, of which it alone is garbage.
#[test]
fn a_list_is_kept_with_what_is_uncollectable() {
    on_a_small_stack(|| {
        let heap = heap(FinalizerPolicy::Legacy);
        let keeper = Fin::ring(&heap, 1);
        keeper.tail.set(Some(Node::list_before(Node::alone(&heap, ()), &heap, MANY, || ())));
        drop(keeper);
        assert_eq!((heap.collect(), heap.collect()), (MANY + 2, 0));
        assert_eq!((heap.garbage().len(), heap.objects(None).len()), (1, MANY + 2));
        heap.garbage().get(0).and_then(|it| it.downcast::<Fin>()).expect("it is a Fin").next.take();
        heap.garbage().clear();
        assert_eq!(calls(), 1);
        assert_empty(&heap);
    });
}

#[test]
fn edges_and_referrers_of_a_list_are_found() {
    on_a_small_stack(|| {
        let heap = heap(FinalizerPolicy::Pep442);
        let last = Node::alone(&heap, ());
        let head = Node::list_before(last.clone(), &heap, FEWER, || ());
        let (mut at, mut steps) = (Gc::as_any(&head), 0);
        while let Some(edge) = heap.edges(&at).pop() {
            assert_eq!(edge.name, "next");
            (at, steps) = (edge.target, steps + 1);
        }
        assert_eq!((steps, at == Gc::as_any(&last)), (FEWER, true));
        let referrers = heap.referrers(&[&at]);
        assert!(referrers.len() == 1 && referrers[0].referents() == [at]);
        drop((head, last, referrers));
        assert_empty(&heap);
    });
}

/// The pointers that an enumeration gives are the last ones to what they point to.
#[test]
fn a_list_is_dropped_by_the_pointers_of_an_enumeration() {
    on_a_small_stack(|| {
        let heap = heap(FinalizerPolicy::Pep442);
        let head = Node::list_before(Node::alone(&heap, ()), &heap, FEWER, || ());
        let objects: Vec<GcAny> = heap.objects(None);
        drop(head);
        drop(objects);
        assert_empty(&heap);
    });
}

#[test]
fn a_list_with_bare_weak_references_dies_with_its_callbacks() {
    on_a_small_stack(|| {
        for (policy, ring) in [(BOTH[0], false), (BOTH[1], false), (BOTH[0], true), (BOTH[1], true)] {
            let heap = heap(policy);
            let last = Node::alone(&heap, ());
            let mut weaks: Vec<Weak<Node<()>>> = vec![Gc::downgrade_with(&last, called)];
            let head = (0..FEWER).fold(last.clone(), |head, _| {
                let before = Node::list_before(head, &heap, 1, || ());
                weaks.push(Gc::downgrade_with(&before, called));
                before
            });
            last.next.set(ring.then(|| head.clone()));
            drop((head, last));
            assert_eq!(heap.collect(), if ring { FEWER + 1 } else { 0 });
            assert_eq!(calls(), FEWER + 1);
            assert!(weaks.iter().all(|it| it.upgrade().is_none()));
            assert_empty(&heap);
        }
    });
}

/// Each node holds a managed weak reference to the next one; all of them are garbage at once, or
/// die by count one after the other.
#[derive(Trace)]
struct Watcher {
    next: Slot<Watcher>,
    watches: RefCell<Option<Gc<WeakRef<Watcher>>>>,
}

#[test]
fn a_list_with_managed_weak_references_dies() {
    on_a_small_stack(|| {
        for (policy, ring) in [(BOTH[0], false), (BOTH[1], false), (BOTH[0], true), (BOTH[1], true)] {
            let heap = heap(policy);
            let new = || heap.alloc(Watcher { next: Slot::empty(), watches: RefCell::default() });
            let last = new();
            let head = (0..FEWER).fold(last.clone(), |head, _| {
                let before = new();
                before.watches.replace(Some(heap.alloc_weak_with(&head, |_| called())));
                before.next.set(Some(head));
                before
            });
            last.next.set(ring.then(|| head.clone()));
            drop((head, last));
            assert_eq!(heap.collect(), if ring { 2 * FEWER + 1 } else { 0 });
            // Each weak reference outlives the node before its target, or is trash itself.
            let calls = calls();
            assert!(calls == 0 || !ring, "{calls} callbacks of trash were called");
            assert_empty(&heap);
        }
    });
}

/// Each callback owns the next node, and drops it when it is called.
#[test]
fn a_list_through_what_callbacks_drop_is_dropped() {
    on_a_small_stack(|| {
        let heap = heap(FinalizerPolicy::Pep442);
        let mut weaks: Vec<Weak<Node<()>>> = Vec::new();
        let head = (0..FEWER).fold(Node::alone(&heap, ()), |head, _| {
            let before = Node::alone(&heap, ());
            weaks.push(Gc::downgrade_with(&before, move || drop(head)));
            before
        });
        drop(head);
        assert_empty(&heap);
    });
}

/// Its callback owns the next one; it is never called.
#[derive(Trace)]
struct Owner(Weak<()>);

#[test]
fn a_list_through_cancelled_callbacks_is_dropped() {
    on_a_small_stack(|| {
        let heap = heap(FinalizerPolicy::Pep442);
        let target = heap.alloc(());
        let head = (0..FEWER).fold(heap.alloc(Owner(Weak::new())), |head, _| {
            heap.alloc(Owner(Gc::downgrade_with(&target, move || drop(head))))
        });
        drop(head);
        drop(target);
        assert_empty(&heap);
    });
}

trait Shape: DynTrace {
    fn rest(&self) -> &Slot<dyn Shape>;
}
trace_object!(dyn Shape);

#[derive(Trace)]
struct Square(Slot<dyn Shape>);

#[derive(Trace)]
struct Circle(Box<Slot<dyn Shape>>);

impl Shape for Square {
    fn rest(&self) -> &Slot<dyn Shape> {
        &self.0
    }
}

impl Shape for Circle {
    fn rest(&self) -> &Slot<dyn Shape> {
        &self.0
    }
}

fn shapes(heap: &Heap, length: usize) -> [Gc<dyn Shape>; 2] {
    let last: Gc<dyn Shape> = gc_cast!(heap.alloc(Square(Slot::empty())) => dyn Shape);
    let first = (0..length).fold(last.clone(), |head, index| match index % 2 {
        0 => gc_cast!(heap.alloc(Square(head.into())) => dyn Shape),
        _ => gc_cast!(heap.alloc(Circle(Box::new(head.into()))) => dyn Shape),
    });
    [first, last]
}

#[test]
fn trait_objects_are_dropped_and_collected() {
    on_a_small_stack(|| {
        for policy in BOTH {
            let heap = heap(policy);
            drop(shapes(&heap, MANY));
            assert_empty(&heap);
            let [first, last] = shapes(&heap, MANY);
            last.rest().set(Some(first));
            drop(last);
            assert_eq!(heap.collect(), MANY + 1);
            assert_empty(&heap);
        }
    });
}

#[derive(Trace)]
struct Parent(List<Parent>);

#[derive(Trace)]
struct Slice(Option<Gc<[Slice]>>);

#[test]
fn nested_lists_and_slices_are_dropped() {
    on_a_small_stack(|| {
        let heap = heap(FinalizerPolicy::Pep442);
        let parents = (0..FEWER).fold(heap.alloc(Parent(List::new())), |child, _| {
            heap.alloc(Parent([child, heap.alloc(Parent(List::new()))].into_iter().collect()))
        });
        drop(parents);
        let slices = (0..FEWER).fold(heap.alloc_slice([Slice(None)]), |inner, _| {
            heap.alloc_slice([Slice(None), Slice(Some(inner.clone())), Slice(Some(inner))])
        });
        drop(slices);
        assert_empty(&heap);
    });
}

#[derive(Trace)]
struct Across(Option<Gc<Across>>);

/// A list that changes heaps at every step.
#[test]
fn a_list_across_two_heaps_is_dropped() {
    on_a_small_stack(|| {
        let heaps = BOTH.map(heap);
        let head =
            (0..FEWER).fold(heaps[0].alloc(Across(None)), |head, index| heaps[index % 2].alloc(Across(Some(head))));
        drop(head);
        heaps.iter().for_each(assert_empty);
    });
}

#[test]
fn a_list_that_outlives_its_heap_is_dropped() {
    on_a_small_stack(|| {
        let heap = heap(FinalizerPolicy::Pep442);
        let list = Node::list_before(Node::alone(&heap, Untraced(Counted)), &heap, FEWER, || Untraced(Counted));
        let garbage = Node::ring(&heap, FEWER, || Untraced(Counted));
        drop(garbage);
        drop(heap);
        assert_eq!(calls(), FEWER, "the last handle collects");
        drop(list);
        assert_eq!(calls(), FEWER + 1);
    });
}
