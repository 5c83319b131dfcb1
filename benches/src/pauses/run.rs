//! Runs the measurements, each in a process of its own. A row is measured once for its speed,
//! and once with the clock read after every step.

use super::{ARENA, BUDGET_US, HEAPS, INCREMENTAL, PYTHON, Report, Row, STOPPING, judge};
use crate::heap_under_test::{Automatic, HeapUnderTest, WithRoots};
use crate::measure::{peak_resident_bytes, resident_bytes, thread_time};
use crate::peers::arena::GcArena;
use crate::peers::ours::{Ours, OursIncremental};
use crate::process::{self, Message};
use crate::work::programs::RandomChurn;
use crate::{compare, machine};
use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::process::Command;
use std::time::Duration;

/// The time in µs above which a step counts as one in which the heap worked. A step without
/// collection work takes a tenth of this time.
const WORKED_US: f64 = 5.0;

const PYTHON_PROGRAM: &str = include_str!("../../python/pauses.py");
const PYTHON_ROWS: &str = include_str!("../../python/rows.py");

/// The largest number of live objects that CPython is measured with.
const PYTHON_MOST: usize = 1_000_000;

/// The quantity that a run measures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Mode {
    /// All steps together.
    Speed,
    /// Each step.
    Steps,
}

/// Result of one run.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Sample {
    /// Thread CPU time of all steps, in seconds.
    pub seconds: f64,
    /// The longest step, in µs.
    pub longest_us: f64,
    /// See [`Row::p999_us`].
    pub p999_us: f64,
    /// See [`Row::peak_bytes`].
    pub peak_bytes: u64,
    /// See [`Row::floating_bytes`].
    pub floating_bytes: Option<u64>,
}

/// The heaps and sizes to measure.
#[derive(Clone, Debug)]
pub struct Plan {
    /// True for a run with fewer steps and repeats.
    pub quick: bool,
    /// The numbers of live objects to measure beside.
    pub live: Vec<usize>,
    /// The names of the heaps.
    pub heaps: Vec<&'static str>,
    /// The number of rounds over all heaps and sizes.
    pub repeats: u32,
}

impl Plan {
    /// Makes a plan of the given sizes and heaps. An empty list stands for all.
    pub fn new(quick: bool, live: &[usize], heaps: &[String], repeats: Option<u32>) -> Plan {
        let all: &[usize] = if quick { &[100_000, 1_000_000] } else { &[100_000, 1_000_000, 10_000_000] };
        let live = if live.is_empty() { all.to_vec() } else { live.to_vec() };
        let wanted = |heap: &&str| heaps.is_empty() || heaps.iter().any(|it| it == heap);
        let heaps = HEAPS.into_iter().filter(wanted).collect();
        Plan { quick, live, heaps, repeats: repeats.unwrap_or(if quick { 2 } else { 3 }) }
    }

    fn steps(&self, heap: &str, live: usize) -> usize {
        match (self.quick, heap) {
            // CPython is slow, and stops to look at all live objects within this number.
            (true, PYTHON) => 100_000,
            (false, PYTHON) => 1_000_000,
            (true, _) if live >= 1_000_000 => live * 2,
            (true, _) => live * 4,
            // `gc-arena` takes minutes for more steps, and collects within this number.
            (false, ARENA) if live > 1_000_000 => live,
            (false, _) if live > 1_000_000 => live * 3,
            (false, _) => live * 8,
        }
    }
}

/// Runs the plan and judges the rows. Calls `progress` with a text before each measurement.
///
/// # Errors
///
/// Fails if this program does not find its own path, or if a child sends a message of the
/// wrong kind.
pub fn run(plan: &Plan, progress: &dyn Fn(&str)) -> Result<Report> {
    let mut rows: Vec<Row> = Vec::new();
    for &live in &plan.live {
        rows.extend(plan.heaps.iter().map(|&heap| Row {
            heap,
            live,
            budget_us: (heap == INCREMENTAL).then_some(BUDGET_US),
            longest_slice_us: None,
            p999_us: None,
            steps_per_s: None,
            peak_bytes: None,
            floating_bytes: None,
            note: None,
        }));
    }
    for round in 1..=plan.repeats {
        for row in &mut rows {
            // The peers run in the first round only, because no bar depends on their numbers.
            if row.note.is_none() && (round == 1 || [STOPPING, INCREMENTAL].contains(&row.heap)) {
                progress(&format!("round {round}: {} beside {}", row.heap, row.live));
                measure(plan, row)?;
            }
        }
    }
    let bars = judge(&rows);
    Ok(Report { machine: machine::machine(), date: machine::today(), quick: plan.quick, rows, bars })
}

/// Runs both measurements of a row. Noise only makes a number worse, so the row keeps the best
/// number of several rounds.
fn measure(plan: &Plan, row: &mut Row) -> Result<()> {
    let steps = plan.steps(row.heap, row.live);
    for mode in [Mode::Speed, Mode::Steps] {
        let sample = match command(row.heap, mode, row.live, steps)? {
            None => {
                row.note = Some("not measured: no python3, or too slow".into());
                return Ok(());
            }
            Some(mut command) => match process::run(&mut command, Duration::from_secs(600)) {
                Message::Stepped(sample) => sample,
                Message::Cannot(reason) => {
                    row.note = Some(reason);
                    return Ok(());
                }
                Message::Measured { .. } => bail!("a child answered another question"),
            },
        };
        let least = |old: Option<f64>, new: f64| Some(old.map_or(new, |old| old.min(new)));
        match mode {
            Mode::Speed => {
                let speed = steps as f64 / sample.seconds;
                row.steps_per_s = Some(row.steps_per_s.map_or(speed, |old| old.max(speed)));
                row.peak_bytes = Some(row.peak_bytes.map_or(sample.peak_bytes, |old| old.min(sample.peak_bytes)));
            }
            Mode::Steps => {
                row.longest_slice_us = least(row.longest_slice_us, sample.longest_us);
                row.p999_us = least(row.p999_us, sample.p999_us);
            }
        }
        row.floating_bytes = row.floating_bytes.max(sample.floating_bytes);
    }
    Ok(())
}

fn command(heap: &str, mode: Mode, live: usize, steps: usize) -> Result<Option<Command>> {
    let numbers = [live, steps].map(|number| number.to_string());
    let mode = if mode == Mode::Speed { "speed" } else { "steps" };
    if heap == PYTHON {
        let Some(python) = compare::find_python().filter(|_| live <= PYTHON_MOST) else { return Ok(None) };
        let mut command = Command::new(python);
        command.args(["-c", PYTHON_PROGRAM, mode]).args(numbers).env("GC_BENCHES_ROWS", PYTHON_ROWS);
        return Ok(Some(command));
    }
    let mut command = Command::new(std::env::current_exe().context("this program has a path")?);
    command.args(["child", heap, mode]).args(numbers);
    Ok(Some(command))
}

/// Runs one measurement in this process, which must end afterwards: the heap is leaked.
///
/// # Errors
///
/// Fails if there is no heap of this name.
pub fn child(heap: &str, mode: Mode, live: usize, steps: usize) -> Result<Sample> {
    Ok(match heap {
        STOPPING => stepped::<WithRoots<Ours>>(mode, live, steps),
        INCREMENTAL => stepped::<WithRoots<OursIncremental>>(mode, live, steps),
        ARENA => stepped::<GcArena>(mode, live, steps),
        other => bail!("there is no heap {other}"),
    })
}

fn stepped<H: HeapUnderTest>(mode: Mode, live: usize, steps: usize) -> Sample {
    let before = resident_bytes();
    let mut heap = H::new(Automatic::On);
    let mut program = RandomChurn::new(&mut heap, live).expect("these heaps collect by themselves");
    let mut sample = Sample::default();
    let start = thread_time();
    match mode {
        Mode::Speed => (0..steps).for_each(|_| program.steps(1).expect("nothing is asked of it")),
        Mode::Steps => look_at_each(&mut program, steps, &mut sample),
    }
    sample.seconds = (thread_time() - start).as_secs_f64();
    sample.peak_bytes = peak_resident_bytes().saturating_sub(before);
    sample.floating_bytes = heap.floating_bytes();
    // Dropping the heap is not part of the measurement.
    std::mem::forget(heap);
    sample
}

fn look_at_each<H: HeapUnderTest>(program: &mut RandomChurn<'_, H>, steps: usize, sample: &mut Sample) {
    let mut worked = Vec::new();
    let mut last = thread_time();
    for _ in 0..steps {
        program.steps(1).expect("nothing is asked of it");
        let now = thread_time();
        let took = (now - last).as_secs_f64() * 1e6;
        last = now;
        if took > WORKED_US {
            worked.push(took);
        }
    }
    worked.sort_unstable_by(f64::total_cmp);
    sample.longest_us = worked.last().copied().unwrap_or(WORKED_US);
    sample.p999_us = worked.get(worked.len() * 999 / 1000).copied().unwrap_or(WORKED_US);
}
