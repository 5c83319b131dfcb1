//! Finalizers under both policies, and user code that runs in the middle of an operation.

mod drops;
mod facts;
mod python_chain;
mod python_simple;
mod reentrance;
#[path = "../support/mod.rs"]
mod support;
