//! Rows of CPython's `GCCallbackTests`. A test has its row's name.

mod common;

use common::*;
use gc_core::{CollectionInfo, Gc, Generation, Heap, Phase};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Which callback was called when, and with what.
type Visits = Rc<RefCell<Vec<(u8, Phase, CollectionInfo)>>>;

fn visited_by(heap: &Heap, callback: u8) -> Visits {
    let visits = Visits::default();
    add_visitor(heap, callback, &visits);
    visits
}

fn add_visitor(heap: &Heap, callback: u8, visits: &Visits) {
    let visits = visits.clone();
    heap.add_callback(move |phase, info| visits.borrow_mut().push((callback, phase, *info)));
}

fn info(generation: u8, collected: usize, uncollectable: usize) -> CollectionInfo {
    CollectionInfo { generation, collected, uncollectable }
}

/// Each callback is called once at the start and once at the stop, in the order they
/// were added, with the three values. One that was removed is not called any more.
#[test]
fn test_collect() {
    for world in World::both() {
        let visits = visited_by(&world.heap, 1);
        add_visitor(&world.heap, 2, &visits);
        let third = world.heap.add_callback(|_, _| panic!("removed before"));
        assert!(world.heap.remove_callback(third));
        assert!(!world.heap.remove_callback(third));
        world.heap.collect();
        let calls = [(1, Phase::Start), (2, Phase::Start), (1, Phase::Stop), (2, Phase::Stop)];
        assert_eq!(visits.take(), calls.map(|(callback, phase)| (callback, phase, info(2, 0, 0))));
    }
}

/// The generation that callbacks are told is the one that was asked for.
#[test]
fn test_collect_generation() {
    for world in World::both() {
        let visits = visited_by(&world.heap, 1);
        for generation in [Generation::Two, Generation::Zero, Generation::One] {
            world.heap.collect_generation(generation);
            let told: Vec<u8> = visits.take().iter().map(|visit| visit.2.generation).collect();
            assert_eq!(told, [generation as u8; 2]);
        }
    }
}

/// Two objects with finalizers that are each other's partner.
fn uncollectable(world: &World) {
    drop(world.ring(&[("one", Fin::Log), ("two", Fin::Log)]));
}

/// Collected 1 and uncollectable 4; then 0 and 2 because one pair is held, and a
/// callback cleans `garbage`.
#[test]
fn test_collect_garbage() {
    let world = World::legacy();
    let visits = visited_by(&world.heap, 1);
    let cleaning = Rc::new(Cell::new(false));
    let (heap, cleans) = (world.heap.clone(), cleaning.clone());
    let cleaner = world.heap.add_callback(move |phase, _| {
        if phase == Phase::Stop && cleans.get() {
            while let Some(entry) = heap.garbage().pop() {
                entry.downcast::<Node>().unwrap().next.take();
            }
        }
    });
    uncollectable(&world);
    uncollectable(&world);
    drop(world.plain_loop());
    assert_eq!(world.heap.collect(), 5);
    assert_eq!(visits.take(), [(1, Phase::Start, info(2, 0, 0)), (1, Phase::Stop, info(2, 1, 4))]);
    assert_eq!(world.garbage_names(), ["one", "two", "one", "two"]);

    cleaning.set(true);
    let held = world.heap.garbage().get(3).unwrap();
    world.heap.garbage().clear();
    assert!(world.taken().is_empty());
    assert_eq!(world.heap.collect(), 2);
    assert_eq!(visits.take(), [(1, Phase::Start, info(2, 0, 0)), (1, Phase::Stop, info(2, 0, 2))]);
    assert_eq!(world.heap.garbage().len(), 0);
    // "two" is cut while the list holds "one"; then "one" lets it go and follows.
    assert_eq!(world.taken(), ["del two", "del one"]);
    assert_eq!(world.alive(), 2);

    held.downcast::<Node>().unwrap().next.take();
    drop(held);
    assert_eq!(world.taken(), ["del one", "del two"]);
    assert_eq!(world.alive(), 0);
    assert!(world.heap.remove_callback(cleaner));
}

/// A callback that panics is reported; the others are called, the collection goes on.
#[test]
fn test_collect_with_a_callback_that_panics() {
    for world in World::both() {
        let reports = Rc::new(RefCell::new(Vec::new()));
        let sink = reports.clone();
        world.heap.on_unraisable(move |event| sink.borrow_mut().push(event.message.clone()));
        world.heap.add_callback(|phase, _| panic!("{phase:?}"));
        let visits = visited_by(&world.heap, 2);
        let object = world.plain_loop();
        let weak = Gc::downgrade(&object);
        drop(object);
        assert_eq!(world.heap.collect(), 1);
        assert!(weak.upgrade().is_none());
        assert_eq!(reports.take(), ["Start", "Stop"]);
        assert_eq!(visits.take().len(), 2);
    }
}
