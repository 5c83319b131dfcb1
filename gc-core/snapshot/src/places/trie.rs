//! The places of several snapshots, in one tree.

use super::tree::{OUTSIDE, Tree, UNSEEN};
use super::words::{ATTRIBUTES, KEY, Words};
use crate::columns::{EdgeKind, Name, NodeKind};
use crate::{Snapshot, SnapshotObject};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// A place: the objects that are reached from those of another place by edges of one label, and are of
/// one type.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The place that it is reached from; the root is reached from itself.
    pub(crate) above: u32,
    /// The number of the word for its edges.
    pub(crate) label: u32,
    /// The number of the word for its type.
    pub(crate) type_word: u32,
    /// How the edges to it are known.
    pub(crate) edge: EdgeKind,
    /// The role of its objects.
    pub(crate) kind: NodeKind,
    /// By snapshot: how many objects there are.
    pub(crate) objects: Vec<u32>,
    /// By snapshot: their bytes.
    pub(crate) bytes: Vec<u64>,
}

/// The places of several snapshots of the same program.
pub(crate) struct Places<'s> {
    pub(crate) snapshots: Vec<&'s Snapshot>,
    pub(super) places: Vec<Place>,
    pub(super) words: Vec<String>,
    /// By snapshot and object: the number of its place; `NOWHERE` if nothing leads to it.
    pub(super) of: Vec<Vec<u32>>,
    /// By snapshot and object: the number of the word for its type.
    pub(super) types: Vec<Vec<u32>>,
    /// In the last snapshot, for each object: the bytes of all objects whose paths lead through it.
    pub(super) below: Vec<u64>,
    /// By snapshot and object: the object that it is reached from.
    pub(super) above: Vec<Vec<u32>>,
    /// In the last snapshot, for each object: the name of the edge by which it is reached.
    by: Vec<Name>,
    /// In the last snapshot, by the number of a text: the word for the label.
    labels: Vec<u32>,
}

pub(super) const NOWHERE: u32 = u32::MAX;
/// The place of what is outside of the heap.
pub(crate) const ROOT: u32 = 0;
/// The longest pattern of places that is recognized when it repeats itself.
const LONGEST_PATTERN: usize = 4;

impl<'s> Places<'s> {
    /// Finds the places of all objects. The snapshots are in the order of their time.
    pub(crate) fn of(snapshots: &[&'s Snapshot]) -> Places<'s> {
        let mut builder = Builder::new(snapshots.len());
        let (mut of, mut types) = (Vec::new(), Vec::new());
        let (mut below, mut above, mut by, mut labels) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (number, snapshot) in snapshots.iter().enumerate() {
            let tree = Tree::of(snapshot);
            let words = builder.words.of_types(snapshot);
            labels = builder.words.of_labels(snapshot);
            of.push(builder.add(number, snapshot, &tree, &words, &labels));
            types.push(words);
            if number + 1 == snapshots.len() {
                below = bytes_below(snapshot, &tree);
                by = tree.by;
            }
            above.push(tree.above);
        }
        let (places, words) = (builder.places, builder.words.texts);
        Places { snapshots: snapshots.to_vec(), places, words, of, types, below, above, by, labels }
    }

    pub(crate) fn place(&self, number: u32) -> &Place {
        &self.places[number as usize]
    }

    pub(crate) fn word(&self, number: u32) -> &str {
        &self.words[number as usize]
    }

    /// The place that holds what the objects of `place` hold: its own, or that of the object whose
    /// attributes they are.
    pub(super) fn holder(&self, place: u32) -> u32 {
        let at = self.place(place);
        if at.label == ATTRIBUTES { at.above } else { place }
    }

    /// Returns true if an edge from `place` leads back to the place `to` that it is reached through: from a node
    /// of a list or tree to the next, or to one below it.
    pub(super) fn is_link(&self, place: u32, to: u32) -> bool {
        let mut at = place;
        for _ in 0..=LONGEST_PATTERN {
            if at == to || at == ROOT {
                break;
            }
            at = self.place(at).above;
        }
        at == to && to != ROOT
    }

    /// The word for the label of an edge of the last snapshot.
    pub(super) fn label_of(&self, name: Name) -> u32 {
        name.as_text().map_or(KEY, |text| self.labels[text])
    }

    /// The places from the one below the root down to this one.
    pub(crate) fn way(&self, number: u32) -> Vec<&Place> {
        let mut way = Vec::new();
        let mut at = number;
        while at != ROOT {
            let place = self.place(at);
            way.push(place);
            at = place.above;
        }
        way.reverse();
        way
    }

    /// The cheapest path to an object of the last snapshot: from the root down, each object with the
    /// name of the edge that leads to it.
    pub(crate) fn path(&self, object: SnapshotObject<'s>) -> Vec<(Cow<'s, str>, SnapshotObject<'s>)> {
        let (last, mut path, mut at) = (self.last(), Vec::new(), object.number() as u32);
        while at != OUTSIDE && at != UNSEEN {
            let (name, above) = (self.by[at as usize], self.above[self.above.len() - 1][at as usize]);
            let has_name = name.kind() != EdgeKind::Hidden || above != OUTSIDE;
            path.push((if has_name { last.texts.show(name) } else { Cow::Borrowed("") }, last.at(at)));
            at = above;
        }
        path.reverse();
        path
    }

    /// The number of places.
    pub(crate) fn len(&self) -> u32 {
        self.places.len() as u32
    }

    /// The last snapshot.
    pub(crate) fn last(&self) -> &'s Snapshot {
        self.snapshots[self.snapshots.len() - 1]
    }

    /// By object of the last snapshot: the word for its type.
    pub(crate) fn types_of_last(&self) -> &[u32] {
        &self.types[self.types.len() - 1]
    }

    /// By object of the first snapshot: the word for its type.
    pub(crate) fn types_of_first(&self) -> &[u32] {
        &self.types[0]
    }

    /// The objects that an object of the last snapshot holds, and those that its attributes hold.
    pub(crate) fn held_in_last(&self, object: u32) -> impl Iterator<Item = u32> {
        self.held(self.snapshots.len() - 1, object)
    }

    /// The objects that an object of the first snapshot holds, and those that its attributes hold.
    pub(crate) fn held_in_first(&self, object: u32) -> impl Iterator<Item = u32> {
        self.held(0, object)
    }

    fn held(&self, number: usize, object: u32) -> impl Iterator<Item = u32> {
        let snapshot = self.snapshots[number];
        snapshot.targets_of(object).iter().flat_map(move |&target| {
            let place = self.of[number][target as usize];
            let are_attributes = place != NOWHERE
                && self.place(place).label == ATTRIBUTES
                && self.above[number][target as usize] == object;
            let attributes = if are_attributes { snapshot.targets_of(target) } else { &[] };
            attributes.iter().copied().chain([target])
        })
    }

    /// The place of an object of the last snapshot.
    pub(crate) fn place_of(&self, object: SnapshotObject<'s>) -> Option<u32> {
        let place = *self.of[self.of.len() - 1].get(object.number())?;
        (place != NOWHERE).then_some(place)
    }

    /// The objects of a place in the last snapshot.
    pub(crate) fn members(&self, number: u32) -> impl Iterator<Item = u32> {
        objects_of(&self.of[self.of.len() - 1], number)
    }

    /// The objects of a place in the first snapshot.
    pub(crate) fn members_of_first(&self, number: u32) -> impl Iterator<Item = u32> {
        objects_of(&self.of[0], number)
    }
}

fn objects_of(of: &[u32], number: u32) -> impl Iterator<Item = u32> {
    (0..).zip(of).filter(move |&(_, &place)| place == number).map(|(object, _)| object)
}

/// For each object, its own bytes and those of all objects that are reached through it.
fn bytes_below(snapshot: &Snapshot, tree: &Tree) -> Vec<u64> {
    let mut below: Vec<u64> = snapshot.objects().map(|object| object.bytes()).collect();
    for &object in tree.order.iter().rev() {
        let above = tree.above[object as usize];
        if above != OUTSIDE {
            below[above as usize] += below[object as usize];
        }
    }
    below
}

struct Builder {
    snapshots: usize,
    words: Words,
    places: Vec<Place>,
    /// By the place above, label and type.
    known: HashMap<(u32, u32, u32), u32>,
}

impl Builder {
    fn new(snapshots: usize) -> Builder {
        let mut words = Words::new();
        let nothing = words.number("");
        let root = Place {
            above: ROOT,
            label: nothing,
            type_word: nothing,
            edge: EdgeKind::Named,
            kind: NodeKind::Group,
            objects: vec![1; snapshots],
            bytes: vec![0; snapshots],
        };
        Builder { snapshots, words, places: vec![root], known: HashMap::new() }
    }

    /// Adds the objects of a snapshot. Returns the place of each.
    fn add(&mut self, number: usize, snapshot: &Snapshot, tree: &Tree, types: &[u32], labels: &[u32]) -> Vec<u32> {
        let mut of = vec![NOWHERE; snapshot.len()];
        for &object in &tree.order {
            let (above, by) = (tree.above[object as usize], tree.by[object as usize]);
            debug_assert_ne!(above, UNSEEN);
            let above = if above == OUTSIDE { ROOT } else { self.owner(of[above as usize]) };
            let at = self.place(above, by, labels, types[object as usize], snapshot.at(object).kind());
            let (place, bytes) = (&mut self.places[at as usize], snapshot.at(object).bytes());
            place.objects[number] += 1;
            place.bytes[number] += bytes;
            of[object as usize] = at;
        }
        of
    }

    /// The place of the attributes in `place`: that of the object whose dictionary it is.
    fn owner(&self, place: u32) -> u32 {
        let at = &self.places[place as usize];
        if at.label == ATTRIBUTES { at.above } else { place }
    }

    fn place(&mut self, above: u32, by: Name, labels: &[u32], type_word: u32, kind: NodeKind) -> u32 {
        let label = by.as_text().map_or(KEY, |text| labels[text]);
        if let Some(&known) = self.known.get(&(above, label, type_word)) {
            return known;
        }
        let new = Place {
            above,
            label,
            type_word,
            edge: by.kind(),
            kind,
            objects: vec![0; self.snapshots],
            bytes: vec![0; self.snapshots],
        };
        let at = match self.repeats(&new) {
            Some(same) => same,
            None => {
                self.places.push(new);
                self.places.len() as u32 - 1
            }
        };
        self.known.insert((above, label, type_word), at);
        at
    }

    /// Finds the place that a new one is the same as, because the way to it repeats itself: the next
    /// node of a linked list, a child in a tree of nodes. (Otherwise a list of a million nodes would
    /// have a million places.)
    fn repeats(&self, new: &Place) -> Option<u32> {
        let above = &self.places[new.above as usize];
        let is_own_type = new.kind == NodeKind::Object && !self.is_general(new.type_word);
        if new.above != ROOT && is_own_type && above.type_word == new.type_word {
            return Some(new.above);
        }
        if is_own_type && let Some(same) = self.node_above(new) {
            return Some(same);
        }
        // The ways of one, two, .. places that end above the new one.
        let mut way = [ROOT; 2 * LONGEST_PATTERN + 1];
        let mut at = new.above;
        for slot in &mut way {
            *slot = at;
            at = self.places[at as usize].above;
        }
        let key = |at: u32| (self.places[at as usize].label, self.places[at as usize].type_word);
        (1..=LONGEST_PATTERN).find_map(|length| {
            let same = way[length - 1];
            let is_repeated = same != ROOT
                && way[2 * length - 1] != ROOT
                && key(same) == (new.label, new.type_word)
                && (0..length).all(|step| key(way[step]) == key(way[step + length]));
            is_repeated.then_some(same)
        })
    }

    /// Finds the place of the parent of a node in a tree, whose children lie in a container: `TrieNode.next` is
    /// an object whose keys lead to more of `TrieNode`.
    fn node_above(&self, new: &Place) -> Option<u32> {
        let mut at = new.above;
        for _ in 0..LONGEST_PATTERN {
            let place = &self.places[at as usize];
            if at == ROOT || place.type_word == new.type_word {
                break;
            }
            if place.kind != NodeKind::Storage && !self.is_general(place.type_word) {
                return None;
            }
            at = place.above;
        }
        (at != ROOT && self.places[at as usize].type_word == new.type_word).then_some(at)
    }

    /// Returns true for types of which one holds another all the time, without being a list or a tree.
    fn is_general(&self, type_word: u32) -> bool {
        const GENERAL: [&str; 18] = [
            "dict",
            "list",
            "tuple",
            "set",
            "frozenset",
            "deque",
            "OrderedDict",
            "defaultdict",
            "cell",
            "method",
            "Object",
            "Array",
            "Map",
            "Set",
            "(closure)",
            "(array)",
            "(string)",
            "str",
        ];
        let word = &*self.words.texts[type_word as usize];
        let first = word.split(' ').next().unwrap_or(word);
        GENERAL.contains(&word) || matches!(first, "type" | "class" | "module" | "function" | "frame" | "(closure)")
    }
}
