//! Objects and edges as JSON lines, which DuckDB and other tools read as tables.

use crate::Snapshot;
use crate::text::Json;
use std::io::{BufWriter, Result, Write};

impl Snapshot {
    /// Writes a line of JSON for each object, with the fields `id`, `type`, `shallow_bytes`,
    /// `owned_bytes`, `external_references`, `generation`, `in_garbage`, `retained_bytes` and
    /// `dominator`. The generation is null if the object is untracked. The dominator is null if
    /// nothing in the heap dominates the object.
    ///
    /// # Errors
    /// Returns the error of `out` if writing fails.
    ///
    /// ```
    /// let heap = gc_core::Heap::new();
    /// let _held = heap.alloc(7u64);
    /// let mut text = Vec::new();
    /// heap.snapshot().write_objects(&mut text)?;
    /// assert!(text.starts_with(br#"{"id":5,"type":"u64","shallow_bytes":16,"#));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write_objects(&self, out: impl Write) -> Result<()> {
        let mut out = BufWriter::new(out);
        let dominators = self.dominators();
        for object in self.objects() {
            let (id, name) = (object.id().0, Json(object.type_name()));
            let (shallow, owned) = (object.shallow_bytes(), object.owned_bytes());
            write!(out, "{{\"id\":{id},\"type\":{name},\"shallow_bytes\":{shallow},\"owned_bytes\":{owned},")?;
            write!(out, "\"external_references\":{},\"generation\":", object.external_references())?;
            match object.generation() {
                Some(generation) => write!(out, "{generation}")?,
                None => write!(out, "null")?,
            }
            let (in_garbage, retained) = (object.is_in_garbage(), dominators.retained_bytes(object));
            write!(out, ",\"in_garbage\":{in_garbage},\"retained_bytes\":{retained},\"dominator\":")?;
            match dominators.dominator(object) {
                Some(dominator) => writeln!(out, "{}}}", dominator.id().0)?,
                None => writeln!(out, "null}}")?,
            }
        }
        out.flush()
    }

    /// Writes a line of JSON for each edge, with the fields `from`, `name` and `to`. The fields
    /// `from` and `to` are the ids of objects.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// let _kept = heap.alloc_slice([heap.alloc(7)]);
    /// let mut rows = Vec::new();
    /// heap.snapshot().write_edges(&mut rows)?;
    /// assert_eq!(rows.iter().filter(|byte| **byte == b'\n').count(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the error of `out` if writing fails.
    pub fn write_edges(&self, out: impl Write) -> Result<()> {
        let mut out = BufWriter::new(out);
        for object in self.objects() {
            for (name, target) in object.edges() {
                let (from, to) = (object.id().0, target.id().0);
                writeln!(out, "{{\"from\":{from},\"name\":{},\"to\":{to}}}", Json(&name))?;
            }
        }
        out.flush()
    }
}
