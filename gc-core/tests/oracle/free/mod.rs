//! Programs in which user code does what it likes, and types are of every kind.
//!
//! No model says in advance what such a program does. A [`mirror`] keeps the edges of every object
//! and what is held from outside, changed at the same moment as the heap is, and from it follows
//! after each step who must be alive, what every count is, and, after a full collection, who must
//! be dead.
//!
//! * [`kinds`]: the types
//! * [`bags`]: the ways in which their values hold pointers
//! * [`act`]: what a program and its finalizers and callbacks can do
//! * [`mirror`]: who points to whom
//! * [`user`]: acts performed, by whomever; [`make`]: those that make objects; [`weak`]: those on
//!   weak references and the like
//! * [`run`]: a program from beginning to end

pub mod act;
pub mod bags;
pub mod kinds;
pub mod make;
pub mod mirror;
pub mod run;
pub mod user;
pub mod weak;

pub use run::{Free, run};
