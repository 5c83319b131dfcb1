//! `WeakHeap`: a handle that does not keep the heap alive.

use super::Heap;
use crate::core::WeakCore;
use core::fmt;

/// A handle that does not keep the heap alive. Use a `WeakHeap` in values that the heap itself
/// keeps, such as the captures of a hook or the fields of an object: a [`Heap`] in such a value
/// would keep the heap alive forever.
///
/// ```
/// use gc_core::{Gc, Heap, Slot, Trace, WeakHeap};
///
/// #[derive(Trace)]
/// struct Function {
///     home: WeakHeap,
///     made: Slot<String>,
/// }
///
/// let heap = Heap::new();
/// let function = heap.alloc(Function { home: heap.downgrade(), made: Slot::empty() });
/// let home = function.home.upgrade().expect("it is held here");
/// function.made.set(Some(home.alloc(String::from("text"))));
/// let weak = heap.downgrade();
/// drop((function, heap, home));
/// assert!(weak.upgrade().is_none());
/// ```
#[derive(Clone)]
pub struct WeakHeap(WeakCore);

impl WeakHeap {
    /// Returns a handle, or `None` if the heap is gone. (A heap is gone once its last handle and
    /// its last object are gone.)
    pub fn upgrade(&self) -> Option<Heap> {
        self.0.get().map(Heap::of)
    }

    /// Returns true if both handles are handles to the same heap.
    ///
    /// ```
    /// let (heap, other) = (gc_core::Heap::new(), gc_core::Heap::new());
    /// assert!(heap.downgrade().ptr_eq(&heap.downgrade()));
    /// assert!(!heap.downgrade().ptr_eq(&other.downgrade()));
    /// ```
    pub fn ptr_eq(&self, other: &WeakHeap) -> bool {
        self.0.ptr_eq(&other.0)
    }
}

impl fmt::Debug for WeakHeap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.get().is_some() { "WeakHeap" } else { "WeakHeap(gone)" })
    }
}

impl Heap {
    /// Makes a handle that does not keep the heap alive.
    ///
    /// ```
    /// let heap = gc_core::Heap::new();
    /// let weak = heap.downgrade();
    /// assert!(weak.upgrade().is_some_and(|it| it.ptr_eq(&heap)));
    /// ```
    pub fn downgrade(&self) -> WeakHeap {
        let core = self.core();
        WeakHeap(core.life.watch(core))
    }
}
