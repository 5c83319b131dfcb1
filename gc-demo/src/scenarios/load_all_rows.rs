//! A table that is loaded with all rows at once, or page by page.

use super::scene::{Failed, Played, Scene};
use super::{Cure, Scenario};
use crate::report::Fact;
use gc_core::{List, Trace};
use rusqlite::{Connection, params};
use std::path::{Path, PathBuf};

pub const SCENARIO: Scenario = Scenario {
    name: "load-all-rows",
    summary: "all rows of a query at once, against page by page",
    story: "A report sums up a table of an SQLite database. It loads all rows into objects, then sums. While \
            the table was small that went well. One request needs more than the heap has; when it is over \
            everything is free again: that is no leak, but a load that is too large.",
    cure: Cure::Is("the same query page by page: the same result, and the heap stays flat"),
    max: Some(8 << 20),
    in_tour: false,
    file: "load_all_rows.rs",
    source: include_str!("load_all_rows.rs"),
    python: include_str!("python/load_all_rows.py"),
    play,
};

/// Number of rows in the table. With fewer rows the limit is not reached, so a scale below 1 does
/// not make the table smaller.
const ROWS: usize = 100_000;
/// Greatest number of rows that one statement inserts.
const FILLED: usize = 100_000;
/// Number of rows in a page.
const PAGE: usize = 500;

#[derive(Trace)]
struct Row {
    id: i64,
    amount: i64,
    text: [u8; 64],
}

fn play(scene: &mut Scene) -> Played {
    let rows = scene.setting.rows.unwrap_or_else(|| ROWS.max(scene.setting.scaled(ROWS)));
    let folder = Folder::new(scene.setting.seed);
    let database = folder
        .as_ref()
        .map_err(ToString::to_string)
        .and_then(|folder| fill(&folder.0, rows).map_err(|error| error.to_string()));
    scene.go_on()?;
    let database = match database {
        Ok(database) => database,
        Err(error) => {
            scene.step("The database cannot be made", "").in_tour().fact("error", error);
            scene.conclude();
            return Ok(());
        }
    };
    // These requests need little memory.
    scene.serve(20, 10, |scene, number| sum(scene, &database, number as i64 * 10, 10).map(drop));
    let page = if scene.setting.fixed { PAGE } else { rows }; // <- the mistake: all rows at once
    let mut total = 0i64;
    let completed = scene.serve(1, 1, |scene, _| {
        for first in (0..rows).step_by(page) {
            total += sum(scene, &database, first as i64, page)?;
        }
        Ok(())
    });
    scene.sample();
    let peak = scene.heap.memory().peak;
    scene
        .step("The report is asked for", "")
        .in_tour()
        .fact("rows", rows)
        .fact("rows at once", page)
        .fact("it was made", completed)
        .fact("sum of the amounts", total)
        .fact("most memory", Fact::Bytes(peak as u64));
    scene.conclude();
    Ok(())
}

/// Returns the sum over a page. All rows of the page are objects at that time.
fn sum(scene: &mut Scene, database: &Connection, first: i64, page: usize) -> Result<i64, Failed> {
    let list = scene.heap.try_alloc(List::<Row>::new()).map_err(|error| Failed::from(error.without_value()))?;
    let query = "SELECT id, amount, text FROM sales WHERE id >= ?1 ORDER BY id LIMIT ?2";
    let mut statement = database.prepare_cached(query).map_err(|_| Failed::Database)?;
    let mut rows = statement.query(params![first, page as i64]).map_err(|_| Failed::Database)?;
    while let Some(row) = rows.next().map_err(|_| Failed::Database)? {
        let text: String = row.get(2).map_err(|_| Failed::Database)?;
        let mut bytes = [0; 64];
        let length = text.len().min(64);
        bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
        let (id, amount) = (row.get(0).map_err(|_| Failed::Database)?, row.get(1).map_err(|_| Failed::Database)?);
        list.push(scene.heap.try_alloc(Row { id, amount, text: bytes })?);
        scene.look_within(list.len())?;
    }
    let rows = (0..list.len()).filter_map(|at| list.get(at));
    Ok(rows.filter(|row| row.id >= first && row.text[0] != 0).map(|row| row.amount).sum())
}

fn fill(folder: &Path, rows: usize) -> rusqlite::Result<Connection> {
    let database = Connection::open(folder.join("sales.db"))?;
    database.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
         CREATE TABLE sales (id INTEGER PRIMARY KEY, amount INTEGER, text TEXT)",
    )?;
    // The table is filled part by part, so that an interruption is noticed in between.
    for first in (0..rows).step_by(FILLED).take_while(|_| !crate::interrupted()) {
        let last = rows.min(first + FILLED) - 1;
        database.execute(
            "WITH RECURSIVE n(n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2)
             INSERT INTO sales SELECT n, n % 97, printf('sale %d of a customer', n) FROM n",
            [first as i64, last as i64],
        )?;
    }
    Ok(database)
}

/// A temporary folder, which is removed when the value is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(seed: u64) -> std::io::Result<Folder> {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("gc-demo-{}-{seed}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Folder(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
