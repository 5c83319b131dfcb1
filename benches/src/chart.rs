//! The chart of a comparison. Each row has a lane, in which each peer is a mark at its ratio to
//! our heap, on a logarithmic axis.

use crate::heap_under_test::Kind;
use crate::peers::{OURS, RC, named};
use crate::report::{Cell, PYTHON, Report, RowReport};
use crate::svg::{Anchor, LogAxis, Style, Svg, colour};
use crate::table::number;

const WIDTH: f64 = 1180.0;
const LANE: f64 = 34.0;
const TOP: f64 = 128.0;
const BOTTOM: f64 = 62.0;
/// The left and right end of the axis. The titles are to the left of the axis, and the peers that
/// cannot do the work are to the right.
const LEFT: f64 = 396.0;
const RIGHT: f64 = 972.0;
/// The width and height of a mark.
const MARK: (f64, f64) = (21.0, 13.0);
/// The distance from one level of marks to the next.
const LEVEL: f64 = 14.0;

/// A peer as the chart shows it.
#[derive(Clone, Copy)]
struct Look {
    peer: &'static str,
    code: &'static str,
    fill: &'static str,
}

/// Two letters for each peer, in the order of the legend.
const CODES: [(&str, &str); 12] = [
    (RC, "Rc"),
    ("gcmodule", "gm"),
    ("jrsonnet-gcmodule", "jr"),
    ("bacon_rajan_cc", "br"),
    ("rust-cc", "cc"),
    ("dumpster::unsync", "du"),
    ("dumpster::sync", "ds"),
    ("gc", "gc"),
    ("boa_gc", "bo"),
    ("gc-arena", "ga"),
    ("safe-gc", "sg"),
    (PYTHON, "Py"),
];

fn look(peer: &str) -> Option<Look> {
    let &(peer, code) = CODES.iter().find(|(name, _)| *name == peer)?;
    let fill = match (peer, named(peer).map(|peer| peer.kind)) {
        (RC, _) => colour::RC,
        (_, Some(Kind::Counting)) => colour::COUNTING,
        (_, Some(Kind::Tracing)) => colour::TRACING,
        (_, None) => colour::PYTHON,
    };
    Some(Look { peer, code, fill })
}

/// Returns the chart as the text of an SVG file.
pub fn bars(report: &Report) -> String {
    let axis = LogAxis { values: (0.1, 200.0), places: (LEFT, RIGHT) };
    let lanes: Vec<Lane<'_>> = report.rows.iter().filter_map(|row| lane(&axis, row, &report.cells)).collect();
    let bottom = TOP + lanes.iter().map(|lane| lane.height).sum::<f64>();
    let mut svg = Svg::new(WIDTH, bottom + BOTTOM);
    heading(&mut svg, report);
    let tops = lanes.iter().scan(TOP, |top, lane| Some(std::mem::replace(top, *top + lane.height)));
    let tops: Vec<f64> = tops.collect();
    for (lane, top) in lanes.iter().zip(&tops).step_by(2) {
        svg.rect([12.0, *top, WIDTH - 24.0, lane.height], 4.0, colour::LANE);
    }
    grid(&mut svg, &axis, bottom);
    for (lane, top) in lanes.iter().zip(&tops) {
        draw(&mut svg, &axis, *top, lane);
    }
    footer(&mut svg, report, axis.place(1.0), bottom);
    svg.finish("gc-core beside its peers")
}

fn heading(svg: &mut Svg, report: &Report) {
    svg.text((24.0, 34.0), Anchor::Start, Style::bold(19.0, colour::TEXT), "gc-core beside its peers");
    let quick = if report.quick { " (quick run)" } else { "" };
    let text = format!("time or memory for the same work, as a multiple of gc-core's{quick}");
    svg.text((300.0, 34.0), Anchor::Start, Style::plain(13.0, colour::MUTED), &text);
    legend(svg);
    svg.text((24.0, TOP - 10.0), Anchor::Start, Style::plain(11.0, colour::MUTED), "work");
    svg.text((LEFT - 30.0, TOP - 10.0), Anchor::End, Style::plain(11.0, colour::OURS), "gc-core");
    svg.text((RIGHT + 26.0, TOP - 10.0), Anchor::Start, Style::plain(11.0, colour::MUTED), "cannot do it");
}

/// Draws the legend in two lines. The first names the mark of each peer; the second explains the
/// colours and the two kinds of line.
fn legend(svg: &mut Svg) {
    let mut x = 24.0;
    for (peer, _) in CODES {
        let Some(look) = look(peer) else { continue };
        mark(svg, (x + MARK.0 / 2.0, 58.0), &look);
        svg.text((x + MARK.0 + 4.0, 62.0), Anchor::Start, Style::plain(11.0, colour::TEXT), look.peer);
        x += MARK.0 + 17.0 + 6.0 * look.peer.len() as f64;
    }
    let mut x = 24.0;
    let kinds = [
        (colour::RC, "counting without a detector"),
        (colour::COUNTING, "counting with a detector"),
        (colour::TRACING, "tracing"),
        (colour::PYTHON, "CPython"),
    ];
    for (fill, text) in kinds {
        svg.rect([x, 77.0, 10.0, 10.0], 2.0, fill);
        svg.text((x + 15.0, 86.0), Anchor::Start, Style::plain(11.0, colour::MUTED), text);
        x += 32.0 + 6.0 * text.len() as f64;
    }
    svg.line([x, 82.0, x + 16.0, 82.0], colour::OURS, 2.5, "");
    svg.text((x + 21.0, 86.0), Anchor::Start, Style::plain(11.0, colour::MUTED), "gc-core");
    svg.line([x + 84.0, 75.0, x + 84.0, 89.0], colour::BAR, 2.0, "3 2");
    let text = "the bar that gc-core must stay under";
    svg.text((x + 92.0, 86.0), Anchor::Start, Style::plain(11.0, colour::MUTED), text);
}

fn grid(svg: &mut Svg, axis: &LogAxis, bottom: f64) {
    for value in axis.decades() {
        let x = axis.place(value);
        let (stroke, width) = if value == 1.0 { (colour::OURS, 2.5) } else { (colour::GRID, 1.0) };
        svg.line([x, TOP - 4.0, x, bottom + 4.0], stroke, width, "");
        let label = format!("{value}×");
        for y in [TOP - 10.0, bottom + 17.0] {
            svg.text((x, y), Anchor::Middle, Style::plain(11.0, colour::MUTED), &label);
        }
    }
}

/// The layout of a row.
struct Lane<'a> {
    row: &'a RowReport,
    ours: f64,
    /// The look of each mark, its place on the axis, and its distance from the lane's middle.
    marks: Vec<(Look, f64, f64)>,
    beyond: bool,
    unable: Vec<Look>,
    height: f64,
}

fn lane<'a>(axis: &LogAxis, row: &'a RowReport, cells: &[Cell]) -> Option<Lane<'a>> {
    let ours = row.ours?;
    let of_row = || cells.iter().filter(|cell| cell.row == row.id && cell.peer != OURS);
    let mut ratios: Vec<(f64, Look)> =
        of_row().filter_map(|cell| Some((cell.value? / ours, look(&cell.peer)?))).collect();
    ratios.sort_by(|one, other| one.0.total_cmp(&other.0));
    let within = ratios.iter().filter(|(ratio, _)| *ratio <= axis.values.1).count();
    let places: Vec<f64> = ratios[..within].iter().map(|(ratio, _)| axis.place(ratio.max(1e-9))).collect();
    let beyond = at_the_end(ratios.len() - within);
    let all = places.iter().copied().zip(levels(&places)).chain(beyond);
    let marks: Vec<_> = ratios.iter().zip(all).map(|((_, look), (x, level))| (*look, x, level)).collect();
    let tallest = marks.iter().map(|(_, _, level)| level.abs()).fold(0.0, f64::max);
    let unable = of_row().filter(|cell| cell.failed()).filter_map(|cell| look(&cell.peer)).collect();
    let height = LANE.max(2.0 * tallest + MARK.1 + 8.0);
    Some(Lane { row, ours, beyond: marks.len() > within, marks, unable, height })
}

fn draw(svg: &mut Svg, axis: &LogAxis, top: f64, lane: &Lane<'_>) {
    let (middle, baseline) = (top + lane.height / 2.0, top + lane.height / 2.0 + 4.0);
    svg.text((24.0, baseline), Anchor::Start, Style::plain(12.5, colour::TEXT), lane.row.work);
    let own = format!("{} {}", number(lane.ours), lane.row.unit);
    svg.text((LEFT - 16.0, baseline), Anchor::End, Style::bold(12.0, colour::OURS), &own);
    if let Some(limit) = limit(lane.row) {
        let x = axis.place(limit / lane.ours);
        svg.line([x, top + 3.0, x, top + lane.height - 3.0], colour::BAR, 2.0, "3 2");
    }
    for (look, x, level) in &lane.marks {
        mark(svg, (*x, middle + level), look);
    }
    if lane.beyond {
        svg.text((RIGHT + 3.0, baseline), Anchor::Start, Style::bold(12.0, colour::MUTED), "→");
    }
    cannot(svg, baseline, &lane.unable);
}

/// Returns the tightest bar of the row, in the row's unit.
fn limit(row: &RowReport) -> Option<f64> {
    let ratio = row.verdict.bar_to_rc.zip(row.rc).map(|(bar, rc)| bar * rc);
    [row.verdict.scaled_bar, ratio].into_iter().flatten().reduce(f64::min)
}

/// Returns the distance of each mark from the middle of the lane. Marks that would cover each
/// other are placed on levels around the middle.
fn levels(places: &[f64]) -> Vec<f64> {
    let (mut levels, mut free) = (Vec::new(), Vec::new());
    let mut crowd = 0;
    for &x in places {
        if free.iter().all(|&end| end <= x) {
            centre(&mut levels[crowd..], &free);
            crowd = levels.len();
            free.clear();
        }
        let level = free.iter().position(|&end| end <= x).unwrap_or(free.len());
        free.resize(free.len().max(level + 1), x);
        free[level] = x + MARK.0 + 1.0;
        levels.push(level as f64);
    }
    centre(&mut levels[crowd..], &free);
    levels
}

/// Turns level numbers into distances from the middle.
fn centre(crowd: &mut [f64], levels: &[f64]) {
    let middle = (levels.len() as f64 - 1.0) / 2.0;
    crowd.iter_mut().for_each(|level| *level = (*level - middle) * LEVEL);
}

/// Returns the places and levels of marks whose values are beyond the axis. The marks beyond
/// the axis are at its end, on two levels.
fn at_the_end(count: usize) -> impl Iterator<Item = (f64, f64)> {
    let columns = count.div_ceil(2);
    let level = move |at: usize| if count == 1 { 0.0 } else { (at % 2) as f64 * LEVEL - LEVEL / 2.0 };
    (0..count).map(move |at| (RIGHT - (MARK.0 + 1.0) * (columns - at / 2) as f64 + MARK.0 / 2.0, level(at)))
}

fn mark(svg: &mut Svg, (x, y): (f64, f64), look: &Look) {
    let (width, height) = MARK;
    svg.rect([x - width / 2.0, y - height / 2.0, width, height], 4.0, look.fill);
    svg.text((x, y + 3.4), Anchor::Middle, Style::bold(9.5, "#ffffff"), look.code);
}

fn cannot(svg: &mut Svg, baseline: f64, unable: &[Look]) {
    const IN_A_LINE: usize = 8;
    let lines = unable.len().div_ceil(IN_A_LINE) as f64;
    for (line, looks) in unable.chunks(IN_A_LINE).enumerate() {
        let y = baseline + 13.0 * (line as f64 - (lines - 1.0) / 2.0);
        for (at, look) in looks.iter().enumerate() {
            let x = RIGHT + 26.0 + 21.0 * at as f64;
            svg.text((x, y), Anchor::Start, Style::bold(10.0, look.fill), look.code);
        }
    }
}

fn footer(svg: &mut Svg, report: &Report, equal: f64, bottom: f64) {
    let note = Style::plain(11.0, colour::MUTED);
    svg.text((equal - 12.0, bottom + 34.0), Anchor::End, note, "← better than gc-core");
    svg.text((equal + 12.0, bottom + 34.0), Anchor::Start, note, "worse than gc-core →");
    let text = format!("{}, {}; thread CPU time, the least of interleaved runs", report.machine, report.date);
    svg.text((24.0, bottom + 50.0), Anchor::Start, Style::plain(11.0, colour::MUTED), &text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Message;
    use crate::report::Cells;
    use crate::rows::ROWS;
    use crate::svg::is_well_formed;
    use crate::work::{Sample, Size};

    #[test]
    fn a_chart_of_every_peer_is_well_formed() {
        let mut cells = Vec::new();
        for row in &ROWS {
            for (at, peer) in [OURS].into_iter().chain(CODES.map(|(name, _)| name)).enumerate() {
                let mut cell = Cell::new(peer, row.id);
                let message = match at % 5 {
                    4 => Message::Cannot("<why>".into()),
                    _ => Message::Measured { total: 1.0 + at as f64, count: 1.0, asked_to_collect: false, peak: 0 },
                };
                cell.add(message, Sample::each);
                cells.push(cell);
            }
        }
        let rows = ROWS.iter().map(|row| Cells(&cells).row(row, &Size::FULL)).collect();
        let report = Report { machine: "M & N".into(), date: "D".into(), quick: true, scale: Some(1.0), rows, cells };
        let text = bars(&report);
        assert!(is_well_formed(&text), "{text}");
        assert!(ROWS.iter().all(|row| text.contains(row.title)) && text.contains("M &amp; N"));
    }

    #[test]
    fn every_peer_has_a_code() {
        assert!(crate::peers::PEERS.iter().all(|peer| peer.name == OURS || look(peer.name).is_some()));
    }

    #[test]
    fn marks_do_not_cover_each_other() {
        let places = [10.0, 11.0, 12.0, 35.0, 100.0];
        let levels = levels(&places);
        let placed: Vec<(f64, f64)> = places.into_iter().zip(levels).collect();
        for (at, one) in placed.iter().enumerate() {
            for other in &placed[at + 1..] {
                let apart = (one.0 - other.0).abs() >= MARK.0 || (one.1 - other.1).abs() >= MARK.1;
                assert!(apart, "{placed:?}");
            }
        }
        assert_eq!(placed.last(), Some(&(100.0, 0.0)));
        assert_eq!(placed[..3].iter().map(|mark| mark.1).sum::<f64>(), 0.0, "around the middle");
        assert!(at_the_end(3).all(|(x, _)| x <= RIGHT));
    }
}
