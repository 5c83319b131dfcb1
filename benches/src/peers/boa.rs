//! `boa_gc`: mark and sweep that counts the references from within the heap to find
//! the roots. The automatic collection of `boa_gc` cannot be switched off.

use crate::heap_under_test::{Automatic, Cannot, Kind, PointerHeap};
use boa_gc::{Finalize, Gc, GcRefCell, Trace};

/// The collector of this thread.
#[derive(Debug)]
pub struct Boa;

/// A node of the workloads.
#[derive(Trace, Finalize)]
pub struct Node {
    value: u64,
    edges: GcRefCell<[Option<Gc<Node>>; 2]>,
}

impl PointerHeap for Boa {
    const KIND: Kind = Kind::Tracing;
    const AUTOMATIC: bool = true;
    type Pointer = Gc<Node>;

    fn new(_: Automatic) -> Boa {
        Boa
    }

    super::edges_in_a_cell!(Gc, GcRefCell);

    fn collect(&self) -> Result<(), Cannot> {
        boa_gc::force_collect();
        Ok(())
    }
}
