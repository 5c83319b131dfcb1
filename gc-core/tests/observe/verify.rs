//! The verifier: wrong `Trace` implementations are named, right ones are left alone.

use crate::support::BOTH;
use gc_core::diagnosis::VerdictKind;
use gc_core::observe::{Problem, ProblemKind, Timeline};
use gc_core::{FieldList, Gc, Heap, List, PathSegment, Slot, Trace, TypeWalker, Visitor, WeakRef};
use std::cell::{Cell, RefCell};

#[derive(Trace, Default)]
struct Right {
    next: Slot<Right>,
    twice: RefCell<[Option<Gc<Right>>; 2]>,
    boxed: RefCell<Option<Box<Gc<Right>>>>,
    list: RefCell<Vec<Gc<Right>>>,
    number: Cell<usize>,
}

fn only(heap: &Heap) -> Problem {
    only_of(heap.verify())
}

/// What a look at all words finds.
fn only_in_memory(heap: &Heap) -> Problem {
    // SAFETY: there is no other thread, and nothing is borrowed.
    only_of(unsafe { heap.verify_memory() })
}

fn only_of(problems: Vec<Problem>) -> Problem {
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.into_iter().next().unwrap()
}

#[test]
fn a_right_heap_has_no_problem() {
    for policy in BOTH {
        let heap = Heap::builder().policy(policy).build().unwrap();
        assert_eq!(heap.verify(), []);
        let objects: Vec<Gc<Right>> = (0..300).map(|_| heap.alloc(Right::default())).collect();
        let list = heap.alloc(List::<Right>::new());
        for (at, object) in objects.iter().enumerate() {
            let other = |step: usize| objects[(at * step + 1) % objects.len()].clone();
            object.next.set(Some(other(3)));
            *object.twice.borrow_mut() = [Some(other(5)), Some(other(5))];
            *object.boxed.borrow_mut() = (at % 3 == 0).then(|| Box::new(other(7)));
            object.list.borrow_mut().extend([other(11), object.clone()]);
            list.push(other(13));
            if at % 10 == 0 {
                heap.collect();
                assert_eq!(heap.verify(), []);
            }
        }
        let weak: Vec<Gc<WeakRef<Right>>> = objects.iter().step_by(9).map(|it| heap.alloc_weak(it)).collect();
        assert_eq!(heap.verify(), []);
        drop(objects);
        assert_eq!(heap.verify(), []);
        drop(list);
        heap.collect();
        assert_eq!(heap.verify(), []);
        drop(weak);
        heap.freeze();
        assert_eq!(heap.verify(), []);
    }
}

#[test]
fn a_borrowed_cell_and_a_variant_are_no_problem() {
    #[derive(Trace)]
    enum Shape {
        Empty,
        One(Gc<Right>),
        Many(u8, Vec<Gc<Right>>),
    }
    #[derive(Trace)]
    struct Holder(RefCell<Shape>);
    let heap = Heap::new();
    let right = heap.alloc(Right::default());
    let holder = heap.alloc(Holder(RefCell::new(Shape::One(right.clone()))));
    assert_eq!(heap.verify(), []);
    *holder.0.borrow_mut() = Shape::Many(1, vec![right.clone(), right.clone()]);
    assert_eq!(heap.verify(), []);
    *holder.0.borrow_mut() = Shape::Empty;
    drop(right);
    assert_eq!(heap.verify(), []);
}

#[test]
fn a_skipped_field_is_named() {
    #[derive(Trace)]
    struct Session {
        id: u64,
        user: Slot<Right>,
        #[trace(skip)]
        back: Slot<Session>,
    }
    let heap = Heap::new();
    let sessions: Vec<Gc<Session>> = (0..10)
        .map(|id| heap.alloc(Session { id, user: Slot::new(Some(heap.alloc(Right::default()))), back: Slot::empty() }))
        .collect();
    assert_eq!(heap.verify(), [], "nothing is in it yet");
    sessions.iter().for_each(|session| session.back.set(Some(session.clone())));
    // That another field reports the same target changes nothing.
    assert!(sessions.iter().all(|session| session.id < 10));
    let problem = only(&heap);
    assert_eq!((problem.kind, &*problem.type_name), (ProblemKind::MissedEdge, "Session"));
    assert_eq!((problem.field.as_deref(), problem.objects), (Some("back"), 10));
    assert_eq!(problem.example, Some(Gc::as_any(&sessions[0]).id()));
    let text = problem.to_string();
    assert!(text.starts_with("Session: `Trace` does not report the pointers in `back` (10 objects)"), "{text}");
    let diagnosis = gc_core::diagnosis::DiagnosisInput::new(&Timeline::new()).problems(&[problem]).diagnose();
    let suspect = &diagnosis.suspects[0];
    assert_eq!((diagnosis.verdict, suspect.place.as_deref()), (VerdictKind::TraceBug, Some("back")));
    drop(sessions);
    assert_eq!(heap.collect(), 0, "it leaks, as the verifier says");
    assert_eq!(only(&heap).objects, 10);
}

/// Written by hand, and wrong.
struct Wrong<const KIND: u8> {
    one: Slot<Right>,
    other: Slot<Right>,
}

const MISSES: u8 = 0;
const MISSES_UNNAMED: u8 = 1;
const DOUBLES: u8 = 2;

// SAFETY: breaks rule 2 where it doubles an edge; the test does not collect then.
unsafe impl<const KIND: u8> Trace for Wrong<KIND> {
    fn types(walk: &mut TypeWalker) {
        walk.field::<Slot<Right>>();
    }
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        visitor.enter(PathSegment::Field("one"));
        self.one.trace(visitor);
        if KIND == DOUBLES {
            self.one.trace(visitor);
        }
        visitor.leave();
        if KIND == DOUBLES {
            visitor.enter(PathSegment::Field("other"));
            self.other.trace(visitor);
            visitor.leave();
        }
    }
    fn fields(list: &mut FieldList) {
        if KIND != MISSES_UNNAMED {
            list.add("one", std::mem::offset_of!(Self, one), size_of::<Slot<Right>>());
            list.add("other", std::mem::offset_of!(Self, other), size_of::<Slot<Right>>());
        }
    }
}

/// One of the kind, with both fields set.
fn wrong<const KIND: u8>(heap: &Heap) -> Gc<Wrong<KIND>> {
    let right = || Slot::new(Some(heap.alloc(Right::default())));
    heap.alloc(Wrong { one: right(), other: right() })
}

#[test]
fn skipped_fields_are_looked_into_wherever_they_lie() {
    #[derive(Trace)]
    enum Shape<T: 'static> {
        Plain(u8),
        Behind {
            #[trace(skip)]
            boxes: Vec<Option<Box<Gc<Right>>>>,
            #[trace(skip)]
            _generic: T,
            right: Gc<Right>,
        },
    }
    struct NotTrace(Gc<Right>);
    #[derive(Trace)]
    struct Opaque(#[trace(skip)] NotTrace, #[trace(skip)] RefCell<Option<Gc<Right>>>);

    let heap = Heap::new();
    let right = heap.alloc(Right::default());
    let shape = |boxes| Shape::Behind { boxes, _generic: [0u8; 3], right: right.clone() };
    let _held = (heap.alloc(shape(vec![])), heap.alloc(Shape::<u8>::Plain(1)));
    assert_eq!(heap.verify(), []);
    let boxed = heap.alloc(shape(vec![None, Some(Box::new(right.clone()))]));
    let problem = only(&heap);
    assert_eq!((problem.kind, problem.field.as_deref()), (ProblemKind::MissedEdge, Some("boxes")));
    assert_eq!((problem.objects, problem.example), (1, Some(Gc::as_any(&boxed).id())));
    drop(boxed);
    // A type that is not `Trace` shows its words only.
    let opaque = heap.alloc(Opaque(NotTrace(right.clone()), RefCell::default()));
    assert_eq!(heap.verify(), []);
    assert_eq!(only_in_memory(&heap).field.as_deref(), Some("0"));
    *opaque.1.borrow_mut() = Some(opaque.0.0.clone());
    assert_eq!(only(&heap).field.as_deref(), Some("1"));
    let borrowed = opaque.1.borrow_mut();
    assert_eq!(heap.verify(), [], "what is borrowed is not looked at");
    drop(borrowed);
}

#[test]
fn a_forgotten_field_is_named_or_placed() {
    let heap = Heap::new();
    let object = wrong::<MISSES>(&heap);
    assert_eq!(heap.verify(), [], "its own `Trace` does not tell");
    let problem = only_in_memory(&heap);
    assert_eq!((problem.kind, problem.field.as_deref(), problem.objects), (ProblemKind::MissedEdge, Some("other"), 1));
    drop(object);
    let object = wrong::<MISSES_UNNAMED>(&heap);
    let offset = std::mem::offset_of!(Wrong<MISSES_UNNAMED>, other);
    assert_eq!(only_in_memory(&heap).field, Some(format!("byte {offset}")));
    drop(object);
    assert_eq!(heap.verify(), []);
}

#[test]
fn a_doubled_field_is_named() {
    let heap = Heap::new();
    heap.disable();
    let object = wrong::<DOUBLES>(&heap);
    let problem = only(&heap);
    assert_eq!((problem.kind, problem.field.as_deref()), (ProblemKind::DoubledEdge, Some("one")));
    assert!(problem.to_string().contains("reports the pointer in `one` more than once (1 objects)"));
    // A pointer from outside makes the counts agree: the collector would be fooled.
    let held = object.one.get();
    assert_eq!(heap.verify(), []);
    let problem = only_in_memory(&heap);
    assert_eq!((problem.kind, problem.field.as_deref()), (ProblemKind::DoubledEdge, Some("one")));
    drop(held);
    object.one.take();
    assert_eq!(heap.verify(), []);
}

#[test]
fn looking_from_a_hook_is_allowed() {
    let heap = Heap::new();
    let looked = std::rc::Rc::new(Cell::new(0));
    let (seen, inner) = (looked.clone(), heap.clone());
    heap.on_collection(move |_, _, _| {
        assert_eq!(inner.verify(), []);
        seen.set(seen.get() + inner.snapshot().len());
    });
    let right = heap.alloc(Right::default());
    right.next.set(Some(right.clone()));
    right.number.set(1);
    drop(right);
    heap.collect();
    assert_eq!(looked.get(), 1, "one before, none after");
}

#[test]
fn a_weak_reference_in_a_value_is_no_missed_edge() {
    #[derive(Trace)]
    struct Watcher(gc_core::Weak<Right>);
    let heap = Heap::new();
    let right = heap.alloc(Right::default());
    let watcher = heap.alloc(Watcher(Gc::downgrade(&right)));
    assert_eq!(heap.verify(), []);
    assert!(watcher.0.upgrade().is_some());
}

#[test]
fn what_is_borrowed_is_not_judged() {
    let heap = Heap::new();
    let object = heap.alloc(Right::default());
    *object.twice.borrow_mut() = [Some(object.clone()), None];
    let borrowed = object.twice.borrow_mut();
    assert_eq!(heap.verify(), []);
    drop(borrowed);
}
