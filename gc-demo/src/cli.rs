//! The command line and its commands.

mod commands;

use crate::inspect;
use crate::python;
use crate::replay;
use crate::scenarios::{ALL, Cure, Scenario};
use crate::screen::Style;
use crate::setting::SettingOptions;
use crate::show;
use crate::tour;
use anyhow::Result;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};
use gc_core::FinalizerPolicy;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// What a managed heap does, shown on a managed heap.
///
/// Without a command: a short tour of the scenarios.
#[derive(Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// List the scenarios
    ///
    /// Example: gc-demo list
    #[command(verbatim_doc_comment)]
    List {
        /// Print JSON: an array of objects
        #[arg(long)]
        json: bool,
    },
    /// Print a scenario's program, leak marked, and its Python twin
    ///
    /// Example: gc-demo show global-container
    #[command(verbatim_doc_comment)]
    Show {
        /// Which scenario: see `gc-demo list`
        #[arg(value_name = "NAME", value_parser = scenario_name(), hide_possible_values = true)]
        scenario: &'static Scenario,
    },
    /// Play a scenario, show what the heap shows, and diagnose it
    ///
    /// Exits with 3 when the run ended in out-of-memory, expected or not, with 130
    /// when it was interrupted, with 1 when a file could not be written, and with 2
    /// when something is wrong with the command line. `-Xmx8m`, `-Xms8m`, `-Xlog:gc`
    /// and `-XX:+HeapDumpOnOutOfMemoryError` are understood as well.
    ///
    /// Example: gc-demo run global-container --fixed
    #[command(verbatim_doc_comment)]
    Run(RunOptions),
    /// Watch a scenario on a dashboard, in slow motion
    ///
    /// Memory over time with the collections, objects by type with their growth,
    /// pauses, gauges. Keys: q quit, space pause, c collect, i inspect the suspects (i
    /// or Esc: back), s write a heap dump, p start again under the other policy, r start
    /// again.
    ///
    /// Example: gc-demo watch service --leak container
    #[command(verbatim_doc_comment)]
    Watch(WatchOptions),
    /// Play a scenario and its cure, and write a page about them
    ///
    /// One HTML file with charts, histogram, path to the root, diagnosis and cure; it
    /// needs no network. `-o -` writes it to stdout.
    ///
    /// Example: gc-demo report global-container -o leak.html
    #[command(verbatim_doc_comment)]
    Report(ReportOptions),
    /// Run recorded programs and compare every outcome
    ///
    /// A recorded program is a JSON file of operations on a heap, with everything
    /// that a Python interpreter showed after each of them.
    ///
    /// Exits with 1 if an outcome differs, and with 2 if a file cannot be read.
    ///
    /// Example: gc-demo replay gc-core/tests/traces
    #[command(verbatim_doc_comment)]
    Replay(replay::Options),
    /// Print completions for a shell
    ///
    /// Example: gc-demo completions bash > /etc/bash_completion.d/gc-demo
    #[command(verbatim_doc_comment)]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the module that writes heap dumps of a Python process
    ///
    /// One file for Python 2.7 and 3.6 to 3.14 without dependencies. In the program:
    /// `import gc_dump; gc_dump.write("a.heapsnapshot")`, or
    /// `gc_dump.on_signal(signal.SIGUSR2)` for a dump at each signal.
    ///
    /// Example: gc-demo python-dumper > gc_dump.py
    #[command(verbatim_doc_comment)]
    PythonDumper,
    /// Let a running Python process write a heap dump
    ///
    /// Attaches by `sys.remote_exec` (Python 3.14), or by gdb where it is installed.
    /// The process stops while it writes: about 30 s for a million objects.
    ///
    /// Example: gc-demo dump --pid 4711 -o a.heapsnapshot
    #[command(verbatim_doc_comment)]
    Dump(python::DumpOptions),
    /// Look into a heap dump, or at what grew from one to the next
    ///
    /// A heap dump is a `.heapsnapshot` file, written by this program, by a program
    /// that embeds the heap, by V8 (Chrome, Node.js), or by the dumper for Python
    /// (`gc-demo python-dumper`); dumps of PyHeap and of meliae are read as well. A
    /// file may be packed by gzip. With several dumps of one process: what grew, and
    /// where it is held. Three tell a leak from a cache that fills to its bound.
    /// Without further options: the types, the objects that retain most, the
    /// suspects.
    ///
    /// Example: gc-demo inspect before.heapsnapshot after.heapsnapshot --suspects
    #[command(verbatim_doc_comment)]
    Inspect(inspect::Options),
}

#[derive(clap::Args)]
struct RunOptions {
    /// Which scenario: see `gc-demo list`; `all` for every one
    #[arg(value_name = "NAME", value_parser = scenario_names(), hide_possible_values = true)]
    scenario: Which,
    /// Whose rules: legacy, pep442 or both
    #[arg(long, value_enum, default_value_t = Policy::Both, hide_possible_values = true, ignore_case = true)]
    policy: Policy,
    /// Print JSON: an object; with both policies an array
    #[arg(long)]
    json: bool,
    /// Print the diagnosis alone
    #[arg(long, conflicts_with = "json")]
    quiet: bool,
    #[command(flatten)]
    setting: SettingOptions,
}

#[derive(clap::Args)]
struct WatchOptions {
    /// Which scenario: see `gc-demo list`
    #[arg(value_name = "NAME", value_parser = scenario_name(), hide_possible_values = true)]
    scenario: &'static Scenario,
    /// Whose rules: legacy or pep442
    #[arg(long, value_enum, default_value_t = OnePolicy::Legacy, hide_possible_values = true, ignore_case = true)]
    policy: OnePolicy,
    #[command(flatten)]
    setting: SettingOptions,
}

#[derive(clap::Args)]
struct ReportOptions {
    /// A scenario (see `gc-demo list`), or heap dumps, the oldest first
    #[arg(value_name = "NAME|FILE", required = true)]
    what: Vec<PathBuf>,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Whose rules: legacy or pep442
    #[arg(long, value_enum, default_value_t = OnePolicy::Legacy, hide_possible_values = true, ignore_case = true)]
    policy: OnePolicy,
    #[command(flatten)]
    setting: SettingOptions,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnePolicy {
    Legacy,
    Pep442,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Policy {
    Legacy,
    Pep442,
    Both,
}

impl Cli {
    /// Runs the command that the command line names.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub fn run(&self, out: &mut impl Write) -> Result<ExitCode> {
        match &self.command {
            None => tour::show(out, Style::of_stdout())?,
            Some(Command::List { json }) => list(*json, out)?,
            Some(Command::Show { scenario }) => show::program(scenario, Style::of_stdout(), out)?,
            Some(Command::Run(options)) => return commands::play(options, out),
            Some(Command::Completions { shell }) => complete(*shell, out)?,
            Some(Command::Watch(options)) => return commands::watched(options, out),
            Some(Command::Report(options)) => return commands::write_page(options, out),
            Some(Command::Inspect(options)) => inspect::run(options, out)?,
            Some(Command::PythonDumper) => python::print_dumper(out)?,
            Some(Command::Dump(options)) => python::dump(options, out)?,
            Some(Command::Replay(options)) => return Ok(verdict(&replay::run(options, out)?)),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn verdict(tally: &replay::Tally) -> ExitCode {
    match (tally.malformed, tally.failed) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::from(1),
        _ => ExitCode::from(2),
    }
}

/// The scenarios to run.
#[derive(Clone, Copy)]
enum Which {
    One(&'static Scenario),
    All,
}

fn scenario_name() -> impl TypedValueParser<Value = &'static Scenario> {
    let found = |name: String| Scenario::named(&name).ok_or("there is no such scenario");
    PossibleValuesParser::new(possible_names()).try_map(found)
}

fn scenario_names() -> impl TypedValueParser<Value = Which> {
    let all = PossibleValue::new("all").help("every scenario, one after the other");
    let found = |name: String| match Scenario::named(&name) {
        Some(scenario) => Ok(Which::One(scenario)),
        None if name == "all" => Ok(Which::All),
        None => Err("there is no such scenario"),
    };
    PossibleValuesParser::new(possible_names().chain([all])).try_map(found)
}

fn possible_names() -> impl Iterator<Item = PossibleValue> {
    ALL.iter().map(|scenario| PossibleValue::new(scenario.name).help(scenario.summary))
}

fn complete(shell: clap_complete::Shell, out: &mut impl Write) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "gc-demo", &mut script);
    out.write_all(&script)?;
    Ok(())
}

fn list(json: bool, out: &mut impl Write) -> Result<()> {
    if json {
        let row = |scenario: &Scenario| {
            let cure = match scenario.cure {
                Cure::Is(cure) => Some(cure),
                Cure::None(_) => None,
            };
            serde_json::json!({
                "name": scenario.name, "summary": scenario.summary, "story": scenario.story, "cure": cure,
                "max": scenario.max, "in_tour": scenario.in_tour,
            })
        };
        serde_json::to_writer_pretty(&mut *out, &ALL.iter().map(row).collect::<Vec<_>>())?;
        writeln!(out)?;
        return Ok(());
    }
    let names = ALL.iter().map(|scenario| scenario.name.len()).max().unwrap_or(0);
    for scenario in &ALL {
        writeln!(out, "{:<names$}  {}", scenario.name, scenario.summary)?;
    }
    Ok(())
}

/// The exit code of a run that ended in out-of-memory.
const OUT_OF_MEMORY: u8 = 3;

impl OnePolicy {
    fn policy(self) -> FinalizerPolicy {
        match self {
            OnePolicy::Legacy => FinalizerPolicy::Legacy,
            OnePolicy::Pep442 => FinalizerPolicy::Pep442,
        }
    }
}

impl Policy {
    fn policies(self) -> &'static [FinalizerPolicy] {
        match self {
            Policy::Legacy => &[FinalizerPolicy::Legacy],
            Policy::Pep442 => &[FinalizerPolicy::Pep442],
            Policy::Both => &[FinalizerPolicy::Legacy, FinalizerPolicy::Pep442],
        }
    }
}
