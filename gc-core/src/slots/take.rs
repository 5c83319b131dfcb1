//! Takes slots for new values, from the current block of the type or from a new block.

use crate::core::Core;
use crate::object::bitmaps::{lower, raise};
use crate::object::raw::{Header, Object};
use crate::object::type_info::{DropEffect, TypeInfo};
use crate::storage::bin::Bin;
use crate::storage::bins::{CHARGED, key_of};
use crate::storage::block::{Block, flag};
use crate::storage::chunk::{BLOCK, Chunk, SUB, Wanted};
use crate::storage::layout::SlotLayout;
use core::ptr::NonNull;

/// A type with slots larger than this many bytes gets a whole block as its first one, not a
/// sub-block.
const SUB_STRIDE: usize = 1024;

impl Core {
    /// Takes a slot from the current block of the type. Returns `None` if the block is not in the
    /// cache, the block has no free slot, or this allocation must take the slow path.
    ///
    /// The table is a parameter because a type can have several tables: the cache must be read and
    /// filled for the same one.
    #[inline]
    pub(crate) fn take_cached_slot(&self, info: &'static TypeInfo) -> Option<(Object, &Block)> {
        let key = key_of(info, 0);
        let entry = self.storage.bins.entry(key);
        if entry.key.get() != key || !self.storage.birth_clock.is_free() {
            return None;
        }
        // SAFETY: invariant 2: an entry with a key has a block, and the cache is flushed
        // before one goes back.
        let block = unsafe { entry.block.get().unwrap_unchecked().as_ref() };
        Some((block.take_slot()?, block))
    }

    /// Takes a slot from the cached current block of a type whose allocations are charged to the
    /// limit. The caller has charged the account already. Returns `None` if the block is not in the
    /// cache or has no free slot.
    fn take_charged_slot(&self, info: &'static TypeInfo) -> Option<Object> {
        let key = key_of(info, 0) + CHARGED;
        let entry = self.storage.bins.entry(key);
        if entry.key.get() != key {
            return None;
        }
        // SAFETY: invariant 2: as in `take_cached_slot`.
        unsafe { entry.block.get().unwrap_unchecked().as_ref() }.take_slot()
    }

    /// Takes a slot for a value of the type: from the current block of its bin, another block with
    /// free slots, or a new block. Returns `None` if there is no memory.
    pub(crate) fn take_slot(&self, info: &'static TypeInfo, size: usize, class: u8) -> Option<Object> {
        if class == 0
            && self.storage.account.is_limited()
            && let Some(object) = self.take_charged_slot(info)
        {
            return Some(object);
        }
        let bin = self.storage.bins.bin(info, size, class)?;
        // SAFETY: invariant 9: bins live as long as their heap.
        let bin = unsafe { bin.as_ref() };
        if bin.is_large() {
            return self.take_large(bin);
        }
        loop {
            let block = bin.current_block().or_else(|| self.next_block(bin))?;
            if !self.storage.birth_clock.is_in_range(block.birth_base.get()) {
                self.mark_full(bin, block);
                continue;
            }
            if let Some(object) = block.take_slot() {
                self.state.epoch.open_for_young(block);
                let is_charged =
                    class == 0 && self.storage.account.is_limited() && bin.class.drop_effect >= DropEffect::Memory;
                let key = key_of(info, class) + if is_charged { CHARGED } else { 0 };
                let entry = self.storage.bins.entry(key);
                entry.key.set(key);
                entry.block.set(Some(block.link()));
                return Some(object);
            }
            bin.leave_current();
        }
    }

    /// Marks a current block as full, because the next birth is too far from its `birth_base`.
    /// Nothing is allocated in it until it is empty.
    #[cold]
    fn mark_full(&self, bin: &Bin, block: &Block) {
        bin.leave_current();
        block.set_flag(flag::FULL);
        self.storage.bins.flush();
        self.relist_block(block);
    }

    /// Makes a block with free slots, or a new block, the current one of the bin. Returns `None` if
    /// there is no memory.
    fn next_block<'a>(&'a self, bin: &'a Bin) -> Option<&'a Block> {
        let block = match bin.pop_available() {
            Some(block) => block,
            None => self.new_block(bin)?,
        };
        if block.live() == 0 {
            block.birth_base.set(self.storage.birth_clock.next());
        }
        bin.make_current(block);
        Some(block)
    }

    fn new_block(&self, bin: &Bin) -> Option<&Block> {
        let info = bin.info;
        if self.storage.account.is_limited() {
            // Measures about as many objects as the new block has slots, because other values may
            // own more bytes by now.
            self.storage.owned_look.go_on(&self.storage.memory, &self.storage.account, BLOCK / bin.stride());
        }
        let small = bin.blocks.get() == 0 && bin.stride() <= SUB_STRIDE;
        let plan = |bytes, colour| SlotLayout::plan(bytes, bin.size, info.align, info.prefix, colour);
        let (block, memory, layout) = if small && let Some(layout) = plan(SUB, 0) {
            let (block, memory) = self.storage.memory.take_sub()?;
            (block, memory, layout)
        } else {
            let wanted = if bin.stride() <= SUB_STRIDE { Wanted::One } else { Wanted::Whole(1) };
            let (block, memory, bytes) = self.storage.memory.take_blocks(wanted)?;
            let (index, _) = Chunk::place(memory.addr().get());
            (block, memory, plan(bytes, index * 5 % 16)?)
        };
        bin.blocks.set(bin.blocks.get() + 1);
        // SAFETY: invariant 4: the memory was just taken for this block, of the planned size.
        unsafe { block.format(memory.as_ptr(), layout, info, bin.class) };
        block.bin.set(Some(NonNull::from(bin)));
        block.epoch.set(self.state.epoch.now());
        self.begin_counts(block);
        Some(block)
    }

    /// Zeroes the internal counts of a new block if an incremental collection is open, because its
    /// passes may count there.
    fn begin_counts(&self, block: &Block) {
        if self.state.is_cycle_open.get() {
            block.clear_internal();
        }
    }

    /// Takes the slot of a new block that holds one large value. Returns `None` if there is no
    /// memory.
    fn take_large(&self, bin: &Bin) -> Option<Object> {
        let info = bin.info;
        let bytes = bin.size.checked_add(info.prefix + 256)?.checked_add(info.align)?;
        let (block, memory, _) = self.storage.memory.take_blocks(Wanted::Whole(bytes.div_ceil(BLOCK)))?;
        let layout = SlotLayout::plan(bytes, bin.size, info.align, info.prefix, 0)?;
        let layout = layout.single();
        // SAFETY: invariant 4: as in `new_block`.
        unsafe { block.format(memory.as_ptr(), layout, info, bin.class) };
        block.bin.set(Some(NonNull::from(bin)));
        block.epoch.set(self.state.epoch.now());
        block.birth_base.set(self.storage.birth_clock.next());
        self.begin_counts(block);
        self.storage.account.renew(0, block.slot_bytes());
        block.take_slot()
    }

    /// Counts the birth of an object, and writes its header, with a count of 1.
    #[inline]
    pub(crate) fn be_born(&self, object: Object, block: &Block) {
        let tracked = block.is_tracked();
        let birth = self.storage.birth_clock.count(tracked);
        debug_assert!(birth - block.birth_base.get() <= u64::from(u32::MAX));
        object.write_header(Header::of_new((birth - block.birth_base.get()) as u32, tracked));
    }

    /// Sets the alloc bit of an object at count zero again, and puts it into generation 0, so that
    /// its finalizer runs on a living object.
    pub(crate) fn resurrect(&self, object: Object) {
        let block = object.block();
        self.state.epoch.open_for_young(block);
        let (bitmaps, bit) = block.bitmaps_of(block.index(object));
        for bitmap in [&bitmaps.set, &bitmaps.mark] {
            lower(bitmap, bit);
        }
        raise(&bitmaps.alloc, bit);
    }
}
