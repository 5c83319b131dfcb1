//! Files that other tools open. The writers stream: no writer keeps its output in memory.

mod dot;
mod tables;

pub use dot::Dot;
