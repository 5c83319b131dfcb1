//! The parts of a `.heapsnapshot` file.
//!
//! The file is one JSON object whose parts are long lists of numbers. The numbers go from the
//! reader into the columns of the snapshot, one by one. Nothing of the JSON is kept.

use super::error::Fault;
use super::heap_dump::HeapDump;
use super::layout::Layouts;
use super::nodes::{Edges, Needed, Nodes};
use super::scan::Scanner;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use std::io::Read;

/// All parts of a heap dump, as they are in the file.
pub(super) struct Parts {
    layouts: Layouts,
    nodes: Nodes,
    edges: Edges,
    strings: Vec<Box<str>>,
}

impl Parts {
    /// Reads all parts. `part` is set to the part that is being read.
    pub(super) fn read<R: Read>(scanner: &mut Scanner<R>, part: &mut &'static str) -> Result<Parts, Fault> {
        match scanner.next()? {
            None => return Err(Fault::End),
            Some(b'{') => {}
            Some(_) => return Err(scanner.wrong("a JSON object with the parts of a heap dump")),
        }
        let (mut layouts, mut nodes, mut edges, mut strings) = (None, None, None, None);
        scanner.each(*b"{}", |scanner| {
            let key = scanner.string()?;
            scanner.expect(b':')?;
            let first = || Fault::Wrong("the part `snapshot` must come first".into());
            match key.as_str() {
                "snapshot" => {
                    *part = "snapshot";
                    let mut json = Vec::new();
                    scanner.copy_value(Some(&mut json))?;
                    layouts = Some(Layouts::parse(&json)?);
                }
                "nodes" => {
                    *part = "nodes";
                    nodes = Some(Nodes::read(scanner, layouts.as_ref().ok_or_else(first)?)?);
                }
                "edges" => {
                    *part = "edges";
                    let nodes =
                        nodes.as_ref().ok_or_else(|| Fault::Wrong("the part `nodes` must come first".into()))?;
                    edges = Some(Edges::read(scanner, layouts.as_ref().ok_or_else(first)?, nodes)?);
                }
                "strings" => {
                    *part = "strings";
                    let needed = Needed::of(layouts.as_ref(), nodes.as_ref(), edges.as_ref());
                    let mut list: Vec<Box<str>> = Vec::new();
                    scanner.each(*b"[]", |scanner| {
                        if needed.has(list.len()) {
                            list.push(scanner.string()?.into());
                            return Ok(());
                        }
                        list.push(Box::default());
                        scanner.value()
                    })?;
                    strings = Some(list);
                }
                _ => scanner.value()?,
            }
            Ok(())
        })?;
        if scanner.next()?.is_some() {
            return Err(scanner.wrong("the end of the file"));
        }
        let missing = |part: &str| Fault::Wrong(format!("the part `{part}` is missing"));
        Ok(Parts {
            layouts: layouts.ok_or_else(|| missing("snapshot"))?,
            nodes: nodes.ok_or_else(|| missing("nodes"))?,
            edges: edges.ok_or_else(|| missing("edges"))?,
            strings: strings.ok_or_else(|| missing("strings"))?,
        })
    }

    /// Makes the heap dump. `replaced` is the number of characters that the scanner replaced.
    pub(super) fn finish(self, replaced: u64) -> Result<HeapDump, Fault> {
        let mut notes = Vec::new();
        if replaced > 0 {
            let (characters, were) = if replaced == 1 { ("character", "was") } else { ("characters", "were") };
            notes.push(format!("in names, {replaced} {characters} that {were} no valid text {were} repaired"));
        }
        let process = self.layouts.process.clone();
        let snapshot = super::assemble::snapshot(self.layouts, self.nodes, self.edges, self.strings)?;
        Ok(HeapDump { snapshot, notes, process })
    }
}
