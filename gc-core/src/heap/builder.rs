//! Settings for a new heap.

use super::{FinalizerPolicy, Heap};
use crate::space::core::Core;
use crate::space::hooks::{LogSink, OnUnraisable, Unraisable};
use crate::space::os::{ChunkSource, SystemChunks};
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::fmt;

/// Settings for a new heap; see [`Heap::builder`].
///
/// ```
/// use gc_core::{FinalizerPolicy, Heap};
///
/// let heap = Heap::builder().policy(FinalizerPolicy::Legacy).thresholds([1000, 5, 5]).build();
/// assert_eq!(heap.thresholds(), [1000, 5, 5]);
/// ```
pub struct HeapBuilder {
    policy: FinalizerPolicy,
    thresholds: Option<[u32; 3]>,
    source: Box<dyn ChunkSource>,
    unraisable: Option<OnUnraisable>,
    log: Option<LogSink>,
}

impl HeapBuilder {
    pub(super) fn new() -> HeapBuilder {
        HeapBuilder {
            policy: FinalizerPolicy::default(),
            thresholds: None,
            source: Box::new(SystemChunks),
            unraisable: None,
            log: None,
        }
    }

    /// The rule book for finalizers; [`FinalizerPolicy::Pep442`] by default.
    #[must_use]
    pub fn policy(mut self, policy: FinalizerPolicy) -> HeapBuilder {
        self.policy = policy;
        self
    }

    /// The thresholds of automatic collection, to be kept to exactly. By default they are
    /// CPython's `[700, 10, 10]`, and adapt. See [`Heap::set_thresholds`].
    #[must_use]
    pub fn thresholds(mut self, thresholds: [u32; 3]) -> HeapBuilder {
        self.thresholds = Some(thresholds);
        self
    }

    /// Where memory comes from; the system by default.
    #[must_use]
    pub fn chunk_source(mut self, source: impl ChunkSource + 'static) -> HeapBuilder {
        self.source = Box::new(source);
        self
    }

    /// See [`Heap::on_unraisable`].
    #[must_use]
    pub fn on_unraisable(mut self, hook: impl Fn(&Unraisable) + 'static) -> HeapBuilder {
        self.unraisable = Some(Rc::new(hook));
        self
    }

    /// See [`Heap::set_log`].
    #[must_use]
    pub fn log(mut self, sink: impl Fn(&str) + 'static) -> HeapBuilder {
        self.log = Some(Rc::new(sink));
        self
    }

    /// Makes the heap. It takes no memory before the first allocation.
    pub fn build(self) -> Heap {
        let core = Core::new(self.policy, self.source);
        if let Some(thresholds) = self.thresholds {
            core.schedule.set_thresholds(thresholds);
        }
        core.births.set_trigger(core.schedule.trigger());
        drop(self.unraisable.and_then(|hook| core.hooks.set_unraisable(hook)));
        drop(self.log.and_then(|sink| core.hooks.set_log(sink)));
        Heap::adopt(core)
    }
}

impl fmt::Debug for HeapBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeapBuilder")
            .field("policy", &self.policy)
            .field("thresholds", &self.thresholds)
            .finish_non_exhaustive()
    }
}
