//! Several heaps: pointers between them, their ends, collections inside of each other.

mod exit;
mod nesting;
mod several;
#[path = "../support/mod.rs"]
mod support;
