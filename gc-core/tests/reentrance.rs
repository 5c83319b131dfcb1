//! Everything that user code can do, at every point where it is called: each action
//! at each point, under both policies, with each detector, for every way to die.
//!
//! After each combination the heap has to be consistent: counts cover all edges,
//! everything is reclaimed in the end, each finalizer ran as often as its policy
//! says, each callback once, each value was dropped once, all memory went back.

use gc_core::{
    ChunkSource, DebugFlags, Finalize, FinalizerPolicy, Gc, GcAny, Generation, Heap, Phase, Slot, SystemChunks, Trace,
    Weak, WeakRef,
};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::rc::Rc;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Point {
    Finalizer,
    Armed,
    BareCallback,
    ManagedCallback,
    Start,
    Stop,
    Unraisable,
    LogSink,
    FieldDrop,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Action {
    AllocateMany,
    Collect(Generation),
    Store,
    CutEdges,
    CloneAndDrop,
    ReleaseOthers,
    ClearGarbage,
    Freeze,
    FreezeAndUnfreeze,
    Enumerate,
    Weaken,
    DropHandle,
}

const ACTIONS: [Action; 14] = [
    Action::AllocateMany,
    Action::Collect(Generation::Zero),
    Action::Collect(Generation::One),
    Action::Collect(Generation::Two),
    Action::Store,
    Action::CutEdges,
    Action::CloneAndDrop,
    Action::ReleaseOthers,
    Action::ClearGarbage,
    Action::Freeze,
    Action::FreezeAndUnfreeze,
    Action::Enumerate,
    Action::Weaken,
    Action::DropHandle,
];

/// How the objects die: by their counts, in a collection that is asked for, in one
/// that an allocation starts, or in the last one of the heap.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Death {
    Count,
    Collection,
    Allocation,
    Close,
}

const DEATHS: [Death; 4] = [Death::Count, Death::Collection, Death::Allocation, Death::Close];

#[derive(Clone, Copy, Debug)]
struct Case {
    point: Point,
    action: Action,
    policy: FinalizerPolicy,
    death: Death,
    linear: bool,
}

/// What the test knows, outside of the heap.
#[derive(Default)]
struct State {
    case: Option<Case>,
    fired: u32,
    firing: bool,
    heap: Option<Heap>,
    root: Option<Gc<Root>>,
    survivors: Vec<GcAny>,
    others: Vec<GcAny>,
    weak: Vec<Weak<Subject>>,
    managed: Vec<Gc<WeakRef<Subject>>>,
    /// Runs of the finalizer and resurrections of each object.
    runs: HashMap<usize, (u32, u32)>,
    drops: HashMap<usize, u32>,
    calls: HashMap<&'static str, u32>,
    weak_released: bool,
    /// An assertion failed in an action.
    failed: bool,
    /// Objects whose finalizers panicked and were not reported yet.
    panicked: Vec<usize>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
    static CHUNKS: Cell<isize> = const { Cell::new(0) };
}

fn with<R>(f: impl FnOnce(&mut State) -> R) -> R {
    STATE.with_borrow_mut(f)
}

/// An object with a finalizer; its bomb makes the drop of its value user code.
#[derive(Trace)]
#[trace(finalize)]
struct Subject {
    id: usize,
    next: Slot<Subject>,
    other: Slot<Subject>,
    root: Slot<Root>,
    weak: Slot<WeakRef<Subject>>,
    #[trace(skip)]
    _bomb: Bomb,
}

#[derive(Trace)]
struct Root {
    ring: Slot<Root>,
}

struct Bomb(usize);

impl Drop for Bomb {
    fn drop(&mut self) {
        with(|state| *state.drops.entry(self.0).or_default() += 1);
        fire(Point::FieldDrop, None);
    }
}

impl Finalize for Subject {
    fn armed(&self) -> bool {
        fire(Point::Armed, None);
        true
    }

    fn finalize(this: &Gc<Subject>) {
        with(|state| state.runs.entry(this.id).or_default().0 += 1);
        fire(Point::Finalizer, Some(this));
        if with(|state| state.case.is_some_and(|case| case.point == Point::Unraisable)) {
            with(|state| state.panicked.push(this.id));
            panic!("of the finalizer of {}", this.id);
        }
        note_resurrection(this.id, Gc::count(this));
    }
}

fn subject(heap: &Heap, id: usize) -> Gc<Subject> {
    let root = Slot::new(with(|state| state.root.clone()));
    let (next, other, weak) = (Slot::empty(), Slot::empty(), Slot::empty());
    heap.alloc(Subject { id, next, other, root, weak, _bomb: Bomb(id) })
}

/// At the end of a finalizer that a death by count runs, a count above 1 means so.
fn note_resurrection(id: usize, count: usize) {
    with(|state| state.runs.entry(id).or_default().1 += u32::from(count > 1));
}

/// The hook runs while the finalizer that panicked is held: it can resurrect as well.
fn unraisable(heap: &Heap) {
    fire(Point::Unraisable, None);
    if let Some(id) = with(|state| state.panicked.pop()) {
        let objects = heap.objects(None);
        let found = objects.iter().find(|object| object.downcast_ref::<Subject>().is_some_and(|it| it.id == id));
        note_resurrection(id, found.map_or(0, |object| object.count() - 1));
    }
}

/// Performs the case's action if this is its point.
fn fire(point: Point, this: Option<&Gc<Subject>>) {
    let case = with(|state| {
        let case = state.case.filter(|case| case.point == point && !state.firing && state.fired < 6)?;
        state.firing = true;
        state.fired += 1;
        Some(case)
    });
    if let Some(case) = case {
        // The heap would catch it, and nobody would know.
        let failed = catch_unwind(AssertUnwindSafe(|| act(case.action, this))).is_err();
        with(|state| {
            state.firing = false;
            state.failed |= failed;
        });
    }
}

fn act(action: Action, this: Option<&Gc<Subject>>) {
    // The root lives through every case, so there is a way to the heap.
    let root = with(|state| state.root.clone()).unwrap();
    let heap = Gc::heap(&root);
    match action {
        Action::AllocateMany => allocate_many(&heap),
        Action::Collect(generation) => {
            heap.collect_generation(generation);
        }
        Action::Store => {
            let seen = this.map_or_else(|| heap.objects(None), |this| vec![Gc::as_any(this)]);
            with(|state| state.survivors.extend(seen));
        }
        Action::CutEdges => {
            for subject in heap.objects(None).iter().filter_map(GcAny::downcast::<Subject>) {
                drop((subject.next.take(), subject.other.take(), subject.weak.take()));
            }
        }
        Action::CloneAndDrop => {
            let objects = heap.objects(None);
            let again = objects.clone();
            drop(objects);
            drop(this.cloned());
            drop(again);
        }
        Action::ReleaseOthers => {
            let released = with(|state| {
                state.weak_released = true;
                let managed: Vec<_> = std::mem::take(&mut state.managed);
                (std::mem::take(&mut state.others), std::mem::take(&mut state.weak), managed)
            });
            drop(released);
        }
        Action::ClearGarbage => {
            drop((heap.garbage().get(0), heap.garbage().to_vec(), heap.garbage().pop()));
            heap.garbage().clear();
        }
        Action::Freeze => heap.freeze(),
        Action::FreezeAndUnfreeze => {
            heap.freeze();
            assert_ne!(heap.freeze_count(), 0);
            heap.unfreeze();
        }
        Action::Enumerate => enumerate(&heap),
        Action::Weaken => weaken(&heap),
        Action::DropHandle => drop(with(|state| state.heap.take())),
    }
    drop(heap);
    drop(root);
}

fn allocate_many(heap: &Heap) {
    heap.enable();
    heap.set_thresholds([20, 2, 2]);
    for n in 0..300 {
        let ring = heap.alloc(Root { ring: Slot::empty() });
        ring.ring.set(Some(heap.alloc(Root { ring: Slot::new(Some(ring.clone())) })));
        drop((heap.alloc(n), heap.alloc_str("text"), heap.alloc_slice(0..n % 7)));
        drop(heap.alloc([0u8; 300]));
    }
    heap.set_thresholds([0, 0, 0]);
}

fn enumerate(heap: &Heap) {
    let all = heap.objects(None);
    let by_generation = [Generation::Zero, Generation::One, Generation::Two].map(|g| heap.objects(Some(g)).len());
    assert_eq!(by_generation.iter().sum::<usize>() + heap.freeze_count(), all.len());
    for object in &all {
        assert!(object.is_tracked() && object.count() >= 1);
        for edge in heap.edges(object) {
            assert!(heap.referrers(&[&edge.target]).contains(object), "{}", edge.name);
        }
        drop((object.referents(), object.weak_refs(), object.weak_target(), object.generation()));
    }
    check_counts(heap);
}

fn weaken(heap: &Heap) {
    for subject in heap.objects(None).iter().filter_map(GcAny::downcast::<Subject>) {
        let weak = Gc::downgrade_with(&subject, || ());
        assert!(Gc::ptr_eq(&weak.upgrade().unwrap(), &subject));
        let managed = heap.alloc_weak_with(&subject, |this| assert!(this.upgrade().is_none()));
        with(|state| state.others.push(Gc::as_any(&managed)));
        subject.weak.set(Some(managed));
        let known = with(|state| state.weak.clone());
        drop(known.iter().filter_map(Weak::upgrade).collect::<Vec<_>>());
    }
}

/// No object has fewer pointers than other objects hold on it.
fn check_counts(heap: &Heap) {
    let objects = heap.objects(None);
    let mut internal: HashMap<usize, usize> = HashMap::new();
    for edge in objects.iter().flat_map(|object| heap.edges(object)) {
        *internal.entry(edge.target.address()).or_default() += 1;
    }
    for object in &objects {
        let held = internal.get(&object.address()).copied().unwrap_or(0);
        assert!(object.count() > held, "{object:?}: {} pointers, {held} edges and ours", object.count());
    }
}

/// Counts the chunks that are out.
struct Counted;

// SAFETY: passes everything on to the default source.
unsafe impl ChunkSource for Counted {
    fn acquire(&self, bytes: usize, align: usize) -> Option<NonNull<u8>> {
        CHUNKS.set(CHUNKS.get() + 1);
        SystemChunks.acquire(bytes, align)
    }
    unsafe fn release(&self, start: NonNull<u8>, bytes: usize, align: usize) {
        CHUNKS.set(CHUNKS.get() - 1);
        // SAFETY: passed on.
        unsafe { SystemChunks.release(start, bytes, align) }
    }
}

fn heap_with_hooks(case: Case) -> Heap {
    let heap = Heap::builder().policy(case.policy).thresholds([0, 0, 0]).chunk_source(Counted).build();
    heap.force_detector(Some(case.linear));
    heap.add_callback(|phase, _| fire(if phase == Phase::Start { Point::Start } else { Point::Stop }, None));
    heap.on_unraisable(|_| with(|state| state.root.clone()).iter().for_each(|root| unraisable(&Gc::heap(root))));
    heap.set_log(|_| fire(Point::LogSink, None));
    if case.point == Point::LogSink {
        heap.set_debug(DebugFlags::STATS | DebugFlags::COLLECTABLE | DebugFlags::UNCOLLECTABLE);
    }
    heap
}

/// Builds two subjects, garbage beside them, and weak references; then lets them die.
fn run(case: Case) {
    STATE.take();
    let heap = heap_with_hooks(case);
    let root = heap.alloc(Root { ring: Slot::empty() });
    root.ring.set(Some(root.clone()));
    with(|state| state.root = Some(root));
    let (a, b, tail) = (subject(&heap, 0), subject(&heap, 1), subject(&heap, 2));
    b.next.set(Some(tail));
    a.next.set(Some(b.clone()));
    if case.death != Death::Count {
        b.other.set(Some(a.clone()));
    }
    a.weak.set(Some(heap.alloc_weak(&b)));
    for _ in 0..3 {
        let garbage = heap.alloc(Root { ring: Slot::empty() });
        garbage.ring.set(Some(garbage.clone()));
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
    die(case.death, (a, b));
    verify(case);
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
            let heap = with(|state| state.heap.clone()).unwrap();
            heap.collect();
        }
        Death::Allocation => {
            drop(subjects);
            let heap = with(|state| state.heap.clone()).unwrap();
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

fn verify(case: Case) {
    let (fired, root) = with(|state| {
        state.case = None;
        (state.fired, state.root.take().unwrap())
    });
    assert!(!with(|state| state.failed), "{case:?}");
    let heap = Gc::heap(&root);
    check_counts(&heap);
    heap.set_debug(DebugFlags::NONE);
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
    assert_eq!(heap.objects(None), [Gc::as_any(&root)], "{case:?}");
    assert_eq!(Gc::count(&root), 2, "{case:?}");
    for id in 0..3 {
        let (runs, resurrections) = with(|state| state.runs.get(&id).copied().unwrap_or_default());
        let expected = if case.policy == FinalizerPolicy::Legacy { 1 + resurrections } else { 1 };
        assert_eq!(runs, expected, "finalizer runs of {id} in {case:?}");
        assert_eq!(with(|state| state.drops.get(&id).copied()), Some(1), "drops of {id} in {case:?}");
    }
    if !with(|state| state.weak_released) {
        assert_eq!(with(|state| state.calls.clone()), HashMap::from([("bare", 1), ("managed", 1)]), "{case:?}");
    }
    assert_ne!(fired, 0, "{case:?} never came to its point");
    root.ring.take();
    drop((root, heap));
    STATE.take();
    assert_eq!(CHUNKS.get(), 0, "{case:?}");
}

fn run_all(point: Point) {
    std::panic::set_hook(Box::new(|info| {
        if !info.payload().downcast_ref::<String>().is_some_and(|text| text.starts_with("of the finalizer")) {
            eprintln!("{info}");
        }
    }));
    for action in ACTIONS {
        for policy in [FinalizerPolicy::Legacy, FinalizerPolicy::Pep442] {
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
    let needs_death = !matches!(point, Point::Armed | Point::Start | Point::Stop | Point::LogSink);
    !(policy == FinalizerPolicy::Legacy && death != Death::Count && needs_death)
}

#[test]
fn in_a_finalizer() {
    run_all(Point::Finalizer);
}

#[test]
fn in_armed() {
    run_all(Point::Armed);
}

#[test]
fn in_a_bare_weak_callback() {
    run_all(Point::BareCallback);
}

#[test]
fn in_a_managed_weak_callback() {
    run_all(Point::ManagedCallback);
}

#[test]
fn in_the_callback_at_the_start_of_a_collection() {
    run_all(Point::Start);
}

#[test]
fn in_the_callback_at_the_end_of_a_collection() {
    run_all(Point::Stop);
}

#[test]
fn in_the_unraisable_hook() {
    run_all(Point::Unraisable);
}

#[test]
fn in_the_log_sink() {
    run_all(Point::LogSink);
}

#[test]
fn in_the_drop_of_an_untraced_field() {
    run_all(Point::FieldDrop);
}

/// A heap with a value that says when it is dropped.
fn quiet_heap(policy: FinalizerPolicy) -> Heap {
    STATE.take();
    Heap::builder().policy(policy).thresholds([0, 0, 0]).chunk_source(Counted).build()
}

/// The closure of `new_cyclic` and the iterator of `alloc_slice` run while a slot is
/// taken, or is about to be.
#[test]
fn while_a_value_is_made() {
    for policy in [FinalizerPolicy::Legacy, FinalizerPolicy::Pep442] {
        for action in ACTIONS {
            let heap = quiet_heap(policy);
            let root = heap.alloc(Root { ring: Slot::empty() });
            root.ring.set(Some(root.clone()));
            with(|state| state.root = Some(root.clone()));
            let made = heap.new_cyclic(|me: &Weak<Root>| {
                let garbage = heap.alloc(Root { ring: Slot::empty() });
                garbage.ring.set(Some(garbage.clone()));
                drop(garbage);
                act(action, None);
                assert!(me.upgrade().is_none());
                Root { ring: Slot::new(Some(root.clone())) }
            });
            let slice = heap.alloc_slice([(); 5].map(|()| root.clone()).into_iter().inspect(|_| act(action, None)));
            assert_eq!((slice.len(), Gc::count(&made)), (5, 1 + survivors(&made)), "{action:?}");
            heap.unfreeze();
            drop(with(|state| {
                let objects = (std::mem::take(&mut state.survivors), std::mem::take(&mut state.others));
                (state.root.take(), objects)
            }));
            assert_eq!(Gc::count(&root), 8, "ours, its own, one of what was made, five of the slice");
            root.ring.take();
            drop((slice, made, root));
            heap.collect();
            assert!(format!("{heap:?}").contains("objects: 0,"), "{action:?} {heap:?}");
            drop(heap);
            assert_eq!(CHUNKS.get(), 0, "{action:?}");
        }
    }
}

/// How often the action stored this object.
fn survivors(object: &Gc<Root>) -> usize {
    let any = Gc::as_any(object);
    with(|state| state.survivors.iter().filter(|survivor| **survivor == any).count())
}

/// Cancelling a callback drops what it captured: an object with a finalizer that
/// cancels another one, and so on.
#[test]
fn while_a_callback_is_cancelled() {
    for policy in [FinalizerPolicy::Legacy, FinalizerPolicy::Pep442] {
        let heap = quiet_heap(policy);
        let target = heap.alloc(7);
        let mut last = None;
        for id in 0..10 {
            let captured = (subject(&heap, id), last.take());
            last = Some(Gc::downgrade_with(&target, move || drop(captured)));
        }
        assert_eq!((Gc::weak_count(&target), heap.objects(None).len()), (10, 10));
        drop(last);
        assert_eq!((Gc::weak_count(&target), heap.objects(None).len()), (0, 0));
        let drops = with(|state| state.drops.clone());
        assert_eq!((drops.len(), drops.values().max()), (10, Some(&1)));
    }
}

/// A hook that replaces itself, and callbacks that add and remove callbacks.
#[test]
fn while_a_hook_runs() {
    let heap = quiet_heap(FinalizerPolicy::Pep442);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let ids = Rc::new(RefCell::new(Vec::new()));
    let (inner, log, all) = (heap.clone(), seen.clone(), ids.clone());
    let first = heap.add_callback(move |phase, _| {
        log.borrow_mut().push(format!("first {phase:?}"));
        let log = log.clone();
        let second = inner.add_callback(move |phase, _| log.borrow_mut().push(format!("second {phase:?}")));
        for id in all.replace(vec![second]) {
            assert!(inner.remove_callback(id));
        }
    });
    ids.borrow_mut().push(first);
    heap.collect();
    // The list is taken when a phase begins: what was added at the start is called at
    // the stop, the first is removed by itself.
    assert_eq!(*seen.borrow(), ["first Start", "second Stop"]);
    assert!(!heap.remove_callback(first));
    let (inner, log) = (heap.clone(), seen.clone());
    heap.set_debug(DebugFlags::STATS);
    heap.set_log(move |line| {
        log.borrow_mut().push(line.chars().take(14).collect());
        let log = log.clone();
        inner.set_log(move |_| log.borrow_mut().push("other sink".into()));
    });
    seen.borrow_mut().clear();
    heap.collect_generation(Generation::Zero);
    assert_eq!(seen.borrow()[1..3], ["gc: collecting", "other sink"]);
    heap.set_log(|_| ());
    drop(heap);
    assert_eq!(CHUNKS.get(), 0);
}
