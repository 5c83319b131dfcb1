//! From the parts of a heap dump to a snapshot.

use super::error::Fault;
use super::layout::Layouts;
use super::nodes::{Edges, Form, Nodes};
use crate::columns::{Columns, EdgeKind, MOST_BYTES, MOST_OBJECTS, Name, NodeKind, ObjectRow, Texts, Traits};
use crate::text::printable;
use crate::{Snapshot, SnapshotError};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// Makes the snapshot. Leaves out the root, whose edges are kept as such. In a dump of gc-core, also
/// leaves out the node whose edges tell the numbers of external references.
pub(super) fn snapshot(
    layouts: Layouts,
    nodes: Nodes,
    mut edges: Edges,
    mut strings: Vec<Box<str>>,
) -> Result<Snapshot, Fault> {
    check_names(&nodes, &edges, strings.len())?;
    check_size(&nodes)?;
    weaken_ephemerons(&nodes, &mut edges, &mut strings);
    for text in &mut strings {
        if let Cow::Owned(safe) = printable(text) {
            *text = safe.into();
        }
    }
    let counts_references = counts_references(&layouts, &nodes, &edges, &strings);
    let outside = (1 + usize::from(counts_references)).min(nodes.ids.len());
    let mut columns = Columns::with_room(nodes.ids.len());
    let own_names = own_names(&nodes, &layouts, &mut strings);
    let forms = Forms::of(&nodes, &layouts, &own_names, &strings);
    let shapes: Vec<u32> = forms.0.iter().map(|form| form.shape(&mut columns)).collect();
    for node in outside..nodes.ids.len() {
        let is_tracked = nodes.tracked[node / 64] >> (node % 64) & 1 == 1;
        let traits = if is_tracked { Traits::TRACKED } else { Traits::default() };
        let (id, form) = (nodes.ids[node], nodes.forms[node] as usize);
        columns.object(ObjectRow { id, shape: shapes[form], traits, ..ObjectRow::default() });
        if let Some(name) = forms.0[form].own_name {
            columns.own_name(node - outside, name);
        }
    }
    hold(&mut columns, &edges, &strings, outside, counts_references);
    let keeps_texts = used(&edges, &forms, strings.len());
    drop((forms, nodes));
    // Nodes that are no objects count among the numbers of the targets.
    let object = |target: u32| target.checked_sub(outside as u32);
    edges.retain(|node, name, target| object(target).filter(|_| node >= outside).map(|target| (name, target)));
    columns.set_edges(edges.first.split_off(outside), edges.targets, edges.names);
    for (text, is_used) in strings.iter_mut().zip(keeps_texts) {
        if !is_used {
            *text = Box::default();
        }
    }
    Ok(columns.finish(Texts::of(strings)))
}

/// # Errors
/// A node or an edge has a name that is not among the strings.
fn check_names(nodes: &Nodes, edges: &Edges, strings: usize) -> Result<(), Fault> {
    let of_nodes = nodes.distinct.iter().map(|form| form.name as usize);
    let of_edges = edges.names.iter().filter_map(|name| name.as_text());
    match of_nodes.chain(of_edges).find(|&name| name >= strings) {
        Some(name) => Err(Fault::Contradiction(format!("there is no string {name}"))),
        None => Ok(()),
    }
}

/// # Errors
/// There are too many nodes, or their bytes are more than sums can hold.
fn check_size(nodes: &Nodes) -> Result<(), Fault> {
    let bytes = (0..nodes.ids.len()).try_fold(0u64, |sum, node| sum.checked_add(nodes.form(node).bytes));
    if bytes.is_none_or(|bytes| bytes > MOST_BYTES) {
        return Err(Fault::Contradiction(format!("{}", SnapshotError::TooManyBytes)));
    }
    if nodes.ids.len() > MOST_OBJECTS {
        return Err(Fault::Contradiction(format!("{}", SnapshotError::TooManyObjects)));
    }
    Ok(())
}

/// The name that the value of a weak map has as an edge of its key.
const WEAK_MAP_VALUE: &str = "value in a weak map";

/// A value of a `WeakMap` is kept by the map and the key together. V8 writes one edge from each of
/// them. The one from the table of the map is weak, as in DevTools: the value lives as long as the key.
fn weaken_ephemerons(nodes: &Nodes, edges: &mut Edges, strings: &mut Vec<Box<str>>) {
    let mut tables: HashMap<usize, u64> = HashMap::new();
    for (number, text) in strings.iter().enumerate() {
        if let Some(table) = table_of(text) {
            tables.insert(number, table);
        }
    }
    if tables.is_empty() {
        return;
    }
    let value = Name::text(strings.len()).of_kind(EdgeKind::Internal);
    strings.push(WEAK_MAP_VALUE.into());
    edges.retain(|node, name, target| {
        let is_internal = name.kind() == EdgeKind::Internal;
        match name.as_text().filter(|_| is_internal).and_then(|text| tables.get(&text)) {
            Some(&table) if table == nodes.ids[node] => None,
            Some(_) => Some((value, target)),
            None => Some((name, target)),
        }
    });
}

/// The id of the table in `2 / part of key (..) -> value (..) pair in WeakMap (table @77)`.
fn table_of(text: &str) -> Option<u64> {
    let (begin, table) = text.strip_suffix(')')?.rsplit_once(" pair in WeakMap (table @")?;
    begin.contains(" / part of key (").then(|| table.parse().ok())?
}

/// Returns true if the second node is one of gc-core's, whose edges tell how many pointers from
/// outside hold an object.
fn counts_references(layouts: &Layouts, nodes: &Nodes, edges: &Edges, strings: &[Box<str>]) -> bool {
    if nodes.ids.len() < 2 {
        return false;
    }
    let form = nodes.form(1);
    let is_group = layouts.node.kind(form.kind) == "synthetic";
    let mut names = edges.names[edges.first[1] as usize..edges.first[2] as usize].iter();
    let tells = |name: &Name| name.as_text().is_some_and(|text| references(&strings[text]).is_some());
    is_group && form.bytes == 0 && &*strings[form.name as usize] == "(GC roots)" && names.all(tells)
}

/// Returns the number in a text such as `3 external references`; `None` if the text has another
/// form.
fn references(name: &str) -> Option<u32> {
    let (number, what) = name.split_once(' ')?;
    if what.starts_with("external reference") { number.parse().ok() } else { None }
}

/// Adds the pointers from outside.
fn hold(columns: &mut Columns, edges: &Edges, strings: &[Box<str>], outside: usize, counts_references: bool) {
    for node in 0..outside {
        for edge in edges.first[node] as usize..edges.first[node + 1] as usize {
            let Some(target) = (edges.targets[edge] as usize).checked_sub(outside) else { continue };
            let name = edges.names[edge];
            let text = name.as_text().map(|text| &*strings[text]);
            match text.and_then(references).filter(|_| counts_references) {
                Some(references) => columns.hold(target, references),
                None => columns.root(name, target),
            }
        }
    }
}

/// For each string, whether it names an edge or an object.
fn used(edges: &Edges, forms: &Forms<'_>, strings: usize) -> Vec<bool> {
    let mut used = vec![false; strings];
    edges.names.iter().filter_map(|name| name.as_text()).for_each(|text| used[text] = true);
    forms.0.iter().filter_map(|form| form.own_name).for_each(|text| used[text as usize] = true);
    used
}

/// The types of nodes.
struct Forms<'s>(Vec<Described<'s>>);

struct Described<'s> {
    kind: NodeKind,
    type_name: Cow<'s, str>,
    bytes: u64,
    /// The number of the string that is the object's own name.
    own_name: Option<u32>,
}

impl<'s> Forms<'s> {
    fn of(nodes: &Nodes, layouts: &Layouts, own_names: &[Option<u32>], strings: &'s [Box<str>]) -> Forms<'s> {
        let describe = |(form, &own_name): (&Form, &Option<u32>)| {
            let (kind, name) = (layouts.node.kind(form.kind), &*strings[form.name as usize]);
            let (kind, type_name) = if layouts.process.is_some() { of_python(kind, name) } else { of_v8(kind, name) };
            Described { kind, type_name, bytes: form.bytes, own_name }
        };
        Forms(nodes.distinct.iter().zip(own_names).map(describe).collect())
    }
}

/// For each form, the number of the string that is the own name of its objects: a function's or a
/// class's. The dumper for Python writes it after the type: `function serve`.
fn own_names(nodes: &Nodes, layouts: &Layouts, strings: &mut Vec<Box<str>>) -> Vec<Option<u32>> {
    let mut known: HashMap<u32, u32> = HashMap::new();
    let mut own_name = |form: &Form| {
        let name = &*strings[form.name as usize];
        match (layouts.node.kind(form.kind), layouts.process.is_some()) {
            ("closure", false) if !name.is_empty() => Some(form.name),
            ("object", true) => {
                let own: Box<str> = name.split_once(' ')?.1.into();
                Some(*known.entry(form.name).or_insert_with(|| {
                    strings.push(own);
                    strings.len() as u32 - 1
                }))
            }
            _ => None,
        }
    };
    nodes.distinct.iter().map(&mut own_name).collect()
}

/// Kind and type of a node of V8.
fn of_v8<'s>(kind: &str, name: &'s str) -> (NodeKind, Cow<'s, str>) {
    match kind {
        // Lists that a program makes longer: what waits for a promise, what a registry of finalizers holds.
        "object" | "hidden" if matches!(name, "system / PromiseReaction" | "system / WeakCell") => {
            (NodeKind::Object, name.into())
        }
        "object" | "native" if name.starts_with("system / ") => (NodeKind::Storage, name.into()),
        "object" | "native" => (NodeKind::Object, name.into()),
        "synthetic" => (NodeKind::Group, name.into()),
        "object shape" => (NodeKind::Internal, name.into()),
        "closure" | "regexp" => (NodeKind::Object, format!("({kind})").into()),
        "array" => (NodeKind::Storage, "(array)".into()),
        "number" | "bigint" => (NodeKind::Number, format!("({kind})").into()),
        "string" | "concatenated string" | "sliced string" | "symbol" => (NodeKind::Text, format!("({kind})").into()),
        _ => (NodeKind::Internal, format!("({kind})").into()),
    }
}

/// Kind and type of a node of the dumper for Python, which writes `TYPE` or `TYPE OWN-NAME`.
fn of_python<'s>(kind: &str, name: &'s str) -> (NodeKind, Cow<'s, str>) {
    match kind {
        "string" => (NodeKind::Text, name.into()),
        "number" => (NodeKind::Number, name.into()),
        "synthetic" => (NodeKind::Group, name.into()),
        _ => (NodeKind::Object, name.split(' ').next().unwrap_or(name).into()),
    }
}

impl Described<'_> {
    fn shape(&self, columns: &mut Columns) -> u32 {
        columns.shape_of(self.kind, &self.type_name, self.bytes, false)
    }
}
