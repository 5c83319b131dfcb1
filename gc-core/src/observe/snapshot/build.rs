//! Building a snapshot, row by row: from a heap, or from a file.

use super::names::{Interner, Name, Texts};
use super::{LARGE, Shape, Snapshot, UNTRACKED};
use crate::object::id::ObjectId;
use alloc::vec::Vec;
use core::fmt;
use hashbrown::HashMap;

/// One object of a snapshot, without its edges.
#[derive(Clone, Copy, Default)]
pub(super) struct ObjectRow {
    pub(super) id: u64,
    pub(super) shape: u32,
    pub(super) owned: u64,
    pub(super) external: u32,
    pub(super) generation: Option<u8>,
    pub(super) traits: u8,
}

/// The columns while they grow.
#[derive(Default)]
pub(super) struct Columns {
    shapes: Vec<Shape>,
    known: HashMap<Shape, u32>,
    ids: Vec<u64>,
    shape: Vec<u32>,
    owned: Vec<u32>,
    large: HashMap<u32, u64>,
    pub(super) external: Vec<u32>,
    place: Vec<u8>,
    traits: Vec<u8>,
    first_edge: Vec<u32>,
    targets: Vec<u32>,
    names: Vec<Name>,
}

impl Columns {
    pub(super) fn with_room(objects: usize) -> Columns {
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

    /// The number of a shape.
    pub(super) fn shape(&mut self, type_name: &str, shallow_bytes: u64, has_finalizer: bool) -> u32 {
        let shape = Shape { type_name: type_name.into(), shallow_bytes, has_finalizer };
        let next = self.shapes.len() as u32;
        *self.known.entry(shape).or_insert_with_key(|shape| {
            self.shapes.push(shape.clone());
            next
        })
    }

    pub(super) fn object(&mut self, row: ObjectRow) {
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

    /// The edges that follow are those of the next object.
    ///
    /// # Panics
    /// With 2^32 edges or more.
    pub(super) fn next_edges(&mut self) {
        self.first_edge.push(u32::try_from(self.targets.len()).expect("fewer than 2^32 edges"));
    }

    #[inline]
    pub(super) fn edge(&mut self, name: Name, target: usize) {
        self.targets.push(target as u32);
        self.names.push(name);
    }

    pub(super) fn objects(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn edges(&self) -> usize {
        self.targets.len()
    }

    /// How many objects have begun their edges.
    fn sources(&self) -> usize {
        self.first_edge.len()
    }

    /// For each object, how many edges lead to it. The targets are sorted by parts of the
    /// heap first: what is counted then stays in the processor's cache. (Counted in the order
    /// of the edges it takes three times as long, with 1e7 objects.)
    pub(super) fn internal_counts(&self) -> Vec<u32> {
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

    pub(super) fn finish(mut self, texts: Texts) -> Snapshot {
        self.first_edge.resize(self.ids.len() + 1, self.targets.len() as u32);
        self.targets.shrink_to_fit();
        self.names.shrink_to_fit();
        let Columns { shapes, ids, shape, owned, large, external, place, traits, first_edge, targets, names, .. } =
            self;
        Snapshot { shapes, texts, ids, shape, owned, large, external, place, traits, first_edge, targets, names }
    }
}

/// Builds a snapshot from what is known of a graph, such as the contents of a file: first all
/// objects, then all edges, in the order of their sources.
///
/// ```
/// use gc_core::snapshot::{ObjectId, SnapshotBuilder};
///
/// let mut builder = SnapshotBuilder::new();
/// let list = builder.object(ObjectId(1), "List", 64, 1)?;
/// let node = builder.object(ObjectId(3), "Node", 32, 0)?;
/// builder.edge(list, "items[0]", node)?;
/// let snapshot = builder.finish();
/// assert_eq!(snapshot.dominators().retained_bytes(snapshot.object(ObjectId(1)).unwrap()), 96);
/// # Ok::<(), gc_core::snapshot::SnapshotError>(())
/// ```
///
/// ```
/// use gc_core::snapshot::{ObjectId, SnapshotBuilder};
///
/// let mut builder = SnapshotBuilder::new();
/// let [one, other] = [builder.object(ObjectId(1), "Node", 32, 0)?, builder.object(ObjectId(3), "Node", 32, 0)?];
/// builder.element(one, 0, other)?;
/// builder.hold(one, 2)?; // two pointers from outside
/// assert_eq!(builder.finish().roots().count(), 1);
/// # Ok::<(), gc_core::snapshot::SnapshotError>(())
/// ```
#[derive(Default)]
pub struct SnapshotBuilder {
    columns: Columns,
    names: Interner,
    /// Of all objects.
    bytes: u64,
}

/// All bytes together, so that differences of sums fit as well.
const MOST_BYTES: u64 = i64::MAX as u64;
/// The analyses keep the last two numbers for themselves.
const MOST_OBJECTS: usize = u32::MAX as usize - 2;

impl SnapshotBuilder {
    /// Nothing yet.
    pub fn new() -> SnapshotBuilder {
        SnapshotBuilder::default()
    }

    /// Adds an object that `references` pointers from outside hold. Returns its number.
    ///
    /// # Errors
    /// All objects together have 2^63 bytes or more, or there are too many of them.
    pub fn object(
        &mut self,
        id: ObjectId,
        type_name: &str,
        bytes: u64,
        external_references: u32,
    ) -> Result<usize, SnapshotError> {
        if self.columns.objects() >= MOST_OBJECTS {
            return Err(SnapshotError::TooManyObjects);
        }
        let all = self.bytes.checked_add(bytes).filter(|&all| all <= MOST_BYTES);
        self.bytes = all.ok_or(SnapshotError::TooManyBytes)?;
        let shape = self.columns.shape(type_name, bytes, false);
        self.columns.object(ObjectRow { id: id.0, shape, external: external_references, ..ObjectRow::default() });
        Ok(self.columns.objects() - 1)
    }

    /// Adds `references` pointers from outside to an object.
    ///
    /// # Errors
    /// There is no object of this number.
    pub fn hold(&mut self, object: usize, references: u32) -> Result<(), SnapshotError> {
        let external = self.columns.external.get_mut(object).ok_or(SnapshotError::NoSuchObject(object))?;
        *external = external.saturating_add(references);
        Ok(())
    }

    /// Adds an edge with a name.
    ///
    /// # Errors
    /// There is no object of one of the numbers, edges of a later object were added before,
    /// or there are too many.
    pub fn edge(&mut self, from: usize, name: &str, to: usize) -> Result<(), SnapshotError> {
        let name = self.names.name(name);
        self.add(from, name, to)
    }

    /// Adds an edge that is known by its position in a list.
    ///
    /// # Errors
    /// As [`edge`](SnapshotBuilder::edge).
    pub fn element(&mut self, from: usize, position: usize, to: usize) -> Result<(), SnapshotError> {
        self.add(from, Name::position(position), to)
    }

    fn add(&mut self, from: usize, name: Name, to: usize) -> Result<(), SnapshotError> {
        let columns = &mut self.columns;
        if let Some(missing) = [from, to].into_iter().find(|&it| it >= columns.objects()) {
            return Err(SnapshotError::NoSuchObject(missing));
        }
        if columns.sources() > from + 1 {
            return Err(SnapshotError::OutOfOrder(from));
        }
        if columns.edges() >= u32::MAX as usize {
            return Err(SnapshotError::TooManyEdges);
        }
        while columns.sources() <= from {
            columns.next_edges();
        }
        columns.edge(name, to);
        Ok(())
    }

    /// The snapshot.
    pub fn finish(self) -> Snapshot {
        self.columns.finish(self.names.finish())
    }
}

impl fmt::Debug for SnapshotBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SnapshotBuilder({} objects, {} edges)", self.columns.objects(), self.columns.edges())
    }
}

/// Error of an object or an edge that cannot be added.
///
/// ```
/// use gc_core::snapshot::{SnapshotBuilder, SnapshotError};
///
/// assert_eq!(SnapshotBuilder::new().edge(0, "next", 0), Err(SnapshotError::NoSuchObject(0)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SnapshotError {
    /// There is no object of this number.
    NoSuchObject(usize),
    /// The object's edges come after those of a later one.
    OutOfOrder(usize),
    /// There are 2^32 or more edges.
    TooManyEdges,
    /// There are about 2^32 or more objects.
    TooManyObjects,
    /// All objects together have 2^63 bytes or more.
    TooManyBytes,
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SnapshotError::NoSuchObject(number) => write!(f, "there is no object number {number}"),
            SnapshotError::OutOfOrder(number) => {
                write!(f, "the edges of object number {number} come after those of a later one")
            }
            SnapshotError::TooManyEdges => f.write_str("there are 2^32 edges or more"),
            SnapshotError::TooManyObjects => f.write_str("there are about 2^32 objects or more"),
            SnapshotError::TooManyBytes => f.write_str("all objects together have 2^63 bytes or more"),
        }
    }
}

impl core::error::Error for SnapshotError {}
