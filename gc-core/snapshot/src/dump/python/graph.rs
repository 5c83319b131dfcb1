//! A graph of Python objects whose edges lead to addresses.
//!
//! The files name objects by their addresses, and an edge may lead to an object that comes later, or to
//! none of the file. So each address gets a number when it is first met, and the numbers become rows of
//! the snapshot when the file ends.

use super::super::error::Fault;
use crate::columns::{Columns, EdgeKind, MOST_OBJECTS, Name, NodeKind, ObjectRow, Texts};
use crate::text::{Interner, printable};
use crate::{Snapshot, SnapshotError};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// The graph while a file is read: objects in the order of the file, each followed by its edges.
#[derive(Default)]
pub(super) struct Graph {
    rows: Vec<Row>,
    /// A number for each address that was met, in the order in which they were met.
    numbers: HashMap<u64, u32>,
    /// For each number the row of the object; `NONE` if the file has no object of this address so far.
    row_of: Vec<u32>,
    /// For each row the number of its first edge.
    first: Vec<u32>,
    /// For each edge the number of its target, and its name.
    targets: Vec<u32>,
    names: Vec<Name>,
    /// Edges whose name is a key: the edge, and the number of the key.
    keyed: Vec<(u32, u32)>,
    texts: Interner,
    /// Texts of objects that can be keys, and names of functions, classes and modules.
    values: HashMap<u32, Box<str>>,
    roots: Vec<(Name, u32)>,
    /// Objects that are in the file a second time, and are left out.
    pub(super) repeated: usize,
}

struct Row {
    address: u64,
    bytes: u64,
    /// The number of the type among those that the reader of the file counts.
    type_number: u32,
}

const NONE: u32 = u32::MAX;

/// The most characters of a key that a name keeps.
const KEY_LENGTH: usize = 40;

/// The name of an edge that the file has none for: it is named by what it leads to.
const UNNAMED: usize = 0;

impl Graph {
    pub(super) fn new() -> Graph {
        let mut graph = Graph::default();
        graph.texts.number("?"); // UNNAMED
        graph
    }

    /// Adds an object; its edges follow. Returns false if there is one of this address already.
    pub(super) fn object(&mut self, address: u64, type_number: u32, bytes: u64) -> Result<bool, Fault> {
        if self.rows.len() >= MOST_OBJECTS {
            return Err(Fault::Contradiction(SnapshotError::TooManyObjects.to_string()));
        }
        let number = self.number(address) as usize;
        if self.row_of[number] != NONE {
            self.repeated += 1;
            return Ok(false);
        }
        self.row_of[number] = self.rows.len() as u32;
        self.rows.push(Row { address, bytes, type_number });
        self.first.push(self.targets.len() as u32);
        Ok(true)
    }

    /// Says what the last object shows as text: its value if it is a text or a number, or the name of a
    /// function, a class or a module.
    pub(super) fn value(&mut self, text: &str) {
        let row = self.rows.len() as u32 - 1;
        self.values.insert(row, text.into());
    }

    /// Adds an edge of the last object.
    pub(super) fn edge(&mut self, name: Name, address: u64) -> Result<(), Fault> {
        if self.targets.len() >= u32::MAX as usize {
            return Err(Fault::Contradiction(SnapshotError::TooManyEdges.to_string()));
        }
        let number = self.number(address);
        self.targets.push(number);
        self.names.push(name);
        Ok(())
    }

    /// Adds the edges of an entry of a dictionary: to the value, named by the key, and to the key.
    pub(super) fn entry(&mut self, key: u64, value: u64) -> Result<(), Fault> {
        let key_number = self.number(key);
        self.keyed.push((self.targets.len() as u32, key_number));
        self.edge(self.unnamed(), value)?;
        let name = self.text("key").of_kind(EdgeKind::Internal);
        self.edge(name, key)
    }

    /// Adds an edge of the root.
    pub(super) fn root(&mut self, name: &str, address: u64) {
        let (name, number) = (self.text(name), self.number(address));
        self.roots.push((name, number));
    }

    /// The name of a text.
    pub(super) fn text(&mut self, text: &str) -> Name {
        Name::text(self.texts.number(&printable(text)))
    }

    /// The name of an edge that the file has none for.
    pub(super) fn unnamed(&self) -> Name {
        Name::text(UNNAMED).of_kind(EdgeKind::Internal)
    }

    fn number(&mut self, address: u64) -> u32 {
        let next = self.row_of.len() as u32;
        let number = *self.numbers.entry(address).or_insert(next);
        if number == next {
            self.row_of.push(NONE);
        }
        number
    }

    /// Makes the snapshot. `types` are the names of the types by their numbers.
    pub(super) fn finish(mut self, types: &[String]) -> Result<Snapshot, Fault> {
        let bytes = self.rows.iter().try_fold(0u64, |sum, row| sum.checked_add(row.bytes));
        if bytes.is_none_or(|bytes| bytes > crate::columns::MOST_BYTES) {
            return Err(Fault::Contradiction(SnapshotError::TooManyBytes.to_string()));
        }
        drop(core::mem::take(&mut self.numbers));
        self.first.push(self.targets.len() as u32);
        self.name_by_keys(types);
        self.name_the_rest(types);
        self.drop_edges_to_nothing();
        self.hold_what_nothing_leads_to(types);
        let mut columns = Columns::with_room(self.rows.len());
        for row in &self.rows {
            let name = type_name(types, row);
            let shape = columns.shape_of(kind(name), &printable(name), row.bytes, false);
            columns.object(ObjectRow { id: row.address, shape, ..ObjectRow::default() });
        }
        for (&row, value) in &self.values {
            if has_own_name(type_name(types, &self.rows[row as usize])) {
                columns.own_name(row as usize, self.texts.number(&printable(value)) as u32);
            }
        }
        for (name, row) in self.roots {
            columns.root(name, row as usize);
        }
        columns.set_edges(self.first, self.targets, self.names);
        let texts = self.texts.into_texts().into_iter().map(String::into_boxed_str).collect();
        Ok(columns.finish(Texts::of(texts)))
    }

    /// Exchanges keys and values if that makes more keys texts. (CPython 2 visits the key of an entry
    /// first, CPython 3 the value.)
    pub(super) fn put_keys_first(&mut self, types: &[String]) {
        let is_text = |number: u32| {
            let row = self.row_of[number as usize];
            row != NONE && kind(type_name(types, &self.rows[row as usize])) == NodeKind::Text
        };
        let count = |is: &dyn Fn(u32, u32) -> bool| self.keyed.iter().filter(|&&(edge, key)| is(edge, key)).count();
        let keys = count(&|_, key| is_text(key));
        let values = count(&|edge, _| is_text(self.targets[edge as usize]));
        if values > keys {
            for (edge, key) in &mut self.keyed {
                let edge = *edge as usize;
                *key = self.targets[edge];
                self.targets.swap(edge, edge + 1);
            }
        }
    }

    /// Names the edges of dictionaries: `name` in the namespace of an object, `['name']` elsewhere.
    fn name_by_keys(&mut self, types: &[String]) {
        let is_namespace = self.namespaces(types);
        let mut row = 0;
        for (edge, key) in core::mem::take(&mut self.keyed) {
            while self.first[row + 1] <= edge {
                row += 1;
            }
            let key = self.row_of[key as usize];
            let name = match (self.values.get(&key), key) {
                (_, NONE) => "[…]".into(),
                (None, _) => format!("[<{}>]", type_name(types, &self.rows[key as usize])),
                (Some(value), _) => match kind(type_name(types, &self.rows[key as usize])) {
                    NodeKind::Text if is_namespace[row] => value.to_string(),
                    NodeKind::Text => format!("['{}']", cut(value)),
                    _ => format!("[{}]", cut(value)),
                },
            };
            self.names[edge as usize] = self.text(&name);
        }
    }

    /// For each row, whether it is a dictionary in which something keeps its attributes: one whose keys
    /// are all texts, and that an object without keys of its own leads to by an edge without a name.
    fn namespaces(&self, types: &[String]) -> Vec<bool> {
        let mut keys_are_texts = vec![None; self.rows.len()];
        let mut row = 0;
        for &(edge, key) in &self.keyed {
            while self.first[row + 1] <= edge {
                row += 1;
            }
            let key = self.row_of[key as usize];
            let is_text = key != NONE && kind(type_name(types, &self.rows[key as usize])) == NodeKind::Text;
            keys_are_texts[row] = Some(is_text && keys_are_texts[row] != Some(false));
        }
        let mut is_namespace = vec![false; self.rows.len()];
        for (row, name, target) in self.edges() {
            let of = type_name(types, &self.rows[row]);
            if name == self.unnamed() && target != NONE && !is_container(of) {
                is_namespace[target as usize] = keys_are_texts[target as usize] == Some(true);
            }
        }
        is_namespace
    }

    /// All edges: the row, the name, and the row of the target or `NONE`.
    fn edges(&self) -> impl Iterator<Item = (usize, Name, u32)> {
        let of_row = |row: usize| self.first[row] as usize..self.first[row + 1] as usize;
        let edges = (0..self.rows.len()).flat_map(move |row| of_row(row).map(move |edge| (row, edge)));
        edges.map(|(row, edge)| (row, self.names[edge], self.row_of[self.targets[edge] as usize]))
    }

    /// Names the edges without a name by what they lead to.
    fn name_the_rest(&mut self, types: &[String]) {
        let unnamed = self.unnamed();
        let mut by_type: HashMap<u32, Name> = HashMap::new();
        for row in 0..self.rows.len() {
            let of = type_name(types, &self.rows[row]).to_string();
            for edge in self.first[row] as usize..self.first[row + 1] as usize {
                let target = self.row_of[self.targets[edge] as usize];
                if self.names[edge] != unnamed || target == NONE {
                    continue;
                }
                let to_type = self.rows[target as usize].type_number;
                let to = type_name(types, &self.rows[target as usize]);
                let name = match (&*of, to) {
                    (_, "dict") if is_container(&of) => None,
                    ("function", "dict") => Some("__globals__"),
                    ("frame", "dict") => Some("f_globals"),
                    ("frame", "frame") => Some("f_back"),
                    (_, "dict") => Some("__dict__"),
                    (_, "code") => Some("__code__"),
                    ("cell", _) => Some("cell_contents"),
                    (_, "type" | "classobj") => Some("__class__"),
                    _ => None,
                };
                self.names[edge] = match name {
                    Some("__dict__") => self.text("__dict__"),
                    Some(name) => self.text(name).of_kind(EdgeKind::Internal),
                    None => *by_type.entry(to_type).or_insert_with(|| {
                        Name::text(self.texts.number(&printable(&format!("<{to}>")))).of_kind(EdgeKind::Internal)
                    }),
                };
            }
        }
    }

    /// Leaves out the edges that lead to no object of the file; the others then lead to rows.
    fn drop_edges_to_nothing(&mut self) {
        let mut kept = 0;
        for row in 0..self.rows.len() {
            let own = self.first[row] as usize..self.first[row + 1] as usize;
            self.first[row] = kept as u32;
            for edge in own {
                let target = self.row_of[self.targets[edge] as usize];
                if target != NONE {
                    (self.targets[kept], self.names[kept]) = (target, self.names[edge]);
                    kept += 1;
                }
            }
        }
        self.first[self.rows.len()] = kept as u32;
        self.targets.truncate(kept);
        self.names.truncate(kept);
        let row_of = core::mem::take(&mut self.row_of);
        self.roots.retain_mut(|(_, target)| {
            *target = row_of[*target as usize];
            *target != NONE
        });
    }

    /// Makes the modules roots, and then what no root leads to: first what no object leads to, for
    /// example a frame, or what only C code holds.
    fn hold_what_nothing_leads_to(&mut self, types: &[String]) {
        for row in 0..self.rows.len() as u32 {
            if type_name(types, &self.rows[row as usize]) == "module" {
                let name = self.values.get(&row).map_or("module", |name| name).to_string();
                let name = self.text(&name);
                self.roots.push((name, row));
            }
        }
        let mut is_target = vec![false; self.rows.len()];
        self.targets.iter().for_each(|&target| is_target[target as usize] = true);
        let mut is_held = vec![false; self.rows.len()];
        let mut waiting: Vec<u32> = self.roots.iter().map(|&(_, row)| row).collect();
        let no_target = (0..self.rows.len() as u32).filter(|&row| !is_target[row as usize]);
        let all: Vec<u32> = no_target.chain(0..self.rows.len() as u32).collect();
        let mut all = all.into_iter();
        loop {
            while let Some(row) = waiting.pop() {
                if !core::mem::replace(&mut is_held[row as usize], true) {
                    let own = self.first[row as usize] as usize..self.first[row as usize + 1] as usize;
                    waiting.extend(self.targets[own].iter().filter(|&&target| !is_held[target as usize]));
                }
            }
            let Some(row) = all.find(|&row| !is_held[row as usize]) else { break };
            let name = format!("<{}>", type_name(types, &self.rows[row as usize]));
            let name = self.text(&name).of_kind(EdgeKind::Internal);
            self.roots.push((name, row));
            waiting.push(row);
        }
    }
}

fn type_name<'t>(types: &'t [String], row: &Row) -> &'t str {
    types.get(row.type_number as usize).map_or("?", |name| name)
}

fn kind(type_name: &str) -> NodeKind {
    match type_name {
        "str" | "unicode" | "bytes" => NodeKind::Text,
        "int" | "long" | "float" | "bool" | "complex" | "NoneType" => NodeKind::Number,
        _ => NodeKind::Object,
    }
}

/// Returns true for types whose objects keep objects, but no attributes.
fn is_container(type_name: &str) -> bool {
    matches!(type_name, "dict" | "list" | "tuple" | "set" | "frozenset" | "cell" | "method" | "instancemethod")
        || type_name.ends_with("deque")
}

/// Returns true for types whose objects have a name in the program.
fn has_own_name(type_name: &str) -> bool {
    matches!(type_name, "function" | "type" | "classobj" | "module")
}

fn cut(key: &str) -> String {
    if key.chars().count() <= KEY_LENGTH {
        return key.into();
    }
    key.chars().take(KEY_LENGTH - 1).chain(['…']).collect()
}
