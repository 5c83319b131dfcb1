//! Looking around in snapshots: where the objects of a type are held, and what changed where.

use super::{Places, ROOT, Unit, Units, name, with_label};
use crate::columns::NodeKind;
use crate::{Snapshot, SnapshotObject};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::fmt;

/// The places in which the objects of snapshots of one program are held.
///
/// A place is a path from a root with all keys and positions of a container taken together:
/// `registry.sessions[…]`. Each object has one place, that of the path by which a person would look for
/// it.
///
/// ```
/// use gc_snapshot::{Holders, ObjectId, SnapshotBuilder};
///
/// let mut builder = SnapshotBuilder::new();
/// let list = builder.object(ObjectId(1), "List", 64, 1)?; // held by one pointer from outside
/// let rows = [3, 5].map(|id| builder.object(ObjectId(id), "Row", 32, 0).unwrap());
/// builder.edge(list, "rows[0]", rows[0])?;
/// builder.edge(list, "rows[1]", rows[1])?;
/// let snapshot = builder.finish();
/// let holders = Holders::of(&[&snapshot]);
/// let row = snapshot.find(ObjectId(5)).unwrap();
/// assert_eq!(holders.place(row).as_deref(), Some("List.rows[…]"));
/// let [of_rows] = &holders.of_type("Row")[..] else { panic!() };
/// assert_eq!((&*of_rows.place, &*of_rows.holder_type, of_rows.edges), ("List.rows[…]", "List", 2));
/// let paths = holders.paths_to("Row");
/// let steps: Vec<_> = paths.iter().map(|step| (step.depth, &*step.edge, &*step.type_name, step.objects)).collect();
/// assert_eq!(steps, [(0, "[…]", "List", 2), (1, "rows[…]", "Row", 2)]);
/// assert!(holders.changes().is_empty()); // of one snapshot
/// # Ok::<(), gc_snapshot::SnapshotError>(())
/// ```
pub struct Holders<'s> {
    places: Places<'s>,
    units: Vec<Unit>,
}

/// A place that holds objects of a type: see [`Holders::of_type`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct HolderCount {
    /// The place, down to the objects: `registry.sessions[…]`.
    pub place: String,
    /// The type of the objects that hold them.
    pub holder_type: String,
    /// Number of edges from this place to objects of the type.
    pub edges: usize,
}

/// A step of the merged paths to the objects of a type: see [`Holders::paths_to`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PathStep {
    /// Number of steps above this one.
    pub depth: usize,
    /// The edge that leads here; `[…]` for keys, positions, and pointers from outside without a name.
    pub edge: String,
    /// The type of the objects here.
    pub type_name: String,
    /// Number of objects of the wanted type that are reached through here, or are here.
    pub objects: usize,
    /// Bytes of those objects.
    pub bytes: u64,
}

/// A place that holds more or fewer objects of a type than before: see [`Holders::changes`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct HolderChange {
    /// The place, down to the objects.
    pub place: String,
    /// The type of the objects.
    pub type_name: String,
    /// Number of objects that the place held in the first snapshot.
    pub before: usize,
    /// Number of objects that the place holds in the last snapshot.
    pub now: usize,
    /// In the last snapshot, bytes of the objects and of what is reached through them.
    pub bytes: u64,
}

impl<'s> Holders<'s> {
    /// Finds the places of all objects of one or several snapshots, the oldest first. Takes about
    /// 40 bytes for each object of each snapshot.
    ///
    /// # Panics
    /// Panics if there is no snapshot.
    pub fn of(snapshots: &[&'s Snapshot]) -> Holders<'s> {
        assert!(!snapshots.is_empty(), "holders of no snapshot");
        let places = Places::of(snapshots);
        let units = Units::of(&places).units;
        Holders { places, units }
    }

    /// Returns the place of an object of the last snapshot; `None` if nothing from outside leads to it.
    ///
    /// # Panics
    /// May panic or return another place if the object is not of the last snapshot.
    pub fn place(&self, object: SnapshotObject<'s>) -> Option<String> {
        let place = self.places.place_of(object)?;
        let at = self.places.place(place);
        let above = if at.above == ROOT { return Some(name(&self.places, place)) } else { at.above };
        Some(with_label(name(&self.places, above), self.places.word(at.label)))
    }

    /// Returns the places of the last snapshot that hold objects of this type, the one with the most
    /// edges to them first.
    pub fn of_type(&self, type_name: &str) -> Vec<HolderCount> {
        let last = self.places.snapshots.len() - 1;
        let of_type = self.units.iter().filter(|unit| self.is_type(unit.type_word, type_name) && unit.edges[last] > 0);
        let mut rows: Vec<HolderCount> = of_type
            .map(|unit| HolderCount {
                place: self.unit_name(unit),
                holder_type: self.places.word(self.places.place(unit.place).type_word).into(),
                edges: unit.edges[last] as usize,
            })
            .collect();
        rows.sort_by(|one, other| (Reverse(one.edges), &one.place).cmp(&(Reverse(other.edges), &other.place)));
        // An array of V8 and the storage of its elements hold the same objects, in one place.
        rows.dedup_by(|later, first| (&later.place, later.edges) == (&first.place, first.edges));
        rows
    }

    /// Returns the paths from the roots to the objects of this type in the last snapshot, merged: paths
    /// over the same edges and types are one. A step comes before the steps below it, and the step to the
    /// most objects before its siblings. (Eclipse MAT calls this "merge shortest paths to GC roots".)
    pub fn paths_to(&self, type_name: &str) -> Vec<PathStep> {
        let mut reached = vec![(0usize, 0u64); self.places.len() as usize];
        for object in self.places.last().objects().filter(|object| object.type_name() == type_name) {
            let Some(place) = self.places.place_of(object) else { continue };
            let row = &mut reached[place as usize];
            *row = (row.0 + 1, row.1 + object.bytes());
        }
        let mut below: Vec<Vec<u32>> = vec![Vec::new(); reached.len()];
        // (A place comes after the one above it.)
        for place in (1..reached.len()).rev() {
            let (objects, bytes) = reached[place];
            if objects > 0 {
                let above = self.places.place(place as u32).above as usize;
                reached[above] = (reached[above].0 + objects, reached[above].1 + bytes);
                below[above].push(place as u32);
            }
        }
        let mut steps = Vec::new();
        let mut waiting: Vec<(u32, usize)> = vec![(ROOT, 0)];
        while let Some((place, depth)) = waiting.pop() {
            if place != ROOT {
                let (at, (objects, bytes)) = (self.places.place(place), reached[place as usize]);
                let edge = self.places.word(at.label).into();
                let type_name = self.places.word(at.type_word).into();
                steps.push(PathStep { depth: depth - 1, edge, type_name, objects, bytes });
            }
            let next = &mut below[place as usize];
            next.sort_by_key(|&place| (reached[place as usize].0, Reverse(place)));
            waiting.extend(next.iter().map(|&place| (place, depth + 1)));
        }
        steps
    }

    /// Returns the places that hold more or fewer objects of a type in the last snapshot than in the
    /// first, the one that gained the most bytes first and the one that lost the most last.
    pub fn changes(&self) -> Vec<HolderChange> {
        let last = self.places.snapshots.len() - 1;
        let changed = self.units.iter().filter(|unit| unit.edges[0] != unit.edges[last]);
        let is_shown = |unit: &&Unit| self.places.place(unit.place).kind != NodeKind::Internal;
        let mut rows: Vec<HolderChange> = changed
            .filter(is_shown)
            .map(|unit| HolderChange {
                place: self.unit_name(unit),
                type_name: self.places.word(unit.type_word).into(),
                before: unit.edges[0] as usize,
                now: unit.edges[last] as usize,
                bytes: unit.bytes,
            })
            .collect();
        rows.sort_by(|one, other| (Reverse(one.gain()), &one.place).cmp(&(Reverse(other.gain()), &other.place)));
        rows
    }

    fn unit_name(&self, unit: &Unit) -> String {
        if unit.place == ROOT {
            return name(&self.places, ROOT);
        }
        with_label(name(&self.places, unit.place), self.places.word(unit.label()))
    }

    /// Returns true if a word for a type is the one for this type: `function` for `function serve`.
    fn is_type(&self, word: u32, type_name: &str) -> bool {
        let rest = self.places.word(word).strip_prefix(type_name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    }
}

impl HolderChange {
    /// The bytes that the place gained: those of an average object for each that there is more.
    pub fn gain(&self) -> i64 {
        let more = self.now as f64 - self.before as f64;
        (more * self.bytes as f64 / self.now.max(1) as f64) as i64
    }
}

impl fmt::Debug for Holders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Holders({} places)", self.places.len())
    }
}
