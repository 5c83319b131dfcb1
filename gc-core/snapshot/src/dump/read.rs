//! Reading `.heapsnapshot` files: those of gc-core, of V8, and of the dumper for Python.
//!
//! The file is one JSON object whose parts are long lists of numbers. The numbers go from the
//! reader into the columns of the snapshot, one by one. Nothing of the JSON is kept.

use super::error::{Fault, ReadError, other_format};
use super::layout::{Layouts, Process};
use super::nodes::{Edges, Needed, Nodes};
use super::scan::Scanner;
use crate::Snapshot;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use std::io::Read;

/// A heap dump, as it was read.
#[derive(Debug)]
#[non_exhaustive]
pub struct HeapDump {
    /// The objects and edges.
    pub snapshot: Snapshot,
    /// Repairs that were needed to read the file, a sentence each.
    pub notes: Vec<String>,
    /// The Python process that the dump is from, if the dump describes it.
    pub process: Option<Process>,
}

/// Reads a heap dump: a `.heapsnapshot` of gc-core, Node, Chrome, or of the dumper for Python.
///
/// Text that is no Unicode is read as far as it can be; [`read_dump`] tells of it.
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
    read_dump(reader).map(|dump| dump.snapshot)
}

/// Reads a heap dump, with notes on what had to be repaired and what it says of its process.
///
/// # Errors
/// As [`read_heap_snapshot`].
///
/// ```
/// let heap = gc_core::Heap::new();
/// let mut file = Vec::new();
/// heap.write_heap_snapshot(&mut file)?;
/// let dump = gc_snapshot::read_dump(&*file).unwrap();
/// assert!(dump.notes.is_empty() && dump.process.is_none());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn read_dump(reader: impl Read) -> Result<HeapDump, ReadError> {
    let (mut scanner, mut part) = (Scanner::new(reader), "");
    let parts = Parts::read(&mut scanner, &mut part).map_err(|fault| fault.within(part))?;
    parts.finish(scanner.replaced).map_err(|fault| fault.within(part))
}

/// All parts of a heap dump, as they are in the file.
struct Parts {
    layouts: Layouts,
    nodes: Nodes,
    edges: Edges,
    strings: Vec<Box<str>>,
}

impl Parts {
    fn read<R: Read>(scanner: &mut Scanner<R>, part: &mut &'static str) -> Result<Parts, Fault> {
        let beginning = scanner.beginning(64)?;
        if let Some(format) = other_format(beginning) {
            return Err(Fault::OtherFormat(format));
        }
        if beginning.starts_with(b"\xef\xbb\xbf") {
            scanner.skip(3);
        }
        Parts::read_json(scanner, part)
    }

    fn read_json<R: Read>(scanner: &mut Scanner<R>, part: &mut &'static str) -> Result<Parts, Fault> {
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

    fn finish(self, replaced: u64) -> Result<HeapDump, Fault> {
        let mut notes = Vec::new();
        if replaced > 0 {
            notes.push(format!("{replaced} characters of names are no valid text and were replaced or repaired"));
        }
        let process = self.layouts.process.clone();
        let snapshot = super::assemble::snapshot(self.layouts, self.nodes, self.edges, self.strings)?;
        Ok(HeapDump { snapshot, notes, process })
    }
}
