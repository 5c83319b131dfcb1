//! Counts the bytes that a heap has taken and compares them with its limit: its own memory, memory
//! that its values own outside of their slots, and declared external bytes.

use crate::ground::restore::Restore;
use alloc::rc::Rc;
use core::cell::Cell;

/// The byte counts and the limit of one heap. The guards of external bytes share the account with
/// the heap, because they may outlive it.
#[derive(Clone)]
pub(crate) struct Account(Rc<Numbers>);

struct Numbers {
    /// External bytes: bytes outside of the heap that the program declared.
    external: Cell<usize>,
    /// External bytes that were declared, and bytes of large objects that were allocated, since the
    /// last full collection, less the bytes given back since then.
    fresh: Cell<usize>,
    /// Bytes that values own outside of their slots: the result of the last measurement, and the
    /// bytes of all values made since then.
    owned: Cell<usize>,
    /// Bytes of the heap's own memory.
    resident: Cell<usize>,
    /// The greatest sum of external, owned and resident bytes so far.
    peak: Cell<usize>,
    /// The limit, in bytes; `usize::MAX` if there is none.
    max: Cell<usize>,
    /// Bytes of the limit that only collections and hooks may use.
    reserve: Cell<usize>,
    /// True while a collection or hook may use the reserve.
    may_use_reserve: Cell<bool>,
}

/// The reserve is the limit divided by `RESERVE_PART`, but at least and at most the bounds of
/// `RESERVE`.
const RESERVE_PART: usize = 32;
/// The smallest and the largest reserve, in bytes.
const RESERVE: core::ops::RangeInclusive<usize> = (64 << 10)..=(1 << 20);

/// A full collection runs because of fresh bytes only if there are more of them than this.
const FRESH: usize = 1 << 20;

impl Account {
    pub(crate) fn new() -> Account {
        Account(Rc::new(Numbers {
            external: Cell::new(0),
            fresh: Cell::new(0),
            owned: Cell::new(0),
            resident: Cell::new(0),
            peak: Cell::new(0),
            max: Cell::new(usize::MAX),
            reserve: Cell::new(0),
            may_use_reserve: Cell::new(false),
        }))
    }

    pub(crate) fn max(&self) -> usize {
        self.0.max.get()
    }

    /// Returns the limit in bytes; `None` if there is none.
    pub(crate) fn limit(&self) -> Option<usize> {
        self.is_limited().then(|| self.max())
    }

    /// Returns true if there is a limit.
    pub(crate) fn is_limited(&self) -> bool {
        self.max() != usize::MAX
    }

    pub(crate) fn set_max(&self, max: usize) {
        self.0.max.set(max);
        self.0.reserve.set((max / RESERVE_PART).clamp(*RESERVE.start(), *RESERVE.end()));
    }

    /// Returns the bytes of the limit that only collections and hooks may use (see `open_reserve`).
    pub(crate) fn reserve(&self) -> usize {
        self.0.reserve.get()
    }

    pub(crate) fn external(&self) -> usize {
        self.0.external.get()
    }

    /// Returns the bytes that values own outside of their slots, as far as is known: the result of
    /// the last measurement, and the bytes of all values made since then.
    pub(crate) fn owned(&self) -> usize {
        self.0.owned.get()
    }

    pub(crate) fn set_owned(&self, bytes: usize) {
        self.0.owned.set(bytes);
        self.note_peak();
    }

    /// Returns all bytes that count against the limit: resident, external and owned ones.
    pub(crate) fn taken(&self) -> usize {
        self.resident().saturating_add(self.external()).saturating_add(self.owned())
    }

    /// Returns the bytes of the heap's own memory.
    pub(crate) fn resident(&self) -> usize {
        self.0.resident.get()
    }

    pub(crate) fn peak(&self) -> usize {
        self.0.peak.get()
    }

    /// Returns true if the limit allows `bytes` more bytes. The reserve may be used only while it
    /// is open.
    pub(crate) fn admits(&self, bytes: usize) -> bool {
        let kept = if self.0.may_use_reserve.get() { 0 } else { self.0.reserve.get() };
        let taken = self.taken().saturating_add(bytes);
        !self.is_limited() || taken <= self.max().saturating_sub(kept)
    }

    /// Returns true if `bytes` bytes would fit within the limit, without the reserve, in an empty
    /// heap.
    pub(crate) fn could_admit(&self, bytes: usize) -> bool {
        !self.is_limited() || bytes <= self.max() - self.0.reserve.get()
    }

    /// Opens the reserve until the returned guard is dropped.
    pub(crate) fn open_reserve(&self) -> Restore<'_, bool> {
        Restore::after(&self.0.may_use_reserve, true)
    }

    /// Counts `bytes` bytes of memory that the heap has taken.
    pub(crate) fn take(&self, bytes: usize) {
        self.0.resident.set(self.resident() + bytes);
        self.note_peak();
    }

    /// Counts `bytes` bytes of memory that the heap has given back to the system.
    pub(crate) fn give(&self, bytes: usize) {
        self.0.resident.set(self.resident() - bytes);
    }

    /// Updates the external bytes: a declaration of `from` bytes is replaced by one of `to` bytes.
    pub(crate) fn resize(&self, from: usize, to: usize) {
        let external = &self.0.external;
        external.set(external.get().saturating_sub(from).saturating_add(to));
        self.renew(from, to);
        self.note_peak();
    }

    /// Updates the count of fresh bytes (see the field `fresh`): `from` of them are replaced by
    /// `to`.
    pub(crate) fn renew(&self, from: usize, to: usize) {
        let fresh = &self.0.fresh;
        fresh.set(fresh.get().saturating_sub(from).saturating_add(to));
    }

    /// Returns true if the fresh bytes and `more` bytes together are enough for a full collection:
    /// more than `FRESH`, and more than half of all bytes taken.
    pub(crate) fn is_due(&self, more: usize) -> bool {
        let fresh = self.0.fresh.get().saturating_add(more);
        fresh > FRESH && fresh > self.taken() / 2
    }

    /// Resets the count of fresh bytes, after a full collection.
    pub(crate) fn forget_fresh(&self) {
        self.0.fresh.set(0);
    }

    fn note_peak(&self) {
        self.0.peak.set(self.peak().max(self.taken()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_for_those_that_open_it() {
        let account = Account::new();
        assert!(account.admits(usize::MAX));
        account.set_max(1 << 20);
        account.take(900 << 10);
        assert!(account.admits(60 << 10) && !account.admits(61 << 10));
        let open = account.open_reserve();
        assert!(account.admits(124 << 10) && !account.admits(125 << 10));
        drop(open);
        assert!(account.admits(60 << 10) && !account.admits(61 << 10));
        account.resize(0, 60 << 10);
        assert!(!account.admits(1) && account.could_admit(960 << 10) && !account.could_admit(1 << 20));
        account.give(100 << 10);
        assert_eq!((account.resident(), account.external(), account.peak()), (800 << 10, 60 << 10, 960 << 10));
    }

    #[test]
    fn external_bytes_are_a_reason_to_collect_when_they_are_half_of_all() {
        let account = Account::new();
        account.take(8 << 20);
        account.resize(0, 3 << 20);
        assert!(!account.is_due(1 << 20) && account.is_due(6 << 20));
        account.resize(0, 10 << 20);
        assert!(account.is_due(0));
        account.forget_fresh();
        assert!(!account.is_due(0));
    }
}
