//! The surroundings of a program outside of the heap: roots, survivors, the log.
//!
//! These are plain Rust values. The heap does not know them: what they hold shows
//! as a count that is higher than the references from within.

use super::classes::{Managed, Object, peek};
use super::record::{Cb, Del, Event};
use super::words::{Callback, FIELDS, Field, Id, ROOTS, Root};
use gc_core::{Gc, GcAny, WeakRef};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// The outside of one heap.
#[derive(Default)]
pub struct Stage {
    roots: RefCell<[Option<Object>; ROOTS]>,
    survivors: RefCell<Vec<Object>>,
    log: RefCell<Vec<Event>>,
    /// The object at each address. The newest object at an address has the entry, so that a living
    /// object is always found. The entry holds no pointer to the object.
    ids: RefCell<HashMap<usize, Id>>,
    panics: RefCell<Vec<String>>,
    struck: Cell<bool>,
}

impl Stage {
    /// An object was born.
    pub fn name(&self, object: &Object, id: Id) {
        self.ids.borrow_mut().insert(address(object), id);
    }

    /// The id of a living object; 0 for one that no op made.
    pub fn id(&self, object: &Object) -> Id {
        self.id_at(address(object))
    }

    /// The id of the living object at an address.
    pub fn id_at(&self, address: usize) -> Id {
        self.ids.borrow().get(&address).copied().unwrap_or(0)
    }

    /// Returns the object in a root.
    pub fn root(&self, root: Root) -> Option<Object> {
        self.roots.borrow()[root.0].clone()
    }

    /// Stores in a root and hands the old value out, to be released by the caller.
    #[must_use = "the old value is released when it is dropped"]
    pub fn set_root(&self, root: Root, value: Option<Object>) -> Option<Object> {
        std::mem::replace(&mut self.roots.borrow_mut()[root.0], value)
    }

    /// A survivor.
    pub fn survivor(&self, index: usize) -> Option<Object> {
        self.survivors.borrow().get(index).cloned()
    }

    /// Appends to the survivors.
    pub fn survive(&self, object: Object) {
        self.survivors.borrow_mut().push(object);
    }

    /// Takes the last survivor out.
    pub fn pop_survivor(&self) -> Option<Object> {
        self.survivors.borrow_mut().pop()
    }

    /// Empties the survivors, then releases them last to first, as Python's list does.
    pub fn clear_survivors(&self) {
        let mut detached = self.survivors.take();
        while detached.pop().is_some() {}
    }

    /// The ids of what the roots hold.
    pub fn root_ids(&self) -> [Option<Id>; ROOTS] {
        let roots = self.roots.borrow();
        std::array::from_fn(|at| roots[at].as_ref().map(|object| self.id(object)))
    }

    /// The ids of the survivors.
    pub fn survivor_ids(&self) -> Vec<Id> {
        self.survivors.borrow().iter().map(|object| self.id(object)).collect()
    }

    /// The user code called since this was asked last.
    pub fn take_log(&self) -> Vec<Event> {
        self.log.take()
    }

    /// A panic that the heap caught.
    pub fn note_panic(&self, message: String) {
        self.panics.borrow_mut().push(message);
    }

    /// The panics since this was asked last.
    pub fn take_panics(&self) -> Vec<String> {
        self.panics.take()
    }

    /// Logs a finalizer. Returns false if the program is over and nothing more is to be done.
    pub fn log_finalized(&self, object: &dyn Managed, this: &GcAny) -> bool {
        if self.struck.get() {
            return false;
        }
        let weak_refs = this.weak_refs().iter().map(|weak| self.id_at(weak.address())).collect();
        let event = Event::Finalized(Del::Del, self.id_at(this.address()), weak_refs, self.field_ids(object));
        self.log.borrow_mut().push(event);
        true
    }

    /// Runs a weak callback.
    pub fn called_back(&self, this: &Gc<WeakRef<dyn Managed>>, callback: Callback) {
        if self.struck.get() {
            return;
        }
        let id = self.id_at(Gc::as_ptr(this).addr());
        self.log.borrow_mut().push(Event::CalledBack(Cb::Cb, id));
        if let Callback::DropRoot(root) = callback {
            drop(self.set_root(root, None));
        }
    }

    fn field_ids(&self, object: &dyn Managed) -> [Option<Id>; FIELDS] {
        std::array::from_fn(|at| {
            let slot = object.slot(Field(at))?;
            peek(slot, |held| held.map(|child| self.id(child)))
        })
    }

    /// The program is over: finalizers and callbacks do nothing from now on, and
    /// nothing is held from outside.
    pub fn strike(&self) {
        self.struck.set(true);
        drop(self.roots.take());
        self.clear_survivors();
    }
}

fn address(object: &Object) -> usize {
    Gc::as_ptr(object).addr()
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<Stage>>> = const { RefCell::new(None) };
}

/// Makes a stage the one of this thread for as long as it lives.
pub struct Current;

impl Current {
    /// From here on finalizers that do not carry their stage find this one.
    pub fn set(stage: &Rc<Stage>) -> Current {
        CURRENT.set(Some(stage.clone()));
        Current
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        CURRENT.set(None);
    }
}

/// How an object finds the stage, which decides how the heap can reclaim it.
pub trait Reach: Clone + 'static {
    /// The stage, while there is one.
    fn stage(&self) -> Option<Rc<Stage>>;
}

/// The object carries nothing. Dropping it only releases pointers, so that a
/// collection may reclaim it block by block: the *fast* path.
#[derive(Clone, Copy)]
pub struct Ambient;

impl Reach for Ambient {
    fn stage(&self) -> Option<Rc<Stage>> {
        CURRENT.with_borrow(Clone::clone)
    }
}

/// The object carries a pointer to the stage, which the heap does not trace.
/// Dropping it runs code that the heap does not know, so that every collection
/// must reclaim one object after the other: the *exact* path.
#[derive(Clone)]
pub struct Carried(pub Rc<Stage>);

impl Reach for Carried {
    fn stage(&self) -> Option<Rc<Stage>> {
        Some(self.0.clone())
    }
}
