//! Records of collections, and the places in the source that allocate.

use crate::Heap;
use crate::release::user_code;
use crate::telemetry::allocation_sites::Site;
use crate::telemetry::hooks::HookId;
use crate::telemetry::records::CollectionRecord;
use crate::telemetry::stats::CollectionMetrics;
use alloc::vec::Vec;

impl Heap {
    /// Sets the hook that is called with the record of each collection after the collection has
    /// ended. Use the hook to write a log. While a hook is set, collections also count the types of
    /// the unreachable objects that they find.
    ///
    /// The hook may do anything. A collection that runs inside of the hook is recorded, but the
    /// hook is not called for it. A second hook replaces the first.
    ///
    /// ```
    /// let heap = gc_core::Heap::new();
    /// heap.on_record(|_, record| eprintln!("{record}"));
    /// heap.collect(); // [0.000s][info][gc] GC(0) Pause Full (Explicit) 0K->0K(2048K) 0.002ms
    /// ```
    pub fn on_record(&self, hook: impl Fn(&Heap, &CollectionRecord) + 'static) -> HookId {
        self.core().telemetry.stats.records.wants_types.set(true);
        let (id, old) = self.core().hooks.set_record(Heap::hook(hook));
        user_code::drop_hook(self.core(), old);
        id
    }

    /// Returns the figures of the last collections, at most 1,024, oldest first.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// heap.collect();
    /// assert_eq!(heap.records().len(), 1);
    /// ```
    pub fn records(&self) -> Vec<CollectionMetrics> {
        self.core().telemetry.stats.records.last()
    }

    /// Returns the bytes in use after each full collection on record, oldest first. A
    /// [diagnosis](crate::diagnosis::DiagnosisInput::in_use_after) of a dump judges growth by them.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// heap.collect();
    /// assert_eq!(heap.in_use_after_full_collections(), [0]);
    /// ```
    #[cfg(feature = "observe")]
    pub fn in_use_after_full_collections(&self) -> Vec<u64> {
        let records = self.records();
        let full = records.iter().filter(|record| record.generation == crate::Generation::Two);
        full.map(|record| record.used_after as u64).collect()
    }

    /// Switches the tracking of allocations on or off. While it is on, the heap notes the place in
    /// the program's source that each allocation comes from. Switching it on anew forgets the
    /// places that were noted before.
    ///
    /// Tracking takes a lookup for each allocation, and some 24 bytes for each living object. While
    /// it is switched off, it takes nothing.
    ///
    /// If a function that allocates for its callers is marked `#[track_caller]`, the place is in
    /// its caller.
    ///
    /// ```
    /// let heap = gc_core::Heap::new();
    /// heap.track_allocations(true);
    /// let held = heap.alloc(7u64);
    /// drop(heap.alloc(8u64));
    /// let sites = heap.allocation_sites();
    /// assert_eq!((sites.len(), sites[0].living_objects, sites[1].living_objects), (2, 1, 0));
    /// # drop(held);
    /// ```
    pub fn track_allocations(&self, is_on: bool) {
        let core = self.core();
        if is_on && !core.telemetry.allocation_sites.is_on.get() {
            core.telemetry.allocation_sites.forget();
        }
        core.telemetry.allocation_sites.is_on.set(is_on);
        core.storage.birth_clock.watch(is_on);
    }

    /// Returns the places that allocated while allocations were
    /// [tracked](Heap::track_allocations), in the order of their first allocation.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// heap.track_allocations(true);
    /// let _kept = [heap.alloc(1), heap.alloc(2)];
    /// let sites = heap.allocation_sites();
    /// assert_eq!((sites.len(), sites[0].living_objects), (2, 1));
    /// ```
    pub fn allocation_sites(&self) -> Vec<Site> {
        let core = self.core();
        core.telemetry.allocation_sites.all(&core.storage.memory)
    }
}
