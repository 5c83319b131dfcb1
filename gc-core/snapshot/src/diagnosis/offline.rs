//! Finds suspects in snapshots alone, such as the dump of a program that has ended.

use super::Suspect;
use super::holders::{Holding, Quarters, general, holdings};
use super::words;
use crate::{Dominators, Snapshot, SnapshotObject};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use hashbrown::{HashMap, HashSet};

/// A holder of less than this fraction of the heap, or of the heap's growth, is no suspect.
const PART: f64 = 0.2;

/// The least fraction of the bytes held by an object that counts as nearly all of these bytes.
const NEARLY_ALL: f64 = 0.8;

/// The least number of objects that count as an accumulation.
const MANY: usize = 100;

/// Returns the places that hold a large part of the growth since an earlier snapshot.
pub(super) fn since(snapshot: &Snapshot, earlier: &Snapshot) -> Vec<Suspect> {
    let newest = |snapshot: &Snapshot| snapshot.objects().map(SnapshotObject::birth).max().unwrap_or(0);
    let (begin, end) = (newest(earlier) + 1, newest(snapshot) + 1);
    let third = end.saturating_sub(begin) / 3;
    let quarters = Quarters([begin, begin + third, begin + 2 * third]);
    let before = earlier.census();
    let now = snapshot.census();
    let grown = |name: &str, objects: usize| objects > before.of(name).map_or(0, |row| row.objects);
    let growing: HashSet<&str> =
        now.types().iter().filter(|row| grown(&row.type_name, row.objects)).map(|row| &*row.type_name).collect();
    let all = snapshot.bytes().saturating_sub(earlier.bytes());
    let found = holdings(snapshot, quarters, &growing);
    let told = found.iter().filter(|holding| holding.bytes as f64 >= PART * all as f64);
    told.map(|holding| words::container(holding, snapshot, &[])).collect()
}

/// Returns the places where a large part of the heap accumulates. Each place is found by a walk
/// down the dominator tree, which goes on while one object holds nearly all that the object above
/// it holds. The place is in the last object of the walk, or in the holder of a long chain on the
/// walk.
pub(super) fn accumulations(snapshot: &Snapshot) -> Vec<Suspect> {
    let dominators = snapshot.dominators();
    let children = Children::of(snapshot, &dominators);
    let all = snapshot.bytes() as f64;
    let is_large = |&object: &SnapshotObject<'_>| dominators.retained_bytes(object) as f64 >= PART * all;
    let tops = snapshot.objects().filter(|&object| dominators.dominator(object).is_none());
    let held = tops.filter(|&object| !object.is_in_garbage() && !dominators.is_unreachable(object));
    let large: Vec<SnapshotObject<'_>> = held.filter(is_large).collect();
    let found = large.into_iter().filter_map(|top| accumulation(snapshot, &dominators, &children, top));
    let mut found: Vec<Holding<'_>> = found.collect();
    found.sort_by_key(|holding| core::cmp::Reverse(holding.bytes));
    found.iter().map(|holding| words::accumulation(holding, snapshot)).collect()
}

/// For each object, the object with the greatest retained size that it immediately dominates.
struct Children(Vec<Option<u32>>);

impl Children {
    fn of<'s>(snapshot: &'s Snapshot, dominators: &Dominators<'s>) -> Children {
        let mut largest: Vec<Option<u32>> = vec![None; snapshot.len()];
        for object in snapshot.objects() {
            let Some(above) = dominators.dominator(object) else { continue };
            let known = &mut largest[above.number()];
            let retained = |at: u32| dominators.retained_bytes(snapshot.at(at));
            if known.is_none_or(|known| retained(known) < dominators.retained_bytes(object)) {
                *known = Some(object.number() as u32);
            }
        }
        Children(largest)
    }
}

fn accumulation<'s>(
    snapshot: &'s Snapshot,
    dominators: &Dominators<'s>,
    children: &Children,
    top: SnapshotObject<'s>,
) -> Option<Holding<'s>> {
    let mut way = vec![top];
    let mut at = top;
    while let Some(child) = children.0[at.number()].map(|child| snapshot.at(child)) {
        let held = dominators.retained_bytes(at) - at.bytes();
        if (dominators.retained_bytes(child) as f64) < NEARLY_ALL * held as f64 {
            break;
        }
        way.push(child);
        at = child;
    }
    chain(&way, dominators).or_else(|| point(snapshot, dominators, at))
}

/// Returns the holding of the first long run of objects of one type on the way, in which each
/// object holds the next.
fn chain<'s>(way: &[SnapshotObject<'s>], dominators: &Dominators<'s>) -> Option<Holding<'s>> {
    let mut begin = 0;
    for end in 1..=way.len() {
        if end < way.len() && way[end].type_name() == way[begin].type_name() {
            continue;
        }
        if end - begin >= MANY {
            let (first, holder) = (way[begin], begin.checked_sub(1).map(|before| way[before]));
            let objects = dominators.retained_objects(first) as usize;
            let bytes = dominators.retained_bytes(first);
            let place = holder.and_then(|holder| edge_to(holder, first));
            return Some(Holding { holder, place, type_name: first.type_name(), by_quarter: [0, 0, objects], bytes });
        }
        begin = end;
    }
    None
}

fn edge_to(holder: SnapshotObject<'_>, target: SnapshotObject<'_>) -> Option<String> {
    holder.edges().find(|&(_, to)| to == target).map(|(name, _)| general(&name))
}

/// Returns the holding of the objects of one type that `at` dominates directly, if there are at
/// least `MANY`.
fn point<'s>(snapshot: &'s Snapshot, dominators: &Dominators<'s>, at: SnapshotObject<'s>) -> Option<Holding<'s>> {
    let mut types: HashMap<&str, (usize, u64)> = HashMap::new();
    let mut direct = HashSet::new();
    for object in snapshot.objects().filter(|&object| dominators.dominator(object) == Some(at)) {
        let row = types.entry(object.type_name()).or_default();
        *row = (row.0 + 1, row.1 + dominators.retained_bytes(object));
        direct.insert(object.number());
    }
    let (type_name, (objects, bytes)) =
        types.into_iter().max_by_key(|&(name, (_, bytes))| (bytes, core::cmp::Reverse(name)))?;
    if objects < MANY {
        return None;
    }
    let mut places: HashMap<String, usize> = HashMap::new();
    for (name, target) in at.edges() {
        if target.type_name() == type_name && direct.contains(&target.number()) {
            *places.entry(general(&name)).or_default() += 1;
        }
    }
    let place = places.into_iter().max_by_key(|(name, edges)| (*edges, core::cmp::Reverse(name.clone())));
    let place = place.map(|(name, _)| name);
    Some(Holding { holder: Some(at), place, type_name, by_quarter: [0, 0, objects], bytes })
}
