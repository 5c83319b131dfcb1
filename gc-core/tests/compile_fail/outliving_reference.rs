//! A reference to a value does not outlive the pointer that it came by.

use gc_core::{Heap, Slot, Trace};

#[derive(Trace)]
struct Node {
    next: Slot<Node>,
}

fn main() {
    let heap = Heap::new();
    let outlived: &Node = {
        let node = heap.alloc(Node { next: Slot::empty() });
        &node
    };
    let of_a_slot: &Node = &*outlived.next.get().unwrap();
    drop(of_a_slot);
}
