//! A cast does not lead to a subtype either: it has an id of its own.

use gc_core::{Gc, Heap, Trace, gc_cast};

#[derive(Trace)]
struct Callback<F: 'static>(#[trace(skip)] F);

fn takes(_: &u8) {}

fn main() {
    let heap = Heap::new();
    let general: Gc<Callback<for<'a> fn(&'a u8)>> = heap.alloc(Callback(takes as for<'a> fn(&'a u8)));
    let _narrow = gc_cast!(general => Callback<fn(&'static u8)>);
}
