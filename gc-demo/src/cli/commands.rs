//! The work of the commands `run`, `watch` and `report`.

use super::{OUT_OF_MEMORY, ReportOptions, RunOptions, WatchOptions, Which};
use crate::inspect::Dumps;
use crate::output;
use crate::page;
use crate::report::{Report, policy_name};
use crate::scenarios::{ALL, Cure, Scenario};
use crate::screen::{self, Style, WIDTH, wrap};
use crate::setting::{Setting, SettingOptions};
use crate::watch;
use crate::{INTERRUPTED_CODE, Unwritable};
use anyhow::{Result, bail};
use gc_core::FinalizerPolicy;
use indicatif::ProgressBar;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

pub(super) fn play(options: &RunOptions, out: &mut impl Write) -> Result<ExitCode> {
    let scenarios: Vec<&Scenario> = match options.scenario {
        Which::One(scenario) => {
            check(scenario, &options.setting)?;
            vec![scenario]
        }
        Which::All => ALL.iter().filter(|scenario| check(scenario, &options.setting).is_ok()).collect(),
    };
    let policies = options.policy.policies();
    let settings: Vec<Setting> = policies.iter().map(|&policy| options.setting.setting(policy)).collect();
    let mut all = Vec::new();
    for (number, scenario) in scenarios.iter().enumerate() {
        // Where two runs would write the same file, each run gets a file of its own. Devices are
        // shared.
        let own_files = |setting: &Setting| {
            let policy = (policies.len() > 1).then(|| policy_name(setting.policy));
            let scenario = (scenarios.len() > 1).then_some(scenario.name);
            policy.into_iter().chain(scenario).fold(setting.clone(), with_part_in_files)
        };
        let settings: Vec<Setting> = settings.iter().map(own_files).collect();
        settings.iter().try_for_each(can_be_written)?;
        let reports = run_under_each(scenario, &settings, options)?;
        if crate::interrupted() {
            crate::conclude();
        }
        if !options.json {
            if number > 0 {
                writeln!(out)?;
            }
            if options.quiet && scenarios.len() > 1 {
                writeln!(out, "{}", Style::of_stdout().heading(scenario.name))?;
            }
            print_text(scenario, &reports, options.quiet, out)?;
        }
        all.extend(reports);
        if crate::interrupted() {
            break;
        }
    }
    if options.json {
        print_json(&all, scenarios.len() > 1 || policies.len() > 1, out)?;
    }
    let wanted = scenarios.len() * policies.len();
    if crate::interrupted() && all.len() < wanted {
        out.flush()?;
        eprintln!("interrupted: {} of {wanted} runs were made", all.len());
        return Ok(ExitCode::from(INTERRUPTED_CODE));
    }
    ended(&all, out)
}

/// Runs the scenario under each policy in turn, until a run is interrupted.
fn run_under_each(scenario: &Scenario, settings: &[Setting], options: &RunOptions) -> Result<Vec<Report>> {
    let mut reports = Vec::new();
    for setting in settings {
        let spinner = spinner(scenario, setting.policy);
        let progress = (!options.quiet).then(|| spinner.clone());
        let report = scenario.run(&Setting { progress, ..setting.clone() });
        spinner.finish_and_clear();
        reports.push(report?);
        if crate::interrupted() {
            break;
        }
    }
    Ok(reports)
}

pub(super) fn watched(options: &WatchOptions, out: &mut impl Write) -> Result<ExitCode> {
    check(options.scenario, &options.setting)?;
    let setting = options.setting.setting(options.policy.policy());
    can_be_written(&setting)?;
    let watch::Watched { report, interrupted } = watch::run(options.scenario, setting)?;
    print_text(options.scenario, std::slice::from_ref(&report), false, out)?;
    ended(&[Report { interrupted, ..report }], out)
}

/// Adds `part` to the names of the files that the run writes.
fn with_part_in_files(setting: Setting, part: &str) -> Setting {
    let named = |file: &Option<PathBuf>| file.as_ref().map(|file| with_part(file, part));
    Setting { snapshot: named(&setting.snapshot), dump: named(&setting.dump), ..setting }
}

/// Adds `part` to a file name: `a/end.heapsnapshot` becomes `a/end.legacy.heapsnapshot`. Returns a
/// special file, such as a device, unchanged. Returns a
/// special file, such as a device, unchanged.
fn with_part(file: &Path, part: &str) -> PathBuf {
    let extension = file.extension().map(|extension| format!(".{}", extension.display())).unwrap_or_default();
    let stem = file.file_stem().map(|stem| stem.display().to_string()).unwrap_or_default();
    if output::is_special(file) {
        return file.into();
    }
    file.with_file_name(format!("{stem}.{part}{extension}"))
}

/// Checks, before the run starts, that the files of the run can be written.
fn can_be_written(setting: &Setting) -> Result<()> {
    if let (Some(snapshot), Some(dump)) = (&setting.snapshot, &setting.dump)
        && snapshot == dump
    {
        bail!("{} is to be written twice: at out-of-memory and at the end", snapshot.display());
    }
    setting.snapshot.iter().chain(&setting.dump).try_for_each(|file| try_to_write(file))
}

fn try_to_write(file: &Path) -> Result<()> {
    if file.as_os_str() == "-" {
        bail!("a heap dump needs a file: stdout is for the report (`./-` is a file)");
    }
    let is_new = !file.exists();
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(file);
    opened.map_err(|error| Unwritable(format!("cannot write {}: {error}", file.display())))?;
    if is_new {
        // If removing fails, an empty file stays there until the run writes it.
        let _ = std::fs::remove_file(file);
    }
    Ok(())
}

/// Returns the exit code for these runs, or an error if a file could not be written.
fn ended(reports: &[Report], out: &mut impl Write) -> Result<ExitCode> {
    let unwritten: Vec<&str> = reports.iter().flat_map(|report| &report.unwritten).map(String::as_str).collect();
    if !unwritten.is_empty() {
        out.flush()?;
        return Err(Unwritable(unwritten.join("; ")).into());
    }
    Ok(exit_code(reports))
}

/// Returns an error if an option does not apply to the scenario.
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

/// Returns a spinner that names the run, on stderr if stderr is a terminal.
fn spinner(scenario: &Scenario, policy: FinalizerPolicy) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(format!("{} ({})", scenario.name, policy_name(policy)));
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

fn exit_code(reports: &[Report]) -> ExitCode {
    if reports.iter().any(|report| report.interrupted) {
        return ExitCode::from(INTERRUPTED_CODE);
    }
    let ran_out = reports.iter().any(|report| report.out_of_memory.is_some());
    if ran_out { ExitCode::from(OUT_OF_MEMORY) } else { ExitCode::SUCCESS }
}

/// Writes the page of a scenario, or of heap dumps.
pub(super) fn write_page(options: &ReportOptions, out: &mut impl Write) -> Result<ExitCode> {
    let named = options.what[0].to_str().and_then(Scenario::named);
    match named {
        Some(scenario) if options.what.len() == 1 => write_page_of_scenario(scenario, options, out),
        _ => write_page_of_dumps(options, out),
    }
}

fn write_page_of_dumps(options: &ReportOptions, out: &mut impl Write) -> Result<ExitCode> {
    if let Some(missing) = options.what.iter().find(|file| file.as_os_str() != "-" && !file.exists()) {
        bail!("{} is neither a scenario (`gc-demo list`) nor a file", missing.display());
    }
    let is_stdout = options.output.as_os_str() == "-";
    if options.what.contains(&options.output) && !is_stdout {
        bail!("{} is to be read and to be written", options.output.display());
    }
    if !is_stdout {
        try_to_write(&options.output)?;
    }
    let dumps = Dumps::read(&options.what)?;
    let page = page::page_of_dumps(&dumps)?;
    let verdict = dumps.looks().diagnose().verdict.word();
    write_html(&options.output, &page, verdict, out)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the page to a file, which it names together with the verdict, or to stdout (`-`).
fn write_html(file: &Path, page: &str, verdict: &str, out: &mut impl Write) -> Result<()> {
    if file.as_os_str() == "-" {
        out.write_all(page.as_bytes())?;
        return Ok(());
    }
    let written = output::write_whole(file, |mut file| file.write_all(page.as_bytes()));
    written.map_err(|error| Unwritable(format!("cannot write {}: {error}", file.display())))?;
    writeln!(out, "{} written: {verdict}", file.display())?;
    Ok(())
}

fn write_page_of_scenario(
    scenario: &'static Scenario,
    options: &ReportOptions,
    out: &mut impl Write,
) -> Result<ExitCode> {
    check(scenario, &options.setting)?;
    let spinner = spinner(scenario, options.policy.policy());
    let setting = options.setting.setting(options.policy.policy());
    let setting = Setting { progress: Some(spinner.clone()), ..setting };
    let is_stdout = options.output.as_os_str() == "-";
    can_be_written(&setting)?;
    if !is_stdout {
        if [&setting.snapshot, &setting.dump].contains(&&Some(options.output.clone())) {
            bail!("{} is to be written twice: a page and a heap dump", options.output.display());
        }
        try_to_write(&options.output)?;
    }
    let mut reports = vec![scenario.run(&setting)?];
    if let (Cure::Is(_), false, false) = (scenario.cure, setting.fixed, crate::interrupted()) {
        // The cure writes no files, so that the files of the leak are kept.
        reports.push(scenario.run(&Setting { fixed: true, snapshot: None, dump: None, ..setting })?);
    }
    spinner.finish_and_clear();
    let page = page::page(scenario, &reports)?;
    write_html(&options.output, &page, reports[0].verdict.kind, out)?;
    // The page was written as requested, so an out-of-memory error in a run does not change the
    // exit code.
    let reports: Vec<Report> = reports.into_iter().map(|report| Report { out_of_memory: None, ..report }).collect();
    ended(&reports, out)
}

fn print_text(scenario: &Scenario, reports: &[Report], quiet: bool, out: &mut impl Write) -> Result<()> {
    let style = Style::of_stdout();
    if !quiet {
        writeln!(out, "{}\n{}\n", style.heading(scenario.name), scenario.summary)?;
        let fixed = reports.first().is_some_and(|report| report.fixed);
        let story = if fixed { format!("Without the cure: {}", scenario.story) } else { scenario.story.to_owned() };
        for line in wrap(&story, WIDTH) {
            writeln!(out, "{line}")?;
        }
        if let (Cure::Is(cure), true) = (scenario.cure, fixed) {
            for line in wrap(&format!("With it, as shown here: {cure}."), WIDTH) {
                writeln!(out, "{line}")?;
            }
        }
        write!(out, "{}", screen::steps(reports, style, false))?;
    }
    write!(out, "{}", screen::diagnoses(reports, style))?;
    let fixed = reports.first().is_some_and(|report| report.fixed);
    if let (Cure::Is(cure), false, false) = (scenario.cure, quiet, fixed) {
        writeln!(out, "\n{}", style.heading("The cure (--fixed)"))?;
        for line in wrap(cure, WIDTH - 3) {
            writeln!(out, "   {line}")?;
        }
    }
    Ok(())
}

fn print_json(reports: &[Report], as_list: bool, out: &mut impl Write) -> Result<()> {
    match reports {
        [only] if !as_list => serde_json::to_writer_pretty(&mut *out, only)?,
        all => serde_json::to_writer_pretty(&mut *out, all)?,
    }
    writeln!(out)?;
    Ok(())
}
