//! The numbered invariants of the heap. Each `unsafe` block of this crate names the ones that it
//! rests on; `docs/safety.md` names the tests.
//!
//! 1. An `Object` is the address of a value in a slot of a mapped block. Code that keeps one knows
//!    what keeps the block in place: a count on the object, or an operation (collection, release) that
//!    is open on its heap.
//! 2. Chunks are aligned to their size and begin with an initialised `Chunk` that
//!    names the heap. A chunk is unmapped, and a block's entry reused, only when no
//!    slot of it is in use, nothing links it, and no collection is open.
//! 3. A split block has a table of `SUBS` entries.
//! 4. The slots and side tables of a block in use lie inside its memory and do not
//!    overlap; the tables have an entry for each slot.
//! 5. A slot is in one state: alive, taken, put aside, fresh, or on its block's list of
//!    free slots, which links them through their headers. Only fresh and listed slots
//!    are given out; only taken ones are freed or put aside.
//! 6. A heap is freed only when no operation on it is open.
//! 7. Internal counts are written before they are read, in each collection.
//! 8. A weak cell is freed with its last holder; a cell that is linked has a handle.
//! 9. Bins live as long as their heap.
//! 10. The alloc bit of a slot is set only while an initialised value of the block's
//!     type is in it; it is cleared before that value is dropped.
//! 11. A value is dropped once, when no pointer to it is left that could be
//!     dereferenced: at count zero, or as a member of a set whose every pointer lies
//!     within the set, and which is condemned, or gone before any user code runs.
//! 12. A `Trace` implementation reports only `Gc` pointers that the value owns, the
//!     same ones until a mutation, and runs no user code.
//! 13. A slot that was taken is its taker's alone until the alloc bit is set: nobody
//!     else reads or writes the value's bytes.
//! 14. What is asked of the system or the sanitizer concerns memory that the chunk
//!     source gave this heap, and, where its content is lost, that nothing uses.
//! 15. Pointers are not sent between threads: a heap and all that belongs to it
//!     stays on one.
//! 16. A box of one value has the layout of a boxed slice of that one. The holder of a box's raw
//!     pointer owns it.
//! 17. A heap, its chunks and its blocks are changed through cells only: no `&mut` to one is
//!     ever made, and a reference to one that goes is not used any more.
