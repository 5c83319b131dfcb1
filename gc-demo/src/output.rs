//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The file that is being written under another name.
static PARTIAL: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Writes a file: under another name beside it until it is complete, so that what bears its name
/// is never cut off. What is no plain file, such as a pipe, is written as it is.
///
/// # Errors
/// When it cannot be written; what bore its name before is there still.
pub fn write_whole(file: &Path, write: impl FnOnce(File) -> io::Result<()>) -> io::Result<()> {
    if is_special(file) {
        return write(File::create(file)?);
    }
    // (A link stays one: what it leads to is replaced.)
    let target = file.canonicalize().unwrap_or_else(|_| file.into());
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = target.with_file_name(name);
    note_partial(Some(partial.clone()));
    let written = File::create(&partial).and_then(write).and_then(|()| fs::rename(&partial, &target));
    if written.is_err() {
        let _ = fs::remove_file(&partial); // the error that matters is the first one
    }
    note_partial(None);
    written
}

/// Returns true if the file is there and no plain one, such as a pipe or a device.
pub fn is_special(file: &Path) -> bool {
    file.exists() && !file.is_file()
}

fn note_partial(partial: Option<PathBuf>) {
    *PARTIAL.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = partial;
}

/// The program ends: what was half written goes.
pub fn remove_partial() {
    let partial = PARTIAL.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    let _ = partial.map(fs::remove_file);
}

#[cfg(test)]
mod tests {
    use super::write_whole;
    use std::fs;
    use std::io::{Error, Write as _};

    #[test]
    fn a_file_is_replaced_whole_or_stays_as_it_was() {
        let folder = std::env::temp_dir().join(format!("gc-demo-output-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("a.txt");
        write_whole(&file, |mut out| out.write_all(b"first")).unwrap();
        let failed = write_whole(&file, |mut out| out.write_all(b"sec").and(Err(Error::other("no more"))));
        assert_eq!((failed.unwrap_err().to_string(), &*fs::read(&file).unwrap()), ("no more".into(), &b"first"[..]));
        write_whole(&file, |mut out| out.write_all(b"second")).unwrap();
        assert_eq!((&*fs::read(&file).unwrap(), fs::read_dir(&folder).unwrap().count()), (&b"second"[..], 1));
        fs::remove_dir_all(&folder).unwrap();
    }
}
