//! Thresholds, as observed on CPython 2.7.18 (legacy) and 3.11 (PEP 442).

use crate::support::*;
use gc_core::Heap;
use gc_core::hooks::Phase;
use std::cell::RefCell;
use std::rc::Rc;

/// The generations that are collected by 400 allocations with thresholds (10, 2, 2).
fn collected_by_400(heap: &Heap) -> Vec<u8> {
    let started: Rc<RefCell<Vec<u8>>> = Rc::default();
    let seen = started.clone();
    let id = heap.on_collection(move |_, phase, info| {
        if phase == Phase::Start {
            seen.borrow_mut().push(info.generation.number());
        }
    });
    heap.set_thresholds([10, 2, 2]);
    heap.enable();
    let _held: Vec<_> = (0..400).map(|_| heap.alloc(Plain::default())).collect();
    heap.disable();
    heap.remove_hook(id);
    started.take()
}

/// (700, 10, 10) is the default. With (10, 2, 2) every 11th allocation collects, every
/// fourth time generation 1, and never generation 2, as less than a quarter of the
/// objects that survived the last full collection is new.
#[test]
fn fact_29_thresholds() {
    for world in World::both() {
        assert_eq!(world.heap.thresholds(), [700, 10, 10]);
        let _old: Vec<_> = (0..4000).map(|_| world.plain()).collect();
        world.heap.collect();
        let started = collected_by_400(&world.heap);
        assert_eq!(started.len(), 400 / 11);
        let expected: Vec<u8> = (1..=36).map(|nth| u8::from(nth % 4 == 0)).collect();
        assert_eq!(started, expected);
    }
}

/// The same where nothing is old: generation 2 is collected once it is due. CPython
/// shows it when no full collection has run yet; that one makes the others wait.
#[test]
fn fact_29_thresholds_before_the_first_full_collection() {
    for world in World::both() {
        let _old: Vec<_> = (0..4000).map(|_| world.plain()).collect();
        let started = collected_by_400(&world.heap);
        // The first allocation collects at once, for the 4000 before it.
        let mut expected = vec![0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 2];
        expected.extend((1..=24).map(|nth| u8::from(nth % 4 == 0)));
        assert_eq!(started, expected);
    }
}
