//! Releases pointers, and destroys objects whose count reaches zero.
//!
//! Releases nest as recursion would, so children die in field order, depth first. At 48 levels, or
//! when the stack has grown too far, an object at count zero is queued instead. The queue is worked
//! off before the outermost release returns. The depth of the stack therefore does not depend on
//! the depth of the user's data structure.

#[cfg(feature = "std")]
pub(crate) mod across;
mod exit;
pub(crate) mod external;
pub(crate) mod finalizer;
pub(crate) mod user_code;

pub(crate) use exit::{Isolated, exit_operation, on_exit};

use crate::core::Core;
use crate::object::bitmaps::lower;
use crate::object::raw::{Object, Place};
use crate::object::refcount::Decrement;
use crate::storage::block::{Block, flag};
use core::ptr;

/// Greatest depth to which releases nest, as in CPython's trashcan.
const MAX_NESTING: u32 = 48;

/// Cost of the release of one queued object, and of those that nest in it, as a number of objects
/// looked at.
const RELEASE_COST: usize = 16;

/// Releases do not nest if they have taken more than this many bytes of stack. The value is greater
/// in sanitizer builds, whose frames are larger, so that 48 levels fit there as well.
const MAX_STACK: usize = if cfg!(gc_asan) { 192 << 10 } else { 128 << 10 };

/// Releases one counted pointer.
#[inline]
pub(crate) fn decrement(object: Object) {
    if object.count().decrement() {
        drop_slow(object);
    }
}

/// Handles a decrement that is more than a subtraction: the object dies or becomes a candidate.
///
/// The function that destroys the object is called through the table of its type. If it were
/// instantiated here, a type whose fields point to ever new types would be instantiated without
/// end. All calls are tail calls, so that the common path needs no stack frame.
#[inline(never)]
pub(crate) fn drop_slow(object: Object) {
    let found = object.count().classify();
    if found != Decrement::Zero {
        return drop_slow_alive(object, found);
    }
    let (core, Place { block, bitmaps, bit }) = (object.core(), object.place());
    if block.has(flag::SLOW_DEATH) {
        return on_zero(core, object);
    }
    if block.has(flag::HAS_METADATA) && bitmaps.has_metadata_of(bit) {
        return on_zero_with_metadata(core, object);
    }
    lower(&bitmaps.alloc, bit);
    // SAFETY: invariant 11: the count is zero, so no code can reach the value; the object has no
    // finalizer, and it is not alive.
    unsafe { (block.bin().deallocate)(object, core.owner(), block) }
}

/// Frees an object at count zero that has bits in bitmaps other than `alloc`.
#[inline(never)]
fn on_zero_with_metadata(core: &Core, object: Object) {
    let Place { block, bitmaps, bit } = object.place();
    lower(&bitmaps.alloc, bit);
    bitmaps.forget(bit);
    // SAFETY: as in `drop_slow`.
    unsafe { (block.bin().deallocate)(object, core.owner(), block) }
}

/// Destroys or queues an object that has no finalizer and no weak references, and whose bits are
/// cleared. `TypeInfo::deallocate` is instantiated from this function for each type.
///
/// # Safety
/// `drop_value` drops the object's value.
#[inline(always)]
pub(crate) unsafe fn deallocate_as(core: &Core, block: &Block, object: Object, drop_value: Option<impl FnOnce()>) {
    if let Some(drop_value) = drop_value {
        if !may_nest(core) && queue(core, object) {
            return;
        }
        let nested = Nested::enter(core);
        drop_value();
        drop(nested);
    }
    core.free_unknown(block, object);
    if core.release.pending_work.get() && core.nesting() == 0 {
        work_off_pending(core);
    }
}

/// Returns true if another release may begin here. (In a heap that is alone on its thread, the
/// first release always may begin.)
#[inline(always)]
fn may_nest(core: &Core) -> bool {
    core.release.depth.get() == 0 || may_nest_in_another(core)
}

/// Returns true if another release may begin while one is open, or in a heap that has company.
///
/// The limit applies to the stack that was taken since the first nested release, whose position is
/// noted. If the thread has several heaps, the limit applies to the stack that was taken since the
/// outermost release of all of them.
#[inline(never)]
fn may_nest_in_another(core: &Core) -> bool {
    let nesting = core.nesting();
    if nesting > 1 {
        let marker = 0u8;
        let taken = core.release.stack_top.get().saturating_sub(ptr::from_ref(&marker).addr());
        return nesting < MAX_NESTING && taken <= MAX_STACK;
    }
    may_nest_near_the_top(core)
}

/// Decides if one of the two outermost releases may begin, and notes the position of the stack. The
/// function is separate so that the common path needs no stack frame.
#[inline(never)]
fn may_nest_near_the_top(core: &Core) -> bool {
    let marker = 0u8;
    let position = ptr::from_ref(&marker).addr();
    #[cfg(feature = "std")]
    if core.is_in_company() {
        return across::may_nest(core, core.nesting(), position);
    }
    core.release.stack_top.set(position);
    true
}

/// Handles a decrement that left the object alive, or that was the last of a condemned or emptied
/// object.
#[inline(never)]
fn drop_slow_alive(object: Object, found: Decrement) {
    match found {
        Decrement::Candidate => object.core().state.candidates.add(object),
        Decrement::CondemnedZero => on_zero_condemned(object),
        Decrement::Zero | Decrement::Nothing => {}
    }
}

/// Handles the release of the last pointer to a condemned or emptied object.
#[cold]
fn on_zero_condemned(object: Object) {
    if object.is_alive() {
        on_zero(object.core(), object);
    } else {
        // The object is emptied already: only its slot was kept, for the pointers to it.
        object.core().free_slot(object);
    }
}

/// Destroys an object at count zero, or queues it.
#[inline(never)]
fn on_zero(core: &Core, object: Object) {
    object.place().clear_alloc();
    if !may_nest(core) && queue(core, object) {
        return;
    }
    let nested = Nested::enter(core);
    deallocate(core, object);
    drop(nested);
    if core.release.pending_work.get() && core.nesting() == 0 {
        work_off_pending(core);
    }
}

/// Finishes an outermost release that has more to do: works off the queue, and frees the heap if
/// nothing refers to it any more.
#[cold]
fn work_off_pending(core: &Core) {
    let nested = Nested::enter(core);
    drain(core);
    #[cfg(feature = "std")]
    if across::is_outermost(core) {
        across::end(core);
    }
    drop(nested);
    if core.release.pending_work.get() {
        on_exit(core);
    }
}

/// Counts one more open release while it lives. The count is restored even if user code unwinds.
struct Nested<'a>(&'a Core);

impl Nested<'_> {
    #[inline(always)]
    fn enter(core: &Core) -> Nested<'_> {
        core.release.depth.set(core.release.depth.get() + 1);
        Nested(core)
    }
}

impl Drop for Nested<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.release.depth.set(self.0.release.depth.get() - 1);
    }
}

/// Queues an object at count zero. Returns false if there is no memory for the queue; the caller
/// then destroys the object at once, whatever the depth of the stack.
#[cold]
fn queue(core: &Core, object: Object) -> bool {
    let mut queue = core.release.release_queue.borrow_mut();
    if queue.try_reserve(1).is_err() {
        return false;
    }
    queue.push(object);
    core.release.pending_work.set(true);
    true
}

/// Works off the queue. The objects that the death of an object queues are destroyed directly after
/// that object, in the order in which they were queued.
fn drain(core: &Core) {
    core.release.release_queue.borrow_mut().reverse();
    loop {
        let Some(object) = core.release.release_queue.borrow_mut().pop() else { break };
        if core.state.work_budget.is_over() && defer(core, object) {
            continue;
        }
        let waiting = core.release.release_queue.borrow().len();
        deallocate(core, object);
        core.state.work_budget.spend(RELEASE_COST);
        if let Some(new) = core.release.release_queue.borrow_mut().get_mut(waiting..) {
            new.reverse();
        }
    }
    core.release.pending_work.set(core.life.handles.get() == 0);
}

/// Defers the death of an object at count zero to the next slice. Returns false if the object must
/// die now, because it is being reclaimed or there is no memory to note it.
fn defer(core: &Core, object: Object) -> bool {
    let mut deferred = core.release.deferred.borrow_mut();
    if is_condemned(core, object) || deferred.try_reserve(1).is_err() {
        return false;
    }
    deferred.push(object);
    true
}

/// Destroys the objects whose death earlier slices deferred. Returns true if none is left.
pub(crate) fn resume(core: &Core) -> bool {
    if !core.release.deferred.borrow().is_empty() {
        debug_assert!(core.release.release_queue.borrow().is_empty(), "resumed inside of a release");
        core.release.release_queue.swap(&core.release.deferred);
        let nested = Nested::enter(core);
        drain(core);
        drop(nested);
    }
    core.release.deferred.borrow().is_empty()
}

/// Destroys an object: runs the finalizer, clears weak references, drops the value, and frees the
/// slot. An object that its finalizer resurrects keeps its value and its slot.
fn deallocate(core: &Core, object: Object) {
    if object.block().has(flag::SLOW_DEATH)
        && !is_condemned(core, object)
        && !finalizer::finalize_and_clear_weak(core, object)
    {
        return;
    }
    drop_value(core, object);
    core.free_slot(object);
}

/// Returns true if the object is a member of the set that is being reclaimed: its finalizer has
/// run, and its weak references are cleared. Managed weak references are never condemned, because
/// user code may have pointers and weak references to them.
fn is_condemned(core: &Core, object: Object) -> bool {
    let block = object.block();
    let (bitmaps, bit) = block.bitmaps_of(block.index(object));
    core.release.reclaiming.get() && bitmaps.set.get() & bit != 0 && block.info().managed_weak.is_none()
}

/// Drops the value of an object that is not alive any more.
pub(crate) fn drop_value(core: &Core, object: Object) {
    let block = object.block();
    let Some(drop) = block.info().drop else { return };
    if block.has(flag::UNKNOWN_DROP) {
        user_code::drop_unknown(core, object, drop);
    } else {
        // SAFETY: invariant 11: the caller drops this value, once.
        unsafe { drop(object) };
    }
}
