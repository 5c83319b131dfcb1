//! Every mistake is reported, where it stands, in one go.

use gc_core::{Gc, Trace};

#[derive(Trace)]
#[trace(finalise)]
struct Unknown {
    #[trace(ignore)]
    unknown: u32,
    #[trace(finalize)]
    misplaced: Gc<Unknown>,
    #[trace(skip, skip)]
    twice: u32,
    #[trace(skip = "yes")]
    valued: u32,
}

#[derive(Trace)]
#[trace(skip)]
struct Misplaced<#[trace(skip)] T> {
    #[trace]
    bare: T,
}

#[derive(Trace)]
#[trace(bound = "T -> Clone")]
enum Bound<T> {
    #[trace(skip)]
    Variant(T),
}

#[derive(Trace)]
#[trace(finalize, finalize)]
struct Twice;

fn main() {}
