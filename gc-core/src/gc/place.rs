//! Where a new object gets its slot, and what is done before there is one.

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

/// Takes a slot and writes its header: count 1, born now, not alive yet. Does whatever
/// it takes: a collection that is due, another block, memory from the system, a last
/// collection. `owned`: bytes that the value owns outside of the slot, which are charged.
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

/// Makes sure that the limit has room for bytes that a value owns: values that died may have
/// owned as many, a full collection may free some.
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

/// A slot without a header, given back when a collection panics meanwhile.
struct TakenSlot<'h> {
    core: &'h Core,
    object: Object,
}

impl Drop for TakenSlot<'_> {
    fn drop(&mut self) {
        self.core.free_slot(self.object);
    }
}

/// Takes a slot although there was none: a full collection may make room.
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

/// Runs a full collection, then tries again. Tells whether such collections take nearly all
/// time, and free nearly nothing. (There can be none inside of another.)
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

/// Collects when there are too many young objects, the one about to be born included, or
/// too many bytes in few objects.
fn collect_if_due(core: &Core, block: &Block) {
    let expected = core.storage.birth_clock.expect(block.is_tracked());
    if core.storage.birth_clock.is_due() {
        collect::collect_due(core);
    } else if core.storage.account.is_due(0) {
        collect::collect_for_bytes(core);
    }
    // A new epoch may have begun: the block must know before the object comes alive.
    core.state.epoch.open_for_young(block);
    drop(expected);
}

/// Moves the value into its slot.
///
/// # Safety
/// `object` is a slot of `block` that was taken for a `T`, with its header written.
#[inline]
pub(super) unsafe fn init<T: Trace>(object: Object, block: &Block, value: T) -> Gc<T> {
    let slot = object.value().cast::<T>();
    // SAFETY: the caller's promise.
    unsafe {
        slot.write(value);
        block.publish(object);
        Gc::from_raw(slot)
    }
}

/// A slot whose value is being made; given back when that panics.
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
