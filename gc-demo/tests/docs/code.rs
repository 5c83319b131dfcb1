//! Code blocks: `<!-- code: FILE ANCHOR -->` before one says where it comes from.

use super::{Page, root};
use std::fs;

/// What is wrong with a page's code; with `UPDATE_DOCS` the page is written anew instead.
pub fn wrong(page: &Page) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut written = String::new();
    let mut lines = page.text.lines();
    while let Some(line) = lines.next() {
        written += &format!("{line}\n");
        let Some(source) = line.strip_prefix("<!-- code: ").and_then(|it| it.strip_suffix(" -->")) else {
            if line == "```rust,ignore" {
                wrong.push(format!("{}: code that nobody compiles, without a source", page.name()));
            }
            continue;
        };
        let fence = lines.next().unwrap_or_default();
        let old: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match of(source) {
            Ok(code) => {
                written += &format!("{fence}\n{code}```\n");
                let old: String = old.iter().map(|line| format!("{line}\n")).collect();
                if old != code {
                    wrong.push(format!("{}: not the code of {source}: UPDATE_DOCS=1 writes it anew", page.name()));
                }
            }
            Err(error) => wrong.push(format!("{}: {error}", page.name())),
        }
    }
    if std::env::var_os("UPDATE_DOCS").is_some() && written != page.text {
        fs::write(&page.path, &written).expect("a page that can be written");
        wrong.clear();
    }
    wrong
}

/// The lines between `ANCHOR: name` and `ANCHOR_END: name` of a file, as far to the left as they go.
fn of(source: &str) -> Result<String, String> {
    let (file, anchor) = source.split_once(' ').ok_or_else(|| format!("no anchor: {source}"))?;
    let text = fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))?;
    let is = |line: &str, word: &str| line.trim() == format!("// {word}: {anchor}");
    let begun = text.lines().skip_while(|line| !is(line, "ANCHOR")).skip(1);
    let lines: Vec<&str> = begun.take_while(|line| !is(line, "ANCHOR_END")).collect();
    if lines.is_empty() {
        return Err(format!("{file} has no anchor {anchor}"));
    }
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let left = lines.iter().filter(|line| !line.is_empty()).map(indent).min().unwrap_or(0);
    Ok(lines.iter().map(|line| format!("{}\n", line.get(left..).unwrap_or_default())).collect())
}
