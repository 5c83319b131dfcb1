//! The side tables that hold bits.

use core::cell::Cell;
use core::ptr;

/// One bit a slot in each of eight planes; the planes of 64 slots fill a cache line.
///
/// ```text
///   alloc      the slot holds a built object that is neither dying nor emptied
///   mark       found reachable, or worked off (scratch of an open collection)
///   candidate  lost a pointer and lived: where trial deletion starts
///   middle     generation 1 \  neither: generation 0,
///   old        generation 2 /  both: frozen (valid after `generations::fold`)
///   set        member of the set that the open collection works on
///   finalized  the PEP 442 finalizer has run
///   weak       weak references point here
/// ```
#[repr(C, align(64))]
pub(crate) struct Planes {
    pub(crate) alloc: Cell<u64>,
    pub(crate) mark: Cell<u64>,
    pub(crate) candidate: Cell<u64>,
    pub(crate) middle: Cell<u64>,
    pub(crate) old: Cell<u64>,
    pub(crate) set: Cell<u64>,
    pub(crate) finalized: Cell<u64>,
    pub(crate) weak: Cell<u64>,
}

/// Sets bits of a plane.
#[inline]
pub(crate) fn raise(plane: &Cell<u64>, bits: u64) {
    plane.set(plane.get() | bits);
}

/// Clears bits of a plane.
#[inline]
pub(crate) fn lower(plane: &Cell<u64>, bits: u64) {
    plane.set(plane.get() & !bits);
}

impl Planes {
    /// The living members of the set that the open collection works on.
    #[inline]
    pub(crate) fn members(&self) -> u64 {
        self.set.get() & self.alloc.get()
    }

    /// Forgets everything about the slots of `bits` but the alloc bit.
    #[inline(always)]
    pub(crate) fn forget(&self, bits: u64) {
        // SAFETY: invariant 4: eight words in a row, as declared; copied to be compared at once.
        let [_alloc, planes @ ..] = unsafe { ptr::from_ref(self).cast::<[u64; 8]>().read() };
        if planes.iter().fold(0, |any, plane| any | plane) & bits != 0 {
            self.forget_all(bits);
        }
    }

    #[cold]
    fn forget_all(&self, bits: u64) {
        let planes = [&self.mark, &self.candidate, &self.middle, &self.old, &self.set, &self.finalized, &self.weak];
        planes.iter().for_each(|plane| lower(plane, bits));
    }
}

/// The numbers of the bits that are set, lowest first.
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
