//! `inspect --query`: the objects and edges of dumps as tables of an SQLite database in memory.

use super::progress;
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use gc_core::snapshot::{Holders, Snapshot};
use gc_snapshot::columns::NodeKind;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};
use std::io::Write;

const TABLES: &str = "
    CREATE TABLE objects (dump INTEGER, id INTEGER, type TEXT, kind TEXT, name TEXT, bytes INTEGER,
        external INTEGER, retained_bytes INTEGER, retained_objects INTEGER, dominator INTEGER, place TEXT);
    CREATE TABLE edges (dump INTEGER, source INTEGER, name TEXT, target INTEGER);
";

/// The most characters of a value in a column.
const WIDEST: usize = 100;

/// Writes the answer to a question: a table, or a JSON list with an object for each row.
///
/// # Errors
/// When the question is no SQL that reads, or the output cannot be written.
pub fn answer(snapshots: &[&Snapshot], sql: &str, as_json: bool, out: &mut impl Write) -> Result<()> {
    let database = Connection::open_in_memory().context("SQLite")?;
    database.execute_batch(TABLES).context("SQLite")?;
    let mut question = database.prepare(sql).map_err(wrong)?;
    ensure!(question.readonly(), "--query: only questions (SELECT) are answered");
    if question.column_count() == 0 {
        bail!("--query: there is no question");
    }
    fill(&database, snapshots, sql)?;
    let names: Vec<String> = question.column_names().map(String::from).collect();
    let mut rows = question.query([]).context("--query")?;
    let mut answers: Vec<Vec<serde_json::Value>> = Vec::new();
    while let Some(row) = rows.next().context("--query")? {
        answers.push((0..names.len()).map(|column| value(row, column)).collect::<Result<_>>()?);
    }
    if as_json {
        let object = |row: Vec<serde_json::Value>| names.iter().cloned().zip(row).collect();
        let list: Vec<serde_json::Map<String, serde_json::Value>> = answers.into_iter().map(object).collect();
        serde_json::to_writer(&mut *out, &list)?;
        writeln!(out)?;
        return Ok(());
    }
    table(&names, &answers, out)
}

/// The error for a question that SQLite refuses.
fn wrong(error: rusqlite::Error) -> anyhow::Error {
    match error {
        rusqlite::Error::SqlInputError { msg, offset, .. } if offset > 0 => {
            anyhow!("--query: {msg}, at character {}", offset + 1)
        }
        rusqlite::Error::SqlInputError { msg, .. } => anyhow!("--query: {msg}"),
        error => anyhow!("--query: {error}"),
    }
}

/// Fills the tables that the question speaks of.
fn fill(database: &Connection, snapshots: &[&Snapshot], sql: &str) -> Result<()> {
    database.execute_batch("BEGIN").context("SQLite")?;
    for (number, snapshot) in snapshots.iter().enumerate() {
        let sql = sql.to_lowercase();
        if sql.contains("objects") {
            objects(database, number as i64 + 1, snapshot, sql.contains("place") || sql.contains('*'))?;
        }
        if sql.contains("edges") {
            edges(database, number as i64 + 1, snapshot)?;
        }
    }
    database.execute_batch("COMMIT").context("SQLite")
}

fn objects(database: &Connection, dump: i64, snapshot: &Snapshot, with_places: bool) -> Result<()> {
    let dominators = snapshot.dominators();
    let holders = with_places.then(|| Holders::of(&[snapshot]));
    let mut insert = database.prepare("INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    let bar = progress::rows(snapshot.len(), "objects");
    for object in snapshot.objects() {
        bar.inc(1);
        insert.execute(params![
            dump,
            object.id().0 as i64,
            object.type_name(),
            kind(object.kind()),
            object.own_name(),
            object.bytes() as i64,
            object.external_references(),
            dominators.retained_bytes(object) as i64,
            dominators.retained_objects(object),
            dominators.dominator(object).map(|above| above.id().0 as i64),
            holders.as_ref().and_then(|holders| holders.place(object)),
        ])?;
    }
    bar.finish_and_clear();
    Ok(())
}

fn edges(database: &Connection, dump: i64, snapshot: &Snapshot) -> Result<()> {
    let mut insert = database.prepare("INSERT INTO edges VALUES (?, ?, ?, ?)")?;
    let bar = progress::rows(snapshot.edge_count(), "edges");
    for object in snapshot.objects() {
        bar.inc(object.edges().len() as u64);
        for (name, target) in object.edges() {
            insert.execute(params![dump, object.id().0 as i64, &*name, target.id().0 as i64])?;
        }
    }
    bar.finish_and_clear();
    Ok(())
}

fn kind(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Object => "object",
        NodeKind::Text => "text",
        NodeKind::Number => "number",
        NodeKind::Storage => "storage",
        NodeKind::Group => "group",
        _ => "internal",
    }
}

fn value(row: &Row<'_>, column: usize) -> Result<serde_json::Value> {
    Ok(match row.get_ref(column).context("--query")? {
        ValueRef::Null => serde_json::Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()).into(),
    })
}

/// Writes a table. Numbers are aligned to the right.
fn table(names: &[String], rows: &[Vec<serde_json::Value>], out: &mut impl Write) -> Result<()> {
    let shown: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let length = |text: &str| text.chars().count();
    let widest = |column: usize| shown.iter().map(|row| length(&row[column])).max().unwrap_or(0);
    let widths: Vec<usize> = names.iter().enumerate().map(|(at, name)| length(name).max(widest(at))).collect();
    let is_number = |column: usize| rows.iter().any(|row| row[column].is_number());
    let line = |cells: &[String]| {
        let cells = cells.iter().enumerate().map(|(at, cell)| match is_number(at) {
            true => format!("{cell:>width$}", width = widths[at]),
            false => format!("{cell:<width$}", width = widths[at]),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    writeln!(out, "{}", line(names))?;
    writeln!(out, "{}", widths.iter().map(|&width| "-".repeat(width)).collect::<Vec<_>>().join("  "))?;
    for row in &shown {
        writeln!(out, "{}", line(row))?;
    }
    writeln!(out, "({} rows)", rows.len())?;
    Ok(())
}

fn cell(value: &serde_json::Value) -> String {
    let text = match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut cut: String = text.chars().take(WIDEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > WIDEST {
        cut.push('…');
    }
    cut
}
