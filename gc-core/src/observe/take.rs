//! Taking a snapshot of a heap, in one pass over its blocks after they were numbered.

use super::naming::{Naming, TakeEdge};
use crate::FinalizerPolicy;
use crate::Heap;
use crate::any::GcAny;
use crate::core::Core;
use crate::object::bitmaps::bits;
use crate::object::raw::Object;
use crate::object::scan;
use crate::object::type_info::DropEffect;
use crate::observe::numbering::Numbering;
use crate::observe::type_names::TypeNames;
use crate::storage::block::Block;
use gc_snapshot::columns::{Columns, Name, ObjectRow, Traits};
use gc_snapshot::{ObjectId, Snapshot};
use hashbrown::HashSet;

impl Heap {
    /// Takes a snapshot of all living objects and their edges, which is the input of all analyses
    /// that look at more than one object. The function does not collect, and allocates nothing on
    /// the heap.
    ///
    /// The snapshot includes objects that are being reclaimed at this moment, but not dying
    /// objects.
    ///
    /// # Panics
    /// Panics if there are 2^32 objects or edges, or more.
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

/// Returns the id of a living object, by which a snapshot finds it.
impl From<&GcAny> for ObjectId {
    fn from(object: &GcAny) -> ObjectId {
        object.id()
    }
}

fn take(core: &Core) -> Snapshot {
    let numbering = Numbering::of(core);
    let mut columns = Columns::with_room(numbering.len());
    let names = TypeNames::of(core);
    core.storage.memory.each_block(&mut |block| add_objects(core, block, &names, &mut columns));
    let mut naming = Naming::new(Edges { numbering: &numbering, columns });
    numbering.each_object(|_, object| {
        naming.taker.columns.next_edges();
        naming.visit(object);
    });
    let (texts, Edges { mut columns, .. }) = naming.finish();
    columns.subtract_internal();
    mark_captured(core, &numbering, &mut columns);
    for &object in core.state.garbage.borrow().iter() {
        if let Some(number) = numbering.number(object) {
            columns.mark(number, Traits::IN_GARBAGE);
        }
    }
    columns.finish(texts)
}

/// Marks the objects that the callbacks of weak references captured.
fn mark_captured(core: &Core, numbering: &Numbering<'_>, columns: &mut Columns) {
    let mut words: HashSet<usize> = HashSet::new();
    core.weaks.each_of_all(|cell| {
        words.extend(cell.look_at_callback(|callback| callback.map(scan::captured)).unwrap_or_default());
    });
    if words.is_empty() {
        return;
    }
    numbering.each_object(|number, object| {
        if columns.external(number) > 0 && words.contains(&object.address()) {
            columns.mark(number, Traits::CAPTURED);
        }
    });
}

/// Adds a row for each living object of a block. (At first, the external references of a row are
/// the count of all pointers. The internal counts are subtracted later.)
fn add_objects(core: &Core, block: &Block, names: &TypeNames, columns: &mut Columns) {
    let info = block.info();
    let shape = columns.shape(names.get(info), block.slot_bytes() as u64, info.finalizer.is_some());
    let owns = block.bin_class().drop_effect >= DropEffect::Memory;
    let finalizes_once = core.policy == FinalizerPolicy::Pep442;
    core.state.epoch.catch_up(block);
    for (group, bitmaps) in (0..).zip(block.groups()) {
        let (low, high) = (bitmaps.generation_low.get(), bitmaps.generation_high.get());
        let finalized = if finalizes_once { bitmaps.finalized.get() } else { 0 };
        let candidate = bitmaps.candidate.get();
        for at in bits(bitmaps.alloc.get()) {
            let object = block.object(group * 64 + at);
            let is = |bitmap: u64| bitmap >> at & 1 == 1;
            let generation = if is(high) { 2 + u8::from(is(low)) } else { u8::from(is(low)) };
            columns.object(ObjectRow {
                id: ObjectId::of_birth(object.birth()).0,
                shape,
                owned: if owns { object.owned_bytes() as u64 } else { 0 },
                external: object.count().get(),
                generation: block.is_tracked().then_some(generation),
                traits: Traits::empty()
                    .union(if is(finalized) { Traits::FINALIZED } else { Traits::empty() })
                    .union(if is(candidate) { Traits::CANDIDATE } else { Traits::empty() }),
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
