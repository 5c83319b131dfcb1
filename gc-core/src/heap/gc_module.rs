//! What Python's `gc` module offers, by the same names where Rust has room for them.

use super::{DebugFlags, Generation, Heap};
use crate::any::GcAny;
use crate::observe::{self, Edge};
use crate::space::hooks::{CallbackId, CollectionInfo, Phase, Unraisable};
use crate::space::schedule::GenerationStats;
use crate::{collect, space};
use alloc::rc::Rc;
use alloc::vec::Vec;

impl Heap {
    /// Collects everything: `gc.collect()`. Returns how many tracked objects were
    /// unreachable: reclaimed, or found uncollectable. 0 when called from within a
    /// collection.
    ///
    /// Also counted, as Python does: managed weak references that died of their own
    /// callback. Not counted: objects that a finalizer resurrected or freed.
    pub fn collect(&self) -> usize {
        self.collect_generation(Generation::Two)
    }

    /// Collects this generation and the younger ones: `gc.collect(generation)`.
    pub fn collect_generation(&self, generation: Generation) -> usize {
        collect::collect(self.core(), generation.number())
    }

    /// Switches automatic collection on.
    pub fn enable(&self) {
        self.core().schedule.enabled.set(true);
        self.reset_trigger();
    }

    /// Switches automatic collection off; explicit ones work still.
    pub fn disable(&self) {
        self.core().schedule.enabled.set(false);
        self.reset_trigger();
    }

    /// Is automatic collection on?
    pub fn is_enabled(&self) -> bool {
        self.core().schedule.enabled.get()
    }

    /// No collection starts by itself while the guard lives.
    ///
    /// ```
    /// let heap = gc_core::Heap::builder().thresholds([1, 1, 1]).build()?;
    /// {
    ///     let _pause = heap.pause();
    ///     // Whatever is allocated here, no finalizer runs by a collection.
    /// }
    /// # Ok::<(), gc_core::BuildError>(())
    /// ```
    pub fn pause(&self) -> Pause {
        let pauses = &self.core().schedule.pauses;
        pauses.set(pauses.get() + 1);
        self.reset_trigger();
        Pause(self.clone())
    }

    /// When collections start by themselves: see [`set_thresholds`](Heap::set_thresholds).
    pub fn thresholds(&self) -> [u32; 3] {
        self.core().schedule.thresholds()
    }

    /// An allocation collects generation 0 when the tracked objects allocated, less
    /// those freed, since the last collection are more than the first number;
    /// generation 1 when generation 0 was collected more often than the second;
    /// generation 2 when generation 1 was collected more often than the third, and
    /// there are a quarter more objects than survived the last one. A first number of 0
    /// switches automatic collection off.
    ///
    /// Until a program sets them, the thresholds are CPython's `[700, 10, 10]` and adapt
    /// to what automatic collections find: where they free next to nothing (less than one
    /// young object in 16) the first number is doubled, up to 128 times and a 16th of the
    /// objects that survived the last full collection; where they free one in 4, it is
    /// halved again. A collection that waited for twice as many objects counts twice. Bytes
    /// count, too: a full collection comes when those of large objects (more than 16 KiB) and
    /// [external ones](Heap::external_bytes) that are new since the last one are more than
    /// half of all, and more than 1 MiB.
    pub fn set_thresholds(&self, thresholds: [u32; 3]) {
        self.core().schedule.set_thresholds(thresholds);
        self.reset_trigger();
    }

    /// What the thresholds are compared with.
    pub fn counts(&self) -> [u32; 3] {
        let [one, two] = self.core().schedule.counts.get();
        [self.core().births.young(), one, two]
    }

    /// What the collections of each generation did so far.
    pub fn stats(&self) -> [GenerationStats; 3] {
        self.core().schedule.stats.get()
    }

    /// What collections log and keep.
    pub fn debug(&self) -> DebugFlags {
        DebugFlags::from_bits(self.core().schedule.debug.get())
    }

    /// Sets what collections log and keep.
    pub fn set_debug(&self, flags: DebugFlags) {
        self.core().schedule.debug.set(flags.bits());
    }

    /// Where debug lines go; nowhere by default. A line has no line feed.
    pub fn set_log(&self, sink: impl Fn(&str) + 'static) {
        drop(self.core().hooks.set_log(Rc::new(sink)));
    }

    /// What is told of panics in finalizers, callbacks and hooks, and of other
    /// events that have no caller to go to. Without a hook they are printed to
    /// stderr, as Python's "Exception ignored in".
    pub fn on_unraisable(&self, hook: impl Fn(&Unraisable) + 'static) {
        drop(self.core().hooks.set_unraisable(Rc::new(hook)));
    }

    /// Adds a callback for the start and the stop of every collection:
    /// `gc.callbacks`.
    pub fn add_callback(&self, callback: impl Fn(Phase, &CollectionInfo) + 'static) -> CallbackId {
        self.core().hooks.add_callback(Rc::new(callback))
    }

    /// Removes a callback. `false` when it is not there any more.
    pub fn remove_callback(&self, id: CallbackId) -> bool {
        self.core().hooks.remove_callback(id).is_some()
    }

    /// The tracked objects of a generation, or all: `gc.get_objects`. In no
    /// particular order; frozen ones only in all.
    pub fn objects(&self, generation: Option<Generation>) -> Vec<GcAny> {
        let objects = observe::objects(self.core(), generation.map(Generation::number));
        objects.into_iter().map(GcAny::another).collect()
    }

    /// The objects that point to any of `targets`: `gc.get_referrers`. Looks at
    /// every object.
    pub fn referrers(&self, targets: &[&GcAny]) -> Vec<GcAny> {
        let targets: Vec<space::object::Object> = targets.iter().map(|target| target.object()).collect();
        observe::referrers(self.core(), &targets).into_iter().map(GcAny::another).collect()
    }

    /// The objects that `object` points to, as often as it does: `gc.get_referents`.
    pub fn referents(&self, object: &GcAny) -> Vec<GcAny> {
        object.referents()
    }

    /// The edges of an object with their names: `next`, `children[3]`, `["key"]`.
    pub fn edges(&self, object: &GcAny) -> Vec<Edge> {
        let edges = observe::edges(object.object()).into_iter();
        edges.map(|edge| Edge { name: edge.name, target: GcAny::another(edge.target) }).collect()
    }

    /// Is the object's type tracked? `gc.is_tracked`.
    pub fn is_tracked(&self, object: &GcAny) -> bool {
        object.is_tracked()
    }

    /// Has its PEP 442 finalizer run? `gc.is_finalized`.
    pub fn is_finalized(&self, object: &GcAny) -> bool {
        object.is_finalized()
    }

    /// Moves all objects to a permanent set that collections ignore: `gc.freeze`.
    pub fn freeze(&self) {
        collect::incremental::cancel(self.core());
        self.core().freeze();
    }

    /// Moves what is frozen to generation 2: `gc.unfreeze`.
    pub fn unfreeze(&self) {
        collect::incremental::cancel(self.core());
        self.core().unfreeze();
    }

    /// Tracked objects in the permanent set: `gc.get_freeze_count`.
    pub fn freeze_count(&self) -> usize {
        self.core().generation_sizes()[3]
    }

    /// Tests only: always the linear pass (`true`), always trial deletion (`false`).
    #[doc(hidden)]
    pub fn force_detector(&self, linear: Option<bool>) {
        let schedule = &self.core().schedule;
        schedule.always_linear.set(linear == Some(true));
        schedule.never_linear.set(linear == Some(false));
    }

    pub(super) fn reset_trigger(&self) {
        let core = self.core();
        core.births.set_trigger(collect::trigger(core));
    }
}

/// Keeps collections from starting by themselves; see [`Heap::pause`].
#[derive(Debug)]
pub struct Pause(Heap);

impl Drop for Pause {
    fn drop(&mut self) {
        let pauses = &self.0.core().schedule.pauses;
        pauses.set(pauses.get() - 1);
        self.0.reset_trigger();
    }
}
