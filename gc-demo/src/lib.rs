//! The command line of gc-core: scenarios that explain a managed heap, and the
//! replay of recorded programs. The program `gc-demo` is [`main`].
#![forbid(unsafe_code)]

mod cli;
mod inspect;
mod page;
mod replay;
mod report;
mod scenarios;
mod screen;
mod setting;
mod tour;
mod watch;

use clap::Parser;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// Was the program interrupted? What takes long looks at this, and comes to its end.
fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// As Ctrl-C does.
fn interrupt() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// What was interrupted is over.
fn go_on() {
    INTERRUPTED.store(false, Ordering::Relaxed);
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The first Ctrl-C asks for the end, the second one is the end.
fn listen_for_interrupts() {
    let heard = || {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    };
    if let Err(error) = ctrlc::set_handler(heard) {
        eprintln!("warning: Ctrl-C will not be heard: {error}");
    }
}

/// The exit code for what is wrong with the command line or with a file.
const UNUSABLE: u8 = 2;

/// Reads the command line, and does what it says.
pub fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    listen_for_interrupts();
    let mut out = BufWriter::new(io::stdout().lock());
    let done = cli.run(&mut out).and_then(|code| Ok(out.flush().map(|()| code)?));
    match done {
        Ok(code) => code,
        // Whoever read our output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(UNUSABLE)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(ErrorKind::BrokenPipe)
    })
}

/// What reads files that somebody else wrote, for the fuzz targets.
#[doc(hidden)]
pub mod readers {
    pub use crate::inspect::read::snapshot as heap_snapshot;
    pub use crate::replay::replay_text;
}

/// The code on the documentation's pages is tested.
#[cfg(doctest)]
mod pages {
    macro_rules! pages {
        ($($name:ident $file:literal),*) => {$(
            #[doc = include_str!(concat!("../../docs/", $file))]
            struct $name;
        )*};
    }

    pages!(
        Algorithm "algorithm.md", Comparison "comparison.md", Demos "demos.md", Diagnosing "diagnosing.md",
        Embedding "embedding.md", Formats "formats.md", GettingStarted "getting-started.md", Glossary "glossary.md",
        Limits "limits.md", Observing "observing.md", Performance "performance.md", Readme "README.md",
        Reliability "reliability.md", Safety "safety.md", Semantics "semantics.md"
    );
}
