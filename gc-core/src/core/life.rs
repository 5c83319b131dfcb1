//! Handles of a heap, weak ones too, and how it ends.

use super::Core;
#[cfg(feature = "std")]
use super::Link;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::{Cell, OnceCell};
use core::ptr::NonNull;

/// Handles of the heap, operations that are open on it, and its end.
pub(crate) struct Life {
    /// Tells weak handles whether the heap is there. Made when the first of them is.
    watched: OnceCell<Rc<Cell<Option<NonNull<Core>>>>>,
    /// Runs when the last handle goes.
    pub(crate) shutdown: Cell<Option<fn(&Core)>>,
    /// `shutdown` has run.
    pub(crate) is_shut_down: Cell<bool>,
    /// The box that the heap lives in, once it was handed out.
    pub(super) me: Cell<Option<NonNull<Core>>>,
    /// `Heap` handles.
    pub(crate) handles: Cell<usize>,
    /// Open operations. The heap is not freed while there is one.
    pub(crate) busy: Cell<u32>,
    /// Objects that became immortal because their count saturated.
    pub(crate) saturated: Cell<usize>,
    /// The link in the thread's list of heaps whose last collection waits for stack space.
    #[cfg(feature = "std")]
    pub(crate) closing: Link,
}

impl Life {
    /// A heap with one handle.
    pub(super) fn new() -> Life {
        Life {
            watched: OnceCell::new(),
            shutdown: Cell::new(None),
            is_shut_down: Cell::new(false),
            me: Cell::new(None),
            handles: Cell::new(1),
            busy: Cell::new(0),
            saturated: Cell::new(0),
            #[cfg(feature = "std")]
            closing: Link::default(),
        }
    }

    /// A weak handle to the heap that this is the life of.
    pub(crate) fn watch(&self, core: &Core) -> WeakCore {
        let life = self.watched.get_or_init(|| Rc::new(Cell::new(Some(NonNull::from(core)))));
        WeakCore(life.clone())
    }

    /// Tells weak handles that the heap is about to go.
    pub(crate) fn end(&self) {
        if let Some(life) = self.watched.get() {
            life.set(None);
        }
    }
}

/// Proof that an operation is open; see [`Core::enter`].
pub(crate) struct HeapGuard<'a>(pub(super) &'a Core);

impl Drop for HeapGuard<'_> {
    fn drop(&mut self) {
        self.0.life.busy.set(self.0.life.busy.get() - 1);
    }
}

/// A pointer to an inner heap that one of its handles owns.
pub(crate) struct CoreRef(NonNull<Core>);

impl CoreRef {
    /// The first handle's pointer. The last one gives the box back, see `release::on_exit`.
    pub(crate) fn leak(core: Box<Core>) -> CoreRef {
        let me = NonNull::from(Box::leak(core));
        let handle = CoreRef(me);
        handle.life.me.set(Some(me));
        handle.storage.memory.set_owner(me.cast());
        handle
    }

    /// Another handle's pointer; the caller has counted it.
    pub(crate) fn of(core: &Core) -> CoreRef {
        CoreRef(NonNull::from(core))
    }
}

impl core::ops::Deref for CoreRef {
    type Target = Core;

    #[inline]
    fn deref(&self) -> &Core {
        // SAFETY: invariant 6: a handle keeps the inner heap.
        unsafe { self.0.as_ref() }
    }
}

/// A pointer to an inner heap that may be gone.
#[derive(Clone)]
pub(crate) struct WeakCore(Rc<Cell<Option<NonNull<Core>>>>);

impl WeakCore {
    /// The inner heap, while it is there.
    pub(crate) fn get(&self) -> Option<&Core> {
        // SAFETY: invariant 6: `Life::end` comes before the heap goes, and nothing goes while a
        // caller holds what this gives: each makes a handle of it at once.
        self.0.get().map(|core| unsafe { core.as_ref() })
    }

    pub(crate) fn ptr_eq(&self, other: &WeakCore) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}
