//! Checks of the heap's tables against each other, while no collection is running.

use crate::core::Core;
use crate::object::bitmaps::{Bitmaps, bits};
use crate::object::raw::Object;
use crate::object::type_info::TypeInfo;
use crate::storage::block::{Block, flag};
use crate::storage::memory::bytes_of;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A contradiction between tables, and the type of the objects at which it was found.
pub(crate) struct Contradiction {
    pub(crate) of: Option<&'static TypeInfo>,
    pub(crate) detail: String,
}

pub(crate) fn problems(core: &Core) -> Vec<Contradiction> {
    let mut problems = Vec::new();
    let (mut blocks, mut bytes, mut listed) = (0, 0, 0);
    core.storage.memory.each_block(&mut |block| {
        (blocks, bytes, listed) = (blocks + 1, bytes + bytes_of(block), listed + usize::from(block.has(flag::LISTED)));
        let mut note = |detail: String| problems.push(Contradiction { of: Some(block.info()), detail });
        let living = block.living();
        if living > block.live() as usize {
            note(format!("{living} objects live in a block with {} slots in use", block.live()));
        }
        for (group, bitmaps) in (0..).zip(block.groups()) {
            look_at_group(core, block, group, bitmaps, &mut note);
        }
    });
    if blocks != core.storage.memory.used() {
        problems.push(Contradiction {
            of: None,
            detail: format!("{} blocks are counted as used, {blocks} are", core.storage.memory.used()),
        });
    }
    if let Some(on_list) = on_list(core)
        && on_list != listed
    {
        problems.push(Contradiction {
            of: None,
            detail: format!("{listed} blocks are marked as listed by a collection, {on_list} are"),
        });
    }
    let (all, used) = (core.storage.account.resident(), core.storage.memory.used_bytes());
    if bytes != used || all < used {
        problems.push(Contradiction {
            of: None,
            detail: format!("{all} bytes are accounted for, {used} of them as used, {bytes} are"),
        });
    }
    problems
}

/// Returns the number of blocks on the list of the incremental collection that is open between two
/// slices, up to the first block without the flag `LISTED`. Returns `None` if there is no such
/// collection.
fn on_list(core: &Core) -> Option<usize> {
    let cycle = core.state.cycle.take()?;
    let blocks = cycle.pass.listed().take(core.storage.memory.used() + 1);
    let on_list = blocks.take_while(|block| block.has(flag::LISTED)).count();
    core.state.cycle.set(Some(cycle));
    Some(on_list)
}

fn look_at_group(core: &Core, block: &Block, group: u32, bitmaps: &Bitmaps, note: &mut impl FnMut(String)) {
    let alive = bitmaps.alloc.get();
    // (A dying object keeps its bits until its slot is free.)
    if bitmaps.candidate.get() & !alive != 0 && core.nesting() == 0 && core.life.busy.get() == 0 {
        note("a slot without an object is a candidate".into());
    }
    if bitmaps.candidate.get() != 0 && !block.has(flag::WITH_CANDIDATES) && !core.state.is_cycle_open.get() {
        note("a block with candidates is on no list of such".into());
    }
    if bitmaps.weak.get() & alive != 0 && !block.has(flag::WEAK) {
        note("weak references point into a block that is not marked so".into());
    }
    if (bitmaps.set.get() | bitmaps.mark.get()) & alive != 0
        && !core.state.is_cycle_open.get()
        && block.has(flag::LISTED)
    {
        note("an object is a member of the set of no collection".into());
    }
    for slot in bits(alive) {
        let object = block.object(group * 64 + slot);
        look_at_object(core, object, note);
        let is_weak = bitmaps.weak.get() >> slot & 1 == 1;
        if is_weak != core.weaks.has(object) {
            note(format!("the object at {:#x} has weak references, or is only marked so", object.address()));
        }
    }
}

/// Checks the invariants of a living object that hold even in the middle of a collection.
pub(crate) fn look_at_object(core: &Core, object: Object, note: &mut impl FnMut(String)) {
    // (A collection condemns the objects that it is about to reclaim.)
    let may_be_condemned = core.state.collecting.get();
    if object.count().get() == 0 || !(object.count().is_open() || may_be_condemned) {
        note(format!("the object at {:#x} lives, but its count says otherwise", object.address()));
    }
    if object.birth() >= core.storage.birth_clock.next() {
        note(format!("the object at {:#x} is not born yet", object.address()));
    }
}
