//! A cast leads to traits that the type has.

use gc_core::{DynTrace, Gc, Heap, gc_cast, trace_object};

trait Shape: DynTrace {}
trace_object!(dyn Shape);

fn main() {
    let heap = Heap::new();
    let number: Gc<u32> = heap.alloc(1);
    let shape = gc_cast!(number => dyn Shape);
    drop(shape);
}
