//! What a callback captures lives as long as the heap may call it.

use gc_core::{Gc, Heap};

fn main() {
    let heap = Heap::new();
    let object = heap.alloc(1);
    let name = String::from("local");
    let weak = Gc::downgrade_with(&object, || println!("{name}"));
    drop(weak);
}
