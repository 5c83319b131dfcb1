//! Random programs, run on the heap and on naive models of it.
//!
//! `PROPTEST_CASES` says how many; what failed once is in `property.proptest-regressions`.

use crate::harness::Bodies;
use crate::harness::classes::BODIES;
use crate::model::program::{Kind, Policy};
use crate::words::{Case, compose, run};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// How many programs are run where `PROPTEST_CASES` does not say.
const CASES: u32 = 250;

fn config() -> ProptestConfig {
    let cases = match std::env::var("PROPTEST_CASES") {
        Ok(_) => ProptestConfig::default().cases,
        Err(_) => CASES,
    };
    let regressions = FileFailurePersistence::WithSource("proptest-regressions");
    ProptestConfig {
        cases,
        max_shrink_iters: 20_000,
        failure_persistence: Some(Box::new(regressions)),
        ..ProptestConfig::default()
    }
}

fn policies() -> impl Strategy<Value = Policy> {
    prop_oneof![Just(Policy::Legacy), Just(Policy::Modern)]
}

fn bodies() -> impl Strategy<Value = Bodies> {
    prop_oneof![
        2 => Just(Bodies::Only(0)),
        2 => (0..BODIES).prop_map(Bodies::Only),
        3 => any::<u64>().prop_map(Bodies::Mixed),
    ]
}

/// Programs whose steps are taken out one by one when one fails.
fn cases() -> impl Strategy<Value = Case> {
    let kinds = prop_oneof![30 => Just(Kind::Short), 1 => Just(Kind::Long)];
    let extras = prop_oneof![1 => Just(0_usize), 4 => Just(30), 1 => Just(70)];
    let watch = prop_oneof![2 => Just(1_usize), 2 => 2..10_usize, 2 => Just(usize::MAX)];
    let tame = prop::bool::weighted(0.3);
    let words = (policies(), kinds, extras, tame, any::<u64>().no_shrink());
    let words = words
        .prop_map(|(policy, kind, extras, tame, seed)| (policy, compose::compose(policy, kind, extras, tame, seed)));
    let words = words.prop_flat_map(|(policy, steps)| {
        let kept = prop::collection::vec(prop::bool::weighted(0.98), steps.len());
        let kept = kept.prop_map(move |kept| {
            let steps = steps.iter().zip(kept);
            steps.filter(|(_, kept)| *kept).map(|(step, _)| step.clone()).collect()
        });
        (Just(policy), kept)
    });
    (words, bodies(), watch, any::<bool>()).prop_map(|((policy, steps), bodies, watch, close_early)| Case {
        policy,
        bodies,
        watch,
        close_early,
        steps,
    })
}

/// Programs of acts drawn one by one.
fn free_programs() -> impl Strategy<Value = crate::free::Free> {
    let watch = prop_oneof![3 => Just(1_usize), 1 => 2..10_usize, 2 => Just(usize::MAX)];
    let acts = prop_oneof![
        6 => prop::collection::vec(crate::free::act::acts(), 0..60),
        1 => prop::collection::vec(crate::free::act::acts(), 60..200),
    ];
    let slices = prop::option::of(prop_oneof![Just(1_usize), 1..500_usize]);
    let programs = (policies(), watch, prop::bool::weighted(0.2), slices, acts);
    programs.prop_map(|(policy, watch, curious, slices, acts)| crate::free::Free {
        policy,
        watch,
        look: watch,
        curious,
        slices,
        acts,
    })
}

proptest! {
    #![proptest_config(config())]

    /// Whatever is recorded of a heap, and more, is as the model says after every step.
    #[test]
    fn the_heap_does_what_the_model_does(case in cases()) {
        run(&case).map_err(TestCaseError::fail)?;
    }

    /// Whatever user code does, who is pointed to lives, counts are true, finalizers and callbacks
    /// run as often as they should, and a full collection leaves no garbage.
    #[test]
    fn the_heap_stays_true_whatever_user_code_does(program in free_programs()) {
        crate::free::run(&program).map_err(TestCaseError::fail)?;
    }
}

/// Programs for the rules that no recorded one covers, whatever the objects are like.
#[test]
fn the_heap_follows_the_rules_that_no_recorded_program_covers() {
    for program in crate::model::untraced::programs() {
        let steps: Vec<crate::words::Step> = program.ops.iter().cloned().map(crate::words::Step::Op).collect();
        for (policy, body) in program.policies.iter().flat_map(|&it| (0..BODIES).map(move |body| (it, body))) {
            let bodies = Bodies::Only(body);
            let case = Case { policy, bodies, watch: 1, close_early: false, steps: steps.clone() };
            run(&case).unwrap_or_else(|difference| panic!("{}: {difference}", program.rule));
        }
    }
}
