//! The tour, which `gc-demo` shows if it is called without arguments.

use crate::scenarios::ALL;
use crate::screen::{Style, WIDTH, steps, wrap};
use crate::setting::Setting;
use gc_core::FinalizerPolicy;
use std::io::{self, Write};

const WELCOME: &str = "A heap with CPython's memory model: objects are counted, cycles are collected, and \
    finalizers follow the rules of Python 2 (legacy) or of Python 3.4 and later (pep442). Each number and \
    name below was read from a heap just now.";

/// Plays the scenarios of the tour under both policies and shows the steps that matter most.
///
/// # Errors
/// When the output cannot be written.
pub fn show(out: &mut impl Write, style: Style) -> io::Result<()> {
    for line in wrap(WELCOME, WIDTH) {
        writeln!(out, "{line}")?;
    }
    for (number, scenario) in ALL.iter().filter(|scenario| scenario.in_tour).enumerate() {
        let title = format!("{}. {}", number + 1, scenario.name);
        writeln!(out, "\n{}\n   {}", style.heading(&title), scenario.summary)?;
        let setting = |policy| Setting { policy, ..Setting::default() };
        let reports = [FinalizerPolicy::Legacy, FinalizerPolicy::Pep442].map(|policy| scenario.run(&setting(policy)));
        let reports = reports.into_iter().collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?;
        write!(out, "{}", steps(&reports, style, true))?;
    }
    writeln!(out, "\nThe whole of a scenario: gc-demo run NAME. All commands: gc-demo --help.")
}
