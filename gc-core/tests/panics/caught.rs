//! Panics of user code: caught where it has no caller to go to, reported with kind
//! and type name, and the heap goes on; passed on where it has one.

mod passed_on;
mod waiting_callbacks;

use crate::support::{BOTH, log, logged, slots_in_use};
use gc_core::hooks::{Phase, UnraisableKind};
use gc_core::{DebugFlags, Finalize, FinalizerPolicy, Gc, Heap, Slot, Trace};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::rc::Rc;

type Report = (UnraisableKind, String, String);

thread_local! {
    static REPORTS: RefCell<Vec<Report>> = const { RefCell::new(Vec::new()) };
    /// Where the objects of this test panic.
    static PANIC_IN: Cell<&'static str> = const { Cell::new("") };
}

fn panic_if(point: &str) {
    if PANIC_IN.get() == point {
        panic!("in {point}");
    }
}

fn heap(policy: FinalizerPolicy, panic_in: &'static str) -> Heap {
    // The panics are expected: no need to print them.
    std::panic::set_hook(Box::new(|info| {
        let text = info.payload_as_str().unwrap_or("in");
        if !text.starts_with("in") {
            eprintln!("{info}");
        }
    }));
    REPORTS.take();
    PANIC_IN.set(panic_in);
    let heap = crate::support::heap(policy);
    heap.on_unraisable(|_, event| {
        REPORTS.with_borrow_mut(|all| all.push((event.kind, event.type_name.clone(), event.message.clone())));
    });
    heap
}

fn report(kind: UnraisableKind, type_name: &str, message: &str) -> Report {
    (kind, type_name.into(), message.into())
}

#[derive(Trace)]
#[trace(finalize)]
struct Obj {
    name: &'static str,
    next: Slot<Obj>,
    me: Slot<Obj>,
    #[trace(skip)]
    _field: Field,
}

impl Finalize for Obj {
    fn armed(&self) -> bool {
        panic_if("armed");
        true
    }
    fn finalize(this: &Gc<Obj>) {
        log(format!("del {}", this.name));
        panic_if("finalizer");
    }
}

struct Field(&'static str);

impl Drop for Field {
    fn drop(&mut self) {
        log(format!("drop {}", self.0));
        panic_if("drop");
    }
}

fn obj(heap: &Heap, name: &'static str) -> Gc<Obj> {
    heap.alloc(Obj { name, next: Slot::empty(), me: Slot::empty(), _field: Field(name) })
}

/// `a -> b`, on a cycle or not.
fn pair(heap: &Heap, cycle: bool) -> Gc<Obj> {
    let (a, b) = (obj(heap, "a"), obj(heap, "b"));
    if cycle {
        b.next.set(Some(a.clone()));
    }
    a.next.set(Some(b));
    a
}

/// Lets the pair die by count, or in a collection, and says what that returned.
fn die(heap: &Heap, a: Gc<Obj>, cycle: bool) -> usize {
    drop(a);
    if cycle { heap.collect() } else { 0 }
}

/// Legacy: takes the cycle out of the list and breaks it.
fn break_garbage(heap: &Heap) {
    assert_eq!(heap.garbage().len(), 2);
    let a = heap.garbage().get(0).unwrap().downcast::<Obj>().unwrap();
    heap.garbage().clear();
    drop(a.next.take());
}

/// What every test ends with: nothing is left, and the heap works.
fn assert_sound(heap: &Heap) {
    PANIC_IN.set("");
    assert!(heap.objects(None).is_empty());
    assert_eq!(heap.collect(), 0);
    drop(pair(heap, true));
    assert_eq!(heap.collect(), 2);
    if heap.policy() == FinalizerPolicy::Legacy {
        break_garbage(heap);
    }
    assert!(heap.objects(None).is_empty());
    assert_eq!(slots_in_use(heap), 0);
}

#[test]
fn in_a_finalizer() {
    for policy in BOTH {
        for cycle in [false, true] {
            let heap = heap(policy, "finalizer");
            let a = pair(&heap, cycle);
            let found = die(&heap, a, cycle);
            let expected = match (policy, cycle) {
                (_, false) => vec!["del a", "del b", "drop b", "drop a"],
                (FinalizerPolicy::Pep442, true) => vec!["del a", "del b", "drop b", "drop a"],
                (FinalizerPolicy::Legacy, true) => {
                    break_garbage(&heap);
                    // b goes while a is held, then a.
                    vec!["del b", "drop b", "del a", "drop a"]
                }
            };
            assert_eq!(found, if cycle { 2 } else { 0 });
            assert_eq!(logged(), expected, "{policy:?} {cycle}");
            let one = report(UnraisableKind::Finalizer, "Obj", "in finalizer");
            assert_eq!(REPORTS.take(), [one.clone(), one]);
            assert_sound(&heap);
        }
    }
}

/// An object whose `armed` panics counts as armed.
#[test]
fn in_armed() {
    for policy in BOTH {
        for cycle in [false, true] {
            let heap = heap(policy, "armed");
            let a = pair(&heap, cycle);
            let found = die(&heap, a, cycle);
            assert_eq!(found, if cycle { 2 } else { 0 });
            let one = report(UnraisableKind::Armed, "Obj", "in armed");
            assert_eq!(REPORTS.take(), [one.clone(), one]);
            if policy == FinalizerPolicy::Legacy && cycle {
                assert!(logged().is_empty());
                PANIC_IN.set("");
                break_garbage(&heap);
                assert_eq!(logged(), ["del b", "drop b", "del a", "drop a"]);
            } else {
                assert_eq!(logged(), ["del a", "del b", "drop b", "drop a"]);
            }
            assert_sound(&heap);
        }
    }
}

/// A type whose weak references are looked at; without a finalizer.
#[derive(Trace)]
struct Plain {
    me: Slot<Plain>,
}

#[test]
fn in_weak_callbacks() {
    for policy in BOTH {
        for cycle in [false, true] {
            let heap = heap(policy, "callback");
            let target = heap.alloc(Plain { me: Slot::empty() });
            if cycle {
                target.me.set(Some(target.clone()));
            }
            let bare = [1, 2].map(|n| {
                Gc::downgrade_with(&target, move || {
                    log(format!("bare {n}"));
                    panic_if("callback");
                })
            });
            let managed = heap.alloc_weak_with(&target, |this| {
                log(format!("managed, count {}", Gc::strong_count(this)));
                panic_if("callback");
            });
            drop(target);
            assert_eq!(heap.collect(), usize::from(cycle));
            assert_eq!(logged(), ["managed, count 2", "bare 2", "bare 1"]);
            assert_eq!(
                REPORTS.take(),
                [
                    report(UnraisableKind::WeakCallback, "WeakRef<Plain>", "in callback"),
                    report(UnraisableKind::WeakCallback, "Weak", "in callback"),
                    report(UnraisableKind::WeakCallback, "Weak", "in callback"),
                ]
            );
            assert!(bare.iter().all(|weak| weak.upgrade().is_none()));
            assert_eq!((Gc::strong_count(&managed), managed.has_callback()), (1, false));
            drop(managed);
            assert_sound(&heap);
        }
    }
}

#[test]
fn in_collection_callbacks() {
    for policy in BOTH {
        for phase in [Phase::Start, Phase::Stop] {
            let heap = heap(policy, "hook");
            for n in [1, 2] {
                heap.on_collection(move |_, now, _| {
                    log(format!("{n} {now:?}"));
                    if now == phase {
                        panic_if("hook");
                    }
                });
            }
            let garbage = heap.alloc(Plain { me: Slot::empty() });
            garbage.me.set(Some(garbage.clone()));
            drop(garbage);
            assert_eq!(heap.collect(), 1);
            assert_eq!(logged(), ["1 Start", "2 Start", "1 Stop", "2 Stop"]);
            let one = report(UnraisableKind::Hook, "collection callback", "in hook");
            assert_eq!(REPORTS.take(), [one.clone(), one]);
            assert_eq!((heap.stats()[2].collections, heap.stats()[2].collected), (1, 1));
            assert_sound(&heap);
        }
    }
}

#[test]
fn in_the_log_sink() {
    for policy in BOTH {
        let heap = heap(policy, "sink");
        heap.set_debug(DebugFlags::STATS | DebugFlags::COLLECTABLE);
        heap.on_log(|_, _| {
            log("line");
            panic_if("sink");
        });
        let garbage = heap.alloc(Plain { me: Slot::empty() });
        garbage.me.set(Some(garbage.clone()));
        drop(garbage);
        assert_eq!(heap.collect(), 1);
        // "collecting", "objects in each", under PEP 442 "permanent", "collectable", "done".
        let lines = if policy == FinalizerPolicy::Legacy { 4 } else { 5 };
        assert_eq!(logged(), vec!["line"; lines]);
        assert_eq!(REPORTS.take(), vec![report(UnraisableKind::Hook, "log sink", "in sink"); lines]);
        heap.set_debug(DebugFlags::empty());
        assert_sound(&heap);
    }
}

/// The rest of the value is dropped all the same, and its slot is free.
#[test]
fn in_the_drop_of_a_value() {
    #[derive(Trace)]
    struct Two {
        #[trace(skip)]
        _first: Field,
        next: Slot<Two>,
        #[trace(skip)]
        _last: Rc<()>,
    }
    for policy in BOTH {
        for cycle in [false, true] {
            let heap = heap(policy, "drop");
            let witness = Rc::new(());
            let two = |name| heap.alloc(Two { _first: Field(name), next: Slot::empty(), _last: witness.clone() });
            let (a, b) = (two("a"), two("b"));
            a.next.set(Some(b.clone()));
            if cycle {
                b.next.set(Some(a.clone()));
            }
            drop((b, a));
            assert_eq!(heap.collect(), if cycle { 2 } else { 0 });
            assert_eq!(logged(), ["drop a", "drop b"]);
            let one = report(UnraisableKind::ValueDrop, "Two", "in drop");
            assert_eq!(REPORTS.take(), [one.clone(), one]);
            assert_eq!(Rc::strong_count(&witness), 1);
            assert_sound(&heap);
        }
    }
}

/// The hook itself panics, with each of the kinds: it has had its chance.
#[test]
fn in_the_unraisable_hook() {
    for policy in BOTH {
        for point in ["finalizer", "armed", "drop"] {
            let heap = heap(policy, point);
            heap.on_unraisable(|_, event| {
                log("hook");
                panic!("in the hook, told of {}", event.message);
            });
            drop(pair(&heap, false));
            let expected = match point {
                "finalizer" => ["del a", "hook", "del b", "hook", "drop b", "drop a"],
                "armed" => ["hook", "del a", "hook", "del b", "drop b", "drop a"],
                _ => ["del a", "del b", "drop b", "hook", "drop a", "hook"],
            };
            assert_eq!(logged(), expected);
            assert_sound(&heap);
        }
    }
}

/// A payload whose drop panics with another one of the kind, some times.
struct Payload(u32);

impl Drop for Payload {
    fn drop(&mut self) {
        log(format!("payload {}", self.0));
        if self.0 > 0 {
            panic_any(Payload(self.0 - 1));
        }
    }
}

#[derive(Trace)]
#[trace(finalize)]
struct Chained {
    depth: u32,
    me: Slot<Chained>,
}

impl Finalize for Chained {
    fn finalize(this: &Gc<Chained>) {
        log("del");
        panic_any(Payload(this.depth));
    }
}

/// Fails when a panic got out of the heap, which is leaked then: dropping it would
/// run finalizers while this panic unwinds.
fn unless_escaped(heap: Heap, caught: bool) -> Heap {
    if !caught {
        std::mem::forget(heap);
        panic!("a panic got out of the heap");
    }
    heap
}

/// Nothing gets out, however often the payload of a panic panics when it is dropped.
#[test]
fn in_the_drop_of_a_panic_payload() {
    for policy in BOTH {
        for depth in 0..3 {
            let heap = heap(policy, "");
            let object = heap.alloc(Chained { depth, me: Slot::empty() });
            let outcome = catch_unwind(AssertUnwindSafe(|| drop(object)));
            let heap = unless_escaped(heap, outcome.is_ok());
            assert_eq!(logged().iter().filter(|event| *event == "del").count(), 1);
            assert_eq!(REPORTS.take(), [report(UnraisableKind::Finalizer, "Chained", "(no message)")]);
            assert_sound(&heap);
        }
    }
}

/// The same in a collection, which goes on.
#[test]
fn in_the_drop_of_a_panic_payload_in_a_collection() {
    for depth in 0..3 {
        let heap = heap(FinalizerPolicy::Pep442, "");
        for _ in 0..2 {
            let object = heap.alloc(Chained { depth, me: Slot::empty() });
            object.me.set(Some(object.clone()));
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| heap.collect()));
        let heap = unless_escaped(heap, outcome.is_ok());
        assert_eq!(outcome.ok(), Some(2));
        assert_eq!(logged().iter().filter(|event| *event == "del").count(), 2);
        assert_sound(&heap);
    }
}

/// Without a hook the report is printed, and nothing else changes.
#[test]
fn without_a_hook() {
    for policy in BOTH {
        drop(heap(policy, "finalizer"));
        let heap = Heap::builder().policy(policy).build().unwrap();
        drop(pair(&heap, false));
        assert_eq!(logged(), ["del a", "del b", "drop b", "drop a"]);
        assert_sound(&heap);
    }
}
