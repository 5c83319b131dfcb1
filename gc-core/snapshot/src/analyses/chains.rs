//! Shortest chains of edges.

use crate::{Snapshot, SnapshotObject};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
#[cfg(feature = "std")]
use hashbrown::HashMap;

/// A shortest chain of edges from one object to another.
///
/// `Display` shows a line for each object, with the edge that leads to the object:
///
/// ```text
/// Registry @5 (1 external reference)
///   .sessions[3] -> Session @17
///   .user -> User @21
/// ```
///
/// ```
/// # let heap = gc_core::Heap::new();
/// let text = heap.alloc_str("text");
/// let row = heap.alloc_slice([text.clone()]);
/// let any = gc_core::Gc::as_any(&text);
/// drop(text);
/// let snapshot = heap.snapshot();
/// let chain = snapshot.path_to_root(snapshot.find(&any).unwrap()).unwrap();
/// println!("{chain}");
/// assert!(chain.start().external_references() > 0 && chain.links().len() <= 1);
/// # drop(row);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain<'s> {
    start: SnapshotObject<'s>,
    links: Vec<Link<'s>>,
}

/// A step of a [`Chain`].
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
/// let link = &snapshot.path_to_root(one).unwrap().links()[0].clone();
/// assert_eq!((&*link.edge, link.target), ("[0]", one));
/// # let _ = (list, other);
/// # Ok::<(), gc_snapshot::SnapshotError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Link<'s> {
    /// The name of the edge.
    pub edge: Cow<'s, str>,
    /// The object that the edge leads to.
    pub target: SnapshotObject<'s>,
}

/// Some of the edges to an object, with the objects that they come from, and the number of all
/// edges to the object.
#[cfg(feature = "std")]
pub(crate) type Sources<'s> = (Vec<(Cow<'s, str>, SnapshotObject<'s>)>, usize);

impl Snapshot {
    /// Returns a shortest chain to the object from an object that is held from outside of the heap,
    /// as objgraph's `find_backref_chain` does. Returns `None` if nothing outside leads to the
    /// object.
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
    /// let chain = snapshot.path_to_root(other).unwrap();
    /// assert_eq!((chain.start(), chain.links().len()), (list, 2));
    /// # let _ = one;
    /// # Ok::<(), gc_snapshot::SnapshotError>(())
    /// ```
    pub fn path_to_root<'s>(&'s self, object: SnapshotObject<'s>) -> Option<Chain<'s>> {
        self.shortest(self.root_numbers(), object.at)
    }

    /// Returns a shortest chain from one object to another, as objgraph's `find_ref_chain` does.
    /// Returns `None` if there is no chain.
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
    /// assert_eq!(snapshot.chain(one, other).unwrap().links().len(), 1);
    /// assert!(snapshot.chain(one, list).is_none());
    /// # Ok::<(), gc_snapshot::SnapshotError>(())
    /// ```
    pub fn chain<'s>(&'s self, from: SnapshotObject<'s>, to: SnapshotObject<'s>) -> Option<Chain<'s>> {
        self.shortest([from.at].into_iter(), to.at)
    }

    /// Finds a shortest chain from one of `starts` to `end`, breadth first. Returns `None` if there
    /// is no chain. Returns `None` if there
    /// is no chain.
    fn shortest(&self, starts: impl Iterator<Item = u32>, end: u32) -> Option<Chain<'_>> {
        /// The value of `reached_by` for an object that was not reached. For a reached object,
        /// `reached_by` holds the edge by which the object was reached.
        const UNSEEN: u32 = u32::MAX;
        const START: u32 = u32::MAX - 1;
        let mut reached_by = alloc::vec![UNSEEN; self.len()];
        let mut queue = Vec::new();
        for start in starts {
            reached_by[start as usize] = START;
            queue.push(start);
        }
        let mut done = 0;
        while reached_by[end as usize] == UNSEEN {
            let at = *queue.get(done)?;
            done += 1;
            for edge in self.edges_of(at) {
                let target = self.targets[edge];
                if reached_by[target as usize] == UNSEEN {
                    reached_by[target as usize] = edge as u32;
                    queue.push(target);
                }
            }
        }
        let mut links = Vec::new();
        let mut at = end;
        while reached_by[at as usize] != START {
            let edge = reached_by[at as usize];
            links.push(Link { edge: self.texts.show(self.names[edge as usize]), target: self.at(at) });
            at = self.source_of(edge);
        }
        links.reverse();
        Some(Chain { start: self.at(at), links })
    }

    /// Returns the edges that lead to each of the objects, by the id of the object: the first
    /// edges, at most `most`, with the objects that they come from, and the number of all edges.
    /// Looks through all edges once.
    #[cfg(feature = "std")]
    pub(crate) fn sources(&self, objects: &[SnapshotObject<'_>], most: usize) -> HashMap<u64, Sources<'_>> {
        let mut sources: HashMap<u32, Sources<'_>> =
            objects.iter().map(|object| (object.at, Sources::default())).collect();
        for (edge, target) in (0..).zip(&self.targets) {
            if let Some((first, all)) = sources.get_mut(target) {
                *all += 1;
                if first.len() < most {
                    first.push((self.texts.show(self.names[edge as usize]), self.at(self.source_of(edge))));
                }
            }
        }
        sources.into_iter().map(|(at, sources)| (self.ids[at as usize], sources)).collect()
    }

    /// Returns the number of the object that an edge comes from.
    pub(crate) fn source_of(&self, edge: u32) -> u32 {
        self.first_edge.partition_point(|&first| first <= edge) as u32 - 1
    }
}

impl<'s> Chain<'s> {
    /// Returns the object at which the chain begins.
    pub fn start(&self) -> SnapshotObject<'s> {
        self.start
    }

    /// Returns the steps of the chain. A chain from an object to itself has no steps.
    pub fn links(&self) -> &[Link<'s>] {
        &self.links
    }
}

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.start)?;
        match self.start.external_references() {
            0 => {}
            1 => f.write_str(" (1 external reference)")?,
            references => write!(f, " ({references} external references)")?,
        }
        for Link { edge, target } in &self.links {
            let dot = if edge.starts_with('[') || edge.is_empty() { "" } else { "." };
            write!(f, "\n  {dot}{edge} -> {target}")?;
        }
        Ok(())
    }
}
