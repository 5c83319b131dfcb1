//! The cycle detector: candidates, what is found, and what becomes of it.

mod candidates;
mod marking;
mod python_collect;
mod python_trash;
mod reclaim;
#[path = "../support/mod.rs"]
mod support;
mod unobservable;
mod values;
