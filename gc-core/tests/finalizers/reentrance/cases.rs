//! A case: one action at one point, while objects die in one way; and what holds after it.

use super::actions::{ACTIONS, Action, check_counts};
use super::subjects::{Root, Subject, fire, forget_state, looped_root, subject, unraisable, with};
use crate::support::BOTH;
use crate::support::chunks::{Counted, counted_builder};
use gc_core::hooks::Phase;
use gc_core::{DebugFlags, FinalizerPolicy, Gc, GcAny, Heap, Slot};
use std::collections::HashMap;

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Point {
    Finalizer,
    Armed,
    BareCallback,
    ManagedCallback,
    Start,
    Stop,
    Unraisable,
    LogSink,
    FieldDrop,
    OutOfMemory,
    Record,
}

/// How the objects die: by their counts, in a collection that is asked for, in one
/// that an allocation starts, or in the last one of the heap.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Death {
    Count,
    Collection,
    Allocation,
    Close,
}

const DEATHS: [Death; 4] = [Death::Count, Death::Collection, Death::Allocation, Death::Close];

#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) point: Point,
    pub(super) action: Action,
    pub(super) policy: FinalizerPolicy,
    pub(super) death: Death,
    pub(super) linear: bool,
}

/// What a heap may have: enough, and less than is asked for to run out of it.
const MAX: usize = 64 << 20;

fn heap_with_hooks(case: Case) -> (Heap, Counted) {
    let (builder, source) = counted_builder(case.policy);
    let heap = builder.max(MAX).build().unwrap();
    heap.force_detector(Some(case.linear));
    heap.on_collection(|_, phase, _| fire(if phase == Phase::Start { Point::Start } else { Point::Stop }, None));
    heap.on_unraisable(|_, _| with(|state| state.root.clone()).iter().for_each(|root| unraisable(&Gc::heap(root))));
    heap.on_log(|_, _| fire(Point::LogSink, None));
    heap.on_out_of_memory(|_, _| fire(Point::OutOfMemory, None));
    heap.on_record(|_, _| fire(Point::Record, None));
    if case.point == Point::LogSink {
        heap.set_debug(DebugFlags::STATS | DebugFlags::COLLECTABLE | DebugFlags::UNCOLLECTABLE);
    }
    (heap, source)
}

/// Builds two subjects, garbage beside them, and weak references; then lets them die.
fn run(case: Case) {
    forget_state();
    let (heap, source) = heap_with_hooks(case);
    let root = looped_root(&heap);
    with(|state| state.root = Some(root));
    let (a, b, tail) = (subject(&heap, 0), subject(&heap, 1), subject(&heap, 2));
    b.next.set(Some(tail));
    a.next.set(Some(b.clone()));
    if case.death != Death::Count {
        b.other.set(Some(a.clone()));
    }
    a.weak.set(Some(heap.alloc_weak(&b)));
    for _ in 0..3 {
        looped_root(&heap);
    }
    let weak = Gc::downgrade_with(&a, || {
        with(|state| *state.calls.entry("bare").or_default() += 1);
        fire(Point::BareCallback, None);
    });
    let managed = heap.alloc_weak_with(&b, |_| {
        with(|state| *state.calls.entry("managed").or_default() += 1);
        fire(Point::ManagedCallback, None);
    });
    with(|state| {
        state.weak.push(weak);
        state.managed.push(managed);
        state.others.push(Gc::as_any(&heap.alloc_str("other")));
        state.case = Some(case);
        state.heap = Some(heap);
    });
    if case.point == Point::OutOfMemory {
        run_out(&Gc::heap(&a));
    }
    die(case.death, (a, b));
    verify(case, &source);
}

/// Memory is refused at once, and after a collection.
fn run_out(heap: &Heap) {
    assert!(heap.try_external_bytes(MAX + 1).is_err());
    let most = heap.external_bytes(MAX / 2);
    assert!(heap.try_external_bytes(MAX / 2).is_err());
    drop(most);
}

/// The test's own handle may be gone.
fn any_handle() -> Heap {
    Gc::heap(&with(|state| state.root.clone()).unwrap())
}

fn die(death: Death, subjects: (Gc<Subject>, Gc<Subject>)) {
    match death {
        Death::Count => {
            drop(subjects);
            // Points that only a collection has.
            if let Some(heap) = with(|state| state.heap.clone()) {
                heap.collect();
            }
        }
        Death::Collection => {
            drop(subjects);
            let heap = any_handle();
            heap.collect();
        }
        Death::Allocation => {
            drop(subjects);
            let heap = any_handle();
            heap.set_thresholds([1, 1, 1]);
            for _ in 0..20 {
                drop(heap.alloc(Root { ring: Slot::empty() }));
            }
            heap.set_thresholds([0, 0, 0]);
        }
        Death::Close => {
            drop(subjects);
            drop(with(|state| state.heap.take()));
        }
    }
}

/// What holds after a case; `source` is the heap's.
fn verify(case: Case, source: &Counted) {
    let (fired, root) = with(|state| {
        state.case = None;
        (state.fired, state.root.take().unwrap())
    });
    assert!(!with(|state| state.failed), "{case:?}");
    let heap = Gc::heap(&root);
    check_counts(&heap);
    let_all_go(&heap);
    assert_eq!(heap.objects(None), [Gc::as_any(&root)], "{case:?}");
    assert_eq!(Gc::strong_count(&root), 2, "{case:?}");
    assert_rites(case);
    assert_ne!(fired, 0, "{case:?} never came to its point");
    root.ring.take();
    drop((root, heap));
    forget_state();
    assert_eq!(source.chunks(), 0, "{case:?}");
}

/// Breaks and releases what the case left behind, all but the root.
fn let_all_go(heap: &Heap) {
    heap.set_debug(DebugFlags::empty());
    heap.set_thresholds([0, 0, 0]);
    heap.unfreeze();
    drop(with(|state| (state.heap.take(), std::mem::take(&mut state.survivors))));
    for _ in 0..8 {
        for subject in heap.garbage().to_vec().iter().filter_map(GcAny::downcast::<Subject>) {
            drop((subject.next.take(), subject.other.take()));
        }
        heap.garbage().clear();
        heap.collect();
    }
    drop(with(|state| (std::mem::take(&mut state.others), std::mem::take(&mut state.managed))));
}

/// Each finalizer ran as often as its policy says, each value was dropped once, each
/// callback ran once.
fn assert_rites(case: Case) {
    for id in 0..3 {
        let (runs, resurrections) = with(|state| state.runs.get(&id).copied().unwrap_or_default());
        let expected = if case.policy == FinalizerPolicy::Legacy { 1 + resurrections } else { 1 };
        assert_eq!(runs, expected, "finalizer runs of {id} in {case:?}");
        assert_eq!(with(|state| state.drops.get(&id).copied()), Some(1), "drops of {id} in {case:?}");
    }
    if !with(|state| state.weak_released) {
        assert_eq!(with(|state| state.calls.clone()), HashMap::from([("bare", 1), ("managed", 1)]), "{case:?}");
    }
}

pub(super) fn run_all(point: Point) {
    std::panic::set_hook(Box::new(|info| {
        if !info.payload().downcast_ref::<String>().is_some_and(|text| text.starts_with("of the finalizer")) {
            eprintln!("{info}");
        }
    }));
    for action in ACTIONS {
        for policy in BOTH {
            for death in DEATHS {
                for linear in [false, true] {
                    if reachable(point, policy, death) {
                        run(Case { point, action, policy, death, linear });
                    }
                }
            }
        }
    }
}

/// Legacy runs no finalizer of what is on a cycle, so neither it nor anything that
/// follows from it is met there.
fn reachable(point: Point, policy: FinalizerPolicy, death: Death) -> bool {
    let needs_death = !matches!(
        point,
        Point::Armed | Point::Start | Point::Stop | Point::LogSink | Point::OutOfMemory | Point::Record
    );
    !(policy == FinalizerPolicy::Legacy && death != Death::Count && needs_death)
}
