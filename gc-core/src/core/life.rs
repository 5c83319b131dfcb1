//! Counts the handles of a heap, gives out weak handles, and stores how the heap ends.

use super::Core;
#[cfg(feature = "std")]
use super::Link;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::{Cell, OnceCell};
use core::ptr::NonNull;

/// The counts that keep a heap alive (handles and open operations), and the state of its end.
pub(crate) struct Life {
    /// A pointer to the heap that all weak handles share; it is cleared at the heap's end. Made
    /// with the first weak handle.
    watched: OnceCell<Rc<Cell<Option<NonNull<Core>>>>>,
    /// The function that runs after the last handle was dropped.
    pub(crate) shutdown: Cell<Option<fn(&Core)>>,
    /// True if `shutdown` is running or has run.
    pub(crate) is_shut_down: Cell<bool>,
    /// The address of the box that the heap lives in, after the box was leaked.
    pub(super) me: Cell<Option<NonNull<Core>>>,
    /// Number of `Heap` handles.
    pub(crate) handles: Cell<usize>,
    /// Number of open operations. The heap is not freed while there is one.
    pub(crate) busy: Cell<u32>,
    /// Number of objects that became immortal because their count saturated.
    pub(crate) saturated: Cell<usize>,
    /// The link in the thread's list of heaps whose last collection waits for stack space.
    #[cfg(feature = "std")]
    pub(crate) closing: Link,
}

impl Life {
    /// Returns the state of a new heap with one handle.
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

    /// Returns a weak handle to `core`, which must be the heap that owns this state.
    pub(crate) fn watch(&self, core: &Core) -> WeakCore {
        let life = self.watched.get_or_init(|| Rc::new(Cell::new(Some(NonNull::from(core)))));
        WeakCore(life.clone())
    }

    /// Clears the pointer that weak handles share. Called before the heap is freed.
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
    /// Leaks the box of a new heap, and returns the pointer of its first handle. `Core::free` frees
    /// the box.
    pub(crate) fn leak(core: Box<Core>) -> CoreRef {
        let me = NonNull::from(Box::leak(core));
        let handle = CoreRef(me);
        handle.life.me.set(Some(me));
        handle.storage.memory.set_owner(me.cast());
        handle
    }

    /// Returns the pointer of another handle. The caller must have counted the handle.
    pub(crate) fn of(core: &Core) -> CoreRef {
        CoreRef(NonNull::from(core))
    }
}

impl core::ops::Deref for CoreRef {
    type Target = Core;

    #[inline]
    fn deref(&self) -> &Core {
        // SAFETY: invariant 6: the heap is not freed while there is a handle.
        unsafe { self.0.as_ref() }
    }
}

/// A pointer to an inner heap that may be gone.
#[derive(Clone)]
pub(crate) struct WeakCore(Rc<Cell<Option<NonNull<Core>>>>);

impl WeakCore {
    /// Returns the inner heap; `None` if it has ended.
    pub(crate) fn get(&self) -> Option<&Core> {
        // SAFETY: invariant 6: `Life::end` is called before the heap is freed. The heap is not
        // freed while a caller holds the result, because each caller makes a handle of it at once.
        self.0.get().map(|core| unsafe { core.as_ref() })
    }

    pub(crate) fn ptr_eq(&self, other: &WeakCore) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}
