//! The real heap, driven by the words of the recorded programs and looked at as the model is.
//!
//! * [`fields`]: ways to keep the four fields of an object; no program can tell them apart
//! * [`classes`]: the classes of the recorded programs as types of the heap
//! * [`outside`]: what is outside of the heap: roots, survivors, the log, finalizers
//! * [`world`]: a heap with all that, and the ops performed on it
//! * [`state`]: what can be seen of a heap and of a model, to be compared

#![allow(dead_code, unreachable_pub, reason = "several targets include the harness, and each uses its own part")]

pub mod classes;
pub mod fields;
pub mod outside;
pub mod state;
pub mod world;

pub use classes::Link;
pub use outside::{Mischief, Outside};
pub use state::State;
pub use world::{Bodies, World};
