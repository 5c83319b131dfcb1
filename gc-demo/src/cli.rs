//! The command line, and what each command does.

use crate::inspect;
use crate::page;
use crate::replay;
use crate::report::{Report, policy_name};
use crate::scenarios::{ALL, Cure, Scenario};
use crate::screen::{self, Style, WIDTH, wrap};
use crate::setting::{Setting, SettingOptions};
use crate::tour;
use crate::watch;
use anyhow::{Context as _, Result, bail};
use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};
use gc_core::FinalizerPolicy;
use indicatif::ProgressBar;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

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
    List,
    /// Play a scenario, show what the heap shows, and diagnose it
    ///
    /// Exits with 3 when the run ended in out-of-memory, expected or not, and with 2
    /// when something is wrong with the command line.
    ///
    /// Example: gc-demo run global-container --fixed
    #[command(verbatim_doc_comment)]
    Run(RunOptions),
    /// Watch a scenario on a dashboard, in slow motion
    ///
    /// Memory over time with the collections, objects by type with their growth,
    /// pauses, gauges. Keys: q quit, space pause, c collect, i inspect the top suspect,
    /// s write a heap dump, p start again under the other policy, r start again.
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
    /// Look into a heap dump, or at what changed between two
    ///
    /// A heap dump is a `.heapsnapshot` file, written by this program, by a program
    /// that embeds the heap, or by V8 (Chrome, Node.js). Without further options:
    /// the types, the objects that retain most, the suspects.
    ///
    /// Example: gc-demo inspect before.heapsnapshot after.heapsnapshot --suspects
    #[command(verbatim_doc_comment)]
    Inspect(inspect::Options),
}

#[derive(clap::Args)]
struct RunOptions {
    /// Which scenario: see `gc-demo list`
    #[arg(value_name = "NAME", value_parser = scenario_named)]
    scenario: &'static Scenario,
    /// Whose rules: legacy, pep442 or both
    #[arg(long, value_enum, default_value_t = Policy::Both, hide_possible_values = true)]
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
    #[arg(value_name = "NAME", value_parser = scenario_named)]
    scenario: &'static Scenario,
    /// Whose rules: legacy or pep442
    #[arg(long, value_enum, default_value_t = OnePolicy::Legacy, hide_possible_values = true)]
    policy: OnePolicy,
    #[command(flatten)]
    setting: SettingOptions,
}

#[derive(clap::Args)]
struct ReportOptions {
    /// Which scenario: see `gc-demo list`
    #[arg(value_name = "NAME", value_parser = scenario_named)]
    scenario: &'static Scenario,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Whose rules: legacy or pep442
    #[arg(long, value_enum, default_value_t = OnePolicy::Legacy, hide_possible_values = true)]
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
    /// Does what the command line says.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub fn run(&self, out: &mut impl Write) -> Result<ExitCode> {
        match &self.command {
            None => tour::show(out, Style::of_stdout())?,
            Some(Command::List) => list(out)?,
            Some(Command::Run(options)) => return play(options, out),
            Some(Command::Completions { shell }) => complete(*shell, out)?,
            Some(Command::Watch(options)) => return watched(options, out),
            Some(Command::Report(options)) => write_page(options, out)?,
            Some(Command::Inspect(options)) => inspect::run(options, out)?,
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

fn scenario_named(name: &str) -> Result<&'static Scenario, String> {
    let names = || ALL.map(|scenario| format!("\n  {}", scenario.name)).concat();
    Scenario::named(name).ok_or_else(|| format!("there is no such scenario. There are{}", names()))
}

fn complete(shell: clap_complete::Shell, out: &mut impl Write) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "gc-demo", &mut script);
    out.write_all(&script)?;
    Ok(())
}

fn list(out: &mut impl Write) -> Result<()> {
    let names = ALL.iter().map(|scenario| scenario.name.len()).max().unwrap_or(0);
    for scenario in &ALL {
        writeln!(out, "{:<names$}  {}", scenario.name, scenario.summary)?;
    }
    Ok(())
}

/// The exit code of a run that ended in out-of-memory.
const OUT_OF_MEMORY: u8 = 3;

fn play(options: &RunOptions, out: &mut impl Write) -> Result<ExitCode> {
    let scenario = options.scenario;
    check(scenario, &options.setting)?;
    let run = |&policy: &FinalizerPolicy| {
        let spinner = spinner(scenario, policy);
        let report = scenario.run(&options.setting.setting(policy));
        spinner.finish_and_clear();
        report
    };
    let reports = options.policy.policies().iter().map(run).collect::<Result<Vec<Report>, _>>()?;
    if options.json {
        print_json(&reports, out)?;
    } else {
        print_text(scenario, &reports, options.quiet, out)?;
    }
    Ok(exit_code(&reports))
}

fn watched(options: &WatchOptions, out: &mut impl Write) -> Result<ExitCode> {
    check(options.scenario, &options.setting)?;
    let report = watch::run(options.scenario, options.setting.setting(options.policy.policy()))?;
    print_text(options.scenario, std::slice::from_ref(&report), false, out)?;
    Ok(exit_code(&[report]))
}

/// Is what was asked for to be had?
fn check(scenario: &Scenario, setting: &SettingOptions) -> Result<()> {
    if let (Cure::None(why), true) = (scenario.cure, setting.is_fixed()) {
        bail!("{} has no cure: {why}", scenario.name);
    }
    if setting.plants_a_leak() && !scenario.takes_a_leak() {
        bail!("--leak is for the scenario service; {} has its own", scenario.name);
    }
    if setting.sets_rows() && !scenario.has_rows() {
        bail!("--rows is for the scenario load-all-rows; {} has no table", scenario.name);
    }
    Ok(())
}

/// Tells on stderr, if that is a terminal, what takes its time.
fn spinner(scenario: &Scenario, policy: FinalizerPolicy) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(format!("{} ({})", scenario.name, policy_name(policy)));
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

fn exit_code(reports: &[Report]) -> ExitCode {
    let ran_out = reports.iter().any(|report| report.out_of_memory.is_some());
    if ran_out { ExitCode::from(OUT_OF_MEMORY) } else { ExitCode::SUCCESS }
}

fn write_page(options: &ReportOptions, out: &mut impl Write) -> Result<()> {
    let scenario = options.scenario;
    check(scenario, &options.setting)?;
    let setting = options.setting.setting(options.policy.policy());
    let mut reports = vec![scenario.run(&setting)?];
    if let (Cure::Is(_), false) = (scenario.cure, setting.fixed) {
        reports.push(scenario.run(&Setting { fixed: true, ..setting })?);
    }
    let page = page::page(scenario, &reports)?;
    if options.output.as_os_str() == "-" {
        out.write_all(page.as_bytes())?;
    } else {
        std::fs::write(&options.output, page).with_context(|| options.output.display().to_string())?;
        writeln!(out, "{} written: {}", options.output.display(), reports[0].verdict.kind)?;
    }
    Ok(())
}

fn print_text(scenario: &Scenario, reports: &[Report], quiet: bool, out: &mut impl Write) -> Result<()> {
    let style = Style::of_stdout();
    if !quiet {
        writeln!(out, "{}\n{}\n", style.heading(scenario.name), scenario.summary)?;
        for line in wrap(scenario.story, WIDTH) {
            writeln!(out, "{line}")?;
        }
        write!(out, "{}", screen::steps(reports, style, false))?;
    }
    write!(out, "{}", screen::diagnoses(reports, style))?;
    if let (Cure::Is(cure), false) = (scenario.cure, quiet) {
        let fixed = reports.first().is_some_and(|report| report.fixed);
        let how = if fixed { "This was the cure" } else { "The cure (--fixed)" };
        writeln!(out, "\n{}", style.heading(how))?;
        for line in wrap(cure, WIDTH - 3) {
            writeln!(out, "   {line}")?;
        }
    }
    Ok(())
}

fn print_json(reports: &[Report], out: &mut impl Write) -> Result<()> {
    match reports {
        [only] => serde_json::to_writer_pretty(&mut *out, only)?,
        all => serde_json::to_writer_pretty(&mut *out, all)?,
    }
    writeln!(out)?;
    Ok(())
}

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
