//! `gc-core`, in its default settings.

use crate::heap_under_test::{Automatic, Cannot, Kind, PointerHeap};
use gc_core::{Gc, Generation, Heap, Trace};
use std::cell::RefCell;

/// The heap of this repository.
#[derive(Debug)]
pub struct Ours(Heap);

/// Its node.
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
}
