//! Measures all rows on all peers, each in a process of its own. Exits with 1 if a bar does not
//! hold.

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use gc_benches::compare::{self, Plan};
use gc_benches::floors::Floor;
use gc_benches::peers::{self, PEERS};
use gc_benches::process::{self, Message};
use gc_benches::report::{FLOOR, PYTHON, Report};
use gc_benches::rows::{self, ROWS};
use gc_benches::work::Size;
use gc_benches::{chart, table};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Measures gc-core beside its peers: every row of the table, every peer, each in a
/// process of its own; the least of interleaved repeats, in thread CPU time.
///
/// Absolute bars are scaled by this run's `Rc` churn over 13.6 ns. Exits with 1 when a
/// bar does not hold, with 2 on wrong usage.
#[derive(Debug, Parser)]
#[command(name = "compare", args_conflicts_with_subcommands = true)]
struct Options {
    #[command(flatten)]
    run: Run,
    #[command(subcommand)]
    child: Option<Child>,
}

#[derive(Debug, Args)]
struct Run {
    /// A tenth of the objects, few repeats, slow peers cut: under a minute
    #[arg(long)]
    quick: bool,
    /// Only these rows (see --list)
    #[arg(long, value_name = "ROW", num_args = 1.., value_delimiter = ',', value_parser = row_names())]
    only: Vec<String>,
    /// Only these peers (see --list); "gc-core" may be written "ours"
    #[arg(long, value_name = "PEER", num_args = 1.., value_delimiter = ',', value_parser = peer_names())]
    peers: Vec<String>,
    /// Rounds over all rows and peers, of three runs each (quick: two) [default: 3, quick: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repeats: Option<u32>,
    /// Writes the report as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes a chart
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Prints the numbers of every peer, too
    #[arg(long)]
    cells: bool,
    /// Lists rows and peers
    #[arg(long)]
    list: bool,
}

#[derive(Debug, Subcommand)]
enum Child {
    /// One measurement, printed as a line of JSON
    #[command(hide = true)]
    Child { peer: String, row: String, objects: usize, live: usize, steps: usize, trees: usize },
}

fn row_names() -> Vec<&'static str> {
    ROWS.iter().map(|row| row.id).collect()
}

fn peer_names() -> Vec<&'static str> {
    PEERS.iter().map(|peer| peer.name).chain(["ours", "rc", PYTHON]).collect()
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match options.child {
        Some(Child::Child { peer, row, objects, live, steps, trees }) => {
            child(&peer, &row, &Size { objects, live, steps, trees, ..Size::FULL })
        }
        None if options.run.list => list(),
        None => run(&options.run),
    };
    done.unwrap_or_else(|error| {
        eprintln!("compare: {error:#}");
        ExitCode::from(2)
    })
}

/// Runs one measurement in this process, and prints its message.
fn child(peer: &str, row: &str, size: &Size) -> Result<ExitCode> {
    process::limit_memory()?;
    let message = match peer {
        FLOOR => {
            let floor = Floor::ALL.into_iter().find(|floor| floor.name() == row).context("no such floor")?;
            Message::measured(floor.run(size.objects))
        }
        peer => {
            let peer = peers::named(peer).context("no such peer")?;
            let row = rows::named(row).context("no such row")?;
            (peer.run_and_leak)(row.work, size)
                .map_or_else(|cannot| Message::Cannot(cannot.to_string()), Message::measured)
        }
    };
    println!("{}", serde_json::to_string(&message)?);
    Ok(ExitCode::SUCCESS)
}

fn list() -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    for row in &ROWS {
        writeln!(out, "{:<16} {} ({})", row.id, row.title, row.unit.name())?;
    }
    writeln!(out)?;
    for peer in &PEERS {
        writeln!(out, "{:<18} {:?}", peer.name, peer.kind)?;
    }
    writeln!(out, "{PYTHON:<18} where python3 is found")?;
    Ok(ExitCode::SUCCESS)
}

fn run(options: &Run) -> Result<ExitCode> {
    for file in [&options.json, &options.svg].into_iter().flatten() {
        process::check_writable(file)?;
    }
    let plan = Plan::new(options.quick, &options.only, &options.peers, options.repeats);
    let report = compare::run(&plan)?;
    print(&report, options.cells)?;
    if let Some(file) = &options.json {
        let json = serde_json::to_string_pretty(&report)?;
        std::fs::write(file, json + "\n").with_context(|| format!("{}", file.display()))?;
    }
    if let Some(file) = &options.svg {
        std::fs::write(file, chart::bars(&report)).with_context(|| format!("{}", file.display()))?;
    }
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn print(report: &Report, cells: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", table::rows(report))?;
    if cells {
        writeln!(out, "{}", table::cells(report))?;
    }
    for cell in report.cells.iter().filter(|cell| cell.peer == FLOOR) {
        let title = Floor::ALL.iter().find(|floor| floor.name() == cell.row).map_or("", |floor| floor.title());
        writeln!(out, "floor: {title}: {} ns", cell.value.map_or("–".into(), table::number))?;
    }
    writeln!(out, "\n{}", table::notes(report))?;
    Ok(())
}
