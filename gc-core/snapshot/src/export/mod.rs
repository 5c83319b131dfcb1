//! Files that other tools open. The writers stream: none holds what it writes.

mod dot;
mod tables;

pub use dot::Dot;
