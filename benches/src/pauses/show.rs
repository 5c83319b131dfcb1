//! The pauses as a table and as a chart.

use super::{ARENA, INCREMENTAL, PYTHON, Report, Row};
use crate::svg::{Anchor, LogAxis, Style, Svg, colour};
use crate::table::{aligned, number};
use std::fmt::Write as _;

/// Returns the report as a table for people, followed by the bars and the notes.
pub fn table(report: &Report) -> String {
    let header = ["heap", "live", "longest, µs", "99.9 %, µs", "steps/s", "peak, MiB", "floating, MiB"];
    let text = |value: Option<f64>| value.map_or("–".into(), number);
    let mebibytes = |bytes: Option<u64>| text(bytes.map(|bytes| bytes as f64 / f64::from(1 << 20)));
    let cells = |row: &Row| {
        let Row { heap, live, longest_slice_us, p999_us, steps_per_s, peak_bytes, floating_bytes, .. } = row;
        let (heap, live) = (heap.to_string(), format!("{:.0e}", *live as f64));
        let (longest, p999, speed) = (text(*longest_slice_us), text(*p999_us), text(*steps_per_s));
        vec![heap, live, longest, p999, speed, mebibytes(*peak_bytes), mebibytes(*floating_bytes)]
    };
    let mut out = aligned(&header, &report.rows.iter().map(cells).collect::<Vec<_>>());
    let quick = if report.quick { " (QUICK)" } else { "" };
    let _ = writeln!(out, "\n{}, {}{quick}\n", report.machine, report.date);
    for bar in &report.bars {
        let holds = if bar.holds { "holds" } else { "MISSED" };
        let (value, live) = (number(bar.value), format!("{:.0e}", bar.live as f64));
        let _ = writeln!(out, "{holds}: {} beside {live}: {value} (bar {})", bar.name, number(bar.bar));
    }
    for row in &report.rows {
        if let Some(note) = &row.note {
            let _ = writeln!(out, "{} beside {:.0e}: {note}", row.heap, row.live as f64);
        }
    }
    out
}

const WIDTH: f64 = 900.0;
const TOP: f64 = 96.0;
const LANE: f64 = 26.0;
const LEFT: f64 = 230.0;
const RIGHT: f64 = 840.0;
/// The greatest width of a mark's label.
const LABEL: f64 = 56.0;

/// Returns an SVG chart of the longest steps on a logarithmic axis, grouped by the number of
/// live objects.
pub fn chart(report: &Report) -> String {
    let shown: Vec<(&Row, f64)> = report.rows.iter().filter_map(|row| Some((row, row.longest_slice_us?))).collect();
    let sizes = shown.chunk_by(|one, other| one.0.live == other.0.live).count();
    let bottom = TOP + LANE * (shown.len() + sizes) as f64;
    let mut svg = Svg::new(WIDTH, bottom + 60.0);
    let title = "The longest stop of a program, by live objects";
    svg.text((24.0, 34.0), Anchor::Start, Style::bold(18.0, colour::TEXT), title);
    svg.text(
        (24.0, 56.0),
        Anchor::Start,
        Style::plain(12.0, colour::MUTED),
        "Random churn; the longest step in thread CPU time; budget of a slice 500 µs; the line is 1 ms",
    );
    let axis = LogAxis { values: (10.0, 20_000_000.0), places: (LEFT, RIGHT) };
    for value in axis.decades() {
        let x = axis.place(value);
        svg.line([x, TOP - 10.0, x, bottom], colour::GRID, 1.0, "");
        svg.text((x, bottom + 18.0), Anchor::Middle, Style::plain(11.0, colour::MUTED), &duration(value));
    }
    let limit = axis.place(1000.0);
    svg.line([limit, TOP - 10.0, limit, bottom], colour::BAR, 1.5, "4 3");
    let (mut y, mut last) = (TOP, 0);
    for (row, longest) in shown {
        if row.live != last {
            y += if last == 0 { 0.0 } else { LANE };
            last = row.live;
            let live = format!("{:.0e} live", row.live as f64);
            svg.text((24.0, y + 14.0), Anchor::Start, Style::bold(13.0, colour::TEXT), &live);
        }
        let end = axis.place(longest.max(10.0));
        svg.text((LEFT - 10.0, y + 14.0), Anchor::End, Style::plain(12.0, colour::TEXT), row.heap);
        svg.rect([LEFT, y + 3.0, end - LEFT, LANE - 9.0], 3.0, fill(row.heap));
        // The label must not cross the line of the limit.
        let label = if (limit - LABEL..limit).contains(&end) { limit } else { end };
        svg.text((label + 6.0, y + 14.0), Anchor::Start, Style::plain(11.0, colour::MUTED), &duration(longest));
        y += LANE;
    }
    let footer = format!("{}, {}", report.machine, report.date);
    svg.text((24.0, bottom + 44.0), Anchor::Start, Style::plain(11.0, colour::MUTED), &footer);
    svg.finish(title)
}

fn fill(heap: &str) -> &'static str {
    match heap {
        INCREMENTAL => colour::OURS,
        ARENA => colour::TRACING,
        PYTHON => colour::PYTHON,
        _ => colour::RC,
    }
}

fn duration(microseconds: f64) -> String {
    match microseconds {
        us if us >= 1e6 => format!("{} s", number(us / 1e6)),
        us if us >= 1e3 => format!("{} ms", number(us / 1e3)),
        us => format!("{} µs", number(us)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pauses::HEAPS;
    use crate::svg::is_well_formed;

    #[test]
    fn every_heap_is_shown() {
        let row = |heap, live| Row {
            heap,
            live,
            budget_us: None,
            longest_slice_us: Some(1234.0),
            p999_us: Some(1.0),
            steps_per_s: Some(2e6),
            peak_bytes: Some(5 << 20),
            floating_bytes: None,
            note: (heap == PYTHON).then(|| "too slow".into()),
        };
        let rows = HEAPS.into_iter().flat_map(|heap| [row(heap, 100_000), row(heap, 1_000_000)]).collect::<Vec<_>>();
        let bars = super::super::judge(&rows);
        let report = Report { machine: "m".into(), date: "d".into(), quick: true, rows, bars };
        let text = table(&report);
        assert!(HEAPS.iter().all(|heap| text.contains(heap)) && text.contains("MISSED: longest slice"), "{text}");
        assert!(text.contains("CPython beside 1e5: too slow") && text.contains("QUICK"), "{text}");
        let chart = chart(&report);
        assert!(is_well_formed(&chart) && chart.contains("1.23 ms"));
    }
}
