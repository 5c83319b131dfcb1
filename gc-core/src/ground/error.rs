//! Errors of allocations that find no memory, and of heap settings that contradict each other.

use core::fmt;

/// The resource that ran out.
///
/// ```
/// use gc_core::{Heap, OutOfMemoryKind};
///
/// let heap = Heap::builder().max(4 << 20).build()?;
/// let error = heap.try_external_bytes(1 << 30).unwrap_err();
/// assert_eq!(error.kind, OutOfMemoryKind::RequestTooLarge);
/// # Ok::<(), gc_core::BuildError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum OutOfMemoryKind {
    /// The heap is at its limit, or the chunk source has no memory, and a full collection did not
    /// free enough.
    HeapSpace,
    /// The heap is so full that the program does little else than collect. Five times in a row, an
    /// allocation found no room, and the full collection that it ran took more than 98 % of the
    /// time since the last one and freed less than 2 % of the limit (the JVM's rule).
    OverheadLimit,
    /// The external bytes that were to be declared are more than the limit leaves.
    ExternalMemory,
    /// The request is larger than the limit or than any heap can hold, or the alignment of the
    /// value is too large.
    RequestTooLarge,
}

impl fmt::Display for OutOfMemoryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OutOfMemoryKind::HeapSpace => "heap space",
            OutOfMemoryKind::OverheadLimit => "overhead limit exceeded",
            OutOfMemoryKind::ExternalMemory => "external memory",
            OutOfMemoryKind::RequestTooLarge => "requested size exceeds the heap limit",
        })
    }
}

/// The error of an allocation that failed. The error contains the value that could not be
/// allocated.
///
/// ```
/// let heap = gc_core::Heap::builder().max(4 << 20).build()?;
/// let error = heap.try_alloc_slice(vec![1_u8; 5 << 20]).unwrap_err();
/// assert_eq!((error.value[0], error.max), (1, Some(4 << 20)));
/// assert_eq!(error.without_value().value, ());
/// # Ok::<(), gc_core::BuildError>(())
/// ```
#[non_exhaustive]
pub struct OutOfMemory<T: ?Sized> {
    /// The resource that ran out.
    pub kind: OutOfMemoryKind,
    /// Bytes requested: those of the slot, and those that the value owns outside of it.
    pub requested: usize,
    /// Bytes of the heap's own memory, including free blocks that still have their memory.
    pub used: usize,
    /// Bytes that values own outside of their slots, as in [`MemoryMetrics::owned`].
    ///
    /// [`MemoryMetrics::owned`]: crate::stats::MemoryMetrics::owned
    pub owned: usize,
    /// External bytes that were declared.
    pub external: usize,
    /// The limit for the sum of `used`, `owned` and `external`; `None` if there is none.
    pub max: Option<usize>,
    /// Bytes of the limit that only collections, finalizers and hooks may use.
    pub reserve: usize,
    /// The value that could not be allocated.
    pub value: T,
}

impl<T> OutOfMemory<T> {
    /// Drops the value, and returns the rest of the error.
    pub fn without_value(self) -> OutOfMemory<()> {
        self.with(())
    }

    /// Replaces the value of the error.
    pub(crate) fn with<U>(self, value: U) -> OutOfMemory<U> {
        let OutOfMemory { kind, requested, used, owned, external, max, reserve, .. } = self;
        OutOfMemory { kind, requested, used, owned, external, max, reserve, value }
    }
}

impl<T: ?Sized> fmt::Display for OutOfMemory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OutOfMemory { kind, requested, used, owned, external, .. } = self;
        write!(
            f,
            "out of memory: {kind} ({requested} bytes requested; heap {used}, owned {owned}, external {external}"
        )?;
        match self.max {
            Some(max) => write!(f, ", limit {max}, of which {} are a reserve)", self.reserve),
            None => f.write_str(", no limit)"),
        }
    }
}

impl<T: ?Sized> fmt::Debug for OutOfMemory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutOfMemory")
            .field("kind", &self.kind)
            .field("requested", &self.requested)
            .field("used", &self.used)
            .field("owned", &self.owned)
            .field("external", &self.external)
            .field("max", &self.max)
            .field("reserve", &self.reserve)
            .finish_non_exhaustive()
    }
}

impl<T> core::error::Error for OutOfMemory<T> {}

/// The error of a heap builder with settings from which no heap can be made.
///
/// ```
/// let error = gc_core::Heap::builder().initial(64 << 20).max(8 << 20).build().unwrap_err();
/// println!("{error}");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The initial size is larger than the maximum size, in bytes.
    InitialAboveMax {
        /// The initial size.
        initial: usize,
        /// The limit.
        max: usize,
    },
    /// The maximum size leaves no room for objects, in bytes.
    MaxTooSmall {
        /// The limit.
        max: usize,
        /// The smallest limit that is accepted.
        least: usize,
    },
    /// The chunk source had no memory for the initial size, in bytes.
    NoMemory {
        /// The initial size.
        initial: usize,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            BuildError::InitialAboveMax { initial, max } => {
                write!(
                    f,
                    "initial heap size ({}) is larger than the maximum heap size ({})",
                    Bytes(initial),
                    Bytes(max)
                )
            }
            BuildError::MaxTooSmall { max, least } => {
                write!(f, "maximum heap size ({}) is too small: the least is {}", Bytes(max), Bytes(least))
            }
            BuildError::NoMemory { initial } => {
                write!(f, "could not reserve the initial heap size ({})", Bytes(initial))
            }
        }
    }
}

impl core::error::Error for BuildError {}

/// Displays a number of bytes in the largest unit that divides it.
struct Bytes(usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
        let unit = units.iter().find(|(shift, _)| self.0 != 0 && self.0.trailing_zeros() >= *shift);
        match unit {
            Some((shift, name)) => write!(f, "{} {name}", self.0 >> shift),
            None => write!(f, "{} bytes", self.0),
        }
    }
}
