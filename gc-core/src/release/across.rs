//! Releases that go from heap to heap.
//!
//! Each heap bounds how deep its own releases nest, but the stack is the thread's: a chain of
//! pointers can visit any number of heaps. So where a thread has several heaps, their releases
//! share one measure, the place in the stack where the outermost one began. An object whose
//! release would begin too far from there waits in the queue of its own heap, and the outermost
//! release works these queues off before it returns.
//!
//! A heap takes part if another one was there when it was made (see [`COMPANY`]). At most one
//! heap of a thread does not: it nests within its own bounds, once, and the others above or
//! below it. So a thread with one heap pays nothing for this.
//!
//! The thread's state has no destructor, so it is there until the thread's end. Without `std`
//! there is none, and each heap keeps to its own bounds.

use super::{MAX_STACK, Nested, drain, on_exit};
use crate::core::{COMPANY, Core, Link};
use core::cell::Cell;
use core::ptr::{self, NonNull};
use std::thread_local;

struct Thread {
    /// Heaps of this thread.
    heaps: Cell<usize>,
    outermost: Cell<Outermost>,
    /// Operations that measure the stack anew, each inside of the one before.
    isolated: Cell<u32>,
    /// Heaps with objects that wait for the outermost release, chained by `Core::waiting`,
    /// each kept by a count of its open operations.
    waiting: Cell<Option<NonNull<Core>>>,
    /// Heaps that nobody has a handle of, but whose last collection would be inside of too many
    /// others; chained by `Core::closing`, and kept likewise.
    closing: Cell<Option<NonNull<Core>>>,
    /// True while the heaps of `closing` are closed, one after the other.
    is_closing: Cell<bool>,
}

/// The outermost release that is open.
#[derive(Clone, Copy)]
struct Outermost {
    /// Its heap; null: there is none.
    core: *const Core,
    /// Where the stack was when it began.
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

/// Counts a heap of this thread that is gone.
pub(super) fn part() {
    THREAD.with(|thread| thread.heaps.set(thread.heaps.get().saturating_sub(1)));
}

/// Returns true if a release of this heap may begin here: its first one, or the first that is
/// nested in that. A first release becomes the outermost one if no heap of the thread has a release
/// open. If the first release of a heap may not begin, the heap waits for the outermost one to end.
pub(super) fn may_nest(core: &Core, nesting: u32, position: usize) -> bool {
    THREAD.with(|thread| {
        let mut outermost = thread.outermost.get();
        // One that is nested lies further down.
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

/// Adds a heap to a list, unless it is listed, and keeps it alive by an open operation. In the list
/// `waiting` its queue waits for the outermost release to end. In the list `closing` its last
/// collection waits for stack space.
fn wait(list: &Cell<Option<NonNull<Core>>>, link: &Link, core: &Core) {
    if !link.is_listed.replace(true) {
        core.life.busy.set(core.life.busy.get() + 1);
        link.next.set(list.replace(Some(NonNull::from(core))));
    }
}

/// Ends the outermost release: works off the queues of the heaps that wait, and after each of them
/// the queue of this heap, to which it may have added. The release counts as open meanwhile.
pub(super) fn end(core: &Core) {
    while let Some(other) = THREAD.with(|thread| next(&thread.waiting, |core| &core.release.waiting)) {
        work_off(other);
        drain(core);
    }
    THREAD.with(|thread| thread.outermost.set(NONE));
}

fn next(list: &Cell<Option<NonNull<Core>>>, link: fn(&Core) -> &Link) -> Option<NonNull<Core>> {
    let first = list.get()?;
    // SAFETY: invariant 6: an operation of that heap is open: `wait` began one.
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
        core.release.pending_work.set(true); // its release is open further up, and has an end to come
    }
    core.life.busy.set(core.life.busy.get() - 1);
    if core.release.pending_work.get() {
        on_exit(core);
    }
}

/// Greatest number of heaps of a thread that collect inside of each other, each called by user code
/// of the one before. The next heap finds nothing; if it was about to end, it waits for one of the
/// others.
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

/// While this lives, releases measure the stack anew: an operation runs inside of user code.
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
