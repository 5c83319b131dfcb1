//! Reading the dumps of meliae: a JSON object a line for each object of the process.
//!
//! The format is that of meliae 0.5.1 (`_scanner_core.c`): `address`, `type`, `size`, sometimes `name`,
//! `len` and `value`, and `refs`, the addresses in the order in which `tp_traverse` meets them. There are
//! no threads and no roots.

use super::super::error::Fault;
use super::graph::Graph;
use crate::Snapshot;
use crate::columns::Name;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use hashbrown::HashMap;
use serde::Deserialize;
use std::io::{BufRead, BufReader, Read};

/// Returns true if a file that begins with these bytes is a dump of meliae.
pub(in super::super) fn is_meliae(beginning: &[u8]) -> bool {
    let spaces = |byte: &u8| !b" \t\r\n".contains(byte);
    let text: Vec<u8> = beginning.iter().copied().filter(spaces).collect();
    text.starts_with(b"{\"address\":")
}

#[derive(Deserialize)]
struct Line {
    address: u64,
    r#type: String,
    size: u64,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    len: Option<u64>,
    #[serde(default)]
    value: Option<serde_json::Value>,
    refs: Vec<u64>,
}

/// Reads a dump. Returns the snapshot and notes on the file.
pub(in super::super) fn read(reader: impl Read) -> Result<(Snapshot, Vec<String>), Fault> {
    let mut reader = BufReader::with_capacity(1 << 16, reader);
    let mut objects = Objects { without_keys: 0, graph: Graph::new(), types: Types::default() };
    let (mut bytes, mut number, mut replaced) = (Vec::new(), 0u64, 0u64);
    loop {
        bytes.clear();
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        number += 1;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let text = String::from_utf8_lossy(&bytes);
        replaced += u64::from(matches!(text, alloc::borrow::Cow::Owned(_)));
        let line: Line = serde_json::from_str(&text).map_err(|error| match error.is_eof() {
            true => Fault::End,
            false => Fault::Wrong(format!("line {number}: {error}")),
        })?;
        objects.add(line)?;
    }
    let mut notes = Vec::new();
    if replaced > 0 {
        notes.push(format!("{replaced} lines hold text that is not valid; it was replaced"));
    }
    if objects.graph.repeated > 0 {
        notes.push(format!("{} objects are in the file twice; the first counts", objects.graph.repeated));
    }
    notes.push("meliae writes no roots: modules, and what no object refers to, are taken for roots".into());
    if objects.without_keys > 0 {
        notes.push(format!(
            "the keys of {} dictionaries are missing, as Python 3 does not show them to meliae: places have fewer \
             names (`gc-demo python-dumper` writes them)",
            objects.without_keys
        ));
    }
    Ok((objects.finish()?, notes))
}

/// The objects that were read so far.
struct Objects {
    /// Dictionaries without their keys.
    without_keys: usize,
    graph: Graph,
    types: Types,
}

impl Objects {
    fn add(&mut self, line: Line) -> Result<(), Fault> {
        let type_number = self.types.number(&line.r#type);
        if !self.graph.object(line.address, type_number, line.size)? {
            return Ok(());
        }
        match (line.name, line.value) {
            (Some(name), _) => self.graph.value(&name),
            (None, Some(serde_json::Value::String(value))) if line.r#type != "frame" => self.graph.value(&value),
            (None, Some(value)) if value.is_number() => self.graph.value(&format!("{value}")),
            _ => {}
        }
        let count = line.refs.len();
        match &*line.r#type {
            // Keys and values alternate. (Python 3 leaves out the keys if all of them are texts.)
            "dict" if line.len.is_some_and(|len| len as usize * 2 == count) => {
                line.refs.chunks_exact(2).try_for_each(|pair| self.graph.entry(pair[0], pair[1]))?;
            }
            // (A list and a tuple are traversed from the end.)
            "list" | "tuple" => line
                .refs
                .iter()
                .enumerate()
                .try_for_each(|(place, &address)| self.graph.edge(Name::position(count - 1 - place), address))?,
            "dict" | "set" | "frozenset" | "collections.deque" => {
                self.without_keys += usize::from(line.r#type == "dict" && count > 0);
                let mut numbered = line.refs.iter().enumerate();
                numbered.try_for_each(|(place, &it)| self.graph.edge(Name::position(place), it))?;
            }
            _ => line.refs.iter().try_for_each(|&it| self.graph.edge(self.graph.unnamed(), it))?,
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Snapshot, Fault> {
        self.graph.put_keys_first(&self.types.names);
        self.graph.finish(&self.types.names)
    }
}

/// The types by their numbers.
#[derive(Default)]
struct Types {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl Types {
    fn number(&mut self, name: &str) -> u32 {
        let next = self.names.len() as u32;
        *self.numbers.entry_ref(name).or_insert_with(|| {
            self.names.push(name.into());
            next
        })
    }
}
