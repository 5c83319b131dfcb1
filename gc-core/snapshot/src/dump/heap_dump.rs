//! A heap dump, as it was read.

use super::layout::Process;
use crate::Snapshot;
use alloc::string::String;
use alloc::vec::Vec;

/// A heap dump, as it was read.
#[derive(Debug)]
#[non_exhaustive]
pub struct HeapDump {
    /// The objects and edges.
    pub snapshot: Snapshot,
    /// Repairs that were needed to read the file, a sentence each.
    pub notes: Vec<String>,
    /// The Python process that the dump is from, if the dump describes it.
    pub process: Option<Process>,
}
