//! The command line of gc-core: scenarios that explain a managed heap, and the
//! replay of recorded programs. The program `gc-demo` is [`main`].
#![forbid(unsafe_code)]

mod cli;
mod inspect;
mod interrupt;
mod jvm;
mod machine;
mod output;
mod page;
mod python;
mod replay;
mod report;
mod scenarios;
mod screen;
mod setting;
mod show;
mod tour;
mod watch;

use clap::Parser;
use interrupt::{INTERRUPTED_CODE, conclude, go_on, interrupt, interrupted};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

/// An error for a file that cannot be written. The command line itself is valid.
#[derive(Debug)]
struct Unwritable(String);

impl std::fmt::Display for Unwritable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unwritable {}

/// The exit code for output that could not be written.
const UNWRITTEN: u8 = 1;

/// The exit code for an error in the command line or in an input file.
const UNUSABLE: u8 = 2;

/// Parses the command line, runs the command and returns the exit code.
pub fn main() -> ExitCode {
    let cli = match jvm::understood(std::env::args_os()) {
        Ok(arguments) => {
            if let Some(scenario) = arguments.get(1).and_then(|it| scenarios::Scenario::named(it.to_str()?)) {
                eprintln!("error: {0} is a scenario: gc-demo run {0}", scenario.name);
                return ExitCode::from(UNUSABLE);
            }
            cli::Cli::parse_from(arguments)
        }
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(UNUSABLE);
        }
    };
    interrupt::listen();
    let mut out = BufWriter::new(Noticing { out: io::stdout().lock(), failed: false });
    let done = cli.run(&mut out).and_then(|code| Ok(out.flush().map(|()| code)?));
    match done {
        Ok(code) => code,
        // A closed pipe is no error: the reader of the output stopped reading.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            let is_unwritten = error.is::<Unwritable>() || out.get_ref().failed;
            ExitCode::from(if is_unwritten { UNWRITTEN } else { UNUSABLE })
        }
    }
}

/// A writer that records whether a write to `out` failed, for example because the disk is full.
struct Noticing<W> {
    out: W,
    failed: bool,
}

impl<W: Write> Write for Noticing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).inspect_err(|_| self.failed = true)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().inspect_err(|_| self.failed = true)
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(ErrorKind::BrokenPipe)
    })
}

/// Parsers of untrusted input files, for the fuzz targets.
#[doc(hidden)]
pub mod readers {
    pub use crate::replay::replay_text;
    pub use gc_snapshot::read_heap_snapshot as heap_snapshot;
}

/// The pages of the documentation, included so that their code examples run as doctests.
#[cfg(doctest)]
mod pages {
    macro_rules! pages {
        ($($name:ident $file:literal),*) => {$(
            #[doc = include_str!(concat!("../../docs/", $file))]
            struct $name;
        )*};
    }

    pages!(
        Algorithm "algorithm.md", Architecture "architecture.md", Comparison "comparison.md", Demos "demos.md", Diagnosing "diagnosing.md",
        Embedding "embedding.md", Formats "formats.md", GettingStarted "getting-started.md", Glossary "glossary.md",
        Limits "limits.md", Observing "observing.md", Performance "performance.md", Readme "README.md",
        Reliability "reliability.md", Safety "safety.md", Semantics "semantics.md"
    );
}
