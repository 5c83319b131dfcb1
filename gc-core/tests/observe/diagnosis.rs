//! Diagnosis: planted leaks are found, healthy programs are left alone, and each rule says
//! what it rests on.

use super::leaks::{LEAKS, Leak, Program};
use gc_core::diagnosis::{Diagnosis, DiagnosisInput, Evidence, Trial, VerdictKind};
use gc_core::observe::{GaugeKind, Timeline};
use gc_core::{Gc, Heap, Slot, Trace};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Seeds from here on. `LEAK_SEED` gives others.
fn first_seed() -> usize {
    std::env::var("LEAK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

fn diagnose(seed: usize, leak: Option<Leak>) -> Diagnosis {
    let (timeline, snapshot) = Program::new(seed, leak).run();
    DiagnosisInput::new(&timeline).snapshot(&snapshot).diagnose()
}

/// Is the first suspect the planted leak?
fn is_found(diagnosis: &Diagnosis, leak: Leak) -> bool {
    let Some(first) = diagnosis.suspects.first() else { return false };
    let (holder, place) = (first.holder_type.as_deref(), first.place.as_deref());
    let in_store = |edge: &str| {
        let is_of_type = first.type_name == "Item<Leaked>" && holder == Some("Store<Leaked>");
        is_of_type && place == Some(edge) && first.kind == VerdictKind::ContainerGrowth
    };
    match leak {
        Leak::Vector => in_store("list[…]"),
        Leak::Map => in_store("by_key[…]"),
        Leak::Chain => in_store("head"),
        Leak::Uncollectable => {
            first.kind == VerdictKind::UncollectableCycle && first.type_name == "Connection" && place == Some("peer")
        }
        Leak::External => first.kind == VerdictKind::ExternalGrowth,
    }
}

#[test]
fn planted_leaks_are_the_first_suspects() {
    let mut missed = Vec::new();
    for seed in (first_seed()..).take(6) {
        for leak in LEAKS {
            let diagnosis = diagnose(seed, Some(leak));
            if !is_found(&diagnosis, leak) {
                missed.push(format!("seed {seed}, {leak:?}: {diagnosis}"));
            }
        }
    }
    assert!(missed.len() <= 2, "{} of 30 missed:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn healthy_programs_have_no_suspect() {
    for seed in (first_seed()..).take(10) {
        let diagnosis = diagnose(1000 + seed, None);
        assert_eq!(diagnosis.verdict, VerdictKind::None, "seed {seed}: {diagnosis}");
        assert!(diagnosis.to_string().starts_with("nothing suspicious\nlooked at:"));
    }
}

#[derive(Trace)]
struct Node {
    next: Slot<Node>,
    payload: RefCell<Vec<u8>>,
}

fn node(heap: &Heap, bytes: usize) -> Gc<Node> {
    heap.alloc(Node { next: Slot::empty(), payload: RefCell::new(vec![0; bytes]) })
}

fn fact(facts: &[Evidence], name: &str) -> f64 {
    facts.iter().find(|fact| fact.name == name).unwrap_or_else(|| panic!("no {name} in {facts:?}")).value
}

/// Takes `samples` samples with a step of the program before each.
fn watch(heap: &Heap, samples: usize, mut step: impl FnMut(usize)) -> Timeline {
    let mut timeline = Timeline::new();
    for at in 0..samples {
        step(at);
        heap.collect();
        timeline.push(heap.sample());
    }
    timeline
}

#[test]
fn a_backlog_comes_before_the_objects_that_wait() {
    let heap = Heap::new();
    let queued = Rc::new(Cell::new(0u64));
    let shown = queued.clone();
    heap.gauge("jobs queued", GaugeKind::Backlog, move || shown.get());
    heap.gauge("clients", GaugeKind::Other, || 7);
    let mut waiting = Vec::new();
    let timeline = watch(&heap, 20, |_| {
        waiting.extend((0..50).map(|_| node(&heap, 100)));
        queued.set(waiting.len() as u64);
    });
    let diagnosis = DiagnosisInput::new(&timeline).diagnose();
    let suspect = &diagnosis.suspects[0];
    assert_eq!((suspect.kind, suspect.place.as_deref()), (VerdictKind::Backlog, Some("jobs queued")));
    assert_eq!(fact(&suspect.evidence, "items that waited before"), 50.0);
    assert!(diagnosis.suspects[1..].iter().all(|suspect| suspect.kind == VerdictKind::ContainerGrowth));
}

#[test]
fn a_queue_that_is_taken_from_is_none() {
    let heap = Heap::new();
    let queued = Rc::new(Cell::new(0u64));
    let shown = queued.clone();
    heap.gauge("jobs queued", GaugeKind::Backlog, move || shown.get());
    let timeline = watch(&heap, 40, |at| queued.set((at as u64 * 37) % 100));
    assert_eq!(DiagnosisInput::new(&timeline).diagnose().verdict, VerdictKind::None);
}

#[test]
fn what_is_held_by_variables_is_held_from_outside() {
    let heap = Heap::new();
    let mut held = Vec::new();
    let timeline = watch(&heap, 16, |_| held.extend((0..10).map(|_| node(&heap, 10))));
    let snapshot = heap.snapshot();
    let diagnosis = DiagnosisInput::new(&timeline).snapshot(&snapshot).diagnose();
    let suspect = &diagnosis.suspects[0];
    assert_eq!((suspect.kind, &*suspect.type_name, suspect.holder), (VerdictKind::ContainerGrowth, "Node", None));
    assert_eq!(diagnosis.suspects.len(), 1);
}

#[test]
fn an_object_that_grows_in_itself_is_found() {
    let heap = Heap::new();
    let log = node(&heap, 0);
    let timeline = watch(&heap, 16, |_| log.payload.borrow_mut().extend([1; 5000]));
    let snapshot = heap.snapshot();
    let diagnosis = DiagnosisInput::new(&timeline).snapshot(&snapshot).diagnose();
    let suspect = &diagnosis.suspects[0];
    assert_eq!((suspect.kind, suspect.holder), (VerdictKind::ContainerGrowth, Some(Gc::as_any(&log).id())));
    assert!(suspect.finding.contains("grows in itself"), "{diagnosis}");
}

#[test]
fn the_resident_set_alone_points_outside() {
    let heap = Heap::new();
    let resident = Rc::new(Cell::new(50u64 << 20));
    let shown = resident.clone();
    heap.gauge("resident set", GaugeKind::ResidentBytes, move || shown.get());
    let timeline = watch(&heap, 16, |_| resident.set(resident.get() + (1 << 20)));
    let diagnosis = DiagnosisInput::new(&timeline).diagnose();
    assert_eq!(diagnosis.verdict, VerdictKind::ExternalGrowth);
    assert_eq!(diagnosis.suspects[0].place.as_deref(), Some("resident set"));
    let more = fact(&diagnosis.suspects[0].evidence, "bytes that the heap grew by");
    assert_eq!(more, 0.0);
}

/// One unit of work that fills the heap up to its limit; the samples are taken in it.
fn exhausted(ends: bool) -> Timeline {
    let heap = Heap::builder().max(4 << 20).build().unwrap();
    let mut timeline = watch(&heap, 8, |_| drop(heap.unit_of_work("request")));
    let unit = heap.unit_of_work("load");
    let mut held = Vec::new();
    while let Ok(row) = heap.try_alloc([0u8; 1000]) {
        held.push(row);
        if held.len() % 200 == 0 {
            timeline.push(heap.sample());
        }
    }
    if ends {
        drop((unit, held));
        heap.collect();
        timeline.push(heap.sample());
    } else {
        timeline.push(heap.sample());
        drop(held);
    }
    timeline
}

#[test]
fn one_unit_that_fills_the_heap_is_no_leak() {
    let open = exhausted(false);
    let verdict =
        |timeline: &Timeline, trials: &[Trial]| DiagnosisInput::new(timeline).trials(trials).diagnose().verdict;
    assert_eq!(verdict(&open, &[]), VerdictKind::RunawayAllocation);
    assert_eq!(verdict(&exhausted(true), &[]), VerdictKind::BulkLoad);
    let trial = |factor: usize, completed: bool, after: usize| {
        let max = factor * (4 << 20);
        Trial { max, completed, before: 1000, peak: max.min(10 << 20), after }
    };
    let fails = [trial(2, false, 1000), trial(4, false, 1000), trial(8, false, 1000)];
    assert_eq!(verdict(&open, &fails), VerdictKind::RunawayAllocation);
    let loads = [trial(2, false, 1000), trial(4, true, 2000)];
    assert_eq!(verdict(&open, &loads), VerdictKind::BulkLoad);
    let needs = [trial(2, false, 1000), trial(8, true, 9 << 20), trial(4, true, 9 << 20)];
    let diagnosis = DiagnosisInput::new(&open).trials(&needs).diagnose();
    assert_eq!(diagnosis.verdict, VerdictKind::LimitTooSmall);
    let smallest = fact(&diagnosis.suspects[0].evidence, "the smallest limit that worked");
    assert_eq!(smallest, f64::from(16 << 20));
}

/// Too few looks for a trend; but nothing that one unit of work needs is held between them.
#[test]
fn what_ended_units_left_is_not_what_one_needs() {
    for external in [false, true] {
        let heap = Heap::builder().max(4 << 20).build().unwrap();
        let (mut held, mut timeline) = (Vec::new(), Timeline::new());
        let declared = heap.external_bytes(0);
        timeline.push(heap.sample());
        while heap.sample().out_of_memory == 0 {
            let _request = heap.unit_of_work("request");
            if external {
                declared.resize(declared.bytes() + (100 << 10));
            }
            held.extend(heap.try_alloc([0u8; 20_000]));
        }
        timeline.push(heap.sample());
        let diagnosis = DiagnosisInput::new(&timeline).diagnose();
        let kind = if external { VerdictKind::ExternalGrowth } else { VerdictKind::ContainerGrowth };
        assert_eq!(diagnosis.verdict, kind, "{diagnosis}");
        assert!(diagnosis.to_string().contains("units of work, all of which ended"), "{diagnosis}");
        let trial = Trial { max: 8 << 20, completed: true, before: 0, peak: 5 << 20, after: 5 << 20 };
        let diagnosis = DiagnosisInput::new(&timeline).trials(&[trial]).diagnose();
        assert_eq!(diagnosis.verdict, VerdictKind::LimitTooSmall, "a larger limit was enough");
    }
}

#[test]
fn a_leak_that_ends_in_an_overflow_is_a_leak() {
    let heap = Heap::builder().max(4 << 20).build().unwrap();
    let mut held = Vec::new();
    let mut timeline = Timeline::new();
    loop {
        let _request = heap.unit_of_work("request");
        match heap.try_alloc([0u8; 2000]) {
            Ok(row) => held.push(row),
            Err(_) => break,
        }
        drop(_request);
        if held.len() % 50 == 0 {
            timeline.push(heap.sample());
        }
    }
    assert_eq!(heap.sample().out_of_memory, 1);
    timeline.push(heap.sample());
    assert_eq!(DiagnosisInput::new(&timeline).diagnose().verdict, VerdictKind::ContainerGrowth);
}

#[test]
fn a_long_timeline_is_thinned_out() {
    let heap = Heap::new();
    let mut timeline = Timeline::new();
    for _ in 0..5000 {
        drop(heap.unit_of_work("request"));
        timeline.push(heap.sample());
    }
    let ended: Vec<u64> = timeline.samples().iter().map(|sample| sample.units_ended()).collect();
    let [first, .., last] = ended[..] else { panic!("{ended:?}") };
    assert!(ended.len() > Timeline::MOST / 2 && ended.len() <= Timeline::MOST && (first, last) == (1, 5000));
    // The beginning is as well known as the end; but for the last one, which is always there.
    let apart: Vec<u64> = ended[..ended.len() - 1].windows(2).map(|two| two[1] - two[0]).collect();
    assert!(apart.iter().all(|&it| it == apart[0]), "{apart:?}");
}

#[derive(Trace, Default)]
struct Registry {
    sessions: RefCell<Vec<Gc<Node>>>,
    head: Slot<Node>,
}

#[test]
fn a_dump_alone_shows_where_most_accumulates() {
    let heap = Heap::new();
    let registry = heap.alloc(Registry::default());
    registry.sessions.borrow_mut().extend((0..500).map(|_| node(&heap, 100)));
    let snapshot = heap.snapshot();
    let diagnosis = DiagnosisInput::of_snapshot(&snapshot).diagnose();
    let suspect = &diagnosis.suspects[0];
    assert_eq!(
        (suspect.holder, suspect.place.as_deref()),
        (Some(Gc::as_any(&registry).id()), Some("Registry.sessions[…]"))
    );
    assert!(fact(&suspect.evidence, "per cent of the heap") > 90.0);
    // Full collections leave no more in use than before: it is a cache, not a leak.
    for _ in 0..8 {
        heap.collect();
    }
    let in_use = heap.in_use_after_full_collections();
    assert_eq!(DiagnosisInput::of_snapshot(&snapshot).in_use_after(&in_use).diagnose().verdict, VerdictKind::None);
}

#[test]
fn a_chain_is_told_from_a_list() {
    let heap = Heap::new();
    let registry = heap.alloc(Registry::default());
    for _ in 0..500 {
        let new = node(&heap, 10);
        new.next.set(registry.head.take());
        registry.head.set(Some(new));
    }
    let snapshot = heap.snapshot();
    let suspect = &DiagnosisInput::of_snapshot(&snapshot).diagnose().suspects[0];
    assert_eq!((suspect.place.as_deref(), &*suspect.type_name), (Some("Registry.head"), "Node"));
    assert_eq!(fact(&suspect.evidence, "objects held"), 500.0);
}

#[test]
fn two_dumps_tell_what_is_new() {
    let heap = Heap::new();
    let (old, new) = (heap.alloc(Registry::default()), heap.alloc(Registry::default()));
    old.sessions.borrow_mut().extend((0..5000).map(|_| node(&heap, 100)));
    let before = heap.snapshot();
    new.sessions.borrow_mut().extend((0..300).map(|_| node(&heap, 100)));
    let after = heap.snapshot();
    let diagnosis = DiagnosisInput::of_snapshot(&after).earlier(&before).diagnose();
    assert_eq!(diagnosis.suspects[0].holder, Some(Gc::as_any(&new).id()));
    assert_eq!(diagnosis.suspects.len(), 1, "what was there before is none");
    assert_eq!(DiagnosisInput::of_snapshot(&after).earlier(&after).diagnose().verdict, VerdictKind::None);
}

#[test]
fn an_uncollectable_group_is_found_in_a_dump() {
    let (_, snapshot) = Program::new(first_seed(), Some(Leak::Uncollectable)).run();
    let diagnosis = DiagnosisInput::of_snapshot(&snapshot).diagnose();
    let suspect = diagnosis.suspects.iter().find(|suspect| suspect.kind == VerdictKind::UncollectableCycle);
    assert_eq!(suspect.map(|suspect| &*suspect.type_name), Some("Connection"), "{diagnosis}");
}
