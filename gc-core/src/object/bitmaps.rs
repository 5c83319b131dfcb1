//! The side bitmaps of a block, which hold eight bits for each slot.

use core::cell::Cell;
use core::ptr;

/// A group of eight bitmaps with one bit for each of 64 slots. The group fills a cache line.
///
/// ```text
///   alloc      the slot holds a built object that is neither dying nor emptied
///   low        \ with `alloc`: the bits of its generation's number (valid after
///   high       / `GenerationEpoch::catch_up`); without: what the slot is instead
///   mark       found reachable, or worked off (scratch of an open collection)
///   candidate  lost a pointer and lived: where trial deletion starts
///   set        member of the set that the open collection works on
///   finalized  PEP 442: the finalizer has run; Legacy: it was armed when last asked
///   weak       weak references point here
///
///   alloc  low  high
///     0     0     0   taken: being built, dying, waiting to die, or emptied; or on the
///                     block's list of free slots; or no slot, where the tables lie
///     0     0     1   fresh: free, and on no list
///     0     1     0   put aside: freed while a collection is open
///     1     0     0   generation 0
///     1     1     0   generation 1
///     1     0     1   generation 2
///     1     1     1   frozen
/// ```
#[repr(C, align(64))]
pub(crate) struct Bitmaps {
    pub(crate) alloc: Cell<u64>,
    pub(crate) generation_low: Cell<u64>,
    pub(crate) generation_high: Cell<u64>,
    pub(crate) mark: Cell<u64>,
    pub(crate) candidate: Cell<u64>,
    pub(crate) set: Cell<u64>,
    pub(crate) finalized: Cell<u64>,
    pub(crate) weak: Cell<u64>,
}

/// The bitmaps of the slots from `n * 64` on lie `n * 64` bytes behind the first bitmaps.
const _: () = assert!(size_of::<Bitmaps>() == 64);

/// Sets bits of a bitmap.
#[inline]
pub(crate) fn raise(bitmap: &Cell<u64>, bits: u64) {
    bitmap.set(bitmap.get() | bits);
}

/// Clears bits of a bitmap.
#[inline]
pub(crate) fn lower(bitmap: &Cell<u64>, bits: u64) {
    bitmap.set(bitmap.get() & !bits);
}

impl Bitmaps {
    /// Returns the living members of the set that the open collection works on.
    #[inline]
    pub(crate) fn members(&self) -> u64 {
        self.set.get() & self.alloc.get()
    }

    /// Returns the fresh slots: free ones that are not on the block's list of free slots.
    #[inline]
    pub(crate) fn fresh(&self) -> u64 {
        self.generation_high.get() & !self.alloc.get()
    }

    /// Returns the slots that were put aside, because they were freed while a collection is open.
    pub(crate) fn quarantined(&self) -> u64 {
        self.generation_low.get() & !self.alloc.get()
    }

    /// Clears the alloc bits and the generations of objects. The slots of the objects count as
    /// taken, and all other bits stay.
    #[inline]
    pub(crate) fn clear_alloc(&self, bits: u64) {
        lower(&self.alloc, bits);
        lower(&self.generation_low, bits);
        lower(&self.generation_high, bits);
    }

    /// Returns true if a bitmap other than `alloc` has one of these bits.
    #[inline(always)]
    pub(crate) fn has_metadata_of(&self, bits: u64) -> bool {
        // SAFETY: invariant 4: the struct is eight words in a row, as declared. The copy is
        // compared at once.
        let [_alloc, bitmaps @ ..] = unsafe { ptr::from_ref(self).cast::<[u64; 8]>().read() };
        bitmaps.iter().fold(0, |any, bitmap| any | bitmap) & bits != 0
    }

    /// Clears all bits of slots without a living object. The slots count as taken then.
    #[cold]
    pub(crate) fn forget(&self, bits: u64) {
        let bitmaps = [
            &self.mark,
            &self.candidate,
            &self.generation_low,
            &self.generation_high,
            &self.set,
            &self.finalized,
            &self.weak,
        ];
        bitmaps.iter().for_each(|bitmap| lower(bitmap, bits));
    }

    /// Clears all bits of slots without a living object, and makes the slots fresh.
    pub(crate) fn refresh(&self, bits: u64) {
        self.forget(bits);
        raise(&self.generation_high, bits);
    }
}

/// Returns the numbers of the bits that are set, lowest first.
#[inline]
pub(crate) fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    core::iter::from_fn(move || {
        if word == 0 {
            return None;
        }
        let bit = word.trailing_zeros();
        word &= word - 1;
        Some(bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_lowest_first() {
        assert_eq!(bits(0b1010_0001).collect::<alloc::vec::Vec<_>>(), [0, 5, 7]);
    }
}
