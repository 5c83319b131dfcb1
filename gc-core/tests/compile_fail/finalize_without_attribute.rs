//! Without the attribute, the finalizer would never run.

use gc_core::{Finalize, Gc, Trace};

#[derive(Trace)]
struct File {
    descriptor: u32,
}

impl Finalize for File {
    fn finalize(_this: &Gc<Self>) {}
}

#[derive(Trace)]
struct Generic<T> {
    value: T,
}

impl Finalize for Generic<u32> {
    fn finalize(_this: &Gc<Self>) {}
}

fn main() {}
