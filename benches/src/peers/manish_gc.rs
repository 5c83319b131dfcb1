//! `gc`: mark and sweep of `Box`es with counted roots.
#![expect(non_local_definitions, reason = "its derive is older than the lint")]

use crate::heap_under_test::{Automatic, Cannot, Kind, PointerHeap};
use gc::{Finalize, Gc, GcCell, Trace};

/// The collector of this thread.
#[derive(Debug)]
pub struct ManishGc;

/// A node of the workloads.
#[derive(Trace, Finalize)]
pub struct Node {
    value: u64,
    edges: GcCell<[Option<Gc<Node>>; 2]>,
}

impl PointerHeap for ManishGc {
    const KIND: Kind = Kind::Tracing;
    const AUTOMATIC: bool = true;
    type Pointer = Gc<Node>;

    fn new(automatic: Automatic) -> ManishGc {
        if automatic == Automatic::Off {
            gc::configure(|config| config.threshold = usize::MAX);
        }
        ManishGc
    }

    super::edges_in_a_cell!(Gc, GcCell);

    fn collect(&self) -> Result<(), Cannot> {
        gc::force_collect();
        Ok(())
    }
}
