//! Looking inside: counts, snapshots, diagnosis, records, reports, exports, the verifier.

mod census;
mod debug_flags;
mod debug_output;
mod diagnosis;
mod exports;
mod heap_snapshot;
mod leaks;
mod no_growth;
mod python_callbacks;
mod python_reports;
mod records;
mod snapshot;
#[path = "../support/mod.rs"]
mod support;
mod tree;
mod verify;
