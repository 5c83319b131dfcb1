//! Weak references: `Weak` is a plain value, and `WeakRef` is itself an object of the heap.

use crate::any::GcAny;
use crate::collect::pressure::{report_oom, retry_after_gc};
use crate::core::Core;
use crate::gc::{Gc, ShowGc};
use crate::ground::boxed::try_box;
use crate::ground::error::{OutOfMemory, OutOfMemoryKind};
use crate::object::raw::Object;
use crate::object::weak_cell::{Callback, CellRef, WeakCell};
use crate::release::user_code;
use crate::trace::shape::HasCell;
use crate::trace::{Trace, TypeWalker, Visitor};
use core::cell::Cell;
use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

/// A weak reference that is a plain value, not an object of the heap.
///
/// [`Gc::downgrade`] and [`Gc::downgrade_with`] make weak references of this type. A weak reference
/// does not keep its object alive, and may outlive the heap.
///
/// ```
/// use gc_core::{Gc, Heap};
///
/// let heap = Heap::new();
/// let strong = heap.alloc(1u8);
/// let weak = Gc::downgrade(&strong);
/// assert!(weak.upgrade().is_some());
/// drop(strong);
/// assert!(weak.upgrade().is_none());
/// ```
///
/// ```
/// use gc_core::{Gc, Heap, Weak};
///
/// let heap = Heap::new();
/// let object = heap.alloc(7);
/// let weak = Gc::downgrade(&object);
/// assert!(weak.ptr_eq(&weak.clone()) && !weak.ptr_eq(&Weak::new()));
/// assert_eq!(weak.upgrade().as_deref(), Some(&7));
/// ```
pub struct Weak<T: ?Sized>(Option<Pointer<T>>);

/// A handle to the cell of a weak reference, and a pointer to the target's value.
struct Pointer<T: ?Sized> {
    cell: CellRef,
    value: NonNull<T>,
}

impl<T: ?Sized> Pointer<T> {
    fn upgrade(&self) -> Option<Gc<T>> {
        let target = self.cell.target()?;
        // SAFETY: invariant 10: the cell is cleared before the value of its target is dropped; an
        // open object is alive and neither condemned nor dying.
        target.is_open().then(|| unsafe { Gc::another(self.value) })
    }
}

impl<T: ?Sized> Drop for Pointer<T> {
    fn drop(&mut self) {
        drop(self.cell.close_handle());
    }
}

/// Links a new cell for a weak reference to the object.
fn link(object: Object, callback: Option<Callback>) -> Result<CellRef, OutOfMemory<()>> {
    let core = object.core();
    retry_after_gc(core, callback, |callback| core.weaks.link(object, callback)).map_err(|callback| {
        user_code::forget_callback(core, callback);
        no_memory_for::<WeakCell>(core)
    })
}

/// Boxes a callback, and links a new cell with it to the object.
fn link_with<F>(object: Object, callback: F) -> Result<CellRef, OutOfMemory<()>>
where
    F: FnOnce(Option<Object>) + 'static,
{
    let callback = retry_after_gc(object.core(), callback, try_box).map_err(|_| no_memory_for::<F>(object.core()))?;
    link(object, Some(callback))
}

fn no_memory_for<T>(core: &Core) -> OutOfMemory<()> {
    report_oom(core, OutOfMemoryKind::HeapSpace, size_of::<T>())
}

impl<T: ?Sized> Weak<T> {
    /// Makes a weak reference that points to nothing.
    pub const fn new() -> Weak<T> {
        Weak(None)
    }

    pub(crate) fn plain(target: &Gc<T>) -> Result<Weak<T>, OutOfMemory<()>> {
        Weak::to_object(target.object(), target.value_pointer())
    }

    /// Makes a weak reference without a callback to an object that may be half-built.
    pub(crate) fn to_object(object: Object, value: NonNull<T>) -> Result<Weak<T>, OutOfMemory<()>> {
        let core = object.core();
        let cell = retry_after_gc(core, (), |()| core.weaks.link_plain(object).ok_or(()));
        let cell = cell.map_err(|()| no_memory_for::<WeakCell>(core))?;
        Ok(Weak(Some(Pointer { cell: cell.open_handle(), value })))
    }

    pub(crate) fn with_callback(target: &Gc<T>, callback: impl FnOnce() + 'static) -> Result<Weak<T>, OutOfMemory<()>> {
        let cell = link_with(target.object(), |_| callback())?;
        Ok(Weak(Some(Pointer { cell: cell.open_handle(), value: target.value_pointer() })))
    }

    /// Returns the object, or `None` if it is dead, dying, or being reclaimed.
    pub fn upgrade(&self) -> Option<Gc<T>> {
        self.0.as_ref()?.upgrade()
    }

    /// Returns true if both weak references share one cell. Clones share a cell, and so do all weak
    /// references without a callback to one living object. Two weak references that were made by
    /// [`Weak::new`] are equal as well.
    pub fn ptr_eq(&self, other: &Weak<T>) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(two)) => one.cell.is(&two.cell),
            (None, None) => true,
            _ => false,
        }
    }
}

impl<T: ?Sized> Default for Weak<T> {
    fn default() -> Weak<T> {
        Weak::new()
    }
}

impl<T: ?Sized> Clone for Weak<T> {
    fn clone(&self) -> Weak<T> {
        let pointer = self.0.as_ref();
        Weak(pointer.map(|Pointer { cell, value }| Pointer { cell: cell.open_handle(), value: *value }))
    }
}

impl<T: ShowGc + ?Sized> fmt::Debug for Weak<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.upgrade() {
            Some(target) => write!(f, "Weak({target:?})"),
            None => f.write_str("Weak(dead)"),
        }
    }
}

// SAFETY: a weak reference holds no counted pointer. The drop of a `Weak` unlinks a cell, drops a
// callback, and dereferences no traced pointer.
unsafe impl<T: ?Sized + 'static> Trace for Weak<T> {
    fn types(walk: &mut TypeWalker) {
        walk.untraced::<Weak<T>>();
    }
    #[inline(always)]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        if let Some(pointer) = &self.0 {
            visitor.weak_edge(pointer.value.addr().get());
        }
    }
}

/// A weak reference that is itself an object of the heap, for a language runtime whose weak
/// references are objects, as Python's `weakref.ref`.
///
/// A managed weak reference is tracked, and can itself be part of garbage. The heap holds it while
/// its callback runs, and moves it to the next generation if a collection runs its callback.
/// [`Heap::alloc_weak`](crate::Heap::alloc_weak) and
/// [`Heap::alloc_weak_with`](crate::Heap::alloc_weak_with) make managed weak references.
///
/// ```
/// use gc_core::Heap;
///
/// let heap = Heap::new();
/// let object = heap.alloc(7);
/// let weak = heap.alloc_weak_with(&object, |this| assert!(this.upgrade().is_none()));
/// assert!(weak.has_callback() && weak.upgrade().is_some());
/// ```
pub struct WeakRef<T: ?Sized> {
    pointer: Pointer<T>,
    /// The state that is passed to the callback.
    state: Cell<Option<GcAny>>,
}

impl<T: Trace + ?Sized> WeakRef<T> {
    /// Links a new weak reference to the target. `owner` is the slot that the weak reference will
    /// lie in.
    pub(crate) fn link(
        target: &Gc<T>,
        owner: Object,
        callback: Option<impl FnOnce(&Gc<WeakRef<T>>) + 'static>,
    ) -> Result<WeakRef<T>, OutOfMemory<()>> {
        let object = target.object();
        let cell = match callback {
            None => link(object, None)?,
            Some(callback) => link_with(object, |owner| {
                let Some(owner) = owner else { return };
                // SAFETY: invariant 10: the owner is alive, and the caller of the callback holds
                // it; `this` is not dropped.
                let this = unsafe { Gc::<WeakRef<T>>::from_raw(owner.value().cast()) };
                callback(&ManuallyDrop::new(this));
            })?,
        };
        cell.set_owner(owner);
        let pointer = Pointer { cell: cell.open_handle(), value: target.value_pointer() };
        Ok(WeakRef { pointer, state: Cell::new(None) })
    }

    /// Links a new weak reference to the target, with a callback that is passed `state`.
    pub(crate) fn link_with_state<S: Trace>(
        target: &Gc<T>,
        owner: Object,
        state: Gc<S>,
        callback: fn(&Gc<WeakRef<T>>, Gc<S>),
    ) -> Result<WeakRef<T>, OutOfMemory<()>> {
        let code = move |this: &Gc<WeakRef<T>>| {
            // The callback does not run if the state is being reclaimed, as it is if it is garbage
            // together with this weak reference.
            let state = this.state.take().filter(|state| state.object().is_open());
            let state = state.and_then(|state| state.downcast::<S>());
            state.into_iter().for_each(|state| callback(this, state));
        };
        let weak = WeakRef::link(target, owner, Some(code))?;
        weak.state.set(Some(state.into()));
        Ok(weak)
    }

    /// Returns the object, or `None` if it is dead, dying, or being reclaimed.
    pub fn upgrade(&self) -> Option<Gc<T>> {
        self.pointer.upgrade()
    }

    /// Returns true if the weak reference has a callback that has not run yet.
    pub fn has_callback(&self) -> bool {
        self.pointer.cell.has_callback()
    }
}

impl<T: ?Sized + 'static> HasCell for WeakRef<T> {
    fn cell(&self) -> CellRef {
        self.pointer.cell.clone()
    }
    fn release_state(&self) {
        drop(self.state.take());
    }
}

impl<T: ?Sized> fmt::Debug for WeakRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.pointer.upgrade().is_some() { "WeakRef(alive)" } else { "WeakRef(dead)" })
    }
}

// SAFETY: `trace` reports the one counted pointer, which is the state; all else is as for `Weak`.
unsafe impl<T: ?Sized + 'static> Trace for WeakRef<T> {
    fn types(walk: &mut TypeWalker) {
        // A type that owns a weak reference is tracked, too: if the weak reference is garbage, its
        // callback must not run.
        walk.cyclic();
    }
    #[inline(always)]
    fn trace<V: Visitor>(&self, visitor: &mut V) {
        visitor.weak_edge(self.pointer.value.addr().get());
        self.state.trace_part("state", visitor);
    }
}

pub(crate) fn is_weak_ref(object: Object) -> bool {
    object.info().managed_weak.is_some()
}
