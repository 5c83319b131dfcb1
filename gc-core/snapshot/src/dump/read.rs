//! Reads `.heapsnapshot` files: those of gc-core, and those of V8 as far as the formats agree.
//!
//! The file is one JSON object, whose parts are long lists of numbers and a list of strings. The
//! reader streams the lists into rows, and keeps no JSON values.

use super::layout::{Head, Layout, Row};
use crate::{ObjectId, Snapshot, SnapshotBuilder};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use bumpalo::Bump;
use core::cell::Cell;
use core::fmt;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::io::{self, BufReader, Read};

/// Reads a heap dump: a `.heapsnapshot` of gc-core, Node or Chrome.
///
/// # Errors
/// Returns an error if the reader fails, or if the file is no heap dump, is cut short, or
/// contradicts itself.
///
/// ```
/// use gc_snapshot::{ReadError, read_heap_snapshot};
///
/// let heap = gc_core::Heap::new();
/// let _held = heap.alloc(7u64);
/// let mut file = Vec::new();
/// heap.write_heap_snapshot(&mut file)?;
/// assert_eq!(read_heap_snapshot(&*file).unwrap().len(), 1);
/// let cut = &file[..file.len() - 10];
/// assert!(matches!(read_heap_snapshot(cut), Err(ReadError::CutShort { part: "strings" })));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn read_heap_snapshot(reader: impl Read) -> Result<Snapshot, ReadError> {
    let (part, arena) = (Cell::new(""), Bump::new());
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(reader));
    let read = json.deserialize_map(Parts { part: &part, arena: &arena }).and_then(|parts| json.end().map(|()| parts));
    match read {
        Ok(parts) => parts.snapshot().map_err(ReadError::Contradiction),
        Err(error) if error.is_io() => Err(ReadError::Io(error.into())),
        Err(error) if error.is_eof() => Err(ReadError::CutShort { part: part.get() }),
        Err(error) => Err(ReadError::Invalid { part: part.get(), error: error.to_string() }),
    }
}

/// Error of [`read_heap_snapshot`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The reader failed.
    Io(io::Error),
    /// The file ends within a part.
    CutShort {
        /// `snapshot`, `nodes`, `edges` or `strings`; empty if the file ends before these parts.
        part: &'static str,
    },
    /// The file does not have the format.
    Invalid {
        /// `snapshot`, `nodes`, `edges` or `strings`; empty if the error is before these parts.
        part: &'static str,
        /// The cause, with line and column.
        error: String,
    },
    /// The parts contradict each other.
    Contradiction(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Io(error) => error.fmt(f),
            ReadError::CutShort { part: "" } => f.write_str("no heap dump: the file ends at once"),
            ReadError::CutShort { part } => write!(f, "the heap dump is cut short: it ends in the part `{part}`"),
            ReadError::Invalid { part: "", error } => write!(f, "no heap dump (.heapsnapshot): {error}"),
            ReadError::Invalid { part, error } => write!(f, "no valid heap dump, in the part `{part}`: {error}"),
            ReadError::Contradiction(error) => f.write_str(error),
        }
    }
}

impl core::error::Error for ReadError {}

struct Parts<'a> {
    part: &'a Cell<&'static str>,
    /// Holds the strings of the file until the snapshot is built.
    arena: &'a Bump,
}

/// All parts of a heap dump, as they are in the file.
struct Dump<'a> {
    node_layout: Layout,
    edge_layout: Layout,
    /// The type, name, id, bytes and number of edges of each node.
    nodes: Vec<Row>,
    /// The type, name or position, and target of each edge.
    edges: Vec<[u64; 3]>,
    strings: Vec<&'a str>,
}

impl<'de, 'a> Visitor<'de> for Parts<'a> {
    type Value = Dump<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object with the parts of a heap dump")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Dump<'a>, A::Error> {
        let (mut layouts, mut counts) = (None, (0, 0));
        let (mut nodes, mut edges, mut strings) = (None, None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "snapshot" => {
                    self.part.set("snapshot");
                    let Head { meta, node_count, edge_count } = map.next_value()?;
                    let node = ["type", "name", "id", "self_size", "edge_count"];
                    let node = Layout::of(&meta.node_fields, node, &meta.node_types).map_err(A::Error::custom)?;
                    let edge = ["type", "name_or_index", "to_node", "", ""];
                    let edge = Layout::of(&meta.edge_fields, edge, &meta.edge_types).map_err(A::Error::custom)?;
                    (layouts, counts) = (Some((node, edge)), (node_count, edge_count));
                }
                "nodes" | "edges" => {
                    let is_nodes = key == "nodes";
                    self.part.set(if is_nodes { "nodes" } else { "edges" });
                    let (node, edge) =
                        layouts.as_ref().ok_or_else(|| A::Error::custom("the part `snapshot` must come first"))?;
                    if is_nodes {
                        nodes = Some(map.next_value_seed(Rows { layout: node, rows: counts.0 })?);
                    } else {
                        let rows: Vec<Row> = map.next_value_seed(Rows { layout: edge, rows: counts.1 })?;
                        edges = Some(rows.into_iter().map(|[kind, name, to, ..]| [kind, name, to]).collect());
                    }
                }
                "strings" => {
                    self.part.set("strings");
                    strings = Some(map.next_value_seed(Strings(self.arena))?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let missing = |part: &str| A::Error::custom(format!("the part `{part}` is missing"));
        let (node_layout, edge_layout) = layouts.ok_or_else(|| missing("snapshot"))?;
        let nodes = nodes.ok_or_else(|| missing("nodes"))?;
        let edges = edges.ok_or_else(|| missing("edges"))?;
        let strings = strings.ok_or_else(|| missing("strings"))?;
        Ok(Dump { node_layout, edge_layout, nodes, edges, strings })
    }
}

/// Reads a list of strings into an arena.
struct Strings<'a>(&'a Bump);

impl<'de, 'a> DeserializeSeed<'de> for Strings<'a> {
    type Value = Vec<&'a str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<&'a str>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, 'a> Visitor<'de> for Strings<'a> {
    type Value = Vec<&'a str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<&'a str>, A::Error> {
        let mut strings = Vec::new();
        while let Some(text) = list.next_element_seed(Text(self.0))? {
            strings.push(text);
        }
        Ok(strings)
    }
}

/// Reads one string into an arena.
struct Text<'a>(&'a Bump);

impl<'de, 'a> DeserializeSeed<'de> for Text<'a> {
    type Value = &'a str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'a str, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'_> for Text<'a> {
    type Value = &'a str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<&'a str, E> {
        Ok(self.0.alloc_str(text))
    }
}

/// Reads a list of numbers, `layout.fields` of which make a row.
struct Rows<'l> {
    layout: &'l Layout,
    rows: usize,
}

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = Vec<Row>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Row>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = Vec<Row>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Vec<Row>, A::Error> {
        let Layout { fields, places, .. } = self.layout;
        // (The file may announce a wrong number of rows, so the capacity is bounded.)
        let mut rows: Vec<Row> = Vec::with_capacity(self.rows.min(1 << 20));
        let mut fields_read: Vec<u64> = Vec::with_capacity(*fields);
        while let Some(number) = numbers.next_element()? {
            fields_read.push(number);
            if fields_read.len() == *fields {
                rows.push(places.map(|place| fields_read[place]));
                fields_read.clear();
            }
        }
        if !fields_read.is_empty() || rows.len() != self.rows {
            let text = format!("{} rows are announced, there are {}", self.rows, rows.len());
            return Err(A::Error::custom(text));
        }
        Ok(rows)
    }
}

impl Dump<'_> {
    fn text(&self, number: u64) -> Result<&str, String> {
        let text = usize::try_from(number).ok().and_then(|number| self.strings.get(number));
        text.copied().ok_or_else(|| format!("there is no string {number}"))
    }

    /// Builds the snapshot. Leaves out the root node; the objects that the root node points to are
    /// held from outside. In a dump of gc-core, also leaves out the node whose edges tell the
    /// numbers of external references.
    ///
    /// # Errors
    /// Returns an error if the parts of the dump contradict each other.
    fn snapshot(&self) -> Result<Snapshot, String> {
        let mut builder = SnapshotBuilder::new();
        let ours = self.tells_external()?;
        let outside = 1 + usize::from(ours);
        for row in self.nodes.get(outside..).unwrap_or(&[]) {
            let [kind, name, id, bytes, _] = *row;
            let kind = self.node_layout.kind(kind);
            let name = match kind {
                "object" | "native" | "synthetic" | "object shape" => self.text(name)?.to_owned(),
                kind => format!("({kind})"),
            };
            builder.object(ObjectId(id), &name, bytes, 0).map_err(|error| error.to_string())?;
        }
        let mut edges = self.edges.iter();
        for (from, row) in self.nodes.iter().enumerate() {
            let count = size(row[4])?;
            if count > edges.len() {
                return Err(format!("node {from} has more edges than are left"));
            }
            for &[kind, name, to] in edges.by_ref().take(count) {
                let to = self.node(to)?;
                let kind = self.edge_layout.kind(kind);
                if from < outside {
                    if to >= outside {
                        builder.hold(to - outside, self.references(name, ours)?).map_err(|error| error.to_string())?;
                    }
                } else if kind != "weak" && to >= outside {
                    let (from, to) = (from - outside, to - outside);
                    let added = match kind {
                        "element" | "hidden" => builder.element(from, size(name)?, to),
                        _ => builder.edge(from, self.text(name)?, to),
                    };
                    added.map_err(|error| error.to_string())?;
                }
            }
        }
        if edges.len() > 0 {
            return Err(format!("{} edges belong to no node", edges.len()));
        }
        Ok(builder.finish())
    }

    /// Returns the number of the node that an edge leads to. An edge names the place in the list of
    /// numbers at which the row of its target begins.
    ///
    /// # Errors
    /// Returns an error if no row begins at this place.
    fn node(&self, to: u64) -> Result<usize, String> {
        let (to, fields) = (size(to)?, self.node_layout.fields);
        if !to.is_multiple_of(fields) || to / fields >= self.nodes.len() {
            return Err(format!("an edge leads to no node: {to}"));
        }
        Ok(to / fields)
    }

    /// Returns true if the second node is the node of gc-core whose edges tell the numbers of
    /// external references.
    fn tells_external(&self) -> Result<bool, String> {
        let Some(&[kind, name, _, bytes, count]) = self.nodes.get(1) else { return Ok(false) };
        let first = self.nodes[0][4] as usize;
        let edges = self.edges.get(first..first.saturating_add(count as usize)).unwrap_or(&[]);
        let is_synthetic = self.node_layout.kind(kind) == "synthetic" && bytes == 0;
        Ok(is_synthetic
            && self.text(name)? == "(GC roots)"
            && edges.iter().all(|&[_, name, _]| self.text(name).is_ok_and(|name| references(name).is_some())))
    }

    fn references(&self, name: u64, ours: bool) -> Result<u32, String> {
        Ok(if ours { references(self.text(name)?).unwrap_or(1) } else { 1 })
    }
}

fn size(number: u64) -> Result<usize, String> {
    usize::try_from(number).map_err(|_| format!("{number} does not fit the memory of this machine"))
}

/// Returns the number in a text such as `3 external references`; `None` if the text has another
/// form.
fn references(name: &str) -> Option<u32> {
    let (number, what) = name.split_once(' ')?;
    if what.starts_with("external reference") { number.parse().ok() } else { None }
}
