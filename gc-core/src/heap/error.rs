//! Out of memory.

use core::fmt;

/// What there was not enough of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum OutOfMemoryKind {
    /// The chunk source had no memory to give.
    HeapSpace,
    /// No heap can hold a value of this size or alignment.
    RequestTooLarge,
}

/// An allocation that failed; it hands the value back.
pub struct OutOfMemory<T: ?Sized> {
    /// What there was not enough of.
    pub kind: OutOfMemoryKind,
    /// Bytes asked for.
    pub requested: usize,
    /// Bytes of blocks in use.
    pub used: usize,
    /// The value that found no place.
    pub value: T,
}

impl<T: ?Sized> fmt::Display for OutOfMemory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            OutOfMemoryKind::HeapSpace => "heap space",
            OutOfMemoryKind::RequestTooLarge => "request larger than any heap could hold",
        };
        write!(f, "out of memory: {kind} ({} bytes requested, {} in use)", self.requested, self.used)
    }
}

impl<T: ?Sized> fmt::Debug for OutOfMemory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutOfMemory")
            .field("kind", &self.kind)
            .field("requested", &self.requested)
            .field("used", &self.used)
            .finish_non_exhaustive()
    }
}

impl<T> core::error::Error for OutOfMemory<T> {}
