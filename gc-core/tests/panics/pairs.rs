//! A panic injected at every point where user code runs: at each one alone, and at each pair.
//!
//! A program comes to all those points; it is run once to number them, and then again for every
//! number and for every two. Whatever panicked, no object is lost, none is dropped twice, each
//! finalizer ran as its policy says, and the heap verifies.

mod plan;
mod program;
mod subjects;

use crate::support::BOTH;
use gc_core::FinalizerPolicy;
use plan::Plan;
use program::{Way, run};
use std::collections::BTreeSet;

const WAYS: [Way; 2] = [Way::Stopping, Way::Slices];

/// Every kind of point, as the program must come to it.
const KINDS: [&str; 14] = [
    "alloc_slice",
    "armed",
    "bare callback",
    "finalizer",
    "log",
    "make",
    "managed callback",
    "out of memory",
    "record",
    "start",
    "stop",
    "trace",
    "unraisable",
    "value drop",
];

/// The kinds of the points that the program comes to when nothing panics.
fn points(policy: FinalizerPolicy, way: Way) -> Vec<&'static str> {
    run(policy, way, &Plan::none())
}

#[test]
fn the_program_comes_to_every_kind_of_point() {
    for way in WAYS {
        let mut met: BTreeSet<&str> = BTreeSet::new();
        for policy in BOTH {
            met.extend(points(policy, way));
        }
        // (Nothing is unraisable where nothing panics.)
        met.insert("unraisable");
        assert_eq!(met.into_iter().collect::<Vec<_>>(), KINDS, "{way:?}");
    }
}

#[test]
fn one_panic_at_each_point() {
    let mut programs = 0;
    for (policy, way) in cases() {
        let all = points(policy, way).len();
        assert!(all > 60, "the program comes to few points: {all}");
        for at in 0..all {
            let met = run(policy, way, &Plan::at([at, usize::MAX]));
            assert!(met.len() > at);
        }
        programs += all;
    }
    println!("{programs} programs");
}

/// The second one may be in what the first has caused: the report, or what is done instead.
/// `PANIC_PAIRS=all` tries every pair, which takes minutes without optimisation; else some of
/// them, others for each first one.
#[test]
fn two_panics_at_each_pair_of_points() {
    let mut programs = 0;
    let step = if std::env::var("PANIC_PAIRS").is_ok_and(|it| it == "all") { 1 } else { 13 };
    for (policy, way) in cases() {
        let all = points(policy, way).len();
        for first in 0..all {
            let then = run(policy, way, &Plan::at([first, usize::MAX])).len();
            for second in (first + 1 + first % step..then).step_by(step) {
                run(policy, way, &Plan::at([first, second]));
                programs += 1;
            }
        }
    }
    println!("{programs} programs");
}

fn cases() -> impl Iterator<Item = (FinalizerPolicy, Way)> {
    BOTH.into_iter().flat_map(|policy| WAYS.map(|way| (policy, way)))
}
