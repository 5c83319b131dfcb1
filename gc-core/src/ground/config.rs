//! Settings and their names.

use core::fmt;
use core::time::Duration;

/// Specifies how automatic collections stop the program.
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
    /// A collection runs from its beginning to its end without a break. This takes the least work
    /// in total.
    #[default]
    StopTheWorld,
    /// A full collection runs in slices of about this much time, and a collection of generation 0
    /// is kept as short as a slice. Two things cannot be divided, so that a slice can take longer:
    /// the work on one object (its trace, its finalizer, the drop of its value), and, at most once
    /// in a collection, one connected piece of garbage that is larger than a slice.
    Incremental {
        /// The time that a slice may take. Times from 50 µs to some milliseconds make sense.
        budget: Duration,
    },
}

/// The rules for finalizers.
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
    /// The rules of Python up to 3.3 (tested against 2.7.18). An unreachable cycle with an object
    /// whose finalizer is armed is uncollectable: the armed objects go to
    /// [`Heap::garbage`](crate::Heap::garbage), and the objects that they reach are left alone.
    /// When a count reaches zero, the finalizer runs after the weak references have died. The
    /// finalizer runs again at each further death of a resurrected object.
    Legacy,
    /// The rules of Python from 3.4 (tested against 3.11). A finalizer runs once in an object's
    /// life, also in a cycle; objects that are still unreachable afterwards are reclaimed. When a
    /// count reaches zero, the finalizer runs while the weak references are alive.
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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum Generation {
    /// New objects.
    #[default]
    Zero = 0,
    /// Objects that survived one collection.
    One = 1,
    /// Objects that survived two collections, or a collection of generation 1 or 2.
    Two = 2,
}

impl Generation {
    /// Returns 0, 1 or 2.
    ///
    /// ```
    /// assert_eq!(gc_core::Generation::Two.number(), 2);
    /// ```
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl Generation {
    /// Returns the generation with this number. Numbers above 2 give generation 2.
    pub(crate) fn of(number: u8) -> Generation {
        [Generation::Zero, Generation::One, Generation::Two][usize::from(number.min(2))]
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

/// The error for a number that is not that of a generation.
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

bitflags::bitflags! {
    /// Flags for what collections log and keep: Python's `gc.set_debug`, with Python's numbers.
    ///
    /// ```
    /// use gc_core::DebugFlags;
    ///
    /// let flags = DebugFlags::COLLECTABLE | DebugFlags::SAVE_ALL;
    /// assert!(flags.contains(DebugFlags::SAVE_ALL) && !flags.contains(DebugFlags::STATS));
    /// assert_eq!((DebugFlags::LEAK.bits(), DebugFlags::STATS.bits()), (38, 1)); // as Python's gc.DEBUG_LEAK
    /// assert!(DebugFlags::empty().is_empty());
    /// ```
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    pub struct DebugFlags: u32 {
        /// Log the sizes and the results of each collection.
        const STATS = 1;
        /// Log each object found that can be reclaimed.
        const COLLECTABLE = 2;
        /// Log each object found that cannot be reclaimed.
        const UNCOLLECTABLE = 4;
        /// Put all unreachable objects into `garbage` instead of reclaiming them.
        const SAVE_ALL = 32;
        /// All flags that help to find a leak: all but `STATS`.
        const LEAK = 2 | 4 | 32;
    }
}
