//! Under a `&mut`, a collection would look at a value that is being changed.

use gc_core::{Heap, Trace};

#[derive(Trace)]
struct Counter {
    value: u32,
}

fn main() {
    let heap = Heap::new();
    let mut counter = heap.alloc(Counter { value: 1 });
    counter.value = 2;
    let _: &mut Counter = &mut counter;
}
