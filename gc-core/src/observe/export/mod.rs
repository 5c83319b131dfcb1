//! Files that other tools open. The writers stream: none holds what it writes.

mod dot;
mod heap_snapshot;
mod json;
mod open_metrics;
mod pprof;
mod tables;
mod trace_events;

pub use dot::Dot;
