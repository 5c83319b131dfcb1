//! The columns of a snapshot while they grow.

use super::names::{Name, Texts};
use crate::snapshot::{LARGE, Shape, Snapshot, UNTRACKED};
use alloc::vec::Vec;
use core::fmt;
use hashbrown::HashMap;

bitflags::bitflags! {
    /// Properties of one object.
    #[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
    pub struct Traits: u8 {
        /// The object is in the list of uncollectable objects.
        const IN_GARBAGE = 1;
        /// The object's PEP 442 finalizer has run.
        const FINALIZED = 2;
        /// The object is a candidate: a pointer to the object was dropped, other pointers kept the
        /// object alive, and no collection has examined the object since.
        const CANDIDATE = 4;
        /// The callback of a weak reference captured a pointer to the object.
        const CAPTURED = 8;
        /// The cyclic collector of the process tracks it (in dumps of Python processes).
        const TRACKED = 16;
    }
}

/// The role of an object in the process that it is from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
#[non_exhaustive]
pub enum NodeKind {
    /// A value that the program made.
    #[default]
    Object,
    /// A text.
    Text,
    /// A number.
    Number,
    /// Another object keeps its contents in it: the array of a list, the table of a map, the variables
    /// of a function.
    Storage,
    /// The runtime made it for itself: compiled code, tables of names, layouts of objects.
    Internal,
    /// It stands for no object, but for a group of roots.
    Group,
}

/// One object of a snapshot, without its edges.
#[derive(Clone, Copy, Default, Debug)]
pub struct ObjectRow {
    /// The object's [`ObjectId`](crate::ObjectId).
    pub id: u64,
    /// The number that [`Columns::shape`] gave to the object's type and size.
    pub shape: u32,
    /// Bytes that the object's value owns outside of the slot.
    pub owned: u64,
    /// Number of external references; of all pointers to the object if
    /// [`Columns::subtract_internal`] is called later.
    pub external: u32,
    /// The generation: 0, 1, 2, or 3 if the object is frozen; `None` if the object is untracked.
    pub generation: Option<u8>,
    /// The object's properties.
    pub traits: Traits,
}

/// The columns while they grow: first all objects are added, then the edges of each object in the
/// order of the objects.
///
/// The methods that add rows do not check their input: a number to which no object belongs makes a
/// later method or analysis panic. `Columns` serves a heap, which knows that its rows fit together;
/// [`SnapshotBuilder`](crate::SnapshotBuilder) checks its input.
///
/// ```
/// use gc_snapshot::ObjectId;
/// use gc_snapshot::columns::{Columns, Name, ObjectRow, Texts};
///
/// let mut columns = Columns::with_room(2);
/// let shape = columns.shape("Node", 32, false);
/// for id in [1, 3] {
///     columns.object(ObjectRow { id, shape, external: 1, ..ObjectRow::default() });
/// }
/// columns.next_edges(); // the edges of object 0
/// columns.edge(Name::text(0), 1);
/// columns.next_edges(); // the edges of object 1
/// columns.subtract_internal();
/// let snapshot = columns.finish(Texts::of(vec!["next".into()]));
/// assert_eq!(snapshot.roots().map(|root| root.id()).collect::<Vec<_>>(), [ObjectId(1)]);
/// ```
#[derive(Default)]
pub struct Columns {
    shapes: Vec<Shape>,
    known: HashMap<Shape, u32>,
    ids: Vec<u64>,
    shape: Vec<u32>,
    owned: Vec<u32>,
    large: HashMap<u32, u64>,
    pub(super) external: Vec<u32>,
    place: Vec<u8>,
    traits: Vec<Traits>,
    first_edge: Vec<u32>,
    targets: Vec<u32>,
    names: Vec<Name>,
    roots: Vec<(Name, u32)>,
    own_names: HashMap<u32, u32>,
}

impl Columns {
    /// Creates columns without rows, with room for this many objects.
    pub fn with_room(objects: usize) -> Columns {
        Columns {
            ids: Vec::with_capacity(objects),
            shape: Vec::with_capacity(objects),
            owned: Vec::with_capacity(objects),
            external: Vec::with_capacity(objects),
            place: Vec::with_capacity(objects),
            traits: Vec::with_capacity(objects),
            first_edge: Vec::with_capacity(objects + 1),
            ..Columns::default()
        }
    }

    /// Returns the number of a shape, and adds the shape if it is new. Objects that have the type
    /// name, the size and `has_finalizer` in common share a shape.
    pub fn shape(&mut self, type_name: &str, shallow_bytes: u64, has_finalizer: bool) -> u32 {
        self.shape_of(NodeKind::Object, type_name, shallow_bytes, has_finalizer)
    }

    /// Returns the number of a shape whose objects are of another kind.
    pub fn shape_of(&mut self, kind: NodeKind, type_name: &str, shallow_bytes: u64, has_finalizer: bool) -> u32 {
        let shape = Shape { type_name: type_name.into(), shallow_bytes, has_finalizer, kind };
        let next = self.shapes.len() as u32;
        *self.known.entry(shape).or_insert_with_key(|shape| {
            self.shapes.push(shape.clone());
            next
        })
    }

    /// Adds an object.
    pub fn object(&mut self, row: ObjectRow) {
        let owned = u32::try_from(row.owned).unwrap_or(LARGE);
        if owned == LARGE {
            self.large.insert(self.ids.len() as u32, row.owned);
        }
        self.ids.push(row.id);
        self.shape.push(row.shape);
        self.owned.push(owned);
        self.external.push(row.external);
        self.place.push(row.generation.unwrap_or(UNTRACKED));
        self.traits.push(row.traits);
    }

    /// Begins the edges of the next object: the edges that are added next come from that object.
    ///
    /// # Panics
    /// Panics if there are 2^32 edges or more.
    pub fn next_edges(&mut self) {
        self.first_edge.push(u32::try_from(self.targets.len()).expect("fewer than 2^32 edges"));
    }

    /// Adds an edge from the current object to the object of this number.
    #[inline]
    pub fn edge(&mut self, name: Name, target: usize) {
        self.targets.push(target as u32);
        self.names.push(name);
    }

    /// Adds an edge of the root: a pointer from outside that has a name, such as that of a module.
    pub fn root(&mut self, name: Name, target: usize) {
        self.roots.push((name, target as u32));
        self.external[target] = self.external[target].saturating_add(1);
    }

    /// Adds pointers without a name from outside to an object.
    #[cfg(feature = "read")]
    pub(crate) fn hold(&mut self, object: usize, references: u32) {
        self.external[object] = self.external[object].saturating_add(references);
    }

    /// Sets the edges of all objects at once. `first` has one entry more than there are objects.
    #[cfg(feature = "read")]
    pub(crate) fn set_edges(&mut self, first: Vec<u32>, targets: Vec<u32>, names: Vec<Name>) {
        (self.first_edge, self.targets, self.names) = (first, targets, names);
    }

    /// Gives an object a name of its own: that of a function or a class. `text` is the number of the
    /// name among the texts.
    pub fn own_name(&mut self, object: usize, text: u32) {
        self.own_names.insert(object as u32, text);
    }

    /// Returns the number of objects so far.
    pub fn objects(&self) -> usize {
        self.ids.len()
    }

    /// Returns the number of edges so far.
    pub fn edges(&self) -> usize {
        self.targets.len()
    }

    /// Returns the number of objects whose edges have begun.
    pub(super) fn sources(&self) -> usize {
        self.first_edge.len()
    }

    /// Returns the number of edges that lead to each object. The targets are first sorted by parts
    /// of the heap, so that the counts of one part stay in the processor's cache. (Counting in the
    /// order of the edges takes three times as long, with 1e7 objects.)
    fn internal_counts(&self) -> Vec<u32> {
        const PART: u32 = 17;
        let mut counts = alloc::vec![0u32; self.objects()];
        let mut ends = alloc::vec![0usize; (self.objects() >> PART) + 2];
        for &target in &self.targets {
            ends[(target >> PART) as usize + 1] += 1;
        }
        for part in 1..ends.len() {
            ends[part] += ends[part - 1];
        }
        let mut sorted = alloc::vec![0u32; self.targets.len()];
        for &target in &self.targets {
            let place = &mut ends[(target >> PART) as usize];
            sorted[*place] = target;
            *place += 1;
        }
        for target in sorted {
            counts[target as usize] += 1;
        }
        counts
    }

    /// Subtracts the number of edges that lead to each object from the object's number of external
    /// references. Call this function, after all edges were added, if [`ObjectRow::external`] was
    /// the number of all pointers to the object.
    ///
    /// # Panics
    /// Panics if an edge leads to a number to which no object belongs.
    pub fn subtract_internal(&mut self) {
        let internal = self.internal_counts();
        for (count, internal) in self.external.iter_mut().zip(internal) {
            *count = count.saturating_sub(internal);
        }
    }

    /// Returns the number of external references of the object of this number. Until
    /// [`subtract_internal`](Columns::subtract_internal) is called, the result is the number that
    /// the object's row was given.
    ///
    /// # Panics
    /// Panics if there is no object of this number.
    pub fn external(&self, object: usize) -> u32 {
        self.external[object]
    }

    /// Adds traits to the object of this number.
    ///
    /// # Panics
    /// Panics if there is no object of this number.
    pub fn mark(&mut self, object: usize, traits: Traits) {
        self.traits[object] |= traits;
    }

    /// Returns the snapshot. `texts` are the texts that the names of the edges refer to by number.
    pub fn finish(mut self, texts: Texts) -> Snapshot {
        self.first_edge.resize(self.ids.len() + 1, self.targets.len() as u32);
        self.targets.shrink_to_fit();
        self.names.shrink_to_fit();
        Snapshot {
            shapes: self.shapes,
            texts,
            ids: self.ids,
            shape: self.shape,
            owned: self.owned,
            large: self.large,
            external: self.external,
            place: self.place,
            traits: self.traits,
            first_edge: self.first_edge,
            targets: self.targets,
            names: self.names,
            roots: self.roots,
            own_names: self.own_names,
        }
    }
}

impl fmt::Debug for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Columns({} objects, {} edges)", self.objects(), self.edges())
    }
}
