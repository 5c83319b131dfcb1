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
use ratatui::crossterm::{cursor, execute, terminal};
use std::io::{IsTerminal as _, stderr, stdout};
use std::time::Duration;

/// Runs the scenario repeatedly, as the keys say, and returns the last run.
///
/// # Errors
/// When stdout is no terminal, or no heap can be made.
pub fn run(scenario: &'static Scenario, mut setting: Setting) -> Result<Watched> {
    if !stdout().is_terminal() {
        bail!("watch needs a terminal; `gc-demo run {}` prints", scenario.name);
    }
    setting.duration = setting.duration.or(Some(Duration::from_secs(3600)));
    // The terminal made here is dropped because each board makes its own.
    drop(ratatui::try_init()?);
    let outcome = play(scenario, &mut setting);
    ratatui::restore();
    outcome
}

/// The last run that was watched.
pub struct Watched {
    pub report: Report,
    /// True if watching was ended by Ctrl-C or a signal, not by a key of the dashboard.
    pub interrupted: bool,
}

/// Restores the terminal if a dashboard is shown on it. The escape sequences go to stderr, because
/// the drawing thread may hold the lock of stdout.
pub fn restore_terminal() {
    if terminal::is_raw_mode_enabled().unwrap_or(false) {
        let _ = terminal::disable_raw_mode();
        let _ = execute!(stderr(), terminal::LeaveAlternateScreen, cursor::Show);
    }
}

fn play(scenario: &'static Scenario, setting: &mut Setting) -> Result<Watched> {
    loop {
        let board = Board::new(scenario.name, setting);
        let watcher = Watcher::new(board)?;
        setting.watcher = Some(watcher.clone());
        let report = scenario.run(setting)?;
        match watcher.finish(&report)? {
            End::Quit => return Ok(Watched { report, interrupted: false }),
            End::Interrupted => return Ok(Watched { report, interrupted: true }),
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
