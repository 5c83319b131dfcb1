//! A global allocator that fails: once at every place where the heap asks it for memory,
//! from there on, and at random. Whatever is refused, nothing is lost, and nothing is
//! dropped twice.

mod program;
mod refusing;
#[path = "../support/mod.rs"]
mod support;

use gc_core::{DebugFlags, FinalizerPolicy};
use program::{Act, run};
use proptest::prelude::*;
use refusing::{Refusal, Refusing};
use support::BOTH;

#[global_allocator]
static ALLOCATOR: Refusing = Refusing;

/// What asks for memory in every way there is: new types, rows, chunks; weak references of
/// every kind; garbage with finalizers, callbacks and order; lists longer than what lies
/// on the stack; debug lines and the list of the uncollectable.
fn script() -> Vec<Act> {
    use Act::*;
    let ring = |size: usize| (0..size).map(move |at| Link(at, (at + 1) % size, 0));
    let mut acts = vec![Node(0), Node(0), Plain, Row(3), Row(40), Row(9000), Big];
    acts.extend([Weak(0), WeakWith(0), Managed(1), ManagedWith(1), WeakWith(1), Weak(1), Link(0, 1, 0), Link(1, 0, 0)]);
    acts.extend([DropAll, Collect, Step(1), Step(1), Step(100_000), Node(0)]);
    for (flags, loops) in [(DebugFlags::empty(), 150), (DebugFlags::STATS, 10), (DebugFlags::LEAK, 20)] {
        acts.push(Debug(flags));
        acts.extend((0..loops).map(|n| if n % 5 == 0 { Node(n) } else { Loop }));
        acts.extend(ring(4).chain([ManagedWith(3), WeakWith(4), WeakWith(4), Weak(5), Link(6, 6, 1)]));
        acts.extend([DropAll, Step(40), Step(40), Collect, Collect]);
    }
    acts.extend([Debug(DebugFlags::empty()), Forget, DropAll, Collect]);
    acts.extend((0..300).map(|_| Loop).chain([DropAll, Collect, Trim, Node(1), Plain, Collect, Trim]));
    acts
}

/// How often memory is asked for when none is refused.
fn asked(policy: FinalizerPolicy) -> u64 {
    let figures = run(policy, Refusal::Never, &script());
    assert_eq!(figures.refused, 0);
    figures.asked
}

#[test]
fn one_refusal_at_any_place_is_survived() {
    for policy in BOTH {
        let asked = asked(policy);
        assert!(asked > 60, "the script asks for little: {asked}");
        for at in 0..asked {
            // After a full collection the heap asks again.
            assert_eq!(run(policy, Refusal::Once(at), &script()).refused, 0);
        }
    }
}

#[test]
fn no_more_memory_from_any_place_on_is_survived() {
    for policy in BOTH {
        let refused = (0..asked(policy)).map(|at| run(policy, Refusal::From(at), &script()).refused);
        assert!(refused.filter(|&refused| refused > 0).count() > 20);
    }
}

fn act() -> impl Strategy<Value = Act> {
    let n = || 0..40_usize;
    prop_oneof![
        6 => n().prop_map(Act::Node),
        3 => Just(Act::Plain),
        4 => Just(Act::Loop),
        2 => prop_oneof![1..100_usize, 5000..20_000_usize].prop_map(Act::Row),
        8 => (n(), n(), 0..2_usize).prop_map(|(from, to, edge)| Act::Link(from, to, edge)),
        2 => n().prop_map(Act::Weak),
        3 => n().prop_map(Act::WeakWith),
        2 => n().prop_map(Act::Managed),
        3 => n().prop_map(Act::ManagedWith),
        5 => n().prop_map(Act::Drop),
        1 => Just(Act::DropAll),
        3 => Just(Act::Collect),
        6 => (1..300_usize).prop_map(Act::Step),
        1 => Just(Act::Trim),
        1 => Just(Act::Forget),
        1 => prop::sample::select(vec![DebugFlags::empty(), DebugFlags::STATS, DebugFlags::LEAK]).prop_map(Act::Debug),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn refusals_at_random_are_survived(moods in any::<u64>(), acts in prop::collection::vec(act(), 0..150)) {
        for policy in BOTH {
            run(policy, Refusal::Moods(moods), &acts);
        }
    }
}
