//! Programs for the rules that none of the recorded ones covers, as far as a program can show them.
//!
//! CPython 2.7.18 and 3.11.7, run on these programs, gave the same outcomes.
//!
//! Two rules need user code that a program has no word for (who reads the field that is being
//! stored to?) and are tested on the model itself.

use super::heap::Model;
use super::outcome::Outcome;
use super::program::{Callback, Class, Field, Op, Path, Policy};
use super::shapes::{link, new, wref};

/// A program that shows one rule.
pub struct Untraced {
    /// The rule.
    pub rule: &'static str,
    /// The policies under which there is something to see.
    pub policies: &'static [Policy],
    /// The drafts of the ops: fill in the ids with [`Op::fitted`].
    pub ops: Vec<Op>,
}

impl Untraced {
    /// What each op does under a policy.
    pub fn outcomes(&self, policy: Policy) -> Vec<Outcome> {
        let mut model = Model::new(policy);
        let run = |draft: &Op| {
            let op = draft.fitted(&model).expect("the program fits");
            model.apply(&op).expect("a fitted op fits")
        };
        self.ops.iter().map(run).collect()
    }
}

const BOTH: &[Policy] = &[Policy::Legacy, Policy::Modern];

/// All of them; what shows the rule is the outcome of the last op.
pub fn programs() -> Vec<Untraced> {
    vec![
        Untraced { rule: "operand temporaries are released in order: a, then b", policies: BOTH, ops: a_before_b() },
        Untraced {
            rule: "operand temporaries are released in order: the new weak reference, then b",
            policies: BOTH,
            ops: weak_ref_before_b(),
        },
        Untraced {
            rule: "a weak reference called back moves to old, from an older generation too",
            policies: &[Policy::Modern],
            ops: weak_ref_grows_younger(),
        },
        Untraced {
            rule: "legacy leaves unreachable weak references to others uncleared",
            policies: &[Policy::Legacy],
            ops: unreachable_weak_ref_is_called(),
        },
        Untraced {
            rule: "a weak reference called back is no longer counted as uncollectable",
            policies: &[Policy::Legacy],
            ops: uncollectable_weak_ref_is_called(),
        },
        Untraced {
            rule: "a weak reference is held while its only callback runs",
            policies: BOTH,
            ops: callback_drops_its_own(),
        },
        Untraced {
            rule: "a root is stored to before its old value is released",
            policies: BOTH,
            ops: callback_drops_the_new_value(),
        },
    ]
}

fn r(number: usize) -> Path {
    Path::root(number)
}

fn set(a: usize, field: usize, b: usize) -> Op {
    link(r(a), Some(Field(field)), r(b))
}

fn drops(root: usize) -> Option<Callback> {
    Some(Callback::DropRoot(root))
}

fn del(to: usize) -> Op {
    Op::Del { to }
}

fn collect(generation: usize) -> Op {
    Op::Collect { generation }
}

/// The old value of `r0.f0` takes the roots of both operands with it: 1 dies, its `f1` dies with
/// it, and 2 dies last, as it is held to the end.
fn a_before_b() -> Vec<Op> {
    vec![
        new(Class::Fin, 0),
        new(Class::Fin, 1),
        new(Class::Fin, 2),
        set(0, 1, 2),
        del(2),
        new(Class::Plain, 2),
        wref(r(2), drops(0), 3),
        wref(r(2), drops(1), 4),
        set(0, 0, 2),
        del(2),
        set(0, 0, 1),
    ]
}

/// The old value of `r1` takes both roots with it: the new weak reference is dead when 1 dies, so
/// it is neither seen nor called.
fn weak_ref_before_b() -> Vec<Op> {
    vec![
        new(Class::Fin, 0),
        new(Class::Plain, 1),
        wref(r(1), drops(0), 2),
        wref(r(1), drops(1), 3),
        wref(r(0), Some(Callback::Log), 1),
    ]
}

/// 1 loses its age by resurrection, its weak reference does not: 2 is called in a collection of
/// generation 0 and moves from generation 2 to 1.
fn weak_ref_grows_younger() -> Vec<Op> {
    let survivor: Path = "S0".parse().expect("a path");
    vec![
        new(Class::Res, 0),
        wref(r(0), Some(Callback::Log), 1),
        collect(2),
        del(0),
        link(survivor.clone(), Some(Field(0)), survivor),
        Op::ClearSurvivors,
        collect(0),
    ]
}

/// 3 is unreachable and points to 2, which hangs off a ring: 2 dies while 3 is still whole, so 3
/// is called back.
fn unreachable_weak_ref_is_called() -> Vec<Op> {
    vec![
        new(Class::Plain, 0),
        set(0, 0, 0),
        new(Class::Fin, 1),
        set(0, 1, 1),
        wref(r(1), Some(Callback::Log), 2),
        set(0, 2, 2),
        del(2),
        del(1),
        del(0),
        collect(2),
    ]
}

/// 3 is reached from 2, which is uncollectable, and points to 1, which is not: 3 is called back
/// and moves to old, so it is neither counted nor, with all being saved, in the garbage list.
fn uncollectable_weak_ref_is_called() -> Vec<Op> {
    vec![
        Op::Saveall { on: true },
        new(Class::Plain, 0),
        set(0, 0, 0),
        new(Class::Fin, 1),
        set(1, 0, 1),
        wref(r(0), Some(Callback::Log), 2),
        set(1, 1, 2),
        del(2),
        del(1),
        del(0),
        collect(2),
    ]
}

/// The callback of 2 takes 2's own last reference.
fn callback_drops_its_own() -> Vec<Op> {
    vec![new(Class::Plain, 0), wref(r(0), drops(1), 1), del(0)]
}

/// The death of 1 empties the root that 3 was just stored in.
fn callback_drops_the_new_value() -> Vec<Op> {
    vec![new(Class::Plain, 0), wref(r(0), drops(0), 1), new(Class::Fin, 0)]
}
