//! Rows of CPython's `test_gc` about ways back to trash: weak references to it and in
//! it, and resurrection. A test has its row's name.

use crate::support::*;
use gc_core::{Gc, Generation, Heap, Slot, Trace, Weak, WeakRef};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Allocates and keeps objects until a collection starts by itself and finds trash.
fn collect_naturally(heap: &Heap) -> usize {
    let happened = Rc::new(Cell::new(false));
    let trash = heap.alloc(Plain::default());
    trash.next.set(Some(trash.clone()));
    let seen = happened.clone();
    let _detector = Gc::downgrade_with(&trash, move || seen.set(true));
    drop(trash);
    let mut junk = Vec::new();
    heap.enable();
    while !happened.get() {
        assert!(junk.len() < 10_000, "no collection started");
        junk.push(heap.alloc(Plain::default()));
    }
    heap.disable();
    junk.len()
}

/// Callbacks on two trash objects: both weak references are dead in each of them.
#[test]
fn test_bug1055820b() {
    for world in World::both() {
        let targets = [world.plain_loop(), world.plain_loop()];
        let weaks: Rc<RefCell<Vec<Weak<Plain>>>> = Rc::default();
        let seen: Rc<RefCell<Vec<Vec<bool>>>> = Rc::default();
        for target in &targets {
            let (weaks_in, seen_in) = (weaks.clone(), seen.clone());
            let weak = Gc::downgrade_with(target, move || {
                let alive = weaks_in.borrow().iter().map(|weak| weak.upgrade().is_some()).collect();
                seen_in.borrow_mut().push(alive);
            });
            weaks.borrow_mut().push(weak);
        }
        assert_eq!(world.heap.collect(), 0);
        assert!(seen.borrow().is_empty());
        drop(targets);
        assert_eq!(world.heap.collect(), 2);
        assert_eq!(*seen.borrow(), [[false, false], [false, false]]);
        assert_eq!(world.alive(), 0);
    }
}

/// What both rows below set up: trash `c1` in generation 0, on which alone `c0` in
/// generation 2 hangs, and trash `c2` with a weak reference without callback.
fn old_object_on_young_trash(world: &World, c0: Gc<Node>) -> Weak<Node> {
    world.heap.collect();
    assert_eq!(generation_of(&c0), Some(Generation::Two));
    let c1 = world.self_loop("c1", Fin::None);
    c1.other.set(Some(c0.clone()));
    c0.next.take();
    let c2 = world.self_loop("c2", Fin::None);
    let weak = Gc::downgrade(&c2);
    assert!(weak.upgrade().is_some());
    weak
}

/// A young collection kills an old object by count; the callback of a weak reference
/// to that finds the weak reference to young trash dead.
#[test]
fn test_bug1055820c() {
    for world in World::both() {
        let c0 = world.self_loop("c0", Fin::None);
        let c2_weak: Rc<RefCell<Weak<Node>>> = Rc::default();
        let seen: Rc<RefCell<Vec<bool>>> = Rc::default();
        let (weak_in, seen_in) = (c2_weak.clone(), seen.clone());
        let c0_weak = Gc::downgrade_with(&c0, move || {
            seen_in.borrow_mut().push(weak_in.borrow().upgrade().is_some());
        });
        *c2_weak.borrow_mut() = old_object_on_young_trash(&world, c0);

        collect_naturally(&world.heap);
        assert_eq!(*seen.borrow(), [false]);
        assert!(c0_weak.upgrade().is_none());
        assert_eq!(world.heap.stats().map(|it| it.collections), [1, 0, 1]);
        // c1, c2 and the detector's trash; c0 died by count.
        assert_eq!(world.heap.stats()[0].collected, 3);
    }
}

/// The same with the old object's finalizer instead of a callback.
#[test]
fn test_bug1055820d() {
    for world in World::both() {
        let c2_weak: Rc<RefCell<Weak<Node>>> = Rc::default();
        let seen: Rc<RefCell<Vec<bool>>> = Rc::default();
        let (weak_in, seen_in) = (c2_weak.clone(), seen.clone());
        let d0 = world.self_loop(
            "d0",
            Fin::run(move |_| {
                seen_in.borrow_mut().push(weak_in.borrow().upgrade().is_some());
            }),
        );
        *c2_weak.borrow_mut() = old_object_on_young_trash(&world, d0);

        collect_naturally(&world.heap);
        assert_eq!(*seen.borrow(), [false]);
        assert_eq!(world.taken(), ["del d0"]);
        assert_eq!(world.heap.stats().map(|it| it.collections), [1, 0, 1]);
        assert_eq!(world.heap.stats()[0].collected, 3);
    }
}

/// A trash weak reference to an object that the collector cannot see, through an
/// object that is not traced: its callback is never called.
#[test]
fn test_trash_weakref_clear() {
    #[derive(Trace)]
    struct Target;
    #[derive(Trace)]
    struct NotTraced {
        #[trace(skip)]
        _target: Gc<Target>,
    }
    #[derive(Trace)]
    struct A {
        a: Slot<A>,
        _y: Gc<NotTraced>,
        _weak: Gc<WeakRef<Target>>,
    }
    #[derive(Trace)]
    struct Keeper {
        me: Slot<Keeper>,
        _weak: Gc<WeakRef<Target>>,
    }

    let world = World::pep442();
    let heap = &world.heap;
    let target = heap.alloc(Target);
    let probe = Gc::downgrade(&target);
    let weak = world.weak_ref(&target, "weak");
    let y = heap.alloc(NotTraced { _target: target });
    let a = heap.alloc(A { a: Slot::empty(), _y: y, _weak: weak.clone() });
    a.a.set(Some(a.clone()));
    // A second cycle keeps the weak reference longer than its target.
    let keeper = heap.alloc(Keeper { me: Slot::empty(), _weak: weak });
    keeper.me.set(Some(keeper.clone()));
    assert_eq!(heap.collect(), 0);
    drop((a, keeper));
    assert_eq!(heap.collect(), 3);
    assert!(probe.upgrade().is_none());
    assert!(world.taken().is_empty());
    assert_eq!(world.alive(), 0);
}

/// Without automatic collection nothing is collected, however much is allocated.
#[test]
fn test_indirect_calls_with_gc_disabled() {
    for world in World::both() {
        let needed = collect_naturally(&world.heap);
        assert!(needed <= 701, "{needed} objects");
        let before = world.heap.stats().map(|it| it.collections);
        drop(world.plain_loop());
        let _junk: Vec<_> = (0..10_000).map(|_| world.plain()).collect();
        assert_eq!(world.heap.stats().map(|it| it.collections), before);
        assert!(!world.heap.is_enabled());
        assert_eq!(world.heap.collect(), 1);
    }
}

/// A self loop resurrects once; the second time it dies without its finalizer.
#[test]
fn test_resurrection_only_happens_once_per_object() {
    let world = World::pep442();
    drop(world.self_loop("lazarus", Fin::Resurrect));
    assert!(world.taken().is_empty());
    assert_eq!(world.heap.collect(), 0);
    assert_eq!(world.taken(), ["del lazarus"]);
    assert_eq!(world.survivor_names(), ["lazarus"]);

    world.drop_survivors();
    assert!(world.taken().is_empty());
    assert_eq!(world.heap.collect(), 1);
    assert!(world.taken().is_empty());
    assert_eq!(world.alive(), 0);
}

/// What a resurrected object references survives whole, and is the same object.
#[test]
fn test_resurrection_is_transitive() {
    let world = World::pep442();
    let lazarus = world.node("lazarus", Fin::Resurrect);
    let cargo = world.self_loop("cargo", Fin::None);
    lazarus.next.set(Some(cargo.clone()));
    cargo.other.set(Some(lazarus.clone()));
    let at = Gc::as_any(&cargo).address();
    drop((lazarus, cargo));

    assert_eq!(world.heap.collect(), 0);
    assert_eq!(world.survivor_names(), ["lazarus"]);
    let lazarus = world.survivors.borrow_mut().pop().unwrap();
    let cargo = lazarus.next.get().unwrap();
    assert_eq!((Gc::as_any(&cargo).address(), cargo.name.as_str()), (at, "cargo"));
    assert!(Gc::ptr_eq(&cargo.other.get().unwrap(), &lazarus));
    assert!(Gc::ptr_eq(&cargo.next.get().unwrap(), &cargo));
    drop((lazarus, cargo));
    assert_eq!(world.heap.collect(), 2);
    assert_eq!(world.taken(), ["del lazarus"]);
    assert_eq!(world.alive(), 0);
}

/// Return value and statistics: plain loops are counted, a resurrected one is not,
/// until it is dropped again.
#[test]
fn test_resurrection_does_not_block_cleanup_of_other_objects() {
    const N: usize = 100;
    let world = World::pep442();
    let found = || {
        let before = world.heap.stats()[2];
        let returned = world.heap.collect();
        let after = world.heap.stats()[2];
        (returned, after.collected - before.collected, after.uncollectable - before.uncollectable)
    };
    let plain_loops = || (0..N).for_each(|_| drop(world.plain_loop()));

    plain_loops();
    assert_eq!(found(), (N, N, 0));
    drop(world.self_loop("z", Fin::Resurrect));
    assert_eq!(found(), (0, 0, 0));
    plain_loops();
    drop(world.self_loop("z", Fin::Resurrect));
    assert_eq!(found(), (N, N, 0));
    assert_eq!(world.survivor_names(), ["z", "z"]);
    world.drop_survivors();
    assert_eq!(found(), (2, 2, 0));
    assert_eq!(world.taken(), ["del z", "del z"]);
    assert_eq!(world.alive(), 0);
}
