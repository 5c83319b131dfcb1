//! The picture of the dashboard.

use super::board::Board;
use gc_core::observe::{GaugeKind, Sample};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, Paragraph, Row, Sparkline, Table, Wrap};

/// Draws the whole dashboard.
pub fn draw(board: &Board, frame: &mut Frame<'_>) {
    let [head, middle, lower, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(8), Constraint::Length(8), Constraint::Length(1)])
            .areas(frame.area());
    frame.render_widget(Paragraph::new(title(board)), head);
    let is_narrow = frame.area().width < NARROW;
    if board.inspecting {
        let text = Paragraph::new(board.message.as_str()).wrap(Wrap { trim: false });
        frame.render_widget(text.block(Block::bordered().title(" diagnosis (i or Esc: back) ")), middle);
    } else if is_narrow {
        let [upper, under] = Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]).areas(middle);
        memory(board, frame, upper);
        types(board, frame, under);
    } else {
        let [left, right] = Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas(middle);
        memory(board, frame, left);
        types(board, frame, right);
    }
    if is_narrow {
        numbers(board, frame, lower);
    } else {
        let [left, right] = Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas(lower);
        pauses(board, frame, left);
        numbers(board, frame, right);
    }
    frame.render_widget(Paragraph::new(keys(board, is_narrow).dim()), foot);
}

/// Width below which panels that stand side by side are stacked instead.
const NARROW: u16 = 72;

/// Returns the line that explains the keys at the moment.
fn keys(board: &Board, is_narrow: bool) -> &'static str {
    match (board.inspecting, is_narrow) {
        (true, _) => "i or Esc back  q quit  p other policy  r again",
        (false, true) => "q quit  space c i s  p policy  r again",
        (false, false) => "q quit  space pause  c collect  i inspect  s snapshot  p other policy  r again",
    }
}

fn title(board: &Board) -> Line<'_> {
    let state = match (&board.verdict, board.paused) {
        (Some(verdict), _) => Span::from(format!("  done: {verdict}")).bold(),
        (None, true) => "  paused".yellow(),
        (None, false) => "  running".green(),
    };
    let cure = if board.fixed { ", with the cure" } else { "" };
    Line::from(vec![board.name.bold(), format!("  {}{cure}", board.policy).into(), state])
}

fn bytes(value: f64) -> String {
    match value {
        value if value >= 1048576.0 => format!("{:.1}M", value / 1048576.0),
        value => format!("{:.0}K", value / 1024.0),
    }
}

/// Draws the chart of memory. The resident set is left out, because it is far larger than the other
/// values.
fn memory(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let line = |value: fn(&Sample) -> usize| -> Vec<(f64, f64)> {
        board.looks.iter().map(|look| (look.at.as_secs_f64(), value(look) as f64)).collect()
    };
    let (objects, heap) = (line(|look| look.census.bytes()), line(|look| look.memory.committed));
    let external = line(|look| look.memory.external);
    let most = objects.iter().chain(&heap).chain(&external).map(|&(_, y)| y).fold(4096.0, f64::max) * 1.1;
    let first = objects.first().map_or(0.0, |&(x, _)| x);
    let last = objects.last().map_or(1.0, |&(x, _)| x).max(first + 0.1);
    let marks: Vec<(f64, f64)> = board.collections.iter().filter(|&&at| at >= first).map(|&at| (at, 0.0)).collect();
    let set = |data, colour| {
        let set = Dataset::default().data(data).graph_type(GraphType::Line);
        set.marker(Marker::Braille).style(Style::new().fg(colour))
    };
    let sets = vec![
        set(&objects, Color::Cyan),
        set(&heap, Color::Yellow),
        set(&external, Color::Green),
        set(&marks, Color::DarkGray).graph_type(GraphType::Scatter),
    ];
    let legend = Line::from(vec![
        " memory: ".into(),
        "objects".fg(Color::Cyan),
        " ".into(),
        "heap".fg(Color::Yellow),
        " ".into(),
        "outside".fg(Color::Green),
        " ".into(),
        "·collections ".fg(Color::DarkGray),
    ]);
    let seconds = |at: f64| format!("{at:.1}s");
    let chart = Chart::new(sets)
        .block(Block::bordered().title(legend))
        .x_axis(Axis::default().bounds([first, last]).labels([seconds(first), seconds(last)]))
        .y_axis(Axis::default().bounds([0.0, most]).labels(["0".into(), bytes(most / 2.0), bytes(most)]));
    frame.render_widget(chart, area);
}

fn types(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let (first, last) = (board.looks.first(), board.looks.last());
    let rows = last.map_or_else(Vec::new, |last| last.census.most_common(area.height.saturating_sub(3).into()));
    let row = |row: &gc_core::observe::TypeCount| {
        let before = first.and_then(|first| first.census.of(&row.type_name)).map_or(0, |row| row.objects);
        let more = row.objects as i64 - before as i64;
        let style = if more > 0 { Style::new().fg(Color::Red) } else { Style::new() };
        Row::new([row.type_name.clone(), row.objects.to_string(), format!("{more:+}")]).style(style)
    };
    let widths = [Constraint::Fill(1), Constraint::Length(8), Constraint::Length(8)];
    let table = Table::new(rows.into_iter().map(row), widths).header(Row::new(["type", "objects", "growth"]).dim());
    frame.render_widget(table.block(Block::bordered().title(" objects ")), area);
}

fn pauses(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let longest = board.pauses.iter().max().copied().unwrap_or(0);
    let title = format!(" last pauses, longest {longest} µs ");
    let width = usize::from(area.width.saturating_sub(2));
    let shown = &board.pauses[board.pauses.len().saturating_sub(width)..];
    frame.render_widget(Sparkline::default().data(shown).block(Block::bordered().title(title)), area);
}

/// Returns a line with the sizes of the heap, of memory declared outside of the heap, and of the
/// whole process.
fn sizes(look: &Sample) -> Line<'static> {
    let (heap, outside) = (bytes(look.memory.committed as f64), bytes(look.memory.external as f64));
    let resident = gc_core::observe::resident_bytes().map_or_else(|| "?".into(), |resident| bytes(resident as f64));
    Line::from(format!("heap {heap}  outside {outside}  resident {resident}"))
}

fn numbers(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let mut lines = Vec::new();
    if let Some(last) = board.looks.last() {
        lines.push(Line::from(format!("units {}  collections {}", last.units_ended(), last.collections)));
        lines.push(Line::from(format!("objects {}  garbage {}", last.census.objects(), last.garbage)));
        lines.push(sizes(last));
        for reading in &last.readings {
            let value = match reading.kind {
                GaugeKind::ResidentBytes => bytes(reading.value as f64),
                _ => reading.value.to_string(),
            };
            lines.push(Line::from(format!("{} {value}", reading.name)));
        }
        if last.out_of_memory > 0 {
            lines.push(Line::from("out of memory".red()));
        }
    }
    if !board.inspecting {
        lines.extend(board.message.lines().map(|line| Line::from(line.to_owned())));
    }
    let text = Paragraph::new(lines).wrap(Wrap { trim: true });
    frame.render_widget(text.block(Block::bordered().title(" numbers ")), area);
}

#[cfg(test)]
mod tests {
    use super::draw;
    use crate::setting::Setting;
    use crate::watch::board::Board;
    use gc_core::Heap;
    use gc_core::observe::GaugeKind;
    use ratatui::crossterm::event::KeyCode;
    use ratatui::{Terminal, backend::TestBackend};

    fn text(board: &Board) -> String {
        text_in(board, 100)
    }

    fn text_in(board: &Board, columns: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(columns, 30)).expect("a backend in memory");
        terminal.draw(|frame| draw(board, frame)).expect("it draws");
        terminal.backend().to_string()
    }

    #[test]
    fn it_shows_types_growth_and_gauges() {
        let heap = Heap::new();
        heap.gauge("jobs queued", GaugeKind::Backlog, || 42);
        let mut board = Board::new("service", &Setting::default());
        let mut held = vec![heap.alloc(1u64)];
        board.look(&heap);
        held.extend((0..6).map(|number| heap.alloc(number)));
        heap.collect();
        board.look(&heap);
        let shown = text(&board);
        for part in
            ["service  pep442  running", "u64", "7", "+6", "jobs queued 42", "collections 1", "longest", "q quit"]
        {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
    }

    #[test]
    fn keys_pause_collect_and_inspect() {
        let heap = Heap::new();
        let mut board = Board::new("cycle", &Setting::default());
        board.key(KeyCode::Char(' '), Some(&heap));
        assert!(board.paused && text(&board).contains("paused"));
        board.key(KeyCode::Char('c'), Some(&heap));
        assert!(text(&board).contains("collect() returned 0"));
        board.key(KeyCode::Char('i'), Some(&heap));
        assert!(board.inspecting && text(&board).contains("too early to tell"));
        assert!(text(&board).contains("i or Esc back"));
        board.key(KeyCode::Esc, Some(&heap));
        assert!(!board.inspecting && !board.has_ended(), "Esc goes back first");
        (0..40).for_each(|_| board.look(&heap));
        board.key(KeyCode::Char('i'), Some(&heap));
        assert!(board.inspecting && text(&board).contains("nothing suspicious"));
        board.verdict = Some("none".into());
        assert!(text(&board).contains("done: none"));
    }

    #[test]
    fn a_narrow_terminal_shows_names_and_a_legend() {
        let heap = Heap::new();
        let mut board = Board::new("service", &Setting::default());
        let _held = [heap.alloc(String::from("text")), heap.alloc(String::new())];
        board.look(&heap);
        board.look(&heap);
        for columns in [40, 45, 60, 72, 100] {
            let shown = text_in(&board, columns);
            for part in ["String", "objects heap outside", "units 0", "q quit"] {
                assert!(shown.contains(part), "{columns} columns, {part}\n{shown}");
            }
        }
    }
}
