//! The inner heap: all state of one heap, in one place.

use crate::gc_state::budget::WorkBudget;
use crate::gc_state::candidates::CandidateBlocks;
use crate::gc_state::cycle::CycleState;
use crate::gc_state::generations::GenerationEpoch;
use crate::gc_state::overhead::Overhead;
use crate::gc_state::schedule::Schedule;
use crate::ground::config::{FinalizerPolicy, Pace};
use crate::object::birth_clock::BirthClock;
use crate::object::raw::Object;
use crate::object::type_info::Kind;
use crate::object::weak_cell::{Callback, CellRef};
use crate::object::weak_table::WeakTable;
use crate::storage::bins::Bins;
use crate::storage::block::Block;
use crate::storage::chunk::Owner;
use crate::storage::empty_blocks::EmptyBlocks;
use crate::storage::limit::Account;
use crate::storage::memory::Memory;
use crate::storage::os::ChunkSource;
use crate::storage::owned::OwnedLook;
use crate::storage::quarantine::Quarantine;
use crate::telemetry::allocation_sites::AllocationSites;
#[cfg(feature = "observe")]
use crate::telemetry::gauges::Gauges;
use crate::telemetry::hooks::Hooks;
use crate::telemetry::stats::Stats;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, OnceCell, RefCell, UnsafeCell};
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
/// The last pointer that goes takes it along, while functions further up that were handed a
/// reference to it have yet to return; they do not touch it any more. Of a reference to a cell
/// nothing else is asked, so all of it is one.
pub(crate) struct Core(UnsafeCell<Fields>);

impl Deref for Core {
    type Target = Fields;

    #[inline(always)]
    fn deref(&self) -> &Fields {
        // SAFETY: invariant 17: nobody has the fields mutably.
        unsafe { &*self.0.get() }
    }
}

/// The parts of a heap.
pub(crate) struct Fields {
    // Touched by every allocation.
    pub(crate) birth_clock: BirthClock,
    pub(crate) bins: Bins,
    // Touched by every death.
    /// Releases that are nested at this moment, and [`COMPANY`] where the thread has other heaps.
    pub(crate) depth: Cell<u32>,
    /// Where the stack was when the outermost release began.
    pub(crate) stack_top: Cell<usize>,
    /// Leaving the outermost release has more to do than usual.
    pub(crate) pending_work: Cell<bool>,
    /// A collection is open: no slot is reused, no block goes back.
    pub(crate) collecting: Cell<bool>,
    /// An exact reclaim is open: members of its set die without rites.
    pub(crate) reclaiming: Cell<bool>,
    /// User code ran since this was last cleared.
    pub(crate) user_code_ran: Cell<bool>,
    /// Objects may be frozen.
    pub(crate) frozen: Cell<bool>,
    /// Slots freed while a collection is open.
    pub(crate) quarantine: Quarantine,
    /// The incremental collection that is open, between two of its slices.
    pub(crate) cycle: Cell<Option<CycleState>>,
    /// One is open.
    pub(crate) is_cycle_open: Cell<bool>,
    /// How far its slice is.
    pub(crate) work_budget: WorkBudget,
    /// Objects at zero that wait for the next slice, the next one first.
    pub(crate) deferred: RefCell<Vec<Object>>,
    /// Objects at zero that wait for a shallower stack. The top is the next.
    pub(crate) release_queue: RefCell<Vec<Object>>,
    /// Empty blocks that could not be given back at once.
    pub(crate) empty_blocks: EmptyBlocks,

    pub(crate) policy: FinalizerPolicy,
    pub(crate) pace: Cell<Pace>,
    pub(crate) epoch: GenerationEpoch,
    pub(crate) schedule: Schedule,
    pub(crate) stats: Stats,
    #[cfg(feature = "observe")]
    pub(crate) gauges: Gauges,
    pub(crate) allocation_sites: AllocationSites,
    pub(crate) weaks: WeakTable,
    pub(crate) hooks: Hooks,
    pub(crate) candidates: CandidateBlocks,
    /// The list of uncollectable objects, each held by a count.
    pub(crate) garbage: RefCell<VecDeque<Object>>,
    /// The out-of-memory hook is at work.
    pub(crate) in_oom_hook: Cell<bool>,
    pub(crate) overhead: Overhead,
    pub(crate) account: Account,
    pub(crate) owned_look: OwnedLook,
    pub(crate) memory: Memory,
    /// Objects in the queue wait for the outermost release of the thread.
    #[cfg(feature = "std")]
    pub(crate) waiting: Link,
    /// The last collection waits for others of the thread to end.
    #[cfg(feature = "std")]
    pub(crate) closing: Link,
    /// Tells weak handles whether the heap is there.
    pub(crate) life: Life,
    /// Runs when the last handle goes.
    pub(crate) shutdown: Cell<Option<fn(&Core)>>,
    /// It has done so.
    pub(crate) is_shut_down: Cell<bool>,
    /// The box that the heap lives in, once it was handed out.
    me: Cell<Option<NonNull<Core>>>,
    /// `Heap` handles.
    pub(crate) handles: Cell<usize>,
    /// Operations that are open and must not lose the heap under their feet.
    pub(crate) busy: Cell<u32>,
    /// Objects that became immortal because their count saturated.
    pub(crate) saturated: Cell<usize>,
}

/// Number of objects that can wait to be released where no memory is left for a longer queue.
const QUEUED: usize = 64;

/// Added to the nesting of a heap that is not alone on its thread: "no release is open" is not 0
/// there, and takes the way on which the other heaps are asked (see `release::across`).
pub(crate) const COMPANY: u32 = 1 << 16;

impl Core {
    /// Releases of this heap that are nested at this moment.
    #[inline(always)]
    pub(crate) fn nesting(&self) -> u32 {
        self.depth.get() % COMPANY
    }

    /// Returns true if the thread had other heaps when this one was made.
    #[cfg(feature = "std")]
    pub(crate) fn is_in_company(&self) -> bool {
        self.depth.get() >= COMPANY
    }

    pub(crate) fn new(policy: FinalizerPolicy, source: Box<dyn ChunkSource>) -> Box<Core> {
        let account = Account::new();
        Box::new(Core(UnsafeCell::new(Fields {
            birth_clock: BirthClock::new(),
            bins: Bins::new(),
            depth: Cell::new(0),
            stack_top: Cell::new(0),
            pending_work: Cell::new(false),
            collecting: Cell::new(false),
            reclaiming: Cell::new(false),
            frozen: Cell::new(false),
            user_code_ran: Cell::new(false),
            quarantine: Quarantine::default(),
            cycle: Cell::new(None),
            is_cycle_open: Cell::new(false),
            work_budget: WorkBudget::default(),
            deferred: RefCell::new(Vec::with_capacity(QUEUED)),
            release_queue: RefCell::new(Vec::with_capacity(QUEUED)),
            empty_blocks: EmptyBlocks::default(),
            policy,
            pace: Cell::new(Pace::StopTheWorld),
            epoch: GenerationEpoch::default(),
            schedule: Schedule::default(),
            stats: Stats::new(),
            #[cfg(feature = "observe")]
            gauges: Gauges::default(),
            allocation_sites: AllocationSites::default(),
            weaks: WeakTable::default(),
            hooks: Hooks::new(),
            candidates: CandidateBlocks::default(),
            garbage: RefCell::new(VecDeque::new()),
            memory: Memory::new(source, account.clone()),
            account,
            owned_look: OwnedLook::default(),
            in_oom_hook: Cell::new(false),
            overhead: Overhead::default(),
            #[cfg(feature = "std")]
            waiting: Link::default(),
            #[cfg(feature = "std")]
            closing: Link::default(),
            life: Life::default(),
            shutdown: Cell::new(None),
            is_shut_down: Cell::new(false),
            me: Cell::new(None),
            handles: Cell::new(1),
            busy: Cell::new(0),
            saturated: Cell::new(0),
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
        self.memory.each_block(&mut |block| owned = owned.saturating_add(block.owned_bytes().0));
        owned
    }

    /// Slots in use in the blocks that `choose` says.
    pub(crate) fn slots_in_use(&self, choose: impl Fn(&Block) -> bool) -> usize {
        let mut slots = 0;
        self.memory.each_block(&mut |block| {
            if choose(block) {
                slots += block.live() as usize;
            }
        });
        slots
    }

    pub(crate) fn set_pace(&self, pace: Pace) {
        self.pace.set(pace);
        self.memory.set_incremental(pace != Pace::StopTheWorld);
    }

    /// Freezes every tracked or passed-through object: it is examined no more.
    pub(crate) fn freeze(&self) {
        self.frozen.set(true);
        self.epoch.freeze(&self.memory);
    }

    /// Moves what is frozen to generation 2. Decrements were not noted of them.
    pub(crate) fn unfreeze(&self) {
        self.epoch.unfreeze(&self.memory);
        self.frozen.set(false);
        self.schedule.candidates_incomplete.set(true);
    }

    /// Frees the heap.
    ///
    /// # Safety
    /// Nothing refers to it any more: no handle, no object, no open operation.
    pub(crate) unsafe fn free(&self) {
        if let Some(me) = self.me.take() {
            // SAFETY: the caller's promise; the pointer came from a box, and is used once.
            drop(unsafe { Box::from_raw(me.as_ptr()) });
        }
    }

    /// Keeps the heap while something of it is on the stack.
    pub(crate) fn enter(&self) -> HeapGuard<'_> {
        self.busy.set(self.busy.get() + 1);
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
    /// A handle less. The last one takes the cell from its target's list and
    /// cancels the callback, which is given back to be dropped by the caller.
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

/// Proof that an operation is open; see [`Core::enter`].
pub(crate) struct HeapGuard<'a>(&'a Core);

impl Drop for HeapGuard<'_> {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get() - 1);
    }
}

/// A pointer to an inner heap that one of its handles owns.
pub(crate) struct CoreRef(NonNull<Core>);

impl CoreRef {
    /// The first handle's pointer. The last one gives the box back, see `release::on_exit`.
    pub(crate) fn leak(core: Box<Core>) -> CoreRef {
        let me = NonNull::from(Box::leak(core));
        let handle = CoreRef(me);
        handle.me.set(Some(me));
        handle.memory.set_owner(me.cast());
        handle
    }

    /// Another handle's pointer; the caller has counted it.
    pub(crate) fn of(core: &Core) -> CoreRef {
        CoreRef(NonNull::from(core))
    }
}

impl core::ops::Deref for CoreRef {
    type Target = Core;

    #[inline]
    fn deref(&self) -> &Core {
        // SAFETY: invariant 6: a handle keeps the inner heap.
        unsafe { self.0.as_ref() }
    }
}

/// Tells weak handles whether the heap is there. Made when the first of them is.
#[derive(Default)]
pub(crate) struct Life(OnceCell<Rc<Cell<Option<NonNull<Core>>>>>);

impl Life {
    /// A weak handle to the heap that this is the life of.
    pub(crate) fn watch(&self, core: &Core) -> WeakCore {
        let life = self.0.get_or_init(|| Rc::new(Cell::new(Some(NonNull::from(core)))));
        WeakCore(life.clone())
    }

    /// The heap is about to go.
    pub(crate) fn end(&self) {
        if let Some(life) = self.0.get() {
            life.set(None);
        }
    }
}

/// A pointer to an inner heap that may be gone.
#[derive(Clone)]
pub(crate) struct WeakCore(Rc<Cell<Option<NonNull<Core>>>>);

impl WeakCore {
    /// The inner heap, while it is there.
    pub(crate) fn get(&self) -> Option<&Core> {
        // SAFETY: invariant 6: `Life::end` comes before the heap goes, and nothing goes while a
        // caller holds what this gives: each makes a handle of it at once.
        self.0.get().map(|core| unsafe { core.as_ref() })
    }

    pub(crate) fn ptr_eq(&self, other: &WeakCore) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}
