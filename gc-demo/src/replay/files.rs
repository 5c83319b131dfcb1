//! Lookup of the program files that the given paths name.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// Returns the programs that the paths name, in the order of the paths. A path of a file names that
/// file. A path of a folder names all `*.json` files in the folder and below, sorted by path.
///
/// # Errors
/// When a path does not exist or cannot be listed, or when a path names no program.
pub fn programs(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        let before = found.len();
        add(path, &mut found)?;
        if found.len() == before {
            bail!("no program found in {}: there is no *.json in it", path.display());
        }
    }
    Ok(found)
}

/// Adds the programs that one path names. Folders wait on a list instead of the call stack, so any
/// depth of nesting works.
fn add(path: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let about = || format!("cannot read {}", path.display());
    if !fs::metadata(path).with_context(about)?.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let mut inside = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
            // A link to a folder is not followed, because it may lead to a cycle.
            if entry.file_type().with_context(about)?.is_dir() {
                folders.push(entry.path());
            } else if entry.path().extension().is_some_and(|extension| extension == "json") {
                inside.push(entry.path());
            }
        }
    }
    inside.sort();
    found.append(&mut inside);
    Ok(())
}
