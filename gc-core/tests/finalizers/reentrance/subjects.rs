//! The objects that die, and what is known of them outside of the heap.

use super::actions::act;
use super::cases::{Case, Point};
use gc_core::{Finalize, Gc, GcAny, Heap, Slot, Trace, Weak, WeakRef};
use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the test knows, outside of the heap.
#[derive(Default)]
pub(super) struct State {
    pub(super) case: Option<Case>,
    pub(super) fired: u32,
    pub(super) firing: bool,
    pub(super) heap: Option<Heap>,
    pub(super) root: Option<Gc<Root>>,
    pub(super) survivors: Vec<GcAny>,
    pub(super) others: Vec<GcAny>,
    pub(super) weak: Vec<Weak<Subject>>,
    pub(super) managed: Vec<Gc<WeakRef<Subject>>>,
    /// Runs of the finalizer and resurrections of each object.
    pub(super) runs: HashMap<usize, (u32, u32)>,
    pub(super) drops: HashMap<usize, u32>,
    pub(super) calls: HashMap<&'static str, u32>,
    pub(super) weak_released: bool,
    /// An assertion failed in an action.
    pub(super) failed: bool,
    /// Objects whose finalizers panicked and were not reported yet.
    pub(super) panicked: Vec<usize>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

pub(super) fn forget_state() {
    drop(STATE.take());
}

pub(super) fn with<R>(f: impl FnOnce(&mut State) -> R) -> R {
    STATE.with_borrow_mut(f)
}

/// An object with a finalizer; its bomb makes the drop of its value user code.
#[derive(Trace)]
#[trace(finalize)]
pub(super) struct Subject {
    pub(super) id: usize,
    pub(super) next: Slot<Subject>,
    pub(super) other: Slot<Subject>,
    pub(super) root: Slot<Root>,
    pub(super) weak: Slot<WeakRef<Subject>>,
    #[trace(skip)]
    _bomb: Bomb,
}

#[derive(Trace)]
pub(super) struct Root {
    pub(super) ring: Slot<Root>,
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
        note_resurrection(this.id, Gc::strong_count(this));
    }
}

/// A root whose `ring` is itself.
pub(super) fn looped_root(heap: &Heap) -> Gc<Root> {
    let root = heap.alloc(Root { ring: Slot::empty() });
    root.ring.set(Some(root.clone()));
    root
}

pub(super) fn subject(heap: &Heap, id: usize) -> Gc<Subject> {
    let root = Slot::new(with(|state| state.root.clone()));
    let (next, other, weak) = (Slot::empty(), Slot::empty(), Slot::empty());
    heap.alloc(Subject { id, next, other, root, weak, _bomb: Bomb(id) })
}

/// At the end of a finalizer that a death by count runs, a count above 1 means so.
fn note_resurrection(id: usize, count: usize) {
    with(|state| state.runs.entry(id).or_default().1 += u32::from(count > 1));
}

/// The hook runs while the finalizer that panicked is held: it can resurrect as well.
pub(super) fn unraisable(heap: &Heap) {
    fire(Point::Unraisable, None);
    if let Some(id) = with(|state| state.panicked.pop()) {
        let objects = heap.objects(None);
        let found = objects.iter().find(|object| object.downcast_ref::<Subject>().is_some_and(|it| it.id == id));
        note_resurrection(id, found.map_or(0, |object| object.strong_count() - 1));
    }
}

/// Performs the case's action if this is its point.
pub(super) fn fire(point: Point, this: Option<&Gc<Subject>>) {
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
