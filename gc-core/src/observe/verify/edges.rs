//! Compares counts with edges, and edges with the words of the values.

use crate::core::Core;
use crate::graph::edges::{each_living, named_edges};
use crate::object::raw::Object;
use crate::object::scan::{self, Words};
use crate::object::type_info::EdgeSink;
use crate::object::type_info::FieldList;
use crate::object::weak_cell::CellRef;
use crate::observe::numbering::Numbering;
use crate::observe::type_names::TypeNames;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use gc_snapshot::ObjectId;
use gc_snapshot::diagnosis::{Problem, ProblemKind};
use hashbrown::{HashMap, HashSet};

/// Finds problems in the edges that the `Trace` of each value and of its parts reports. If the
/// words of values may be read, the function looks at every word, too.
pub(super) fn problems(core: &Core, words: Option<&Words>) -> Vec<Problem> {
    let facts = Facts::of(core);
    let mut found = Found::new(core);
    let mut doubled = Doubled::default();
    each_living(core, |object| {
        let mut reported = Reported::default();
        object.edges(&mut reported);
        // A value that is mutably borrowed must not be looked at.
        if reported.hidden {
            return;
        }
        let mut fields = fields(object);
        facts.skipped(object, &fields, &mut found);
        match words {
            None => facts.doubled(object, &mut doubled),
            Some(words) => {
                fields.locate(object);
                let words = words.of(object);
                facts.doubled_in(object, &words, &mut found);
                facts.missed_in(object, &fields, &words, &reported, &mut found);
            }
        }
    });
    doubled.note(&mut found);
    core.weaks.each_of_all(|cell| {
        let captured = cell.look_at_callback(|callback| callback.map(scan::captured));
        facts.captured(cell, &captured.unwrap_or_default(), &mut found);
    });
    found.problems()
}

/// Facts of the heap that are gathered before its objects are looked at one by one.
struct Facts<'h> {
    numbering: Numbering<'h>,
    by_address: HashMap<usize, Object>,
    /// The number of edges that lead to each object, by the number of the object.
    internal: Vec<u32>,
}

impl<'h> Facts<'h> {
    fn of(core: &'h Core) -> Facts<'h> {
        let numbering = Numbering::of(core);
        let mut internal = vec![0u32; numbering.len()];
        let mut by_address = HashMap::with_capacity(numbering.len());
        each_living(core, |object| {
            by_address.insert(object.address(), object);
            named_edges(object, &mut |_, target| {
                if let Some(number) = numbering.number(target) {
                    internal[number] = internal[number].saturating_add(1);
                }
            });
        });
        Facts { numbering, by_address, internal }
    }

    /// Returns the number of pointers to the object that are no edges. The number is negative if
    /// there are more edges than pointers.
    fn unexplained(&self, object: Object) -> i64 {
        match (object.count().get(), self.numbering.number(object)) {
            (u32::MAX, _) | (_, None) => i64::MAX, // saturated
            (count, Some(number)) => i64::from(count) - i64::from(self.internal[number]),
        }
    }

    /// Returns the edges that the object reports more than once, by the address of the target:
    /// their names, and true if there are more edges to the target than pointers.
    fn repeated(&self, object: Object) -> impl Iterator<Item = (usize, Vec<String>, bool)> {
        let mut edges: HashMap<usize, u32> = HashMap::new();
        named_edges(object, &mut |_, target| {
            *edges.entry(target.address()).or_default() += 1;
        });
        edges.retain(|_, edges| *edges > 1);
        // (Only the names of repeated edges are made: an object may have millions of edges.)
        let mut repeated: HashMap<usize, (Vec<String>, bool)> = HashMap::new();
        if !edges.is_empty() {
            named_edges(object, &mut |path, target| {
                if edges.contains_key(&target.address()) && self.numbering.number(target).is_some() {
                    let (names, is_short) = repeated.entry(target.address()).or_default();
                    names.push(path.name());
                    *is_short = self.unexplained(target) < 0;
                }
            });
        }
        repeated.into_iter().map(|(address, (names, is_short))| (address, names, is_short))
    }

    /// Notes the edges that the object reports more than once, as far as the counts of their
    /// targets show it. (If there are as many pointers from outside as surplus edges, the counts do
    /// not show it.)
    fn doubled(&self, object: Object, doubled: &mut Doubled) {
        for (target, names, _) in self.repeated(object).filter(|(_, _, is_short)| *is_short) {
            match twice(&names) {
                Some(name) => doubled.certain.push((target, object, name)),
                None => doubled.likely.push((target, object, names[names.len() - 1].clone())),
            }
        }
    }

    /// Notes the edges that the object reports more often than its words hold the pointer, if the
    /// target has fewer pointers than edges or if two edges have one name.
    fn doubled_in(&self, object: Object, words: &[(usize, usize)], found: &mut Found) {
        let repeated: Vec<(usize, Vec<String>, bool)> = self.repeated(object).collect();
        let mut held: HashMap<usize, usize> = repeated.iter().map(|&(address, _, _)| (address, 0)).collect();
        for (_, word) in words {
            if let Some(held) = held.get_mut(word) {
                *held += 1;
            }
        }
        for (address, names, is_short) in repeated {
            let words = held[&address];
            let twice = twice(&names);
            let is_told = is_short || (words > 0 && twice.is_some());
            if is_told && names.len() > words.max(1) {
                found.note(ProblemKind::DoubledEdge, object, twice.unwrap_or_else(|| names[names.len() - 1].clone()));
            }
        }
    }

    /// Notes the fields with pointers that the object's `Trace` skips, as far as the fields can be
    /// traced.
    fn skipped(&self, object: Object, fields: &FieldList, found: &mut Found) {
        for &(name, ref edges) in fields.untraced() {
            let mut pointers = Pointers { facts: self, any: false };
            edges(object, &mut pointers);
            if pointers.any {
                found.note(ProblemKind::MissedEdge, object, String::from(name));
            }
        }
    }

    /// Notes the objects that the words of a weak reference's callback point to, and that lead back
    /// to the weak reference or to its target. A captured object and the object that it leads back
    /// to keep each other alive.
    fn captured(&self, cell: &CellRef, words: &[usize], found: &mut Found) {
        let targets: HashSet<usize> = words.iter().copied().collect();
        for target in targets.iter().filter_map(|target| self.by_address.get(target)) {
            if self.unexplained(*target) > 0 && self.leads_to(*target, cell) {
                found.note(ProblemKind::CapturedPointer, *target, String::new());
            }
        }
    }

    /// Returns true if the object leads to the weak reference, to a value that holds the weak
    /// reference, or to its target. The search looks at a bounded number of objects.
    fn leads_to(&self, from: Object, cell: &CellRef) -> bool {
        const MOST: usize = 10_000;
        let (owner, target) = (cell.owner().map(Object::address), cell.target().map(Object::address));
        let (mut seen, mut waiting) = (HashSet::<usize>::new(), vec![from]);
        while let Some(object) = waiting.pop() {
            if !seen.insert(object.address()) || seen.len() > MOST {
                continue;
            }
            let mut reported = Reported::default();
            object.edges(&mut reported);
            let is_known = |address: Option<usize>| address.is_some_and(|it| reported.addresses.contains_key(&it));
            if [owner, target].contains(&Some(object.address())) || is_known(target) || is_known(owner) {
                return true;
            }
            waiting.extend(reported.addresses.keys().filter_map(|address| self.by_address.get(address)));
        }
        false
    }

    /// Notes the words of the value that are pointers to objects, but are not reported as edges.
    fn missed_in(
        &self,
        object: Object,
        fields: &FieldList,
        words: &[(usize, usize)],
        reported: &Reported,
        found: &mut Found,
    ) {
        let is_held = |&target: &Object| self.unexplained(target) > 0;
        let is_pointer = |word: usize| self.by_address.get(&word).is_some_and(is_held);
        let suspicious = words.iter().filter(|&&(offset, word)| fields.may_hide(offset) && is_pointer(word));
        let mut pointers: HashMap<usize, Vec<usize>> = HashMap::new();
        suspicious.for_each(|&(offset, target)| pointers.entry(target).or_default().push(offset));
        // A target that is reported as often as it is met in the words is not a problem.
        for (target, places) in pointers {
            let told = if fields.is_partial() { 0 } else { reported.addresses.get(&target).copied().unwrap_or(0) };
            let missed = places.len().saturating_sub(told);
            // If one of several equal pointers is not reported, it is not known which: the last one
            // is named.
            for &offset in places.iter().rev().take(missed) {
                let name = fields.at(offset).map_or_else(|| format!("byte {offset}"), String::from);
                found.note(ProblemKind::MissedEdge, object, name);
            }
        }
    }
}

/// Returns the first name that occurs for the second time.
fn twice(names: &[String]) -> Option<String> {
    let mut seen: HashSet<&str> = HashSet::new();
    names.iter().find(|name| !name.is_empty() && !seen.insert(name)).cloned()
}

/// Objects that report a target more than once, if the target has more edges than pointers. Each
/// entry is the target, the object, and the name of the edge.
#[derive(Default)]
struct Doubled {
    /// Objects that report an edge twice under one name.
    certain: Vec<(usize, Object, String)>,
    /// Objects whose edges have different names, as the edges of a value with several pointers
    /// have. Such an object is reported only if no other object explains the surplus edges of the
    /// target.
    likely: Vec<(usize, Object, String)>,
}

impl Doubled {
    fn note(self, found: &mut Found) {
        let explained: HashSet<usize> = self.certain.iter().map(|&(target, _, _)| target).collect();
        let likely = self.likely.into_iter().filter(|(target, _, _)| !explained.contains(target));
        for (_, object, name) in self.certain.into_iter().chain(likely) {
            found.note(ProblemKind::DoubledEdge, object, name);
        }
    }
}

/// A sink that notes if any edge leads to an object of the heap.
struct Pointers<'f, 'h> {
    facts: &'f Facts<'h>,
    any: bool,
}

impl EdgeSink for Pointers<'_, '_> {
    fn edge(&mut self, target: Object) {
        self.any |= self.facts.numbering.number(target).is_some();
    }
}

/// The addresses that a value reports as edges or as weak references, and how often it reports
/// each.
#[derive(Default)]
struct Reported {
    addresses: HashMap<usize, usize>,
    hidden: bool,
}

impl EdgeSink for Reported {
    fn edge(&mut self, target: Object) {
        self.weak_edge(target.address());
    }
    fn weak_edge(&mut self, address: usize) {
        *self.addresses.entry(address).or_default() += 1;
    }
    fn opaque(&mut self) {
        self.hidden = true;
    }
}

fn fields(object: Object) -> FieldList {
    let mut list = FieldList::default();
    (object.info().fields)(&mut list);
    list
}

/// The problems found so far, by kind, type and field.
struct Found {
    names: TypeNames,
    rows: HashMap<(ProblemKind, String, String), (usize, ObjectId)>,
}

impl Found {
    fn new(core: &Core) -> Found {
        Found { names: TypeNames::of(core), rows: HashMap::new() }
    }

    fn note(&mut self, kind: ProblemKind, object: Object, field: String) {
        let key = (kind, String::from(self.names.get(object.info())), field);
        let id = ObjectId::of_birth(object.birth());
        let row = self.rows.entry(key).or_insert((0, id));
        row.0 += 1;
        row.1 = row.1.min(id);
    }

    fn problems(self) -> Vec<Problem> {
        let problem = |((kind, type_name, field), (objects, example))| {
            let mut problem = Problem::new(kind, type_name);
            problem.field = Some(field).filter(|field: &String| !field.is_empty());
            (problem.objects, problem.example) = (objects, Some(example));
            problem
        };
        let mut problems: Vec<Problem> = self.rows.into_iter().map(problem).collect();
        problems.sort_by(|one, other| {
            (core::cmp::Reverse(one.objects), &one.type_name, &one.field).cmp(&(
                core::cmp::Reverse(other.objects),
                &other.type_name,
                &other.field,
            ))
        });
        problems
    }
}
