//! The part `snapshot` of a heap dump: the numbers of rows, and the place of each field in a row.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Deserialize;

/// The part `meta`: the names of the fields and of the kinds of nodes and edges.
#[derive(Deserialize)]
pub(super) struct Meta {
    pub(super) node_fields: Vec<String>,
    pub(super) node_types: Vec<serde_json::Value>,
    pub(super) edge_fields: Vec<String>,
    pub(super) edge_types: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
pub(super) struct Head {
    pub(super) meta: Meta,
    pub(super) node_count: usize,
    pub(super) edge_count: usize,
}

/// The places of the fields in a row, and the names of the kinds.
pub(super) struct Layout {
    pub(super) fields: usize,
    pub(super) places: [usize; 5],
    kinds: Vec<String>,
}

impl Layout {
    pub(super) fn of(names: &[String], wanted: [&str; 5], types: &[serde_json::Value]) -> Result<Layout, String> {
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

    pub(super) fn kind(&self, number: u64) -> &str {
        self.kinds.get(number as usize).map_or("", String::as_str)
    }
}

/// The fields of a row that are used, five at most.
pub(super) type Row = [u64; 5];
