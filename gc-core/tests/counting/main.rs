//! Counting: pointers, cells, death at count zero, the order of releases, deep structures.

mod cells;
mod closures;
mod depth;
mod pointers;
mod python_order;
mod release_queue;
mod store_order;
#[path = "../support/mod.rs"]
mod support;
mod trashcan;
