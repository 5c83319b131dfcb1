//! Rows of CPython's `test_gc` about resurrection. A test has its row's name.

mod common;

use common::*;
use gc_core::Gc;

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
