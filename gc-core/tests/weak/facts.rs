//! Rows 15 to 22 of the facts that were found by running Python 2.7 and 3.11:
//! weak references and finalizers, at count zero and in a collection.

use crate::support::obj::{Obj, looped, obj, survive, survivor, with_finalizer};
use crate::support::{BOTH, generation_of, heap, log, logged};
use gc_core::{Finalize, FinalizerPolicy, Gc, Generation, Trace, Weak, WeakRef};
use std::cell::RefCell;

thread_local! {
    static WATCH: RefCell<Option<Weak<Obj>>> = const { RefCell::new(None) };
}

fn log_del(this: &Gc<Obj>) {
    let alive = WATCH.with_borrow(|watch| watch.as_ref().is_some_and(|watch| watch.upgrade().is_some()));
    log(format!("del {}, weakref alive {alive}", this.name));
}

#[test]
fn fact_15_resurrected_by_its_count_an_object_is_young_again() {
    for policy in BOTH {
        let heap = heap(policy);
        let object = with_finalizer(&heap, "object", survive);
        heap.collect();
        assert_eq!(generation_of(&object), Some(Generation::Two));
        drop(object);
        let object = survivor();
        assert_eq!(generation_of(&object), Some(Generation::Zero));
        assert_eq!(Gc::strong_count(&object), 1);
        // It is examined as a new one: a young collection finds it.
        object.finalizer.set(None);
        drop(looped(object));
        assert_eq!(heap.collect_generation(Generation::Zero), 1);
    }
}

#[test]
fn fact_16_a_nested_collection_returns_zero() {
    fn collect_all(this: &Gc<Obj>) {
        let heap = Gc::heap(this);
        let all = [Generation::Zero, Generation::One, Generation::Two];
        log(format!("{} {:?}", this.name, all.map(|generation| heap.collect_generation(generation))));
    }
    for policy in BOTH {
        let heap = heap(policy);
        let (outer, garbage) = (looped(obj(&heap, "outer")), looped(obj(&heap, "garbage")));
        outer.other.set(Some(with_finalizer(&heap, "tail", collect_all)));
        let inner = heap.clone();
        let weak = Gc::downgrade_with(&garbage, move || log(format!("callback {}", inner.collect())));
        let before = heap.stats();
        drop((outer, garbage));
        // Legacy does not count the tail: it dies by count while the rest is reclaimed.
        assert_eq!(heap.collect(), if policy == FinalizerPolicy::Legacy { 2 } else { 3 });
        assert_eq!(logged(), ["callback 0", "tail [0, 0, 0]"]);
        assert_eq!(heap.stats()[2].collections, before[2].collections + 1, "nested ones are not counted");
        assert_eq!((heap.stats()[0], heap.stats()[1]), (before[0], before[1]));
        drop(weak);
    }
}

#[test]
fn fact_17_at_count_zero_legacy_clears_weak_references_first() {
    for policy in BOTH {
        let heap = heap(policy);
        let object = with_finalizer(&heap, "object", log_del);
        WATCH.set(Some(Gc::downgrade(&object)));
        let managed = heap.alloc_weak_with(&object, |_| log("managed"));
        let bare = Gc::downgrade_with(&object, || log("bare"));
        drop(object);
        assert_eq!(
            logged(),
            match policy {
                FinalizerPolicy::Legacy => ["bare", "managed", "del object, weakref alive false"],
                FinalizerPolicy::Pep442 => ["del object, weakref alive true", "bare", "managed"],
            }
        );
        assert!(managed.upgrade().is_none() && bare.upgrade().is_none());
        WATCH.take();
    }
}

/// The same for an object that the collector never sees.
#[test]
fn fact_17_for_an_untracked_object() {
    #[derive(Trace)]
    #[trace(finalize)]
    struct Leaf(u8);
    impl Finalize for Leaf {
        fn finalize(this: &Gc<Leaf>) {
            log(format!("del {} {}", this.0, Gc::weak_count(this)));
        }
    }
    for policy in BOTH {
        let heap = heap(policy);
        let leaf = heap.alloc(Leaf(1));
        assert!(!Gc::as_any(&leaf).is_tracked());
        let _weak = Gc::downgrade_with(&leaf, || log("bare"));
        drop(leaf);
        let expected = if policy == FinalizerPolicy::Legacy { ["bare", "del 1 0"] } else { ["del 1 1", "bare"] };
        assert_eq!(logged(), expected);
    }
}

/// A plain loop `p` with the tail `t`, which has a finalizer.
#[test]
fn fact_18_in_a_collection_weak_references_come_first() {
    for policy in BOTH {
        let heap = heap(policy);
        let p = looped(obj(&heap, "p"));
        let t = with_finalizer(&heap, "t", log_del);
        WATCH.set(Some(Gc::downgrade(&t)));
        let _p = Gc::downgrade_with(&p, || log("cb p"));
        let _t = Gc::downgrade_with(&t, || log("cb t"));
        p.other.set(Some(t));
        drop(p);
        assert_eq!(heap.collect(), if policy == FinalizerPolicy::Legacy { 1 } else { 2 });
        assert_eq!(logged(), ["cb p", "cb t", "del t, weakref alive false"]);
        assert!(heap.garbage().is_empty());
        WATCH.take();
    }
}

#[test]
fn fact_18_uncollectable_objects_keep_their_weak_references() {
    let heap = heap(FinalizerPolicy::Legacy);
    let f = looped(with_finalizer(&heap, "f", log_del));
    let watched = Gc::downgrade_with(&f, || log("cb f"));
    let managed = heap.alloc_weak_with(&f, |_| log("cb f managed"));
    drop(f);
    assert_eq!((heap.collect(), heap.garbage().len()), (1, 1));
    assert!(logged().is_empty());
    assert!(managed.has_callback());
    let f = watched.upgrade().unwrap();
    assert_eq!(Gc::strong_count(&f), 3, "its own, the list's, ours");
    heap.garbage().clear();
    f.next.take();
    drop(f);
    assert_eq!(logged(), ["cb f managed", "cb f", "del f, weakref alive false"]);
}

#[test]
fn fact_19_callbacks_run_newest_first() {
    for policy in BOTH {
        for by_collection in [false, true] {
            let heap = heap(policy);
            let object = obj(&heap, "object");
            let mut weaks = Vec::new();
            for n in 0..4 {
                weaks.push(Gc::downgrade_with(&object, move || log(format!("bare {n}"))));
                drop(Gc::downgrade(&object));
                let managed = heap.alloc_weak_with(&object, move |_| log(format!("managed {n}")));
                SLOT.with_borrow_mut(|kept| kept.push(managed));
            }
            assert!(logged().is_empty());
            if by_collection {
                drop(looped(object));
                assert_eq!(heap.collect(), 1);
            } else {
                drop(object);
            }
            let newest_first = [3, 2, 1, 0].into_iter();
            let expected: Vec<_> = newest_first.flat_map(|n| [format!("managed {n}"), format!("bare {n}")]).collect();
            assert_eq!(logged(), expected);
            SLOT.take();
        }
    }
}

thread_local! {
    static SLOT: RefCell<Vec<Gc<WeakRef<Obj>>>> = const { RefCell::new(Vec::new()) };
}

/// DESIGN promises birth order of the targets where CPython has its list's order.
#[test]
fn fact_20_callbacks_of_several_targets_run_in_birth_order() {
    for policy in BOTH {
        for linear in [false, true] {
            let heap = heap(policy);
            heap.force_detector(Some(linear));
            let objects: Vec<_> = ["a", "b", "c", "d"].map(|name| obj(&heap, name)).into();
            for (from, to) in [(0, 3), (3, 1), (1, 2), (2, 0)] {
                objects[from].other.set(Some(objects[to].clone()));
            }
            // Made in another order than the targets, which are of mixed age.
            let weaks: Vec<_> = [2, 0, 3, 1, 2]
                .into_iter()
                .enumerate()
                .map(|(n, at)| {
                    let name = objects[at].name;
                    Gc::downgrade_with(&objects[at], move || log(format!("{name}{n}")))
                })
                .collect();
            heap.collect_generation(Generation::Zero);
            let young = looped(obj(&heap, "young"));
            let watch = Gc::downgrade_with(&young, || log("young"));
            drop((young, objects));
            assert_eq!(heap.collect(), 5);
            assert_eq!(logged(), ["a1", "b3", "c4", "c0", "d2", "young"]);
            drop((weaks, watch));
        }
    }
}

#[test]
fn fact_21_a_weak_reference_that_is_trash_is_silent() {
    for policy in BOTH {
        let heap = heap(policy);
        let (owner, target) = (looped(obj(&heap, "owner")), looped(obj(&heap, "target")));
        owner.weak.set(Some(heap.alloc_weak_with(&target, |_| log("called"))));
        owner.other.set(Some(target));
        drop(owner);
        assert_eq!(heap.collect(), 3);
        assert!(logged().is_empty());
        assert!(heap.objects(None).is_empty());
    }
}

/// A trash weak reference to a living object: cleared under PEP 442, so that it is
/// dead when a finalizer resurrects it; left working under Legacy.
#[test]
fn fact_21_a_trash_weak_reference_to_a_living_object() {
    for policy in BOTH {
        let heap = heap(policy);
        let living = obj(&heap, "living");
        let owner = looped(with_finalizer(&heap, "owner", survive));
        owner.weak.set(Some(heap.alloc_weak(&living)));
        drop(owner);
        match policy {
            FinalizerPolicy::Legacy => {
                assert_eq!(heap.collect(), 2);
                let owner = heap.garbage().pop().unwrap().downcast::<Obj>().unwrap();
                assert!(Gc::ptr_eq(&owner.weak.get().unwrap().upgrade().unwrap(), &living));
                owner.finalizer.set(None);
                owner.next.take();
            }
            FinalizerPolicy::Pep442 => {
                assert_eq!(heap.collect(), 0);
                let owner = survivor();
                assert!(owner.weak.get().unwrap().upgrade().is_none());
                owner.next.take();
            }
        }
        assert_eq!((heap.objects(None).len(), Gc::weak_count(&living)), (1, 0));
    }
}

#[test]
fn fact_22_a_called_weak_reference_moves_on() {
    let cases =
        [(Generation::Zero, Generation::One), (Generation::One, Generation::Two), (Generation::Two, Generation::Two)];
    for policy in BOTH {
        for (collected, expected) in cases {
            let heap = heap(policy);
            let object = looped(obj(&heap, "object"));
            let weak = heap.alloc_weak_with(&object, |this| {
                log(format!("{:?}", generation_of(this)));
            });
            drop(object);
            assert_eq!(generation_of(&weak), Some(Generation::Zero));
            assert_eq!(heap.collect_generation(collected), 1);
            // Survivors are promoted before callbacks run.
            assert_eq!(logged(), [format!("{:?}", Some(expected))]);
            assert_eq!(generation_of(&weak), Some(expected));
        }
    }
}

/// It also comes back from an older generation. Only PEP 442 lets a target be
/// younger than the weak reference: resurrected by its count.
#[test]
fn fact_22_a_called_weak_reference_comes_back_from_an_older_generation() {
    let heap = heap(FinalizerPolicy::Pep442);
    let object = with_finalizer(&heap, "object", survive);
    let weak = heap.alloc_weak_with(&object, |_| log("called"));
    heap.collect();
    assert_eq!(generation_of(&weak), Some(Generation::Two));
    drop(object);
    drop(looped(survivor()));
    assert_eq!(heap.collect_generation(Generation::Zero), 1);
    assert_eq!(logged(), ["called"]);
    assert_eq!(generation_of(&weak), Some(Generation::One));
}
