//! `gc-core`, once in its default settings and once with collections in slices.

use crate::heap_under_test::{Automatic, Cannot, Kind, PointerHeap};
use crate::pauses::BUDGET_US;
use gc_core::{Gc, Generation, Heap, Pace, Trace};
use std::cell::RefCell;
use std::time::Duration;

/// The heap of this repository.
#[derive(Debug)]
pub struct Ours(Heap);

/// A node of the workloads.
#[derive(Trace)]
pub struct Node {
    value: u64,
    edges: RefCell<[Option<Gc<Node>>; 2]>,
}

impl PointerHeap for Ours {
    const KIND: Kind = Kind::Counting;
    const AUTOMATIC: bool = true;
    type Pointer = Gc<Node>;

    fn new(automatic: Automatic) -> Ours {
        let heap = Heap::new();
        if automatic == Automatic::Off {
            heap.disable();
        }
        Ours(heap)
    }

    #[inline]
    fn alloc(&self, value: u64, edges: [Option<Gc<Node>>; 2]) -> Gc<Node> {
        self.0.alloc(Node { value, edges: RefCell::new(edges) })
    }

    #[inline]
    fn replace_edge(from: &Gc<Node>, index: usize, to: Option<Gc<Node>>) -> Option<Gc<Node>> {
        std::mem::replace(&mut from.edges.borrow_mut()[index], to)
    }

    fn collect(&self) -> Result<(), Cannot> {
        self.0.collect();
        Ok(())
    }

    fn collect_young(&self) -> Result<(), Cannot> {
        self.0.collect_generation(Generation::Zero);
        Ok(())
    }

    fn floating_bytes(&self) -> Option<u64> {
        Some(self.0.metrics().most_floating_bytes as u64)
    }
}

/// Our heap, collecting in slices.
#[derive(Debug)]
pub struct OursIncremental(Ours);

impl PointerHeap for OursIncremental {
    const KIND: Kind = Kind::Counting;
    const AUTOMATIC: bool = true;
    type Pointer = Gc<Node>;

    fn new(automatic: Automatic) -> OursIncremental {
        let heap = Ours::new(automatic);
        heap.0.set_pace(Pace::Incremental { budget: Duration::from_micros(BUDGET_US) });
        OursIncremental(heap)
    }

    #[inline]
    fn alloc(&self, value: u64, edges: [Option<Gc<Node>>; 2]) -> Gc<Node> {
        self.0.alloc(value, edges)
    }

    #[inline]
    fn replace_edge(from: &Gc<Node>, index: usize, to: Option<Gc<Node>>) -> Option<Gc<Node>> {
        Ours::replace_edge(from, index, to)
    }

    fn collect(&self) -> Result<(), Cannot> {
        self.0.collect()
    }

    fn floating_bytes(&self) -> Option<u64> {
        self.0.floating_bytes()
    }
}
