//! Nobody knows which field of a union is live.

use gc_core::Trace;

#[derive(Trace)]
union Bits {
    integer: u32,
    float: f32,
}

fn main() {}
