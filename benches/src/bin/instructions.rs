//! One row on our heap, for `scripts/instructions` to count the instructions of.
//!
//! `instructions --list` names the rows; `instructions ROW` runs one and prints how
//! many units of work its measured sections did.

use anyhow::{Context as _, Result, bail};
use gc_benches::measure::units_timed;
use gc_benches::peers::{OURS, named};
use gc_benches::rows::{self, ROWS, Row, Unit};
use gc_benches::work::{Size, Work};

/// Small, for callgrind runs a hundred times slower; large enough that what a
/// collection costs in any case is little of it.
const SIZE: Size = Size { objects: 50_000, pairs: 50, live: 10_000, steps: 50_000, depth: 14, trees: 2 };

/// A pause is no sum, and memory is no instruction.
fn is_counted(row: &Row) -> bool {
    row.unit != Unit::Bytes && row.work != Work::RandomChurnPause
}

fn main() -> Result<()> {
    let argument = std::env::args().nth(1).context("usage: instructions --list | ROW")?;
    if argument == "--list" {
        ROWS.iter().filter(|row| is_counted(row)).for_each(|row| println!("{}", row.id));
        return Ok(());
    }
    let row = rows::named(&argument).context("no such row")?;
    let ours = named(OURS).context("our heap is among the peers")?;
    if let Err(cannot) = (ours.run_and_leak)(row.work, &SIZE) {
        bail!("{}: {cannot}", row.id);
    }
    println!("{}", units_timed());
    Ok(())
}
