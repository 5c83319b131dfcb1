//! Leftovers of work: exact counts after the work, compared with the counts before it.

use crate::Heap;
use crate::graph::edges::{each_living, owned_by_field};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use gc_snapshot::ObjectId;
use gc_snapshot::{GaugeKind, Snapshot, SnapshotObject};
use hashbrown::{HashMap, HashSet};

/// The quantity that a [`Leftover`] counts.
///
/// ```
/// use gc_core::observe::LeftoverKind;
///
/// let heap = gc_core::Heap::new();
/// let left = heap.leftovers(2, 16, || core::mem::forget(heap.external_bytes(1 << 10)));
/// assert_eq!(left.iter().next().unwrap().kind, LeftoverKind::ExternalBytes);
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum LeftoverKind {
    /// Objects of a type.
    Objects,
    /// Bytes that objects of a type own outside of their slots.
    OwnedBytes,
    /// Declared external bytes.
    ExternalBytes,
    /// Entries of the garbage list.
    Garbage,
    /// The value of a gauge of kind [`Backlog`](crate::observe::GaugeKind::Backlog).
    Backlog,
}

/// A quantity that is greater after some work than before it: see [`Heap::leftovers`].
///
/// ```
/// use gc_core::{Heap, List};
///
/// let heap = Heap::new();
/// let log = heap.alloc(List::new());
/// let left = heap.leftovers(2, 16, || log.push(heap.alloc(7u64)));
/// for leftover in left.iter() {
///     println!("{} more of {}, held by {:?}", leftover.more, leftover.name, leftover.place);
/// }
/// assert!(!left.is_empty());
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Leftover {
    /// The quantity that is counted.
    pub kind: LeftoverKind,
    /// The name of the type or of the gauge; empty for external bytes and garbage.
    pub name: String,
    /// The increase of the quantity.
    pub more: u64,
    /// The holder, if it is known: a field, and an object with this field.
    pub place: Option<String>,
}

/// All quantities that are greater after some work than before it. `Display` shows one per line.
///
/// ```
/// use gc_core::observe::LeftoverKind;
/// use gc_core::{Heap, List};
///
/// let heap = Heap::new();
/// let log = heap.alloc(List::new());
/// let left = heap.leftovers(2, 16, || log.push(heap.alloc(7u64)));
/// let objects = left.iter().find(|it| it.kind == LeftoverKind::Objects).unwrap();
/// assert!((&*objects.name, objects.more) == ("u64", 48) && !left.is_empty());
/// println!("{left}"); // .. +48 objects of u64, held by `[…]` of List<u64> @5
/// ```
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Leftovers(Vec<Leftover>);

impl Leftovers {
    /// Returns true if nothing was left behind.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns an iterator over all leftovers, one for each kind and type.
    pub fn iter(&self) -> core::slice::Iter<'_, Leftover> {
        self.0.iter()
    }

    /// Returns the leftovers that are also in `later`, with the counts of `later`.
    pub(super) fn still(&self, later: &Leftovers) -> Leftovers {
        Leftovers(self.0.iter().filter_map(|one| later.of(one)).cloned().collect())
    }

    fn of(&self, other: &Leftover) -> Option<&Leftover> {
        self.0.iter().find(|it| it.kind == other.kind && it.name == other.name)
    }

    /// Returns the leftovers that are not noise, with their places. A leftover of owned bytes is
    /// noise unless it is greater than in `before`.
    pub(super) fn lasting(self, before: &Leftovers, baseline: &Baseline, heap: &Heap) -> Leftovers {
        let grew = |it: &Leftover| before.of(it).is_none_or(|before| it.more > before.more);
        let lasting = self.0.into_iter().filter(|it| it.kind != LeftoverKind::OwnedBytes || grew(it));
        let snapshot = heap.snapshot();
        let placed = lasting.map(|it| {
            let place = match it.kind {
                LeftoverKind::Objects => baseline.holder_of(&snapshot, &it.name),
                LeftoverKind::OwnedBytes => baseline.owner_of(heap, &snapshot, &it.name),
                _ => None,
            };
            Leftover { place, ..it }
        });
        Leftovers(placed.collect())
    }
}

impl fmt::Display for Leftovers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("work that is done again and again leaves something behind")?;
        for Leftover { kind, name, more, place } in &self.0 {
            match kind {
                LeftoverKind::Objects => write!(f, "\n  +{more} objects of {name}")?,
                LeftoverKind::OwnedBytes => write!(f, "\n  +{more} bytes owned by {name}")?,
                LeftoverKind::ExternalBytes => write!(f, "\n  +{more} declared external bytes")?,
                LeftoverKind::Garbage => write!(f, "\n  +{more} objects in the garbage list")?,
                LeftoverKind::Backlog => write!(f, "\n  +{more} in the gauge {name}")?,
            }
            if let Some(place) = place {
                write!(f, ", {place}")?;
            }
        }
        Ok(())
    }
}

/// The counts of a heap before the work.
pub(super) struct Baseline {
    counts: BTreeMap<(LeftoverKind, String), u64>,
    /// The id of the next object at the time of the counts. Objects from this id on are new.
    first_new: ObjectId,
    /// The owned bytes of each field of each object.
    owned: HashMap<(ObjectId, String), usize>,
}

impl Baseline {
    pub(super) fn of(heap: &Heap) -> Baseline {
        let mut owned = HashMap::new();
        each_living(heap.core(), |object| {
            let id = ObjectId::of_birth(object.birth());
            owned_by_field(object, &mut |field, bytes| *owned.entry((id, field)).or_default() += bytes);
        });
        Baseline { counts: counts(heap), first_new: ObjectId::of_birth(heap.core().storage.birth_clock.next()), owned }
    }

    /// Returns all quantities that are greater now than in the baseline.
    pub(super) fn left_now(&self, heap: &Heap) -> Leftovers {
        let more = counts(heap).into_iter().filter_map(|(key, now)| {
            let more = now.saturating_sub(self.counts.get(&key).copied().unwrap_or(0));
            let (kind, name) = key;
            (more > 0).then_some(Leftover { kind, name, more, place: None })
        });
        Leftovers(more.collect())
    }

    fn is_new(&self, object: SnapshotObject<'_>) -> bool {
        object.id() >= self.first_new
    }

    /// Describes the old object and the field that hold the new objects of a type most often.
    fn holder_of(&self, snapshot: &Snapshot, type_name: &str) -> Option<String> {
        let mut ways: HashMap<(String, String), (usize, ObjectId)> = HashMap::new();
        let mut outside = 0;
        let new = snapshot.objects().filter(|it| it.type_name() == type_name && self.is_new(*it));
        let mut objects = 0;
        // The search for a holder looks at all edges, so only 32 objects are examined.
        for object in new.take(32) {
            objects += 1;
            match self.old_holder(snapshot, object) {
                Some((holder, field)) => {
                    ways.entry((holder.type_name().to_string(), field)).or_insert((0, holder.id())).0 += 1;
                }
                None => outside += 1,
            }
        }
        let most = ways.into_iter().max_by_key(|(_, (count, _))| *count);
        match most {
            Some(((holder, field), (count, id))) if count >= outside => {
                Some(format!("held by `{field}` of {holder} {id}"))
            }
            _ => (objects > 0).then(|| "held from outside of the heap".to_string()),
        }
    }

    /// Returns the nearest object of the baseline that leads to `object`, and the field through
    /// which it does. Returns `None` if the search, which is bounded, finds no such object.
    fn old_holder<'s>(
        &self,
        snapshot: &'s Snapshot,
        object: SnapshotObject<'s>,
    ) -> Option<(SnapshotObject<'s>, String)> {
        let (mut seen, mut ring) = (HashSet::<ObjectId>::new(), alloc::vec![object]);
        seen.insert(object.id());
        for _ in 0..8 {
            let mut next = Vec::new();
            for target in ring {
                for (holder, field) in snapshot.referrers(target) {
                    if !self.is_new(holder) {
                        return Some((holder, without_positions(&field)));
                    }
                    if seen.len() < 100 && seen.insert(holder.id()) {
                        next.push(holder);
                    }
                }
            }
            ring = next;
        }
        None
    }

    /// Describes the field, and the object of a type, whose owned bytes grew most.
    fn owner_of(&self, heap: &Heap, snapshot: &Snapshot, type_name: &str) -> Option<String> {
        let of_type = snapshot.objects().filter(|it| it.type_name() == type_name);
        let ids: HashSet<ObjectId> = of_type.map(SnapshotObject::id).collect();
        let mut now: HashMap<(ObjectId, String), usize> = HashMap::new();
        each_living(heap.core(), |object| {
            let id = ObjectId::of_birth(object.birth());
            if ids.contains(&id) {
                owned_by_field(object, &mut |field, bytes| *now.entry((id, field)).or_default() += bytes);
            }
        });
        let grown =
            now.into_iter().map(|(key, bytes)| (bytes.saturating_sub(*self.owned.get(&key).unwrap_or(&0)), key));
        let (_, (id, field)) = grown.max()?;
        Some(match &*field {
            "" => format!("most by {id}"),
            field => format!("most in `{field}` of {id}"),
        })
    }
}

/// Shortens the positions and keys in a name: `rows[3].cells["a"]` becomes `rows[…].cells[…]`.
fn without_positions(name: &str) -> String {
    let mut short = String::new();
    let mut inside = false;
    for c in name.chars() {
        match c {
            '[' => {
                inside = true;
                short.push_str("[…]");
            }
            ']' => inside = false,
            _ if !inside => short.push(c),
            _ => {}
        }
    }
    short
}

fn counts(heap: &Heap) -> BTreeMap<(LeftoverKind, String), u64> {
    let mut counts = BTreeMap::new();
    for row in heap.census().types() {
        counts.insert((LeftoverKind::Objects, row.type_name.clone()), row.objects as u64);
        counts.insert((LeftoverKind::OwnedBytes, row.type_name.clone()), row.owned_bytes as u64);
    }
    counts.insert((LeftoverKind::ExternalBytes, String::new()), heap.memory().external as u64);
    counts.insert((LeftoverKind::Garbage, String::new()), heap.garbage().len() as u64);
    for reading in heap.core().telemetry.gauges.readings() {
        if reading.kind == GaugeKind::Backlog {
            counts.insert((LeftoverKind::Backlog, reading.name), reading.value);
        }
    }
    counts
}
