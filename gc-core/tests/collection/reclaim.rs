//! All that user code can see of a set while it is judged and reclaimed: nothing that would change the verdict.

use crate::support::kept::{Fin, KEPT, Leaf, Node, fin, heap, heaps, keep, looped, node, ring_of_fins};
use crate::support::{log, logged};
use gc_core::hooks::{CollectionInfo, Phase};
use gc_core::{FinalizerPolicy, Gc, Generation, Heap, Weak};
use std::cell::Cell;
use std::rc::Rc;

/// `armed` is user code: after it ran, the set is recounted. Here it keeps a member
/// that nothing uncollectable reaches.
#[test]
fn armed_is_user_code() {
    fn keeps_next(this: &Fin) -> bool {
        keep(this.next.get());
        false
    }
    for heap in heaps() {
        ring_of_fins(&heap, keeps_next, |_| ());
        assert_eq!((heap.collect(), KEPT.with_borrow(Vec::len)), (0, 1));
        assert_eq!((heap.objects(None).len(), heap.garbage().len()), (2, 0));
    }
}

/// Hooks fire only where user code is allowed. One that moves a pointer, which changes
/// no count, must not do so between the count of a set and its verdict.
#[test]
fn no_hook_fires_inside_a_pass() {
    for heap in heaps() {
        let ring = [node(&heap), node(&heap)];
        ring[0].next.set(Some(ring[1].clone()));
        ring[1].next.set(Some(ring[0].clone()));
        let weak = Gc::downgrade(&ring[0]);
        drop(ring);
        heap.on_collection(move |_, phase, _: &CollectionInfo| {
            if phase == Phase::Start {
                keep(weak.upgrade().and_then(|node| node.next.take()));
            }
        });
        assert_eq!((heap.collect(), heap.objects(None).len()), (0, 2));
    }
}

/// Collects a ring of two; the first one's finalizer makes a weak reference to itself
/// with a callback, and one to the second. Before the second's dies, what the callback
/// captured is finalized, and looks: both are condemned by then.
fn seen_while_condemned(look: impl Fn(&Heap, &Weak<Fin>) -> usize + 'static) -> usize {
    let heap = heap(FinalizerPolicy::Pep442);
    let seen = Rc::new(Cell::new(usize::MAX));
    let (look, tell) = (Rc::new(look), seen.clone());
    let finalizer = move |this: &Gc<Fin>| {
        let (look, tell, heap) = (look.clone(), tell.clone(), Gc::heap(this));
        let second = Gc::downgrade(&this.next.get().unwrap());
        let captured = fin(&Gc::heap(this), |_| true, move |_| tell.set(look(&heap, &second)));
        keep(Gc::downgrade_with(this, move || drop(captured)));
    };
    ring_of_fins(&heap, |_| true, finalizer);
    assert_eq!((heap.collect(), heap.objects(None).len()), (2, 0));
    seen.get()
}

/// From the last recount on `upgrade` refuses the members of the set.
#[test]
fn upgrade_refuses_the_condemned() {
    let upgraded = |_: &Heap, second: &Weak<Fin>| second.upgrade().map_or(0, |found| Gc::strong_count(&found));
    assert_eq!(seen_while_condemned(upgraded), 0);
}

/// So does every enumeration.
#[test]
fn enumerations_refuse_the_condemned() {
    assert_eq!(seen_while_condemned(|heap, _| heap.objects(None).len()), 1, "who looks");
}

/// A weak reference that a finalizer makes to an unreachable object is dead before
/// anything is reclaimed: it does not find what lies in the slot later.
#[test]
fn a_weak_reference_made_by_a_finalizer_dies() {
    for heap in heaps().filter(|heap| heap.policy() == FinalizerPolicy::Pep442) {
        let finalizer = |this: &Gc<Fin>| {
            keep(Gc::downgrade(&this.next.get().unwrap()));
            keep(Gc::downgrade_with(this, || log("called")));
        };
        ring_of_fins(&heap, |_| true, finalizer);
        assert_eq!(heap.collect(), 2);
        // These lie where the dead did.
        let _new: Vec<_> = (0..1000).map(|_| fin(&heap, |_| false, |_| ())).collect();
        let weak: Vec<_> = KEPT.take().into_iter().map(|weak| weak.downcast::<Weak<Fin>>().unwrap()).collect();
        assert!(weak.len() == 2 && weak.iter().all(|weak| weak.upgrade().is_none()));
        assert!(logged().is_empty());
    }
}

/// Four pieces of garbage whose slots do not lie in birth order.
fn out_of_order(heap: &Heap) -> [Gc<Node>; 4] {
    // The last slot freed is the first that is taken again.
    drop([(); 4].map(|()| node(heap)));
    let nodes = [(); 4].map(|()| looped(heap));
    assert!(nodes.windows(2).all(|two| Gc::as_ptr(&two[0]) > Gc::as_ptr(&two[1])));
    nodes
}

/// Reclaim is exact where an edge leaves the set to an object with a finalizer or a
/// weak callback, in this heap or another: the garbage goes in birth order, and what it
/// held with it.
#[test]
fn reclaim_is_exact_where_leaves_are_watched() {
    for (heap, abroad) in heaps().flat_map(|heap| [(heap.clone(), false), (heap, true)]) {
        let other = Heap::builder().policy(heap.policy()).build().unwrap();
        let nodes = out_of_order(&heap);
        for (n, node) in nodes.iter().enumerate() {
            let leaf = if abroad { &other } else { &heap }.alloc(Leaf(n));
            keep(Gc::downgrade_with(&leaf, move || log(format!("called {n}"))));
            node.leaf.set(Some(leaf));
        }
        drop(nodes);
        assert_eq!(heap.collect(), 4);
        let of_one = |n| match heap.policy() {
            FinalizerPolicy::Legacy => [format!("called {n}"), format!("leaf {n}")],
            FinalizerPolicy::Pep442 => [format!("leaf {n}"), format!("called {n}")],
        };
        assert_eq!(logged(), (0..4).flat_map(of_one).collect::<Vec<_>>());
    }
}

/// So it is where an edge leads to an object that was not examined.
#[test]
fn reclaim_is_exact_where_what_is_older_may_die() {
    for heap in heaps() {
        let old = [0, 1, 2, 3].map(|n| fin(&heap, |_| true, move |_| log(format!("old {n}"))));
        heap.collect();
        let nodes = out_of_order(&heap);
        nodes.iter().zip(old).for_each(|(node, old)| node.fin.set(Some(old)));
        drop(nodes);
        assert_eq!(heap.collect_generation(Generation::Zero), 4);
        assert_eq!(logged(), ["old 0", "old 1", "old 2", "old 3"]);
    }
}

/// While a collection is open no slot freed during it is reused.
#[test]
fn no_slot_is_reused_while_a_collection_is_open() {
    fn is_reused(heap: &Heap) -> bool {
        let place = Gc::as_ptr(&node(heap));
        Gc::as_ptr(&node(heap)) == place
    }
    for heap in heaps() {
        let (garbage, inner) = (looped(&heap), heap.clone());
        keep(Gc::downgrade_with(&garbage, move || log(format!("reused {}", is_reused(&inner)))));
        drop(garbage);
        assert_eq!((is_reused(&heap), heap.collect(), is_reused(&heap)), (true, 1, true));
        assert_eq!(logged(), ["reused false"]);
    }
}
