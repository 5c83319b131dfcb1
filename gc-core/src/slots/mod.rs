//! Takes and frees slots of the heap. Updates storage, the birth clock and the generations
//! together.
//!
//! * [`take`]: takes a slot for a new value
//! * [`free`]: frees a slot after its value was dropped, and gives back a block that becomes empty

pub(crate) mod free;
pub(crate) mod take;
