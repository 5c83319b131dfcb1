//! Enumerates objects, their referents and their referrers, as `get_objects` and `get_referrers` of
//! Python's `gc` module.

use super::{Generation, Heap};
use crate::any::GcAny;
use crate::graph;
use crate::object::raw::Object;
use alloc::string::String;
use alloc::vec::Vec;

/// An edge of an object: the place in its value, and the object that it leads to.
///
/// ```
/// use gc_core::{Gc, Heap};
///
/// let heap = Heap::new();
/// let row = heap.alloc_slice([heap.alloc(7)]);
/// let edges = heap.edges(&Gc::as_any(&row));
/// assert_eq!((&*edges[0].name, edges[0].target.downcast_ref()), ("[0]", Some(&7)));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Edge {
    /// The path from the value to the pointer: `next`, `children[3]`, `["key"]`.
    pub name: String,
    /// The object pointed to.
    pub target: GcAny,
}

impl Heap {
    /// Returns the tracked objects of a generation, or all of them for `None`: `gc.get_objects`.
    /// The order of the objects is unspecified. Frozen objects are in no generation, so only `None`
    /// includes them.
    ///
    /// ```
    /// # use gc_core::{Gc, GcAny, Heap, Slot, Trace};
    /// # #[derive(Trace)]
    /// # struct Node { next: Slot<Node> }
    /// # fn node(heap: &Heap) -> Gc<Node> {
    /// #     heap.alloc(Node { next: Slot::empty() })
    /// # }
    /// # fn garbage(heap: &Heap) {
    /// #     let node = node(heap);
    /// #     node.next.set(Some(node.clone()));
    /// # }
    /// # let heap = Heap::new();
    /// let kept = node(&heap);
    /// assert_eq!(heap.objects(None), [Gc::as_any(&kept)]);
    /// ```
    pub fn objects(&self, generation: Option<Generation>) -> Vec<GcAny> {
        let objects = graph::edges::objects(self.core(), generation.map(Generation::number));
        objects.into_iter().map(GcAny::another).collect()
    }

    /// Returns the objects that point to any of `targets`: `gc.get_referrers`. The function looks
    /// at every object.
    ///
    /// ```
    /// # use gc_core::{Gc, GcAny, Heap, Slot, Trace};
    /// # #[derive(Trace)]
    /// # struct Node { next: Slot<Node> }
    /// # fn node(heap: &Heap) -> Gc<Node> {
    /// #     heap.alloc(Node { next: Slot::empty() })
    /// # }
    /// # fn garbage(heap: &Heap) {
    /// #     let node = node(heap);
    /// #     node.next.set(Some(node.clone()));
    /// # }
    /// # let heap = Heap::new();
    /// let (one, other) = (node(&heap), node(&heap));
    /// one.next.set(Some(other.clone()));
    /// assert_eq!(heap.referrers(&[&Gc::as_any(&other)]), [Gc::as_any(&one)]);
    /// ```
    pub fn referrers(&self, targets: &[&GcAny]) -> Vec<GcAny> {
        let targets: Vec<Object> = targets.iter().map(|target| target.object()).collect();
        graph::edges::referrers(self.core(), &targets).into_iter().map(GcAny::another).collect()
    }

    /// Returns the objects that `object` points to, one entry for each edge: `gc.get_referents`.
    ///
    /// ```
    /// # use gc_core::{Gc, GcAny, Heap, Slot, Trace};
    /// # #[derive(Trace)]
    /// # struct Node { next: Slot<Node> }
    /// # fn node(heap: &Heap) -> Gc<Node> {
    /// #     heap.alloc(Node { next: Slot::empty() })
    /// # }
    /// # fn garbage(heap: &Heap) {
    /// #     let node = node(heap);
    /// #     node.next.set(Some(node.clone()));
    /// # }
    /// # let heap = Heap::new();
    /// let (one, other) = (node(&heap), node(&heap));
    /// one.next.set(Some(other.clone()));
    /// assert_eq!(heap.referents(&Gc::as_any(&one)), [Gc::as_any(&other)]);
    /// ```
    pub fn referents(&self, object: &GcAny) -> Vec<GcAny> {
        object.referents()
    }

    /// Returns the edges of an object with their names: `next`, `children[3]`, `["key"]`.
    ///
    /// ```
    /// # use gc_core::{Gc, GcAny, Heap, Slot, Trace};
    /// # #[derive(Trace)]
    /// # struct Node { next: Slot<Node> }
    /// # fn node(heap: &Heap) -> Gc<Node> {
    /// #     heap.alloc(Node { next: Slot::empty() })
    /// # }
    /// # fn garbage(heap: &Heap) {
    /// #     let node = node(heap);
    /// #     node.next.set(Some(node.clone()));
    /// # }
    /// # let heap = Heap::new();
    /// let one = node(&heap);
    /// one.next.set(Some(one.clone()));
    /// let edges = heap.edges(&Gc::as_any(&one));
    /// assert_eq!((&*edges[0].name, &edges[0].target), ("next", &Gc::as_any(&one)));
    /// ```
    pub fn edges(&self, object: &GcAny) -> Vec<Edge> {
        let edges = graph::edges::edges(object.object()).into_iter();
        edges.map(|edge| Edge { name: edge.name, target: GcAny::another(edge.target) }).collect()
    }

    /// Returns true if the object's type is tracked: `gc.is_tracked`.
    ///
    /// ```
    /// # use gc_core::{Gc, GcAny, Heap, Slot, Trace};
    /// # #[derive(Trace)]
    /// # struct Node { next: Slot<Node> }
    /// # fn node(heap: &Heap) -> Gc<Node> {
    /// #     heap.alloc(Node { next: Slot::empty() })
    /// # }
    /// # fn garbage(heap: &Heap) {
    /// #     let node = node(heap);
    /// #     node.next.set(Some(node.clone()));
    /// # }
    /// # let heap = Heap::new();
    /// assert!(heap.is_tracked(&Gc::as_any(&node(&heap))));
    /// assert!(!heap.is_tracked(&Gc::as_any(&heap.alloc(7))));
    /// ```
    pub fn is_tracked(&self, object: &GcAny) -> bool {
        object.is_tracked()
    }

    /// Returns true if the PEP 442 finalizer of the object has run: `gc.is_finalized`.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// assert!(!heap.is_finalized(&gc_core::Gc::as_any(&heap.alloc(7))));
    /// ```
    pub fn is_finalized(&self, object: &GcAny) -> bool {
        object.is_finalized()
    }
}
