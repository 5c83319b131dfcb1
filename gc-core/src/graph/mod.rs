//! The object graph: objects, their edges, and checks of the heap's tables.
//!
//! * [`edges`]: objects, their edges, and the objects that point to others
//! * [`structure`]: checks of the heap's tables against each other
//! * [`zeal`]: checks of edges and tables after every step of a collection, in builds that ask for
//!   it

pub(crate) mod edges;
pub(crate) mod structure;
pub(crate) mod zeal;
