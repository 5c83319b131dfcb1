//! The functions of Python's `gc` module, with Python's names as far as Rust allows them.

use super::{DebugFlags, Generation, Heap};
use crate::collect;
use crate::gc_state::schedule::{Detector, GenerationStats};
use crate::release::user_code;
use crate::telemetry::hooks::{CollectionInfo, HookId, Phase, Unraisable};
use alloc::rc::Rc;

impl Heap {
    /// Runs a full collection: `gc.collect()`. Returns the number of tracked objects that were
    /// reclaimed or found uncollectable, or 0 if it is called from within a collection.
    ///
    /// As in Python, the number includes managed weak references that died because a callback
    /// dropped the last pointer to them. The number does not include objects that a finalizer
    /// resurrected or freed.
    ///
    /// ```
    /// # use gc_core::{Gc, GcAny, Heap, Slot, Trace};
    /// # #[derive(Trace)]
    /// # struct Node { next: Slot<Node> }
    /// # fn node(heap: &Heap) -> Gc<Node> {
    /// #     heap.alloc(Node { next: Slot::empty() })
    /// # }
    /// # fn garbage(heap: &Heap) {
    /// #     let node = node(heap);
    /// #     node.next.set(Some(node.clone()));
    /// # }
    /// # let heap = Heap::new();
    /// garbage(&heap); // an object that points to itself
    /// assert_eq!((heap.collect(), heap.collect()), (1, 0));
    /// ```
    pub fn collect(&self) -> usize {
        self.collect_generation(Generation::Two)
    }

    /// Collects a generation and the younger ones: `gc.collect(generation)`. Returns a number as
    /// [`collect`](Heap::collect) does.
    ///
    /// ```
    /// # use gc_core::{Gc, GcAny, Heap, Slot, Trace};
    /// # #[derive(Trace)]
    /// # struct Node { next: Slot<Node> }
    /// # fn node(heap: &Heap) -> Gc<Node> {
    /// #     heap.alloc(Node { next: Slot::empty() })
    /// # }
    /// # fn garbage(heap: &Heap) {
    /// #     let node = node(heap);
    /// #     node.next.set(Some(node.clone()));
    /// # }
    /// # let heap = Heap::new();
    /// use gc_core::Generation;
    ///
    /// let survivor = node(&heap);
    /// heap.collect_generation(Generation::Zero);
    /// assert_eq!(Gc::as_any(&survivor).generation(), Some(Generation::One));
    /// ```
    pub fn collect_generation(&self, generation: Generation) -> usize {
        collect::collect(self.core(), generation.number())
    }

    /// Switches automatic collection on.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// heap.disable();
    /// heap.enable();
    /// assert!(heap.is_enabled());
    /// ```
    pub fn enable(&self) {
        self.core().state.schedule.enabled.set(true);
        self.reset_trigger();
    }

    /// Switches automatic collection off. Explicit collections still work, and an allocation that
    /// finds no memory still runs a full collection.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// heap.disable();
    /// assert!(!heap.is_enabled());
    /// ```
    pub fn disable(&self) {
        self.core().state.schedule.enabled.set(false);
        self.reset_trigger();
    }

    /// Returns true if automatic collection is on.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// assert!(heap.is_enabled());
    /// let pause = heap.pause();
    /// assert!(!heap.is_enabled() || { drop(pause); heap.is_enabled() });
    /// ```
    pub fn is_enabled(&self) -> bool {
        self.core().state.schedule.enabled.get()
    }

    /// Keeps automatic collections from starting while the returned guard lives. An allocation that
    /// finds no memory still runs a full collection.
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
        let pauses = &self.core().state.schedule.pauses;
        pauses.set(pauses.get() + 1);
        self.reset_trigger();
        Pause(self.clone())
    }

    /// Returns the thresholds of automatic collection: see
    /// [`set_thresholds`](Heap::set_thresholds).
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// assert_eq!(heap.thresholds(), [700, 10, 10]);
    /// ```
    pub fn thresholds(&self) -> [u32; 3] {
        self.core().state.schedule.thresholds()
    }

    /// Sets the thresholds of automatic collection. The heap does not adapt thresholds that were
    /// set.
    ///
    /// An allocation starts a collection when the tracked objects allocated since the last one,
    /// less those freed, outnumber the first threshold. The collection examines
    ///
    /// * generation 2, if generation 1 was collected more often than the third threshold since the
    ///   last full collection, and there are a quarter more tracked objects than survived the last
    ///   full collection;
    /// * else generation 1, if generation 0 was collected more often than the second threshold
    ///   since the last collection of generation 1;
    /// * else generation 0.
    ///
    /// A first threshold of 0 switches automatic collection off.
    ///
    /// Until a program sets them, the thresholds are CPython's `[700, 10, 10]`, and the first one
    /// adapts to what automatic collections find. The first threshold is doubled when a collection
    /// frees less than one young object in 16, up to 128 times its original value and up to a 16th
    /// of the objects that survived the last full collection. The first threshold is halved again
    /// when a collection frees one young object in 4. A collection of generation 0 that waited for
    /// twice as many objects counts twice.
    ///
    /// While no thresholds are set, new bytes also cause full collections. New bytes are the bytes
    /// of large objects (more than 16 KiB) and the [external bytes](Heap::external_bytes) since the
    /// last full collection. New bytes cause a full collection when they exceed both 1 MiB and half
    /// of the committed, owned and external bytes of the heap.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// heap.set_thresholds([1000, 5, 5]);
    /// assert_eq!(heap.thresholds(), [1000, 5, 5]);
    /// ```
    pub fn set_thresholds(&self, thresholds: [u32; 3]) {
        self.core().state.schedule.set_thresholds(thresholds);
        self.reset_trigger();
    }

    /// Returns the counts that the thresholds are compared with.
    ///
    /// ```
    /// # use gc_core::{Gc, GcAny, Heap, Slot, Trace};
    /// # #[derive(Trace)]
    /// # struct Node { next: Slot<Node> }
    /// # fn node(heap: &Heap) -> Gc<Node> {
    /// #     heap.alloc(Node { next: Slot::empty() })
    /// # }
    /// # fn garbage(heap: &Heap) {
    /// #     let node = node(heap);
    /// #     node.next.set(Some(node.clone()));
    /// # }
    /// # let heap = Heap::new();
    /// let _node = node(&heap);
    /// assert_eq!(heap.counts(), [1, 0, 0]);
    /// ```
    pub fn counts(&self) -> [u32; 3] {
        let [one, two] = self.core().state.schedule.counts.get();
        [self.core().storage.birth_clock.young(), one, two]
    }

    /// Returns totals of the collections of each generation.
    ///
    /// ```
    /// # use gc_core::{Gc, GcAny, Heap, Slot, Trace};
    /// # #[derive(Trace)]
    /// # struct Node { next: Slot<Node> }
    /// # fn node(heap: &Heap) -> Gc<Node> {
    /// #     heap.alloc(Node { next: Slot::empty() })
    /// # }
    /// # fn garbage(heap: &Heap) {
    /// #     let node = node(heap);
    /// #     node.next.set(Some(node.clone()));
    /// # }
    /// # let heap = Heap::new();
    /// garbage(&heap);
    /// heap.collect();
    /// let full = &heap.stats()[2];
    /// assert_eq!((full.collections, full.collected, full.uncollectable), (1, 1, 0));
    /// ```
    pub fn stats(&self) -> [GenerationStats; 3] {
        self.core().state.schedule.stats.get()
    }

    /// Returns the debug flags.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// assert_eq!(heap.debug(), gc_core::DebugFlags::empty());
    /// ```
    pub fn debug(&self) -> DebugFlags {
        DebugFlags::from_bits_retain(self.core().state.schedule.debug.get())
    }

    /// Sets the debug flags, which say what collections log and keep.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// heap.set_debug(gc_core::DebugFlags::STATS);
    /// heap.on_log(|_, line| assert!(line.starts_with("gc: ")));
    /// heap.collect();
    /// ```
    pub fn set_debug(&self, flags: DebugFlags) {
        self.core().state.schedule.debug.set(flags.bits());
    }

    /// Sets the sink of debug lines (see [`set_debug`](Heap::set_debug)). Without a sink, debug
    /// lines are discarded. A line has no line feed at its end. A second sink replaces the first.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// heap.on_log(|_, line| eprintln!("{line}"));
    /// ```
    pub fn on_log(&self, sink: impl Fn(&Heap, &str) + 'static) -> HookId {
        let (id, old) = self.core().hooks.set_log(Heap::hook(sink));
        user_code::drop_hook(self.core(), old);
        id
    }

    /// Sets the hook that is called for panics in finalizers, callbacks and hooks, and for other
    /// errors that cannot be returned to a caller. Without a hook, such errors are printed to
    /// stderr, as Python's "Exception ignored in". A second hook replaces the first.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// use std::{cell::RefCell, rc::Rc};
    ///
    /// let told = Rc::new(RefCell::new(String::new()));
    /// let into = told.clone();
    /// heap.on_unraisable(move |_, event| *into.borrow_mut() = event.message.clone());
    /// let object = heap.alloc(1);
    /// let _weak = gc_core::Gc::downgrade_with(&object, || panic!("in a callback"));
    /// drop(object);
    /// assert_eq!(*told.borrow(), "in a callback");
    /// ```
    pub fn on_unraisable(&self, hook: impl Fn(&Heap, &Unraisable) + 'static) -> HookId {
        let (id, old) = self.core().hooks.set_unraisable(Heap::hook(hook));
        user_code::drop_hook(self.core(), old);
        id
    }

    /// Adds a callback for the start and the stop of every collection:
    /// `gc.callbacks`.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// use gc_core::hooks::Phase;
    ///
    /// let id = heap.on_collection(|_, phase, info| match phase {
    ///     Phase::Start => println!("generation {}", info.generation),
    ///     Phase::Stop => println!("{} collected", info.collected),
    /// });
    /// heap.collect();
    /// assert!(heap.remove_hook(id));
    /// ```
    pub fn on_collection(&self, callback: impl Fn(&Heap, Phase, &CollectionInfo) + 'static) -> HookId {
        self.core().hooks.add_callback(Rc::new(move |owner, phase, info| callback(&Heap::of_owner(owner), phase, info)))
    }

    /// Removes a hook of any kind and drops what it captured. A hook that is running is dropped
    /// once it returns. Returns false if the hook is not there any more, because it was removed or
    /// replaced by another of its kind.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// let id = heap.on_collection(|_, _, _| ());
    /// assert!(heap.remove_hook(id) && !heap.remove_hook(id));
    /// let (first, second) = (heap.on_log(|_, _| ()), heap.on_log(|_, _| ()));
    /// assert!(!heap.remove_hook(first) && heap.remove_hook(second));
    /// ```
    pub fn remove_hook(&self, id: HookId) -> bool {
        let core = self.core();
        let removed = core.hooks.remove(id);
        core.telemetry.stats.records.wants_types.set(core.hooks.record().is_some());
        let found = removed.is_some();
        user_code::drop_hook(core, removed);
        found
    }

    /// Moves all objects to a permanent set that collections ignore: `gc.freeze`.
    ///
    /// ```
    /// # use gc_core::{Gc, GcAny, Heap, Slot, Trace};
    /// # #[derive(Trace)]
    /// # struct Node { next: Slot<Node> }
    /// # fn node(heap: &Heap) -> Gc<Node> {
    /// #     heap.alloc(Node { next: Slot::empty() })
    /// # }
    /// # fn garbage(heap: &Heap) {
    /// #     let node = node(heap);
    /// #     node.next.set(Some(node.clone()));
    /// # }
    /// # let heap = Heap::new();
    /// let node = node(&heap);
    /// heap.freeze(); // what lives now is in no collection's way any more
    /// assert_eq!(heap.freeze_count(), 1);
    /// heap.unfreeze();
    /// assert_eq!(heap.freeze_count(), 0);
    /// ```
    pub fn freeze(&self) {
        collect::incremental::cancel(self.core());
        self.core().freeze();
    }

    /// Moves all frozen objects to generation 2: `gc.unfreeze`.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// heap.freeze();
    /// heap.unfreeze();
    /// assert_eq!(heap.freeze_count(), 0);
    /// ```
    pub fn unfreeze(&self) {
        collect::incremental::cancel(self.core());
        self.core().unfreeze();
    }

    /// Returns the number of tracked objects in the permanent set: `gc.get_freeze_count`.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// assert_eq!(heap.freeze_count(), 0);
    /// ```
    pub fn freeze_count(&self) -> usize {
        self.core().state.epoch.sizes(&self.core().storage.memory)[3]
    }

    /// Makes collections use the linear pass only (`true`), trial deletion only (`false`), or the
    /// cheaper of both (`None`). For tests.
    #[doc(hidden)]
    pub fn force_detector(&self, linear: Option<bool>) {
        let detector = match linear {
            None => Detector::Cheaper,
            Some(true) => Detector::Linear,
            Some(false) => Detector::TrialDeletion,
        };
        self.core().state.schedule.detector.set(detector);
    }

    pub(super) fn reset_trigger(&self) {
        let core = self.core();
        core.storage.birth_clock.set_trigger(collect::trigger(core));
    }
}

/// A guard that keeps automatic collections from starting while it lives; see [`Heap::pause`].
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.set_thresholds([1, 1, 1]);
/// let pause = heap.pause();
/// for number in 0..100 {
///     heap.alloc(vec![number]);
/// }
/// assert_eq!(heap.metrics().collections, 0);
/// drop(pause);
/// ```
#[derive(Debug)]
pub struct Pause(Heap);

impl Drop for Pause {
    fn drop(&mut self) {
        let pauses = &self.0.core().state.schedule.pauses;
        pauses.set(pauses.get() - 1);
        self.0.reset_trigger();
    }
}
