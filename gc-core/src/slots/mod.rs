//! Slots of the heap taken and given back: where storage, the birth clock and the generations meet.
//!
//! * [`take`]: a slot for a new value
//! * [`free`]: a slot whose value is gone, and the block that it may have emptied

pub(crate) mod free;
pub(crate) mod take;
