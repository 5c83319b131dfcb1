//! The object graph as it is: objects, their edges, and whether the tables of the heap agree with it.
//!
//! * [`edges`]: objects, their edges, and the objects that point to others
//! * [`structure`]: the heap's own tables against each other
//! * [`zeal`]: both checks after every step of a collection, in builds that ask for it

pub(crate) mod edges;
pub(crate) mod structure;
pub(crate) mod zeal;
