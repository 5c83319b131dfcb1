//! The heap and the model side by side, to the end, where nothing may be left.

use std::fmt;
use std::mem::{self, ManuallyDrop};
use std::rc::Rc;

use gc_core::{Gc, GcAny, Heap};

use super::ledger::{Done, Ledger};
use super::player::Player;
use super::step::{Extra, Step};
use crate::harness::classes::cut;
use crate::harness::fields::tokens;
use crate::harness::state::{Glance, comparable};
use crate::harness::world::objects_in_use;
use crate::harness::{Bodies, Link, State, World, outside};
use crate::model::program::{Op, Policy, ROOTS};

/// A program, and what it is run on.
#[derive(Clone)]
pub struct Case {
    pub policy: Policy,
    pub bodies: Bodies,
    /// After N steps all is compared; after the others what can be seen without a count,
    /// as a look that changes a count makes an object a candidate.
    pub watch: usize,
    /// The last handle to the heap goes while objects are held.
    pub close_early: bool,
    pub steps: Vec<Step>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Case { policy, bodies, watch, close_early, steps } = self;
        writeln!(f, "{policy}, bodies {bodies:?}, watch {watch}, close_early {close_early}")?;
        steps.iter().try_for_each(|step| writeln!(f, "  {step:?}"))
    }
}

/// Runs a program on a heap and on the model.
///
/// # Errors
/// The first difference.
pub fn run(case: &Case) -> Result<(), String> {
    let before = tokens();
    let mut pair = Pair::new(case);
    for (index, step) in case.steps.iter().enumerate() {
        pair.step(step).map_err(|difference| format!("step {index}: {step:?}: {difference}"))?;
        if (index + 1) % case.watch == 0 {
            pair.compare_all().map_err(|difference| format!("after step {index}: {step:?}: {difference}"))?;
        }
    }
    pair.wind_down().map_err(|difference| format!("winding down: {difference}"))?;
    pair.end(case.close_early)?;
    equal("values left", 0, tokens() - before)
}

fn equal<T: PartialEq + fmt::Debug>(what: &str, expected: T, got: T) -> Result<(), String> {
    match expected == got {
        true => Ok(()),
        false => Err(format!("{what}:\nexpected {expected:?}\n     got {got:?}")),
    }
}

struct Pair {
    ledger: Ledger,
    /// Not dropped when something differs: the heap may be broken then.
    player: ManuallyDrop<Player>,
}

impl Pair {
    fn new(case: &Case) -> Pair {
        let player = Player::new(case.policy, case.bodies);
        player.world.outside.quiet.set(case.watch > 1);
        Pair { ledger: Ledger::new(case.policy), player: ManuallyDrop::new(player) }
    }

    fn world(&self) -> &World {
        &self.player.world
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        let Some(step) = self.ledger.fitted(step) else { return Ok(()) };
        let due = self.collection_due(&step);
        let next = self.ledger.model.next_id();
        let returned = self.player.perform(&step, next);
        let automatic = self.world().outside.automatic.take();
        self.check_automatic(due, &automatic)?;
        let automatic: Vec<usize> = automatic.into_iter().map(usize::from).collect();
        let done = self.ledger.perform(&step, &automatic);
        self.compare(done, returned)
    }

    /// What an allocation by this step collects by itself, as CPython's thresholds say; none for
    /// a step that allocates nothing. Of the oldest generation more is asked than they say.
    fn collection_due(&self, step: &Step) -> Option<u8> {
        let tracked = match step {
            Step::Op(Op::New { .. } | Op::Wref { .. }) | Step::Extra(Extra::NewCyclic { .. }) => 1,
            Step::Extra(Extra::Text) => 0,
            _ => return None,
        };
        let ([first, second, third], [young, one, two]) = (self.ledger.thresholds, self.world().heap.counts());
        if first == 0 || self.ledger.pauses > 0 || young + tracked <= first {
            return None;
        }
        Some(if two > third { 2 } else { u8::from(one > second) })
    }

    fn check_automatic(&self, due: Option<u8>, automatic: &[u8]) -> Result<(), String> {
        match (due, automatic) {
            (None, []) => Ok(()),
            (Some(due), &[found]) if due == found || due == 2 => Ok(()),
            _ => equal("collections by itself", &due.into_iter().collect::<Vec<_>>()[..], automatic),
        }
    }

    fn compare(&self, (log, expected): Done, returned: Option<usize>) -> Result<(), String> {
        let outside = &self.world().outside;
        let phantoms = self.ledger.phantoms();
        let log = comparable(log, &phantoms, outside.quiet.get());
        equal("log", log, outside.take_log())?;
        equal("returned", expected, returned)?;
        equal("surprises", vec![], outside.surprises.take())?;
        let (reported, raised) = outside.panics.get();
        equal("panics reported", raised, reported)?;
        let mut expected = Glance::at_model(&self.ledger.model, &phantoms);
        let mut got = Glance::at_world(self.world(), self.ledger.texts);
        if self.ledger.frozen {
            (expected.collections, got.collections) = ([0; 2], [0; 2]);
        }
        equal("at a glance", expected, got)
    }

    fn compare_all(&self) -> Result<(), String> {
        let policy = self.ledger.model.policy();
        let mut expected = State::of_model(&self.ledger.model, &self.ledger.phantoms());
        let mut got = State::of_world(self.world(), policy, self.ledger.texts);
        if self.ledger.frozen {
            for state in [&mut expected, &mut got] {
                state.generations = Default::default();
                state.glance.collections = [0; 2];
            }
        }
        if expected == got {
            return Ok(());
        }
        equal("garbage", &expected.garbage, &got.garbage)?;
        equal("counts", &expected.counts, &got.counts)?;
        equal("edges", &expected.edges, &got.edges)?;
        equal("weak references", &expected.weak_refs, &got.weak_refs)?;
        equal("referents", &expected.referents, &got.referents)?;
        equal("finalized", &expected.finalized, &got.finalized)?;
        equal("generations", &expected.generations, &got.generations)?;
        equal("at a glance", &expected.glance, &got.glance)
    }

    /// Everything is let go and collected, three times. Under Legacy there may be uncollectable
    /// objects and those that resurrect themselves every time; they are as the model says.
    fn wind_down(&mut self) -> Result<(), String> {
        let extras = |extra: Extra, times: usize| vec![Step::Extra(extra); times];
        let mut steps = extras(Extra::Resume, self.ledger.pauses);
        steps.extend(extras(Extra::Unstash(0), self.ledger.stash.len()));
        steps.extend(extras(Extra::DropWeak(0), self.ledger.weaks.len()));
        steps.extend(extras(Extra::DropText(0), self.ledger.texts));
        steps.push(Step::Extra(Extra::Thresholds([0, 10, 10])));
        let ops = (0..ROOTS).map(|to| Op::Del { to }).chain([Op::Saveall { on: false }]);
        steps.extend(ops.map(Step::Op));
        for _ in 0..3 {
            steps.extend([Op::ClearSurvivors, Op::Collect { generation: 2 }, Op::ClearGarbage].map(Step::Op));
        }
        steps.push(Step::Op(Op::Collect { generation: 2 }));
        for step in &steps {
            self.step(step).map_err(|difference| format!("{step:?}: {difference}"))?;
        }
        self.compare_all()
    }

    /// Finalizers do nothing any more, and cycles are cut: nothing is left.
    fn end(mut self, close_early: bool) -> Result<(), String> {
        let world = &mut self.player.world;
        world.outside.inert.set(true);
        let mut objects = world.heap.objects(None);
        objects.sort_by_key(GcAny::birth);
        let links: Vec<_> = objects.iter().filter_map(|it| world.typed(it)).collect();
        equal("objects of a known class", objects.len(), links.len())?;
        drop(objects);
        if close_early && let Some(first) = links.first() {
            reopen(world, first)?;
        }
        links.iter().for_each(|it| cut(&**it));
        drop(links);
        world.clear_survivors();
        world.heap.garbage().clear();
        world.collect(2);
        equal("objects left", (0, 0), (objects_in_use(&world.heap), world.heap.objects(None).len()))?;
        equal("collected when there is nothing", 0, world.collect(2))?;
        drop(outside::set_current(None));
        equal("handles to what is outside", 3, Rc::strong_count(&world.outside))?;
        let Player { world, .. } = ManuallyDrop::into_inner(self.player);
        drop(ManuallyDrop::into_inner(world.heap));
        equal("handles to what is outside", 1, Rc::strong_count(&world.outside))
    }
}

/// The last handle goes, which collects once more; then there is one again.
fn reopen(world: &mut World, held: &Link) -> Result<(), String> {
    let uncollectable = !world.heap.garbage().is_empty();
    let last = mem::replace(&mut world.heap, ManuallyDrop::new(Heap::new()));
    drop(ManuallyDrop::into_inner(last));
    let spare = mem::replace(&mut world.heap, ManuallyDrop::new(Gc::heap(held)));
    drop(ManuallyDrop::into_inner(spare));
    equal("told of what is uncollectable", uncollectable, world.outside.left_at_exit.take())
}
