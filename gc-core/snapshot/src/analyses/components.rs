//! Strongly connected components: the cycles of a heap, the edges that close them, and the edges to
//! cut.

use super::chains::Link;
use crate::{Snapshot, SnapshotObject};
use alloc::vec;
use alloc::vec::Vec;
use bumpalo::Bump;
use hashbrown::{HashMap, HashSet};

/// A strongly connected component, in which every object can be reached from every other. A
/// component has several objects, or one object that points to itself.
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
/// let components = snapshot.components();
/// assert_eq!((components.len(), components[0].members().len(), components[0].finalizers().count()), (1, 2, 0));
/// assert!(!components[0].closing_edges().is_empty());
/// let (from, edge) = components[0].edge_to_cut().unwrap();
/// println!("cut {from}.{}", edge.edge);
/// # let _ = (list, one, other);
/// # Ok::<(), gc_snapshot::SnapshotError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Component<'s> {
    snapshot: &'s Snapshot,
    /// The numbers of the members, oldest first.
    members: Vec<u32>,
}

/// The greatest number of edges of a cycle that are tried as the edge to cut.
const TRIED: usize = 64;

impl Snapshot {
    /// Returns the components with a cycle, the one with the oldest object first. An object that
    /// lies on no cycle is in no component.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// assert!(heap.snapshot().components().is_empty(), "there is no cycle");
    /// ```
    pub fn components(&self) -> Vec<Component<'_>> {
        let component = |mut members: Vec<u32>| {
            members.sort_unstable_by_key(|&at| self.ids[at as usize]);
            Component { snapshot: self, members }
        };
        let mut found: Vec<Component<'_>> = Tarjan::of(self).into_iter().map(component).collect();
        found.sort_by_key(|component| self.ids[component.members[0] as usize]);
        found
    }
}

impl<'s> Component<'s> {
    /// Returns the members, oldest first.
    pub fn members(&self) -> impl ExactSizeIterator<Item = SnapshotObject<'s>> + use<'s, '_> {
        self.members.iter().map(|&at| self.snapshot.at(at))
    }

    /// Returns the members whose type has a finalizer. Under the `Legacy` policy, such members make
    /// the component uncollectable.
    pub fn finalizers(&self) -> impl Iterator<Item = SnapshotObject<'s>> + use<'s, '_> {
        self.members().filter(|member| member.has_finalizer())
    }

    /// Returns the edges that close a cycle in a walk from the oldest member, with the object that
    /// each edge comes from. The component has no cycle without these edges. Walks through the
    /// whole component.
    pub fn closing_edges(&self) -> Vec<(SnapshotObject<'s>, Link<'s>)> {
        let inner = Inner::of(self);
        inner.back_edges(None, usize::MAX).into_iter().map(|edge| self.edge(inner.edges[edge])).collect()
    }

    /// Returns an edge without which the component has no cycle, with the object that the edge
    /// comes from. If that edge is cut, reference counting frees the objects of the component once
    /// nothing else holds them. Prefers an edge that closes a cycle.
    ///
    /// Returns `None` if there is no such edge, or if the edge was not found because the cycle
    /// whose edges are tried is very long. In both cases, cut all of
    /// [`closing_edges`](Component::closing_edges) instead. Walks through the component several
    /// times.
    pub fn edge_to_cut(&self) -> Option<(SnapshotObject<'s>, Link<'s>)> {
        let inner = Inner::of(self);
        inner.single_cut().map(|edge| self.edge(inner.edges[edge]))
    }

    fn edge(&self, edge: u32) -> (SnapshotObject<'s>, Link<'s>) {
        let snapshot = self.snapshot;
        let link = Link {
            edge: snapshot.texts.show(snapshot.names[edge as usize]),
            target: snapshot.at(snapshot.targets[edge as usize]),
        };
        (snapshot.at(snapshot.source_of(edge)), link)
    }
}

/// A component as a graph of its own: members and edges are numbered from 0.
struct Inner {
    /// The number of the first edge of each member, and the number of all edges at the end.
    first: Vec<usize>,
    targets: Vec<usize>,
    /// The numbers that the edges have in the snapshot.
    edges: Vec<u32>,
}

impl Inner {
    fn of(component: &Component<'_>) -> Inner {
        let Component { snapshot, members } = component;
        let numbers: HashMap<u32, usize> = members.iter().enumerate().map(|(number, &at)| (at, number)).collect();
        let mut inner = Inner { first: vec![0], targets: Vec::new(), edges: Vec::new() };
        for &at in members {
            for edge in snapshot.edges_of(at) {
                if let Some(&target) = numbers.get(&snapshot.targets[edge]) {
                    inner.targets.push(target);
                    inner.edges.push(edge as u32);
                }
            }
            inner.first.push(inner.targets.len());
        }
        inner
    }

    fn members(&self) -> usize {
        self.first.len() - 1
    }

    fn edges_of(&self, member: usize) -> core::ops::Range<usize> {
        self.first[member]..self.first[member + 1]
    }

    /// Returns the edges that lead back to the path of a depth-first walk from the first member, at
    /// most `most`. The edge `without` is left out of the walk.
    fn back_edges(&self, without: Option<usize>, most: usize) -> Vec<usize> {
        let mut seen = vec![false; self.members()];
        let mut on_path = vec![false; self.members()];
        let mut back = Vec::new();
        let mut path: Vec<(usize, core::ops::Range<usize>)> = Vec::new();
        for start in 0..self.members() {
            if core::mem::replace(&mut seen[start], true) {
                continue;
            }
            on_path[start] = true;
            path.push((start, self.edges_of(start)));
            while let Some((at, edges)) = path.last_mut() {
                let Some(edge) = edges.next() else {
                    on_path[*at] = false;
                    path.pop();
                    continue;
                };
                let target = self.targets[edge];
                if Some(edge) == without {
                    continue;
                }
                if on_path[target] {
                    back.push(edge);
                    if back.len() == most {
                        return back;
                    }
                } else if !core::mem::replace(&mut seen[target], true) {
                    on_path[target] = true;
                    path.push((target, self.edges_of(target)));
                }
            }
        }
        back
    }

    /// Returns the number of an edge that lies on every cycle, if one is found. Tries the edges of
    /// one cycle only, because an edge that lies on every cycle lies on that cycle, too.
    fn single_cut(&self) -> Option<usize> {
        let closing = self.back_edges(None, usize::MAX);
        if let [only] = closing[..] {
            return Some(only);
        }
        let mut cycle = self.shortest_cycle(*closing.first()?);
        // The edges that close a cycle come first.
        let closing: HashSet<usize> = closing.into_iter().collect();
        cycle.sort_by_key(|edge| !closing.contains(edge));
        cycle.truncate(TRIED);
        cycle.into_iter().find(|&edge| self.back_edges(Some(edge), 1).is_empty())
    }

    /// Returns the edges of a shortest cycle through this edge.
    fn shortest_cycle(&self, closing: usize) -> Vec<usize> {
        const UNSEEN: usize = usize::MAX;
        let (start, end) = (self.targets[closing], self.source_of(closing));
        let mut reached_by = vec![UNSEEN; self.members()];
        let mut queue = vec![start];
        let mut done = 0;
        while start != end && reached_by[end] == UNSEEN && done < queue.len() {
            for edge in self.edges_of(queue[done]) {
                let target = self.targets[edge];
                if target != start && reached_by[target] == UNSEEN {
                    reached_by[target] = edge;
                    queue.push(target);
                }
            }
            done += 1;
        }
        let mut cycle = vec![closing];
        let mut at = end;
        while reached_by[at] != UNSEEN {
            cycle.push(reached_by[at]);
            at = self.source_of(reached_by[at]);
        }
        cycle
    }

    fn source_of(&self, edge: usize) -> usize {
        self.first.partition_point(|&first| first <= edge) - 1
    }
}

/// Tarjan's algorithm ("Depth-first search and linear graph algorithms", 1972), with an explicit
/// stack.
struct Tarjan<'s, 'b> {
    snapshot: &'s Snapshot,
    /// The number of each object in the order in which objects were met, from 1; 0 if not met.
    met: &'b mut [u32],
    low: &'b mut [u32],
    is_open: &'b mut [bool],
    open: Vec<u32>,
    path: Vec<(u32, core::ops::Range<usize>)>,
    count: u32,
    found: Vec<Vec<u32>>,
}

impl<'s> Tarjan<'s, '_> {
    fn of(snapshot: &'s Snapshot) -> Vec<Vec<u32>> {
        let (objects, scratch) = (snapshot.len(), Bump::new());
        let mut tarjan = Tarjan {
            snapshot,
            met: scratch.alloc_slice_fill_copy(objects, 0),
            low: scratch.alloc_slice_fill_copy(objects, 0),
            is_open: scratch.alloc_slice_fill_copy(objects, false),
            open: Vec::new(),
            path: Vec::new(),
            count: 0,
            found: Vec::new(),
        };
        for start in 0..objects as u32 {
            if tarjan.met[start as usize] == 0 {
                tarjan.walk(start);
            }
        }
        tarjan.found
    }

    fn enter(&mut self, at: u32) {
        self.count += 1;
        self.met[at as usize] = self.count;
        self.low[at as usize] = self.count;
        self.is_open[at as usize] = true;
        self.open.push(at);
        self.path.push((at, self.snapshot.edges_of(at)));
    }

    fn walk(&mut self, start: u32) {
        self.enter(start);
        while let Some((at, edges)) = self.path.last_mut() {
            let at = *at as usize;
            match edges.next() {
                Some(edge) => {
                    let target = self.snapshot.targets[edge];
                    if self.met[target as usize] == 0 {
                        self.enter(target);
                    } else if self.is_open[target as usize] {
                        self.low[at] = self.low[at].min(self.met[target as usize]);
                    }
                }
                None => self.leave(at as u32),
            }
        }
    }

    fn leave(&mut self, at: u32) {
        self.path.pop();
        let low = self.low[at as usize];
        if let Some((above, _)) = self.path.last() {
            let above = *above as usize;
            self.low[above] = self.low[above].min(low);
        }
        if low != self.met[at as usize] {
            return;
        }
        let first = self.open.iter().rposition(|&other| other == at).unwrap_or(0);
        let members = self.open.split_off(first);
        members.iter().for_each(|&member| self.is_open[member as usize] = false);
        let is_cycle = members.len() > 1 || self.snapshot.targets_of(at).contains(&at);
        if is_cycle {
            self.found.push(members);
        }
    }
}
