//! Allocation sites: the places in the program that allocate objects, recorded while allocations
//! are tracked.

use crate::object::raw::Object;
use crate::storage::memory::Memory;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::panic::Location;
use hashbrown::{HashMap, HashSet};

/// A place in the program's source that allocates: see
/// [`Heap::track_allocations`](crate::Heap::track_allocations).
///
/// ```
/// # let heap = gc_core::Heap::new();
/// heap.track_allocations(true);
/// let _kept = heap.alloc(7);
/// let site = &heap.allocation_sites()[0];
/// println!("{}: {} of {} objects live", site.location, site.living_objects, site.objects);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Site {
    /// The position of the place in the source.
    pub location: &'static Location<'static>,
    /// Objects that were allocated there.
    pub objects: u64,
    /// Bytes of the slots of all objects that were allocated there.
    pub bytes: u64,
    /// Living objects that were allocated there.
    pub living_objects: u64,
    /// Bytes of the slots of the living objects that were allocated there.
    pub living_bytes: u64,
}

/// The allocation sites of a heap, while allocations are tracked.
#[derive(Default)]
pub(crate) struct AllocationSites {
    pub(crate) is_on: Cell<bool>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    sites: Vec<Site>,
    numbers: HashMap<&'static Location<'static>, usize>,
    /// The site of each object that was allocated while allocations were tracked, by its birth.
    of: HashMap<u64, usize>,
    /// Number of entries of `of` from which on those of dead objects are removed.
    most: usize,
}

/// If `State::of` has fewer entries than this, the entries of dead objects are not removed.
const FEW: usize = 4096;

impl AllocationSites {
    /// Records that an object was allocated at `location`.
    #[cold]
    pub(crate) fn note(&self, memory: &Memory, object: Object, location: &'static Location<'static>) {
        let mut state = self.state.borrow_mut();
        if state.of.len() >= state.most.max(FEW) {
            let living = births(memory);
            state.of.retain(|birth, _| living.contains(birth));
            state.most = 2 * state.of.len();
        }
        let bytes = object.block().slot_bytes() as u64;
        let next = state.sites.len();
        let number = *state.numbers.entry(location).or_insert(next);
        if number == next {
            state.sites.push(Site { location, objects: 0, bytes: 0, living_objects: 0, living_bytes: 0 });
        }
        let site = &mut state.sites[number];
        (site.objects, site.bytes) = (site.objects + 1, site.bytes + bytes);
        state.of.insert(object.birth(), number);
    }

    /// Returns all sites, with the numbers of their living objects.
    pub(crate) fn all(&self, memory: &Memory) -> Vec<Site> {
        let state = self.state.borrow();
        let mut sites = state.sites.clone();
        memory.each_block(&mut |block| {
            let bytes = block.slot_bytes() as u64;
            block.each(
                |bitmaps| bitmaps.alloc.get(),
                |object| {
                    if let Some(&number) = state.of.get(&object.birth()) {
                        let site = &mut sites[number];
                        (site.living_objects, site.living_bytes) = (site.living_objects + 1, site.living_bytes + bytes);
                    }
                },
            );
        });
        sites
    }

    /// Removes all recorded sites.
    pub(crate) fn forget(&self) {
        self.state.take();
    }
}

fn births(memory: &Memory) -> HashSet<u64> {
    let mut births = HashSet::new();
    memory.each_block(&mut |block| {
        block.each(
            |bitmaps| bitmaps.alloc.get(),
            |object| {
                births.insert(object.birth());
            },
        );
    });
    births
}
