//! Files that other tools open, written from a living heap. The writers stream: no writer holds its
//! output in memory.

mod heap_snapshot;
mod open_metrics;
mod pprof;
mod trace_events;
