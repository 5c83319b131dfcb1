//! Finds the holders of the objects that came and stayed: the container, and the place in it.

use crate::{Dominators, Snapshot, SnapshotObject};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use hashbrown::{HashMap, HashSet};

/// The births at which the second, third and last quarter of the diagnosed time begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quarters(pub(super) [u64; 3]);

impl Quarters {
    /// Returns the quarter that the object was born in, from 0 for the second quarter; `None` for
    /// the first quarter and for older objects.
    fn of(self, object: SnapshotObject<'_>) -> Option<usize> {
        let birth = object.birth();
        self.0.iter().rposition(|&begin| birth >= begin)
    }
}

/// Objects that gather in one place of one container.
#[derive(Clone, Debug)]
pub(super) struct Holding<'s> {
    /// The container; `None` if the objects are held from outside of the heap.
    pub(super) holder: Option<SnapshotObject<'s>>,
    /// The edge by which the container holds the objects, with `[…]` for positions and keys.
    pub(super) place: Option<String>,
    /// The growing type that most of the directly held objects have.
    pub(super) type_name: &'s str,
    /// Number of objects of the type `type_name` that came and stayed, by the quarter of their
    /// birth.
    pub(super) by_quarter: [usize; 3],
    /// Bytes of all objects that came and stayed in the place.
    pub(super) bytes: u64,
}

impl Holding<'_> {
    pub(super) fn objects(&self) -> usize {
        self.by_quarter.iter().sum()
    }

    /// Returns true if enough objects of each quarter are held. (A container whose entries are only
    /// replaced has lost the old objects.)
    fn is_steady(&self) -> bool {
        let average = self.objects() as f64 / 3.0;
        self.by_quarter.iter().all(|&objects| objects as f64 >= 0.25 * average)
    }
}

/// Returns the places where objects of growing types gather, the one with the most bytes first.
pub(super) fn holdings<'s>(snapshot: &'s Snapshot, quarters: Quarters, growing: &HashSet<&str>) -> Vec<Holding<'s>> {
    let dominators = snapshot.dominators();
    let tops = Tops::of(snapshot, &dominators, quarters);
    let places = tops.places(snapshot, &dominators);
    let mut gathered: HashMap<(Option<u32>, Option<String>), Gathered<'s>> = HashMap::new();
    for object in snapshot.objects() {
        let Some(place) = tops.above(object).and_then(|top| places.get(&top)) else { continue };
        let Some(quarter) = quarters.of(object) else { continue };
        let row = gathered.entry(place.clone()).or_default();
        row.bytes += object.bytes();
        if growing.contains(object.type_name()) {
            let seen = row.types.entry(object.type_name()).or_default();
            seen.by_quarter[quarter] += 1;
            seen.tops += usize::from(tops.above(object) == Some(object.number() as u32));
        }
    }
    let holdings = gathered.into_iter().filter_map(|((holder, place), row)| row.holding(snapshot, holder, place));
    let mut holdings: Vec<Holding<'s>> = holdings.filter(Holding::is_steady).collect();
    holdings.sort_by_key(|it| (core::cmp::Reverse(it.bytes), it.holder.map(SnapshotObject::id), it.place.clone()));
    holdings
}

#[derive(Default)]
struct Gathered<'s> {
    bytes: u64,
    types: HashMap<&'s str, Seen>,
}

/// The numbers of objects of one type.
#[derive(Default)]
struct Seen {
    /// Number of objects that an old object holds.
    tops: usize,
    by_quarter: [usize; 3],
}

impl<'s> Gathered<'s> {
    /// Returns the holding, with the type of the objects that are held directly, not of the objects
    /// that these hold in turn. Returns `None` if no object is of a growing type.
    fn holding(self, snapshot: &'s Snapshot, holder: Option<u32>, place: Option<String>) -> Option<Holding<'s>> {
        let count = |seen: &Seen| (seen.tops, seen.by_quarter.iter().sum::<usize>());
        let most = self.types.iter().max_by_key(|(name, seen)| (count(seen), core::cmp::Reverse(**name)))?;
        let holder = holder.map(|at| snapshot.at(at));
        Some(Holding { holder, place, type_name: most.0, by_quarter: most.1.by_quarter, bytes: self.bytes })
    }
}

/// For each new object, its top: the last new object on the way up the dominator tree, which may be
/// the object itself. A top is held by something that is not new.
struct Tops(Vec<u32>);

const NONE: u32 = u32::MAX;

impl Tops {
    fn of<'s>(snapshot: &'s Snapshot, dominators: &Dominators<'s>, quarters: Quarters) -> Tops {
        let is_new = |object: SnapshotObject<'_>| quarters.of(object).is_some();
        let mut tops = vec![NONE; snapshot.len()];
        let mut way = Vec::new();
        for object in snapshot.objects().filter(|&object| is_new(object)) {
            let mut at = object;
            let top = loop {
                if tops[at.number()] != NONE {
                    break tops[at.number()];
                }
                way.push(at.number());
                match dominators.dominator(at).filter(|&above| is_new(above)) {
                    Some(above) => at = above,
                    None => break at.number() as u32,
                }
            };
            way.drain(..).for_each(|at| tops[at] = top);
        }
        // Uncollectable objects have a rule of their own, and unreachable objects are no leak.
        for top in &mut tops {
            if *top != NONE {
                let object = snapshot.at(*top);
                if object.is_in_garbage() || dominators.is_unreachable(object) {
                    *top = NONE;
                }
            }
        }
        Tops(tops)
    }

    fn above(&self, object: SnapshotObject<'_>) -> Option<u32> {
        Some(self.0[object.number()]).filter(|&top| top != NONE)
    }

    /// Finds the holder of each top, and the place in the holder. The holder is the dominator of
    /// the top if the dominator points to the top, else any old object that points to the top, else
    /// something outside of the heap.
    fn places<'s>(
        &self,
        snapshot: &'s Snapshot,
        dominators: &Dominators<'s>,
    ) -> HashMap<u32, (Option<u32>, Option<String>)> {
        let mut places: HashMap<u32, (Option<u32>, Option<String>)> = HashMap::new();
        let mut is_certain: HashSet<u32> = HashSet::new();
        for object in snapshot.objects().filter(|&object| self.above(object).is_none() && !object.is_in_garbage()) {
            for (name, target) in object.edges() {
                let top = target.number() as u32;
                if self.above(target) != Some(top) || is_certain.contains(&top) {
                    continue;
                }
                if dominators.dominator(snapshot.at(top)).map(SnapshotObject::number) == Some(object.number()) {
                    is_certain.insert(top);
                } else if places.contains_key(&top) {
                    continue;
                }
                places.insert(top, (Some(object.number() as u32), Some(general(&name))));
            }
        }
        for &top in self.0.iter().filter(|&&top| top != NONE) {
            places.entry(top).or_insert((None, None));
        }
        places
    }
}

/// Returns an edge's name, with `[…]` for each position and key.
pub(crate) fn general(name: &str) -> String {
    let mut general = String::new();
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        general.push(c);
        if c == '[' {
            skip_key(&mut chars);
            general.push_str("…]");
        }
    }
    general
}

/// Skips the rest of a key, including its closing bracket. A bracket within quotes does not close
/// the key.
fn skip_key(chars: &mut core::str::Chars<'_>) {
    let mut quote = None;
    while let Some(c) = chars.next() {
        match (c, quote) {
            (']', None) => return,
            ('\\', Some(_)) => drop(chars.next()),
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::general;

    #[test]
    fn positions_and_keys_are_left_out() {
        for (name, expected) in [
            ("next", "next"),
            ("children[3].left", "children[…].left"),
            (r#"by["a]\"b"].x['"'][7]"#, "by[…].x[…][…]"),
            ("[3]", "[…]"),
            ("[…]", "[…]"),
            ("broken[", "broken[…]"),
        ] {
            assert_eq!(general(name), expected);
        }
    }
}
