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

/// Runs the scenario again and again as the keys say; what it printed last is left to read.
///
/// # Errors
/// When stdout is no terminal, or no heap can be made.
pub fn run(scenario: &'static Scenario, mut setting: Setting) -> Result<Watched> {
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

/// The run that was watched last.
pub struct Watched {
    pub report: Report,
    /// Not by a key that ends it.
    pub interrupted: bool,
}

/// Gives the terminal back, whatever is shown on it: by stderr, because stdout may be locked by
/// the thread that draws.
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
