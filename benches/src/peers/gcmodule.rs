//! `gcmodule`: counting with CPython's detector, collected on request only.

use crate::heap_under_test::{Automatic, Cannot, Kind, PointerHeap};
use gcmodule::{Cc, Trace, Tracer};
use std::cell::RefCell;

/// The object space of this thread.
#[derive(Debug)]
pub struct Gcmodule;

/// A node of the workloads.
pub struct Node {
    #[expect(dead_code, reason = "the payload is only there to be paid for")]
    value: u64,
    edges: RefCell<[Option<Cc<Node>>; 2]>,
}

// `Trace` is not derived: the derived code asks each field's type whether it is tracked, and
// for a type that contains itself this never ends.
impl Trace for Node {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        if let Ok(edges) = self.edges.try_borrow() {
            edges.iter().for_each(|edge| edge.trace(tracer));
        }
    }

    fn is_type_tracked() -> bool {
        true
    }
}

impl PointerHeap for Gcmodule {
    const KIND: Kind = Kind::Counting;
    const AUTOMATIC: bool = false;
    type Pointer = Cc<Node>;

    fn new(_: Automatic) -> Gcmodule {
        Gcmodule
    }

    super::edges_in_a_cell!(Cc, RefCell);

    fn collect(&self) -> Result<(), Cannot> {
        gcmodule::collect_thread_cycles();
        Ok(())
    }
}
