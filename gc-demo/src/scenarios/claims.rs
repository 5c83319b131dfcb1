//! Tests that check every title and note against the data shown beside it, for every scenario,
//! policy and cure.

use super::{ALL, Cure};
use crate::report::{Fact, Report, Step};
use crate::setting::Setting;
use gc_core::FinalizerPolicy::{Legacy, Pep442};
use std::time::Duration;

/// A step with its report.
struct Shown<'a> {
    report: &'a Report,
    step: &'a Step,
}

impl Shown<'_> {
    fn fact(&self, name: &str) -> &Fact {
        let found = self.step.facts.iter().find(|(known, _)| *known == name);
        found.map(|(_, fact)| fact).unwrap_or_else(|| panic!("{}: no fact {name}", self.step.title))
    }

    /// Returns the number of entries of a list or table, or the number itself.
    fn many(&self, name: &str) -> i64 {
        match self.fact(name) {
            Fact::Number(number) => *number,
            Fact::List(items) => items.len() as i64,
            Fact::Table(rows) => rows.len() as i64,
            fact => panic!("{fact:?}"),
        }
    }

    fn lists(&self, name: &str, item: &str) -> bool {
        matches!(self.fact(name), Fact::List(items) if items.iter().any(|it| it.contains(item)))
    }

    fn is_legacy(&self) -> bool {
        self.report.policy == Legacy
    }
}

/// A part of a title or note, and a predicate that must hold wherever the part is shown.
type Claim = (&'static str, fn(&Shown<'_>) -> bool);

const CLAIMS: &[Claim] = &[
    ("Two nodes hold each other", |it| it.lists("edges", "a.next -> b") && it.lists("edges", "b.next -> a")),
    ("Each is held by a variable and by the other", |it| it.many("edges") == 2),
    ("One node holds the other, which holds it weakly", |it| it.many("edges") == 1 && it.report.fixed),
    ("The weak pointer is no edge", |it| it.many("edges") == 1),
    ("No count reaches zero", |it| it.many("alive") == 2 && it.many("counts") == 2),
    ("The first count reaches zero", |it| it.many("alive") == 0),
    ("There is nothing left to find", |it| it.many("collect() returned") == 0),
    ("Every reference to the two comes from the two", |it| it.many("collect() returned") == 2),
    ("hold each other, and are forgotten", |it| it.many("edges") == 2 && it.many("counts") == 2),
    ("which holds it weakly; both are forgotten", |it| it.many("edges") == 0),
    ("Both die by their counts at once", |it| it.many("finalizers that ran") == 2 && it.many("counts") == 0),
    ("Nothing is left to collect", |it| it.many("collect() returned") == 0 && it.many("alive") == 0),
    ("finalized once each, and reclaimed", |it| {
        it.many("collect() returned") == 2 && it.many("finalizers that ran") == 2 && it.many("garbage") == 0
    }),
    ("intact, never finalized, in the garbage list", |it| {
        it.is_legacy() && it.many("garbage") == 2 && it.many("finalizers that ran") == 0 && it.many("alive") == 2
    }),
    ("The list is empty. (Python: gc.garbage)", |it| it.many("entries in garbage") == 0),
    ("The list itself holds each entry", |it| it.many("entries in garbage") == 2 && it.many("counts") == 2),
    ("Nothing is uncollectable, so there is nothing to report", |it| it.many("the heap reports") == 0),
    ("What is uncollectable then is reported", |it| it.lists("the heap reports", "uncollectable")),
    ("both died by their counts, and nothing is left to collect", |it| {
        it.many("collect() returned") == 0 && it.many("garbage") == 0 && it.report.fixed
    }),
    ("Nothing is left to do: the pair is gone already", |it| {
        it.many("garbage") == 0 && it.many("finalizers that ran") == 2
    }),
    ("The pair is found, and kept in the list", |it| it.many("garbage") == 2),
    ("there is no edge to cut", |it| it.many("cut") == 0 && it.many("counts") == 0),
    ("The edge is cut. No object dies yet", |it| it.many("cut") == 1 && it.many("finalizers that ran") == 0),
    ("There was no entry", |it| it.many("finalizers that ran") == 0 && it.many("garbage") == 0),
    ("Entries are released last to first", |it| it.many("finalizers that ran") == 2 && it.many("alive") == 0),
    ("One release brings down the chain", |it| it.many("what ran, in order") == 3 && it.many("alive") == 0),
    ("Python 2 tells weak references first", |it| {
        it.lists("what ran, in order", "weak callback ran") && it.lists("what ran, in order", "object finalized")
    }),
    ("The finalizer stores the object in a shelter", |it| it.many("in the shelter") == 1),
    ("Both are uncollectable: no finalizer runs", |it| it.is_legacy() && it.many("garbage") == 2),
    ("a second look finds both reachable", |it| {
        it.many("finalizers that ran") == 2 && it.many("collect() returned") == 0 && it.many("in the shelter") == 2
    }),
    ("a second death finds none to run", |it| it.many("finalizers that ran") == 0 && it.many("alive") == 0),
    ("They were found uncollectable before", |it| it.is_legacy() && it.many("alive") == 2),
    ("Finalizers run at this death, too", |it| {
        it.many("finalizers that ran") == 2 && it.many("in the shelter then") == 2 && it.many("garbage before") == 2
    }),
    ("The list is empty.", |it| {
        it.step.facts.iter().all(|(name, _)| !name.starts_with("garbage before")) || it.many("garbage before") == 0
    }),
    ("held from outside of the heap itself, by a variable", |it| it.many("path") <= 1),
    ("The shortest path to it from an object", |it| it.many("path") >= 2),
    ("What survives a collection moves to the next generation", |it| it.many("in generation 2") == 1),
    ("until the heap is full, or all are", |it| {
        (*it.fact("all were served") == Fact::Flag(true))
            == (it.many("requests served") == it.many("requests to serve"))
    }),
];

/// Texts that claim nothing about the data.
const NEUTRAL: &[&str] = &[
    "gc.collect(), objgraph.show_most_common_types(limit=50), objgraph.show_growth()",
    "Eight images are on the screen.",
    "Every third was never opened.",
    "Each is a cycle with its widget.",
];

fn check(report: &Report) {
    for step in &report.steps {
        let shown = Shown { report, step };
        let name = || format!("{} {:?} fixed {}: {}", report.scenario, report.policy, report.fixed, step.title);
        let text = format!("{} | {}", step.title, step.note);
        let mut borne = 0;
        for (claim, holds) in CLAIMS.iter().filter(|(claim, _)| text.contains(claim)) {
            assert!(holds(&shown), "{} claims \"{claim}\" beside {:?}", name(), step.facts);
            borne += 1;
        }
        assert!(
            borne > 0 || step.note.is_empty() || NEUTRAL.contains(&step.note),
            "{}: no test says what \"{}\" claims",
            name(),
            step.note
        );
    }
}

#[test]
fn every_text_is_borne_by_the_data_beside_it() {
    for scenario in &ALL {
        for policy in [Legacy, Pep442] {
            for fixed in [false, true] {
                if fixed && matches!(scenario.cure, Cure::None(_)) {
                    continue;
                }
                let duration = Some(Duration::from_millis(60));
                let setting = Setting { policy, fixed, duration, trials: false, ..Setting::default() };
                let report = scenario.run(&setting).expect("the limits make sense");
                check(&report);
                // A cure leaves nothing to diagnose.
                assert!(
                    !fixed || scenario.name == "native-module" || report.verdict.kind == "none",
                    "{}",
                    scenario.name
                );
            }
        }
    }
}
