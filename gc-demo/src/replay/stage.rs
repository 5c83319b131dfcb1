//! The values of a program outside of the heap: roots, survivors, the log.
//!
//! The stage consists of plain Rust values that the heap does not know. A pointer held by the stage
//! shows only as an external reference: the object's count is higher than its internal count.

use super::classes::{Managed, Object, peek};
use super::record::{Cb, Del, Event};
use super::words::{Callback, FIELDS, Field, Id, ROOTS, Root};
use gc_core::{Gc, GcAny, WeakRef};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// The values outside of one heap.
#[derive(Default)]
pub struct Stage {
    roots: RefCell<[Option<Object>; ROOTS]>,
    survivors: RefCell<Vec<Object>>,
    log: RefCell<Vec<Event>>,
    /// The id of the object at each address. If an address was reused, the entry is that of the
    /// newest object, so a living object is always found. An entry holds no pointer to its object.
    ids: RefCell<HashMap<usize, Id>>,
    panics: RefCell<Vec<String>>,
    struck: Cell<bool>,
}

impl Stage {
    /// Records the id of a new object.
    pub fn name(&self, object: &Object, id: Id) {
        self.ids.borrow_mut().insert(address(object), id);
    }

    /// Returns the id of a living object, or 0 if no op made the object.
    pub fn id(&self, object: &Object) -> Id {
        self.id_at(address(object))
    }

    /// Returns the id of the living object at an address, or 0 if no op made the object.
    pub fn id_at(&self, address: usize) -> Id {
        self.ids.borrow().get(&address).copied().unwrap_or(0)
    }

    /// Returns the object in a root.
    pub fn root(&self, root: Root) -> Option<Object> {
        self.roots.borrow()[root.0].clone()
    }

    /// Stores a value in a root and returns the old value, which the caller must release.
    #[must_use = "the old value is released when it is dropped"]
    pub fn set_root(&self, root: Root, value: Option<Object>) -> Option<Object> {
        std::mem::replace(&mut self.roots.borrow_mut()[root.0], value)
    }

    /// Returns the survivor at an index.
    pub fn survivor(&self, index: usize) -> Option<Object> {
        self.survivors.borrow().get(index).cloned()
    }

    /// Appends an object to the survivors.
    pub fn survive(&self, object: Object) {
        self.survivors.borrow_mut().push(object);
    }

    /// Removes the last survivor and returns it.
    pub fn pop_survivor(&self) -> Option<Object> {
        self.survivors.borrow_mut().pop()
    }

    /// Empties the survivors list, then releases the survivors last to first, as Python's list
    /// does.
    pub fn clear_survivors(&self) {
        let mut detached = self.survivors.take();
        while detached.pop().is_some() {}
    }

    /// Returns the ids of the objects in the roots.
    pub fn root_ids(&self) -> [Option<Id>; ROOTS] {
        let roots = self.roots.borrow();
        std::array::from_fn(|at| roots[at].as_ref().map(|object| self.id(object)))
    }

    /// Returns the ids of the survivors.
    pub fn survivor_ids(&self) -> Vec<Id> {
        self.survivors.borrow().iter().map(|object| self.id(object)).collect()
    }

    /// Returns the calls of user code since the last call of this function.
    pub fn take_log(&self) -> Vec<Event> {
        self.log.take()
    }

    /// Records a panic that the heap caught.
    pub fn note_panic(&self, message: String) {
        self.panics.borrow_mut().push(message);
    }

    /// Returns the panics since the last call of this function.
    pub fn take_panics(&self) -> Vec<String> {
        self.panics.take()
    }

    /// Logs a call of a finalizer. Returns false, without logging, if the program is over. The
    /// finalizer must then do nothing.
    pub fn log_finalized(&self, object: &dyn Managed, this: &GcAny) -> bool {
        if self.struck.get() {
            return false;
        }
        let weak_refs = this.weak_refs().iter().map(|weak| self.id_at(weak.address())).collect();
        let event = Event::Finalized(Del::Del, self.id_at(this.address()), weak_refs, self.field_ids(object));
        self.log.borrow_mut().push(event);
        true
    }

    /// Logs a call of a weak callback and performs the callback's action. Does nothing if the
    /// program is over.
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

    /// Ends the program: finalizers and callbacks do nothing from now on, and all external
    /// references are released.
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

/// A guard that makes a stage the current one of this thread. Dropping the guard unsets the stage.
pub struct Current;

impl Current {
    /// Sets the stage that finalizers of [`Ambient`] objects find.
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

/// The way in which an object finds its stage. The way decides which reclaim path the heap can use.
pub trait Reach: Clone + 'static {
    /// Returns the stage, if there is one.
    fn stage(&self) -> Option<Rc<Stage>>;
}

/// The reach of an object that carries nothing and finds the stage of the thread. Dropping such an
/// object only releases pointers, so that a collection may reclaim it block by block: the *fast*
/// path.
#[derive(Clone, Copy)]
pub struct Ambient;

impl Reach for Ambient {
    fn stage(&self) -> Option<Rc<Stage>> {
        CURRENT.with_borrow(Clone::clone)
    }
}

/// The reach of an object that carries a pointer to the stage, which the heap does not trace.
/// Dropping such an object runs code that the heap does not know, so that every collection must
/// reclaim one object after the other: the *exact* path.
#[derive(Clone)]
pub struct Carried(pub Rc<Stage>);

impl Reach for Carried {
    fn stage(&self) -> Option<Rc<Stage>> {
        Some(self.0.clone())
    }
}
