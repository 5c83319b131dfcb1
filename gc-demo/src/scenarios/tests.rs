//! Tests of the heap and of the verdict in each scenario.

use super::{ALL, Cure, Scenario};
use crate::report::{Fact, Report};
use crate::setting::{LeakKind, Setting};
use gc_core::FinalizerPolicy::{self, Legacy, Pep442};

fn run(name: &str, setting: &Setting) -> Report {
    Scenario::named(name).expect("there is one of this name").run(setting).expect("the limits make sense")
}

fn play(name: &str, policy: FinalizerPolicy) -> Report {
    run(name, &Setting { policy, ..Setting::default() })
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
    for scenario in ALL.iter().filter(|scenario| scenario.in_tour) {
        let titles = |policy| play(scenario.name, policy).steps.iter().map(|step| step.title).collect::<Vec<_>>();
        assert_eq!(titles(Legacy), titles(Pep442), "{}", scenario.name);
    }
}

/// The verdict of each scenario, under the legacy policy and under PEP 442.
const VERDICTS: [(&str, &str, &str); 17] = [
    ("refcount", "none", "none"),
    ("cycle", "none", "none"),
    ("cycle-with-finalizer", "uncollectable-cycle", "none"),
    ("break-the-garbage", "none", "none"),
    ("resurrection", "none", "none"),
    ("finalizer-panics", "none", "none"),
    ("global-container", "container-growth", "container-growth"),
    ("collection-never-cleared", "container-growth", "container-growth"),
    ("weak-cache", "container-growth", "container-growth"),
    ("native-module", "external-growth", "external-growth"),
    ("producers-consumer", "backlog", "backlog"),
    ("third-party-bug", "trace-bug", "trace-bug"),
    ("load-all-rows", "bulk-load", "bulk-load"),
    ("runaway-loop", "runaway-allocation", "runaway-allocation"),
    ("runaway-recursion", "runaway-allocation", "runaway-allocation"),
    ("limit-too-small", "limit-too-small", "limit-too-small"),
    ("leak-becomes-overflow", "container-growth", "container-growth"),
];

/// Returns pairs of a seed and a scale: two in debug builds, which are slow, and six in release
/// builds, which `.ci/full` runs.
fn seeds_and_scales() -> Vec<(u64, f64)> {
    if cfg!(debug_assertions) {
        return vec![(1, 1.0), (2, 0.6)];
    }
    (1..=3).flat_map(|seed| [(seed, 1.0), (seed, 0.6)]).collect()
}

/// Checks each leak and its cure under one policy, with several seeds and scales.
fn check(policy: FinalizerPolicy) {
    for (name, legacy, pep442) in VERDICTS {
        if name == "native-module" {
            continue; // this scenario measures the whole process: see `tests/native_module.rs`
        }
        let expected = if policy == Legacy { legacy } else { pep442 };
        for (seed, scale) in seeds_and_scales() {
            let setting = Setting { policy, seed, scale, ..Setting::default() };
            let leak = run(name, &setting).verdict;
            assert_eq!(leak.kind, expected, "{name}, seed {seed}, scale {scale}: {}", leak.text);
            let scenario = Scenario::named(name).expect("there is one of this name");
            if let Cure::Is(_) = scenario.cure {
                let cured = run(name, &Setting { fixed: true, ..setting });
                let text = &cured.verdict.text;
                assert_eq!(cured.verdict.kind, "none", "{name} --fixed, seed {seed}, scale {scale}: {text}");
                assert!(cured.out_of_memory.is_none(), "{name} --fixed");
            }
        }
    }
}

#[test]
fn every_leak_and_every_cure_is_diagnosed_under_legacy() {
    check(Legacy);
}

#[test]
fn every_leak_and_every_cure_is_diagnosed_under_pep442() {
    check(Pep442);
}

#[test]
fn the_service_has_the_leak_that_is_planted() {
    let planted = |leak, policy, seed| {
        let duration = Some(std::time::Duration::from_millis(100));
        run("service", &Setting { leak, policy, seed, duration, ..Setting::default() }).verdict
    };
    for seed in 1..=3 {
        for (leak, legacy, pep442) in [
            (None, "none", "none"),
            (Some(LeakKind::Container), "container-growth", "container-growth"),
            (Some(LeakKind::Cycle), "uncollectable-cycle", "none"),
            (Some(LeakKind::External), "external-growth", "external-growth"),
            (Some(LeakKind::Backlog), "backlog", "backlog"),
        ] {
            for (policy, expected) in [(Legacy, legacy), (Pep442, pep442)] {
                let verdict = planted(leak, policy, seed);
                assert_eq!(verdict.kind, expected, "{leak:?} {policy:?} seed {seed}: {}", verdict.text);
            }
        }
    }
}

#[test]
fn the_verdicts_name_what_is_wrong() {
    let first = |name: &str| run(name, &Setting::default()).verdict.suspects.remove(0);
    let place = |name: &str| {
        let suspect = first(name);
        (suspect.holder_type.unwrap_or_default(), suspect.place.unwrap_or_default())
    };
    let expected = |holder: &str, place: &str| (holder.to_owned(), place.to_owned());
    assert_eq!(place("global-container"), expected("AuditLog", "entries[…]"));
    assert_eq!(place("collection-never-cleared"), expected("ReportBuilder", "lines[…]"));
    assert_eq!(place("weak-cache"), expected("Cache", "images[…]"));
    assert_eq!(place("leak-becomes-overflow"), expected("EventBus", "listeners[…]"));
    assert_eq!(place("third-party-bug"), expected("Widget", "parent"));
    assert_eq!(place("producers-consumer"), expected("", "jobs queued"));
    let smallest = first("limit-too-small").evidence["the smallest limit that worked"].as_f64();
    assert_eq!(smallest, Some(f64::from(8 << 20)));
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
    assert_eq!(*fact(&legacy, 4, "garbage before"), list(["one", "two"]));
    assert_eq!(*fact(&legacy, 4, "in the shelter then"), Fact::Number(2));
    assert_eq!(*fact(&pep442, 4, "garbage before"), list([]));
    assert!([legacy, pep442].iter().all(|report| report.garbage.is_empty() && report.heap.objects == 0));
}

#[test]
fn the_path_leads_to_the_global() {
    for policy in [Legacy, Pep442] {
        let report = play("global-container", policy);
        assert_eq!(*fact(&report, 1, "growth"), table([("Request", 150), ("Session", 150)]));
        let path = ["AuditLog @5 (1 external reference)", ".entries[599] -> Session"];
        let Fact::List(lines) = fact(&report, 4, "path") else { panic!("a list") };
        assert!(lines[0] == path[0] && lines[1].starts_with(path[1]) && lines.len() == 3, "{lines:?}");
    }
}

#[test]
fn a_page_at_a_time_gives_the_same_result() {
    let setting = Setting { max: Some(64 << 20), ..Setting::default() };
    let all = run("load-all-rows", &setting);
    let paged = run("load-all-rows", &Setting { fixed: true, ..Setting::default() });
    assert_eq!(fact(&all, 0, "sum of the amounts"), fact(&paged, 0, "sum of the amounts"));
    assert_eq!(*fact(&all, 0, "it was made"), Fact::Flag(true));
    assert!(paged.heap.peak * 4 < all.heap.peak, "{} and {}", paged.heap.peak, all.heap.peak);
}

#[test]
fn the_cured_interpreter_computes() {
    let cured = run("runaway-recursion", &Setting { fixed: true, ..Setting::default() });
    assert_eq!(*fact(&cured, 0, "result"), Fact::Number(479_001_600));
}
