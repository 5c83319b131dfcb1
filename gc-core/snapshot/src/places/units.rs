//! The contents of places: how many objects of each type each place holds, in each snapshot.

use super::Places;
use super::cost::{is_of_a_runtime, leads_to_shared};
use super::tree::{OUTSIDE, roots};
use super::trie::{NOWHERE, ROOT};
use crate::Snapshot;
use crate::columns::{EdgeKind, Name, NodeKind};
use alloc::vec;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// Objects of one type that the objects of one place hold.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) place: u32,
    pub(crate) type_word: u32,
    pub(crate) kind: NodeKind,
    /// By snapshot: the number of edges.
    pub(crate) edges: Vec<u32>,
    /// In the last snapshot: the bytes that are reached through the objects.
    pub(crate) bytes: u64,
    /// In the last snapshot: the number of edges from one node of a list or tree to the next.
    pub(crate) links: u32,
    /// In the last snapshot: one of the objects, and the name of the edge to it.
    pub(crate) example: Option<(u32, Name)>,
    /// The word for the label of that edge, and the number of edges with this label less those with
    /// another.
    majority: (u32, i64),
}

/// All units of some snapshots.
pub(crate) struct Units {
    pub(crate) units: Vec<Unit>,
    /// By place and snapshot: the number of edges that lead out of the place.
    pub(crate) out: Vec<Vec<u32>>,
    /// By word of a type and snapshot: the number of objects.
    pub(crate) of_type: Vec<Vec<u32>>,
}

impl Units {
    pub(crate) fn of(places: &Places<'_>) -> Units {
        let snapshots = places.snapshots.len();
        let mut all = Collector {
            known: HashMap::new(),
            units: Vec::new(),
            out: vec![vec![0; snapshots]; places.places.len()],
            of_type: vec![vec![0; snapshots]; places.words.len()],
        };
        for (number, snapshot) in places.snapshots.iter().enumerate() {
            all.add(places, number, snapshot);
        }
        Units { units: all.units, out: all.out, of_type: all.of_type }
    }
}

struct Collector {
    known: HashMap<(u32, u32), u32>,
    units: Vec<Unit>,
    out: Vec<Vec<u32>>,
    of_type: Vec<Vec<u32>>,
}

impl Collector {
    fn add(&mut self, places: &Places<'_>, number: usize, snapshot: &Snapshot) {
        let (of, types) = (&places.of[number], &places.types[number]);
        for (object, &word) in types.iter().enumerate() {
            if of[object] != NOWHERE {
                self.of_type[word as usize][number] += 1;
            }
        }
        let texts = snapshot.texts.all();
        let is_background: Vec<(bool, bool)> =
            texts.iter().map(|text| (leads_to_shared(text), is_of_a_runtime(text))).collect();
        for (name, target) in roots(snapshot) {
            self.edge(places, number, ROOT, None, name, target);
        }
        for object in 0..snapshot.len() as u32 {
            let place = of[object as usize];
            if place == NOWHERE {
                continue;
            }
            for edge in snapshot.edges_of(object) {
                let (name, target) = (snapshot.names[edge], snapshot.targets[edge]);
                let skips = match (name.as_text(), name.kind()) {
                    (Some(text), EdgeKind::Internal) => is_background[text].1,
                    (Some(text), EdgeKind::Named) => is_background[text].0,
                    _ => false,
                };
                if skips {
                    continue;
                }
                self.edge(places, number, place, Some(object), name, target);
            }
        }
    }

    fn edge(&mut self, places: &Places<'_>, number: usize, place: u32, from: Option<u32>, name: Name, target: u32) {
        let to = places.of[number][target as usize];
        if to == NOWHERE {
            return;
        }
        // A runtime keeps tables of all names, such as those of the internalized strings of V8.
        if places.place(place).kind == NodeKind::Group && places.snapshots[number].at(target).kind() == NodeKind::Text {
            return;
        }
        // The nodes of a list or tree are held by the place that holds the whole of it, and each is
        // counted once.
        let above = places.above[number][target as usize];
        let place = places.holder(place);
        let is_node = places.is_link(place, to);
        if is_node && Some(above) != from {
            return;
        }
        let holder = if is_node { places.holder(places.place(to).above) } else { place };
        self.out[holder as usize][number] += 1;
        let (type_word, snapshots) = (places.types[number][target as usize], places.snapshots.len());
        let next = self.units.len() as u32;
        let at = *self.known.entry((holder, type_word)).or_insert(next);
        if at == next {
            self.units.push(Unit {
                place: holder,
                type_word,
                kind: places.snapshots[number].at(target).kind(),
                edges: vec![0; snapshots],
                bytes: 0,
                links: 0,
                example: None,
                majority: (0, 0),
            });
        }
        let unit = &mut self.units[at as usize];
        unit.edges[number] += 1;
        if number + 1 < snapshots {
            return;
        }
        // What is reached from another object of the place is counted with that one. (Of a list, the
        // bytes that are reached through its first node are those of all.)
        let is_first = above == from.unwrap_or(OUTSIDE);
        if holder == place && (is_first || places.of[number].get(above as usize) != Some(&place)) {
            unit.bytes += places.below[target as usize];
        }
        if is_node {
            unit.links += 1;
        } else {
            unit.vote(name, places.label_of(name), target);
        }
    }
}

impl Unit {
    /// Keeps an edge with the most frequent label (Boyer and Moore's majority vote).
    fn vote(&mut self, name: Name, label: u32, target: u32) {
        match self.majority {
            (_, 0) => (self.example, self.majority) = (Some((target, name)), (label, 1)),
            (known, _) if known == label => self.majority.1 += 1,
            _ => self.majority.1 -= 1,
        }
    }

    /// The word for the label of most of the edges.
    pub(crate) fn label(&self) -> u32 {
        self.majority.0
    }
}
