//! Generations, promoted lazily.
//!
//! A collection promotes every survivor, but touches none: it only counts up the
//! heap's epoch. A block learns what it missed when it is next looked at:
//!
//! * a collection of generation 1 or 2 since then: everything is in generation 2,
//! * else one of generation 0 since then: generation 0 became 1.
//!
//! Frozen objects (both planes set) stay frozen.

use crate::object::bitmaps::{Planes, lower, raise};
use crate::object::raw::Object;
use crate::object::type_info::Kind;
use crate::storage::block::{Block, flag};
use crate::storage::memory::Memory;
use core::cell::Cell;

/// What a block must know to catch up.
#[derive(Default)]
pub(crate) struct Epochs {
    now: Cell<u32>,
    /// Epoch that began with the last collection of generation 0.
    young: Cell<u32>,
    /// Epoch that began with the last collection of generation 1 or 2.
    old: Cell<u32>,
}

/// The generation number that stands for frozen objects.
pub(crate) const FROZEN: u8 = 3;

impl Epochs {
    /// Begins a new epoch: all objects of generations 0 to `oldest` are promoted.
    pub(crate) fn promote(&self, oldest: u8) {
        let now = self.now.get().wrapping_add(1);
        self.now.set(now);
        if oldest == 0 { self.young.set(now) } else { self.old.set(now) }
    }

    pub(crate) fn now(&self) -> u32 {
        self.now.get()
    }

    /// Could a block hold objects of generations 0 to `oldest`? Found without a look at its
    /// planes: nothing was born in it since it was last up to date (that would have
    /// brought it up to date), so all of it was promoted by what it missed.
    #[inline]
    pub(crate) fn may_hold(&self, block: &Block, oldest: u8) -> bool {
        let up_to_date = block.epoch.get() == self.now.get();
        up_to_date || oldest >= 2 || (oldest == 1 && !self.missed(&self.old, block))
    }

    /// Did this epoch begin after the block was last up to date?
    fn missed(&self, epoch: &Cell<u32>, block: &Block) -> bool {
        epoch.get().wrapping_sub(block.epoch.get()) as i32 > 0
    }

    /// Brings a block's planes up to date.
    #[inline]
    pub(crate) fn fold(&self, block: &Block) {
        if block.epoch.get() != self.now.get() {
            self.fold_slow(block);
        }
    }

    #[cold]
    fn fold_slow(&self, block: &Block) {
        let (old, young) = (self.missed(&self.old, block), self.missed(&self.young, block));
        block.epoch.set(self.now.get());
        if block.live() == 0 || block.has(flag::OLD) || !(old || young) {
            return;
        }
        let mut any = 0;
        for planes in block.groups() {
            let alive = planes.alloc.get();
            any |= alive;
            if old {
                // Not of generation 1 any more; frozen and taken ones stay what they are.
                lower(&planes.middle, alive & !planes.old.get());
                raise(&planes.old, alive);
            } else {
                raise(&planes.middle, alive & !planes.old.get());
            }
        }
        if any != 0 {
            block.set_flag(flag::PLANED | if old { flag::OLD } else { 0 });
        }
    }
}

impl Planes {
    /// The living objects of generations 0 to `oldest`, frozen ones never.
    #[inline]
    pub(crate) fn examined(&self, oldest: u8) -> u64 {
        let (middle, old) = (self.middle.get(), self.old.get());
        let excluded = match oldest {
            0 => middle | old,
            1 => old,
            _ => middle & old,
        };
        self.alloc.get() & !excluded
    }

    /// The living objects of one generation (3: frozen).
    pub(crate) fn generation(&self, generation: u8) -> u64 {
        let (middle, old) = (self.middle.get(), self.old.get());
        let members = match generation {
            0 => !middle & !old,
            1 => middle & !old,
            2 => old & !middle,
            _ => middle & old,
        };
        self.alloc.get() & members
    }

    fn set_generation(&self, bit: u64, generation: u8) {
        let set = |plane: &Cell<u64>, on: bool| if on { raise(plane, bit) } else { lower(plane, bit) };
        set(&self.middle, generation == 1 || generation == FROZEN);
        set(&self.old, generation >= 2);
    }
}

impl Epochs {
    /// Brings a block's planes up to date for an object of generation 0.
    pub(crate) fn open_for_young(&self, block: &Block) {
        self.fold(block);
        block.clear_flag(flag::OLD);
    }

    /// The generation of a living object (3: frozen).
    pub(crate) fn generation_of(&self, object: Object) -> u8 {
        let block = object.block();
        self.fold(block);
        let (planes, bit) = block.planes_of(block.index(object));
        (0..FROZEN).find(|&g| planes.generation(g) & bit != 0).unwrap_or(FROZEN)
    }

    /// Tracked objects in generations 0, 1, 2 and frozen.
    pub(crate) fn sizes(&self, memory: &Memory) -> [usize; 4] {
        let mut sizes = [0; 4];
        memory.each_block(&mut |block| {
            if block.is_tracked() {
                self.fold(block);
                for planes in block.groups() {
                    for (generation, size) in (0..).zip(&mut sizes) {
                        *size += planes.generation(generation).count_ones() as usize;
                    }
                }
            }
        });
        sizes
    }

    /// Freezes every tracked or passed-through object: it is examined no more.
    pub(crate) fn freeze(&self, memory: &Memory) {
        self.each_examinable(memory, |planes| {
            raise(&planes.middle, planes.alloc.get());
            raise(&planes.old, planes.alloc.get());
        });
    }

    /// Moves what is frozen to generation 2.
    pub(crate) fn unfreeze(&self, memory: &Memory) {
        self.each_examinable(memory, |planes| lower(&planes.middle, planes.alloc.get() & planes.old.get()));
    }

    fn each_examinable(&self, memory: &Memory, f: impl Fn(&Planes)) {
        memory.each_block(&mut |block| {
            if block.kind.get() != Kind::Leaf {
                self.fold(block);
                block.set_flag(flag::PLANED);
                block.groups().iter().for_each(&f);
            }
        });
    }

    /// Moves an object to a generation.
    pub(crate) fn set_generation(&self, object: Object, generation: u8) {
        let block = object.block();
        self.open_for_young(block);
        block.set_flag(flag::PLANED);
        let (planes, bit) = block.planes_of(block.index(object));
        planes.set_generation(bit, generation);
    }
}
