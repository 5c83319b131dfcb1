//! Measures the longest stops of a program, at our two paces, on gc-arena and on CPython. Exits
//! with 1 if a bar does not hold.

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use gc_benches::pauses::{self, HEAPS, Mode, Plan};
use gc_benches::process::{self, Message};
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// Measures how long random churn is stopped beside 1e5, 1e6 and 1e7 live objects: the
/// longest step, its 99.9th percentile, speed, memory, and the garbage that floated.
///
/// Our incremental pace (slices of 500 µs) must keep each step below 1 ms of thread CPU
/// time, at 0.7 of the speed and 1.3 of the memory of the stopping one. Exits with 1 when
/// that does not hold, with 2 on wrong usage.
///
/// Example: pauses --quick --only "gc-core incremental,gc-arena" --live 1e6
#[derive(Debug, Parser)]
#[command(name = "pauses", args_conflicts_with_subcommands = true, verbatim_doc_comment)]
struct Options {
    #[command(flatten)]
    run: Run,
    #[command(subcommand)]
    child: Option<Child>,
}

#[derive(Debug, Args)]
struct Run {
    /// 1e5 and 1e6 only, fewer steps: under a minute
    #[arg(long)]
    quick: bool,
    /// Only these heaps
    #[arg(long, value_name = "HEAP", num_args = 1.., value_delimiter = ',', value_parser = HEAPS)]
    only: Vec<String>,
    /// Numbers of live objects to measure beside
    #[arg(long, value_name = "OBJECTS", num_args = 1.., value_delimiter = ',', value_parser = objects)]
    live: Vec<usize>,
    /// Rounds over all heaps and sizes [default: 3, quick: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repeats: Option<u32>,
    /// Writes the report as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes a chart
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Child {
    /// One measurement, printed as a line of JSON
    #[command(hide = true)]
    Child { heap: String, mode: Mode, live: usize, steps: usize },
}

/// Parses a number of objects, such as `1000000` or `1e6`.
fn objects(text: &str) -> Result<usize, String> {
    match text.parse::<f64>() {
        Ok(number) if (10.0..=1e8).contains(&number) => Ok(number as usize),
        _ => Err("a number from 10 to 1e8 is wanted".into()),
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match options.child {
        Some(Child::Child { heap, mode, live, steps }) => child(&heap, mode, live, steps),
        None => run(&options.run),
    };
    done.unwrap_or_else(|error| {
        eprintln!("pauses: {error:#}");
        ExitCode::from(2)
    })
}

fn child(heap: &str, mode: Mode, live: usize, steps: usize) -> Result<ExitCode> {
    process::limit_memory()?;
    let sample = pauses::child(heap, mode, live, steps)?;
    println!("{}", serde_json::to_string(&Message::Stepped(sample))?);
    Ok(ExitCode::SUCCESS)
}

fn run(options: &Run) -> Result<ExitCode> {
    for file in [&options.json, &options.svg].into_iter().flatten() {
        process::check_writable(file)?;
    }
    let plan = Plan::new(options.quick, &options.live, &options.only, options.repeats);
    let report = pauses::run(&plan, &process::progress)?;
    if std::io::stderr().is_terminal() {
        process::progress("");
    }
    write!(std::io::stdout(), "{}", pauses::table(&report))?;
    if let Some(file) = &options.json {
        let json = serde_json::to_string_pretty(&report)?;
        std::fs::write(file, json + "\n").with_context(|| format!("{}", file.display()))?;
    }
    if let Some(file) = &options.svg {
        std::fs::write(file, pauses::chart(&report)).with_context(|| format!("{}", file.display()))?;
    }
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
