//! What a program can do, and its finalizers and callbacks. Numbers are taken modulo how many
//! there are of what they choose from; an act for which there is nothing to choose does nothing.

use proptest::prelude::*;

use super::kinds::KINDS;

/// One act. A hand is a pointer held from outside.
#[derive(Clone, Debug)]
pub enum Act {
    /// A new object, in a hand. What its finalizer does is the script.
    New {
        kind: usize,
        armed: bool,
        other_heap: bool,
        script: Vec<Act>,
    },
    /// New objects, each of which points to the next one and the last to the first; those that
    /// cannot be part of a ring hang off it. One is held by a hand, if it is kept.
    Ring {
        kinds: Vec<usize>,
        script: Vec<Act>,
        weak: Option<Vec<Act>>,
        kept: bool,
    },
    /// A row of what is in some hands, in one object that points to it.
    NewRow(Vec<usize>),
    /// A hand lets go.
    Drop(usize),
    /// Another hand holds the same.
    Clone(usize),
    /// The first object points to the second.
    Link(usize, usize),
    /// What a hand holds moves into an object: no count changes.
    MoveIn(usize, usize),
    /// An edge moves into a hand: no count changes.
    MoveOut(usize, usize),
    /// An edge moves from one object to another: no count changes.
    MoveOver(usize, usize, usize),
    /// What a hand holds moves into an object that it points to, which makes a ring of the two.
    Close(usize, usize),
    /// All edges of an object go.
    Cut(usize),
    /// Whoever acts is held by a hand: an object by its finalizer.
    KeepThis,
    /// Whoever acts points to, or is pointed to by, what a hand holds.
    LinkThis(usize, bool),
    /// A bare weak reference; with a callback, what that does, and what it holds.
    Weak {
        hand: usize,
        callback: Option<(Vec<Act>, Option<usize>)>,
    },
    /// Likewise, to the acting object.
    WeakThis(Option<Vec<Act>>),
    /// A managed weak reference, in a hand.
    WeakRef {
        hand: usize,
        callback: Option<Vec<Act>>,
    },
    /// A bare weak reference goes.
    DropWeak(usize),
    /// What a bare or a managed weak reference points to, in a hand.
    Upgrade(usize),
    /// Some object that is found by enumeration, in a hand.
    Find(usize),
    /// Collects.
    Collect {
        generation: usize,
        other_heap: bool,
    },
    /// Increments of a collection, each of N objects.
    Step {
        slices: usize,
        objects: usize,
        other_heap: bool,
    },
    /// Automatic collection works in increments of N nanoseconds, or stops the world.
    Pace(Option<u64>),
    /// Collects while a vector is borrowed.
    CollectBorrowed(usize),
    /// Moves a value out of the heap, if one hand holds the only pointer to it.
    Unwrap(usize),
    /// A value that was moved out is dropped.
    DropValue(usize),
    /// Whoever acts panics; the program itself does not.
    Panic,
    Freeze,
    Unfreeze,
    SaveAll(bool),
    ClearGarbage,
    /// An entry of the garbage list moves into a hand.
    TakeGarbage(usize),
    Thresholds(u32),
    Pause(bool),
    Detector(Option<bool>),
}

/// Acts, with those that finalizers and callbacks do.
pub fn acts() -> impl Strategy<Value = Act> {
    act(prop::collection::vec(act(Just(Vec::new()).boxed()), 0..4).boxed())
}

fn act(script: BoxedStrategy<Vec<Act>>) -> BoxedStrategy<Act> {
    let n = || 0..24_usize;
    let new = (0..KINDS, prop::bool::weighted(0.85), prop::bool::weighted(0.1), script.clone());
    let new = new.prop_map(|(kind, armed, other_heap, script)| Act::New { kind, armed, other_heap, script });
    let ring = (prop::collection::vec(0..KINDS, 1..5), script.clone(), prop::option::of(script.clone()), any::<bool>());
    let ring = ring.prop_map(|(kinds, script, weak, kept)| Act::Ring { kinds, script, weak, kept });
    let row = prop::collection::vec(n(), 0..4).prop_map(Act::NewRow);
    let called = prop::option::of((script.clone(), prop::option::of(n())));
    let weak = (n(), called).prop_map(|(hand, callback)| Act::Weak { hand, callback });
    let weak_this = prop::option::of(script.clone()).prop_map(Act::WeakThis);
    let weak_ref = (n(), prop::option::of(script));
    let weak_ref = weak_ref.prop_map(|(hand, callback)| Act::WeakRef { hand, callback });
    let collect = (prop_oneof![Just(0_usize), Just(1), Just(2), Just(2)], prop::bool::weighted(0.1));
    let collect = collect.prop_map(|(generation, other_heap)| Act::Collect { generation, other_heap });
    let step = (1..6_usize, prop_oneof![2 => Just(1_usize), 1 => 2..300_usize], prop::bool::weighted(0.1));
    let step = step.prop_map(|(slices, objects, other_heap)| Act::Step { slices, objects, other_heap });
    let edges = prop_oneof![
        8 => (n(), n()).prop_map(|(a, b)| Act::Link(a, b)),
        4 => (n(), n()).prop_map(|(a, b)| Act::MoveIn(a, b)),
        2 => (n(), n()).prop_map(|(a, b)| Act::MoveOut(a, b)),
        2 => (n(), n(), n()).prop_map(|(a, b, c)| Act::MoveOver(a, b, c)),
        3 => (n(), n()).prop_map(|(a, b)| Act::Close(a, b)),
        1 => n().prop_map(Act::Cut),
        1 => Just(Act::KeepThis),
        1 => (n(), any::<bool>()).prop_map(|(hand, out)| Act::LinkThis(hand, out)),
    ];
    let hands = prop_oneof![
        8 => n().prop_map(Act::Drop),
        1 => n().prop_map(Act::Clone),
        2 => n().prop_map(Act::DropWeak),
        2 => n().prop_map(Act::Upgrade),
        1 => n().prop_map(Act::Find),
        1 => n().prop_map(Act::Unwrap),
        1 => n().prop_map(Act::DropValue),
        1 => n().prop_map(Act::TakeGarbage),
        1 => Just(Act::ClearGarbage),
    ];
    let settings = prop_oneof![
        1 => Just(Act::Freeze),
        2 => Just(Act::Unfreeze),
        1 => Just(Act::SaveAll(true)),
        2 => Just(Act::SaveAll(false)),
        2 => (0..6_u32).prop_map(Act::Thresholds),
        1 => any::<bool>().prop_map(Act::Pause),
        1 => any::<Option<bool>>().prop_map(Act::Detector),
        2 => prop::option::of(prop_oneof![Just(0_u64), 1..100_000_u64]).prop_map(Act::Pace),
        1 => n().prop_map(Act::CollectBorrowed),
        2 => Just(Act::Panic),
    ];
    prop_oneof![
        16 => new,
        10 => ring,
        2 => row,
        24 => edges,
        20 => hands,
        6 => weak,
        2 => weak_this,
        4 => weak_ref,
        10 => collect,
        24 => step,
        4 => settings,
    ]
    .boxed()
}
