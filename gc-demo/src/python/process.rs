//! A Python process of this machine.

use anyhow::{Result, bail};
use std::fs;
use std::path::PathBuf;

/// A process that runs CPython.
pub struct Process {
    pub pid: u32,
    /// Major and minor version.
    pub version: Version,
    /// The file that it runs.
    pub program: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl Process {
    /// # Errors
    /// There is no process of this number, it may not be looked at, or it does not run CPython.
    pub fn of(pid: u32) -> Result<Process> {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        if !folder.exists() {
            if !PathBuf::from("/proc/self").exists() {
                bail!("processes can be attached to on Linux only; {}", super::attach::BY_HAND);
            }
            bail!("there is no process {pid}");
        }
        let program = match fs::read_link(folder.join("exe")) {
            Ok(program) => program,
            Err(error) => bail!("process {pid} may not be looked at: {error}; run as its user or as root"),
        };
        let maps = fs::read_to_string(folder.join("maps")).unwrap_or_default();
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files = maps.lines().filter_map(|line| line.rsplit('/').next());
        let version =
            version_in(&name, "python").or_else(|| files.into_iter().find_map(|file| version_in(file, "libpython")));
        match version {
            Some(version) => Ok(Process { pid, version, program }),
            None if name.starts_with("node") => bail!(
                "process {pid} is Node, not Python: start it with `--heapsnapshot-signal=SIGUSR2` and send that signal, \
                 or call `v8.writeHeapSnapshot()` in it"
            ),
            None => bail!("process {pid} ({name}) does not run CPython"),
        }
    }
}

/// The version in the name of a file: `python3.11`, `libpython2.7.so.1.0`.
fn version_in(name: &str, begin: &str) -> Option<Version> {
    let mut numbers = name.strip_prefix(begin)?.split(|c: char| !c.is_ascii_digit());
    Some(Version(numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{Process, Version, version_in};

    #[test]
    fn versions_are_in_names() {
        assert!(version_in("python3.11", "python") == Some(Version(3, 11)));
        assert!(version_in("libpython2.7.so.1.0", "libpython") == Some(Version(2, 7)));
        assert!(version_in("python3", "python").is_none() && version_in("node", "python").is_none());
    }

    #[test]
    fn this_process_is_no_python() {
        let error = Process::of(std::process::id()).err().unwrap().to_string();
        assert!(error.contains("does not run CPython") || error.contains("Linux only"), "{error}");
    }
}
