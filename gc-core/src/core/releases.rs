//! Releases that are open, and those that wait.

#[cfg(feature = "std")]
use super::Link;
use crate::object::address::Object;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

/// State of the releases of one heap.
pub(crate) struct Releases {
    /// Releases that are nested at this moment, and [`COMPANY`] where the thread has other heaps.
    pub(crate) depth: Cell<u32>,
    /// Where the stack was when the outermost release began.
    pub(crate) stack_top: Cell<usize>,
    /// Leaving the outermost release has more to do than usual.
    pub(crate) pending_work: Cell<bool>,
    /// An exact reclaim is open: members of its set die without finalizers and weak callbacks.
    pub(crate) reclaiming: Cell<bool>,
    /// User code ran since this was last cleared.
    pub(crate) user_code_ran: Cell<bool>,
    /// Objects at count zero that wait for the next increment, in the order in which they die.
    pub(crate) deferred: RefCell<Vec<Object>>,
    /// Objects at zero that wait for a shallower stack. The top is the next.
    pub(crate) release_queue: RefCell<Vec<Object>>,
    /// Objects in the queue wait for the outermost release of the thread.
    #[cfg(feature = "std")]
    pub(crate) waiting: Link,
}

/// Number of objects that can wait to be released where no memory is left for a longer queue.
const QUEUED: usize = 64;

/// Added to the nesting of a heap that is not alone on its thread. Its nesting is never 0, so that
/// every release takes the slow path, which considers the other heaps (see `release::across`).
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
