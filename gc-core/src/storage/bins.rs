//! Bins: one for each type (and size class, for slices) with objects on the heap.

use crate::core::Core;
use crate::ground::boxed::{Shared, try_box};
use crate::object::raw::Object;
use crate::object::type_info::{Glue, TypeInfo};
use crate::storage::bin::Bin;
use crate::storage::block::{Block, BlockLink, flag};
use crate::storage::chunk::{BLOCK, Chunk, SUB, Wanted};
use crate::storage::layout::SlotLayout;
use core::any::TypeId;
use core::cell::{Cell, RefCell};
use core::ptr::NonNull;
use hashbrown::HashMap;

/// Types with slots larger than this start with a whole block at once.
const SUB_STRIDE: usize = 1024;

const CACHE: usize = 128;

/// Finds a type's current block by the address of one of its tables. The address
/// is a hint only: on a miss the bin is found by type.
#[derive(Default)]
struct CacheEntry {
    key: Cell<usize>,
    block: BlockLink,
}

pub(crate) struct Bins {
    cache: [CacheEntry; CACHE],
    by_type: RefCell<HashMap<(TypeId, u8), Shared<Bin>>>,
}

impl Bins {
    pub(crate) fn new() -> Bins {
        Bins {
            cache: [const { CacheEntry { key: Cell::new(0), block: Cell::new(None) } }; CACHE],
            by_type: RefCell::new(HashMap::new()),
        }
    }

    #[inline]
    fn entry(&self, key: usize) -> &CacheEntry {
        &self.cache[(key ^ key >> 7 ^ key >> 14) & (CACHE - 1)]
    }

    /// The next allocation of each type looks its block up anew (and folds it).
    pub(crate) fn flush(&self) {
        for entry in &self.cache {
            entry.key.set(0);
        }
    }
}

/// What the cache knows a type and size class by: tables are 128 bytes apart.
fn key_of(info: &'static TypeInfo, class: u8) -> usize {
    core::ptr::from_ref(info).addr() + class as usize
}

/// Marks the key of a type whose allocations must be charged: `take_cached_slot` does not find
/// it. (No table has an odd address, and size classes are fewer.)
const CHARGED: usize = 127;

/// The size class of a slice of this many bytes: its number (from 1) and size.
pub(crate) fn size_class(bytes: usize) -> (u8, usize) {
    if bytes <= 128 {
        let class = bytes.max(1).div_ceil(16);
        return (class as u8, class * 16);
    }
    let step = (bytes - 1).ilog2() as usize - 2;
    let size = bytes.next_multiple_of(1 << step);
    let quarter = (size >> step) - 4;
    ((8 + (step - 5) * 4 + quarter) as u8, size)
}

impl Core {
    /// Takes a slot for a value of the type, in the block where its objects are allocated
    /// at present, if that was looked up lately and nothing else is to be done.
    ///
    /// The table is handed in because a type can have several: the cache must be asked
    /// and filled with the same one.
    #[inline]
    pub(crate) fn take_cached_slot(&self, info: &'static TypeInfo) -> Option<(Object, &Block)> {
        let key = key_of(info, 0);
        let entry = self.bins.entry(key);
        if entry.key.get() != key || !self.births.is_free() {
            return None;
        }
        // SAFETY: invariant 2: an entry with a key has a block, and the cache is flushed
        // before one goes back.
        let block = unsafe { entry.block.get().unwrap_unchecked().as_ref() };
        Some((block.take_slot()?, block))
    }

    /// The same for a type whose allocations must be charged, once what is to be done is done.
    fn take_charged_slot(&self, info: &'static TypeInfo) -> Option<Object> {
        let key = key_of(info, 0) + CHARGED;
        let entry = self.bins.entry(key);
        if entry.key.get() != key {
            return None;
        }
        // SAFETY: invariant 2: as in `take_cached_slot`.
        unsafe { entry.block.get().unwrap_unchecked().as_ref() }.take_slot()
    }

    /// Takes a slot for a value of the type.
    pub(crate) fn take_slot(&self, info: &'static TypeInfo, size: usize, class: u8) -> Option<Object> {
        if class == 0
            && self.account.is_limited()
            && let Some(object) = self.take_charged_slot(info)
        {
            return Some(object);
        }
        let bin = self.bin(info, size, class)?;
        // SAFETY: invariant 9: bins live as long as their heap.
        let bin = unsafe { bin.as_ref() };
        if bin.is_large() {
            return self.take_large(bin);
        }
        loop {
            let block = bin.current_block().or_else(|| self.next_block(bin))?;
            if !self.births.is_in_range(block.birth_base.get()) {
                self.retire(bin, block);
                continue;
            }
            if let Some(object) = block.take_slot() {
                self.open_for_young(block);
                let is_charged = class == 0 && self.account.is_limited() && bin.class.glue >= Glue::Memory;
                let key = key_of(info, class) + if is_charged { CHARGED } else { 0 };
                let entry = self.bins.entry(key);
                entry.key.set(key);
                entry.block.set(Some(block.link()));
                return Some(object);
            }
            bin.leave_current();
        }
    }

    /// The block's births are used up: nothing is allocated in it until it is empty.
    #[cold]
    fn retire(&self, bin: &Bin, block: &Block) {
        bin.leave_current();
        block.set_flag(flag::RETIRED);
        self.bins.flush();
        self.settle_block(block);
    }

    /// The type's bin; its class is found on the first use. `None`: there is no memory.
    fn bin(&self, info: &'static TypeInfo, size: usize, class: u8) -> Option<NonNull<Bin>> {
        if let Some(bin) = self.bins.by_type.borrow().get(&(info.id, class)) {
            return Some(bin.link());
        }
        let bin = Bin::new(info, (info.classify)()?, size);
        let mut by_type = self.bins.by_type.borrow_mut();
        by_type.try_reserve(1).ok()?;
        let bin = Shared::new(try_box(bin).ok()?);
        let link = bin.link();
        by_type.insert((info.id, class), bin);
        Some(link)
    }

    /// A block with room becomes the bin's current one.
    fn next_block<'a>(&'a self, bin: &'a Bin) -> Option<&'a Block> {
        let block = match bin.pop_available() {
            Some(block) => block,
            None => self.new_block(bin)?,
        };
        if block.live() == 0 {
            block.birth_base.set(self.births.next());
        }
        bin.make_current(block);
        Some(block)
    }

    fn new_block(&self, bin: &Bin) -> Option<&Block> {
        let info = bin.info;
        if self.account.is_limited() {
            // As many objects as it will have: what others own may have grown meanwhile.
            self.look_at_owned(BLOCK / bin.stride());
        }
        let small = bin.blocks.get() == 0 && bin.stride() <= SUB_STRIDE;
        let plan = |bytes, colour| SlotLayout::plan(bytes, bin.size, info.align, info.prefix, colour);
        let (block, memory, layout) = if small && let Some(layout) = plan(SUB, 0) {
            let (block, memory) = self.memory.take_sub(self)?;
            (block, memory, layout)
        } else {
            let wanted = if bin.stride() <= SUB_STRIDE { Wanted::One } else { Wanted::Whole(1) };
            let (block, memory, bytes) = self.memory.take_blocks(self, wanted)?;
            let (index, _) = Chunk::place(memory.addr().get());
            (block, memory, plan(bytes, index * 5 % 16)?)
        };
        bin.blocks.set(bin.blocks.get() + 1);
        // SAFETY: invariant 4: the memory was just taken for this block, of the planned size.
        unsafe { block.format(memory.as_ptr(), layout, info, bin.class) };
        block.bin.set(Some(NonNull::from(bin)));
        block.epoch.set(self.epochs.now());
        self.begin_counts(block);
        Some(block)
    }

    /// A pass of an incremental collection may count in a block that comes after it began.
    fn begin_counts(&self, block: &Block) {
        if self.is_sliced.get() {
            block.clear_internal();
        }
    }

    /// A block for one large value.
    fn take_large(&self, bin: &Bin) -> Option<Object> {
        let info = bin.info;
        let bytes = bin.size.checked_add(info.prefix + 256)?.checked_add(info.align)?;
        let (block, memory, _) = self.memory.take_blocks(self, Wanted::Whole(bytes.div_ceil(BLOCK)))?;
        let layout = SlotLayout::plan(bytes, bin.size, info.align, info.prefix, 0)?;
        let layout = layout.single();
        // SAFETY: invariant 4: as in `new_block`.
        unsafe { block.format(memory.as_ptr(), layout, info, bin.class) };
        block.bin.set(Some(NonNull::from(bin)));
        block.epoch.set(self.epochs.now());
        block.birth_base.set(self.births.next());
        self.begin_counts(block);
        self.account.renew(0, block.slot_bytes());
        block.take_slot()
    }

    /// Frees a taken slot whose value is gone.
    pub(crate) fn free_slot(&self, object: Object) {
        let place = object.place();
        place.planes.forget(place.bit);
        self.free_unknown(place.block, object);
    }

    /// The same for a slot of which nothing is known. While a collection is open it is
    /// put aside: it must not be reused.
    #[inline(always)]
    pub(crate) fn free_unknown(&self, block: &Block, object: Object) {
        block.poison(object);
        if self.collecting.get() {
            return self.put_aside(object.place());
        }
        block.give_slot(object);
        let flags = block.flags();
        if flags & flag::TRACKED != 0 {
            self.births.count_death();
        }
        if flags & flag::CURRENT == 0 && (flags & flag::AVAILABLE == 0 || block.live() == 0) {
            self.settle_block(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_classes_grow_and_hold_what_they_are_for() {
        let mut last = (0, 0);
        for bytes in 1..70_000 {
            let (class, size) = size_class(bytes);
            assert!(size >= bytes && size <= bytes.max(16) * 5 / 4 + 16, "{bytes} -> {size}");
            assert!(
                (class, size) == last || (class == last.0 + 1 && size > last.1),
                "{bytes}: {class} {size} after {last:?}"
            );
            last = (class, size);
        }
        assert!(last.0 < 100);
    }
}
