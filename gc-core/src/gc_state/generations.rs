//! The generations of objects, promoted lazily.
//!
//! A collection promotes every survivor, but writes to none of them: it only increments the epoch
//! of the heap. A block catches up when it is next looked at:
//!
//! * If a collection of generation 1 or 2 has run since the block was last up to date, all objects
//!   of the block move to generation 2.
//! * If only collections of generation 0 have run since the block was last up to date, the objects
//!   of generation 0 move to generation 1.
//!
//! Frozen objects (both bitmaps set) stay frozen.

use crate::object::bitmaps::{Bitmaps, lower, raise};
use crate::object::raw::Object;
use crate::object::type_info::Kind;
use crate::storage::block::{Block, flag};
use crate::storage::memory::Memory;
use core::cell::Cell;

/// The epochs of the heap. A block is brought up to date by comparing its own epoch with them.
#[derive(Default)]
pub(crate) struct GenerationEpoch {
    now: Cell<u32>,
    /// Epoch that began with the last collection of generation 0.
    young: Cell<u32>,
    /// Epoch that began with the last collection of generation 1 or 2.
    old: Cell<u32>,
}

/// The generation number that stands for frozen objects.
pub(crate) const FROZEN: u8 = 3;

impl GenerationEpoch {
    /// Begins a new epoch: all objects of generations 0 to `oldest` are promoted.
    pub(crate) fn promote(&self, oldest: u8) {
        let now = self.now.get().wrapping_add(1);
        self.now.set(now);
        if oldest == 0 { self.young.set(now) } else { self.old.set(now) }
    }

    pub(crate) fn now(&self) -> u32 {
        self.now.get()
    }

    /// Returns false if the block holds no objects of generations 0 to `oldest`. Does not read the
    /// bitmaps of the block: an allocation brings a block up to date, so the collections since then
    /// have promoted all objects of a block that is out of date.
    #[inline]
    pub(crate) fn may_hold(&self, block: &Block, oldest: u8) -> bool {
        let up_to_date = block.epoch.get() == self.now.get();
        up_to_date || oldest >= 2 || (oldest == 1 && !self.missed(&self.old, block))
    }

    /// Returns true if the epoch began after the block was last up to date.
    fn missed(&self, epoch: &Cell<u32>, block: &Block) -> bool {
        epoch.get().wrapping_sub(block.epoch.get()) as i32 > 0
    }

    /// Brings a block's bitmaps up to date.
    #[inline]
    pub(crate) fn catch_up(&self, block: &Block) {
        if block.epoch.get() != self.now.get() {
            self.catch_up_slow(block);
        }
    }

    #[cold]
    fn catch_up_slow(&self, block: &Block) {
        let (old, young) = (self.missed(&self.old, block), self.missed(&self.young, block));
        block.epoch.set(self.now.get());
        if block.live() == 0 || block.has(flag::OLD) || !(old || young) {
            return;
        }
        let mut any = 0;
        for bitmaps in block.groups() {
            let alive = bitmaps.alloc.get();
            any |= alive;
            if old {
                // Objects leave generation 1. Frozen objects and taken slots keep their bits.
                lower(&bitmaps.generation_low, alive & !bitmaps.generation_high.get());
                raise(&bitmaps.generation_high, alive);
            } else {
                raise(&bitmaps.generation_low, alive & !bitmaps.generation_high.get());
            }
        }
        if any != 0 {
            block.set_flag(flag::HAS_METADATA | if old { flag::OLD } else { 0 });
        }
    }
}

impl Bitmaps {
    /// Returns the bits of the living objects of generations 0 to `oldest`, without frozen objects.
    #[inline]
    pub(crate) fn examined(&self, oldest: u8) -> u64 {
        let (low, high) = (self.generation_low.get(), self.generation_high.get());
        let excluded = match oldest {
            0 => low | high,
            1 => high,
            _ => low & high,
        };
        self.alloc.get() & !excluded
    }

    /// Returns the bits of the living objects of one generation (3: of the frozen objects).
    pub(crate) fn generation(&self, generation: u8) -> u64 {
        let (low, high) = (self.generation_low.get(), self.generation_high.get());
        let members = match generation {
            0 => !low & !high,
            1 => low & !high,
            2 => high & !low,
            _ => low & high,
        };
        self.alloc.get() & members
    }

    fn set_generation(&self, bit: u64, generation: u8) {
        let set = |bitmap: &Cell<u64>, on: bool| if on { raise(bitmap, bit) } else { lower(bitmap, bit) };
        set(&self.generation_low, generation == 1 || generation == FROZEN);
        set(&self.generation_high, generation >= 2);
    }
}

impl GenerationEpoch {
    /// Brings the bitmaps of a block up to date, so that it can hold an object of generation 0.
    pub(crate) fn open_for_young(&self, block: &Block) {
        self.catch_up(block);
        block.clear_flag(flag::OLD);
    }

    /// Returns the generation of a living object (3: frozen).
    pub(crate) fn generation_of(&self, object: Object) -> u8 {
        let block = object.block();
        self.catch_up(block);
        let (bitmaps, bit) = block.bitmaps_of(block.index(object));
        (0..FROZEN).find(|&g| bitmaps.generation(g) & bit != 0).unwrap_or(FROZEN)
    }

    /// Returns the numbers of tracked objects in generations 0, 1 and 2, and of frozen objects.
    pub(crate) fn sizes(&self, memory: &Memory) -> [usize; 4] {
        let mut sizes = [0; 4];
        memory.each_block(&mut |block| {
            if block.is_tracked() {
                self.catch_up(block);
                for bitmaps in block.groups() {
                    for (generation, size) in (0..).zip(&mut sizes) {
                        *size += bitmaps.generation(generation).count_ones() as usize;
                    }
                }
            }
        });
        sizes
    }

    /// Freezes all living objects of examined types. Collections do not examine frozen objects.
    pub(crate) fn freeze(&self, memory: &Memory) {
        self.each_examinable(memory, |bitmaps| {
            raise(&bitmaps.generation_low, bitmaps.alloc.get());
            raise(&bitmaps.generation_high, bitmaps.alloc.get());
        });
    }

    /// Moves all frozen objects to generation 2.
    pub(crate) fn unfreeze(&self, memory: &Memory) {
        self.each_examinable(memory, |bitmaps| {
            lower(&bitmaps.generation_low, bitmaps.alloc.get() & bitmaps.generation_high.get())
        });
    }

    fn each_examinable(&self, memory: &Memory, f: impl Fn(&Bitmaps)) {
        memory.each_block(&mut |block| {
            if block.kind.get() != Kind::Leaf {
                self.catch_up(block);
                block.set_flag(flag::HAS_METADATA);
                block.groups().iter().for_each(&f);
            }
        });
    }

    /// Moves an object to a generation.
    pub(crate) fn set_generation(&self, object: Object, generation: u8) {
        let block = object.block();
        self.open_for_young(block);
        block.set_flag(flag::HAS_METADATA);
        let (bitmaps, bit) = block.bitmaps_of(block.index(object));
        bitmaps.set_generation(bit, generation);
    }
}
