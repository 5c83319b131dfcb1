//! The collector looks at a value at any later time, so it cannot borrow.

use gc_core::Trace;

#[derive(Trace)]
struct Borrows<'a, 'b: 'a> {
    name: &'a str,
    text: &'b str,
}

fn main() {}
