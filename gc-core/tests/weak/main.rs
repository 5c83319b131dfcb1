//! Weak references, plain and managed, and their callbacks.

mod facts;
mod managed;
mod python_callbacks;
mod python_cycles;
mod python_references;
#[path = "../support/mod.rs"]
mod support;
mod trash;
