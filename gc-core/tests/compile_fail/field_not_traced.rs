//! The error points at the field and says what can be done.

use gc_core::{Gc, Trace};

struct Handle;

#[derive(Trace)]
struct Named {
    name: String,
    handle: Handle,
}

#[derive(Trace)]
enum Either {
    Traced(Gc<Named>),
    Untraced(Vec<Handle>),
}

fn main() {}
