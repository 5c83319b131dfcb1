//! A free program from beginning to end, and what must hold after each of its steps.

use std::collections::BTreeSet;
use std::fmt;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use gc_core::observe::{Problem, ProblemKind};
use gc_core::snapshot::{Snapshot, SnapshotObject};
use gc_core::{Budget, GcAny, Heap, Progress};

use super::act::Act;
use super::kinds::typed;
use super::mirror::Name;
use super::user::{User, set_current};
use crate::harness::fields::tokens;
use crate::harness::world::{finalizer_policy, objects_in_use};
use crate::model::program::Policy;

/// A program, and what it is run on.
#[derive(Clone)]
pub struct Free {
    pub policy: Policy,
    /// After N acts the heap is compared with the mirror. That changes counts and so makes
    /// candidates.
    pub watch: usize,
    /// After N acts, and at the end, the heap is looked into in all ways (snapshots,
    /// verifier, heap dump), which takes far longer. 0: never.
    pub look: usize,
    /// Asking whether a finalizer is armed does something besides.
    pub curious: bool,
    /// In the end everything is collected in increments of N objects, or in one piece.
    pub slices: Option<usize>,
    pub acts: Vec<Act>,
}

impl fmt::Debug for Free {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Free { policy, watch, look, curious, slices, acts } = self;
        writeln!(f, "{policy}, watch {watch}, look {look}, curious {curious}, slices {slices:?}")?;
        acts.iter().try_for_each(|act| writeln!(f, "  {act:?}"))
    }
}

/// Runs a program.
///
/// # Errors
/// The first thing that does not hold.
pub fn run(free: &Free) -> Result<(), String> {
    let before = tokens();
    let program = Program::new(free);
    for (index, act) in free.acts.iter().enumerate() {
        let at = |wrong: String| format!("after act {index}: {act:?}: {wrong}");
        let before = program.traces();
        program.user.step(act);
        let complete = program.is_complete(act, before);
        if free.look > 0 && (index + 1) % free.look == 0 {
            program.look_into().map_err(at)?;
        }
        if complete || (index + 1) % free.watch == 0 {
            program.check(complete.then_some(0)).map_err(at)?;
        }
    }
    program.wind_down().map_err(|wrong| format!("winding down: {wrong}"))?;
    program.end()?;
    hold(tokens() == before, || format!("{} values are left", tokens() - before))
}

fn hold(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// The heap verifies, and nothing of it is changed by looking at it.
fn check_looking(heap: &Heap) -> Result<(), String> {
    let before = heap.snapshot();
    let state = |snapshot: &Snapshot| -> Vec<String> { snapshot.objects().map(shown).collect() };
    let counts = || (objects_in_use(heap), heap.counts(), heap.generation_sizes(), heap.garbage().len(), heap.memory());
    let at_first = counts();
    let problems = heap.verify();
    // (One of the kinds of objects has a part that is not traced, and callbacks capture pointers.)
    let is_known = |it: &&Problem| it.type_name.contains("Untraced") || it.kind == ProblemKind::CapturedPointer;
    let wrong: Vec<String> = problems.iter().filter(|it| !is_known(it)).map(|it| it.to_string()).collect();
    hold(wrong.is_empty(), || wrong.join("\n"))?;
    let sample = heap.sample();
    hold(sample.census == before.census(), || "the sample and the snapshot count differently".into())?;
    let mut file = Vec::new();
    heap.write_heap_snapshot(&mut file).map_err(|error| error.to_string())?;
    let _ = (heap.mark(), heap.should_collect(), heap.metrics(), heap.last_collection());
    let dominators = before.dominators();
    let retained: u64 =
        before.objects().filter(|it| dominators.dominator(*it).is_none()).map(|it| dominators.retained_bytes(it)).sum();
    hold(retained == before.bytes(), || format!("{retained} of {} bytes are retained", before.bytes()))?;
    let after = heap.snapshot();
    hold(state(&before) == state(&after) && at_first == counts(), || "looking changed something".into())
}

/// All that is known of an object.
fn shown(object: SnapshotObject<'_>) -> String {
    let (held, generation, candidate) = (object.external_references(), object.generation(), object.is_candidate());
    let (finalized, edges) = (object.is_finalized(), object.edges().collect::<Vec<_>>());
    format!("{object} {held} {generation:?} {candidate} {finalized} {edges:?}")
}

struct Program {
    policy: Policy,
    looks: bool,
    slices: Option<usize>,
    /// Not dropped when something is wrong: a heap may be broken then.
    user: ManuallyDrop<Rc<User>>,
}

/// Who lives, as far as it can be seen.
struct Seen {
    objects: Vec<(Name, GcAny)>,
    garbage: Vec<Name>,
    alive: BTreeSet<Name>,
}

impl Program {
    fn new(free: &Free) -> Program {
        let heaps = [(), ()].map(|()| {
            let heap = Heap::builder().policy(finalizer_policy(free.policy)).build().unwrap();
            heap.set_thresholds([0, 1, 1]);
            heap
        });
        let user = User::new(heaps, free.curious);
        // One that a failed program left behind may be broken: nobody touches it again.
        std::mem::forget(set_current(Some(user.clone())));
        for heap in &user.heaps {
            let told = Rc::downgrade(&user);
            heap.on_unraisable(move |_, event| {
                // A panic in here would not be noticed.
                let Some(user) = told.upgrade() else { return };
                if event.message != "mischief" {
                    user.surprises.borrow_mut().push(event.to_string());
                }
                let (reported, raised) = user.panics.get();
                user.panics.set((reported + 1, raised));
            });
        }
        Program { policy: free.policy, looks: free.look > 0, slices: free.slices, user: ManuallyDrop::new(user) }
    }

    /// What a collection of the first heap changes when it runs user code, or when something dies
    /// by it in the other heap, which may release something in the first.
    fn traces(&self) -> (usize, usize) {
        (self.user.entered.get(), objects_in_use(&self.user.heaps[1]))
    }

    /// Was that a full collection that nothing could disturb? All garbage is gone then.
    fn is_complete(&self, act: &Act, before: (usize, usize)) -> bool {
        let full = matches!(act, Act::Collect { generation: 2, other_heap: false });
        full && self.traces() == before && !self.user.frozen.get()
    }

    fn look(&self) -> Seen {
        let user = &self.user;
        let objects = user.heaps.iter().flat_map(|heap| heap.objects(None));
        let objects: Vec<(Name, GcAny)> = objects.map(|it| (user.name_at(it.address()), it)).collect();
        let garbage: Vec<Name> = user.heaps.iter().flat_map(|heap| user.names(&heap.garbage().to_vec())).collect();
        let tracked = objects.iter().map(|(name, _)| *name).collect();
        let alive = user.mirror.borrow().alive(&tracked, &garbage);
        Seen { objects, garbage, alive }
    }

    /// What must hold between two acts; `complete` is a heap in which no garbage is left.
    fn check(&self, complete: Option<usize>) -> Result<(), String> {
        self.check_panics()?;
        let seen = self.look();
        self.check_living(&seen)?;
        self.check_counts_and_edges(&seen)?;
        self.check_finalizers(&seen)?;
        self.check_weak(&seen)?;
        match complete {
            Some(heap) => self.check_complete(&seen, heap),
            None => Ok(()),
        }
    }

    /// Looking in all ways changes nothing, and the heap verifies.
    fn look_into(&self) -> Result<(), String> {
        if !self.looks {
            return Ok(());
        }
        self.user.heaps.iter().try_for_each(check_looking)
    }

    fn check_panics(&self) -> Result<(), String> {
        let surprises = self.user.surprises.borrow();
        hold(surprises.is_empty(), || format!("{surprises:?}"))?;
        let (reported, raised) = self.user.panics.get();
        hold(reported == raised, || format!("{reported} of {raised} panics were reported"))
    }

    /// Whoever is pointed to lives, and there are no others.
    fn check_living(&self, seen: &Seen) -> Result<(), String> {
        let mirror = self.user.mirror.borrow();
        let held = mirror.held.iter().chain(&seen.garbage).copied();
        let reached = mirror.reached(held.chain(seen.alive.iter().copied()), |_| true);
        let dead: Vec<&Name> = reached.difference(&seen.alive).collect();
        hold(dead.is_empty(), || format!("dead, but pointed to: {dead:?}"))?;
        let in_use: usize = self.user.heaps.iter().map(objects_in_use).sum();
        hold(in_use == seen.alive.len(), || format!("{in_use} objects, of which {} are known", seen.alive.len()))
    }

    fn check_counts_and_edges(&self, seen: &Seen) -> Result<(), String> {
        let mirror = self.user.mirror.borrow();
        let counts = mirror.counts(&seen.alive, &seen.garbage);
        for (name, object) in &seen.objects {
            let (expected, got) = (counts.get(name).copied().unwrap_or(0), object.strong_count() - 1);
            hold(expected == got && got > 0, || format!("{name:?} has count {got}, not {expected}"))?;
            let mut expected = mirror.objects[name].edges.clone();
            let mut got = self.user.names(&object.referents());
            expected.sort_unstable();
            got.sort_unstable();
            hold(expected == got, || format!("{name:?} points to {got:?}, not {expected:?}"))?;
        }
        for (name, object) in &*self.user.hands.borrow() {
            let seen = usize::from(mirror.objects[name].tracked);
            let (expected, got) = (counts[name] + seen, gc_core::Gc::strong_count(object));
            hold(expected == got, || format!("{name:?} in hand has count {got}, not {expected}"))?;
        }
        Ok(())
    }

    fn check_finalizers(&self, seen: &Seen) -> Result<(), String> {
        for (name, entry) in &self.user.mirror.borrow().objects {
            let dead = !seen.alive.contains(name) && !entry.unwrapped;
            let holds = match (entry.finalizable, self.policy) {
                (false, _) => entry.finalized == 0,
                (true, Policy::Legacy) => !dead || entry.finalized > 0,
                (true, Policy::Modern) => entry.finalized <= 1 && (!dead || entry.finalized == 1),
            };
            hold(holds, || format!("{name:?} was finalized {} times, dead: {dead}", entry.finalized))?;
        }
        Ok(())
    }

    fn check_weak(&self, seen: &Seen) -> Result<(), String> {
        for record in &*self.user.records.borrow() {
            let dead = !seen.alive.contains(&record.target);
            let due = dead && !record.dropped && !record.late;
            let holds = record.called == 1 || (record.called == 0 && !due);
            hold(holds, || format!("called back {} times: {record:?}, dead: {dead}", record.called))?;
        }
        for bare in &*self.user.weaks.borrow() {
            let upgraded = bare.weak.upgrade().is_some();
            let called = bare.record.is_some_and(|record| self.user.records.borrow()[record].called > 0);
            let dead = !seen.alive.contains(&bare.target) || called;
            hold(!(upgraded && dead), || format!("a weak reference to {:?} lives on", bare.target))?;
        }
        Ok(())
    }

    /// No garbage is left.
    fn check_complete(&self, seen: &Seen, heap: usize) -> Result<(), String> {
        let reachable = self.user.mirror.borrow().reachable(heap, &seen.alive, &seen.garbage);
        let left: Vec<&Name> = seen.alive.difference(&reachable).filter(|name| name.1 == heap).collect();
        hold(left.is_empty(), || format!("garbage, but alive: {left:?}"))
    }

    /// Everything is let go and collected, until a collection has nothing to do.
    fn wind_down(&self) -> Result<(), String> {
        let user = &self.user;
        [Act::SaveAll(false), Act::Thresholds(0)].iter().for_each(|act| user.step(act));
        drop(user.pauses.take());
        self.collect_all()?;
        // Finalizers may go on for ever: what they add meanwhile is left to the next round.
        for _ in 0..3 {
            let (values, weaks) = (user.values.borrow().len(), user.weaks.borrow().len());
            let hands = user.hands.borrow().len();
            (0..values).for_each(|_| user.step(&Act::DropValue(0)));
            (0..weaks).for_each(|_| user.step(&Act::DropWeak(0)));
            (0..hands).for_each(|_| user.step(&Act::Drop(0)));
        }
        self.collect_all()
    }

    /// A full collection, in one piece or in slices.
    fn collect(&self, heap: &Heap) -> usize {
        let Some(objects) = self.slices else { return heap.collect() };
        // What is open began when there were candidates of which it does not know.
        let mut found = 0;
        for _ in 0..2 {
            found += loop {
                match heap.step(Budget::Objects(objects)) {
                    Progress::Nothing => break 0,
                    Progress::Open => {}
                    Progress::Done { collected, uncollectable } => break collected + uncollectable,
                }
            };
        }
        found
    }

    fn collect_all(&self) -> Result<(), String> {
        for _ in 0..20 {
            let entered = self.user.entered.get();
            if self.user.frozen.get() {
                // Thawing makes the next collection linear, so it is not done without need.
                self.user.step(&Act::Unfreeze);
            }
            self.collect(&self.user.heaps[1]);
            let collected: usize = self.user.heaps.iter().map(|heap| self.collect(heap)).sum();
            if self.user.entered.get() == entered && collected == 0 {
                self.look_into()?;
                self.check(Some(1))?;
                return self.check(Some(0));
            }
        }
        self.look_into()?;
        self.check(None)
    }

    /// User code does nothing any more, and cycles are cut: nothing is left.
    fn end(self) -> Result<(), String> {
        let user = ManuallyDrop::into_inner(self.user);
        user.exhaust();
        user.pauses.take();
        user.step(&Act::SaveAll(false));
        user.step(&Act::Unfreeze);
        user.exhaust();
        for heap in &user.heaps {
            for object in heap.objects(None) {
                if let Some(link) = typed(&object) {
                    user.cut(user.name(&link), &*link);
                }
            }
            heap.garbage().clear();
        }
        while let Some(dropped) = user.out_of_hand(0) {
            drop(dropped);
        }
        while !user.values.borrow().is_empty() {
            user.drop_value(0);
        }
        while !user.weaks.borrow().is_empty() {
            user.drop_weak(0);
        }
        for heap in &user.heaps {
            heap.garbage().clear();
            heap.collect();
            hold(objects_in_use(heap) == 0, || format!("objects are left: {heap:?}"))?;
        }
        drop(set_current(None));
        hold(Rc::strong_count(&user) == 1, || "someone is left".to_owned())
    }
}
