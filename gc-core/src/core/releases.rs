//! The releases that are open in a heap, and the objects at count zero that wait for their release.

#[cfg(feature = "std")]
use super::Link;
use crate::object::address::Object;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

/// The state of the releases of one heap.
pub(crate) struct Releases {
    /// Number of releases that are open, one nested in the other, plus [`COMPANY`] if the thread
    /// has other heaps.
    pub(crate) depth: Cell<u32>,
    /// The position of the stack when the outermost release began.
    pub(crate) stack_top: Cell<usize>,
    /// True if there is additional work for the end of the outermost release, such as objects in
    /// the queue.
    pub(crate) pending_work: Cell<bool>,
    /// True while an exact reclaim is open. Members of its set die without finalizers and weak
    /// callbacks.
    pub(crate) reclaiming: Cell<bool>,
    /// True if user code has run since this was last cleared.
    pub(crate) user_code_ran: Cell<bool>,
    /// Objects at count zero that a slice of an incremental collection left for a later slice, in
    /// the order in which they die.
    pub(crate) deferred: RefCell<Vec<Object>>,
    /// Objects at count zero that wait until less of the stack is in use. While the queue is worked
    /// off, the last one dies next.
    pub(crate) release_queue: RefCell<Vec<Object>>,
    /// The link in the thread's list of heaps with queued objects that wait for the end of the
    /// thread's outermost release.
    #[cfg(feature = "std")]
    pub(crate) waiting: Link,
}

/// Initial capacity of the lists of waiting objects. Within it, objects can wait even if there is
/// no memory.
const QUEUED: usize = 64;

/// Added to the nesting of a heap if its thread had other heaps when it was made. The `depth` of
/// the heap is then never 0, so that every release takes the slow path, which considers the other
/// heaps (see `release::across`).
pub(crate) const COMPANY: u32 = 1 << 16;

impl Releases {
    pub(super) fn new() -> Releases {
        Releases {
            depth: Cell::new(0),
            stack_top: Cell::new(0),
            pending_work: Cell::new(false),
            reclaiming: Cell::new(false),
            user_code_ran: Cell::new(false),
            deferred: RefCell::new(Vec::with_capacity(QUEUED)),
            release_queue: RefCell::new(Vec::with_capacity(QUEUED)),
            #[cfg(feature = "std")]
            waiting: Link::default(),
        }
    }
}
