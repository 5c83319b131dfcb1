//! The bytes that a heap has taken, and may take: its own memory, and bytes outside that its
//! objects stand for.

use crate::ground::restore::Restore;
use alloc::rc::Rc;
use core::cell::Cell;

/// The account of one heap. Guards of external bytes share it: they may outlive the heap.
#[derive(Clone)]
pub(crate) struct Account(Rc<Numbers>);

struct Numbers {
    /// Bytes outside of the heap that were declared.
    external: Cell<usize>,
    /// Bytes declared, and bytes of large objects, since the last full collection, less those given
    /// back.
    fresh: Cell<usize>,
    /// Bytes that values own outside of their slots, when that was measured last, and those of
    /// values that were made since.
    owned: Cell<usize>,
    /// Bytes of the heap's own memory.
    resident: Cell<usize>,
    /// The greatest sum of external, owned and resident bytes so far.
    peak: Cell<usize>,
    /// The limit.
    max: Cell<usize>,
    /// Bytes of the limit that only collections and hooks may use.
    reserve: Cell<usize>,
    /// True while a collection or hook may use the reserve.
    may_use_reserve: Cell<bool>,
}

/// The reserve is one part in `RESERVE_PART` of the limit, within the bounds of `RESERVE`.
const RESERVE_PART: usize = 32;
/// Bounds of the reserve, in bytes.
const RESERVE: core::ops::RangeInclusive<usize> = (64 << 10)..=(1 << 20);

/// Fewer fresh bytes than this are no reason to collect.
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

    /// The limit, if there is one.
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

    /// Bytes of the limit that are kept for those that open the reserve.
    pub(crate) fn reserve(&self) -> usize {
        self.0.reserve.get()
    }

    pub(crate) fn external(&self) -> usize {
        self.0.external.get()
    }

    /// Bytes that values owned when that was measured last, and those of values made since.
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

    /// Bytes of the heap's own memory.
    pub(crate) fn resident(&self) -> usize {
        self.0.resident.get()
    }

    pub(crate) fn peak(&self) -> usize {
        self.0.peak.get()
    }

    /// Returns true if `bytes` more bytes may be taken.
    pub(crate) fn admits(&self, bytes: usize) -> bool {
        let kept = if self.0.may_use_reserve.get() { 0 } else { self.0.reserve.get() };
        let taken = self.taken().saturating_add(bytes);
        !self.is_limited() || taken <= self.max().saturating_sub(kept)
    }

    /// Returns true if an empty heap could take `bytes` bytes.
    pub(crate) fn could_admit(&self, bytes: usize) -> bool {
        !self.is_limited() || bytes <= self.max() - self.0.reserve.get()
    }

    /// The reserve is open while the guard lives.
    pub(crate) fn open_reserve(&self) -> Restore<'_, bool> {
        Restore::after(&self.0.may_use_reserve, true)
    }

    /// The heap has taken memory.
    pub(crate) fn take(&self, bytes: usize) {
        self.0.resident.set(self.resident() + bytes);
        self.note_peak();
    }

    /// It has given some back.
    pub(crate) fn give(&self, bytes: usize) {
        self.0.resident.set(self.resident() - bytes);
    }

    /// Updates the external bytes: `from` of them became `to`.
    pub(crate) fn resize(&self, from: usize, to: usize) {
        let external = &self.0.external;
        external.set(external.get().saturating_sub(from).saturating_add(to));
        self.renew(from, to);
        self.note_peak();
    }

    /// Updates the counter of new bytes: `from` of them became `to`.
    pub(crate) fn renew(&self, from: usize, to: usize) {
        let fresh = &self.0.fresh;
        fresh.set(fresh.get().saturating_sub(from).saturating_add(to));
    }

    /// Returns true if the new bytes, and `more`, are a reason for a full collection.
    pub(crate) fn is_due(&self, more: usize) -> bool {
        let fresh = self.0.fresh.get().saturating_add(more);
        fresh > FRESH && fresh > self.taken() / 2
    }

    /// A full collection has run.
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
