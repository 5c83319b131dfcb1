//! Managed weak references in collections: which generation they go to, which survive, what holds them during a callback.

use crate::support::obj::{Obj, looped, obj, survive, survivor, with_finalizer};
use crate::support::{BOTH, generation_of, heap, log, logged};
use gc_core::{FinalizerPolicy, Gc, GcAny, Generation, WeakRef};
use std::cell::RefCell;

thread_local! {
    static ROOT: RefCell<Option<Gc<WeakRef<Obj>>>> = const { RefCell::new(None) };
}

fn log_name(this: &Gc<Obj>) {
    log(this.name);
}

/// A collection that ran the callback of a managed weak reference moves it to the
/// generation after the collected one, also when it was in an older one.
///
/// Only PEP 442 lets a weak reference be older than its target: the target is in
/// generation 0 again when it was resurrected by its count. `Legacy` clears weak
/// references before that finalizer.
#[test]
fn a_called_weak_reference_moves_from_an_older_generation() {
    for (collected, expected) in
        [(Generation::Zero, Generation::One), (Generation::One, Generation::Two), (Generation::Two, Generation::Two)]
    {
        let heap = heap(FinalizerPolicy::Pep442);
        let target = with_finalizer(&heap, "target", survive);
        let called = heap.alloc_weak_with(&target, |_| log("called"));
        let silent = heap.alloc_weak(&target);
        heap.collect();
        assert_eq!(generation_of(&called), Some(Generation::Two));
        assert_eq!(generation_of(&silent), Some(Generation::Two));

        drop(target);
        let target = survivor();
        assert_eq!(generation_of(&target), Some(Generation::Zero));
        assert!(called.upgrade().is_some() && called.has_callback());
        drop(looped(target));
        assert_eq!(heap.collect_generation(collected), 1);
        assert_eq!(logged(), ["called"]);
        assert_eq!(generation_of(&called), Some(expected));
        assert_eq!(generation_of(&silent), Some(Generation::Two), "no callback, no move");
    }
}

/// `Legacy` leaves weak references that are trash themselves as they are: one that
/// only uncollectable objects hold works still. PEP 442 clears it, and a finalizer
/// that resurrects it finds it dead.
#[test]
fn trash_weak_references_keep_their_target_under_legacy_only() {
    for policy in BOTH {
        let heap = heap(policy);
        let living = obj(&heap, "living");
        let owner = looped(with_finalizer(&heap, "owner", survive));
        owner.weak.set(Some(heap.alloc_weak_with(&living, |_| log("called"))));
        drop(owner);
        let owner = match policy {
            FinalizerPolicy::Legacy => {
                assert_eq!((heap.collect(), heap.garbage().len()), (2, 1));
                heap.garbage().get(0).unwrap().downcast::<Obj>().unwrap()
            }
            FinalizerPolicy::Pep442 => {
                assert_eq!(heap.collect(), 0);
                survivor()
            }
        };
        let weak = owner.weak.get().unwrap();
        let target = weak.upgrade().map(|target| target.name);
        drop(living);
        match policy {
            FinalizerPolicy::Legacy => {
                assert_eq!((target, weak.has_callback()), (Some("living"), false));
                assert_eq!(logged(), ["called"]);
                heap.garbage().clear();
            }
            FinalizerPolicy::Pep442 => {
                assert_eq!(target, None);
                assert!(logged().is_empty());
            }
        }
        owner.finalizer.set(None);
        owner.next.take();
        drop((owner, weak));
        assert!(heap.objects(None).is_empty());
    }
}

/// The same for a weak reference that is to be reclaimed: while callbacks run, its
/// target lists it under `Legacy` (Python 2.7's `getweakrefs`), and not under PEP 442.
/// Reclaiming it clears it, also where the callback kept it.
#[test]
fn trash_weak_references_are_listed_under_legacy_only() {
    for policy in BOTH {
        let heap = heap(policy);
        let living = obj(&heap, "living");
        let trash = looped(obj(&heap, "trash"));
        trash.weak.set(Some(heap.alloc_weak_with(&living, |_| log("called"))));
        let target = living.clone();
        let _outside = Gc::downgrade_with(&trash, move || {
            let listed = Gc::as_any(&target).weak_refs();
            log(format!("{} listed", listed.len()));
            let kept = listed.first().and_then(GcAny::downcast::<WeakRef<Obj>>);
            log(format!("works {}", kept.as_ref().is_some_and(|weak| weak.upgrade().is_some())));
            ROOT.set(kept);
        });
        drop(trash);
        heap.collect();
        let kept = ROOT.take();
        assert_eq!(
            kept.as_ref().map(|weak| weak.upgrade().is_some()),
            match policy {
                FinalizerPolicy::Legacy => Some(false),
                FinalizerPolicy::Pep442 => None,
            }
        );
        assert_eq!(
            logged(),
            match policy {
                FinalizerPolicy::Legacy => ["1 listed", "works true"],
                FinalizerPolicy::Pep442 => ["0 listed", "works false"],
            }
        );
        drop((kept, living));
        assert!(logged().is_empty() && heap.objects(None).is_empty());
    }
}

/// `Legacy`: what is uncollectable is no trash. Its weak reference to trash is
/// cleared and called, and moves no more.
#[test]
fn an_uncollectable_weak_reference_to_trash_is_called() {
    let heap = heap(FinalizerPolicy::Legacy);
    let trash = looped(obj(&heap, "trash"));
    let owner = looped(with_finalizer(&heap, "owner", log_name));
    owner.weak.set(Some(heap.alloc_weak_with(&trash, |this| {
        log(format!("called with count {}", Gc::strong_count(this)));
    })));
    drop((trash, owner));
    // The trash, the owner; the weak reference moved and is not counted.
    assert_eq!(heap.collect(), 2);
    assert_eq!(logged(), ["called with count 2"]);
    let owner = heap.garbage().get(0).unwrap().downcast::<Obj>().unwrap();
    assert_eq!(heap.garbage().len(), 1);
    assert!(owner.weak.get().unwrap().upgrade().is_none());
    owner.next.take();
    heap.garbage().clear();
    drop(owner);
    assert_eq!(logged(), ["owner"]);
    assert!(heap.objects(None).is_empty());
}

/// The only weak reference to a dying object is held while its callback runs.
#[test]
fn a_single_callback_holds_its_weak_reference() {
    fn release_owner(this: &Gc<WeakRef<Obj>>) {
        log(format!("count {}", Gc::strong_count(this)));
        ROOT.take();
        log(format!("count {}", Gc::strong_count(this)));
        assert!(this.upgrade().is_none() && !this.has_callback());
    }
    for policy in BOTH {
        for by_collection in [false, true] {
            let heap = heap(policy);
            let target = obj(&heap, "target");
            let weak = heap.alloc_weak_with(&target, release_owner);
            let watch = Gc::downgrade_with(&weak, || log("the weak reference dies"));
            ROOT.set(Some(weak));
            if by_collection {
                drop(looped(target));
                // It died of its own callback: Python counts it as well.
                assert_eq!(heap.collect(), 2);
            } else {
                drop(target);
            }
            assert_eq!(logged(), ["count 2", "count 1", "the weak reference dies"]);
            assert!(watch.upgrade().is_none() && heap.objects(None).is_empty());
        }
    }
}

/// Two or more are all held until the last callback is done.
#[test]
fn several_callbacks_hold_all_weak_references_to_the_end() {
    for policy in BOTH {
        let heap = heap(policy);
        let target = obj(&heap, "target");
        let old = heap.alloc_weak_with(&target, |this| log(format!("old, count {}", Gc::strong_count(this))));
        let new = heap.alloc_weak_with(&target, |this| {
            log(format!("new, count {}", Gc::strong_count(this)));
            ROOT.take();
            log("root emptied");
        });
        let watch = Gc::downgrade_with(&old, || log("old dies"));
        ROOT.set(Some(old));
        drop(target);
        assert_eq!(logged(), ["new, count 2", "root emptied", "old, count 1", "old dies"]);
        assert!(watch.upgrade().is_none());
        assert_eq!((Gc::strong_count(&new), heap.objects(None).len()), (1, 1));
    }
}
