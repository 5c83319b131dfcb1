//! Selects objects by type, by age (those that are new since a mark), or as not pointed to by
//! others.

use crate::Heap;
use crate::any::GcAny;
use crate::graph::edges::{chosen, each_living, edges_to};
use crate::object::raw::Object;
use crate::storage::block::Block;
use alloc::vec::Vec;
use hashbrown::HashSet;

/// A moment in the life of a heap: see [`Heap::mark`].
///
/// ```
/// # let heap = gc_core::Heap::new();
/// let mark = heap.mark();
/// let _later = heap.alloc(vec![7]);
/// println!("{} tracked objects are new", heap.new_objects(mark).len());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Mark(u64);

impl Heap {
    /// Returns all objects whose type has this name (without module paths), including untracked
    /// objects, oldest first. The Python counterpart is `objgraph.by_type`. The returned pointers
    /// keep the objects alive, as in Python, and make them candidates of the next collection when
    /// the pointers are dropped.
    ///
    /// ```
    /// let heap = gc_core::Heap::new();
    /// let _held = (heap.alloc(1u8), heap.alloc(2u16), heap.alloc(3u8));
    /// assert_eq!(heap.by_type("u8").len(), 2);
    /// ```
    pub fn by_type(&self, type_name: &str) -> Vec<GcAny> {
        handed_out(chosen(self.core(), |block| block.live() > 0 && block.info().short_name() == type_name, |_| true))
    }

    /// Returns a mark of this moment, for [`new_objects`](Heap::new_objects).
    ///
    /// ```
    /// let heap = gc_core::Heap::new();
    /// let old = heap.alloc(1u8);
    /// let mark = heap.mark();
    /// let new = heap.alloc(2u8);
    /// let found = heap.new_objects(mark);
    /// assert_eq!((found.len(), found[0].downcast_ref::<u8>()), (1, Some(&2)));
    /// ```
    pub fn mark(&self) -> Mark {
        Mark(self.core().storage.birth_clock.next())
    }

    /// Returns the living objects that were allocated since the mark, including untracked objects,
    /// oldest first. The Python counterpart is objgraph's `get_new_ids`.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// let mark = heap.mark();
    /// assert!(heap.new_objects(mark).is_empty());
    /// ```
    pub fn new_objects(&self, since: Mark) -> Vec<GcAny> {
        handed_out(chosen(self.core(), |_| true, |object| object.birth() >= since.0))
    }

    /// Returns the tracked objects that no object of the heap points to, oldest first. The Python
    /// counterpart is `objgraph.get_leaking_objects`. Each such object is held by a variable of the
    /// program, or by a pointer that leaked (`mem::forget`, a part that is not traced).
    ///
    /// The function looks at every edge, and takes a word for each object that is pointed to.
    ///
    /// ```
    /// use gc_core::{Heap, Slot, Trace};
    ///
    /// #[derive(Trace, Default)]
    /// struct Node {
    ///     next: Slot<Node>,
    /// }
    ///
    /// let heap = Heap::new();
    /// let node = heap.alloc(Node { next: Slot::new(Some(heap.alloc(Node::default()))) });
    /// assert_eq!(heap.unreferenced_objects(), [gc_core::Gc::as_any(&node)]);
    /// ```
    #[doc(alias = "leaking_objects")]
    pub fn unreferenced_objects(&self) -> Vec<GcAny> {
        let core = self.core();
        let mut pointed_to = HashSet::new();
        each_living(core, |object| {
            if object.is_open() {
                edges_to(object, &mut |target| {
                    pointed_to.insert(target.address());
                });
            }
        });
        handed_out(chosen(core, Block::is_tracked, |object| !pointed_to.contains(&object.address())))
    }

    /// Returns the numbers of tracked objects in the generations 0, 1 and 2, and of frozen objects.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// assert_eq!(heap.generation_sizes(), [0, 0, 0, 0]);
    /// ```
    pub fn generation_sizes(&self) -> [usize; 4] {
        self.core().state.epoch.sizes(&self.core().storage.memory)
    }
}

fn handed_out(objects: Vec<Object>) -> Vec<GcAny> {
    objects.into_iter().map(GcAny::another).collect()
}
