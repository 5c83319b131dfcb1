//! What the heap must show in each scenario.

use super::{ALL, Scenario};
use crate::report::{Fact, Report};
use gc_core::FinalizerPolicy::{self, Legacy, Pep442};

fn play(name: &str, policy: FinalizerPolicy) -> Report {
    Scenario::named(name).expect("there is one of this name").run(policy)
}

fn fact<'a>(report: &'a Report, step: usize, name: &str) -> &'a Fact {
    let facts = &report.steps[step].facts;
    facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value).expect("there is a fact of this name")
}

fn list<const N: usize>(items: [&str; N]) -> Fact {
    Fact::List(items.map(str::to_owned).to_vec())
}

fn table<const N: usize>(rows: [(&str, i64); N]) -> Fact {
    Fact::Table(rows.map(|(name, number)| (name.to_owned(), number)).to_vec())
}

#[test]
fn both_policies_tell_the_same_steps() {
    for scenario in &ALL {
        let titles = |policy| scenario.run(policy).steps.iter().map(|step| step.title).collect::<Vec<_>>();
        assert_eq!(titles(Legacy), titles(Pep442), "{}", scenario.name);
        assert!(scenario.run(Legacy).steps.iter().any(|step| step.in_tour), "{}", scenario.name);
    }
}

#[test]
fn counting_needs_no_collection() {
    for policy in [Legacy, Pep442] {
        let report = play("refcount", policy);
        assert_eq!(*fact(&report, 0, "count, two pointers"), Fact::Number(2));
        assert_eq!(
            *fact(&report, 2, "what ran, in order"),
            list(["first finalized", "second finalized", "third finalized"])
        );
        assert!(report.collections.is_empty() && report.heap.objects == 0);
    }
}

#[test]
fn weak_references_hear_first_under_legacy_and_last_under_pep442() {
    let ran = |policy| fact(&play("refcount", policy), 3, "what ran, in order").clone();
    assert_eq!(ran(Legacy), list(["weak callback ran", "object finalized"]));
    assert_eq!(ran(Pep442), list(["object finalized", "weak callback ran"]));
}

#[test]
fn a_cycle_is_collected_under_either_policy() {
    for policy in [Legacy, Pep442] {
        let report = play("cycle", policy);
        assert_eq!(*fact(&report, 1, "counts"), table([("a", 1), ("b", 1)]));
        assert_eq!(*fact(&report, 2, "collect() returned"), Fact::Number(2));
        assert_eq!(*fact(&report, 3, "in generation 2"), list(["survivor"]));
        assert_eq!(report.heap.objects, 0);
    }
}

#[test]
fn legacy_keeps_a_cycle_with_finalizers_and_pep442_finalizes_it() {
    let legacy = play("cycle-with-finalizer", Legacy);
    assert_eq!(*fact(&legacy, 1, "finalizers that ran"), list([]));
    assert_eq!(legacy.garbage, ["session", "connection"]);
    assert_eq!(*fact(&legacy, 3, "the heap reports"), list(["2 uncollectable objects at shutdown"]));
    let pep442 = play("cycle-with-finalizer", Pep442);
    assert_eq!(*fact(&pep442, 1, "finalizers that ran"), list(["session finalized", "connection finalized"]));
    assert!(pep442.garbage.is_empty() && pep442.heap.objects == 0);
    for report in [legacy, pep442] {
        assert_eq!(*fact(&report, 1, "collect() returned"), Fact::Number(2));
    }
}

#[test]
fn cutting_alone_kills_nobody_and_clearing_releases_last_to_first() {
    let report = play("break-the-garbage", Legacy);
    assert_eq!(*fact(&report, 1, "cut"), list(["session.peer -> connection"]));
    assert_eq!(*fact(&report, 1, "counts"), table([("session", 2), ("connection", 1)]));
    assert_eq!(*fact(&report, 1, "finalizers that ran"), list([]));
    assert_eq!(*fact(&report, 2, "finalizers that ran"), list(["connection finalized", "session finalized"]));
    assert!(report.garbage.is_empty() && report.heap.objects == 0);
}

#[test]
fn a_resurrected_object_is_finalized_again_only_under_legacy() {
    let (legacy, pep442) = (play("resurrection", Legacy), play("resurrection", Pep442));
    assert_eq!(*fact(&legacy, 1, "finalizers that ran"), list(["phoenix finalized"]));
    assert_eq!(*fact(&pep442, 1, "finalizers that ran"), list([]));
    assert_eq!(*fact(&legacy, 2, "collect() returned"), Fact::Number(2));
    assert_eq!(*fact(&pep442, 2, "collect() returned"), Fact::Number(0));
    assert_eq!(*fact(&pep442, 3, "collect() returned"), Fact::Number(2));
    assert_eq!((legacy.garbage.len(), pep442.garbage.len()), (2, 0));
}

#[test]
fn the_chain_leads_to_the_global() {
    for policy in [Legacy, Pep442] {
        let report = play("global-container", policy);
        assert_eq!(*fact(&report, 2, "growth"), table([("Request", 100), ("Session", 100)]));
        let chain =
            ["1 external reference -> AuditLog", "AuditLog.entries[299] -> Session", "Session.request -> Request"];
        assert_eq!(*fact(&report, 3, "held by"), list(chain));
        assert_eq!(*fact(&report, 4, "collect() returned"), Fact::Number(600));
        assert_eq!(report.heap.objects, 0);
    }
}
