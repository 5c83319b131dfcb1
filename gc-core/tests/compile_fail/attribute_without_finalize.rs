//! The attribute promises a finalizer: it has to be there.

use gc_core::{Gc, Heap, Trace};

#[derive(Trace)]
#[trace(finalize)]
struct File {
    descriptor: u32,
}

#[derive(Trace)]
#[trace(finalize)]
struct Generic<T> {
    value: T,
}

fn main() {
    let heap = Heap::new();
    let _object: Gc<Generic<u32>> = heap.alloc(Generic { value: 1 });
}
