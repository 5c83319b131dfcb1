//! Reading `.heapsnapshot` files: ours, and those of V8 as far as they share the format.
//!
//! The file is one JSON object whose parts are long lists of numbers. They are read one by
//! one into columns; nothing of the JSON is kept.

use super::progress::Watched;
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use gc_core::snapshot::{ObjectId, Snapshot, SnapshotBuilder};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Reads a file.
///
/// # Errors
/// When it cannot be read, is cut short, or is something else.
pub fn file(path: &Path) -> Result<Snapshot> {
    if path.as_os_str() == "-" {
        return snapshot(std::io::stdin().lock()).context("stdin");
    }
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| name.clone())?;
    let metadata = file.metadata().with_context(|| name.clone())?;
    ensure!(!metadata.is_dir(), "{name}: is a directory, not a heap dump");
    snapshot(Watched::new(BufReader::with_capacity(1 << 16, file), metadata.len(), &name)).with_context(|| name)
}

/// Reads a heap dump.
pub fn snapshot(reader: impl Read) -> Result<Snapshot> {
    let part = Cell::new("");
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(reader));
    let read = json.deserialize_map(Parts { part: &part }).and_then(|parts| json.end().map(|()| parts));
    match read {
        Ok(parts) => parts.snapshot(),
        Err(error) if error.is_io() => Err(error.into()),
        Err(error) if error.is_eof() && part.get().is_empty() => bail!("no heap dump: the file ends at once"),
        Err(error) if error.is_eof() => bail!("the heap dump is cut short: it ends in the part `{}`", part.get()),
        Err(error) if part.get().is_empty() => Err(anyhow!(error).context("no heap dump (.heapsnapshot)")),
        Err(error) => Err(anyhow!(error).context(format!("no valid heap dump, in the part `{}`", part.get()))),
    }
}

/// The part `meta`.
#[derive(Deserialize)]
struct Meta {
    node_fields: Vec<String>,
    node_types: Vec<serde_json::Value>,
    edge_fields: Vec<String>,
    edge_types: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Head {
    meta: Meta,
    node_count: usize,
    edge_count: usize,
}

/// Where the fields lie in a row, and what the kinds are called.
struct Layout {
    fields: usize,
    places: [usize; 5],
    kinds: Vec<String>,
}

impl Layout {
    fn of(names: &[String], wanted: [&str; 5], types: &[serde_json::Value]) -> Result<Layout, String> {
        let place = |name: &str| match names.iter().position(|it| it == name) {
            Some(place) => Ok(place),
            None if name.is_empty() => Ok(0),
            None => Err(format!("`meta` has no field `{name}`")),
        };
        let mut places = [0; 5];
        for (place_of, name) in places.iter_mut().zip(wanted) {
            *place_of = place(name)?;
        }
        let kinds = types.get(places[0]).and_then(serde_json::Value::as_array).ok_or("`meta` names no types")?;
        let kinds = kinds.iter().map(|kind| kind.as_str().unwrap_or_default().to_owned()).collect();
        Ok(Layout { fields: names.len(), places, kinds })
    }

    fn kind(&self, number: u64) -> &str {
        self.kinds.get(number as usize).map_or("", String::as_str)
    }
}

/// A row of numbers of which five at most are of use.
type Row = [u64; 5];

struct Parts<'a> {
    part: &'a Cell<&'static str>,
}

/// All parts, as they are in the file.
struct Dump {
    node_layout: Layout,
    edge_layout: Layout,
    /// Type, name, id, bytes, edges.
    nodes: Vec<Row>,
    /// Type, name or position, target.
    edges: Vec<[u64; 3]>,
    strings: Vec<String>,
}

impl<'de> Visitor<'de> for Parts<'_> {
    type Value = Dump;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object with the parts of a heap dump")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Dump, A::Error> {
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
                    strings = Some(map.next_value()?);
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

/// A list of numbers, `layout.fields` of which make a row.
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
        // (What a file claims is no reason to take that much memory.)
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

impl Dump {
    fn text(&self, number: u64) -> Result<&str> {
        let text = usize::try_from(number).ok().and_then(|number| self.strings.get(number));
        text.map(String::as_str).with_context(|| format!("there is no string {number}"))
    }

    /// The root is left out: what it points to is held from outside. So is the node of ours
    /// that tells how often.
    fn snapshot(&self) -> Result<Snapshot> {
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
            builder.object(ObjectId(id), &name, bytes, 0)?;
        }
        let mut edges = self.edges.iter();
        for (from, row) in self.nodes.iter().enumerate() {
            let count = usize::try_from(row[4])?;
            ensure!(count <= edges.len(), "node {from} has more edges than are left");
            for &[kind, name, to] in edges.by_ref().take(count) {
                let to = self.node(to)?;
                let kind = self.edge_layout.kind(kind);
                if from < outside {
                    if to >= outside {
                        builder.hold(to - outside, self.references(name, ours)?)?;
                    }
                } else if kind != "weak" && to >= outside {
                    let (from, to) = (from - outside, to - outside);
                    match kind {
                        "element" | "hidden" => builder.element(from, usize::try_from(name)?, to)?,
                        _ => builder.edge(from, self.text(name)?, to)?,
                    }
                }
            }
        }
        ensure!(edges.len() == 0, "{} edges belong to no node", edges.len());
        Ok(builder.finish())
    }

    /// Nodes are pointed to by where their row begins.
    fn node(&self, to: u64) -> Result<usize> {
        let (to, fields) = (usize::try_from(to)?, self.node_layout.fields);
        ensure!(to.is_multiple_of(fields) && to / fields < self.nodes.len(), "an edge leads to no node: {to}");
        Ok(to / fields)
    }

    /// Returns true if the second node is one of ours, which tells what is held from outside.
    fn tells_external(&self) -> Result<bool> {
        let Some(&[kind, name, _, bytes, count]) = self.nodes.get(1) else { return Ok(false) };
        let first = self.nodes[0][4] as usize;
        let edges = self.edges.get(first..first.saturating_add(count as usize)).unwrap_or(&[]);
        let is_synthetic = self.node_layout.kind(kind) == "synthetic" && bytes == 0;
        Ok(is_synthetic
            && self.text(name)? == "(GC roots)"
            && edges.iter().all(|&[_, name, _]| self.text(name).is_ok_and(|name| references(name).is_some())))
    }

    fn references(&self, name: u64, ours: bool) -> Result<u32> {
        Ok(if ours { references(self.text(name)?).unwrap_or(1) } else { 1 })
    }
}

/// `3 external references`
fn references(name: &str) -> Option<u32> {
    let (number, what) = name.split_once(' ')?;
    if what.starts_with("external reference") { number.parse().ok() } else { None }
}
