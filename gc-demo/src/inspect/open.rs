//! Functions that open the files given to `inspect`.

use super::progress::Watched;
use anyhow::{Context as _, Result, ensure};
use flate2::read::MultiGzDecoder;
use gc_snapshot::{HeapDump, ReadError, read_dump};
use std::fs::File;
use std::io::{BufReader, Chain, Cursor, Read};
use std::path::Path;

/// Reads a heap dump from a file; `-` is stdin. A file may be packed by gzip.
///
/// # Errors
/// When the file cannot be read, is cut short, or is no heap dump.
pub fn dump(path: &Path) -> Result<HeapDump> {
    if path.as_os_str() == "-" {
        return unpacked(std::io::stdin().lock()).context("stdin");
    }
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| name.clone())?;
    let metadata = file.metadata().with_context(|| name.clone())?;
    ensure!(!metadata.is_dir(), "{name}: is a directory, not a heap dump");
    let file = Watched::new(BufReader::with_capacity(1 << 16, file), metadata.len(), &name);
    unpacked(file).with_context(|| name)
}

/// Reads a heap dump, and unpacks it first if it begins as a gzip file does.
fn unpacked(mut reader: impl Read) -> Result<HeapDump, ReadError> {
    let mut beginning = Vec::new();
    reader.by_ref().take(2).read_to_end(&mut beginning).map_err(ReadError::Io)?;
    let is_gzip = beginning == [0x1f, 0x8b];
    let whole: Chain<Cursor<Vec<u8>>, _> = Cursor::new(beginning).chain(reader);
    if is_gzip { read_dump(MultiGzDecoder::new(whole)) } else { read_dump(whole) }
}
