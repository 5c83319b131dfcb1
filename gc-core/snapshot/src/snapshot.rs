//! Snapshots: the objects and edges of a heap at one moment, in columns.

use crate::columns::{EdgeKind, Name, NodeKind, Texts, Traits};
use crate::{Census, ObjectId, TypeCount};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use hashbrown::HashMap;

/// Properties that objects of one type and size have in common.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Shape {
    pub(crate) type_name: String,
    pub(crate) shallow_bytes: u64,
    pub(crate) has_finalizer: bool,
    pub(crate) kind: NodeKind,
}

/// All objects of a heap and their edges at one moment. `Heap::snapshot` of gc-core takes a
/// snapshot.
///
/// A snapshot is owned, immutable and independent of the heap. A snapshot takes 26 bytes for each
/// object and 8 for each edge. Every analysis allocates its own memory while it runs, and accepts a
/// graph of any depth on a stack of any size.
///
/// ```
/// use gc_snapshot::{ObjectId, SnapshotBuilder};
///
/// let mut builder = SnapshotBuilder::new();
/// let list = builder.object(ObjectId(1), "List", 64, 1)?; // held by one pointer from outside
/// let [one, other] = [builder.object(ObjectId(3), "Node", 32, 0)?, builder.object(ObjectId(5), "Node", 32, 0)?];
/// builder.element(list, 0, one)?;
/// builder.edge(one, "next", other)?;
/// builder.edge(other, "next", one)?;
/// let snapshot = builder.finish();
/// let [list, one, other] = [1, 3, 5].map(|id| snapshot.find(ObjectId(id)).unwrap());
/// assert_eq!((snapshot.len(), snapshot.is_empty(), snapshot.edge_count(), snapshot.bytes()), (3, false, 3, 128));
/// assert_eq!(snapshot.roots().collect::<Vec<_>>(), [list]);
/// let referrers: Vec<_> = snapshot.referrers(one).map(|(from, edge)| (from, edge.into_owned())).collect();
/// assert_eq!(referrers, [(list, "[0]".into()), (other, "next".into())]);
/// assert_eq!(snapshot.census().of("Node").unwrap().objects, 2);
/// println!("{} objects in {} bytes", snapshot.objects().len(), snapshot.memory());
/// # Ok::<(), gc_snapshot::SnapshotError>(())
/// ```
pub struct Snapshot {
    pub(crate) shapes: Vec<Shape>,
    pub(crate) texts: Texts,
    // The following columns have a row for each object.
    pub(crate) ids: Vec<u64>,
    pub(crate) shape: Vec<u32>,
    /// Owned bytes; `LARGE` if the number is in `large`.
    pub(crate) owned: Vec<u32>,
    pub(crate) large: HashMap<u32, u64>,
    pub(crate) external: Vec<u32>,
    pub(crate) place: Vec<u8>,
    pub(crate) traits: Vec<Traits>,
    /// The number of the first edge of each object, and the number of all edges at the end.
    pub(crate) first_edge: Vec<u32>,
    // The following columns have a row for each edge.
    pub(crate) targets: Vec<u32>,
    pub(crate) names: Vec<Name>,
    /// The edges of the root that have a name; none if nothing outside of the heap has one.
    pub(crate) roots: Vec<(Name, u32)>,
    /// Objects with a name of their own, and the number of that text.
    pub(crate) own_names: HashMap<u32, u32>,
}

pub(crate) const LARGE: u32 = u32::MAX;

/// The `place` of an object that is in no generation.
pub(crate) const UNTRACKED: u8 = u8::MAX;

/// An object of a snapshot.
///
/// ```
/// use gc_core::{Gc, Heap};
///
/// let heap = Heap::new();
/// let text = heap.alloc(String::from("text"));
/// let row = heap.alloc_slice([text.clone()]);
/// let snapshot = heap.snapshot();
/// let object = snapshot.find(&Gc::as_any(&text)).unwrap();
/// assert_eq!((object.id(), object.type_name()), (Gc::as_any(&text).id(), "String"));
/// assert_eq!(object.bytes(), object.shallow_bytes() + object.owned_bytes());
/// assert_eq!((object.external_references(), object.generation()), (1, None)); // `text`; no cycle is possible
/// assert!(!(object.has_finalizer() || object.is_in_garbage() || object.is_finalized() || object.is_candidate()));
/// let row = snapshot.find(&Gc::as_any(&row)).unwrap();
/// assert_eq!(row.edges().next().unwrap(), ("[0]".into(), object));
/// ```
#[derive(Clone, Copy)]
pub struct SnapshotObject<'s> {
    snapshot: &'s Snapshot,
    pub(crate) at: u32,
}

impl Snapshot {
    /// Returns the number of objects.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Returns true if there are no objects.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Returns the number of edges.
    pub fn edge_count(&self) -> usize {
        self.targets.len()
    }

    /// Returns the shallow and owned bytes of all objects.
    pub fn bytes(&self) -> u64 {
        self.objects().map(|object| object.bytes()).sum()
    }

    /// Returns the bytes of memory that the snapshot itself takes.
    pub fn memory(&self) -> usize {
        let words = self.shape.capacity() + self.owned.capacity() + self.external.capacity();
        let edges = self.first_edge.capacity() + self.targets.capacity() + self.names.capacity();
        let bytes = self.place.capacity() + self.traits.capacity() + self.texts.bytes();
        self.ids.capacity() * 8 + (words + edges) * 4 + bytes + self.large.capacity() * 16
    }

    /// Returns the objects, in no particular order.
    pub fn objects(&self) -> impl ExactSizeIterator<Item = SnapshotObject<'_>> {
        (0..self.len()).map(|at| self.at(at as u32))
    }

    /// Finds the object with this id: an [`ObjectId`], or a handle of gc-core (`&GcAny`). Returns
    /// `None` if the object was not alive when the snapshot was taken. Looks through all objects.
    pub fn find(&self, id: impl Into<ObjectId>) -> Option<SnapshotObject<'_>> {
        let ObjectId(id) = id.into();
        let at = self.ids.iter().position(|&other| other == id)?;
        Some(self.at(at as u32))
    }

    /// Returns the objects that are held from outside of the heap.
    pub fn roots(&self) -> impl Iterator<Item = SnapshotObject<'_>> {
        self.objects().filter(|object| object.external_references() > 0)
    }

    /// Returns, for every edge to `target`, the object that the edge comes from, and the edge's
    /// name. Looks through all edges.
    pub fn referrers<'s>(
        &'s self,
        target: SnapshotObject<'s>,
    ) -> impl Iterator<Item = (SnapshotObject<'s>, Cow<'s, str>)> {
        let edges = (0..).zip(&self.targets).filter(move |&(_, &to)| to == target.at);
        edges.map(|(edge, _)| (self.at(self.source_of(edge)), self.texts.show(self.names[edge as usize])))
    }

    /// Counts the objects by type.
    pub fn census(&self) -> Census {
        let mut rows: HashMap<&str, TypeCount> = HashMap::new();
        for object in self.objects() {
            let name = object.type_name();
            let row = rows.entry(name).or_insert_with(|| TypeCount::new(name));
            row.objects += 1;
            row.shallow_bytes += object.shallow_bytes() as usize;
            row.owned_bytes += object.owned_bytes() as usize;
        }
        Census::of_rows(rows.into_values().collect())
    }

    /// Returns the object of this number.
    pub(crate) fn at(&self, at: u32) -> SnapshotObject<'_> {
        SnapshotObject { snapshot: self, at }
    }

    /// Returns the numbers of the objects that an object points to.
    pub(crate) fn targets_of(&self, at: u32) -> &[u32] {
        &self.targets[self.edges_of(at)]
    }

    pub(crate) fn edges_of(&self, at: u32) -> core::ops::Range<usize> {
        self.first_edge[at as usize] as usize..self.first_edge[at as usize + 1] as usize
    }

    /// Returns the numbers of the roots.
    pub(crate) fn root_numbers(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.external).filter(|&(_, &external)| external > 0).map(|(at, _)| at)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({} objects, {} edges)", self.len(), self.edge_count())
    }
}

impl<'s> SnapshotObject<'s> {
    fn shape(self) -> &'s Shape {
        &self.snapshot.shapes[self.snapshot.shape[self.at as usize] as usize]
    }

    fn has(self, what: Traits) -> bool {
        self.snapshot.traits[self.at as usize].contains(what)
    }

    /// Returns the object's id.
    pub fn id(self) -> ObjectId {
        ObjectId(self.snapshot.ids[self.at as usize])
    }

    /// Returns the snapshot that the object is in.
    #[cfg(feature = "std")]
    pub(crate) fn snapshot(self) -> &'s Snapshot {
        self.snapshot
    }

    /// Returns the object's place among all objects of the snapshot.
    pub(crate) fn number(self) -> usize {
        self.at as usize
    }

    /// Returns the object's birth, computed from its id.
    pub(crate) fn birth(self) -> u64 {
        self.id().0.saturating_sub(5) / 2
    }

    /// Returns the name of the object's type, as in [`TypeCount::type_name`].
    pub fn type_name(self) -> &'s str {
        &self.shape().type_name
    }

    /// The own name of the object, if it has one: that of a function or a class.
    pub fn own_name(self) -> Option<&'s str> {
        let snapshot = self.snapshot;
        let text = *snapshot.own_names.get(&self.at)?;
        Some(&snapshot.texts.all()[text as usize])
    }

    /// The role of the object in the process that it is from.
    pub fn kind(self) -> NodeKind {
        self.shape().kind
    }

    /// Returns true if the cyclic collector of the process tracks it. Dumps of Python processes tell.
    pub fn is_tracked(self) -> bool {
        self.has(Traits::TRACKED)
    }

    /// Returns the bytes of the object's slot, including the header.
    pub fn shallow_bytes(self) -> u64 {
        self.shape().shallow_bytes
    }

    /// Returns the bytes that the object's value owns outside of the slot.
    pub fn owned_bytes(self) -> u64 {
        match self.snapshot.owned[self.at as usize] {
            LARGE => self.snapshot.large[&self.at],
            owned => owned.into(),
        }
    }

    /// Returns the sum of the shallow and owned bytes.
    pub fn bytes(self) -> u64 {
        self.shallow_bytes() + self.owned_bytes()
    }

    /// Returns the number of pointers to the object from outside of the heap's objects: from
    /// variables of the program, from the list of uncollectable objects, and from values that are
    /// not traced.
    pub fn external_references(self) -> u32 {
        self.snapshot.external[self.at as usize]
    }

    /// Returns the object's generation: 0, 1, 2, or 3 if the object is frozen; `None` if the object
    /// is untracked.
    pub fn generation(self) -> Option<u8> {
        Some(self.snapshot.place[self.at as usize]).filter(|&place| place != UNTRACKED)
    }

    /// Returns true if the object's type has a finalizer.
    pub fn has_finalizer(self) -> bool {
        self.shape().has_finalizer
    }

    /// Returns true if the object is in the heap's list of uncollectable objects.
    pub fn is_in_garbage(self) -> bool {
        self.has(Traits::IN_GARBAGE)
    }

    /// Returns true if the object's PEP 442 finalizer has run.
    pub fn is_finalized(self) -> bool {
        self.has(Traits::FINALIZED)
    }

    /// Returns true if the object is a candidate: a pointer to the object was dropped, other
    /// pointers kept the object alive, and no collection has examined the object since. The next
    /// collection starts from the candidates.
    pub fn is_candidate(self) -> bool {
        self.has(Traits::CANDIDATE)
    }

    /// Returns true if the callback of a weak reference captured a pointer to the object and has
    /// not run yet. The captured pointer counts among the object's
    /// [external references](SnapshotObject::external_references).
    pub fn is_captured(self) -> bool {
        self.has(Traits::CAPTURED)
    }

    /// The edges that the program names, without those to what all objects share.
    pub(crate) fn named_edges(self) -> impl Iterator<Item = (Cow<'s, str>, SnapshotObject<'s>)> {
        let snapshot = self.snapshot;
        let named = move |&edge: &usize| matches!(snapshot.names[edge].kind(), EdgeKind::Named | EdgeKind::Variable);
        let edges = snapshot.edges_of(self.at).filter(named);
        let edges = edges.map(|edge| (snapshot.texts.show(snapshot.names[edge]), snapshot.at(snapshot.targets[edge])));
        edges.filter(|(name, _)| !crate::places::leads_to_shared(name))
    }

    /// The edges of the object: their names, and the objects that they lead to.
    pub fn edges(self) -> impl ExactSizeIterator<Item = (Cow<'s, str>, SnapshotObject<'s>)> {
        let snapshot = self.snapshot;
        let edges = snapshot.edges_of(self.at);
        edges.map(|edge| (snapshot.texts.show(snapshot.names[edge]), snapshot.at(snapshot.targets[edge])))
    }
}

impl PartialEq for SnapshotObject<'_> {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.snapshot, other.snapshot) && self.at == other.at
    }
}

impl Eq for SnapshotObject<'_> {}

/// Type, own name if there is one, and id: `Node @17`, `function serve @19`.
impl fmt::Display for SnapshotObject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name())?;
        if let Some(name) = self.own_name() {
            write!(f, " {name}")?;
        }
        write!(f, " {}", self.id())
    }
}

impl fmt::Debug for SnapshotObject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
