//! Measures the cost of an object at growing sizes of the heap, and the throughput of heaps on
//! several threads.

use anyhow::{Context as _, Result};
use clap::Parser;
use gc_benches::{growth, lines, process};
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

/// Measures how the cost of an object grows with our heap: the same collections at
/// 1e4, 1e5, ... live objects, in thread CPU time; and how heaps of several threads add
/// up, by the wall clock.
#[derive(Debug, Parser)]
#[command(name = "growth")]
struct Options {
    /// The largest heap, in objects; 1e8 needs 10 GB and some minutes
    #[arg(long, value_name = "OBJECTS", default_value = "1e7", value_parser = objects)]
    max: usize,
    /// Greatest number of threads at once [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Writes the numbers as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes a chart
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Parses a number of objects, such as `1000000` or `1e6`.
fn objects(text: &str) -> Result<usize, String> {
    match text.parse::<f64>() {
        Ok(number) if (1e4..=1e9).contains(&number) => Ok(number as usize),
        _ => Err("a number from 1e4 to 1e9 is wanted".into()),
    }
}

fn main() -> Result<()> {
    let options = Options::parse();
    for file in [&options.json, &options.svg].into_iter().flatten() {
        process::check_writable(file)?;
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let growth = growth::run(options.max, options.threads.unwrap_or(cores), &process::progress)?;
    if std::io::stderr().is_terminal() {
        process::progress("");
    }
    writeln!(std::io::stdout(), "{}", growth::table(&growth))?;
    if let Some(file) = &options.json {
        let json = serde_json::to_string_pretty(&growth)?;
        std::fs::write(file, json + "\n").with_context(|| format!("{}", file.display()))?;
    }
    if let Some(file) = &options.svg {
        std::fs::write(file, lines::growth(&growth)).with_context(|| format!("{}", file.display()))?;
    }
    Ok(())
}
