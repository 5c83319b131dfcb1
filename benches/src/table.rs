//! Tables for people, in Markdown whose columns are also aligned in a terminal.

use crate::report::{Cell, Report, RowReport};
use std::fmt::Write as _;

/// Returns a Markdown table with padded columns. All columns but the first are right-aligned.
pub fn aligned(header: &[&str], rows: &[Vec<String>]) -> String {
    let width = |at: usize| {
        let cells = rows.iter().map(|row| row[at].chars().count());
        cells.chain([header[at].chars().count(), 2]).max().unwrap_or(2)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells.zip(&widths).enumerate().map(|(at, (cell, &width))| match at {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        format!("| {} |\n", padded.collect::<Vec<_>>().join(" | "))
    };
    let rules: Vec<String> = widths.iter().enumerate().map(|(at, &width)| rule(at, width)).collect();
    let mut text = line(&mut header.iter().copied());
    text += &line(&mut rules.iter().map(String::as_str));
    rows.iter().for_each(|row| text += &line(&mut row.iter().map(String::as_str)));
    text
}

fn rule(at: usize, width: usize) -> String {
    if at == 0 { "-".repeat(width) } else { format!("{}:", "-".repeat(width - 1)) }
}

/// Formats a number with two or three significant digits, which is the precision of the
/// measurements.
pub fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        size if size >= 0.9995 => format!("{value:.2}"),
        size if size >= 0.01 => format!("{value:.3}"),
        _ => format!("{value:.1e}"),
    }
}

fn optional(value: Option<f64>) -> String {
    value.map_or("–".into(), number)
}

fn with_name(value: Option<f64>, name: Option<&str>) -> String {
    match (value, name) {
        (Some(value), Some(name)) => format!("{} ({name})", number(value)),
        _ => "–".into(),
    }
}

fn bar(row: &RowReport) -> String {
    let verdict = &row.verdict;
    let absolute = verdict.bar.zip(verdict.scaled_bar).map(|(bar, scaled)| match bar == scaled {
        true => format!("≤ {}", number(bar)),
        false => format!("≤ {} → {}", number(bar), number(scaled)),
    });
    let absolute = absolute.or_else(|| Some(format!("≤ {} (no Rc to scale by)", number(verdict.bar?))));
    let ratio = verdict.bar_to_rc.map(|bar| format!("≤ {bar} × Rc"));
    [absolute, ratio].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn holds(row: &RowReport) -> String {
    let holds = match row.verdict.holds {
        Some(true) => "yes",
        Some(false) => "NO",
        None => "–",
    };
    if row.verdict.pending { format!("{holds} (pending)") } else { holds.into() }
}

fn cells_of(row: &RowReport) -> Vec<String> {
    let ratio = row.ours.zip(row.best_counting).filter(|(_, best)| *best > 0.0);
    vec![
        row.work.to_owned(),
        row.unit.clone(),
        optional(row.ours),
        optional(row.rc),
        with_name(row.best_counting, row.best_counting_peer.as_deref()),
        with_name(row.best_any, row.best_any_peer.as_deref()),
        optional(row.cpython),
        optional(row.floor),
        ratio.map_or("–".into(), |(ours, best)| format!("{:.2}", ours / best)),
        bar(row),
        holds(row),
        format!("`compare --only {}`", row.id),
    ]
}

/// Returns the design's table with the measured numbers.
pub fn rows(report: &Report) -> String {
    let header = [
        "work",
        "unit",
        "gc-core",
        "Rc",
        "best counting peer",
        "best of any peer",
        "CPython",
        "floor",
        "ours / counting",
        "bar → scaled",
        "holds",
        "reproduce",
    ];
    let rows: Vec<_> = report.rows.iter().map(cells_of).collect();
    let mut text = aligned(&header, &rows);
    let scale = report.scale.map_or("unknown".into(), |scale| format!("{scale:.2}"));
    let quick = if report.quick { ", QUICK: fewer objects and repeats" } else { "" };
    let _ = writeln!(text, "\n{}, {}; scale {scale}{quick}", report.machine, report.date);
    text
}

/// Returns a table of all cells, with a column for each peer and a line for each row. The table
/// has no notes.
pub fn cells(report: &Report) -> String {
    let mut peers: Vec<&str> = Vec::new();
    for cell in &report.cells {
        if !peers.contains(&cell.peer.as_str()) {
            peers.push(&cell.peer);
        }
    }
    let find = |peer: &str, row: &str| report.cells.iter().find(|cell| cell.peer == peer && cell.row == row);
    let line = |row: &RowReport| {
        let values = peers.iter().map(|peer| optional(find(peer, row.id).and_then(|cell| cell.value)));
        [format!("{}, {}", row.work, row.unit)].into_iter().chain(values).collect()
    };
    let header: Vec<&str> = ["work"].into_iter().chain(peers.iter().copied()).collect();
    aligned(&header, &report.rows.iter().map(line).collect::<Vec<_>>())
}

/// Returns the notes on the cells: the reasons of failures and the remarks on numbers. Peers with
/// the same note in a row share a line.
pub fn notes(report: &Report) -> String {
    let mut text = String::new();
    for row in &report.rows {
        let noted: Vec<&Cell> = report.cells.iter().filter(|cell| cell.row == row.id && cell.note.is_some()).collect();
        let mut reasons: Vec<&str> = Vec::new();
        for reason in noted.iter().filter_map(|cell| cell.note.as_deref()) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        for reason in reasons {
            let peers = noted.iter().filter(|cell| cell.note.as_deref() == Some(reason));
            let peers: Vec<&str> = peers.map(|cell| cell.peer.as_str()).collect();
            let _ = writeln!(text, "{:<16} {}: {reason}", row.id, peers.join(", "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Message;
    use crate::report::Cells;
    use crate::rows::ROWS;
    use crate::work::{Sample, Size};

    #[test]
    fn columns_are_aligned() {
        let text = aligned(&["work", "µs"], &[vec!["a".into(), "1234".into()], vec!["longer".into(), "–".into()]]);
        assert_eq!(text, "| work   |   µs |\n| ------ | ---: |\n| a      | 1234 |\n| longer |    – |\n");
    }

    #[test]
    fn numbers_have_three_digits() {
        let numbers = [1234.5, 99.96, 12.34, 9.996, 1.234, 0.0456, 0.001_23, 0.0].map(number);
        assert_eq!(numbers, ["1234", "100", "12.3", "10.0", "1.23", "0.046", "1.2e-3", "0"]);
    }

    #[test]
    fn a_report_in_words() {
        let mut ours = Cell::new("gc-core", "churn");
        let message = Message::Measured { total: 5e-9, count: 1.0, asked_to_collect: false, peak: 0 };
        ours.add(message, |sample: &Sample| sample.each() * 1e9);
        let mut rc = Cell::new("Rc", "pairs");
        rc.add(Message::Cannot("no cycle detector".into()), Sample::each);
        let cells = vec![ours, rc];
        let rows = vec![Cells(&cells).row(&ROWS[0], &Size::FULL), Cells(&cells).row(&ROWS[3], &Size::FULL)];
        let report = Report { machine: "M".into(), date: "D".into(), quick: true, scale: None, rows, cells };
        let text = super::rows(&report);
        assert!(text.contains("5.00") && text.contains("QUICK") && text.contains("≤ 0.45 × Rc"), "{text}");
        assert_eq!(notes(&report), "pairs            Rc: no cycle detector\n");
        assert!(super::cells(&report).contains("5.00"));
    }
}
