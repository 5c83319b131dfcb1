//! Reading heap dumps: `.heapsnapshot` files of gc-core, of V8, and of the dumper for Python; dumps of
//! PyHeap and of meliae.

use super::error::{Fault, ReadError, other_format};
use super::heap_dump::HeapDump;
use super::parts::Parts;
use super::python::{is_meliae, is_pyheap, read_meliae, read_pyheap};
use super::scan::Scanner;
use crate::Snapshot;
use alloc::vec::Vec;
use std::io::{Cursor, Read};

/// Reads a heap dump: a `.heapsnapshot` of gc-core, Node, Chrome, or of the dumper for Python; a `.pyheap`
/// file of PyHeap; the JSON lines of meliae.
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
    let mut part = "";
    read_any(reader, &mut part).map_err(|fault| fault.within(part))
}

/// Bytes at the beginning of a file that tell its format.
const BEGINNING: u64 = 64;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn read_any(mut reader: impl Read, part: &mut &'static str) -> Result<HeapDump, Fault> {
    let mut beginning = Vec::new();
    reader.by_ref().take(BEGINNING).read_to_end(&mut beginning)?;
    if let Some(format) = other_format(&beginning) {
        return Err(Fault::OtherFormat(format));
    }
    let marked = if beginning.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let is = |format: fn(&[u8]) -> bool| format(&beginning[marked..]);
    let (is_pyheap, is_meliae) = (is(is_pyheap), is(is_meliae));
    let whole = Cursor::new(beginning.split_off(marked)).chain(reader);
    if is_pyheap {
        let snapshot = read_pyheap(whole, part)?;
        return Ok(HeapDump { snapshot, notes: Vec::new(), process: None });
    }
    if is_meliae {
        *part = "objects";
        let (snapshot, notes) = read_meliae(whole)?;
        return Ok(HeapDump { snapshot, notes, process: None });
    }
    let mut scanner = Scanner::new(whole);
    let parts = Parts::read(&mut scanner, part)?;
    parts.finish(scanner.replaced)
}
