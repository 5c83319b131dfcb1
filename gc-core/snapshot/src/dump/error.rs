//! Errors of reading heap dumps.

use alloc::string::String;
use core::fmt;
use std::io;

/// Error of [`read_heap_snapshot`](super::read_heap_snapshot).
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The reader failed.
    Io(io::Error),
    /// The file ends within this part; empty: it ends before the first.
    CutShort {
        /// Of a `.heapsnapshot`: `snapshot`, `nodes`, `edges` or `strings`.
        part: &'static str,
    },
    /// The file is not of the format, in this part; empty: before the first.
    Invalid {
        /// Of a `.heapsnapshot`: `snapshot`, `nodes`, `edges` or `strings`.
        part: &'static str,
        /// The cause, with the position in bytes where it is known.
        error: String,
    },
    /// The file is of another format, which this names together with the way to a heap dump.
    OtherFormat(&'static str),
    /// The parts do not fit together.
    Contradiction(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Io(error) => error.fmt(f),
            ReadError::CutShort { part: "" } => f.write_str("no heap dump: the file ends at once"),
            ReadError::CutShort { part } => write!(f, "the heap dump is cut short: it ends in the part `{part}`"),
            ReadError::Invalid { part: "", error } => write!(f, "no heap dump (.heapsnapshot): {error}"),
            ReadError::Invalid { part, error } => write!(f, "no valid heap dump, in the part `{part}`: {error}"),
            ReadError::OtherFormat(format) => write!(f, "no heap dump (.heapsnapshot): {format}"),
            ReadError::Contradiction(error) => f.write_str(error),
        }
    }
}

impl core::error::Error for ReadError {}

/// Error of a scanner, which does not know the part that it reads.
#[derive(Debug)]
pub(super) enum Fault {
    Io(io::Error),
    /// The input ends too early.
    End,
    /// The input is not of the format.
    Wrong(String),
    /// The input is of another format, which this names.
    OtherFormat(&'static str),
    /// The parts contradict each other.
    Contradiction(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Io(error)
    }
}

impl Fault {
    /// The error for a fault in this part.
    pub(super) fn within(self, part: &'static str) -> ReadError {
        match self {
            Fault::Io(error) => ReadError::Io(error),
            Fault::End => ReadError::CutShort { part },
            Fault::Wrong(error) => ReadError::Invalid { part, error },
            Fault::OtherFormat(format) => ReadError::OtherFormat(format),
            Fault::Contradiction(error) => ReadError::Contradiction(error),
        }
    }
}

/// Names the format of a file that begins with these bytes, if it is known and no heap dump.
pub(super) fn other_format(beginning: &[u8]) -> Option<&'static str> {
    let text = beginning.trim_ascii_start();
    let known: [(&[u8], &str); 9] = [
        (b"JAVA PROFILE", "a Java heap dump (hprof); open it in Eclipse MAT or VisualVM"),
        (b"\xff\xfe", "text in UTF-16; convert it to UTF-8 first"),
        (b"\xfe\xff", "text in UTF-16; convert it to UTF-8 first"),
        (b"\x1f\x8b", "a gzip file within a gzip file"),
        (b"PK\x03\x04", "a zip archive; unpack it first"),
        (b"<", "HTML or XML, perhaps the error page of a server; look into the file"),
        (b"\x7fELF", "a program or a core file; take a dump in the running process"),
        (b"SQLite format 3", "an SQLite database"),
        (b"\x28\xb5\x2f\xfd", "a file packed by zstd; unpack it first"),
    ];
    if let Some(&(_, format)) = known.iter().find(|(begin, _)| text.starts_with(begin) || beginning.starts_with(begin))
    {
        return Some(format);
    }
    // Bun and Safari: {"version":3,"type":"Inspector","nodes":[..
    let is_webkit = text.starts_with(b"{\"version\":") || text.starts_with(b"{\"type\":\"Inspector\"");
    is_webkit.then_some(
        "a heap snapshot of Bun or Safari (JavaScriptCore); with Bun use `v8.writeHeapSnapshot` of `node:v8`",
    )
}
