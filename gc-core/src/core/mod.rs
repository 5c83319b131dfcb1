//! The inner heap: all state of one heap, as a short list of parts.
//!
//! * [`life`]: the handles of the heap, and its end
//! * [`releases`]: the releases that are open, and the objects that wait for theirs
//!
//! The other parts are defined in their own modules, such as [`Storage`], [`GcState`] and
//! [`Telemetry`].

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

/// The link of a heap in a list of heaps of its thread.
#[cfg(feature = "std")]
#[derive(Default)]
pub(crate) struct Link {
    pub(crate) is_listed: Cell<bool>,
    pub(crate) next: Cell<Option<NonNull<Core>>>,
}

/// The state of one heap. Lives as long as a handle or an object of it does.
///
/// A release may free the heap while callers that were given a reference to it have yet to return.
/// The callers do not use the core any more, but a plain reference would assert that its target is
/// valid until they return. A reference to an `UnsafeCell` does not assert that, so all fields are
/// in one.
pub(crate) struct Core(UnsafeCell<Fields>);

impl Deref for Core {
    type Target = Fields;

    #[inline(always)]
    fn deref(&self) -> &Fields {
        // SAFETY: invariant 17: there is no `&mut` to the fields.
        unsafe { &*self.0.get() }
    }
}

/// The parts of a heap.
pub(crate) struct Fields {
    pub(crate) policy: FinalizerPolicy,
    /// Blocks and bins, and the counters of births and bytes.
    pub(crate) storage: Storage,
    /// The releases that are open, and the objects that wait for theirs.
    pub(crate) release: Releases,
    /// The cells of weak references, by their target.
    pub(crate) weaks: WeakTable,
    /// The candidates, the generations, the schedule of collections, and the state of the open
    /// collection.
    pub(crate) state: GcState,
    /// Figures and records of collections, gauges, and allocation sites.
    pub(crate) telemetry: Telemetry,
    /// Callbacks of the embedder.
    pub(crate) hooks: Hooks,
    /// The handles of the heap, and its end.
    pub(crate) life: Life,
}

impl Core {
    /// Returns the number of releases of this heap that are open, one nested in the other.
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

    /// Returns the number of slots in use by objects that collections examine: of all types that
    /// hold traced pointers.
    pub(crate) fn objects_in_use(&self) -> usize {
        self.slots_in_use(|block| block.kind.get() != Kind::Leaf)
    }

    /// Returns the number of slots in use by objects of tracked types.
    pub(crate) fn tracked_in_use(&self) -> usize {
        self.slots_in_use(Block::is_tracked)
    }

    /// Returns the bytes that all living values own outside of their slots. Examines all objects of
    /// the types that may own memory.
    pub(crate) fn owned_bytes(&self) -> usize {
        let mut owned = 0usize;
        self.storage.memory.each_block(&mut |block| owned = owned.saturating_add(block.owned_bytes().0));
        owned
    }

    /// Returns the number of slots in use in the blocks for which `choose` returns true.
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

    /// Freezes every object that collections could examine: they no longer examine it.
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

    /// Frees the inner heap.
    ///
    /// # Safety
    /// Nothing refers to the heap any more: there is no handle, no object, and no open operation.
    pub(crate) unsafe fn free(&self) {
        if let Some(me) = self.life.me.take() {
            // SAFETY: by the caller's promise nothing uses the heap; the pointer came from a box,
            // and is used once.
            drop(unsafe { Box::from_raw(me.as_ptr()) });
        }
    }

    /// Opens an operation: the heap is not freed until the guard is dropped.
    pub(crate) fn enter(&self) -> HeapGuard<'_> {
        self.life.busy.set(self.life.busy.get() + 1);
        HeapGuard(self)
    }
}

impl Core {
    /// Returns the opaque pointer to this heap that is stored in its chunks.
    pub(crate) fn owner(&self) -> NonNull<Owner> {
        NonNull::from(self).cast()
    }

    /// Returns the heap that the opaque pointer in a chunk points to.
    #[inline(always)]
    pub(crate) fn of<'a>(owner: NonNull<Owner>) -> &'a Core {
        // SAFETY: invariant 2: a chunk names its heap, which outlives its chunks.
        unsafe { owner.cast::<Core>().as_ref() }
    }
}

impl Object {
    /// Returns the heap that the object lives in.
    #[inline]
    pub(crate) fn core<'a>(self) -> &'a Core {
        Core::of(self.chunk().owner())
    }
}

impl CellRef {
    /// Closes a handle. If it is the last one, removes the cell from its target's list, so that its
    /// callback never runs. The caller must drop a returned callback.
    pub(crate) fn close_handle(&self) -> Option<Callback> {
        if !self.lower_handles() {
            return None;
        }
        self.detach();
        self.take_callback()
    }

    /// Clears the target of this weak reference, which may be an object of any heap.
    pub(crate) fn detach(&self) {
        if let Some(target) = self.target.get() {
            target.core().weaks.unlink(target, self);
        }
    }
}
