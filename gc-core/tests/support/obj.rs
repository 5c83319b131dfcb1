//! An object with two fields, a managed weak reference, and a finalizer that each
//! test chooses.

use gc_core::{Finalize, Gc, Heap, Slot, Trace, WeakRef};
use std::cell::{Cell, RefCell};

/// What a finalizer does.
pub type Action = fn(&Gc<Obj>);

#[derive(Trace)]
#[trace(finalize)]
pub struct Obj {
    pub name: &'static str,
    pub next: Slot<Obj>,
    pub other: Slot<Obj>,
    pub weak: Slot<WeakRef<Obj>>,
    #[trace(skip)]
    pub finalizer: Cell<Option<Action>>,
}

impl Finalize for Obj {
    fn armed(&self) -> bool {
        self.finalizer.get().is_some()
    }

    fn finalize(this: &Gc<Obj>) {
        if let Some(finalizer) = this.finalizer.get() {
            finalizer(this);
        }
    }
}

/// An object whose finalizer is not armed.
pub fn obj(heap: &Heap, name: &'static str) -> Gc<Obj> {
    let (next, other, weak) = (Slot::empty(), Slot::empty(), Slot::empty());
    heap.alloc(Obj { name, next, other, weak, finalizer: Cell::new(None) })
}

pub fn with_finalizer(heap: &Heap, name: &'static str, finalizer: Action) -> Gc<Obj> {
    let object = obj(heap, name);
    object.finalizer.set(Some(finalizer));
    object
}

/// The object, whose `next` is itself.
pub fn looped(object: Gc<Obj>) -> Gc<Obj> {
    object.next.set(Some(object.clone()));
    object
}

thread_local! {
    static SURVIVORS: RefCell<Vec<Gc<Obj>>> = const { RefCell::new(Vec::new()) };
}

/// The finalizer that resurrects its object.
pub fn survive(this: &Gc<Obj>) {
    SURVIVORS.with_borrow_mut(|survivors| survivors.push(this.clone()));
}

/// The only object that survived since the last call.
pub fn survivor() -> Gc<Obj> {
    let [survivor] = SURVIVORS.take().try_into().expect("one survivor");
    survivor
}
