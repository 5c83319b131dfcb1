//! Only a sized value moves out of the heap.

use gc_core::{Gc, Heap};

fn main() {
    let heap = Heap::new();
    let text = heap.alloc_str("text");
    let _ = Gc::try_unwrap(text);
}
