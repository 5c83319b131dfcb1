//! `std::rc::Rc`: the yardstick, counting without a detector.

use crate::heap_under_test::{Automatic, Cannot, Kind, PointerHeap};
use std::cell::RefCell;
use std::rc::Rc;

/// No heap at all: each object is a `Box` of the system's allocator.
#[derive(Debug)]
pub struct StdRc;

/// Its node.
#[derive(Debug)]
pub struct Node {
    #[expect(dead_code, reason = "the payload is only there to be paid for")]
    value: u64,
    edges: RefCell<[Option<Rc<Node>>; 2]>,
}

impl PointerHeap for StdRc {
    const KIND: Kind = Kind::Counting;
    const AUTOMATIC: bool = false;
    type Pointer = Rc<Node>;

    fn new(_: Automatic) -> StdRc {
        StdRc
    }

    #[inline]
    fn alloc(&self, value: u64, edges: [Option<Rc<Node>>; 2]) -> Rc<Node> {
        Rc::new(Node { value, edges: RefCell::new(edges) })
    }

    #[inline]
    fn replace_edge(from: &Rc<Node>, index: usize, to: Option<Rc<Node>>) -> Option<Rc<Node>> {
        std::mem::replace(&mut from.edges.borrow_mut()[index], to)
    }

    fn collect(&self) -> Result<(), Cannot> {
        Err(Cannot("no cycle detector"))
    }
}
