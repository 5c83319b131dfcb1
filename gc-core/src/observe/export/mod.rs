//! Files that other tools open, written from a living heap. The writers stream: none holds what it writes.

mod heap_snapshot;
mod open_metrics;
mod pprof;
mod trace_events;
