//! `dumpster::sync`: the variant of `dumpster::unsync` for many threads. The node's cell is
//! therefore a `Mutex`.

use crate::heap_under_test::{Automatic, Cannot, Kind, PointerHeap};
use dumpster::Trace;
use dumpster::sync::{self, Gc};
use std::sync::{Mutex, PoisonError};

/// The collector of the process.
#[derive(Debug)]
pub struct DumpsterSync;

/// A node of the workloads.
#[derive(Trace)]
pub struct Node {
    value: u64,
    edges: Mutex<[Option<Gc<Node>>; 2]>,
}

impl PointerHeap for DumpsterSync {
    const KIND: Kind = Kind::Counting;
    const AUTOMATIC: bool = true;
    type Pointer = Gc<Node>;

    fn new(automatic: Automatic) -> DumpsterSync {
        sync::set_collect_condition(match automatic {
            Automatic::On => sync::default_collect_condition,
            Automatic::Off => |_| false,
        });
        DumpsterSync
    }

    #[inline]
    fn alloc(&self, value: u64, edges: [Option<Gc<Node>>; 2]) -> Gc<Node> {
        Gc::new(Node { value, edges: Mutex::new(edges) })
    }

    #[inline]
    fn replace_edge(from: &Gc<Node>, index: usize, to: Option<Gc<Node>>) -> Option<Gc<Node>> {
        let mut edges = from.edges.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut edges[index], to)
    }

    fn collect(&self) -> Result<(), Cannot> {
        sync::collect();
        Ok(())
    }
}
