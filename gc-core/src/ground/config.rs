//! Settings and their names.

use core::fmt;
use core::ops::BitOr;
use core::time::Duration;

/// How automatic collection stops the program.
///
/// ```
/// use gc_core::{Heap, Pace};
/// use std::time::Duration;
///
/// let heap = Heap::builder().pace(Pace::Incremental { budget: Duration::from_micros(500) }).build()?;
/// assert_ne!(heap.pace(), Pace::StopTheWorld);
/// # Ok::<(), gc_core::BuildError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Pace {
    /// A collection runs from its beginning to its end. The least work.
    #[default]
    StopTheWorld,
    /// A full collection runs in slices of about this much time, young ones are as short.
    /// What cannot be cut is one object (its trace, its finalizer, the drop of its value)
    /// and, once in a collection at most, one connected piece of garbage that is larger
    /// than a slice.
    Incremental {
        /// The time that a slice may take: from 50 µs to some milliseconds make sense.
        budget: Duration,
    },
}

/// The rule book for finalizers.
///
/// ```
/// use gc_core::{FinalizerPolicy, Heap};
///
/// let heap = Heap::builder().policy(FinalizerPolicy::Pep442).build()?;
/// assert_eq!(heap.policy(), FinalizerPolicy::Pep442);
/// # Ok::<(), gc_core::BuildError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum FinalizerPolicy {
    /// Python up to 3.3 (oracle: 2.7.18). An unreachable cycle with an object whose
    /// finalizer is armed is uncollectable: those objects go to
    /// [`Heap::garbage`](crate::Heap::garbage), and what they reach is left alone.
    /// At count zero the finalizer runs every time, after weak references died.
    Legacy,
    /// Python from 3.4 (oracle: 3.11). Finalizers run once in an object's life, also
    /// in cycles; what is unreachable still after them is reclaimed. At count zero
    /// the finalizer runs while weak references are alive.
    #[default]
    Pep442,
}

/// One of the three generations.
///
/// ```
/// use gc_core::{Generation, NoSuchGeneration};
///
/// assert_eq!(Generation::try_from(1), Ok(Generation::One));
/// assert_eq!(Generation::try_from(3), Err(NoSuchGeneration(3)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Generation {
    /// New objects.
    Zero = 0,
    /// Survivors of one collection.
    One = 1,
    /// Survivors of two, or of a collection of generation 1 or 2.
    Two = 2,
}

impl Generation {
    pub(crate) fn number(self) -> u8 {
        self as u8
    }
}

/// A number that is no generation.
///
/// ```
/// assert_eq!(gc_core::Generation::try_from(7).unwrap_err().0, 7);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoSuchGeneration(pub u8);

impl fmt::Display for NoSuchGeneration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no generation {}: there are 0, 1 and 2", self.0)
    }
}

impl core::error::Error for NoSuchGeneration {}

impl TryFrom<u8> for Generation {
    type Error = NoSuchGeneration;

    fn try_from(number: u8) -> Result<Generation, NoSuchGeneration> {
        match number {
            0 => Ok(Generation::Zero),
            1 => Ok(Generation::One),
            2 => Ok(Generation::Two),
            _ => Err(NoSuchGeneration(number)),
        }
    }
}

/// What collections log and keep: Python's `gc.set_debug` flags.
///
/// ```
/// use gc_core::DebugFlags;
///
/// let flags = DebugFlags::COLLECTABLE | DebugFlags::SAVE_ALL;
/// assert!(flags.contains(DebugFlags::SAVE_ALL) && !flags.contains(DebugFlags::STATS));
/// assert_eq!(DebugFlags::LEAK.bits(), 38);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct DebugFlags(u32);

impl DebugFlags {
    /// None.
    pub const NONE: DebugFlags = DebugFlags(0);
    /// Log sizes and results of each collection.
    pub const STATS: DebugFlags = DebugFlags(1);
    /// Log each object found that can be reclaimed.
    pub const COLLECTABLE: DebugFlags = DebugFlags(2);
    /// Log each object found that cannot.
    pub const UNCOLLECTABLE: DebugFlags = DebugFlags(4);
    /// Put all unreachable objects into `garbage` instead of reclaiming them.
    pub const SAVE_ALL: DebugFlags = DebugFlags(32);
    /// What one wants to find a leak: all but `STATS`.
    pub const LEAK: DebugFlags = DebugFlags(2 | 4 | 32);

    /// Python's number for these flags.
    ///
    /// ```
    /// assert_eq!(gc_core::DebugFlags::STATS.bits(), 1); // as Python's gc.DEBUG_STATS
    /// ```
    pub const fn bits(self) -> u32 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u32) -> DebugFlags {
        DebugFlags(bits)
    }

    /// Returns true if all flags of `other` are set.
    ///
    /// ```
    /// use gc_core::DebugFlags;
    ///
    /// assert!(DebugFlags::LEAK.contains(DebugFlags::SAVE_ALL) && !DebugFlags::LEAK.contains(DebugFlags::STATS));
    /// ```
    pub const fn contains(self, other: DebugFlags) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for DebugFlags {
    type Output = DebugFlags;

    fn bitor(self, other: DebugFlags) -> DebugFlags {
        DebugFlags(self.0 | other.0)
    }
}
