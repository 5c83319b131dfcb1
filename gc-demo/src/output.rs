//! Output files that are either complete or not written at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The path of the partial file that is being written, if any.
static PARTIAL: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Writes a file completely or not at all.
///
/// The content goes to a partial file beside `file`, which is renamed when the content is complete.
/// A special file, such as a pipe, is written directly.
///
/// # Errors
/// When the file cannot be written. An existing file with this name is then unchanged, unless it is
/// a special file.
pub fn write_whole(file: &Path, write: impl FnOnce(File) -> io::Result<()>) -> io::Result<()> {
    if is_special(file) {
        return write(File::create(file)?);
    }
    // A symbolic link is kept: the file that the link points to is replaced.
    let target = file.canonicalize().unwrap_or_else(|_| file.into());
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = target.with_file_name(name);
    note_partial(Some(partial.clone()));
    let written = File::create(&partial).and_then(write).and_then(|()| fs::rename(&partial, &target));
    if written.is_err() {
        let _ = fs::remove_file(&partial); // the write error is reported, not this one
    }
    note_partial(None);
    written
}

/// Returns true if the path exists and is no regular file, but for example a pipe or a device.
pub fn is_special(file: &Path) -> bool {
    file.exists() && !file.is_file()
}

fn note_partial(partial: Option<PathBuf>) {
    *PARTIAL.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = partial;
}

/// Removes the partial file that is being written, if any. Called when the program ends early.
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
