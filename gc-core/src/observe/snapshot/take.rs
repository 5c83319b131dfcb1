//! Taking a snapshot of a heap, in one pass over its blocks after they were numbered.

use super::build::{Columns, ObjectRow};
use super::names::{Name, Naming, TakeEdge};
use super::{CANDIDATE, CAPTURED, FINALIZED, IN_GARBAGE, Snapshot};
use crate::FinalizerPolicy;
use crate::Heap;
use crate::any::GcAny;
use crate::core::Core;
use crate::object::bitmaps::bits;
use crate::object::id::ObjectId;
use crate::object::raw::Object;
use crate::object::scan;
use crate::object::type_info::DropEffect;
use crate::observe::numbering::Numbering;
use crate::observe::type_names::TypeNames;
use crate::storage::block::Block;
use hashbrown::HashSet;

impl Heap {
    /// Takes a picture of all living objects and their edges: what all analyses that look
    /// at more than one object start from. Collects nothing, allocates nothing on the heap.
    ///
    /// Objects that are being reclaimed at this moment are in it, dying ones are not.
    ///
    /// # Panics
    /// With 2^32 objects or edges, or more.
    ///
    /// ```
    /// use gc_core::{Gc, Heap, Slot, Trace};
    ///
    /// #[derive(Trace)]
    /// struct Node {
    ///     next: Slot<Node>,
    /// }
    ///
    /// let heap = Heap::new();
    /// let last = heap.alloc(Node { next: Slot::empty() });
    /// let first = heap.alloc(Node { next: Slot::new(Some(last.clone())) });
    /// let snapshot = heap.snapshot();
    /// let object = snapshot.find(&Gc::as_any(&first)).unwrap();
    /// let (name, target) = object.edges().next().unwrap();
    /// assert_eq!((&*name, target), ("next", snapshot.find(&Gc::as_any(&last)).unwrap()));
    /// assert_eq!((snapshot.len(), target.external_references()), (2, 1));
    /// ```
    pub fn snapshot(&self) -> Snapshot {
        take(self.core())
    }
}

impl Snapshot {
    /// A living object of the heap that the snapshot is of, if it was alive then.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// let object = heap.alloc(7);
    /// assert!(heap.snapshot().find(&gc_core::Gc::as_any(&object)).is_some());
    /// ```
    pub fn find(&self, object: &GcAny) -> Option<super::SnapshotObject<'_>> {
        self.object(object.id())
    }
}

fn take(core: &Core) -> Snapshot {
    let numbering = Numbering::of(core);
    let mut columns = Columns::with_room(numbering.len());
    let names = TypeNames::of(core);
    core.memory.each_block(&mut |block| add_objects(core, block, &names, &mut columns));
    let mut naming = Naming::new(Edges { numbering: &numbering, columns });
    numbering.each_object(|_, object| {
        naming.taker.columns.next_edges();
        naming.visit(object);
    });
    let (texts, Edges { mut columns, .. }) = naming.finish();
    let internal = columns.internal_counts();
    for (count, internal) in columns.external.iter_mut().zip(internal) {
        *count = count.saturating_sub(internal);
    }
    let mut snapshot = columns.finish(texts);
    mark_captured(core, &numbering, &mut snapshot);
    for &object in core.garbage.borrow().iter() {
        if let Some(number) = numbering.number(object) {
            snapshot.traits[number] |= IN_GARBAGE;
        }
    }
    snapshot
}

/// Marks what the callbacks of weak references captured.
fn mark_captured(core: &Core, numbering: &Numbering<'_>, snapshot: &mut Snapshot) {
    let mut words: HashSet<usize> = HashSet::new();
    core.weaks.each_of_all(|cell| {
        words.extend(cell.look_at_callback(|callback| callback.map(scan::captured)).unwrap_or_default());
    });
    if words.is_empty() {
        return;
    }
    numbering.each_object(|number, object| {
        if snapshot.external[number] > 0 && words.contains(&object.address()) {
            snapshot.traits[number] |= CAPTURED;
        }
    });
}

/// A row for each living object of a block. (Its count is all of its pointers as yet.)
fn add_objects(core: &Core, block: &Block, names: &TypeNames, columns: &mut Columns) {
    let info = block.info();
    let shape = columns.shape(names.get(info), block.slot_bytes() as u64, info.finalizer.is_some());
    let owns = block.bin_class().drop_effect >= DropEffect::Memory;
    let finalizes_once = core.policy == FinalizerPolicy::Pep442;
    core.epoch.catch_up(block);
    for (group, bitmaps) in (0..).zip(block.groups()) {
        let (middle, old) = (bitmaps.generation_low.get(), bitmaps.generation_high.get());
        let finalized = if finalizes_once { bitmaps.finalized.get() } else { 0 };
        let candidate = bitmaps.candidate.get();
        for at in bits(bitmaps.alloc.get()) {
            let object = block.object(group * 64 + at);
            let is = |bitmap: u64| bitmap >> at & 1 == 1;
            let generation = if is(old) { 2 + u8::from(is(middle)) } else { u8::from(is(middle)) };
            columns.object(ObjectRow {
                id: ObjectId::of_birth(object.birth()).0,
                shape,
                owned: if owns { object.owned_bytes() as u64 } else { 0 },
                external: object.count().get(),
                generation: block.is_tracked().then_some(generation),
                traits: (FINALIZED * u8::from(is(finalized))) | (CANDIDATE * u8::from(is(candidate))),
            });
        }
    }
}

struct Edges<'a> {
    numbering: &'a Numbering<'a>,
    columns: Columns,
}

impl TakeEdge for Edges<'_> {
    #[inline]
    fn edge(&mut self, name: Name, target: Object) {
        if let Some(number) = self.numbering.number(target) {
            self.columns.edge(name, number);
        }
    }
}
