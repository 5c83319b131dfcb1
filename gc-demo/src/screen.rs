//! Reports as text for a terminal of 80 columns.

use crate::report::{Fact, Report, Step, policy_name};
use gc_snapshot::text::Bytes;
use std::fmt::Write as _;
use std::io::IsTerminal;

/// The greatest width of a line, in characters.
pub const WIDTH: usize = 79;
/// Width of the column of fact names, in characters.
const NAMES: usize = 21;
/// Number of blanks between the columns of the two policies.
const GAP: usize = 2;

/// The style of headings.
#[derive(Clone, Copy)]
pub struct Style {
    bold: bool,
}

impl Style {
    /// Returns the style for stdout: bold headings if stdout is a terminal and `NO_COLOR` is unset
    /// or empty.
    pub fn of_stdout() -> Style {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Style { bold: !unwanted && std::io::stdout().is_terminal() }
    }

    /// Formats a heading.
    pub fn heading(self, text: &str) -> String {
        if self.bold { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Breaks text between words into lines of at most `width` characters. A word that is longer than a
/// line is cut.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace().flat_map(|word| pieces(word, width)) {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(&word),
            Some(line) if length(line) + 1 + length(&word) <= width => *line += &format!(" {word}"),
            _ => lines.push(word),
        }
    }
    lines
}

fn pieces(word: &str, width: usize) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(width).map(|piece| piece.iter().collect()).collect()
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Formats the steps of one scenario, under one policy or under both side by side.
///
/// Steps of the two runs belong together if they have the same title.
pub fn steps(reports: &[Report], style: Style, only_tour: bool) -> String {
    let mut text = String::new();
    let Some((first, others)) = reports.split_first() else { return text };
    let wanted = first.steps.iter().filter(|step| step.in_tour || !only_tour);
    for (number, step) in wanted.enumerate() {
        let twin = others.first().and_then(|other| other.steps.iter().find(|twin| twin.title == step.title));
        let number = (!only_tour).then_some(number + 1);
        text += &heading(
            number,
            step,
            twin,
            [first, others.first().unwrap_or(first)].map(|it| policy_name(it.policy)),
            style,
        );
        text += &match (twin, others.first()) {
            (Some(twin), Some(_)) if twin.facts == step.facts => one_column("both policies", step, style),
            (Some(twin), Some(other)) => {
                let names = [policy_name(first.policy), policy_name(other.policy)];
                two_columns(names, [step, twin], style)
            }
            _ => one_column(policy_name(first.policy), step, style),
        };
    }
    text
}

/// Formats the diagnoses of all reports. A diagnosis that both policies share is shown once.
pub fn diagnoses(reports: &[Report], style: Style) -> String {
    let mut text = String::new();
    for (at, report) in reports.iter().enumerate() {
        let is_same = |other: &Report| {
            let error = |report: &Report| report.out_of_memory.as_ref().map(|error| error.text());
            other.verdict.text == report.verdict.text && error(other) == error(report)
        };
        if at > 0 && is_same(&reports[0]) {
            continue;
        }
        let same = at == 0 && reports.len() > 1 && reports[1..].iter().all(is_same);
        let name = if same { "both policies" } else { policy_name(report.policy) };
        let _ = writeln!(text, "\n{}", style.heading(&format!("Diagnosis ({name}): {}", report.verdict.kind)));
        if report.interrupted && report.verdict.kind != "interrupted" {
            let _ = writeln!(text, "   Interrupted: judged by what was seen until then.");
        }
        if let Some(error) = &report.out_of_memory {
            for line in wrap(&error.text(), WIDTH - 3) {
                let _ = writeln!(text, "   {line}");
            }
        }
        for line in report.verdict.text.lines() {
            let indent = line.len() - line.trim_start().len();
            for line in wrap(line.trim_start(), WIDTH - 3 - indent) {
                let _ = writeln!(text, "   {:indent$}{line}", "");
            }
        }
    }
    text
}

/// Formats the title of a step and its note. If the notes of the two runs differ, both are shown
/// with the names of the policies.
fn heading(number: Option<usize>, step: &Step, twin: Option<&Step>, names: [&str; 2], style: Style) -> String {
    let title = number.map_or_else(|| format!("   {}", step.title), |number| format!("{number}. {}", step.title));
    let mut text = format!("\n{}\n", style.heading(&title));
    let notes = match twin.filter(|twin| twin.note != step.note) {
        None => vec![step.note.to_owned()],
        Some(twin) => {
            let both = names.iter().zip([step.note, twin.note]).filter(|(_, note)| !note.is_empty());
            both.map(|(name, note)| format!("{name}: {note}")).collect()
        }
    };
    for line in notes.iter().flat_map(|note| wrap(note, WIDTH - 3)).filter(|line| !line.is_empty()) {
        let _ = writeln!(text, "   {line}");
    }
    text
}

fn one_column(name: &str, step: &Step, style: Style) -> String {
    let width = WIDTH - 4 - NAMES;
    let mut text = row("", &[style.heading(name)], &[], width);
    for (name, value) in &step.facts {
        text += &row(name, &lines(value, width), &[], width);
    }
    text
}

fn two_columns(names: [&str; 2], steps: [&Step; 2], style: Style) -> String {
    let width = (WIDTH - 4 - NAMES - GAP) / 2;
    // The text is padded before the escape sequences are added, because they have no width.
    let left = style.heading(&format!("{:<width$}", names[0]));
    let mut text = format!("    {:NAMES$}{left}{:GAP$}{}\n", "", "", style.heading(names[1]));
    for (name, value) in &steps[0].facts {
        let twin = steps[1].facts.iter().find(|(twin, _)| twin == name);
        let twin = twin.map_or_else(Vec::new, |(_, value)| lines(value, width));
        text += &row(name, &lines(value, width), &twin, width);
    }
    text
}

/// Formats a fact's name and its values, which may need several lines.
fn row(name: &str, left: &[String], right: &[String], width: usize) -> String {
    let mut text = String::new();
    for at in 0..left.len().max(right.len()) {
        let name = if at == 0 { name } else { "" };
        let cell = |lines: &[String]| lines.get(at).cloned().unwrap_or_default();
        let line = format!("    {name:<NAMES$}{:<width$}{:GAP$}{}", cell(left), "", cell(right));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn lines(value: &Fact, width: usize) -> Vec<String> {
    match value {
        Fact::Number(number) => vec![number.to_string()],
        Fact::Bytes(bytes) => vec![Bytes(*bytes as f64).to_string()],
        Fact::Flag(flag) => vec![(if *flag { "yes" } else { "no" }).to_owned()],
        Fact::Text(text) => wrap(text, width),
        Fact::List(items) if items.is_empty() => vec!["none".to_owned()],
        Fact::List(items) => {
            in_one_line(items, width).unwrap_or_else(|| items.iter().flat_map(|item| wrap(item, width)).collect())
        }
        Fact::Table(rows) if rows.is_empty() => vec!["none".to_owned()],
        Fact::Table(rows) => {
            let items: Vec<String> = rows.iter().map(|(name, number)| format!("{name} {number}")).collect();
            in_one_line(&items, width).unwrap_or_else(|| table(rows))
        }
    }
}

fn in_one_line(items: &[String], width: usize) -> Option<Vec<String>> {
    let line = items.join(", ");
    (length(&line) <= width).then(|| vec![line])
}

/// Formats a table with names on the left and numbers on the right, as objgraph does.
fn table(rows: &[(String, i64)]) -> Vec<String> {
    let names = rows.iter().map(|(name, _)| length(name)).max().unwrap_or(0);
    rows.iter().map(|(name, number)| format!("{name:<names$} {number}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{WIDTH, lines, pieces, row, wrap};
    use crate::report::Fact;

    #[test]
    fn text_is_broken_between_words() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("", 8), [""]);
        assert_eq!(wrap("sevenletters", 5), ["seven", "lette", "rs"]);
        assert_eq!(pieces("äöü", 2), ["äö", "ü"]);
    }

    #[test]
    fn a_row_never_ends_in_blanks() {
        assert_eq!(
            row("name", &["1".to_owned()], &[], 20).trim_end_matches('\n').trim_end(),
            "    name                 1"
        );
    }

    #[test]
    fn empty_lists_say_so() {
        assert_eq!(lines(&Fact::List(Vec::new()), WIDTH), ["none"]);
    }

    #[test]
    fn tables_are_aligned() {
        let rows = Fact::Table(vec![("Request".to_owned(), 10), ("Log".to_owned(), 1)]);
        assert_eq!(lines(&rows, 12), ["Request 10", "Log     1"]);
        assert_eq!(lines(&rows, WIDTH), ["Request 10, Log 1"]);
    }
}
