//! The scenarios: programs that show what happens in a heap, with facts read from the heap.

mod actors;
mod break_the_garbage;
mod collection_never_cleared;
mod cycle;
mod cycle_with_finalizer;
mod dice;
mod finalizer_panics;
mod global_container;
mod leak_becomes_overflow;
mod limit_too_small;
mod load_all_rows;
mod look;
mod native_module;
mod producers_consumer;
mod refcount;
mod resurrection;
mod runaway;
mod scene;
mod service;
mod third_party_bug;
mod weak_cache;

use crate::machine;
use crate::report::{Report, Verdict, policy_name};
use crate::setting::Setting;
use gc_core::BuildError;
use gc_core::diagnosis::Trial;
use gc_snapshot::text::Bytes;
use scene::{Played, Scene};

/// A scenario that can be played under either policy.
pub struct Scenario {
    /// The scenario's name on the command line.
    pub name: &'static str,
    /// The subject, in one line.
    pub summary: &'static str,
    /// Why the subject matters, in a few lines.
    pub story: &'static str,
    /// The effect of `--fixed`.
    pub cure: Cure,
    /// The limit of the heap in bytes, if the setting gives none.
    pub max: Option<usize>,
    /// True if the tour shows the scenario. Such a scenario is fast and needs no library.
    pub in_tour: bool,
    /// The name of the source file, its content, and an equivalent program in Python.
    pub file: &'static str,
    pub source: &'static str,
    pub python: &'static str,
    play: fn(&mut Scene) -> Played,
}

/// The cure of a scenario.
#[derive(Clone, Copy)]
pub enum Cure {
    /// The scenario has a cure, described by the text.
    Is(&'static str),
    /// The scenario has no cure, for the reason in the text.
    None(&'static str),
}

/// All scenarios, in a good order for learning.
pub const ALL: [Scenario; 18] = [
    refcount::SCENARIO,
    cycle::SCENARIO,
    cycle_with_finalizer::SCENARIO,
    break_the_garbage::SCENARIO,
    resurrection::SCENARIO,
    finalizer_panics::SCENARIO,
    global_container::SCENARIO,
    collection_never_cleared::SCENARIO,
    weak_cache::SCENARIO,
    native_module::SCENARIO,
    producers_consumer::SCENARIO,
    third_party_bug::SCENARIO,
    load_all_rows::SCENARIO,
    runaway::LOOP,
    runaway::RECURSION,
    limit_too_small::SCENARIO,
    leak_becomes_overflow::SCENARIO,
    service::SCENARIO,
];

/// Results of the runs under larger limits.
#[derive(Default)]
struct Trials {
    /// The end of each run.
    ends: Vec<Trial>,
    /// The leak that one of the runs showed and that the run under the first limit did not show.
    leak: Option<Verdict>,
}

/// Factors of the first limit, for runs under larger limits after an out-of-memory error.
const FACTORS: [usize; 3] = [2, 4, 8];

impl Scenario {
    /// Returns true if the scenario has a table, whose rows `--rows` sets.
    pub fn has_rows(&self) -> bool {
        self.name == load_all_rows::SCENARIO.name
    }

    /// Returns true if the scenario runs for a given time, so that a larger limit does not let it
    /// end.
    fn runs_by_the_clock(&self) -> bool {
        self.name == service::SCENARIO.name
    }

    /// Returns true if `--leak` can plant a leak in the scenario.
    pub fn takes_a_leak(&self) -> bool {
        self.name == service::SCENARIO.name
    }

    /// Returns the scenario with this name.
    pub fn named(name: &str) -> Option<&'static Scenario> {
        ALL.iter().find(|scenario| scenario.name == name)
    }

    /// Plays the scenario on a new heap. If the heap runs out of memory and the report shows no
    /// growth from request to request, the scenario is played again under larger limits to improve
    /// the verdict.
    ///
    /// # Errors
    /// When no heap can be made with these limits.
    pub fn run(&self, setting: &Setting) -> Result<Report, BuildError> {
        let setting = self.with_cure(setting);
        let mut report = self.play_on(Scene::new(self, setting.clone())?);
        let is_worth_it = report.out_of_memory.is_some() && report.may_be_told_by_trials() && !self.runs_by_the_clock();
        if is_worth_it && setting.trials && !report.interrupted {
            let trials = self.trials(&setting)?;
            report.interrupted |= crate::interrupted();
            report.conclude(&trials.ends);
            if let Some(leak) = trials.leak {
                report.verdict = leak;
            }
        }
        Ok(report)
    }

    fn play_on(&self, mut scene: Scene) -> Report {
        let played = (self.play)(&mut scene);
        scene.report(played)
    }

    /// Returns the setting with a larger limit if the cure of the scenario is a larger limit.
    fn with_cure(&self, setting: &Setting) -> Setting {
        let mut setting = setting.clone();
        let asked = setting.max;
        if setting.fixed && self.name == limit_too_small::SCENARIO.name {
            setting.max = setting.max.or(self.max).map(|max| max * limit_too_small::ENOUGH);
            if let (Some(asked), false) = (asked, setting.is_trial) {
                let (asked, max) = (Bytes(asked as f64), Bytes(setting.max.unwrap_or_default() as f64));
                setting.tell(&format!("{}: the cure raises the limit from {asked} to {max}", self.run_name(&setting)));
            }
        }
        setting
    }

    fn run_name(&self, setting: &Setting) -> String {
        format!("{} ({})", self.name, policy_name(setting.policy))
    }

    fn trials(&self, setting: &Setting) -> Result<Trials, BuildError> {
        let mut trials = Trials::default();
        let Some(limit) = setting.max.or(self.max) else { return Ok(trials) };
        for factor in FACTORS {
            let max = limit.saturating_mul(factor);
            let shown = Bytes(max as f64);
            if machine::free_memory().is_some_and(|free| max > free / 2) {
                setting.tell(&format!(
                    "{}: not tried with {shown}: the machine has not twice as much free",
                    self.run_name(setting)
                ));
                break;
            }
            setting
                .tell(&format!("{}: tried again with {shown} (--no-trials leaves that out)", self.run_name(setting)));
            let trial = Setting { max: Some(max), is_trial: true, ..setting.clone() };
            let report = self.play_on(Scene::new(self, trial)?);
            let end = report.evidence.trial;
            trials.ends.extend(end);
            if report.shows_a_leak() {
                let text = format!("seen with {shown}, where there is more to look at:\n{}", report.verdict.text);
                trials.leak = Some(Verdict { text, ..report.verdict });
            }
            if trials.leak.is_some() || end.is_none_or(|end| end.completed) {
                break; // a leak was found, the limit was large enough, or the run was interrupted
            }
        }
        Ok(trials)
    }
}

#[cfg(test)]
mod claims;
#[cfg(test)]
mod tests;
