//! The memory of the process that a dump is from, beside the bytes of its objects.

use gc_snapshot::text::Bytes;
use gc_snapshot::{HeapDump, Process};
use serde::Serialize;

/// Growth of the resident memory from which it is judged: less is noise of an allocator.
const LEAST: u64 = 16 << 20;

/// The memory of a process, as the first and the last dump of it tell.
#[derive(Serialize)]
pub struct Memory {
    python: String,
    pid: u64,
    resident_bytes: u64,
    object_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Before>,
    /// True if the resident memory grew by far more than the objects.
    grows_outside: bool,
}

#[derive(Serialize)]
struct Before {
    resident_bytes: u64,
    object_bytes: u64,
}

impl Memory {
    /// Returns `None` if the last dump does not tell the memory of its process.
    pub fn of(dumps: &[HeapDump]) -> Option<Memory> {
        let (last, first) = (dumps.last()?, dumps.first()?);
        let Process { python, pid, resident_bytes, .. } = last.process.clone()?;
        let resident_bytes = resident_bytes?;
        let of_first = first.process.as_ref().and_then(|process| process.resident_bytes);
        let before = of_first
            .filter(|_| dumps.len() > 1)
            .map(|resident_bytes| Before { resident_bytes, object_bytes: first.snapshot.bytes() });
        let object_bytes = last.snapshot.bytes();
        let grows_outside = before.as_ref().is_some_and(|before| {
            let resident = resident_bytes.saturating_sub(before.resident_bytes);
            resident >= LEAST && object_bytes.saturating_sub(before.object_bytes) < resident / 4
        });
        Some(Memory { python, pid, resident_bytes, object_bytes, before, grows_outside })
    }

    /// A line or two for a person.
    pub fn text(&self) -> String {
        let bytes = |bytes: u64| Bytes(bytes as f64);
        let (resident, objects) = (bytes(self.resident_bytes), bytes(self.object_bytes));
        let mut text = format!(
            "process {}, Python {}: {resident} resident, {objects} of them objects of this dump\n",
            self.pid, self.python
        );
        if let Some(before) = self.before.as_ref().filter(|_| self.grows_outside) {
            text += &format!(
                "the resident memory grew by {}, the objects by {}: the growth is outside of Python's objects \
                 (a module written in C, a mapped file, threads' stacks, fragments), where no heap dump can see it\n",
                bytes(self.resident_bytes - before.resident_bytes),
                bytes(self.object_bytes.saturating_sub(before.object_bytes)),
            );
        }
        text
    }
}
