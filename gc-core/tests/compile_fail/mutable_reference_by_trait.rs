//! None of the traits that lead to a `&mut` is there.

use gc_core::Gc;
use std::borrow::BorrowMut;
use std::ops::DerefMut;

fn to_mut<T: DerefMut>() {}
fn as_mut<T: AsMut<u32>>() {}
fn borrow_mut<T: BorrowMut<u32>>() {}

fn main() {
    to_mut::<Gc<u32>>();
    as_mut::<Gc<u32>>();
    borrow_mut::<Gc<u32>>();
}
