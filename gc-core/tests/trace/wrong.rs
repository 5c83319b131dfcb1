//! If you implement `Trace` by hand and get it wrong, this happens: the table of `docs/safety.md`,
//! row by row.
//!
//! Where the consequence is an object that is reclaimed while it is held, the test sees that its
//! value was dropped, and never touches the pointer again: it is forgotten, and the heap with it.

use gc_core::observe::ProblemKind;
use gc_core::{Gc, Heap, Slot, Trace, TypeWalker, Visitor};
use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::sync::Mutex;

thread_local! {
    static DROPPED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// Tells when the value that it is part of was dropped.
struct Tick(&'static str);

impl Drop for Tick {
    fn drop(&mut self) {
        DROPPED.with_borrow_mut(|all| all.push(self.0));
    }
}

fn dropped() -> Vec<&'static str> {
    DROPPED.take()
}

/// Heaps that are broken, and pointers into them: nobody touches them again, and the leak checker
/// finds them here.
fn abandon<T: 'static>(broken: T) {
    static ABANDONED: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    let address = Box::into_raw(Box::new(broken)).expose_provenance();
    ABANDONED.lock().unwrap().push(address);
}

/// A right one: what the wrong ones point to.
#[derive(Trace)]
struct Right {
    back: Slot<Wrong>,
    #[trace(skip)]
    _tick: Tick,
}

/// A `Trace` that does what `how` says.
struct Wrong {
    how: How,
    next: Slot<Right>,
    own: Slot<Wrong>,
    /// A pointer that another one owns.
    borrowed: Option<ManuallyDrop<Gc<Right>>>,
    _tick: Tick,
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    Misses,
    Doubles,
    ReportsAnothers,
    RunsUserCode,
    Right,
}

thread_local! {
    /// What user code in `trace` took.
    static TAKEN: Cell<Option<Gc<Right>>> = const { Cell::new(None) };
}

// SAFETY: it is not, and that is what is tested.
unsafe impl Trace for Wrong {
    fn types(walk: &mut TypeWalker) {
        walk.field::<Slot<Right>>();
        walk.field::<Slot<Wrong>>();
        walk.untraced::<Tick>();
    }
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        self.own.trace(visitor);
        if self.how != How::Misses {
            self.next.trace(visitor);
        }
        if self.how == How::Doubles {
            self.next.trace(visitor);
        }
        if let Some(borrowed) = &self.borrowed {
            (**borrowed).trace(visitor);
        }
        if self.how == How::RunsUserCode {
            TAKEN.set(self.next.take());
        }
    }
}

fn wrong(heap: &Heap, how: How) -> Gc<Wrong> {
    heap.alloc(Wrong { how, next: Slot::empty(), own: Slot::empty(), borrowed: None, _tick: Tick("wrong") })
}

fn right(heap: &Heap) -> Gc<Right> {
    heap.alloc(Right { back: Slot::empty(), _tick: Tick("right") })
}

/// A wrong one and a right one that point to each other.
fn pair(heap: &Heap, how: How) -> (Gc<Wrong>, Gc<Right>) {
    let (one, other) = (wrong(heap, how), right(heap));
    one.next.set(Some(other.clone()));
    other.back.set(Some(one.clone()));
    (one, other)
}

fn heap() -> Heap {
    dropped();
    Heap::builder().thresholds([0, 0, 0]).build().unwrap()
}

#[test]
fn done_right_the_pair_is_collected() {
    let heap = heap();
    let (one, other) = pair(&heap, How::Right);
    drop(one);
    assert_eq!((heap.collect(), dropped()), (0, vec![]), "it is held");
    drop(other);
    assert_eq!((heap.collect(), dropped().len()), (2, 2));
}

#[test]
fn a_pointer_that_is_not_reported_leaks() {
    let heap = heap();
    drop(pair(&heap, How::Misses));
    assert_eq!((heap.collect(), dropped()), (0, vec![]));
    // SAFETY: there is no other thread, and nothing is borrowed.
    let problems = unsafe { heap.verify_memory() };
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!((problems[0].kind, &*problems[0].type_name), (ProblemKind::MissedEdge, "Wrong"));
}

/// Where nobody from outside makes the counts agree.
#[test]
fn a_pointer_that_is_reported_twice_leaks() {
    let heap = heap();
    drop(pair(&heap, How::Doubles));
    assert_eq!((heap.collect(), dropped()), (0, vec![]));
    assert!(heap.verify().iter().all(|problem| problem.kind == ProblemKind::DoubledEdge));
    // It is garbage only in the eyes of the last collection.
    abandon(heap);
}

#[test]
fn a_pointer_that_is_reported_twice_is_unsound_where_one_from_outside_hides_it() {
    let heap = heap();
    let (one, held) = pair(&heap, How::Doubles);
    drop(one);
    assert_ne!(heap.collect(), 0);
    assert!(dropped().contains(&"right"), "reclaimed while it is held");
    abandon((held, heap));
}

#[test]
fn a_pointer_that_another_one_owns_is_unsound() {
    let heap = heap();
    let held = right(&heap);
    // SAFETY: it is never dropped, and not used after `held`.
    let borrowed = unsafe { std::ptr::read(&held) };
    let wrong = heap.alloc(Wrong {
        how: How::ReportsAnothers,
        next: Slot::empty(),
        own: Slot::empty(),
        borrowed: Some(ManuallyDrop::new(borrowed)),
        _tick: Tick("wrong"),
    });
    wrong.own.set(Some(wrong.clone()));
    drop(wrong);
    assert_ne!(heap.collect(), 0);
    assert!(dropped().contains(&"right"), "reclaimed while it is held");
    abandon((held, heap));
}

#[test]
fn user_code_in_trace_is_unsound() {
    let heap = heap();
    drop(pair(&heap, How::RunsUserCode));
    heap.collect();
    assert!(dropped().contains(&"right"), "reclaimed while it is held");
    abandon((TAKEN.take(), heap));
}

/// A `types` that says nothing of a part with a drop of its own, nor, in one kind, of a pointer.
struct Partial<const NAMES_POINTERS: bool> {
    next: Slot<Self>,
    _tick: Tick,
}

// SAFETY: it is not, and that is what is tested.
unsafe impl<const NAMES_POINTERS: bool> Trace for Partial<NAMES_POINTERS> {
    fn types(walk: &mut TypeWalker) {
        if NAMES_POINTERS {
            walk.field::<Slot<Self>>();
        }
    }
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        self.next.trace(visitor);
    }
}

/// One that points to itself.
fn looped<const NAMES_POINTERS: bool>(heap: &Heap) -> Gc<Partial<NAMES_POINTERS>> {
    let made = heap.alloc(Partial { next: Slot::empty(), _tick: Tick("partial") });
    made.next.set(Some(made.clone()));
    made
}

#[test]
fn pointers_that_types_does_not_name_leak() {
    let heap = heap();
    let untold = looped::<false>(&heap);
    assert!(!Gc::as_any(&untold).is_tracked(), "it is taken for one that lies on no cycle");
    drop(untold);
    assert_eq!((heap.collect(), dropped()), (0, vec![]));
}

#[test]
fn the_drop_of_an_untraced_part_that_types_does_not_tell_is_left_out() {
    let heap = heap();
    drop(looped::<true>(&heap));
    assert_eq!((heap.collect(), dropped()), (1, vec![]), "all that is dropped seems to be pointers");
}

/// Its drop would look at its neighbour.
struct Looks {
    next: Slot<Looks>,
    name: &'static str,
}

// SAFETY: it is not: the drop concerns the target of a pointer.
unsafe impl Trace for Looks {
    fn types(walk: &mut TypeWalker) {
        walk.field::<Slot<Looks>>();
        walk.untraced::<Tick>(); // that its drop runs code of its own is told, what it does is wrong
    }
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        self.next.trace(visitor);
    }
}

impl Drop for Looks {
    fn drop(&mut self) {
        // `self.next.get().unwrap().name` would read a value that may be gone.
        DROPPED.with_borrow_mut(|all| all.push(self.name));
    }
}

#[test]
fn a_drop_that_dereferences_a_pointer_is_unsound() {
    let heap = heap();
    let [one, other] = ["one", "other"].map(|name| heap.alloc(Looks { next: Slot::empty(), name }));
    one.next.set(Some(other.clone()));
    other.next.set(Some(one.clone()));
    drop((one, other));
    assert_eq!(heap.collect(), 2);
    assert_eq!(dropped(), ["one", "other"], "the drop of `other` finds a neighbour that was dropped before");
}
