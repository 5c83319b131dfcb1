//! The layout of a slot, and the way from an object to its header, block and chunk.
//!
//! ```text
//!   slot of a sized value          slot of a slice or string
//!   +--------+--------+-------+    +--------+--------+--------+-------+
//!   | count  | birth  | value |    | length | count  | birth  | value |
//!   | 32 bit | 32 bit |  ...  |    | 64 bit | 32 bit | 32 bit |  ...  |
//!   +--------+--------+-------+    +--------+--------+--------+-------+
//!                     ^ Object                       ^ Object
//! ```

pub(crate) use crate::object::address::Object;
use crate::object::bitmaps::Bitmaps;
use crate::object::refcount::CountWord;
use crate::object::type_info::EdgeSink;
use crate::object::type_info::TypeInfo;
use crate::storage::block::Block;
use crate::storage::chunk::{BLOCK_SHIFT, BLOCKS, CHUNK, Chunk, SUB_SHIFT, SUBS};
use core::cell::Cell;

/// The 8 bytes before every value.
#[repr(C)]
pub(crate) struct Header {
    pub(crate) count: CountWord,
    /// The object's birth, as its distance from the `birth_base` of the block.
    pub(crate) birth: Cell<u32>,
}

impl Header {
    /// Returns the header of a new object, with count 1. A tracked object is unbuffered.
    #[inline]
    pub(crate) fn of_new(birth: u32, tracked: bool) -> Header {
        Header { count: CountWord::of_new(tracked), birth: Cell::new(birth) }
    }
}

/// The block that an object lies in, and its bit in the bitmaps of that block.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) block: &'a Block,
    pub(crate) bitmaps: &'a Bitmaps,
    pub(crate) bit: u64,
}

impl Place<'_> {
    /// Clears the alloc bit of the object: no pass and no enumeration sees it any more.
    #[inline]
    pub(crate) fn clear_alloc(self) {
        self.bitmaps.clear_alloc(self.bit);
    }
}

/// Marks the branch that calls it as unlikely. The compiler then lays out the other branch as the
/// main path, and makes no conditional move, on whose load all later instructions would wait.
#[cold]
fn unlikely() {}

impl Object {
    /// Returns the address as a number, for display and as a key.
    #[inline]
    pub(crate) fn address(self) -> usize {
        self.value().addr().get()
    }

    #[inline]
    pub(crate) fn header<'a>(self) -> &'a Header {
        // SAFETY: invariant 1: the slot is mapped and its header lies before the value.
        unsafe { self.value().cast::<Header>().sub(1).as_ref() }
    }

    /// Writes the header of a slot that is being taken. The old content of the header may be
    /// uninitialised.
    #[inline]
    pub(crate) fn write_header(self, header: Header) {
        // SAFETY: invariants 1 and 4: the slot is mapped and has room for a header before its
        // value.
        unsafe { self.value().cast::<Header>().sub(1).write(header) }
    }

    #[inline]
    pub(crate) fn count<'a>(self) -> &'a CountWord {
        &self.header().count
    }

    /// Returns the chunk that the object lies in, which is found by masking the address.
    #[inline]
    pub(crate) fn chunk<'a>(self) -> &'a Chunk {
        let start = self.value().as_ptr().map_addr(|a| a & !(CHUNK - 1)).cast::<Chunk>();
        // SAFETY: invariants 1 and 2: every slot lies in a chunk aligned to its size
        // whose first bytes are an initialised `Chunk`.
        unsafe { &*start }
    }

    /// Returns the block that the object lies in, which is found by masking the address.
    #[inline]
    pub(crate) fn block<'a>(self) -> &'a Block {
        self.block_in(self.chunk())
    }

    #[inline]
    pub(crate) fn block_in(self, chunk: &Chunk) -> &Block {
        let address = self.address();
        let block = &chunk.blocks[(address >> BLOCK_SHIFT) & (BLOCKS - 1)];
        if !block.is_split() {
            return block;
        }
        unlikely();
        // SAFETY: invariant 3: a split block has a table of SUBS entries.
        unsafe { block.subs().unwrap_unchecked().add((address >> SUB_SHIFT) & (SUBS - 1)).as_ref() }
    }

    /// Returns the block that the object lies in, and its bit in the bitmaps of that block.
    #[inline]
    pub(crate) fn place<'a>(self) -> Place<'a> {
        let block = self.block();
        let (bitmaps, bit) = block.bitmaps_of(block.index(self));
        Place { block, bitmaps, bit }
    }

    pub(crate) fn info(self) -> &'static TypeInfo {
        self.block().info()
    }

    /// Returns the object's birth: its number among all allocations of the heap. An older object
    /// has a smaller number.
    pub(crate) fn birth(self) -> u64 {
        self.block().birth_base.get() + u64::from(self.header().birth.get())
    }

    /// Returns true if the object's alloc bit is set: it is fully built, and neither dying, emptied
    /// nor free.
    #[inline]
    pub(crate) fn is_alive(self) -> bool {
        let Place { bitmaps, bit, .. } = self.place();
        bitmaps.alloc.get() & bit != 0
    }

    /// Reports the edges of a living object, with their names.
    pub(crate) fn edges(self, sink: &mut dyn EdgeSink) {
        debug_assert!(self.is_alive());
        // SAFETY: invariant 10: the table is the one of the object's type.
        unsafe { (self.info().edges)(self, sink) }
    }

    /// Returns the bytes that the value of a living object owns outside of its slot.
    pub(crate) fn owned_bytes(self) -> usize {
        debug_assert!(self.is_alive());
        // SAFETY: invariant 10: the table is the one of the object's type.
        unsafe { (self.info().owned)(self) }
    }

    /// Releases the state that the callback of a living managed weak reference would be given.
    pub(crate) fn release_weak_state(self) {
        debug_assert!(self.is_alive());
        if let Some(weak) = &self.info().managed_weak {
            // SAFETY: invariant 10: the table is the one of the object's type.
            unsafe { (weak.release_state)(self) };
        }
    }

    /// Returns true if the object is alive and not condemned, so that user code may be given a
    /// pointer to it.
    pub(crate) fn is_open(self) -> bool {
        self.is_alive() && self.count().is_open()
    }
}
