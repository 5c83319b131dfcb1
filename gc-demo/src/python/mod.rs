//! `gc-demo python-dumper` and `gc-demo dump`: heap dumps of Python processes.

mod attach;
mod process;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The module that writes the objects of a Python process as a heap dump.
pub const DUMPER: &str = include_str!("../../python/gc_dump.py");

#[derive(Args)]
pub struct DumpOptions {
    /// The number of the Python process
    #[arg(long, value_name = "PID")]
    pid: u32,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Leave out the keys of dictionaries
    #[arg(long)]
    no_keys: bool,
    /// How many seconds the process has to write the dump
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
}

/// Prints the dumper.
///
/// # Errors
/// When it cannot be written.
pub fn print_dumper(out: &mut impl Write) -> Result<()> {
    out.write_all(DUMPER.as_bytes())?;
    Ok(())
}

/// Lets a running Python process write a heap dump.
///
/// # Errors
/// There is no such process, it is no Python process, nothing is there to attach to it with, or the
/// dump cannot be written.
pub fn dump(options: &DumpOptions, out: &mut impl Write) -> Result<()> {
    let output = absolute(&options.output)?;
    let process = process::Process::of(options.pid)?;
    let objects = attach::dump(&process, &output, !options.no_keys, options.timeout)?;
    writeln!(out, "{objects} objects of process {} (Python {}) in {}", options.pid, process.version, output.display())?;
    writeln!(out, "two dumps some time apart tell what grows: gc-demo inspect FIRST SECOND")?;
    Ok(())
}

/// The process may be in another folder.
fn absolute(path: &Path) -> Result<PathBuf> {
    if path.is_dir() {
        bail!("{}: is a directory", path.display());
    }
    std::path::absolute(path).with_context(|| path.display().to_string())
}
