//! Stories of what happens in a heap, each told by the heap itself.

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

/// A story that can be told under either policy.
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// The subject, in a line.
    pub summary: &'static str,
    /// Why it matters, in a few.
    pub story: &'static str,
    /// The effect of `--fixed`.
    pub cure: Cure,
    /// The limit that it has where none is given.
    pub max: Option<usize>,
    /// Does the tour tell it? It takes no time, and no library.
    pub in_tour: bool,
    /// Its own source, and the same program in Python.
    pub file: &'static str,
    pub source: &'static str,
    pub python: &'static str,
    play: fn(&mut Scene) -> Played,
}

/// The cure of a scenario.
#[derive(Clone, Copy)]
pub enum Cure {
    /// This does.
    Is(&'static str),
    /// Nothing needs to, because.
    None(&'static str),
}

/// All of them, in the order in which one would learn.
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
    /// How each ended.
    ends: Vec<Trial>,
    /// The leak that one of them showed, which was too small to be seen under the first limit.
    leak: Option<Verdict>,
}

/// Limits that are tried where the first was not enough, as factors of it.
const FACTORS: [usize; 3] = [2, 4, 8];

impl Scenario {
    /// Returns true if the scenario has a table, whose rows `--rows` sets.
    pub fn has_rows(&self) -> bool {
        self.name == load_all_rows::SCENARIO.name
    }

    /// More memory does not bring it to an end.
    fn runs_by_the_clock(&self) -> bool {
        self.name == service::SCENARIO.name
    }

    /// Returns true if `--leak` can plant a leak in the scenario.
    pub fn takes_a_leak(&self) -> bool {
        self.name == service::SCENARIO.name
    }

    /// The one with this name.
    pub fn named(name: &str) -> Option<&'static Scenario> {
        ALL.iter().find(|scenario| scenario.name == name)
    }

    /// Plays it on a new heap. Where that runs out of memory and nothing grew from request to
    /// request, it is played again under larger limits, to see how that ends.
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

    /// The cure of a limit that is too small is a larger one.
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
                break; // it is known what grows, or what is enough; or it was interrupted
            }
        }
        Ok(trials)
    }
}

#[cfg(test)]
mod claims;
#[cfg(test)]
mod tests;
