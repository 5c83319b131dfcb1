//! The numbered invariants of the heap. Each `unsafe` block of this crate names the invariants that
//! it rests on. `docs/safety.md` names the tests of each invariant.
//!
//! 1. An `Object` is the address of a value in a slot of a mapped block. Code that keeps an
//!    `Object` relies on something that keeps the block in place: a count on the object, or an
//!    operation (collection, release) that is open on its heap.
//! 2. Chunks are aligned to their size and begin with an initialised `Chunk` that names the heap. A
//!    chunk is unmapped, and the entry of a block is reused, only when none of its slots is in use,
//!    nothing links to it, and no collection is open.
//! 3. A split block has a table of `SUBS` entries.
//! 4. The slots and side tables of a block in use lie inside its memory and do not overlap. The
//!    side tables have an entry for each slot.
//! 5. A slot is in exactly one state: alive, taken, put aside, fresh, or on its block's list of
//!    free slots. The list of free slots links the slots through their headers. Only fresh slots
//!    and slots on that list are given out. Only taken slots are freed or put aside.
//! 6. A heap is freed only when no operation on it is open.
//! 7. In each collection, internal counts are written before they are read.
//! 8. A weak cell is freed with its last holder. A weak cell that is linked has a handle.
//! 9. Bins live as long as their heap.
//! 10. The alloc bit of a slot is set only while the slot holds an initialised value of the block's
//!     type. The alloc bit is cleared before that value is dropped.
//! 11. A value is dropped once, when no pointer that could be dereferenced leads to it. Either its
//!     count is zero, or the value belongs to a set in which every pointer to a member lies within
//!     the set, and the set is condemned or is gone before any user code runs.
//! 12. A `Trace` implementation reports only `Gc` pointers that the value owns, reports the same
//!     pointers until the value is mutated, and runs no user code.
//! 13. Until its alloc bit is set, a taken slot belongs to the code that took it: no other code
//!     reads or writes the bytes of the value.
//! 14. Requests to the system or the sanitizer concern only memory that the chunk source gave this
//!     heap. A request that loses the content of memory concerns only memory that nothing uses.
//! 15. Pointers are not sent between threads: a heap and everything that belongs to it stay on one
//!     thread.
//! 16. A box of one value has the layout of a boxed slice of length 1. The holder of a box's raw
//!     pointer owns the box.
//! 17. A heap, its chunks and its blocks are changed only through cells: no `&mut` to any of them
//!     is ever made, and no reference to any of them is used after its target is gone.
