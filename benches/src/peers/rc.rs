//! `std::rc::Rc`: the yardstick, counting without a detector.

use crate::heap_under_test::{Automatic, Cannot, Kind, PointerHeap};
use std::cell::RefCell;
use std::rc::Rc;

/// The stand-in for a heap. Each object is a `Box` of the system's allocator.
#[derive(Debug)]
pub struct StdRc;

/// A node of the workloads.
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

    super::edges_in_a_cell!(Rc, RefCell);

    fn collect(&self) -> Result<(), Cannot> {
        Err(Cannot("no cycle detector"))
    }
}
