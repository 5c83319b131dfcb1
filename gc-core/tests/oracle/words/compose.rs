//! Random programs: what the composer of recorded words thinks of, with other words in between.

use std::collections::VecDeque;

use super::ledger::Ledger;
use super::step::{Edit, Extra, Meanwhile, Step};
use crate::harness::Mischief;
use crate::model::dice::Dice;
use crate::model::program::{Base, Class, FIELDS, Field, Hop, Kind, Op, Path, Policy, ROOTS};
use crate::model::{Composer, Contents, shapes};

/// The most steps of a long program.
const LONG: usize = 400;

/// A random program. `extras` of a hundred steps are other than the recorded ones; in a `tame`
/// one no object has a finalizer, so that whatever is reclaimed is reclaimed fast.
pub fn compose(policy: Policy, kind: Kind, extras: usize, tame: bool, seed: u64) -> Vec<Step> {
    let mut ledger = Ledger::new(policy);
    let mut dice = Dice::new(!seed);
    let mut composer = Composer::new(kind, seed);
    let length = match kind {
        Kind::Short => dice.between(10, 70),
        Kind::Long => dice.between(100, LONG),
    };
    let mut steps = Vec::with_capacity(length);
    let mut drafts = VecDeque::new();
    while steps.len() < length {
        if drafts.is_empty() && dice.chance(extras / 10) {
            drafts = batch(&mut dice, &ledger).into();
        }
        let step = match drafts.pop_front() {
            Some(step) => Some(step),
            None if dice.chance(extras) => extra(&mut dice, &ledger).map(Step::Extra),
            None => Some(Step::Op(composer.next_op(&ledger.model))),
        };
        let step = step.map(|step| if tame { tamed(step) } else { step });
        let Some(step) = step.and_then(|step| ledger.fitted(&step)) else { continue };
        ledger.perform(&step, &[]);
        steps.push(step);
    }
    steps
}

fn tamed(mut step: Step) -> Step {
    let class = match &mut step {
        Step::Op(Op::New { cls, .. }) => cls,
        Step::Extra(Extra::NewCyclic { class, .. }) => class,
        _ => return step,
    };
    if class.has_finalizer() {
        *class = Class::Plain;
    }
    step
}

/// A few steps in a row that random steps would hardly ever come to.
fn batch(dice: &mut Dice, ledger: &Ledger) -> Vec<Step> {
    let empty: Vec<usize> = (0..ROOTS).filter(|&root| ledger.model.roots()[root].is_none()).collect();
    match empty[..] {
        [one, two, ..] if dice.chance(50) => ring_by_moves(dice, one, two),
        [one, two, three, ..] => ring_with_a_tail(dice, one, two, three),
        _ => Vec::new(),
    }
}

fn new(dice: &mut Dice, root: usize) -> Step {
    Step::Op(shapes::new(shapes::any_class(dice), root))
}

/// Collects or freezes now and then, so that objects are of different ages.
fn between(dice: &mut Dice, steps: &mut Vec<Step>) {
    match dice.below(8) {
        0..4 => steps.push(Step::Op(Op::Collect { generation: shapes::any_generation(dice) })),
        4 => steps.push(Step::Extra(Extra::Freeze)),
        _ => {}
    }
}

/// A ring of two objects that is made, and loses its outside pointers, by moves: of all its
/// pointers only one is ever dropped.
fn ring_by_moves(dice: &mut Dice, one: usize, two: usize) -> Vec<Step> {
    let (f, g) = (field(dice), field(dice));
    let moves = |root: usize, a: Path, f: Field| Step::Extra(Extra::MoveRoot { root, a, f });
    let mut steps = vec![new(dice, one)];
    between(dice, &mut steps);
    steps.push(new(dice, two));
    between(dice, &mut steps);
    steps.push(moves(two, Path::root(one), f));
    between(dice, &mut steps);
    steps.push(moves(one, Path { base: Base::Root(one), hops: vec![Hop::Field(f)] }, g));
    between(dice, &mut steps);
    steps.push(Step::Op(Op::Collect { generation: 2 }));
    steps
}

/// A ring of one object, with another that hangs off it, and may be older or held from elsewhere
/// for a while, and be part of a ring itself.
fn ring_with_a_tail(dice: &mut Dice, one: usize, two: usize, three: usize) -> Vec<Step> {
    let link = |dice: &mut Dice, a: usize, b: usize| {
        let f = field(dice);
        Step::Op(shapes::link(Path::root(a), Some(f), Path::root(b)))
    };
    let mut steps = vec![new(dice, two), new(dice, three)];
    if dice.chance(60) {
        steps.push(link(dice, two, two));
    }
    between(dice, &mut steps);
    steps.push(Step::Op(shapes::new(Class::Plain, one)));
    for (a, b) in [(one, one), (one, two), (one, three)] {
        steps.push(link(dice, a, b));
    }
    let mut held = vec![one, two, three];
    dice.shuffle(&mut held);
    for to in held {
        between(dice, &mut steps);
        steps.push(Step::Op(Op::Del { to }));
    }
    between(dice, &mut steps);
    steps.push(Step::Op(Op::Collect { generation: 2 }));
    steps
}

/// What an extra step is about, and how often it is thought of.
#[derive(Clone, Copy)]
enum Idea {
    Exchange,
    MoveRoot,
    SwapRoots,
    Edit,
    Downgrade,
    CloneWeak,
    DropWeak,
    UpgradeWeak,
    NewCyclic,
    Unwrap,
    Stash,
    Unstash,
    Freeze,
    CollectFrozen,
    Thresholds,
    Pause,
    Resume,
    Detector,
    Tease,
    Text,
    DropText,
}

const IDEAS: [(Idea, usize); 21] = [
    (Idea::Exchange, 12),
    (Idea::MoveRoot, 16),
    (Idea::SwapRoots, 4),
    (Idea::Edit, 8),
    (Idea::Downgrade, 10),
    (Idea::CloneWeak, 2),
    (Idea::DropWeak, 4),
    (Idea::UpgradeWeak, 4),
    (Idea::NewCyclic, 8),
    (Idea::Unwrap, 5),
    (Idea::Stash, 6),
    (Idea::Unstash, 6),
    (Idea::Freeze, 2),
    (Idea::CollectFrozen, 2),
    (Idea::Thresholds, 3),
    (Idea::Pause, 1),
    (Idea::Resume, 2),
    (Idea::Detector, 2),
    (Idea::Tease, 10),
    (Idea::Text, 2),
    (Idea::DropText, 1),
];

fn extra(dice: &mut Dice, ledger: &Ledger) -> Option<Extra> {
    let root = dice.below(ROOTS);
    Some(match dice.weighted(&IDEAS) {
        Idea::Exchange => {
            let (a, b) = (path(dice, ledger)?, path(dice, ledger)?);
            Extra::Exchange { a, f: field(dice), b, g: field(dice) }
        }
        Idea::MoveRoot => Extra::MoveRoot { root, a: path(dice, ledger)?, f: field(dice) },
        Idea::SwapRoots => Extra::SwapRoots(root, dice.below(ROOTS)),
        Idea::Edit => Extra::Edit { a: path(dice, ledger)?, edit: edit(dice, ledger)? },
        Idea::Downgrade => Extra::Downgrade { b: path(dice, ledger)?, callback: shapes::any_callback(dice) },
        Idea::CloneWeak => Extra::CloneWeak(dice.below(4)),
        Idea::DropWeak => Extra::DropWeak(dice.below(4)),
        Idea::UpgradeWeak => Extra::UpgradeWeak { weak: dice.below(4), to: root },
        Idea::NewCyclic => {
            let of = [(Meanwhile::Nothing, 4), (Meanwhile::Collect, 1), (Meanwhile::Panic, 1)];
            Extra::NewCyclic { class: shapes::any_class(dice), to: root, meanwhile: dice.weighted(&of) }
        }
        Idea::Unwrap => Extra::Unwrap { root },
        Idea::Stash => Extra::Stash { b: path(dice, ledger)? },
        Idea::Unstash => Extra::Unstash(dice.below(3)),
        Idea::Freeze => Extra::Freeze,
        Idea::CollectFrozen => Extra::CollectFrozen { generation: shapes::any_generation(dice) },
        Idea::Thresholds => Extra::Thresholds([dice.below(6) as u32, dice.below(3) as u32, dice.below(2) as u32]),
        Idea::Pause => Extra::Pause,
        Idea::Resume => Extra::Resume,
        Idea::Detector => Extra::Detector(dice.weighted(&[(None, 1), (Some(true), 1), (Some(false), 1)])),
        Idea::Tease => Extra::Tease { b: path(dice, ledger)?, mischief: mischief(dice) },
        Idea::Text => Extra::Text,
        Idea::DropText => Extra::DropText(dice.below(2)),
    })
}

fn field(dice: &mut Dice) -> Field {
    Field(dice.below(FIELDS))
}

fn edit(dice: &mut Dice, ledger: &Ledger) -> Option<Edit> {
    let at = dice.below(4);
    Some(match dice.below(5) {
        0 => Edit::Replace(at, path(dice, ledger)?),
        1 | 2 => Edit::Insert(at, path(dice, ledger)?),
        3 => Edit::Remove(at),
        _ => Edit::Truncate(at),
    })
}

fn mischief(dice: &mut Dice) -> Mischief {
    let of = [Mischief::Panic, Mischief::Allocate, Mischief::Collect, Mischief::Enumerate, Mischief::Upgrade];
    of[dice.below(of.len())]
}

/// A random walk from an entry of something that holds objects; often no more than a root.
fn path(dice: &mut Dice, ledger: &Ledger) -> Option<Path> {
    let model = &ledger.model;
    let base = match dice.below(20) {
        0 if !model.garbage().is_empty() => Base::Garbage(dice.below(model.garbage().len())),
        1 if !model.survivors().is_empty() => Base::Survivor(dice.below(model.survivors().len())),
        _ => {
            let filled: Vec<usize> = (0..ROOTS).filter(|&root| model.roots()[root].is_some()).collect();
            Base::Root(dice.pick(&filled)?)
        }
    };
    let mut path = Path { base, hops: Vec::new() };
    while path.hops.len() < 3 && dice.chance(40) {
        let object = model.get(model.resolve(&path)?)?;
        let hops: Vec<Hop> = match &object.contents {
            Contents::Fields(fields) => {
                (0..FIELDS).filter(|&it| fields[it].is_some()).map(|it| Hop::Field(Field(it))).collect()
            }
            Contents::Items(items) => (0..items.len()).map(Hop::Item).collect(),
            Contents::Weak { referent, .. } => referent.map(|_| Hop::Referent).into_iter().collect(),
        };
        match dice.pick(&hops) {
            Some(hop) => path.hops.push(hop),
            None => break,
        }
    }
    Some(path)
}
