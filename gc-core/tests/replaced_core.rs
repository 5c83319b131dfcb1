//! Another crate can be called `core`: what the derive expands to must mean the same there.

#![forbid(unsafe_code)]
#![allow(unused_extern_crates, reason = "that is the attack")]

extern crate self as core;

/// In the place of `core::option`: user code would run where a value is looked at.
pub mod option {
    pub struct Option;
    impl Option {
        #[allow(non_snake_case)]
        pub fn Some<A>(part: A) -> std::option::Option<A> {
            crate::FOUND.with(|found| drop(found.take()));
            Some(part)
        }
    }
}

pub mod mem {
    pub use std::mem::*;
}

use gc_core::observe::ProblemKind;
use gc_core::{Gc, Heap, Slot, Trace};
use std::cell::RefCell;

thread_local!(static FOUND: RefCell<Option<Gc<Node>>> = const { RefCell::new(None) });

#[derive(Trace)]
struct Node {
    next: Slot<Node>,
    #[trace(skip)]
    hidden: Vec<Gc<u64>>,
}

#[derive(Trace)]
enum Either {
    Traced(Slot<Node>),
    Skipped(#[trace(skip)] Bomb),
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("from the drop of a skipped field");
    }
}

#[test]
fn a_look_at_a_skipped_field_calls_nothing_of_the_other_crate() {
    let heap = Heap::new();
    let number = heap.alloc(1u64);
    let node = heap.alloc(Node { next: Slot::empty(), hidden: vec![number; 100] });
    FOUND.set(Some(node));
    let problems = heap.verify();
    assert_eq!(problems.len(), 1);
    assert_eq!((problems[0].kind, problems[0].field.as_deref()), (ProblemKind::MissedEdge, Some("hidden")));
    assert!(FOUND.take().is_some_and(|node| node.hidden.len() == 100 && node.next.get().is_none()));
}

#[test]
fn the_drop_of_a_skipped_field_is_expected_to_panic() {
    let heap = Heap::new();
    heap.on_unraisable(|_, _| ());
    let either = heap.alloc(Either::Skipped(Bomb));
    let node = heap.alloc(Either::Traced(Slot::empty()));
    drop(either);
    assert!(matches!(&*node, Either::Traced(slot) if slot.get().is_none()));
    assert_eq!(heap.verify(), []);
}
