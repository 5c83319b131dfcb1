//! Which places grow from snapshot to snapshot, and where most has gathered in a single one.

use crate::SnapshotObject;
use crate::columns::{EdgeKind, NodeKind};
use crate::places::{Place, Places, ROOT, Unit, Units};
use alloc::vec::Vec;
use hashbrown::{HashMap, HashSet};

/// A place that holds more and more.
#[derive(Clone, Debug)]
pub(super) struct Gathering<'s> {
    pub(super) place: u32,
    /// The object of the place that holds most of it; `None`: they are held from outside of the heap.
    pub(super) holder: Option<SnapshotObject<'s>>,
    /// The types that the place holds more of, the one with the most bytes first.
    pub(super) members: Vec<Member<'s>>,
    /// Bytes of the holders themselves, in the first and in the last snapshot, if they matter.
    pub(super) own: Option<(u64, u64)>,
    /// The bytes that gathered.
    pub(super) bytes: u64,
    /// Other places that hold the same objects.
    pub(super) others: Vec<u32>,
}

/// Objects of one type that a place holds more of.
#[derive(Clone, Debug)]
pub(super) struct Member<'s> {
    pub(super) type_word: u32,
    /// The word for the label of most of the edges to them.
    pub(super) label: u32,
    /// Edges to them, by snapshot.
    pub(super) edges: Vec<u32>,
    /// The bytes that gathered through them.
    pub(super) bytes: u64,
    /// One of them.
    pub(super) example: Option<SnapshotObject<'s>>,
    kind: NodeKind,
}

impl Member<'_> {
    pub(super) fn before(&self) -> u32 {
        self.edges[0]
    }

    pub(super) fn now(&self) -> u32 {
        self.edges[self.edges.len() - 1]
    }
}

/// The fewest objects more that are growth. (An import that comes late, or a cache that warms up,
/// adds some dozens.)
const FEW: f64 = 100.0;
/// This many objects are growth where they hold this many bytes.
const FEW_BUT_LARGE: (f64, u64) = (50.0, 100 << 10);
/// The fewest objects more at a place that has no name.
const NAMELESS: f64 = 1000.0;
/// Growth of fewer bytes is not reported.
const LEAST_BYTES: u64 = 4 << 10;
/// Growth of an object itself by fewer bytes is not reported.
const LEAST_OWN: u64 = 64 << 10;
/// The least ratio by which an object itself grows between two snapshots. (A hash table is up to twice
/// as large as its contents need, and is made anew at any time.)
const OWN_RATIO: f64 = 2.2;
/// A table with more entries than these is a container of objects, which grows by its entries.
const FEW_ENTRIES: u32 = 8;
/// The least ratio by which the entries of such a container grow.
const ENTRIES_GROW: f64 = 1.2;
/// The last step of a series grows at least by this part of the average step, or the growth has come
/// to a stand.
const GOES_ON: f64 = 0.5;
/// A place of which there are more, by more than this ratio, explains that it holds more.
const PLACE_GROWS: f64 = 1.05;
/// The most places that are reported.
const MOST: usize = 3;
/// The most places that are compared for holding the same objects.
const COMPARED: usize = 16;

/// The places that hold more in each snapshot than in the one before, the one with the most bytes first.
pub(super) fn growth<'s>(places: &Places<'s>) -> Vec<Gathering<'s>> {
    let judge = Judge { places, units: &Units::of(places) };
    finish(places, judge.gatherings(|unit| judge.growing(unit), |place| judge.own_growth(place)))
}

/// The places where most has gathered in a single snapshot.
pub(super) fn accumulations<'s>(places: &Places<'s>) -> Vec<Gathering<'s>> {
    let judge = Judge { places, units: &Units::of(places) };
    let all = places.last().bytes();
    let own = |place| judge.large(place, all).map(|bytes| (0, bytes));
    let mut found = judge.gatherings(|unit| judge.gathered(unit), own);
    found.retain(|it| it.bytes as f64 * weight(places, it.place) >= PART * all as f64);
    finish(places, found)
}

/// The least part of a heap that is worth a word when nothing but one snapshot is known.
const PART: f64 = 0.005;
/// An object with this part of the heap in itself is large.
const LARGE_PART: f64 = 0.02;
/// The fewest objects that an object holds where they are called an accumulation.
const MANY: u32 = 100;

/// Tables of a library are no finding, although they are large in small programs.
fn weight(places: &Places<'_>, place: u32) -> f64 {
    if super::library::is_of_a_library(places, place) { 0.2 } else { 1.0 }
}

struct Judge<'p, 's> {
    places: &'p Places<'s>,
    units: &'p Units,
}

impl<'s> Judge<'_, 's> {
    /// The places with members that `member` finds, or whose own bytes `own` finds.
    fn gatherings(
        &self,
        member: impl Fn(&Unit) -> Option<Member<'s>>,
        own: impl Fn(u32) -> Option<(u64, u64)>,
    ) -> Vec<Gathering<'s>> {
        let mut by_place: HashMap<u32, Vec<Member<'s>>> = HashMap::new();
        for unit in &self.units.units {
            if let Some(member) = member(unit) {
                by_place.entry(unit.place).or_default().push(member);
            }
        }
        for members in by_place.values_mut() {
            let mut held = Vec::new();
            for member in members.iter_mut() {
                let behind = self.held_by_plumbing(member);
                let bytes = behind.iter().map(|held| held.bytes).sum();
                member.bytes = member.bytes.saturating_sub(bytes);
                held.extend(behind);
            }
            members.extend(held);
        }
        let all = 0..self.places.len();
        all.filter_map(|at| self.gathering(at, by_place.remove(&at).unwrap_or_default(), own(at))).collect()
    }

    /// Objects that gather behind links that a runtime makes (`system / WeakCell`): a person knows their types.
    fn held_by_plumbing(&self, member: &Member<'s>) -> Vec<Member<'s>> {
        let Some(example) = member.example.filter(|example| example.type_name().starts_with("system / ")) else {
            return Vec::new();
        };
        let Some(place) = self.places.place_of(example) else { return Vec::new() };
        let is_plumbing = |unit: &Unit| self.places.word(unit.type_word).starts_with("system / ");
        let is_held = |unit: &&Unit| {
            let now = unit.edges[unit.edges.len() - 1];
            unit.place == place && unit.kind == NodeKind::Object && !is_plumbing(unit) && now >= member.now() / 2
        };
        // (What all of them share, such as the registry, is one object.)
        let is_own = |unit: &&Unit| self.units.of_type[unit.type_word as usize].last() >= Some(&(member.now() / 2));
        let held = self.units.units.iter().filter(is_held).filter(is_own);
        held.map(|unit| self.member(unit, unit.bytes)).collect()
    }

    /// Judges whether a place holds more and more objects of a type. A place that is not there at first is
    /// judged from the first snapshot that it is in, if there are two of them or more.
    fn growing(&self, unit: &Unit) -> Option<Member<'s>> {
        let place = self.places.place(unit.place);
        let begin = place.objects.iter().position(|&objects| objects > 0)?;
        let (objects, edges) = (&place.objects[begin..], &unit.edges[begin..]);
        if objects.contains(&0) || objects.len() < 2 {
            return None;
        }
        let (first, last) = (objects[0], objects[objects.len() - 1]);
        let ratio = (f64::from(last) / f64::from(first)).max(1.0);
        let (before, now) = (f64::from(edges[0]), f64::from(edges[edges.len() - 1]));
        let more = now - before * ratio;
        if more < FEW_BUT_LARGE.0 || !goes_on(edges.iter().map(|&edges| f64::from(edges))) {
            return None;
        }
        let bytes = (unit.bytes as f64 * more / now) as u64;
        let few = if self.is_nameless(unit.place) { NAMELESS } else { FEW };
        let is_enough = more >= few || more >= FEW_BUT_LARGE.0 && bytes >= FEW_BUT_LARGE.1 && few == FEW;
        let is_explained = ratio > PLACE_GROWS && (more < NAMELESS || more < 0.5 * now);
        let is_new = self.more_of_type(unit.type_word) >= 0.5 * more || self.holder_grew(place, more);
        // Where others went at the same time, as many as came, the entries are only of another type.
        let out = &self.units.out[unit.place as usize];
        let is_more = f64::from(out[out.len() - 1]) - f64::from(out[begin]) * ratio >= 0.5 * more;
        (is_enough && !is_explained && is_new && is_more).then(|| self.member(unit, bytes))
    }

    /// Objects that were there before and are found elsewhere now are no growth.
    fn more_of_type(&self, type_word: u32) -> f64 {
        let objects = &self.units.of_type[type_word as usize];
        f64::from(objects[objects.len() - 1]) - f64::from(objects[0])
    }

    /// Of values that many edges share, such as small numbers, there are no more; the holder is larger.
    fn holder_grew(&self, place: &Place, more: f64) -> bool {
        let (first, last) = (place.bytes[0], place.bytes[place.bytes.len() - 1]);
        last.saturating_sub(first) as f64 >= 4.0 * more
    }

    /// Judges whether an object holds many objects of a type.
    fn gathered(&self, unit: &Unit) -> Option<Member<'s>> {
        let place = self.places.place(unit.place);
        let now = unit.edges[unit.edges.len() - 1];
        let holders = place.objects[place.objects.len() - 1];
        let is_background = super::library::is_library_type(self.places.word(unit.type_word));
        let is_many = now / holders.max(1) >= MANY && (!self.is_nameless(unit.place) || now >= NAMELESS as u32);
        // (A list or tree is one attribute, whatever the number of its nodes.)
        let are_attributes = self.is_namespace(unit.place) && unit.links * 2 < now;
        (is_many && !is_background && !are_attributes).then(|| self.member(unit, unit.bytes))
    }

    /// Returns true for the attributes of a module or a class: there are many of them, and no leak.
    fn is_namespace(&self, place: u32) -> bool {
        let at = self.places.place(place);
        let of = self.places.word(self.places.place(at.above).type_word);
        let is_own = |word: &str| ["module ", "type ", "class "].iter().any(|kind| word.starts_with(kind));
        is_own(self.places.word(at.type_word)) || (self.places.word(at.label) == "__dict__" && is_own(of))
    }

    fn member(&self, unit: &Unit, bytes: u64) -> Member<'s> {
        let example = unit.example.map(|(object, _)| self.places.last().at(object));
        let (type_word, label, edges) = (unit.type_word, unit.label(), unit.edges.clone());
        Member { type_word, label, edges, bytes, example, kind: unit.kind }
    }

    /// The bytes of the objects of a place, in the first and in the last snapshot, if they grow in
    /// themselves: a buffer, a text, a table of numbers.
    fn own_growth(&self, place: u32) -> Option<(u64, u64)> {
        let at = self.places.place(place);
        if at.objects.contains(&0) || matches!(at.kind, NodeKind::Internal | NodeKind::Group) {
            return None;
        }
        // The table of a weak map keeps the room of entries that are gone.
        if matches!(self.places.word(self.places.place(at.above).type_word), "WeakMap" | "WeakSet") {
            return None;
        }
        let last = at.objects.len() - 1;
        let ratio = (f64::from(at.objects[last]) / f64::from(at.objects[0])).max(1.0);
        let (before, now) = (at.bytes[0] as f64 * ratio, at.bytes[last] as f64);
        let is_steady = at.objects.len() > 2 && goes_on(at.bytes.iter().map(|&bytes| bytes as f64));
        let grows =
            now - before >= LEAST_OWN as f64 && (is_steady || at.objects.len() == 2 && now >= OWN_RATIO * before);
        // A container with as many entries as before was only made anew.
        let out = &self.units.out[place as usize];
        let is_made_anew = out[last] > FEW_ENTRIES && f64::from(out[last]) < ENTRIES_GROW * f64::from(out[0]);
        (grows && !is_made_anew && !self.is_nameless(place)).then_some((before as u64, at.bytes[last]))
    }

    /// The bytes of the objects of a place, if they are a large part of the heap in themselves.
    fn large(&self, place: u32, all: u64) -> Option<u64> {
        let at = self.places.place(place);
        let (objects, bytes) = (at.objects[at.objects.len() - 1], at.bytes[at.bytes.len() - 1]);
        let is_one = objects > 0 && objects <= 8 && !matches!(at.kind, NodeKind::Internal | NodeKind::Group);
        let is_large = bytes >= LEAST_OWN && bytes as f64 >= LARGE_PART * all as f64;
        (is_one && is_large && !self.is_nameless(place)).then_some(bytes)
    }

    /// Returns true if no edge on the way to the place has a name that a person knows.
    fn is_nameless(&self, place: u32) -> bool {
        let is_unknown = |at: &Place| {
            matches!(at.edge, EdgeKind::Internal | EdgeKind::Hidden) || self.places.word(at.label) == "[…]"
        };
        !self.places.last().roots.is_empty() && self.places.way(place).into_iter().all(is_unknown)
    }

    fn gathering(&self, place: u32, mut members: Vec<Member<'s>>, own: Option<(u64, u64)>) -> Option<Gathering<'s>> {
        let is_background = |kind: NodeKind| matches!(kind, NodeKind::Internal | NodeKind::Group | NodeKind::Storage);
        if members.iter().all(|member| is_background(member.kind)) && own.is_none() {
            return None;
        }
        members.sort_by_key(|member| (is_background(member.kind), core::cmp::Reverse(member.bytes)));
        let grown = own.map_or(0, |(before, now)| now - before);
        let bytes = grown + members.iter().map(|member| member.bytes).sum::<u64>();
        (bytes >= LEAST_BYTES).then_some(Gathering { place, holder: None, members, own, bytes, others: Vec::new() })
    }
}

/// Returns true if a series grows in each of its steps, and in the last one about as much as before.
/// Of two snapshots the growth between them is all that is known.
fn goes_on(series: impl Iterator<Item = f64>) -> bool {
    let series: Vec<f64> = series.collect();
    let steps: Vec<f64> = series.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let average = steps.iter().sum::<f64>() / steps.len().max(1) as f64;
    steps.iter().all(|&step| step > 0.0) && steps.last().is_some_and(|&last| last >= GOES_ON * average)
}

/// Sorts what was found, takes together what is the same growth, and names the holders.
fn finish<'s>(places: &Places<'s>, mut found: Vec<Gathering<'s>>) -> Vec<Gathering<'s>> {
    let key = |it: &Gathering<'_>| {
        let only_weak = it.own.is_none() && it.members.iter().all(|member| is_weak(places.word(member.type_word)));
        let weighed = it.bytes as f64 * weight(places, it.place);
        (only_weak, core::cmp::Reverse(weighed as u64), it.place)
    };
    found.sort_by_cached_key(key);
    let mut kept: Vec<Gathering<'s>> = Vec::new();
    let mut sets: Vec<HashSet<u32>> = Vec::new();
    for it in found.into_iter().take(COMPARED) {
        let set = held(places, &it);
        let same = sets.iter().position(|known| overlap(known, &set));
        match same {
            Some(first) if is_inside(places, it.place, kept[first].place) => {}
            Some(first) if is_inside(places, kept[first].place, it.place) => kept[first].place = it.place,
            Some(first) => kept[first].others.push(it.place),
            None => {
                kept.push(it);
                sets.push(set);
            }
        }
    }
    kept.truncate(MOST);
    for it in &mut kept {
        it.holder = holder(places, it);
    }
    kept
}

fn is_weak(type_name: &str) -> bool {
    matches!(type_name, "ReferenceType" | "weakref" | "KeyedRef" | "WeakMethod" | "WeakRef" | "weakproxy" | "ProxyType")
}

/// The objects that a place holds of the first type.
fn held(places: &Places<'_>, it: &Gathering<'_>) -> HashSet<u32> {
    let Some(first) = it.members.first() else { return HashSet::new() };
    let (last, types) = (places.last(), places.types_of_last());
    if it.place == ROOT {
        return last.root_numbers().filter(|&at| types[at as usize] == first.type_word).collect();
    }
    let targets = places.members(it.place).flat_map(|at| places.held_in_last(at));
    targets.filter(|&target| types[target as usize] == first.type_word).collect()
}

fn overlap(one: &HashSet<u32>, other: &HashSet<u32>) -> bool {
    let least = one.len().min(other.len());
    least > 0 && one.intersection(other).count() * 5 >= least * 4
}

/// Returns true if one place is within another, and only the runtime names what is between them: the
/// elements of an array, the dictionary of an object.
fn is_inside(places: &Places<'_>, inner: u32, outer: u32) -> bool {
    let mut at = inner;
    while at != outer {
        let place = places.place(at);
        let is_plumbing = place.edge != EdgeKind::Named && place.edge != EdgeKind::Variable
            || matches!(places.word(place.label), "__dict__" | "data");
        if at == ROOT || !is_plumbing {
            return false;
        }
        at = place.above;
    }
    true
}

/// The object of a place that gained most, told by the ids of the first and the last snapshot.
fn holder<'s>(places: &Places<'s>, it: &Gathering<'s>) -> Option<SnapshotObject<'s>> {
    if it.place == ROOT {
        return None;
    }
    let (last, types) = (places.last(), places.types_of_last());
    let wanted = it.members.first().map(|member| member.type_word);
    let candidates: Vec<u32> = places.members(it.place).collect();
    let mut before: HashMap<u64, i64> = HashMap::new();
    if candidates.len() > 1 && places.snapshots.len() > 1 {
        let (first, types) = (places.snapshots[0], places.types_of_first());
        for at in places.members_of_first(it.place) {
            let size = match wanted {
                Some(word) => places.held_in_first(at).filter(|&to| types[to as usize] == word).count() as i64,
                None => first.at(at).bytes() as i64,
            };
            before.insert(first.ids[at as usize], size);
        }
    }
    let size = |at: u32| match wanted {
        Some(word) => places.held_in_last(at).filter(|&to| types[to as usize] == word).count() as i64,
        None => last.at(at).bytes() as i64,
    };
    let gained = |&at: &u32| size(at) - before.get(&last.ids[at as usize]).copied().unwrap_or(0);
    let most = candidates.into_iter().max_by_key(|at| (gained(at), core::cmp::Reverse(*at)))?;
    Some(last.at(most))
}

#[cfg(test)]
mod tests;
