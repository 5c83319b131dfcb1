//! Records of collections, log lines, and allocation sites.

use crate::support::BOTH;
use gc_core::stats::{Cause, CollectionRecord};
use gc_core::{Gc, Heap, Pace, Slot, Trace};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

#[derive(Trace)]
struct Loop {
    next: Slot<Loop>,
    size: [u64; 8],
}

fn garbage(heap: &Heap, objects: usize) {
    for _ in 0..objects {
        let one = heap.alloc(Loop { next: Slot::empty(), size: [7; 8] });
        assert_eq!(one.size[0], 7);
        one.next.set(Some(one.clone()));
    }
}

fn recorded(heap: &Heap) -> Rc<RefCell<Vec<CollectionRecord>>> {
    let records = Rc::new(RefCell::new(Vec::new()));
    let told = records.clone();
    heap.on_record(move |_, record| told.borrow_mut().push(record.clone()));
    records
}

#[test]
fn a_record_says_why_and_what() {
    for policy in BOTH {
        let heap = Heap::builder().policy(policy).build().unwrap();
        let records = recorded(&heap);
        heap.disable();
        garbage(&heap, 2000);
        let used = heap.memory().used;
        heap.collect();
        let record = records.borrow()[0].clone();
        let figures = record.figures;
        assert_eq!(
            (figures.number, figures.cause, figures.generation.number(), figures.slices),
            (0, Cause::Explicit, 2, 1)
        );
        assert_eq!((figures.objects, figures.collected, figures.used_before), (2000, 2000, used));
        assert!(figures.used_after < used && figures.committed >= figures.used_after);
        assert!(figures.ended >= figures.time && figures.ended <= heap.sample().at);
        let found = &record.types[0];
        assert_eq!((&*found.type_name, found.objects, found.bytes), ("Loop", 2000, figures.bytes));
        assert_eq!(heap.records(), [figures]);
        assert_eq!(heap.last_collection(), Some(figures));
    }
}

#[test]
fn each_cause_is_told() {
    let heap = Heap::builder().max(2 << 20).build().unwrap();
    let records = recorded(&heap);
    garbage(&heap, 50_000);
    assert_eq!(records.borrow()[0].figures.cause, Cause::Allocations);
    let mut held = Vec::new();
    heap.disable();
    while let Ok(one) = heap.try_alloc(Loop { next: Slot::empty(), size: [0; 8] }) {
        held.push(one);
    }
    assert_eq!(records.borrow().last().unwrap().figures.cause, Cause::AllocationFailure);
    drop(held);
    heap.collect();
    assert_eq!(records.borrow().last().unwrap().figures.cause, Cause::Explicit);
}

#[test]
fn declared_bytes_are_a_cause() {
    let heap = Heap::new();
    let records = recorded(&heap);
    let declared: Vec<_> = (0..10).map(|_| heap.external_bytes(32 << 20)).collect();
    let causes: Vec<Cause> = records.borrow().iter().map(|record| record.figures.cause).collect();
    assert!(!causes.is_empty() && causes.iter().all(|&cause| cause == Cause::Bytes), "{causes:?}");
    drop(declared);
}

#[test]
fn the_end_of_a_heap_is_recorded() {
    let records = {
        let heap = Heap::new();
        garbage(&heap, 3);
        recorded(&heap)
    };
    assert_eq!(records.borrow()[0].figures.cause, Cause::Exit);
}

#[test]
fn an_incremental_collection_is_one_record() {
    let heap = Heap::builder().pace(Pace::Incremental { budget: Duration::from_micros(50) }).build().unwrap();
    let records = recorded(&heap);
    heap.disable();
    garbage(&heap, 50_000);
    while matches!(heap.step(Duration::from_micros(50)), gc_core::Progress::Open) {}
    let record = records.borrow()[0].clone();
    assert!(record.figures.slices > 1 && record.figures.collected == 50_000);
    assert_eq!((record.types[0].objects, record.figures.cause), (50_000, Cause::Explicit));
    let line = record.to_string();
    assert!(line.contains("GC(0) Incremental Full (Explicit) ") && line.contains(" slices, longest "), "{line}");
}

#[test]
fn a_record_prints_as_the_jvm_logs() {
    let heap = Heap::new();
    heap.disable();
    let held: Vec<Gc<Loop>> = (0..40_000).map(|_| heap.alloc(Loop { next: Slot::empty(), size: [0; 8] })).collect();
    garbage(&heap, 40_000);
    heap.collect_generation(gc_core::Generation::Zero);
    let line = heap.last_collection().unwrap().to_string();
    let (time, rest) = line.split_once("s][info][gc] ").unwrap();
    assert!(time[1..].parse::<f64>().is_ok_and(|seconds| seconds > 0.0));
    let (sizes, pause) = rest.rsplit_once(' ').unwrap();
    assert_eq!(sizes.split_once("->").map(|it| it.0), Some("GC(0) Pause Young (Explicit) 6M"));
    assert!(pause.strip_suffix("ms").is_some_and(|pause| pause.parse::<f64>().is_ok()), "{line}");
    drop(held);
}

#[test]
fn a_hook_may_collect_and_panic() {
    let heap = Heap::new();
    heap.on_unraisable(|_, _| {});
    let (inner, depth) = (heap.clone(), Rc::new(RefCell::new(0)));
    let counted = depth.clone();
    heap.on_record(move |_, _| {
        *counted.borrow_mut() += 1;
        if *counted.borrow() == 1 {
            garbage(&inner, 1);
            assert_eq!(inner.collect(), 1);
        } else {
            panic!("mischief");
        }
    });
    garbage(&heap, 5);
    // The collection that the hook began has a record, of which the hook is not told.
    assert_eq!((heap.collect(), *depth.borrow(), heap.records().len()), (5, 1, 2));
    garbage(&heap, 2);
    assert_eq!((heap.collect(), *depth.borrow(), heap.records().len()), (2, 2, 3));
    heap.on_record(|_, _| {});
    assert_eq!(heap.verify(), []);
}

#[test]
fn sites_are_told_apart_and_the_dead_forgotten() {
    let heap = Heap::new();
    let before = heap.alloc(1u8);
    heap.track_allocations(true);
    let mut held = Vec::new();
    for number in 0..20_000u64 {
        let kept = heap.alloc(number);
        drop(heap.alloc_str("not kept"));
        if number % 10 == 0 {
            held.push(kept);
        }
    }
    let sites = heap.allocation_sites();
    assert_eq!(sites.len(), 2);
    assert!(sites.iter().all(|site| site.location.file().ends_with("records.rs") && site.objects == 20_000));
    assert_eq!((sites[0].living_objects, sites[1].living_objects), (2000, 0));
    assert_eq!((sites[0].bytes, sites[0].living_bytes), (20_000 * 16, 2000 * 16));
    heap.track_allocations(false);
    held.push(heap.alloc(7));
    assert_eq!(heap.allocation_sites()[0].objects, 20_000);
    heap.track_allocations(true);
    assert_eq!(heap.allocation_sites(), []);
    drop((before, held));
}
