//! Exports allocation sites as a pprof profile. The profile consists of protocol buffers, which are
//! written by hand, because the format has only five messages. The profile is not compressed, which
//! `go tool pprof` and speedscope accept.

use crate::Heap;
use crate::telemetry::allocation_sites::Site;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use std::io::{Result, Write};

/// The numbers of the fields of the message `Profile` in `profile.proto`.
mod field {
    pub(super) const SAMPLE_TYPE: u64 = 1;
    pub(super) const SAMPLE: u64 = 2;
    pub(super) const LOCATION: u64 = 4;
    pub(super) const FUNCTION: u64 = 5;
    pub(super) const STRING_TABLE: u64 = 6;
    pub(super) const DEFAULT_SAMPLE_TYPE: u64 = 14;
}

impl Heap {
    /// Writes the [allocation sites](Heap::allocation_sites) as a pprof profile with the
    /// columns `alloc_objects`, `alloc_space`, `inuse_objects` and `inuse_space`, for `go tool
    /// pprof -top FILE`. A site is shown as `file:line`.
    ///
    /// ```
    /// # let heap = gc_core::Heap::new();
    /// heap.track_allocations(true);
    /// let _kept = heap.alloc(7);
    /// let mut file = Vec::new();
    /// heap.write_pprof(&mut file)?;
    /// assert!(!file.is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the error of `out` if writing fails.
    pub fn write_pprof(&self, mut out: impl Write) -> Result<()> {
        let mut strings = Strings::new();
        let columns = [
            ("alloc_objects", "count"),
            ("alloc_space", "bytes"),
            ("inuse_objects", "count"),
            ("inuse_space", "bytes"),
        ];
        for (kind, unit) in columns {
            let mut message = Message::default();
            message.number(1, strings.number(kind)).number(2, strings.number(unit));
            write_field(&mut out, field::SAMPLE_TYPE, &message.0)?;
        }
        let sites = self.allocation_sites();
        for (number, site) in (1..).zip(&sites) {
            let Site { objects, bytes, living_objects, living_bytes, .. } = *site;
            let mut message = Message::default();
            message.packed(1, &[number]).packed(2, &[objects, bytes, living_objects, living_bytes]);
            write_field(&mut out, field::SAMPLE, &message.0)?;
        }
        for (number, site) in (1..).zip(&sites) {
            let mut line = Message::default();
            line.number(1, number).number(2, site.location.line().into());
            let mut message = Message::default();
            message.number(1, number).bytes(4, &line.0);
            write_field(&mut out, field::LOCATION, &message.0)?;
        }
        for (number, site) in (1..).zip(&sites) {
            let file = site.location.file();
            let name = strings.number(&alloc::format!("{file}:{}", site.location.line()));
            let mut message = Message::default();
            message.number(1, number).number(2, name).number(3, name).number(4, strings.number(file));
            message.number(5, site.location.line().into());
            write_field(&mut out, field::FUNCTION, &message.0)?;
        }
        let shown = strings.number("inuse_space");
        for text in strings.in_order {
            write_field(&mut out, field::STRING_TABLE, text.as_bytes())?;
        }
        let mut last = Message::default();
        last.number(field::DEFAULT_SAMPLE_TYPE, shown);
        out.write_all(&last.0)?;
        out.flush()
    }
}

/// The string table of a profile, whose first string is empty.
struct Strings {
    numbers: BTreeMap<String, u64>,
    in_order: Vec<String>,
}

impl Strings {
    fn new() -> Strings {
        let mut strings = Strings { numbers: BTreeMap::new(), in_order: Vec::new() };
        strings.number("");
        strings
    }

    fn number(&mut self, text: &str) -> u64 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = self.in_order.len() as u64;
        self.numbers.insert(text.into(), number);
        self.in_order.push(text.into());
        number
    }
}

/// The encoded fields of a protocol buffers message.
#[derive(Default)]
struct Message(Vec<u8>);

/// The wire type of an integer in protocol buffers.
const VARINT: u64 = 0;
/// The wire type of a field with a length in protocol buffers.
const LENGTH: u64 = 2;

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn number(&mut self, field: u64, value: u64) -> &mut Message {
        self.varint(field << 3 | VARINT);
        self.varint(value);
        self
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) -> &mut Message {
        self.varint(field << 3 | LENGTH);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn packed(&mut self, field: u64, values: &[u64]) -> &mut Message {
        let mut packed = Message::default();
        values.iter().for_each(|&value| packed.varint(value));
        self.bytes(field, &packed.0)
    }
}

fn write_field(out: &mut impl Write, field: u64, bytes: &[u8]) -> Result<()> {
    let mut message = Message::default();
    message.bytes(field, bytes);
    out.write_all(&message.0)
}
