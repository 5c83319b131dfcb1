//! `gc-demo show`: prints the program of a scenario in Rust and in Python.

use crate::scenarios::Scenario;
use crate::screen::Style;
use std::io::{self, Write};

/// The start of the comment that marks an important line, in both languages.
const MARK: &str = "<- ";

/// Prints both programs; lines with [`MARK`] are marked and, on a terminal, bold.
///
/// # Errors
/// When the output cannot be written.
pub fn program(scenario: &Scenario, style: Style, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{}",
        style.heading(&format!("{} in Rust (gc-demo/src/scenarios/{})", scenario.name, scenario.file))
    )?;
    lines(story(scenario.source), style, out)?;
    writeln!(out, "\n{}", style.heading("The same in Python"))?;
    lines(scenario.python, style, out)
}

fn lines(text: &str, style: Style, out: &mut impl Write) -> io::Result<()> {
    for line in text.trim_matches('\n').lines() {
        if line.contains(MARK) {
            writeln!(out, "> {}", style.heading(line))?;
        } else if line.is_empty() {
            writeln!(out)?;
        } else {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

/// Returns the part of the source that follows the `Scenario` constant.
fn story(source: &str) -> &str {
    let listing = source.rfind("Scenario = Scenario {").unwrap_or(0);
    source[listing..].split_once("\n};\n").map_or(source, |(_, story)| story)
}

#[cfg(test)]
mod tests {
    use super::{MARK, program};
    use crate::scenarios::{ALL, Cure};
    use crate::screen::Style;

    #[test]
    fn every_program_is_shown_and_every_leak_is_marked_in_both_languages() {
        for scenario in &ALL {
            let mut out = Vec::new();
            program(scenario, Style::of_stdout(), &mut out).expect("it is written");
            let text = String::from_utf8(out).expect("text");
            assert!(text.contains("fn play") && text.contains("import gc"), "{}", scenario.name);
            assert!(!text.contains("summary: "), "{}: {text}", scenario.name);
            let (rust, python) = text.split_once("The same in Python").expect("both");
            let is_leak = matches!(scenario.cure, Cure::Is(_));
            for program in [rust, python] {
                let marked = program.lines().any(|line| line.starts_with("> ") && line.contains(MARK));
                assert_eq!(marked, is_leak, "{}", scenario.name);
            }
        }
    }
}
