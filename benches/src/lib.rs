//! Benches of gc-core, and the workloads that they share.

use gc_core::{Gc, Heap, Trace};
use std::cell::RefCell;

/// The node of all benches: a number and two edges.
#[derive(Trace, Default)]
pub struct Node {
    /// Payload.
    pub value: u64,
    /// Edges.
    pub edges: RefCell<[Option<Gc<Node>>; 2]>,
}

/// The same node under `Rc`.
#[derive(Default)]
pub struct RcNode {
    /// Payload.
    pub value: u64,
    /// Edges.
    pub edges: RefCell<[Option<std::rc::Rc<RcNode>>; 2]>,
}

/// Makes `count` garbage cycles of two nodes each.
pub fn garbage_pairs(heap: &Heap, count: usize) {
    for value in 0..count as u64 {
        let one = heap.alloc(Node { value, ..Node::default() });
        let two = heap.alloc(Node { value, edges: RefCell::new([Some(one.clone()), None]) });
        one.edges.borrow_mut()[0] = Some(two);
    }
}
