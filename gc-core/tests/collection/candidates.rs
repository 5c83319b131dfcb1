//! Candidates that survive a full collection. An object that lost a pointer and lives is
//! examined once, and no more until it loses another one; then it is found if it is
//! garbage, in whichever way it survived before.

use crate::support::heaps;
use gc_core::{DebugFlags, Finalize, FinalizerPolicy, Gc, Heap, Slot, Trace, TypeWalker, Visitor};
use std::cell::{Cell, RefCell};

thread_local! {
    /// Names of the objects that were examined since this was last taken.
    static EXAMINED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    static KEPT: RefCell<Vec<Gc<Subject>>> = const { RefCell::new(Vec::new()) };
}

/// Holds itself, so that only a collection can free it; and says when it is examined.
struct Subject {
    name: &'static str,
    me: Slot<Subject>,
    next: Slot<Subject>,
    fin: Slot<Fin>,
}

// SAFETY: reports each of its edges once.
unsafe impl Trace for Subject {
    fn types(walk: &mut TypeWalker) {
        walk.field::<Slot<Subject>>();
        walk.field::<Slot<Fin>>();
    }

    fn trace<V: Visitor>(&self, visitor: &mut V) {
        EXAMINED.with_borrow_mut(|all| all.push(self.name));
        self.me.trace(visitor);
        self.next.trace(visitor);
        self.fin.trace(visitor);
    }
}

fn subject(heap: &Heap, name: &'static str) -> Gc<Subject> {
    let (me, next, fin) = (Slot::empty(), Slot::empty(), Slot::empty());
    let subject = heap.alloc(Subject { name, me, next, fin });
    subject.me.set(Some(subject.clone()));
    subject
}

/// It loses a pointer and lives.
fn suspect(object: &Gc<Subject>) {
    drop(object.clone());
}

/// It dies by its count, which makes nothing a candidate that it does not hold.
fn end(object: Gc<Subject>) {
    object.me.take();
}

/// The one object that the holder points to, by a pointer that is moved, not released.
fn taken_from(holder: Gc<Subject>) -> Gc<Subject> {
    let next = holder.next.take().unwrap();
    end(holder);
    next
}

/// Holds itself, and a subject.
#[derive(Trace)]
#[trace(finalize)]
struct Fin {
    me: Slot<Fin>,
    subject: Slot<Subject>,
    #[trace(skip)]
    armed: Cell<fn(&Fin) -> bool>,
}

impl Finalize for Fin {
    fn armed(&self) -> bool {
        (self.armed.get())(self)
    }

    fn finalize(this: &Gc<Fin>) {
        keep_subject(this);
    }
}

fn keep_subject(this: &Fin) {
    KEPT.with_borrow_mut(|kept| kept.extend(this.subject.get()));
}

/// Garbage: a `Fin`, which holds a holder, which holds the suspected object.
fn garbage_of_three(heap: &Heap, armed: fn(&Fin) -> bool) {
    let holder = subject(heap, "holder");
    holder.next.set(Some(subject(heap, "object")));
    suspect(&holder.next.get().unwrap());
    let fin = heap.alloc(Fin { me: Slot::empty(), subject: Slot::new(Some(holder)), armed: Cell::new(armed) });
    fin.me.set(Some(fin.clone()));
}

/// With each detector the object that `survive` returns survives a full collection as a
/// candidate; what happens afterwards is looked at with the one that follows candidates.
fn clears_candidates(policies: &[FinalizerPolicy], survive: impl Fn(&Heap) -> Gc<Subject>) {
    for then in [is_not_examined_again, is_found_when_it_is_garbage] {
        for heap in heaps().filter(|heap| policies.contains(&heap.policy())) {
            let object = survive(&heap);
            assert_eq!(object.name, "object");
            heap.force_detector(Some(false));
            then(&heap, object);
        }
    }
}

const LEGACY: [FinalizerPolicy; 1] = [FinalizerPolicy::Legacy];
const PEP442: [FinalizerPolicy; 1] = [FinalizerPolicy::Pep442];

/// Not even when its neighbour is.
fn is_not_examined_again(heap: &Heap, object: Gc<Subject>) {
    let beside = subject(heap, "beside");
    suspect(&beside);
    EXAMINED.take();
    assert_eq!(heap.collect(), 0);
    let examined = EXAMINED.take();
    assert!(examined.contains(&"beside") && !examined.contains(&"object"), "{examined:?}");
    end(object);
    end(beside);
}

fn is_found_when_it_is_garbage(heap: &Heap, object: Gc<Subject>) {
    heap.garbage().clear();
    drop(object);
    assert_eq!((heap.collect(), heap.objects(None).len()), (1, 0));
}

#[test]
fn held_from_outside() {
    clears_candidates(&crate::support::BOTH, |heap| {
        let object = subject(heap, "object");
        suspect(&object);
        assert_eq!(heap.collect(), 0);
        object
    });
}

#[test]
fn reached_from_what_is_held_from_outside() {
    clears_candidates(&crate::support::BOTH, |heap| {
        let holder = subject(heap, "holder");
        holder.next.set(Some(subject(heap, "object")));
        suspect(&holder.next.get().unwrap());
        suspect(&holder);
        assert_eq!(heap.collect(), 0);
        taken_from(holder)
    });
}

/// Few suspects among many held objects are counted again, without those that are held:
/// one is held by them, another by that one, and a third one is garbage.
#[test]
fn held_by_one_of_many_that_are_held() {
    for direct in [true, false] {
        clears_candidates(&crate::support::BOTH, |heap| {
            let mut holders: Vec<_> = (0..50).map(|_| subject(heap, "holder")).collect();
            holders.iter().for_each(suspect);
            let (first, second) = if direct { ("object", "second") } else { ("first", "object") };
            let first = subject(heap, first);
            first.next.set(Some(subject(heap, second)));
            suspect(&first.next.get().unwrap());
            suspect(&first);
            holders[20].next.set(Some(first));
            drop(subject(heap, "garbage"));
            assert_eq!(heap.collect(), 1);
            let first = taken_from(holders.swap_remove(20));
            holders.into_iter().for_each(end);
            if direct {
                end(first.next.take().unwrap());
                first
            } else {
                taken_from(first)
            }
        });
    }
}

/// So many candidates are not followed: everything is examined instead.
#[test]
fn one_of_too_many_candidates() {
    clears_candidates(&crate::support::BOTH, |heap| {
        let object = subject(heap, "object");
        let others: Vec<_> = (0..2000).map(|_| subject(heap, "other")).collect();
        others.iter().chain([&object]).for_each(suspect);
        assert_eq!(heap.collect(), 0);
        others.into_iter().for_each(end);
        object
    });
}

#[test]
fn saved_by_save_all() {
    clears_candidates(&crate::support::BOTH, |heap| {
        heap.set_debug(DebugFlags::SAVE_ALL);
        let (object, holder) = (subject(heap, "object"), subject(heap, "holder"));
        suspect(&object);
        holder.next.set(Some(object));
        drop(holder);
        assert_eq!((heap.collect(), heap.garbage().len()), (2, 2));
        heap.set_debug(DebugFlags::empty());
        // The object stays in the list; its holder goes.
        taken_from(heap.garbage().pop().unwrap().downcast::<Subject>().unwrap())
    });
}

/// A finalizer keeps what holds the object.
#[test]
fn resurrected_by_a_finalizer() {
    clears_candidates(&PEP442, |heap| {
        garbage_of_three(heap, |_| true);
        assert_eq!(heap.collect(), 1);
        taken_from(KEPT.take().pop().unwrap())
    });
}

/// So does `armed`, which is user code as well.
#[test]
fn kept_by_who_was_asked_whether_it_is_armed() {
    clears_candidates(&LEGACY, |heap| {
        garbage_of_three(heap, |this| {
            keep_subject(this);
            false
        });
        assert_eq!(heap.collect(), 1);
        taken_from(KEPT.take().pop().unwrap())
    });
}

/// The object is uncollectable, because a finalizer reaches it; the program breaks what
/// made it so, and keeps the object.
#[test]
fn uncollectable_and_taken_out() {
    clears_candidates(&LEGACY, |heap| {
        garbage_of_three(heap, |_| true);
        assert_eq!((heap.collect(), heap.garbage().len()), (3, 1));
        let fin = heap.garbage().pop().unwrap().downcast::<Fin>().unwrap();
        let holder = fin.subject.take().unwrap();
        fin.me.take();
        taken_from(holder)
    });
}

/// Once nothing makes them uncollectable any more, all of them are reclaimed.
#[test]
fn uncollectable_and_disarmed() {
    for heap in heaps().filter(|heap| heap.policy() == FinalizerPolicy::Legacy) {
        garbage_of_three(&heap, |_| true);
        for _ in 0..3 {
            assert_eq!((heap.collect(), heap.garbage().len()), (3, 1));
            heap.garbage().clear();
        }
        garbage_of_three(&heap, |_| false);
        assert_eq!((heap.collect(), heap.garbage().len()), (6, 1), "three of them are reclaimed");
        heap.garbage().get(0).unwrap().downcast_ref::<Fin>().unwrap().armed.set(|_| false);
        heap.garbage().clear();
        assert_eq!((heap.collect(), heap.objects(None).len()), (3, 0));
    }
}
