//! A heap belongs to one thread.

use gc_core::Heap;

fn main() {
    let heap = Heap::new();
    let object = heap.alloc(1_u32);
    std::thread::spawn(move || drop(object));
}
