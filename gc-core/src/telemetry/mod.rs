//! Metrics, records, gauges, allocation sites, and the hooks that are told of them.
//!
//! * [`stats`]: totals over all collections
//! * [`records`]: the last collections, one by one
//! * [`allocation_sites`]: where in the program objects were allocated
//! * [`gauges`]: what the program tells the heap about itself
//! * [`hooks`]: the embedder's callbacks

pub(crate) mod allocation_sites;
#[cfg(feature = "observe")]
pub(crate) mod gauges;
pub(crate) mod hooks;
pub(crate) mod records;
pub(crate) mod stats;
