//! `dumpster::unsync`: counting with a detector that runs when the number of pointers dropped
//! exceeds the number that exist.

use crate::heap_under_test::{Automatic, Cannot, Kind, PointerHeap};
use dumpster::Trace;
use dumpster::unsync::{self, Gc};
use std::cell::RefCell;

/// The collector of this thread.
#[derive(Debug)]
pub struct DumpsterUnsync;

/// A node of the workloads.
#[derive(Trace)]
pub struct Node {
    value: u64,
    edges: RefCell<[Option<Gc<Node>>; 2]>,
}

impl PointerHeap for DumpsterUnsync {
    const KIND: Kind = Kind::Counting;
    const AUTOMATIC: bool = true;
    type Pointer = Gc<Node>;

    fn new(automatic: Automatic) -> DumpsterUnsync {
        unsync::set_collect_condition(match automatic {
            Automatic::On => unsync::default_collect_condition,
            Automatic::Off => |_| false,
        });
        DumpsterUnsync
    }

    super::edges_in_a_cell!(Gc, RefCell);

    fn collect(&self) -> Result<(), Cannot> {
        unsync::collect();
        Ok(())
    }
}
