//! Which files are meant by the paths that were given.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// The programs that paths name: a file is itself, a folder all `*.json` in it and
/// below, in the order of their names.
///
/// # Errors
/// When a path does not exist or cannot be listed, or when there is no program.
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

/// Folders wait on a list, so that no depth of nesting matters.
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
            // A link to a folder is not followed: it may lead back.
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
