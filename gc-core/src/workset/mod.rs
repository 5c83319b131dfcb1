//! The set of objects that a collection works on: what `collect` and `finalize` share.
//!
//! * [`set`]: the members, and the lists of their blocks
//! * [`pass`]: the state that a pass carries from edge to edge
//! * [`edges`]: what each pass does with an edge
//! * [`order`]: the members in birth order

pub(crate) mod edges;
pub(crate) mod order;
pub(crate) mod pass;
pub(crate) mod set;
