//! `gc-demo watch`: a scenario in slow motion, on a dashboard.

mod board;
mod draw;

pub use board::Watcher;

use crate::report::Report;
use crate::scenarios::Scenario;
use crate::setting::Setting;
use anyhow::{Result, bail};
use board::{Board, End};
use gc_core::FinalizerPolicy;
use std::io::{IsTerminal as _, stdout};
use std::time::Duration;

/// Runs the scenario again and again as the keys say; what it printed last is left to read.
///
/// # Errors
/// When stdout is no terminal, or no heap can be made.
pub fn run(scenario: &'static Scenario, mut setting: Setting) -> Result<Report> {
    if !stdout().is_terminal() {
        bail!("watch needs a terminal; `gc-demo run {}` prints", scenario.name);
    }
    setting.duration = setting.duration.or(Some(Duration::from_secs(3600)));
    // (The terminal that this makes is dropped: each board has its own.)
    drop(ratatui::try_init()?);
    let outcome = play(scenario, &mut setting);
    ratatui::restore();
    outcome
}

/// Gives the terminal back, whatever is shown on it.
pub fn restore_terminal() {
    if ratatui::crossterm::terminal::is_raw_mode_enabled().unwrap_or(false) {
        ratatui::restore();
    }
}

fn play(scenario: &'static Scenario, setting: &mut Setting) -> Result<Report> {
    loop {
        let board = Board::new(scenario.name, setting);
        let watcher = Watcher::new(board)?;
        setting.watcher = Some(watcher.clone());
        let report = scenario.run(setting)?;
        match watcher.finish(&report)? {
            End::Quit => return Ok(report),
            End::Again => {}
            End::OtherPolicy => {
                setting.policy = match setting.policy {
                    FinalizerPolicy::Legacy => FinalizerPolicy::Pep442,
                    _ => FinalizerPolicy::Legacy,
                };
            }
        }
        crate::go_on();
    }
}
