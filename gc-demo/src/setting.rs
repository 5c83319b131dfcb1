//! The setting of a scenario (policy, limits, size), and the command line options for it.

use crate::watch::Watcher;
use clap::{Args, ValueEnum};
use gc_core::{FinalizerPolicy, Pace};
use indicatif::ProgressBar;
use std::path::PathBuf;
use std::time::Duration;

/// A leak that `service` can have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum LeakKind {
    /// A list that is never emptied.
    Container,
    /// Cycles with finalizers (a leak under legacy).
    Cycle,
    /// Declared memory outside of the heap.
    External,
    /// A queue that is filled faster than it is emptied.
    Backlog,
}

/// The setting of one run of a scenario.
#[derive(Clone, Debug)]
pub struct Setting {
    pub policy: FinalizerPolicy,
    /// True if the cure is applied instead of the leak.
    pub fixed: bool,
    pub seed: u64,
    /// The factor by which the numbers of requests, objects and rows are multiplied.
    pub scale: f64,
    pub initial: usize,
    /// The limit of the heap in bytes. `None` leaves the limit of the scenario, if the scenario has
    /// one.
    pub max: Option<usize>,
    pub pace: Pace,
    /// The duration of scenarios that run for a given time.
    pub duration: Option<Duration>,
    /// Rows of the table of `load-all-rows`.
    pub rows: Option<usize>,
    /// The leak that is planted in the scenario `service`.
    pub leak: Option<LeakKind>,
    /// True if the log lines of collections go to stderr.
    pub gc_log: bool,
    /// The file for a heap dump at the first out-of-memory error.
    pub dump: Option<PathBuf>,
    /// The file for a snapshot of the heap at the end of the run.
    pub snapshot: Option<PathBuf>,
    /// The dashboard that shows the run.
    pub watcher: Option<Watcher>,
    /// True if this run repeats another one under a larger limit. A repeated run prints nothing and
    /// writes no files.
    pub is_trial: bool,
    /// True if the scenario may be run again under larger limits.
    pub trials: bool,
    /// The spinner that shows slow steps; `None` if slow steps are not reported.
    pub progress: Option<ProgressBar>,
}

impl Default for Setting {
    fn default() -> Setting {
        Setting {
            policy: FinalizerPolicy::Pep442,
            fixed: false,
            seed: 1,
            scale: 1.0,
            initial: 0,
            max: None,
            pace: Pace::StopTheWorld,
            duration: None,
            rows: None,
            leak: None,
            gc_log: false,
            dump: None,
            snapshot: None,
            watcher: None,
            is_trial: false,
            trials: true,
            progress: None,
        }
    }
}

impl Setting {
    /// Reports the present step, on a line of its own and as the text of the spinner.
    pub fn tell(&self, what: &str) {
        match &self.progress {
            Some(progress) if !progress.is_hidden() => {
                progress.set_message(what.to_owned());
                progress.suspend(|| eprintln!("{what}"));
            }
            Some(_) => eprintln!("{what}"),
            None => {}
        }
    }

    /// Returns `number` multiplied by the scale, at least 1.
    pub fn scaled(&self, number: usize) -> usize {
        ((number as f64 * self.scale) as usize).max(1)
    }
}

/// The options that make a setting.
#[derive(Args, Clone, Debug)]
pub struct SettingOptions {
    /// With the cure instead of the leak
    #[arg(long)]
    fixed: bool,
    /// The seed of all that is random
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Multiplies requests, objects and rows
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = scale)]
    scale: f64,
    /// Memory that is reserved up front, as the JVM's -Xms: 512k, 16m, 1g
    #[arg(long, value_name = "SIZE", value_parser = |text: &str| size(text, "initial"))]
    xms: Option<usize>,
    /// The most memory that the heap may have, as the JVM's -Xmx
    #[arg(long, value_name = "SIZE", value_parser = |text: &str| size(text, "maximum"))]
    xmx: Option<usize>,
    /// How collections stop the program: stop, or a budget of slices, 500us
    #[arg(long, value_name = "PACE", default_value = "stop", value_parser = pace)]
    pace: Pace,
    /// How long scenarios take that run by the clock: 500ms, 2s, 1m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    /// Rows of the table of load-all-rows [100000, times the scale above 1]
    #[arg(long, value_name = "N", value_parser = rows)]
    rows: Option<usize>,
    /// Plants a leak in the scenario service
    #[arg(long, value_enum, value_name = "KIND")]
    leak: Option<LeakKind>,
    /// Do not try it again with more memory after out-of-memory
    #[arg(long)]
    no_trials: bool,
    /// Log lines of collections on stderr, as the JVM's -Xlog:gc
    #[arg(long)]
    gc_log: bool,
    /// Write a heap dump (.heapsnapshot) of the end
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// Write a heap dump when out of memory [file: oom.heapsnapshot]
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "oom.heapsnapshot", require_equals = true)]
    heap_dump_on_out_of_memory: Option<PathBuf>,
}

impl SettingOptions {
    /// Returns true if `--rows` was given.
    pub fn sets_rows(&self) -> bool {
        self.rows.is_some()
    }

    /// Returns true if a leak is to be planted.
    pub fn plants_a_leak(&self) -> bool {
        self.leak.is_some()
    }

    /// Returns true if `--fixed` was given.
    pub fn is_fixed(&self) -> bool {
        self.fixed
    }

    pub fn setting(&self, policy: FinalizerPolicy) -> Setting {
        Setting {
            policy,
            fixed: self.fixed,
            seed: self.seed,
            scale: self.scale,
            initial: self.xms.unwrap_or(0),
            max: self.xmx,
            pace: self.pace,
            duration: self.duration,
            rows: self.rows,
            leak: self.leak,
            gc_log: self.gc_log,
            dump: self.heap_dump_on_out_of_memory.clone(),
            snapshot: self.snapshot.clone(),
            watcher: None,
            is_trial: false,
            trials: !self.no_trials,
            progress: None,
        }
    }
}

/// Parses a size in the notation of the JVM, such as `512k` or `16m`.
fn size(text: &str, what: &str) -> Result<usize, String> {
    let invalid = || format!("Invalid {what} heap size: {text} (write it as 512k, 16m or 1g)");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        _ => return Err(invalid()),
    };
    let number: usize = digits.parse().map_err(|_| invalid())?;
    number.checked_mul(1 << shift).ok_or_else(invalid)
}

fn scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if (0.01..=1000.0).contains(&scale) => Ok(scale),
        _ => Err("a number from 0.01 to 1000 is wanted".into()),
    }
}

fn rows(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(rows) if (1..=100_000_000).contains(&rows) => Ok(rows),
        _ => Err("a number from 1 to 100000000 is wanted".into()),
    }
}

fn pace(text: &str) -> Result<Pace, String> {
    match text {
        "stop" => Ok(Pace::StopTheWorld),
        text => Ok(Pace::Incremental { budget: duration(text)? }),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_alphabetic());
    let second = match &text[digits.len()..] {
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        _ => return Err("a time such as 500us, 20ms, 2s or 1m is wanted".into()),
    };
    match digits.parse::<f64>() {
        Ok(number) if (0.0..1e9).contains(&(number * second)) => Ok(Duration::from_secs_f64(number * second)),
        _ => Err("a time such as 500us, 20ms, 2s or 1m is wanted".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{duration, pace, scale, size};
    use std::time::Duration;

    #[test]
    fn sizes_are_written_as_for_the_jvm() {
        assert_eq!(size("512k", "maximum"), Ok(512 << 10));
        assert_eq!((size("16M", "maximum"), size("1g", "maximum")), (Ok(16 << 20), Ok(1 << 30)));
        assert_eq!(size("1000", "maximum"), Ok(1000));
        for text in ["", "m", "32x", "1.5m", "-1m", "99999999999g", "16mb"] {
            let error = size(text, "maximum").unwrap_err();
            assert!(error.starts_with(&format!("Invalid maximum heap size: {text} ")), "{error}");
        }
    }

    #[test]
    fn times_and_paces_have_units() {
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!((duration("20ms"), duration("2m")), (Ok(Duration::from_millis(20)), Ok(Duration::from_secs(120))));
        assert!(["", "5", "5 s", "s", "-1s", "1h"].iter().all(|text| duration(text).is_err()));
        assert!(pace("stop").is_ok() && pace("500us").is_ok() && pace("fast").is_err());
        assert!(scale("0.5").is_ok() && ["0", "-1", "x", "1e9"].iter().all(|text| scale(text).is_err()));
    }
}
