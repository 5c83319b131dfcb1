//! Runs the rows on the peers, each measurement in a process of its own, and makes the report.

use crate::floors::Floor;
use crate::machine;
use crate::peers::{OURS, PEERS, RC};
use crate::process::{self, Message};
use crate::report::{Cell, Cells, FLOOR, PYTHON, Report};
use crate::rows::{self, ROWS, Row, Unit};
use crate::work::Size;
use anyhow::{Context as _, Result};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The script that runs the rows on CPython.
const PYTHON_ROWS: &str = include_str!("../python/rows.py");

/// The rows and peers to run, and the number of repeats.
#[derive(Clone, Debug)]
pub struct Plan {
    quick: bool,
    size: Size,
    rows: Vec<&'static Row>,
    peers: Vec<&'static str>,
    repeats: u32,
    /// The time after which a single measurement is killed.
    patience: Duration,
    /// The total time of a cell after which it is not repeated, unless it belongs to our heap, to
    /// `Rc` or to a floor.
    slow: Duration,
    /// The time of the run after which only our heap, `Rc` and the floors are repeated.
    budget: Duration,
    /// The number of consecutive runs of a measurement in each round. On a virtual machine whose
    /// host took idle memory back, the first run pays for getting the memory again, and a heap
    /// of large pages pays most.
    burst: u32,
}

impl Plan {
    /// Makes a plan of the named rows and peers. An empty list stands for all.
    pub fn new(quick: bool, only: &[String], peers: &[String], repeats: Option<u32>) -> Plan {
        let rows = ROWS.iter().filter(|row| only.is_empty() || only.iter().any(|id| id == row.id));
        let canonical = |name: &String| match name.as_str() {
            "ours" => OURS,
            "rc" => RC,
            _ => PEERS.iter().find(|peer| peer.name == name).map_or(PYTHON, |peer| peer.name),
        };
        let everyone = || PEERS.iter().map(|peer| peer.name).chain([PYTHON]).collect();
        let (patience, slow, budget) = if quick { (2.5, 0.6, 45.0) } else { (60.0, 8.0, 780.0) };
        Plan {
            quick,
            size: if quick { Size::QUICK } else { Size::FULL },
            rows: rows.collect(),
            peers: if peers.is_empty() { everyone() } else { peers.iter().map(canonical).collect() },
            repeats: repeats.unwrap_or(if quick { 2 } else { 3 }),
            patience: Duration::from_secs_f64(patience),
            slow: Duration::from_secs_f64(slow),
            budget: Duration::from_secs_f64(budget),
            burst: if quick { 2 } else { 3 },
        }
    }

    /// Returns a task for every cell, in the order of the rows. The cell of `Rc` in the first row
    /// is always included, because the bars are scaled by its value.
    fn tasks(&self) -> Vec<Task> {
        let of_row = |row: &&'static Row| {
            let row = *row;
            self.peers.iter().map(move |&peer| Task::new(peer, row.id, row.unit))
        };
        let floors = Floor::ALL.map(|floor| Task::new(FLOOR, floor.name(), Unit::Nanoseconds("object")));
        let clock = Task::new(RC, ROWS[0].id, ROWS[0].unit);
        let mut tasks: Vec<Task> = floors.into_iter().chain(self.rows.iter().flat_map(of_row)).collect();
        if !tasks.iter().any(|task| task.cell.peer == RC && task.cell.row == clock.cell.row) {
            tasks.push(clock);
        }
        tasks
    }
}

/// A cell that is being measured.
struct Task {
    cell: Cell,
    unit: Unit,
    spent: Duration,
}

impl Task {
    fn new(peer: &str, row: &str, unit: Unit) -> Task {
        Task { cell: Cell::new(peer, row), unit, spent: Duration::ZERO }
    }

    fn is_ours(&self) -> bool {
        [OURS, RC, FLOOR].contains(&self.cell.peer.as_str())
    }

    /// Returns true if the cell is to be measured again. Every cell is measured equally often,
    /// except for cells that fail or take too long.
    fn wanted(&self, plan: &Plan, elapsed: Duration) -> bool {
        let in_time = self.is_ours() || (self.spent < plan.slow && elapsed < plan.budget);
        !self.cell.failed() && (self.cell.samples.is_empty() || in_time)
    }

    fn measure(&mut self, plan: &Plan, program: &Path, python: Option<&Path>) {
        let start = Instant::now();
        let message = match (self.cell.peer.as_str(), python) {
            (PYTHON, None) => Message::Cannot("no python3 on the PATH".into()),
            (PYTHON, Some(python)) => process::run(&mut self.python(plan, python), plan.patience),
            _ => process::run(&mut self.child(plan, program), plan.patience),
        };
        self.spent += start.elapsed();
        let unit = self.unit;
        self.cell.add(message, |sample| unit.of(sample));
    }

    fn child(&self, plan: &Plan, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.args(["child", &self.cell.peer, &self.cell.row]).args(self.sizes(plan));
        command
    }

    fn python(&self, plan: &Plan, python: &Path) -> Command {
        let mut command = Command::new(python);
        command.args(["-c", PYTHON_ROWS, &self.cell.row]).args(self.sizes(plan));
        command
    }

    /// Returns the sizes as arguments of a child. Memory is always measured with the objects of a
    /// full run, because the granularity of pages and chunks would dominate in a small heap.
    fn sizes(&self, plan: &Plan) -> [String; 4] {
        let Size { objects, live, steps, trees, .. } = plan.size;
        let objects = if self.unit == Unit::Bytes { Size::FULL.objects } else { objects };
        [objects, live, steps, trees].map(|size| size.to_string())
    }
}

/// Measures all cells, round by round, so that a slow minute of the machine affects all cells
/// alike.
///
/// # Errors
///
/// Fails if this program does not find its own path.
pub fn run(plan: &Plan) -> Result<Report> {
    let program = std::env::current_exe().context("the program does not find itself")?;
    let python = find_python();
    let mut tasks = plan.tasks();
    let mut progress = Progress::new(tasks.len());
    for round in 0..plan.repeats {
        for (at, task) in tasks.iter_mut().enumerate() {
            for _ in 0..plan.burst {
                if task.wanted(plan, progress.start.elapsed()) {
                    progress.show(round, at, &task.cell);
                    task.measure(plan, &program, python.as_deref());
                }
            }
        }
    }
    progress.end();
    let cells: Vec<Cell> = tasks.into_iter().map(|task| task.cell).collect();
    Ok(Report {
        machine: machine::machine(),
        date: machine::today(),
        quick: plan.quick,
        scale: Cells(&cells).scale(),
        rows: plan.rows.iter().map(|row| Cells(&cells).row(row, &plan.size)).collect(),
        cells,
    })
}

pub(crate) fn find_python() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("python3")).find(|file| file.is_file())
}

/// Shows on stderr which cell is measured: in place on a terminal, otherwise a line for each row.
struct Progress {
    start: Instant,
    count: usize,
    terminal: bool,
    last: String,
}

impl Progress {
    fn new(count: usize) -> Progress {
        Progress { start: Instant::now(), count, terminal: std::io::stderr().is_terminal(), last: String::new() }
    }

    fn show(&mut self, round: u32, at: usize, cell: &Cell) {
        let (seconds, round) = (self.start.elapsed().as_secs(), round + 1);
        // A run does not stop because its progress cannot be shown.
        if self.terminal {
            let text = format!("round {round}, {}/{}: {} on {}, {seconds} s", at + 1, self.count, cell.row, cell.peer);
            let _ = write!(std::io::stderr(), "\r\x1b[K{text}");
        } else if self.last != cell.row && rows::named(&cell.row).is_some() {
            let _ = writeln!(std::io::stderr(), "round {round}: {} ({seconds} s)", cell.row);
        }
        self.last.clone_from(&cell.row);
    }

    fn end(&self) {
        if self.terminal {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(only: &[&str], peers: &[&str]) -> Plan {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Plan::new(true, &owned(only), &owned(peers), None)
    }

    #[test]
    fn a_plan_is_every_peer_on_every_row() {
        let floors = Floor::ALL.len();
        assert_eq!(plan(&[], &[]).tasks().len(), floors + ROWS.len() * (PEERS.len() + 1));
        assert_eq!(plan(&["churn"], &["ours", "rc"]).tasks().len(), floors + 2);
        assert_eq!(plan(&["pairs"], &["ours", "boa_gc"]).tasks().len(), floors + 2 + 1, "and the clock");
    }

    #[test]
    fn what_failed_or_is_slow_is_not_repeated() {
        let plan = plan(&[], &[]);
        let mut task = Task::new("boa_gc", "pairs", Unit::Microseconds);
        assert!(task.wanted(&plan, plan.budget * 2), "everybody is measured once");
        let sample = Message::Measured { total: 1.0, count: 1.0, asked_to_collect: false, peak: 0 };
        task.cell.add(sample.clone(), |sample| sample.total);
        assert!(task.wanted(&plan, Duration::ZERO) && !task.wanted(&plan, plan.budget * 2));
        task.spent = plan.slow;
        assert!(!task.wanted(&plan, Duration::ZERO));
        let mut ours = Task::new(OURS, "pairs", Unit::Microseconds);
        ours.spent = plan.slow;
        ours.cell.add(sample, |sample| sample.total);
        assert!(ours.wanted(&plan, plan.budget * 2));
        ours.cell = Cell::new(OURS, "pairs");
        ours.cell.add(Message::Cannot("so".into()), |sample| sample.total);
        assert!(!ours.wanted(&plan, Duration::ZERO));
    }
}
