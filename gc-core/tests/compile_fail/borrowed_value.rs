//! What is on the heap borrows nothing: an object may live until the program ends.

use gc_core::Heap;

fn main() {
    let heap = Heap::new();
    let name = String::from("local");
    let object = heap.alloc(name.as_str());
    drop(name);
    drop(object);
}
