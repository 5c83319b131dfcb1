//! Takes the slot for a new object, and does before whatever is due or needed for it.

use super::Gc;
use crate::collect;
use crate::collect::pressure::report_oom;
use crate::core::Core;
use crate::ground::error::OutOfMemoryKind;
use crate::ground::time::Stamp;
use crate::object::raw::Object;
use crate::object::type_info::TypeInfo;
use crate::release;
use crate::storage::block::Block;
use crate::telemetry::records::Cause;
use crate::trace::Trace;

/// The greatest alignment that a value may have.
const MAX_ALIGN: usize = 32 << 10;

/// Takes a slot for a new object and writes its header: count 1, born now, not alive yet. If
/// needed, runs a collection that is due, takes another block, takes memory from the system, or
/// runs a last full collection. `owned` is the number of bytes that the value owns outside of the
/// slot, which are charged to the limit.
pub(super) fn place(
    core: &Core,
    info: &'static TypeInfo,
    size: usize,
    class: u8,
    owned: usize,
) -> Result<Object, OutOfMemoryKind> {
    if info.align > MAX_ALIGN || !core.storage.account.could_admit(size.saturating_add(owned)) {
        return Err(OutOfMemoryKind::RequestTooLarge);
    }
    if owned > 0 {
        make_room_for_owned(core, owned)?;
    }
    if core.storage.birth_clock.renew() {
        core.storage.bins.flush();
    }
    let object = match core.take_slot(info, size, class) {
        Some(object) => object,
        None => take_slot_after_all(core, info, size, class)?,
    };
    let taken = TakenSlot { core, object };
    let block = object.block();
    collect_if_due(core, block);
    core.be_born(object, block);
    core::mem::forget(taken);
    if owned > 0 {
        core.storage.owned_look.charge(&core.storage.account, owned);
    }
    Ok(object)
}

/// Makes sure that the limit has room for `owned` bytes that a value owns. If it has none, the
/// function measures again what all values own, and then runs a full collection.
fn make_room_for_owned(core: &Core, owned: usize) -> Result<(), OutOfMemoryKind> {
    if core.storage.account.admits(owned) {
        return Ok(());
    }
    core.storage.owned_look.measure(&core.storage.memory, &core.storage.account);
    core.storage.memory.trim();
    if core.storage.account.admits(owned) {
        return Ok(());
    }
    match collect_at_the_limit(core, || core.storage.account.admits(owned).then_some(()))? {
        ((), true) => Err(OutOfMemoryKind::OverheadLimit),
        ((), false) => Ok(()),
    }
}

/// A taken slot without a header. The slot is freed if a collection panics before the header is
/// written.
struct TakenSlot<'h> {
    core: &'h Core,
    object: Object,
}

impl Drop for TakenSlot<'_> {
    fn drop(&mut self) {
        self.core.free_slot(self.object);
    }
}

/// Runs a full collection to make room, and then takes a slot.
#[cold]
fn take_slot_after_all(
    core: &Core,
    info: &'static TypeInfo,
    size: usize,
    class: u8,
) -> Result<Object, OutOfMemoryKind> {
    let (object, is_too_much) = collect_at_the_limit(core, || core.take_slot(info, size, class))?;
    if is_too_much {
        core.free_slot(object);
        return Err(OutOfMemoryKind::OverheadLimit);
    }
    Ok(object)
}

/// Runs a full collection, and then calls `attempt`. Returns its result, and true if such
/// collections take nearly all time and free nearly nothing. Fails within a collection, because no
/// other collection can run then.
fn collect_at_the_limit<R>(core: &Core, attempt: impl Fn() -> Option<R>) -> Result<(R, bool), OutOfMemoryKind> {
    if core.state.collecting.get() {
        return Err(OutOfMemoryKind::HeapSpace);
    }
    let program = core.state.overhead.since_last();
    let began = Stamp::now();
    collect::collect_because(core, Cause::AllocationFailure, 2);
    core.storage.memory.trim();
    let result = attempt().ok_or(OutOfMemoryKind::HeapSpace)?;
    let freed = core.telemetry.stats.last().map_or(0, |last| last.bytes);
    Ok((result, core.state.overhead.note(began, program, freed, core.storage.account.max())))
}

/// Runs a collection if there are too many young objects, including the one about to be born, or
/// too many new bytes in few objects.
fn collect_if_due(core: &Core, block: &Block) {
    let expected = core.storage.birth_clock.expect(block.is_tracked());
    if core.storage.birth_clock.is_due() {
        collect::collect_due(core);
    } else if core.storage.account.is_due(0) {
        collect::collect_for_bytes(core);
    }
    // A new epoch may have begun: the block must be opened for it before the object comes alive.
    core.state.epoch.open_for_young(block);
    drop(expected);
}

/// Moves a value into its slot, makes the object alive, and returns the first pointer to it.
///
/// # Safety
/// `object` is a slot of `block` that was taken for a `T`, with its header written.
#[inline]
pub(super) unsafe fn init<T: Trace>(object: Object, block: &Block, value: T) -> Gc<T> {
    let slot = object.value().cast::<T>();
    // SAFETY: the caller promises that the slot was taken for a `T`.
    unsafe {
        slot.write(value);
        block.publish(object);
        Gc::from_raw(slot)
    }
}

/// A slot whose value is being made. The slot is freed if making the value fails or panics.
pub(super) struct HalfBuilt<'h> {
    pub(super) core: &'h Core,
    pub(super) object: Object,
}

impl Drop for HalfBuilt<'_> {
    fn drop(&mut self) {
        release::finalizer::silence_weak(self.core, self.object);
        self.core.free_slot(self.object);
    }
}

#[cold]
#[inline(never)]
pub(super) fn out_of_memory(core: &Core, kind: OutOfMemoryKind, requested: usize) -> ! {
    panic!("{}", report_oom(core, kind, requested));
}
