//! The parts of one object: its header and count, its type's table, its bits, its weak references.
//!
//! * [`address`]: the address of a value in a slot, which stands for the object
//! * [`raw`]: the way from the address of an object to its header, its block and its chunk
//! * [`refcount`]: the count word, and every change of it
//! * [`type_info`]: the table that the heap keeps for a type
//! * [`bitmaps`]: the side bitmaps of a block, one bit for each object
//! * [`birth_clock`]: the numbering of births, and the count of young objects
//! * [`weak_cell`], [`weak_table`]: weak references, listed by their target
//! * [`scan`]: a value read as plain words, for the verifier

pub(crate) mod address;
pub(crate) mod birth_clock;
pub(crate) mod bitmaps;
pub(crate) mod raw;
pub(crate) mod refcount;
pub(crate) mod scan;
pub(crate) mod type_info;
pub(crate) mod weak_cell;
pub(crate) mod weak_table;
