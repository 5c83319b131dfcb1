//! Runs one row on our heap, so that `scripts/instructions` can count its instructions.
//!
//! `instructions --list` prints the names of the rows. `instructions ROW` runs a row and prints
//! the number of units of work in its measured sections.

use anyhow::{Context as _, Result, bail};
use gc_benches::measure::units_timed;
use gc_benches::peers::{OURS, named};
use gc_benches::rows::{self, ROWS, Row, Unit};
use gc_benches::work::{Size, Work};

/// The sizes of the rows. The programs are small, because a program runs a hundred times slower
/// under callgrind, and large enough that the fixed cost of a collection is a small share.
const SIZE: Size = Size { objects: 50_000, pairs: 50, live: 10_000, steps: 50_000, depth: 14, trees: 2 };

/// Returns true if the row's instructions can be counted. A pause is not a sum over the steps,
/// and memory is not counted in instructions.
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
