//! Rows of CPython's `test_finalization` about single objects, and about the legacy
//! policy's finalizers. A test is named after its row's class and name.

use crate::support::*;
use gc_core::{Finalize, Gc, Trace};
use std::cell::RefCell;
use std::rc::Rc;

/// A type that can lie on no cycle: untracked.
#[derive(Trace)]
#[trace(finalize)]
struct NonGc {
    resurrects: bool,
    #[trace(skip)]
    log: Log,
    #[trace(skip)]
    survivors: Rc<RefCell<Vec<Gc<NonGc>>>>,
}

impl Finalize for NonGc {
    fn finalize(this: &Gc<NonGc>) {
        this.log.borrow_mut().push("del".into());
        if this.resurrects {
            this.survivors.borrow_mut().push(this.clone());
        }
    }
}

/// An acyclic object is finalized once; its weak reference is dead, nothing survives.
#[test]
fn simple_test_simple() {
    let world = World::pep442();
    let s = world.node("s", Fin::Log);
    let weak = Gc::downgrade(&s);
    drop(s);
    assert_eq!(world.taken(), ["del s"]);
    assert!(weak.upgrade().is_none());
    assert_eq!(world.heap.collect(), 0);
    assert!(world.taken().is_empty());
    assert_eq!(world.alive(), 0);
}

/// An acyclic object resurrects: the weak reference is alive still. The second time
/// there is no finalizer, and the weak reference dies.
#[test]
fn simple_test_simple_resurrect() {
    let world = World::pep442();
    let s = world.node("s", Fin::Resurrect);
    let weak = Gc::downgrade(&s);
    drop(s);
    assert_eq!((world.taken(), world.survivor_names()), (vec!["del s".into()], vec!["s".into()]));
    assert!(weak.upgrade().is_some_and(|s| Gc::ptr_eq(&s, &world.survivors.borrow()[0])));
    world.drop_survivors();
    assert!(world.taken().is_empty() && world.survivor_names().is_empty());
    assert!(weak.upgrade().is_none());
    assert_eq!((world.heap.collect(), world.alive()), (0, 0));
}

/// An untracked object is finalized once.
#[test]
fn simple_test_non_gc() {
    let world = World::pep442();
    let s = world.heap.alloc(NonGc { resurrects: false, log: world.log.clone(), survivors: Rc::default() });
    assert!(!world.heap.is_tracked(&Gc::as_any(&s)));
    let weak = Gc::downgrade(&s);
    drop(s);
    assert_eq!(world.taken(), ["del"]);
    assert!(weak.upgrade().is_none());
    assert_eq!(world.heap.collect(), 0);
    assert!(world.taken().is_empty());
}

/// An untracked object resurrects. CPython has no "finalized" bit for it and calls the
/// finalizer again each time; here it runs once in a life for untracked types, too.
#[test]
fn simple_test_non_gc_resurrect() {
    let world = World::pep442();
    let survivors: Rc<RefCell<Vec<Gc<NonGc>>>> = Rc::default();
    let s = world.heap.alloc(NonGc { resurrects: true, log: world.log.clone(), survivors: survivors.clone() });
    assert!(!world.heap.is_tracked(&Gc::as_any(&s)));
    let weak = Gc::downgrade(&s);
    drop(s);
    assert_eq!(world.taken(), ["del"]);
    let s = survivors.borrow_mut().pop().unwrap();
    assert!(world.heap.is_finalized(&Gc::as_any(&s)));
    assert!(weak.upgrade().is_some());
    drop(s);
    assert!(world.taken().is_empty() && survivors.borrow().is_empty());
    assert!(weak.upgrade().is_none());
}

/// A self loop is finalized once, intact; its weak reference is dead.
#[test]
fn self_cycle_test_simple() {
    let world = World::pep442();
    let intact = Fin::run(|this| assert!(Gc::ptr_eq(&this.next.get().unwrap(), this)));
    let s = world.self_loop("s", intact);
    let weak = Gc::downgrade(&s);
    drop(s);
    assert!(weak.upgrade().is_some() && world.taken().is_empty());
    assert_eq!(world.heap.collect(), 1);
    assert_eq!(world.taken(), ["del s"]);
    assert!(weak.upgrade().is_none());
    assert_eq!(world.heap.collect(), 0);
    assert!(world.taken().is_empty());
    assert_eq!(world.alive(), 0);
}

/// A self loop resurrects: the weak reference is dead although the object lives. The
/// second time there is no finalizer.
#[test]
fn self_cycle_test_simple_resurrect() {
    let world = World::pep442();
    let s = world.self_loop("s", Fin::Resurrect);
    let weak = Gc::downgrade(&s);
    drop(s);
    assert_eq!(world.heap.collect(), 0);
    assert_eq!((world.taken(), world.survivor_names()), (vec!["del s".into()], vec!["s".into()]));
    assert!(weak.upgrade().is_none());
    {
        let survivor = &world.survivors.borrow()[0];
        assert!(Gc::ptr_eq(&survivor.next.get().unwrap(), survivor));
        assert_eq!((Gc::strong_count(survivor), Gc::weak_count(survivor)), (2, 0));
    }
    world.drop_survivors();
    assert_eq!(world.heap.collect(), 1);
    assert!(world.taken().is_empty() && world.survivor_names().is_empty());
    assert!(weak.upgrade().is_none());
    assert_eq!(world.alive(), 0);
}

/// The finalizer breaks its own loop: freed once, no second call, not counted.
#[test]
fn self_cycle_test_simple_suicide() {
    let world = World::pep442();
    let s = world.self_loop("s", Fin::Unlink);
    let weak = Gc::downgrade(&s);
    drop(s);
    assert_eq!(world.heap.collect(), 0);
    assert_eq!(world.taken(), ["del s"]);
    assert!(weak.upgrade().is_none());
    assert_eq!(world.heap.collect(), 0);
    assert!(world.taken().is_empty() && world.survivor_names().is_empty());
    assert_eq!(world.alive(), 0);
}

/// An acyclic object under the legacy policy: finalized once, weak reference dead.
/// (CPython's row has two finalizers on one object; a heap has one policy.)
#[test]
fn legacy_test_legacy() {
    let world = World::legacy();
    let s = world.node("s", Fin::Log);
    let weak = Gc::downgrade(&s);
    drop(s);
    assert_eq!(world.taken(), ["del s"]);
    assert!(weak.upgrade().is_none());
    assert_eq!(world.heap.collect(), 0);
    assert!(world.taken().is_empty());
    assert_eq!((world.alive(), world.heap.garbage().len()), (0, 0));
}

/// It resurrects: weak references are dead before the finalizer, which is called again
/// every time.
#[test]
fn legacy_test_legacy_resurrect() {
    let world = World::legacy();
    let alive_in_finalizer = Rc::new(RefCell::new(Vec::new()));
    let (seen, survivors) = (alive_in_finalizer.clone(), world.survivors.clone());
    let s = world.node(
        "s",
        Fin::run(move |this| {
            seen.borrow_mut().push(Gc::weak_count(this));
            survivors.borrow_mut().push(this.clone());
        }),
    );
    let weak = Gc::downgrade(&s);
    drop(s);
    assert_eq!((world.taken(), world.survivor_names()), (vec!["del s".into()], vec!["s".into()]));
    assert!(weak.upgrade().is_none());
    world.drop_survivors();
    assert_eq!(world.heap.collect(), 0);
    assert_eq!((world.taken(), world.survivor_names()), (vec!["del s".into()], vec!["s".into()]));
    assert!(weak.upgrade().is_none());
    assert_eq!(alive_in_finalizer.take(), [0, 0]);

    *world.survivors.borrow()[0].fin.borrow_mut() = Fin::None;
    world.drop_survivors();
    assert_eq!(world.alive(), 0);
}

/// A self loop with a legacy finalizer: garbage, not finalized, weak reference alive.
/// Breaking the loop frees it.
#[test]
fn legacy_test_legacy_self_cycle() {
    let world = World::legacy();
    let s = world.self_loop("s", Fin::Log);
    let weak = Gc::downgrade(&s);
    drop(s);
    assert_eq!(world.heap.collect(), 1);
    assert!(world.taken().is_empty() && world.survivor_names().is_empty());
    assert_eq!(world.garbage_names(), ["s"]);
    assert!(weak.upgrade().is_some());

    world.heap.garbage().get(0).unwrap().downcast::<Node>().unwrap().next.take();
    assert!(world.taken().is_empty());
    world.heap.garbage().clear();
    assert_eq!(world.taken(), ["del s"]);
    assert!(weak.upgrade().is_none());
    assert_eq!((world.heap.collect(), world.alive()), (0, 0));
}
