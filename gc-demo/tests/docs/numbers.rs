//! Measured numbers: times, rates and sizes that a run gave. A table of them has a column
//! `reproduce` with a command in each row; a paragraph with a measured time names the command.

use super::Page;

/// The tables and paragraphs of a page with numbers that nobody can reproduce.
pub fn wrong(page: &Page) -> Vec<String> {
    let blocks = blocks(&page.text);
    let found = blocks.iter().filter_map(|block| match block.first()?.starts_with('|') {
        true => table(block),
        false => paragraph(block),
    });
    found.map(|wrong| format!("{}: {wrong}", page.name())).collect()
}

/// Tables and paragraphs, without code.
fn blocks(text: &str) -> Vec<Vec<&str>> {
    let mut blocks = vec![Vec::new()];
    let mut in_code = false;
    for line in text.lines() {
        let fence = line.starts_with("```");
        in_code ^= fence;
        if line.trim().is_empty() || fence || in_code {
            blocks.push(Vec::new());
        } else if let Some(last) = blocks.last_mut() {
            last.push(line);
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

fn table(rows: &[&str]) -> Option<String> {
    if !rows.iter().any(|row| is_measured(row) || row.to_lowercase().contains("million a second")) {
        return None;
    }
    let cells = |row: &str| -> Vec<String> {
        let inner = row.trim().trim_start_matches('|').trim_end_matches('|');
        inner.replace("\\|", " ").split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let head = cells(rows[0]);
    let Some(column) = head.iter().position(|name| name == "reproduce") else {
        return Some(format!("a table without a column `reproduce`: {}", rows[0]));
    };
    let lacks = rows[2..].iter().find(|row| !cells(row).get(column).is_some_and(|cell| is_command(cell)));
    lacks.map(|row| format!("a row without a command: {row}"))
}

fn paragraph(lines: &[&str]) -> Option<String> {
    let text = lines.join(" ");
    let is_told = text.contains("eproduce") && is_command(&text);
    (is_measured(&text) && !is_told).then(|| format!("a measured number without a command: {text}"))
}

/// A command, or the name of a test or of a page that has one, in backticks.
fn is_command(text: &str) -> bool {
    text.matches('`').count() >= 2
}

/// A number with a unit of time, outside of code: `0.27 ms`, `53.9 ns`, `12 min`.
fn is_measured(text: &str) -> bool {
    let plain: String = text.split('`').step_by(2).collect();
    let words: Vec<&str> =
        plain.split(|letter: char| letter.is_whitespace() || letter == '|' || letter == '*').collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let is_number = |word: &str| word.starts_with(|letter: char| letter.is_ascii_digit());
    let units = ["ns", "µs", "ms", "ns/object", "ns/step", "ns/node", "B/object", "s", "min"];
    let is_unit = |word: &str| units.contains(&word.trim_end_matches([',', '.', ';', ')', ':']));
    words.windows(2).any(|two| is_number(two[0]) && is_unit(two[1])) || words.first() == Some(&"ns")
}
