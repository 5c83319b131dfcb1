//! State of the collector between its collections.
//!
//! * [`candidates`]: the blocks with objects that lost a pointer and lived
//! * [`generations`]: which objects are old, promoted lazily
//! * [`schedule`]: thresholds, and when a collection is due
//! * [`pass`]: what a pass over the objects carries from edge to edge
//! * [`cycle`]: the incremental collection that is open
//! * [`budget`]: the work that an increment may do
//! * [`overhead`]: when a nearly full heap gives up

pub(crate) mod budget;
pub(crate) mod candidates;
pub(crate) mod cycle;
pub(crate) mod generations;
pub(crate) mod overhead;
pub(crate) mod pass;
pub(crate) mod schedule;
