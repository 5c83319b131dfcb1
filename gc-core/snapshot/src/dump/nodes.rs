//! The rows of nodes and edges, while the file is read.

use super::error::Fault;
use super::layout::{Layout, Layouts};
use super::scan::Scanner;
use crate::columns::{EdgeKind, Name};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use std::io::Read;

/// The nodes as they are in the file, in columns. Type, name and size of a node are one number:
/// that of a [`Form`], which many nodes share.
pub(super) struct Nodes {
    pub(super) ids: Vec<u64>,
    pub(super) forms: Vec<u32>,
    pub(super) edge_counts: Vec<u32>,
    /// A bit for each node that the collector of the process tracks.
    pub(super) tracked: Vec<u64>,
    pub(super) distinct: Vec<Form>,
}

/// The name of a node without one. (All strings of a process would otherwise be forms of their own.)
const NO_NAME: u32 = 0;

/// Kind, name and size of nodes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Form {
    pub(super) kind: u32,
    pub(super) name: u32,
    pub(super) bytes: u64,
}

impl Nodes {
    pub(super) fn read<R: Read>(scanner: &mut Scanner<R>, layouts: &Layouts) -> Result<Nodes, Fault> {
        let layout = &layouts.node;
        let room = layouts.nodes.unwrap_or(0).min(ROOM);
        let mut known: hashbrown::HashMap<Form, u32> = hashbrown::HashMap::new();
        let is_named: Vec<bool> = layout.kinds.iter().map(|kind| layouts.is_named(kind)).collect();
        let mut nodes = Nodes {
            ids: Vec::with_capacity(room),
            forms: Vec::with_capacity(room),
            edge_counts: Vec::with_capacity(room),
            tracked: Vec::new(),
            distinct: Vec::new(),
        };
        rows::<6, R>(scanner, layout, |[kind, name, id, bytes, edges, tracked]| {
            let kind = narrow(kind)?;
            let is_named = is_named.get(kind as usize).copied().unwrap_or(true);
            let form = Form { kind, name: if is_named { narrow(name)? } else { NO_NAME }, bytes };
            let next = nodes.distinct.len() as u32;
            let number = *known.entry(form).or_insert_with(|| {
                nodes.distinct.push(form);
                next
            });
            let at = nodes.ids.len();
            if at.is_multiple_of(64) {
                nodes.tracked.push(0);
            }
            nodes.tracked[at / 64] |= u64::from(tracked != 0) << (at % 64);
            nodes.ids.push(id);
            nodes.forms.push(number);
            nodes.edge_counts.push(narrow(edges)?);
            Ok(())
        })?;
        announced(layouts.nodes, nodes.ids.len())?;
        Ok(nodes)
    }

    pub(super) fn form(&self, node: usize) -> Form {
        self.distinct[self.forms[node] as usize]
    }
}

/// The edges of all nodes in their order, without weak ones.
pub(super) struct Edges {
    /// Where the edges of each node begin; one entry more than there are nodes.
    pub(super) first: Vec<u32>,
    /// Numbers of nodes.
    pub(super) targets: Vec<u32>,
    /// The texts of the names are the strings of the file.
    pub(super) names: Vec<Name>,
}

impl Edges {
    pub(super) fn read<R: Read>(scanner: &mut Scanner<R>, layouts: &Layouts, nodes: &Nodes) -> Result<Edges, Fault> {
        let (layout, fields) = (&layouts.edge, layouts.node.fields as u64);
        let kinds: Vec<Kind> = layout.kinds.iter().map(|kind| Kind::of(kind)).collect();
        let room = layouts.edges.unwrap_or(0).min(4 * ROOM);
        let mut edges = Edges {
            first: Vec::with_capacity(nodes.ids.len() + 1),
            targets: Vec::with_capacity(room),
            names: Vec::with_capacity(room),
        };
        let mut left =
            Left { counts: &nodes.edge_counts, node: 0, left: nodes.edge_counts.first().copied().unwrap_or(0) };
        edges.first.push(0);
        let (mut read, mut surplus) = (0usize, 0usize);
        rows::<3, R>(scanner, layout, |[kind, name, to]| {
            read += 1;
            let target = to / fields;
            if to % fields != 0 || target >= nodes.ids.len() as u64 {
                return Err(Fault::Contradiction(format!("an edge leads to no node: {to}")));
            }
            if !left.take(&mut edges) {
                surplus += 1;
                return Ok(());
            }
            let name = match kinds.get(kind as usize).copied().unwrap_or(Kind::Text(EdgeKind::Hidden)) {
                Kind::Weak => return Ok(()),
                Kind::Shortcut if left.node > 0 => return Ok(()),
                Kind::Position(kind) => Name::position(name as usize).of_kind(kind),
                _ if name >= 1 << 29 => return Err(Fault::Contradiction(format!("there is no string {name}"))),
                Kind::Shortcut => Name::text(name as usize),
                Kind::Text(kind) => Name::text(name as usize).of_kind(kind),
            };
            if edges.targets.len() >= u32::MAX as usize {
                return Err(Fault::Contradiction("there are 2^32 edges or more".into()));
            }
            edges.targets.push(target as u32);
            edges.names.push(name);
            Ok(())
        })?;
        announced(layouts.edges, read)?;
        if surplus > 0 {
            return Err(Fault::Contradiction(format!("{surplus} edges belong to no node")));
        }
        while left.node < nodes.ids.len() {
            if left.left > 0 {
                return Err(Fault::Contradiction(format!("node {} has more edges than are left", left.node)));
            }
            left.next(&mut edges);
        }
        edges.first.truncate(nodes.ids.len() + 1);
        Ok(edges)
    }
}

impl Edges {
    /// Keeps the edges for which `keep` returns a name and a target, given the node that they leave.
    pub(super) fn retain(&mut self, keep: impl Fn(usize, Name, u32) -> Option<(Name, u32)>) {
        let mut kept = 0;
        for node in 0..self.first.len() - 1 {
            let own = self.first[node] as usize..self.first[node + 1] as usize;
            self.first[node] = kept as u32;
            for edge in own {
                if let Some(row) = keep(node, self.names[edge], self.targets[edge]) {
                    (self.names[kept], self.targets[kept]) = row;
                    kept += 1;
                }
            }
        }
        if let Some(end) = self.first.last_mut() {
            *end = kept as u32;
        }
        self.names.truncate(kept);
        self.targets.truncate(kept);
    }
}

/// The node that the next edge belongs to.
struct Left<'n> {
    counts: &'n [u32],
    node: usize,
    left: u32,
}

impl Left<'_> {
    /// Counts an edge of the node, or of the next that has any left. Returns false if there is none.
    #[inline]
    fn take(&mut self, edges: &mut Edges) -> bool {
        while self.left == 0 {
            if self.node >= self.counts.len() {
                return false;
            }
            self.next(edges);
        }
        self.left -= 1;
        true
    }

    fn next(&mut self, edges: &mut Edges) {
        self.node += 1;
        self.left = self.counts.get(self.node).copied().unwrap_or(0);
        edges.first.push(edges.targets.len() as u32);
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Weak,
    /// Stands for a way over other edges, except at the root, where it leads to a global object.
    Shortcut,
    /// The name of the edge is a position.
    Position(EdgeKind),
    /// The name of the edge is the number of a string.
    Text(EdgeKind),
}

impl Kind {
    fn of(kind: &str) -> Kind {
        match kind {
            "weak" => Kind::Weak,
            "element" => Kind::Position(EdgeKind::Named),
            "hidden" => Kind::Position(EdgeKind::Hidden),
            "context" => Kind::Text(EdgeKind::Variable),
            "property" => Kind::Text(EdgeKind::Named),
            "shortcut" => Kind::Shortcut,
            _ => Kind::Text(EdgeKind::Internal),
        }
    }
}

/// The most strings that a table of those that are needed is made for.
const MOST_STRINGS: usize = 1 << 27;

/// The strings that name something. (Most strings of a process are values, which are not kept.)
pub(super) struct Needed(Option<Vec<bool>>);

impl Needed {
    /// All strings are needed if the nodes and edges are not known yet.
    pub(super) fn of(layouts: Option<&Layouts>, nodes: Option<&Nodes>, edges: Option<&Edges>) -> Needed {
        let (Some(layouts), Some(nodes), Some(edges)) = (layouts, nodes, edges) else { return Needed(None) };
        let mut needed = Vec::new();
        let mut mark = |string: usize| {
            if string >= needed.len() {
                needed.resize(string + 1, false);
            }
            needed[string] = true;
        };
        let is_named = |form: &&Form| layouts.is_named(layouts.node.kind(form.kind));
        // (The number of a string may be wrong, and as large as it likes.)
        let is_wrong = |name: &Name| name.as_text().is_some_and(|text| text >= MOST_STRINGS);
        if nodes.distinct.iter().any(|form| form.name as usize >= MOST_STRINGS) || edges.names.iter().any(is_wrong) {
            return Needed(None);
        }
        nodes.distinct.iter().filter(is_named).for_each(|form| mark(form.name as usize));
        edges.names.iter().filter_map(|name| name.as_text()).for_each(mark);
        Needed(Some(needed))
    }

    pub(super) fn has(&self, string: usize) -> bool {
        self.0.as_ref().is_none_or(|needed| needed.get(string).copied().unwrap_or(false))
    }
}

/// The most rows that room is made for before they are read, because a file may announce any number.
/// (Room that is not used takes addresses, but no memory.)
const ROOM: usize = 1 << 24;

/// Reads a list of numbers, `layout.fields` of which make a row.
fn rows<const N: usize, R: Read>(
    scanner: &mut Scanner<R>,
    layout: &Layout,
    mut row: impl FnMut([u64; N]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let (mut fields, mut field) = ([0; N], 0);
    scanner.numbers(|number| {
        layout.put(&mut fields, field, number);
        field += 1;
        if field == layout.fields {
            field = 0;
            row(fields)?;
        }
        Ok(())
    })?;
    if field > 0 {
        return Err(Fault::Wrong(format!("the last row has {field} fields instead of {}", layout.fields)));
    }
    Ok(())
}

fn announced(announced: Option<usize>, rows: usize) -> Result<(), Fault> {
    match announced {
        Some(announced) if announced != rows => Err(Fault::Wrong(counts(announced, rows))),
        _ => Ok(()),
    }
}

fn counts(announced: usize, rows: usize) -> String {
    format!("{announced} rows are announced, there are {rows}")
}

fn narrow(number: u64) -> Result<u32, Fault> {
    u32::try_from(number).map_err(|_| Fault::Contradiction(format!("{number} is too large for a number of a row")))
}
