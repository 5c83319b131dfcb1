//! The outcome of a comparison: the measured cells and the judged rows.

use crate::floors::Floor;
use crate::judge::{self, Verdict};
use crate::peers::{OURS, RC, is_counting_rival, named};
use crate::process::Message;
use crate::rows::{ROWS, Row};
use crate::work::{Sample, Size};
use serde::Serialize;

/// The name of CPython's cells.
pub const PYTHON: &str = "CPython";
/// The name of the floors' cells.
pub const FLOOR: &str = "floor";

/// The numbers of one row on one peer.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Cell {
    /// The name of the peer.
    pub peer: String,
    /// The name of the row, or of the floor.
    pub row: String,
    /// The least of all repeats, in the row's unit.
    pub value: Option<f64>,
    /// The reason why there is no value, or a remark on the value.
    pub note: Option<String>,
    /// The peak of resident memory over all repeats, in bytes.
    pub peak_rss: u64,
    /// The value of each repeat, in the row's unit.
    pub samples: Vec<f64>,
}

/// A row with its best numbers and its verdict.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RowReport {
    /// The row's name on the command line.
    pub id: &'static str,
    /// The measured work, in words.
    pub work: &'static str,
    /// The unit of all numbers of the row.
    pub unit: String,
    /// The value of our heap.
    pub ours: Option<f64>,
    /// The value of `Rc`.
    pub rc: Option<f64>,
    /// The least value of the counting peers that have a cycle detector.
    pub best_counting: Option<f64>,
    /// The peer that has the value `best_counting`.
    pub best_counting_peer: Option<String>,
    /// The least value of all peers except ours and CPython. `Rc` is included.
    pub best_any: Option<f64>,
    /// The peer that has the value `best_any`.
    pub best_any_peer: Option<String>,
    /// The value of CPython, if it was measured.
    pub cpython: Option<f64>,
    /// The sum of the row's floors, which no heap of this kind can avoid.
    pub floor: Option<f64>,
    /// The bars of the row, and their verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// The outcome of a run: all rows and all cells.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// The machine of the run.
    pub machine: String,
    /// The date of the run, in UTC.
    pub date: String,
    /// True for a run with a tenth of the objects and few repeats.
    pub quick: bool,
    /// The time that this machine takes, divided by that of the machine the bars were set on.
    pub scale: Option<f64>,
    /// The rows that were asked for.
    pub rows: Vec<RowReport>,
    /// The cells of the report.
    pub cells: Vec<Cell>,
}

impl Cell {
    /// Makes a cell that has no measurement yet.
    pub fn new(peer: &str, row: &str) -> Cell {
        Cell { peer: peer.into(), row: row.into(), value: None, note: None, peak_rss: 0, samples: Vec::new() }
    }

    /// Adds a repeat. A failure is noted, and leaves the value of an earlier success.
    pub fn add(&mut self, message: Message, value: impl Fn(&Sample) -> f64) {
        match message {
            Message::Cannot(reason) => self.note = Some(reason),
            Message::Stepped(_) => self.note = Some("answered another question".into()),
            Message::Measured { total, count, asked_to_collect, peak } => {
                let value = value(&Sample { total, count, asked_to_collect });
                self.samples.push(value);
                self.value = Some(self.value.map_or(value, |best| best.min(value)));
                self.peak_rss = self.peak_rss.max(peak);
                if asked_to_collect {
                    self.note = Some("asked to collect by the program: no automatic collection".into());
                }
            }
        }
    }

    /// Returns true if the cell was measured and has no value.
    pub fn failed(&self) -> bool {
        self.value.is_none() && self.note.is_some()
    }
}

/// The cells of a run, for lookups by peer and row.
#[derive(Clone, Copy, Debug)]
pub struct Cells<'a>(pub &'a [Cell]);

impl<'a> Cells<'a> {
    fn value(self, peer: &str, row: &str) -> Option<f64> {
        self.0.iter().find(|cell| cell.peer == peer && cell.row == row)?.value
    }

    fn best(self, row: &str, peers: impl Fn(&str) -> bool) -> Option<(&'a str, f64)> {
        let cells = self.0.iter().filter(|cell| cell.row == row && peers(&cell.peer));
        judge::best(cells.filter_map(|cell| Some((cell.peer.as_str(), cell.value?))))
    }

    /// Returns the scale of this machine, as in [`Report::scale`], or `None` if `Rc` has no value
    /// in the first row.
    pub fn scale(self) -> Option<f64> {
        self.value(RC, ROWS[0].id).map(judge::scale)
    }

    /// Judges one row.
    pub fn row(self, row: &Row, size: &Size) -> RowReport {
        let (ours, rc) = (self.value(OURS, row.id), self.value(RC, row.id));
        let counting = self.best(row.id, is_counting_rival);
        let any = self.best(row.id, |peer| peer != OURS && named(peer).is_some());
        RowReport {
            id: row.id,
            work: row.title,
            unit: row.unit.name(),
            ours,
            rc,
            best_counting: counting.map(|best| best.1),
            best_counting_peer: counting.map(|best| best.0.to_owned()),
            best_any: any.map(|best| best.1),
            best_any_peer: any.map(|best| best.0.to_owned()),
            cpython: self.value(PYTHON, row.id),
            floor: row.floor_of(|floor: Floor| self.value(FLOOR, floor.name()), size),
            verdict: judge::judge(row, size, ours, rc, self.scale()),
        }
    }
}

impl Report {
    /// Returns true if all judged bars hold.
    pub fn holds(&self) -> bool {
        self.rows.iter().all(|row| row.verdict.pending || row.verdict.holds != Some(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(peer: &str, row: &str, value: f64) -> Cell {
        let mut cell = Cell::new(peer, row);
        cell.add(Message::Measured { total: value, count: 1.0, asked_to_collect: false, peak: 1 }, Sample::each);
        cell
    }

    #[test]
    fn a_cell_keeps_the_least_and_says_why() {
        let mut both = cell("rust-cc", "pairs", 5.0);
        both.add(Message::Measured { total: 4.0, count: 1.0, asked_to_collect: true, peak: 9 }, Sample::each);
        assert_eq!((both.value, both.peak_rss, both.samples.len()), (Some(4.0), 9, 2));
        assert!(both.note.as_ref().is_some_and(|note| note.contains("no automatic")) && !both.failed());
        let mut none = Cell::new("Rc", "pairs");
        none.add(Message::Cannot("no cycle detector".into()), Sample::each);
        assert!(none.failed());
    }

    #[test]
    fn rows_name_the_best() {
        let cells = [
            cell(OURS, "churn", 5.0),
            cell(RC, "churn", 13.6),
            cell("rust-cc", "churn", 15.0),
            cell("gc-arena", "churn", 14.0),
            cell(PYTHON, "churn", 1.0),
        ];
        let row = Cells(&cells).row(&ROWS[0], &Size::FULL);
        assert_eq!((row.best_counting, row.best_counting_peer.as_deref()), (Some(15.0), Some("rust-cc")));
        assert_eq!((row.best_any, row.best_any_peer.as_deref()), (Some(13.6), Some(RC)));
        assert_eq!((row.cpython, row.verdict.holds), (Some(1.0), Some(true)));
    }

    #[test]
    fn only_what_is_judged_can_fail_the_run() {
        let row = |id: &str| Cells(&[]).row(crate::rows::named(id).unwrap(), &Size::FULL);
        let report = |rows: Vec<RowReport>| Report {
            machine: String::new(),
            date: String::new(),
            quick: false,
            scale: None,
            rows,
            cells: Vec::new(),
        };
        assert!(report(vec![row("pause")]).holds());
        assert!(!report(vec![row("pause"), row("trees")]).holds());
    }
}
