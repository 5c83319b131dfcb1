//! The program that comes to all points where user code runs.

use super::plan::{Injected, Plan, finish, point};
use super::subjects::{Hand, Subject, fates, hand, subject};
use crate::support::chunks::{Counted, counted_builder};
use crate::support::slots_in_use;
use gc_core::hooks::Phase;
use gc_core::{Budget, DebugFlags, FinalizerPolicy, Gc, GcAny, Heap, Progress, Weak};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// How it collects.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    Stopping,
    Slices,
}

/// Runs the program; the kinds of the points that it came to.
///
/// # Panics
/// When something does not hold afterwards.
pub fn run(policy: FinalizerPolicy, way: Way, plan: &Plan) -> Vec<&'static str> {
    fates();
    let (heap, source) = heap(policy);
    plan.begin();
    let acts: [fn(&Heap, Way); 8] = [
        die_by_count,
        die_in_rings,
        make_in_place,
        make_a_row,
        die_with_the_log_on,
        run_out,
        change_rings,
        die_in_rings,
    ];
    for act in acts {
        attempt(|| act(&heap, way));
    }
    let met = finish();
    check(policy, heap, &source);
    met
}

/// A heap with every hook.
fn heap(policy: FinalizerPolicy) -> (Heap, Counted) {
    let (builder, source) = counted_builder(policy);
    let heap = builder.max(32 << 20).build().expect("32 MiB are enough");
    heap.on_collection(|_, phase, _| point(if phase == Phase::Start { "start" } else { "stop" }));
    heap.on_unraisable(|_, _| point("unraisable"));
    heap.on_out_of_memory(|_, _| point("out of memory"));
    heap.on_record(|_, _| point("record"));
    heap.on_log(|_, _| point("log"));
    (heap, source)
}

/// What is injected and has a caller comes here; anything else is a failure.
fn attempt(act: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(act))
        && !payload.is::<Injected>()
    {
        resume_unwind(payload);
    }
}

fn collect(heap: &Heap, way: Way) {
    match way {
        Way::Stopping => {
            heap.collect();
        }
        Way::Slices => while heap.step(Budget::Objects(2)) == Progress::Open {},
    }
}

fn die_by_count(heap: &Heap, _: Way) {
    let first = subject(heap);
    first.next.set(Some(subject(heap)));
    first.hand.set(Some(heap.alloc(hand())));
    let _weak = Gc::downgrade_with(&first, || point("bare callback"));
    let _managed = heap.alloc_weak_with(&first, |_| point("managed callback"));
    drop(first);
}

/// Two subjects and two of the other type on one ring, with weak references of each kind.
fn ring(heap: &Heap) -> (Gc<Subject>, Gc<Hand>) {
    let (first, second) = (subject(heap), subject(heap));
    let (one, other) = (heap.alloc(hand()), heap.alloc(hand()));
    first.next.set(Some(second.clone()));
    second.hand.set(Some(one.clone()));
    one.next.set(Some(other.clone()));
    other.subject.set(Some(first.clone()));
    first.weak.set(Some(heap.alloc_weak_with(&second, |_| point("managed callback"))));
    (first, one)
}

fn die_in_rings(heap: &Heap, way: Way) {
    let (first, one) = ring(heap);
    let _weak = Gc::downgrade_with(&one, || point("bare callback"));
    let _managed = heap.alloc_weak_with(&first, |_| point("managed callback"));
    let garbage = heap.alloc(hand());
    garbage.next.set(Some(garbage.clone()));
    drop((first, one, garbage));
    collect(heap, way);
    collect(heap, way);
}

fn make_in_place(heap: &Heap, way: Way) {
    let made = heap.new_cyclic(|_: &Weak<Hand>| {
        drop(subject(heap));
        point("make");
        hand()
    });
    made.next.set(Some(made.clone()));
    drop(made);
    collect(heap, way);
}

fn make_a_row(heap: &Heap, way: Way) {
    let row = heap.alloc_slice((0..3).map(|at| {
        if at == 1 {
            point("alloc_slice");
        }
        hand()
    }));
    row[0].next.set(Some(heap.alloc(hand())));
    drop(row);
    collect(heap, way);
}

fn die_with_the_log_on(heap: &Heap, way: Way) {
    heap.set_debug(DebugFlags::STATS | DebugFlags::COLLECTABLE | DebugFlags::UNCOLLECTABLE);
    drop(ring(heap));
    collect(heap, way);
    heap.set_debug(DebugFlags::empty());
}

/// More than the heap may have.
fn run_out(heap: &Heap, _: Way) {
    let most = heap.external_bytes(20 << 20);
    assert!(heap.try_external_bytes(20 << 20).is_err());
    drop(most);
}

/// The list of the uncollectable is worked off, as a program does.
fn change_rings(heap: &Heap, way: Way) {
    let (first, _one) = ring(heap);
    collect(heap, way);
    drop(first.next.take());
    work_off_garbage(heap);
    drop(first);
    collect(heap, way);
}

fn work_off_garbage(heap: &Heap) {
    for object in heap.garbage().to_vec().iter().filter_map(GcAny::downcast::<Subject>) {
        drop((object.next.take(), object.hand.take()));
    }
    heap.garbage().clear();
}

/// Nothing is lost, nothing was dropped twice, and the heap verifies.
fn check(policy: FinalizerPolicy, heap: Heap, source: &Counted) {
    heap.set_debug(DebugFlags::empty());
    let problems = heap.verify();
    assert!(problems.is_empty(), "{problems:?}");
    for _ in 0..3 {
        heap.collect();
        work_off_garbage(&heap);
    }
    assert_eq!(slots_in_use(&heap), 0, "{:?}", heap.census());
    let problems = heap.verify();
    assert!(problems.is_empty(), "{problems:?}");
    drop(heap);
    source.assert_closed();
    for (id, fate) in fates() {
        assert_eq!(fate.dropped, 1, "object {id} was dropped {} times", fate.dropped);
        let finalizers = match (fate.finalizable, policy) {
            (false, _) => fate.finalized == 0,
            (true, FinalizerPolicy::Pep442) => fate.finalized == 1,
            (true, FinalizerPolicy::Legacy) => fate.finalized >= 1,
        };
        assert!(finalizers, "the finalizer of object {id} ran {} times", fate.finalized);
    }
}
