//! The count word: every read and write of an object's count goes through here.
//!
//! ```text
//!  31   30                                          1   0
//! +----+---------------------------------------------+---+
//! | S  |                  count - 1                  | L |
//! +----+---------------------------------------------+---+
//!   S  slow: the word is not a plain count (see below)
//!   L  unbuffered: the next decrement makes the object a candidate
//!
//!  31 30 29        1 0
//!   0  c  c ...  c   L   a living object, count - 1 = bits 30..1
//!   1  1  x ...  x   x   immortal: the count saturated, it is never changed again
//!   1  0  c ...  c   1   condemned: count - 1 = bits 29..1 (unbuffered: the last decrement
//!                        borrows from bit 31 and must be looked at)
//!   1  0  1 ...  1   0   dying, half-built or emptied: count 0
//! ```
//!
//! A clone adds 2 and branches on the sign. A drop subtracts 2 and tests bits 31 and 0 at once: if
//! the count was 1, the subtraction underflows into bit 31, and if the object is unbuffered, bit 0
//! is set.

use core::cell::Cell;

const UNBUFFERED: u32 = 1;
const ONE: u32 = 2;
const SLOW: u32 = 1 << 31;
const IMMORTAL: u32 = 0b11 << 30;
const DYING: u32 = SLOW | (IMMORTAL ^ SLOW).wrapping_sub(ONE);
const CONDEMNED_COUNT: u32 = !IMMORTAL & !UNBUFFERED;

/// The count of one object: 32 bits that are not shared between threads.
#[repr(transparent)]
pub(crate) struct CountWord(Cell<u32>);

/// The result of a decrement that needs more than a subtraction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Decrement {
    /// The object lost its last pointer. Its word is now that of a dying object.
    Zero,
    /// A condemned or emptied object lost its last pointer. Its word is now that of a dying object.
    CondemnedZero,
    /// An unbuffered object lost a pointer, but not the last one. The object becomes a candidate,
    /// and is not unbuffered from now on.
    Candidate,
    /// The caller has nothing to do.
    Nothing,
}

impl CountWord {
    /// Returns the word of a new object with count 1.
    #[inline]
    pub(crate) fn of_new(unbuffered: bool) -> CountWord {
        CountWord(Cell::new(if unbuffered { UNBUFFERED } else { 0 }))
    }

    /// Sets the word to that of a new object with count 1.
    #[inline]
    pub(crate) fn start(&self, unbuffered: bool) {
        self.0.set(CountWord::of_new(unbuffered).0.into_inner());
    }

    /// Adds one. Returns true if the count saturates by this.
    #[inline]
    pub(crate) fn increment(&self) -> bool {
        let word = self.0.get().wrapping_add(ONE);
        self.0.set(word);
        (word as i32) < 0 && self.increment_slow()
    }

    #[cold]
    #[inline(never)]
    fn increment_slow(&self) -> bool {
        let before = self.0.get().wrapping_sub(ONE);
        if before & SLOW == 0 {
            self.0.set(IMMORTAL);
            return true;
        }
        if before & IMMORTAL == IMMORTAL {
            self.0.set(IMMORTAL);
        }
        false
    }

    /// Subtracts one. If the result is true, [`Self::classify`] must be called before anything
    /// else.
    #[inline]
    pub(crate) fn decrement(&self) -> bool {
        let word = self.0.get().wrapping_sub(ONE);
        self.0.set(word);
        word & (SLOW | UNBUFFERED) != 0
    }

    /// Corrects the word after a decrement that returned true, and returns the meaning of the
    /// decrement.
    #[inline]
    pub(crate) fn classify(&self) -> Decrement {
        let after = self.0.get();
        let before = after.wrapping_add(ONE);
        if before & !UNBUFFERED == 0 {
            self.0.set(DYING);
            return Decrement::Zero;
        }
        if before & SLOW == 0 {
            self.0.set(after & !UNBUFFERED);
            return Decrement::Candidate;
        }
        self.classify_slow(before)
    }

    #[cold]
    fn classify_slow(&self, before: u32) -> Decrement {
        if before & IMMORTAL == IMMORTAL {
            self.0.set(IMMORTAL);
            return Decrement::Nothing;
        }
        if before & CONDEMNED_COUNT == 0 {
            self.0.set(DYING);
            return Decrement::CondemnedZero;
        }
        Decrement::Nothing
    }

    /// Returns the count: 0 for a dying or half-built object, `u32::MAX` for an immortal one.
    #[inline]
    pub(crate) fn get(&self) -> u32 {
        let word = self.0.get();
        if word & SLOW == 0 {
            return (word >> 1) + 1;
        }
        match word {
            DYING => 0,
            w if w & IMMORTAL == IMMORTAL => u32::MAX,
            w => ((w & CONDEMNED_COUNT) >> 1) + 1,
        }
    }

    /// Returns true if the object is neither condemned, dying, emptied nor half-built, so that user
    /// code may have a pointer to it.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        let word = self.0.get();
        word & SLOW == 0 || word & IMMORTAL == IMMORTAL
    }

    /// Returns true if the count is saturated, so that the object is never freed.
    #[cfg(test)]
    pub(crate) fn is_immortal(&self) -> bool {
        self.0.get() & IMMORTAL == IMMORTAL
    }

    /// Sets the word to that of a half-built or dying object: its count is 0, and `upgrade` refuses
    /// it.
    #[inline]
    pub(crate) fn close(&self) {
        self.0.set(DYING);
    }

    /// Marks a living object as condemned. The count of the object is still updated.
    pub(crate) fn condemn(&self) {
        debug_assert!(self.0.get() & IMMORTAL == 0, "condemned an immortal or condemned object");
        self.0.set(self.0.get() | SLOW | UNBUFFERED);
    }

    /// Makes the object immortal, so that its count does not change before its slot is freed
    /// together with the rest of its set.
    pub(crate) fn pin(&self) {
        self.0.set(IMMORTAL);
    }

    /// Makes a living object unbuffered: the next decrement makes it a candidate again.
    #[inline]
    pub(crate) fn arm(&self) {
        let word = self.0.get();
        if word & (SLOW | UNBUFFERED) == 0 {
            self.0.set(word | UNBUFFERED);
        }
    }

    /// Sets the count to the greatest one that is not saturated, for tests of saturation.
    #[cfg(test)]
    pub(crate) fn set_nearly_saturated(&self) {
        self.0.set(SLOW - ONE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(unbuffered: bool) -> CountWord {
        let word = CountWord(Cell::new(0));
        word.start(unbuffered);
        word
    }

    #[test]
    fn counts_up_and_down_to_zero() {
        let word = word(false);
        assert!(!word.increment());
        assert_eq!(word.get(), 2);
        assert!(!word.decrement());
        assert_eq!(word.get(), 1);
        assert!(word.decrement());
        assert_eq!(word.classify(), Decrement::Zero);
        assert_eq!(word.get(), 0);
        assert!(!word.is_open());
    }

    #[test]
    fn a_loud_object_is_a_suspect_once() {
        let word = word(true);
        word.increment();
        word.increment();
        assert!(word.decrement());
        assert_eq!(word.classify(), Decrement::Candidate);
        assert_eq!(word.get(), 2);
        assert!(!word.decrement());
        assert!(word.decrement());
        assert_eq!(word.classify(), Decrement::Zero);
    }

    #[test]
    fn a_loud_object_with_one_pointer_dies() {
        let word = word(true);
        assert!(word.decrement());
        assert_eq!(word.classify(), Decrement::Zero);
    }

    #[test]
    fn overflow_saturates_and_stays() {
        let word = word(true);
        word.set_nearly_saturated();
        assert!(word.increment());
        assert!(word.is_immortal());
        assert!(word.is_open());
        for _ in 0..3 {
            assert!(word.decrement());
            assert_eq!(word.classify(), Decrement::Nothing);
            assert!(!word.increment());
        }
        assert_eq!(word.get(), u32::MAX);
    }

    #[test]
    fn a_condemned_object_keeps_its_count() {
        let word = word(false);
        word.increment();
        word.condemn();
        assert!(!word.is_open());
        assert_eq!(word.get(), 2);
        word.increment();
        assert_eq!(word.get(), 3);
        for _ in 0..2 {
            assert!(word.decrement());
            assert_eq!(word.classify(), Decrement::Nothing);
        }
        assert!(word.decrement());
        assert_eq!(word.classify(), Decrement::CondemnedZero);
        assert_eq!(word.get(), 0);
    }
}
