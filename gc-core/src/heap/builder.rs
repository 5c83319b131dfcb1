//! Settings for a new heap.

use super::{BuildError, FinalizerPolicy, Heap, Pace};
use crate::collect;
use crate::core::Core;
use crate::storage::os::{ChunkSource, SystemChunks};
use crate::telemetry::hooks::{LogSink, OnUnraisable, Unraisable};
use alloc::boxed::Box;
use core::fmt;

/// The smallest limit, in bytes: the first chunk's header, a block for objects, and the reserve.
const LEAST_MAX: usize = 256 << 10;

/// Settings for a new heap; see [`Heap::builder`].
///
/// ```
/// use gc_core::{FinalizerPolicy, Heap};
///
/// let heap = Heap::builder().policy(FinalizerPolicy::Legacy).initial(4 << 20).max(64 << 20).build()?;
/// assert_eq!(heap.memory().max, Some(64 << 20));
/// # Ok::<(), gc_core::BuildError>(())
/// ```
///
/// ```
/// use gc_core::{FinalizerPolicy, Heap, Pace, SystemChunks};
/// use std::time::Duration;
///
/// let heap = Heap::builder()
///     .policy(FinalizerPolicy::Legacy)
///     .thresholds([1000, 10, 10])
///     .pace(Pace::Incremental { budget: Duration::from_millis(1) })
///     .initial(8 << 20)
///     .max(64 << 20)
///     .chunk_source(SystemChunks)
///     .on_unraisable(|_, event| eprintln!("{event}"))
///     .log(|_, line| eprintln!("{line}"))
///     .build()?;
/// assert_eq!((heap.thresholds(), heap.memory().max), ([1000, 10, 10], Some(64 << 20)));
/// # Ok::<(), gc_core::BuildError>(())
/// ```
pub struct HeapBuilder {
    policy: FinalizerPolicy,
    thresholds: Option<[u32; 3]>,
    pace: Pace,
    initial: usize,
    max: Option<usize>,
    source: Box<dyn ChunkSource>,
    unraisable: Option<OnUnraisable>,
    log: Option<LogSink>,
}

impl HeapBuilder {
    pub(super) fn new() -> HeapBuilder {
        HeapBuilder {
            policy: FinalizerPolicy::default(),
            thresholds: None,
            pace: Pace::StopTheWorld,
            initial: 0,
            max: None,
            source: Box::new(SystemChunks),
            unraisable: None,
            log: None,
        }
    }

    /// Sets the rules for finalizers; [`FinalizerPolicy::Pep442`] by default.
    #[must_use]
    pub fn policy(mut self, policy: FinalizerPolicy) -> HeapBuilder {
        self.policy = policy;
        self
    }

    /// Sets the thresholds of automatic collection. The heap does not adapt thresholds that were
    /// set. By default the thresholds are CPython's `[700, 10, 10]`, and adapt to what collections
    /// find. See [`Heap::set_thresholds`].
    #[must_use]
    pub fn thresholds(mut self, thresholds: [u32; 3]) -> HeapBuilder {
        self.thresholds = Some(thresholds);
        self
    }

    /// Sets how automatic collection stops the program; [`Pace::StopTheWorld`] by default.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> HeapBuilder {
        self.pace = pace;
        self
    }

    /// Sets the bytes of address space that [`build`](HeapBuilder::build) takes from the chunk
    /// source and that the heap keeps: the JVM's `-Xms`. The bytes are rounded up to chunks of 4
    /// MiB; the default is 0. The operating system backs them with memory only as they are used.
    #[must_use]
    pub fn initial(mut self, bytes: usize) -> HeapBuilder {
        self.initial = bytes;
        self
    }

    /// Sets the limit, which is the most bytes that the heap may have: the JVM's `-Xmx`. By default
    /// there is no limit. These bytes count:
    ///
    /// * blocks with their side tables, and free blocks that still have their memory
    /// * the headers of chunks
    /// * declared [external bytes](Heap::external_bytes)
    /// * bytes that values own outside of their slots. Owned bytes are charged when a value is put on
    ///   the heap, and measured again by full collections, by [`Heap::check_limit`], and step by
    ///   step whenever an allocation takes a new block.
    ///
    /// A 32nd of the limit (64 KiB to 1 MiB) is a reserve for finalizers and hooks.
    ///
    /// An allocation that finds no room runs a full collection and tries again. If there is still
    /// no room, it fails with [`OutOfMemory`](crate::OutOfMemory).
    #[must_use]
    pub fn max(mut self, bytes: usize) -> HeapBuilder {
        self.max = Some(bytes);
        self
    }

    /// Sets the source of the heap's chunks; [`SystemChunks`] by default.
    #[must_use]
    pub fn chunk_source(mut self, source: impl ChunkSource + 'static) -> HeapBuilder {
        self.source = Box::new(source);
        self
    }

    /// Sets the hook for panics in user code and similar events: see [`Heap::on_unraisable`].
    #[must_use]
    pub fn on_unraisable(mut self, hook: impl Fn(&Heap, &Unraisable) + 'static) -> HeapBuilder {
        self.unraisable = Some(Heap::hook(hook));
        self
    }

    /// Sets the sink of debug lines: see [`Heap::on_log`].
    #[must_use]
    pub fn log(mut self, sink: impl Fn(&Heap, &str) + 'static) -> HeapBuilder {
        self.log = Some(Heap::hook(sink));
        self
    }

    /// Makes the heap. Without [`initial`](HeapBuilder::initial), the heap takes no memory before
    /// the first allocation.
    ///
    /// # Errors
    /// Returns [`BuildError`] if the initial size is above the limit, if the limit leaves no room
    /// for objects, or if the chunk source does not give the initial size.
    pub fn build(self) -> Result<Heap, BuildError> {
        self.check_limits()?;
        let core = Core::new(self.policy, self.source);
        if let Some(thresholds) = self.thresholds {
            core.state.schedule.set_thresholds(thresholds);
        }
        core.set_pace(self.pace);
        if let Some(max) = self.max {
            core.storage.account.set_max(max);
        }
        core.storage.birth_clock.set_trigger(collect::trigger(&core));
        self.unraisable.into_iter().for_each(|hook| drop(core.hooks.set_unraisable(hook)));
        self.log.into_iter().for_each(|sink| drop(core.hooks.set_log(sink)));
        let heap = Heap::adopt(core);
        match heap.core().storage.memory.reserve(self.initial) {
            true => Ok(heap),
            false => Err(BuildError::NoMemory { initial: self.initial }),
        }
    }

    fn check_limits(&self) -> Result<(), BuildError> {
        let (initial, Some(max)) = (self.initial, self.max) else { return Ok(()) };
        if max < LEAST_MAX {
            return Err(BuildError::MaxTooSmall { max, least: LEAST_MAX });
        }
        if initial > max {
            return Err(BuildError::InitialAboveMax { initial, max });
        }
        Ok(())
    }
}

impl fmt::Debug for HeapBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeapBuilder")
            .field("policy", &self.policy)
            .field("thresholds", &self.thresholds)
            .field("pace", &self.pace)
            .field("initial", &self.initial)
            .field("max", &self.max)
            .finish_non_exhaustive()
    }
}
