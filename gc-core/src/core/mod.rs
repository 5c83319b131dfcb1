//! The inner heap: all state of one heap, as a short list of parts.
//!
//! * [`life`]: handles, weak ones too, and the end
//! * [`releases`]: releases that are open or wait
//!
//! The other parts are defined in the modules that they belong to, such as [`Storage`], [`GcState`]
//! and [`Telemetry`].

mod life;
mod releases;

pub(crate) use life::{CoreRef, HeapGuard, Life, WeakCore};
pub(crate) use releases::{COMPANY, Releases};

use crate::gc_state::GcState;
use crate::ground::config::{FinalizerPolicy, Pace};
use crate::object::raw::Object;
use crate::object::type_info::Kind;
use crate::object::weak_cell::{Callback, CellRef};
use crate::object::weak_table::WeakTable;
use crate::storage::Storage;
use crate::storage::block::Block;
use crate::storage::chunk::Owner;
use crate::storage::os::ChunkSource;
use crate::telemetry::Telemetry;
use crate::telemetry::hooks::Hooks;
use alloc::boxed::Box;
#[cfg(feature = "std")]
use core::cell::Cell;
use core::cell::UnsafeCell;
use core::ops::Deref;
use core::ptr::NonNull;

/// A heap's place in a list of the thread's heaps.
#[cfg(feature = "std")]
#[derive(Default)]
pub(crate) struct Link {
    pub(crate) is_listed: Cell<bool>,
    pub(crate) next: Cell<Option<NonNull<Core>>>,
}

/// The state of one heap. Lives as long as a handle or an object of it does.
///
/// A release may free the heap while callers that were given a reference to it have yet to return.
/// They do not use it any more, but a plain reference would assert that its target is valid until
/// they return. A reference to an `UnsafeCell` does not assert that, so all fields are in one.
pub(crate) struct Core(UnsafeCell<Fields>);

impl Deref for Core {
    type Target = Fields;

    #[inline(always)]
    fn deref(&self) -> &Fields {
        // SAFETY: invariant 17: nobody has the fields mutably.
        unsafe { &*self.0.get() }
    }
}

/// The parts of a heap, each with one owner.
pub(crate) struct Fields {
    pub(crate) policy: FinalizerPolicy,
    /// Blocks, bins, and what counts their memory.
    pub(crate) storage: Storage,
    /// Releases that are open or wait.
    pub(crate) release: Releases,
    /// Weak cells by target.
    pub(crate) weaks: WeakTable,
    /// Candidates, generations, schedule, the open collection.
    pub(crate) state: GcState,
    /// Figures, records, gauges, allocation sites.
    pub(crate) telemetry: Telemetry,
    /// Callbacks of the embedder.
    pub(crate) hooks: Hooks,
    /// Handles, and how the heap ends.
    pub(crate) life: Life,
}

impl Core {
    /// Releases of this heap that are nested at this moment.
    #[inline(always)]
    pub(crate) fn nesting(&self) -> u32 {
        self.release.depth.get() % COMPANY
    }

    /// Returns true if the thread had other heaps when this one was made.
    #[cfg(feature = "std")]
    pub(crate) fn is_in_company(&self) -> bool {
        self.release.depth.get() >= COMPANY
    }

    pub(crate) fn new(policy: FinalizerPolicy, source: Box<dyn ChunkSource>) -> Box<Core> {
        Box::new(Core(UnsafeCell::new(Fields {
            policy,
            storage: Storage::new(source),
            release: Releases::new(),
            weaks: WeakTable::default(),
            state: GcState::new(),
            telemetry: Telemetry::new(),
            hooks: Hooks::new(),
            life: Life::new(),
        })))
    }

    /// Slots in use by types that are examined.
    pub(crate) fn objects_in_use(&self) -> usize {
        self.slots_in_use(|block| block.kind.get() != Kind::Leaf)
    }

    /// Slots in use by tracked types.
    pub(crate) fn tracked_in_use(&self) -> usize {
        self.slots_in_use(Block::is_tracked)
    }

    /// Bytes that all living values own outside of their slots. Looks at the objects of
    /// the types that may.
    pub(crate) fn owned_bytes(&self) -> usize {
        let mut owned = 0usize;
        self.storage.memory.each_block(&mut |block| owned = owned.saturating_add(block.owned_bytes().0));
        owned
    }

    /// Slots in use in the blocks that `choose` says.
    pub(crate) fn slots_in_use(&self, choose: impl Fn(&Block) -> bool) -> usize {
        let mut slots = 0;
        self.storage.memory.each_block(&mut |block| {
            if choose(block) {
                slots += block.live() as usize;
            }
        });
        slots
    }

    pub(crate) fn set_pace(&self, pace: Pace) {
        self.state.pace.set(pace);
        self.storage.memory.set_incremental(pace != Pace::StopTheWorld);
    }

    /// Freezes every tracked or passed-through object: it is examined no more.
    pub(crate) fn freeze(&self) {
        self.state.frozen.set(true);
        self.state.epoch.freeze(&self.storage.memory);
    }

    /// Moves all frozen objects to generation 2. The candidates count as incomplete then, so that
    /// the next full collection is linear.
    pub(crate) fn unfreeze(&self) {
        self.state.epoch.unfreeze(&self.storage.memory);
        self.state.frozen.set(false);
        self.state.schedule.candidates_incomplete.set(true);
    }

    /// Frees the heap.
    ///
    /// # Safety
    /// Nothing refers to it any more: no handle, no object, no open operation.
    pub(crate) unsafe fn free(&self) {
        if let Some(me) = self.life.me.take() {
            // SAFETY: the caller's promise; the pointer came from a box, and is used once.
            drop(unsafe { Box::from_raw(me.as_ptr()) });
        }
    }

    /// Keeps the heap while something of it is on the stack.
    pub(crate) fn enter(&self) -> HeapGuard<'_> {
        self.life.busy.set(self.life.busy.get() + 1);
        HeapGuard(self)
    }
}

impl Core {
    /// This heap, as its chunks name it.
    pub(crate) fn owner(&self) -> NonNull<Owner> {
        NonNull::from(self).cast()
    }

    /// The heap that a chunk names.
    #[inline(always)]
    pub(crate) fn of<'a>(owner: NonNull<Owner>) -> &'a Core {
        // SAFETY: invariant 2: a chunk names its heap, which outlives its chunks.
        unsafe { owner.cast::<Core>().as_ref() }
    }
}

impl Object {
    /// The heap that the object lives in.
    #[inline]
    pub(crate) fn core<'a>(self) -> &'a Core {
        Core::of(self.chunk().owner())
    }
}

impl CellRef {
    /// Closes a handle. The last one takes the cell from its target's list, and its callback will
    /// not run. A callback that is returned must be dropped by the caller.
    pub(crate) fn close_handle(&self) -> Option<Callback> {
        if !self.lower_handles() {
            return None;
        }
        self.detach();
        self.take_callback()
    }

    /// Clears what this one weak reference points to, in whichever heap that is.
    pub(crate) fn detach(&self) {
        if let Some(target) = self.target.get() {
            target.core().weaks.unlink(target, self);
        }
    }
}
