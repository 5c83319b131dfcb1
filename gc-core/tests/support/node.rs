//! An object with one pointer and nothing else.

use gc_core::{Gc, Heap, Slot, Trace};

#[derive(Trace, Default)]
pub struct Node {
    pub next: Slot<Node>,
}

pub fn node(heap: &Heap) -> Gc<Node> {
    heap.alloc(Node::default())
}

/// One whose `next` is itself.
pub fn looped(heap: &Heap) -> Gc<Node> {
    let node = node(heap);
    node.next.set(Some(node.clone()));
    node
}
