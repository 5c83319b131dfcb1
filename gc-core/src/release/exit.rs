//! The end of an operation, which may be the end of its heap, and operations that run inside of
//! user code.

#[cfg(feature = "std")]
use super::across;
use super::user_code;
use crate::core::Core;
use crate::object::raw::Object;

/// Greatest number of consecutive final collections of a heap. A final collection follows another
/// if user code that the first one ran took a handle of the heap and dropped it.
const MAX_CLOSINGS: u32 = 8;

/// Frees the heap, after its final collections, if no operation is open and nothing refers to the
/// heap any more. Called when an operation ends.
#[cold]
pub(crate) fn on_exit(core: &Core) {
    let open = || core.life.busy.get() > 0 || core.life.handles.get() > 0 || core.nesting() > 0;
    if open() {
        return;
    }
    #[cfg(feature = "std")]
    if !core.life.is_shut_down.get() && !Isolated::is_possible(core) {
        across::close_later(core);
        return;
    }
    // A finalizer of the final collection may have taken a handle of the heap and dropped it.
    for _ in 0..MAX_CLOSINGS {
        if core.life.is_shut_down.replace(true) {
            break;
        }
        let _guard = core.enter();
        if let Some(close) = core.life.shutdown.get() {
            close(core);
        }
        core.storage.empty_blocks.set_incomplete();
    }
    if open() {
        return;
    }
    if core.storage.empty_blocks.is_incomplete() {
        core.release_all_empty_blocks(true);
    }
    if core.storage.memory.used() > 0 {
        return;
    }
    let has_hooks = !core.hooks.is_empty();
    #[cfg(feature = "std")]
    if has_hooks && !Isolated::is_possible(core) {
        across::close_later(core);
        return;
    }
    // From here on, no code can get a handle.
    core.life.end();
    if has_hooks {
        // (A hook may have captured the last handle of another heap, and drops the handle with
        // itself.)
        let _isolated = Isolated::begin(core);
        user_code::drop_hooks(core);
    }
    #[cfg(feature = "std")]
    let others_may_wait = has_hooks && core.is_in_company();
    if core.storage.memory.used() == 0 && !open() {
        // SAFETY: invariant 6: there is no handle, no object and no open operation.
        unsafe { core.free() };
        #[cfg(feature = "std")]
        across::part();
    }
    #[cfg(feature = "std")]
    if others_may_wait {
        across::close_others();
    }
}

/// Ends an operation in which user code may have run. User code may have dropped the last handle,
/// so the heap may be freed when this returns.
#[inline]
pub(crate) fn exit_operation(core: &Core) {
    #[cfg(feature = "std")]
    let is_in_company = core.is_in_company();
    if core.release.pending_work.get() {
        on_exit(core);
    }
    #[cfg(feature = "std")]
    if is_in_company {
        across::close_others();
    }
}

/// Sets the nesting and the queue of the heap aside while an operation runs inside of user code,
/// and restores them when it is dropped.
pub(crate) struct Isolated<'a> {
    core: &'a Core,
    depth: u32,
    queue: alloc::vec::Vec<Object>,
    #[cfg(feature = "std")]
    anew: Option<across::Anew>,
}

impl Isolated<'_> {
    /// Returns true if one more isolated operation may begin. None may begin if too many isolated
    /// operations are open on the thread, each called by user code of the one before, because each
    /// of them takes stack space.
    pub(crate) fn is_possible(core: &Core) -> bool {
        #[cfg(feature = "std")]
        return across::may_isolate(core);
        #[cfg(not(feature = "std"))]
        {
            let _ = core;
            true
        }
    }

    pub(crate) fn begin(core: &Core) -> Isolated<'_> {
        Isolated {
            core,
            depth: core.release.depth.replace(core.release.depth.get() - core.nesting()),
            queue: core.release.release_queue.take(),
            #[cfg(feature = "std")]
            anew: core.is_in_company().then(across::Anew::begin),
        }
    }
}

impl Drop for Isolated<'_> {
    fn drop(&mut self) {
        self.core.release.depth.set(self.depth);
        if !self.queue.is_empty() {
            self.core.release.pending_work.set(true);
        }
        #[cfg(feature = "std")]
        if self.anew.take().is_some() && across::is_outermost(self.core) {
            self.core.release.pending_work.set(true);
        }
        let own = self.core.release.release_queue.replace(core::mem::take(&mut self.queue));
        debug_assert!(own.is_empty(), "an operation left objects in its queue");
    }
}
