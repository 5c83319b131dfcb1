//! Panics of user code: caught, passed on, and two of them at any pair of points.

mod caught;
mod pairs;
#[path = "../support/mod.rs"]
mod support;
