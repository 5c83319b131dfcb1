//! `bacon_rajan_cc`: counting with synchronous cycle collection after Bacon and Rajan,
//! on request only.

use crate::heap_under_test::{Automatic, Cannot, Kind, PointerHeap};
use bacon_rajan_cc::{Cc, Trace, Tracer};
use std::cell::RefCell;

/// The candidate buffer of this thread.
#[derive(Debug)]
pub struct Bacon;

/// A node of the workloads.
pub struct Node {
    #[expect(dead_code, reason = "the payload is only there to be paid for")]
    value: u64,
    edges: RefCell<[Option<Cc<Node>>; 2]>,
}

impl Trace for Node {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.edges.borrow().iter().for_each(|edge| edge.trace(tracer));
    }
}

impl PointerHeap for Bacon {
    const KIND: Kind = Kind::Counting;
    const AUTOMATIC: bool = false;
    type Pointer = Cc<Node>;

    fn new(_: Automatic) -> Bacon {
        Bacon
    }

    super::edges_in_a_cell!(Cc, RefCell);

    fn collect(&self) -> Result<(), Cannot> {
        bacon_rajan_cc::collect_cycles();
        Ok(())
    }
}
