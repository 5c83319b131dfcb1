//! The rules of the managed heap that no recorded program covers, one test each.
//!
//! They are listed at the end of the description of the recordings: a random
//! program cannot see them, because it looks at the heap only between its steps.

mod common;

use common::obj::{Obj, looped, obj, survive, survivor, with_finalizer};
use common::{BOTH, generation_of, heap, log, logged};
use gc_core::{FinalizerPolicy, Gc, GcAny, Generation, Heap, WeakRef};
use std::cell::RefCell;

thread_local! {
    static ROOT: RefCell<Option<Gc<WeakRef<Obj>>>> = const { RefCell::new(None) };
}

/// Finds a living object by its name, as `gc.get_objects()` lets a program do.
fn find(heap: &Heap, name: &str) -> Option<Gc<Obj>> {
    let objects = heap.objects(None);
    objects.iter().filter_map(GcAny::downcast::<Obj>).find(|object| object.name == name)
}

fn log_name(this: &Gc<Obj>) {
    log(this.name);
}

/// `set`: the new value is stored before the old one is released.
#[test]
fn set_stores_before_it_releases() {
    fn see_owner(this: &Gc<Obj>) {
        let owner = find(&Gc::heap(this), "owner").unwrap();
        let new = owner.next.get().unwrap();
        log(format!("{} sees {} with count {}", this.name, new.name, Gc::strong_count(&new)));
    }
    for policy in BOTH {
        let heap = heap(policy);
        let owner = obj(&heap, "owner");
        owner.next.set(Some(with_finalizer(&heap, "old", see_owner)));
        owner.next.set(Some(obj(&heap, "new")));
        assert_eq!(logged(), ["old sees new with count 2"]);

        // The same where the old value dies with what it owns: its child sees it, too.
        let child = with_finalizer(&heap, "child", see_owner);
        let old = obj(&heap, "old");
        old.other.set(Some(child));
        owner.next.set(Some(old));
        owner.next.set(Some(obj(&heap, "newer")));
        assert_eq!(logged(), ["child sees newer with count 2"]);
        assert_eq!(heap.objects(None).len(), 2);
    }
}

/// The finalizer that unsets a field of its own: the field is empty before what was
/// in it is released.
#[test]
fn a_finalizer_unsets_before_it_releases() {
    fn unset_field(this: &Gc<Obj>) {
        log(format!("{} begins", this.name));
        drop(this.next.take());
        log(format!("{} ends", this.name));
    }
    fn see_parent(this: &Gc<Obj>) {
        let parent = find(&Gc::heap(this), "parent").unwrap();
        log(format!("{} sees {:?} count {}", this.name, parent.next.get().is_some(), Gc::strong_count(&parent)));
    }
    for policy in BOTH {
        let heap = heap(policy);
        // By count: the parent counts as one while its finalizer runs.
        let parent = with_finalizer(&heap, "parent", unset_field);
        parent.next.set(Some(with_finalizer(&heap, "child", see_parent)));
        drop(parent);
        assert_eq!(logged(), ["parent begins", "child sees false count 2", "parent ends"]);
        assert!(heap.objects(None).is_empty());

        // By a collection: the parent's own cycle counts as well, and the hold on it.
        let parent = with_finalizer(&heap, "parent", unset_field);
        parent.next.set(Some(with_finalizer(&heap, "child", see_parent)));
        parent.other.set(Some(parent.clone()));
        drop(parent);
        match policy {
            FinalizerPolicy::Legacy => {
                assert_eq!((heap.collect(), heap.garbage().len()), (2, 2));
                assert!(logged().is_empty());
                heap.garbage().clear();
                // The cycle is there still: break it as the program would.
                let parent = find(&heap, "parent").unwrap();
                parent.other.take();
                drop(parent);
            }
            FinalizerPolicy::Pep442 => assert_eq!(heap.collect(), 1),
        }
        let count = if policy == FinalizerPolicy::Legacy { 2 } else { 3 };
        let seen = format!("child sees false count {count}");
        assert_eq!(logged(), ["parent begins", &seen, "parent ends"]);
        assert!(heap.objects(None).is_empty());
    }
}

/// Operand temporaries: an embedder's are Rust values, and objects die in the order
/// in which Rust drops the pointers to them.
#[test]
fn temporaries_are_released_in_the_order_in_which_they_are_dropped() {
    fn takes_two(_one: Gc<Obj>, _two: Gc<Obj>) {}
    fn look(_one: &Gc<Obj>, _two: &Gc<Obj>) {}

    for policy in BOTH {
        let heap = heap(policy);
        let fin = |name| with_finalizer(&heap, name, log_name);
        {
            let _a = fin("a");
            let _b = fin("b");
        }
        assert_eq!(logged(), ["b", "a"], "locals: the last declared goes first");
        drop((fin("a"), fin("b")));
        assert_eq!(logged(), ["a", "b"], "fields: in their order");
        drop(vec![fin("a"), fin("b")]);
        assert_eq!(logged(), ["a", "b"], "elements: in their order");
        takes_two(fin("a"), fin("b"));
        assert_eq!(logged(), ["b", "a"], "arguments: the last goes first");
        look(&fin("a"), &fin("b"));
        assert_eq!(logged(), ["b", "a"], "temporaries of a statement: the last goes first");
        let (a, b) = (fin("a"), fin("b"));
        drop(a);
        drop(b);
        assert_eq!(logged(), ["a", "b"], "said by the program");
    }
}

/// A pointer that an operation holds keeps what another of its effects released.
#[test]
fn an_operand_outlives_the_operation() {
    for policy in BOTH {
        let heap = heap(policy);
        let a = obj(&heap, "a");
        a.next.set(Some(with_finalizer(&heap, "b", log_name)));
        {
            let operand = a.next.get().unwrap();
            a.next.set(None);
            assert_eq!((Gc::strong_count(&operand), logged().len()), (1, 0));
        }
        assert_eq!(logged(), ["b"]);
    }
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
