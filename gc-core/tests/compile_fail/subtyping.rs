//! A pointer does not change its type by subtyping: the heap knows types by their ids.

use gc_core::{Gc, Heap, Trace};

#[derive(Trace)]
struct Callback<F: 'static>(#[trace(skip)] F);

fn takes(_: &u8) {}

fn main() {
    let heap = Heap::new();
    let general: Gc<Callback<for<'a> fn(&'a u8)>> = heap.alloc(Callback(takes as for<'a> fn(&'a u8)));
    let _narrow: Gc<Callback<fn(&'static u8)>> = general;
}
