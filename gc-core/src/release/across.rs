//! Releases that cross from heap to heap.
//!
//! Each heap bounds how deep its own releases nest, but all heaps of a thread share one stack: a
//! chain of pointers can visit any number of heaps. So if a thread has several heaps, their
//! releases share one measure, the position in the stack at which the outermost release began. An
//! object whose release would begin too far from that position waits in the queue of its own heap.
//! The outermost release works off these queues before it returns.
//!
//! A heap takes part if its thread had another heap when it was made (see [`COMPANY`]). At most one
//! heap of a thread does not take part. The releases of that heap nest within its own bounds, only
//! once, and the releases of the other heaps nest above or below them. So a thread with one heap
//! has no extra cost.
//!
//! The state of the thread has no destructor, so it exists until the thread ends. Without `std`
//! there is no such state, and each heap keeps to its own bounds.

use super::{MAX_STACK, Nested, drain, on_exit};
use crate::core::{COMPANY, Core, Link};
use core::cell::Cell;
use core::ptr::{self, NonNull};
use std::thread_local;

struct Thread {
    /// Number of heaps of this thread.
    heaps: Cell<usize>,
    outermost: Cell<Outermost>,
    /// Number of open operations that measure the stack anew, each inside of the one before.
    isolated: Cell<u32>,
    /// First of the heaps with objects that wait for the outermost release. The heaps are linked by
    /// `Releases::waiting`, and each is kept alive by a count of its open operations.
    waiting: Cell<Option<NonNull<Core>>>,
    /// First of the heaps that have no handle, but whose last collection would be inside of too
    /// many other operations. The heaps are linked by `Life::closing`, and each is kept alive by a
    /// count of its open operations.
    closing: Cell<Option<NonNull<Core>>>,
    /// True while the heaps of the list `closing` are being closed.
    is_closing: Cell<bool>,
}

/// The outermost release that is open.
#[derive(Clone, Copy)]
struct Outermost {
    /// The heap of the release; null if no release is open.
    core: *const Core,
    /// The position in the stack at which the release began.
    position: usize,
}

const NONE: Outermost = Outermost { core: ptr::null(), position: 0 };

thread_local! {
    static THREAD: Thread = const {
        Thread {
            heaps: Cell::new(0),
            outermost: Cell::new(NONE),
            isolated: Cell::new(0),
            waiting: Cell::new(None),
            closing: Cell::new(None),
            is_closing: Cell::new(false),
        }
    };
}

/// Counts a new heap of this thread. Returns the initial value of its nesting: [`COMPANY`] if the
/// thread has other heaps, else 0.
pub(crate) fn join() -> u32 {
    THREAD.with(|thread| if thread.heaps.replace(thread.heaps.get() + 1) == 0 { 0 } else { COMPANY })
}

/// Removes a heap that was freed from the count of this thread's heaps.
pub(super) fn part() {
    THREAD.with(|thread| thread.heaps.set(thread.heaps.get().saturating_sub(1)));
}

/// Returns true if a release of this heap may begin here. The release is the first of its heap, or
/// the first that is nested in the first. A first release becomes the outermost release if no heap
/// of the thread has a release open. If the first release of a heap may not begin, the heap waits
/// for the outermost release to end.
pub(super) fn may_nest(core: &Core, nesting: u32, position: usize) -> bool {
    THREAD.with(|thread| {
        let mut outermost = thread.outermost.get();
        // A release that is nested in the outermost release lies further down the stack.
        if nesting == 0 && (outermost.core.is_null() || position > outermost.position) {
            outermost = Outermost { core, position };
            thread.outermost.set(outermost);
            core.release.pending_work.set(true);
        }
        core.release.stack_top.set(outermost.position);
        let may = outermost.position.saturating_sub(position) <= MAX_STACK;
        if nesting == 0 && !may {
            wait(&thread.waiting, &core.release.waiting, core);
        }
        may
    })
}

/// Returns true if the open release of this heap is the outermost one.
pub(super) fn is_outermost(core: &Core) -> bool {
    THREAD.with(|thread| ptr::eq(thread.outermost.get().core, core))
}

/// Adds a heap to a list, unless it is listed already, and keeps the heap alive by an open
/// operation. A heap on the list `waiting` waits for the outermost release to end, and then works
/// off its queue. A heap on the list `closing` waits for stack space for its last collection.
fn wait(list: &Cell<Option<NonNull<Core>>>, link: &Link, core: &Core) {
    if !link.is_listed.replace(true) {
        core.life.busy.set(core.life.busy.get() + 1);
        link.next.set(list.replace(Some(NonNull::from(core))));
    }
}

/// Ends the outermost release. Works off the queues of the heaps that wait, and after each of these
/// queues the queue of this heap, to which objects may have been added. The release counts as open
/// meanwhile.
pub(super) fn end(core: &Core) {
    while let Some(other) = THREAD.with(|thread| next(&thread.waiting, |core| &core.release.waiting)) {
        work_off(other);
        drain(core);
    }
    THREAD.with(|thread| thread.outermost.set(NONE));
}

fn next(list: &Cell<Option<NonNull<Core>>>, link: fn(&Core) -> &Link) -> Option<NonNull<Core>> {
    let first = list.get()?;
    // SAFETY: invariant 6: `wait` began an operation of that heap, which is still open.
    let link = link(unsafe { first.as_ref() });
    list.set(link.next.take());
    link.is_listed.set(false);
    Some(first)
}

/// Works off the queue of a heap that has waited, and closes it if it has no handle.
fn work_off(core: NonNull<Core>) {
    // SAFETY: invariant 6: an operation of that heap is open until `busy` is lowered below.
    let core = unsafe { core.as_ref() };
    let nested = Nested::enter(core);
    drain(core);
    drop(nested);
    if is_outermost(core) {
        core.release.pending_work.set(true); // its release is still open further up the stack
    }
    core.life.busy.set(core.life.busy.get() - 1);
    if core.release.pending_work.get() {
        on_exit(core);
    }
}

/// Greatest number of heaps of a thread that collect inside of each other, each called by user code
/// of the one before. Beyond this number, a collection returns without collecting, and a heap that
/// is about to be freed waits for an open collection to end.
const MAX_ISOLATED: u32 = 16;

/// Returns true if one more operation that measures the stack anew may begin.
pub(crate) fn may_isolate(core: &Core) -> bool {
    !core.is_in_company() || THREAD.with(|thread| thread.isolated.get() < MAX_ISOLATED)
}

/// Lists a heap without handles, which then waits for its last collection.
pub(super) fn close_later(core: &Core) {
    THREAD.with(|thread| wait(&thread.closing, &core.life.closing, core));
}

/// Closes the heaps that wait for their last collection, one after the other, including those that
/// are added meanwhile. The caller has ended an operation of a heap in company, so that there is
/// stack space again.
pub(crate) fn close_others() {
    let begins = |thread: &Thread| thread.closing.get().is_some() && !thread.is_closing.replace(true);
    if THREAD.with(begins) {
        while let Some(other) = THREAD.with(|thread| next(&thread.closing, |core| &core.life.closing)) {
            work_off(other);
        }
        THREAD.with(|thread| thread.is_closing.set(false));
    }
}

/// Makes releases measure the stack anew while it lives, because an operation runs inside of user
/// code.
pub(super) struct Anew(Outermost);

impl Anew {
    pub(super) fn begin() -> Anew {
        THREAD.with(|thread| thread.isolated.set(thread.isolated.get() + 1));
        Anew(THREAD.with(|thread| thread.outermost.replace(NONE)))
    }
}

impl Drop for Anew {
    fn drop(&mut self) {
        THREAD.with(|thread| {
            thread.outermost.set(self.0);
            thread.isolated.set(thread.isolated.get() - 1);
        });
    }
}
