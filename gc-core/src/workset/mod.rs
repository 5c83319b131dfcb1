//! The set of objects that a collection works on, which `collect` and `finalize` share.
//!
//! * [`set`]: the members, and the lists of their blocks
//! * [`edges`]: the action of each pass on an edge
//! * [`stages`]: the stages that the finalizer policies take and return
//! * [`order`]: the members in birth order

pub(crate) mod edges;
pub(crate) mod order;
pub(crate) mod set;
pub(crate) mod stages;
