//! An object with every kind of named edge: a field, positions, keys.

use gc_core::{Gc, Slot, Trace};
use std::cell::RefCell;
use std::collections::BTreeMap;

#[derive(Trace, Default)]
pub struct Node {
    pub next: Slot<Node>,
    pub children: RefCell<Vec<Gc<Node>>>,
    pub by_name: RefCell<BTreeMap<String, Gc<Node>>>,
    pub text: String,
}
