//! Functions that open the files given to `inspect`.

use super::progress::Watched;
use anyhow::{Context as _, Result, ensure};
use gc_snapshot::{Snapshot, read_heap_snapshot};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Reads a heap dump from a file; `-` is stdin.
///
/// # Errors
/// When the file cannot be read, is cut short, or is no heap dump.
pub fn snapshot(path: &Path) -> Result<Snapshot> {
    if path.as_os_str() == "-" {
        return read_heap_snapshot(std::io::stdin().lock()).context("stdin");
    }
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| name.clone())?;
    let metadata = file.metadata().with_context(|| name.clone())?;
    ensure!(!metadata.is_dir(), "{name}: is a directory, not a heap dump");
    let file = Watched::new(BufReader::with_capacity(1 << 16, file), metadata.len(), &name);
    read_heap_snapshot(file).with_context(|| name)
}
