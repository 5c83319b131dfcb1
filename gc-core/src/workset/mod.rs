//! The set of objects that a collection works on: what `collect` and `finalize` share.
//!
//! * [`set`]: the members, and the lists of their blocks
//! * [`edges`]: what each pass does with an edge
//! * [`stages`]: what the finalizer policies are given, and give back
//! * [`order`]: the members in birth order

pub(crate) mod edges;
pub(crate) mod order;
pub(crate) mod set;
pub(crate) mod stages;
