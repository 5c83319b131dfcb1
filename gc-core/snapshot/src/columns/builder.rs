//! Builds snapshots from the data of any graph, with checks.

use super::names::{Name, Texts};
use super::rows::{Columns, ObjectRow};
use crate::text::Interner;
use crate::{ObjectId, Snapshot};
use alloc::string::String;
use core::fmt;

/// Builds a snapshot from the data of a graph, such as the contents of a file. First all objects
/// are added, then all edges, in the order of the objects that the edges come from.
///
/// ```
/// use gc_snapshot::{ObjectId, SnapshotBuilder};
///
/// let mut builder = SnapshotBuilder::new();
/// let list = builder.object(ObjectId(1), "List", 64, 1)?;
/// let node = builder.object(ObjectId(3), "Node", 32, 0)?;
/// builder.edge(list, "items[0]", node)?;
/// let snapshot = builder.finish();
/// assert_eq!(snapshot.dominators().retained_bytes(snapshot.find(ObjectId(1)).unwrap()), 96);
/// # Ok::<(), gc_snapshot::SnapshotError>(())
/// ```
///
/// ```
/// use gc_snapshot::{ObjectId, SnapshotBuilder};
///
/// let mut builder = SnapshotBuilder::new();
/// let [one, other] = [builder.object(ObjectId(1), "Node", 32, 0)?, builder.object(ObjectId(3), "Node", 32, 0)?];
/// builder.element(one, 0, other)?;
/// builder.hold(one, 2)?; // two pointers from outside
/// assert_eq!(builder.finish().roots().count(), 1);
/// # Ok::<(), gc_snapshot::SnapshotError>(())
/// ```
#[derive(Default)]
pub struct SnapshotBuilder {
    columns: Columns,
    names: Interner,
    /// Bytes of all objects.
    bytes: u64,
}

/// The greatest number of bytes of all objects together. With this bound, sums of bytes and their
/// differences fit into an `i64`.
pub(crate) const MOST_BYTES: u64 = i64::MAX as u64;
/// The greatest number of objects. The analyses reserve the two greatest `u32` numbers as markers.
pub(crate) const MOST_OBJECTS: usize = u32::MAX as usize - 2;

impl SnapshotBuilder {
    /// Creates a builder without objects.
    pub fn new() -> SnapshotBuilder {
        SnapshotBuilder::default()
    }

    /// Adds an object that `external_references` pointers from outside hold. Returns the number of
    /// the object.
    ///
    /// # Errors
    /// Returns an error if all objects together have 2^63 bytes or more, or if there are too many
    /// objects.
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
    /// Returns an error if there is no object of this number.
    pub fn hold(&mut self, object: usize, references: u32) -> Result<(), SnapshotError> {
        let external = self.columns.external.get_mut(object).ok_or(SnapshotError::NoSuchObject(object))?;
        *external = external.saturating_add(references);
        Ok(())
    }

    /// Adds an edge with a name.
    ///
    /// # Errors
    /// Returns an error if there is no object of one of the numbers, if edges of a later object
    /// were added before, or if there are too many edges.
    ///
    /// # Panics
    /// Panics if there are more than 2^31 different names.
    pub fn edge(&mut self, from: usize, name: &str, to: usize) -> Result<(), SnapshotError> {
        let name = Name::text(self.names.number(name));
        self.add(from, name, to)
    }

    /// Adds an edge that is identified by its position in a list.
    ///
    /// # Errors
    /// Returns the errors of [`edge`](SnapshotBuilder::edge).
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

    /// Returns the snapshot of all objects and edges that were added.
    pub fn finish(self) -> Snapshot {
        let texts = self.names.into_texts();
        self.columns.finish(Texts::of(texts.into_iter().map(String::into_boxed_str).collect()))
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
/// use gc_snapshot::{SnapshotBuilder, SnapshotError};
///
/// assert_eq!(SnapshotBuilder::new().edge(0, "next", 0), Err(SnapshotError::NoSuchObject(0)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SnapshotError {
    /// There is no object of this number.
    NoSuchObject(usize),
    /// The edges of the object of this number come after those of a later object.
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
