//! `safe-gc`: mark and sweep without `unsafe`. A pointer is an index into a vector, and an
//! object is reached through the heap. The automatic collection of `safe-gc`, which runs when
//! the vector is full, cannot be switched off.

use crate::heap_under_test::{Automatic, Cannot, HeapUnderTest, Kind, Mutator};
use safe_gc::{Collector, Gc, Heap, Root, Trace};

/// A heap with its roots.
pub struct SafeGc {
    heap: Heap,
    roots: Vec<Root<Node>>,
}

/// A node of the workloads. The heap hands out `&mut Node`, so the edges need no cell.
pub struct Node {
    #[expect(dead_code, reason = "the payload is only there to be paid for")]
    value: u64,
    edges: [Option<Gc<Node>>; 2],
}

impl Trace for Node {
    fn trace(&self, collector: &mut Collector) {
        self.edges.iter().flatten().for_each(|edge| collector.edge(*edge));
    }
}

/// An edge that is about to be stored in an object. A handle that was moved into an edge stays
/// a root until the object is allocated, because the allocation may collect an object that only
/// the new value points to.
pub struct Edge {
    to: Gc<Node>,
    _root: Option<Root<Node>>,
}

/// Allocates in the heap.
pub struct InHeap<'gc>(&'gc mut Heap);

impl HeapUnderTest for SafeGc {
    const KIND: Kind = Kind::Tracing;
    const AUTOMATIC: bool = true;
    type Mutator<'gc> = InHeap<'gc>;

    fn new(_: Automatic) -> SafeGc {
        SafeGc { heap: Heap::new(), roots: Vec::new() }
    }

    fn mutate<R>(&mut self, part: impl for<'gc> FnOnce(&mut InHeap<'gc>, &mut Vec<Root<Node>>) -> R) -> R {
        part(&mut InHeap(&mut self.heap), &mut self.roots)
    }

    fn collect(&mut self) -> Result<(), Cannot> {
        self.heap.gc();
        Ok(())
    }
}

impl Mutator for InHeap<'_> {
    type Handle = Root<Node>;
    type Edge = Edge;

    #[inline]
    fn alloc(&mut self, value: u64, edges: [Option<Edge>; 2]) -> Root<Node> {
        let targets = [0, 1].map(|index: usize| edges[index].as_ref().map(|edge| edge.to));
        self.0.alloc(Node { value, edges: targets })
    }

    #[inline]
    fn edge_to(&self, handle: &Root<Node>) -> Edge {
        Edge { to: handle.unrooted(), _root: None }
    }

    #[inline]
    fn move_to_edge(&self, handle: Root<Node>) -> Edge {
        Edge { to: handle.unrooted(), _root: Some(handle) }
    }

    #[inline]
    fn set_edge(&mut self, from: &Root<Node>, index: usize, to: Option<Edge>) {
        self.0.get_mut(from).edges[index] = to.map(|edge| edge.to);
    }
}
