//! Counts against edges, and edges against the words of the values.

use super::{Problem, ProblemKind};
use crate::observe::graph::{each_living, named_edges};
use crate::observe::numbering::Numbering;
use crate::observe::snapshot::ObjectId;
use crate::observe::type_names::TypeNames;
use crate::space::core::Core;
use crate::space::info::FieldList;
use crate::space::object::Object;
use crate::space::pass::EdgeSink;
use crate::space::scan;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use hashbrown::{HashMap, HashSet};

pub(super) fn problems(core: &Core) -> Vec<Problem> {
    let facts = Facts::of(core);
    let mut found = Found::new(core);
    each_living(core, |object| {
        let mut reported = Reported::default();
        object.edges(&mut reported);
        // What is mutably borrowed must not be looked at by others.
        if !reported.hidden {
            facts.doubled(object, &mut found);
            facts.missed(object, &reported, &mut found);
        }
    });
    found.problems()
}

/// What is known of the heap before its objects are looked at one by one.
struct Facts<'h> {
    numbering: Numbering<'h>,
    by_address: HashMap<usize, Object>,
    /// For each object, how many edges lead to it.
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

    /// How many pointers to the object are not accounted for by edges; negative where there
    /// are more edges than pointers.
    fn unexplained(&self, object: Object) -> i64 {
        match (object.count().get(), self.numbering.number(object)) {
            (u32::MAX, _) | (_, None) => i64::MAX, // saturated
            (count, Some(number)) => i64::from(count) - i64::from(self.internal[number]),
        }
    }

    /// An edge that the object reports twice: its target has fewer pointers than edges, or the
    /// value has fewer than it reports under one name. (As many pointers from outside as there
    /// are edges too many hide it from the counts.)
    fn doubled(&self, object: Object, found: &mut Found) {
        let mut seen: HashMap<usize, Vec<String>> = HashMap::new();
        let mut is_short = HashSet::new();
        named_edges(object, &mut |path, target| {
            if self.numbering.number(target).is_some() {
                seen.entry(target.address()).or_default().push(path.name());
                if self.unexplained(target) < 0 {
                    is_short.insert(target.address());
                }
            }
        });
        seen.retain(|_, names| names.len() > 1);
        for (address, names) in seen {
            let mut words = 0;
            scan::words(object, |_, word| words += usize::from(word == address));
            let twice = names.iter().enumerate().find(|(at, name)| !name.is_empty() && names[..*at].contains(name));
            let is_told = is_short.contains(&address) || (words > 0 && twice.is_some());
            // Not where the value has as many.
            if is_told && names.len() > words.max(1) {
                let name = twice.map_or_else(|| names[names.len() - 1].clone(), |(_, name)| name.clone());
                found.note(ProblemKind::DoubledEdge, object, name);
            }
        }
    }

    /// A word of the value that is a pointer to an object, but no edge.
    fn missed(&self, object: Object, reported: &Reported, found: &mut Found) {
        let fields = fields(object);
        let mut pointers: Vec<(usize, usize)> = Vec::new();
        scan::words(object, |offset, word| {
            if !fields.may_hide(offset) {
                return;
            }
            let is_held = |&target: &Object| self.unexplained(target) > 0;
            if self.by_address.get(&word).is_some_and(is_held) {
                pointers.push((offset, word));
            }
        });
        // Where a target is reported as often as it is met there is nothing to say of it.
        for target in pointers.iter().map(|&(_, target)| target).collect::<HashSet<usize>>() {
            let places: Vec<usize> = pointers.iter().filter(|&&(_, to)| to == target).map(|&(at, _)| at).collect();
            let told = if fields.is_partial() { 0 } else { reported.addresses.get(&target).copied().unwrap_or(0) };
            let missed = places.len().saturating_sub(told);
            // Which of several alike it is cannot be told: the last.
            for &offset in places.iter().rev().take(missed) {
                let name = fields.at(offset).map_or_else(|| format!("byte {offset}"), String::from);
                found.note(ProblemKind::MissedEdge, object, name);
            }
        }
    }
}

/// The addresses that a value reports, as edges or as weak references.
#[derive(Default)]
struct Reported {
    addresses: HashMap<usize, usize>,
    hidden: bool,
}

impl EdgeSink for Reported {
    fn edge(&mut self, target: Object) {
        self.uncounted(target.address());
    }
    fn uncounted(&mut self, address: usize) {
        *self.addresses.entry(address).or_default() += 1;
    }
    fn hidden(&mut self) {
        self.hidden = true;
    }
}

fn fields(object: Object) -> FieldList {
    let mut list = FieldList::default();
    (object.info().fields)(&mut list);
    list
}

/// Problems by type and field.
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
        let problem = |((kind, type_name, field), (objects, example))| Problem {
            kind,
            type_name,
            field: Some(field),
            objects,
            example: Some(example),
            detail: String::new(),
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
