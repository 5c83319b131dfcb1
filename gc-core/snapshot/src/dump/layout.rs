//! The part `snapshot` of a heap dump: which field lies where in a row, and what its producer says.

use super::error::Fault;
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Deserialize;

/// The part `meta`: the names of the fields and of the kinds of nodes and edges.
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
    node_count: Option<usize>,
    edge_count: Option<usize>,
    gc_dump: Option<Process>,
}

/// The description of a Python process, written by the dumper of gc-demo that ran in it.
#[derive(Clone, PartialEq, Eq, Default, Debug, Deserialize)]
#[non_exhaustive]
pub struct Process {
    /// The version of Python: `3.11.7`.
    #[serde(default)]
    pub python: String,
    /// The number of the process.
    #[serde(default)]
    pub pid: u64,
    /// Bytes of the process in memory, where the system says.
    #[serde(default)]
    pub resident_bytes: Option<u64>,
    /// By type, the objects of the dumper itself that the collector tracks. The dump leaves them out.
    #[serde(default)]
    pub left_out: BTreeMap<String, usize>,
}

/// The part `snapshot`: how rows are laid out, and how many there should be.
pub(super) struct Layouts {
    pub(super) node: Layout,
    pub(super) edge: Layout,
    pub(super) nodes: Option<usize>,
    pub(super) edges: Option<usize>,
    pub(super) process: Option<Process>,
}

impl Layouts {
    pub(super) fn parse(json: &[u8]) -> Result<Layouts, Fault> {
        let text = String::from_utf8_lossy(json);
        let head: Head = serde_json::from_str(&text).map_err(|error| Fault::Wrong(format!("{error}")))?;
        let Head { meta, node_count, edge_count, gc_dump } = head;
        let node = ["type", "name", "id", "self_size", "edge_count", "?tracked"];
        let edge = ["type", "name_or_index", "to_node"];
        Ok(Layouts {
            node: Layout::of(&meta.node_fields, &node, &meta.node_types)?,
            edge: Layout::of(&meta.edge_fields, &edge, &meta.edge_types)?,
            nodes: node_count,
            edges: edge_count,
            process: gc_dump,
        })
    }
}

impl Layouts {
    /// Returns true if nodes of this kind have a name. The name of another node is a value: that of a text,
    /// for example.
    pub(super) fn is_named(&self, kind: &str) -> bool {
        const NAMED: [&str; 6] = ["object", "native", "hidden", "synthetic", "object shape", "closure"];
        self.process.is_some() || NAMED.contains(&kind)
    }
}

/// The places of the fields in a row, and the names of the kinds.
pub(super) struct Layout {
    pub(super) fields: usize,
    /// For each field of a row, which of the wanted it is.
    wanted: Vec<Option<usize>>,
    pub(super) kinds: Vec<String>,
}

impl Layout {
    /// A wanted name with `?` before it may be missing.
    fn of(names: &[String], wanted: &[&str], types: &[serde_json::Value]) -> Result<Layout, Fault> {
        let mut places = alloc::vec![None; names.len()];
        for (number, name) in wanted.iter().enumerate() {
            let (name, may_miss) = name.strip_prefix('?').map_or((*name, false), |name| (name, true));
            match names.iter().position(|it| it == name) {
                Some(place) => places[place] = Some(number),
                None if may_miss => {}
                None => return Err(Fault::Wrong(format!("`meta` has no field `{name}`"))),
            }
        }
        let of_type = places.iter().position(|place| *place == Some(0)).unwrap_or(0);
        let kinds = types.get(of_type).and_then(serde_json::Value::as_array);
        let kinds = kinds.ok_or_else(|| Fault::Wrong("`meta` names no types".into()))?;
        let kinds = kinds.iter().map(|kind| kind.as_str().unwrap_or_default().to_owned()).collect();
        Ok(Layout { fields: names.len(), wanted: places, kinds })
    }

    /// The name of a kind; empty if the dump does not name it.
    pub(super) fn kind(&self, number: u32) -> &str {
        self.kinds.get(number as usize).map_or("", String::as_str)
    }

    /// Stores the number of field `field` of a row.
    #[inline]
    pub(super) fn put<const N: usize>(&self, row: &mut [u64; N], field: usize, number: u64) {
        if let Some(place) = self.wanted[field] {
            row[place] = number;
        }
    }
}
