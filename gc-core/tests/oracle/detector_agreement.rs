//! Trial deletion from the candidates, the linear pass, and the choice between them find the same.
//!
//! Three heaps go through the same program: a random graph, whose roots go and whose edges move in
//! rounds, each of which ends with a collection. A look at a heap changes counts and so makes
//! candidates, therefore some programs are looked at only in the end.

use std::cell::{Cell, RefCell};

use gc_core::{
    Budget, DynTrace, Finalize, FinalizerPolicy, Gc, Generation, Heap, Progress, ReleaseAfter, Slot, Trace, gc_cast,
    trace_object,
};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use crate::model::dice::Dice;

const CASES: u32 = 60;

trait Vertex: DynTrace {
    fn links(&self) -> &Links;
}
trace_object!(dyn Vertex);

type Link = Gc<dyn Vertex>;

/// Some edges in place, the others in memory of their own.
#[derive(Trace, Default)]
struct Links {
    slots: [Slot<dyn Vertex>; 2],
    more: RefCell<Vec<Link>>,
}

impl Links {
    fn add(&self, target: Link) {
        match self.slots.iter().find(|it| it.is_none()) {
            Some(slot) => slot.set(Some(target)),
            None => self.more.borrow_mut().push(target),
        }
    }

    /// Takes an edge out; which one, the number says.
    fn take(&self, number: usize) -> Option<Link> {
        match number % 4 {
            slot @ 0..2 => self.slots[slot].take(),
            _ => self.more.borrow_mut().pop(),
        }
    }
}

thread_local! {
    static LOG: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    static SURVIVORS: RefCell<Vec<Link>> = const { RefCell::new(Vec::new()) };
}

#[derive(Trace)]
struct Plain(Links);

/// Dropping it may do anything, as far as a heap can tell; in fact it is logged.
#[derive(Trace)]
struct Wild {
    links: Links,
    #[trace(skip)]
    _logs: Logs,
}

struct Logs(usize);

impl Drop for Logs {
    fn drop(&mut self) {
        LOG.with_borrow_mut(|log| log.push(self.0 + 1_000_000));
    }
}

#[derive(Trace)]
#[trace(finalize)]
struct Fin(Links, usize);

#[derive(Trace)]
#[trace(finalize)]
struct Survivor(Links, usize, Cell<bool>);

macro_rules! vertex {
    ($($ty:ident $links:tt),*) => {$(
        impl Vertex for $ty {
            fn links(&self) -> &Links {
                &self.$links
            }
        }
    )*};
}
vertex!(Plain 0, Wild links, Fin 0, Survivor 0);

impl Finalize for Fin {
    fn finalize(this: &Gc<Fin>) {
        LOG.with_borrow_mut(|log| log.push(this.1));
    }
}

impl Finalize for Survivor {
    fn finalize(this: &Gc<Survivor>) {
        LOG.with_borrow_mut(|log| log.push(this.1));
        if !this.2.replace(true) {
            let this = gc_cast!(this.clone() => dyn Vertex);
            SURVIVORS.with_borrow_mut(|survivors| survivors.push(this));
        }
    }
}

/// How the edges of a graph run.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Fewer edges than vertices.
    Sparse,
    /// Three edges from each vertex.
    Dense,
    /// Rings of up to this many vertices, with a few edges between them.
    Rings(usize),
    /// Every vertex but the first has one parent; some have an edge back up.
    Tree,
    /// One long list with some edges across.
    List,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    policy: FinalizerPolicy,
    shape: Shape,
    vertices: usize,
    /// So many of a hundred vertices have a finalizer.
    finalizers: usize,
    /// So many of a hundred lose their root in a round.
    let_go: usize,
    /// All that is alive is compared after each round, not only in the end.
    watched: bool,
    seed: u64,
}

/// What can be told of a program that ran.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    returned: Vec<usize>,
    /// What finalizers and drops logged in each round.
    logs: Vec<Vec<usize>>,
    /// Who was alive whenever it was looked at.
    alive: Vec<Vec<usize>>,
    garbage: Vec<Vec<String>>,
    /// How many objects there are, by a look that no count notices.
    objects: Vec<Option<String>>,
}

/// How a program's rounds end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// With a collection of some generation.
    Some,
    /// With a full one.
    Full,
    /// With full ones in increments of N objects; increments are done in between as well.
    Slices(usize),
}

struct Program {
    heap: Heap,
    ends: Ends,
    dice: Dice,
    roots: Vec<Option<Link>>,
    told: Told,
}

fn run(case: Case, linear: Option<bool>, ends: Ends) -> Told {
    let heap = Heap::builder().policy(case.policy).build().unwrap();
    heap.disable();
    heap.force_detector(linear);
    let dice = Dice::new(case.seed);
    let mut program = Program { heap, ends, dice, roots: Vec::new(), told: Told::default() };
    program.build(case);
    for _ in 0..5 {
        program.change(case);
        program.collect(case.watched);
    }
    program.finish()
}

impl Program {
    fn build(&mut self, case: Case) {
        for id in 0..case.vertices {
            let links = Links::default();
            let heap = &self.heap;
            let new: Link = match (self.dice.below(100) < case.finalizers, self.dice.below(10)) {
                (true, 0..3) => gc_cast!(heap.alloc(Survivor(links, id, Cell::new(false))) => dyn Vertex),
                (true, _) => gc_cast!(heap.alloc(Fin(links, id)) => dyn Vertex),
                (false, 0) => gc_cast!(heap.alloc(Wild { links, _logs: Logs(id) }) => dyn Vertex),
                (false, _) => gc_cast!(heap.alloc(Plain(links)) => dyn Vertex),
            };
            self.roots.push(Some(new));
        }
        match case.shape {
            Shape::Sparse => (0..case.vertices * 2 / 3).for_each(|_| self.link_any()),
            Shape::Dense => (0..case.vertices * 3).for_each(|_| self.link_any()),
            Shape::Rings(length) => self.rings(length),
            Shape::Tree => self.tree(),
            Shape::List => {
                (1..case.vertices).for_each(|at| self.link(at - 1, at));
                (0..case.vertices / 50 + 1).for_each(|_| self.link_any());
            }
        }
    }

    fn link(&self, from: usize, to: usize) {
        if let (Some(from), Some(to)) = (&self.roots[from], &self.roots[to]) {
            from.links().add(to.clone());
        }
    }

    fn link_any(&mut self) {
        let (from, to) = (self.dice.below(self.roots.len()), self.dice.below(self.roots.len()));
        self.link(from, to);
    }

    fn rings(&mut self, longest: usize) {
        let mut first = 0;
        while first < self.roots.len() {
            let end = (first + self.dice.between(1, longest)).min(self.roots.len());
            (first..end).for_each(|at| self.link(at, if at + 1 == end { first } else { at + 1 }));
            if self.dice.chance(20) {
                self.link_any();
            }
            first = end;
        }
    }

    fn tree(&mut self) {
        for at in 1..self.roots.len() {
            let parent = self.dice.below(at);
            self.link(parent, at);
            if self.dice.chance(10) {
                self.link(at, parent);
            }
        }
    }

    /// Roots go, pointers come and go, edges move, new objects are born.
    fn change(&mut self, case: Case) {
        for at in 0..self.roots.len() {
            if at % 3 == 0
                && let Ends::Slices(objects) = self.ends
            {
                self.heap.step(Budget::Objects(objects));
            }
            match self.dice.below(100) {
                number if number < case.let_go => self.roots[at] = None,
                // Makes a candidate of it.
                95.. => drop(self.roots[at].clone()),
                90..95 => self.move_edge(at),
                88..90 => self.link_any(),
                _ => {}
            }
        }
        let last = SURVIVORS.with_borrow_mut(Vec::pop);
        drop(last);
        let links = Links::default();
        let new = self.heap.alloc(Plain(links));
        self.roots.push(Some(gc_cast!(new => dyn Vertex)));
    }

    /// Moves an edge from one vertex to another: no count changes.
    fn move_edge(&mut self, from: usize) {
        let to = self.dice.below(self.roots.len());
        let (Some(from), Some(to)) = (&self.roots[from], &self.roots[to]) else { return };
        if let Some(target) = from.links().take(self.dice.below(4)) {
            to.links().add(target);
        }
    }

    fn collect(&mut self, watched: bool) {
        let of = [Generation::Zero, Generation::One, Generation::Two, Generation::Two];
        let generation = of[self.dice.below(of.len())];
        match self.ends {
            Ends::Some => self.told.returned.push(self.heap.collect_generation(generation)),
            Ends::Full => self.told.returned.push(self.heap.collect()),
            // The one that is open does not know of what became garbage since it began.
            Ends::Slices(objects) => (0..2).for_each(|_| self.step_to_the_end(objects)),
        }
        self.told.logs.push(LOG.take());
        let heap = format!("{:?}", self.heap);
        self.told.objects.push(heap.split(',').find(|it| it.contains("objects")).map(str::to_owned));
        if watched {
            self.look();
        }
    }

    fn step_to_the_end(&self, objects: usize) {
        while self.heap.step(Budget::Objects(objects)) == Progress::Open {}
    }

    fn look(&mut self) {
        let objects = self.heap.objects(None);
        let mut alive: Vec<usize> = objects.iter().map(|it| it.birth() as usize).collect();
        alive.sort_unstable();
        self.told.alive.push(alive);
        let garbage = self.heap.garbage().to_vec();
        let garbage = garbage.iter().map(|it| format!("{} {}", it.type_name(), it.birth()));
        self.told.garbage.push(garbage.collect());
    }

    fn finish(mut self) -> Told {
        self.look();
        self.roots.clear();
        for _ in 0..2 {
            drop(SURVIVORS.take());
            self.told.returned.push(self.heap.collect());
            self.told.logs.push(LOG.take());
            self.look();
        }
        self.let_everything_go();
        assert_eq!(self.heap.objects(None).len(), 0, "nothing is left");
        LOG.take();
        self.told
    }

    fn let_everything_go(&self) {
        for _ in 0..2 {
            for any in self.heap.objects(None) {
                cut(&any);
            }
            self.heap.garbage().clear();
            drop(SURVIVORS.take());
        }
    }
}

fn cut(any: &gc_core::GcAny) {
    let plain = any.downcast_ref::<Plain>().map(Vertex::links);
    let wild = || any.downcast_ref::<Wild>().map(Vertex::links);
    let fin = || any.downcast_ref::<Fin>().map(Vertex::links);
    let survivor = || any.downcast_ref::<Survivor>().map(Vertex::links);
    let links = plain.or_else(wild).or_else(fin).or_else(survivor).expect("there are four types");
    links.slots.iter().for_each(|it| it.set(None));
    ReleaseAfter::clear(&links.more);
}

fn config() -> ProptestConfig {
    let cases = match std::env::var("PROPTEST_CASES") {
        Ok(_) => ProptestConfig::default().cases,
        Err(_) => CASES,
    };
    let regressions = FileFailurePersistence::WithSource("proptest-regressions");
    ProptestConfig { cases, failure_persistence: Some(Box::new(regressions)), ..ProptestConfig::default() }
}

fn cases() -> impl Strategy<Value = Case> {
    let policies = prop_oneof![Just(FinalizerPolicy::Legacy), Just(FinalizerPolicy::Pep442)];
    let shapes = prop_oneof![
        Just(Shape::Sparse),
        Just(Shape::Dense),
        (1..40_usize).prop_map(Shape::Rings),
        Just(Shape::Tree),
        Just(Shape::List),
    ];
    // Beyond 1,000 objects trial deletion may give up.
    let vertices = prop_oneof![4 => 1..60_usize, 4 => 60..1000_usize, 3 => 1000..6000_usize];
    let finalizers = prop_oneof![2 => Just(0_usize), 2 => 1..5_usize, 1 => 5..60_usize];
    let let_go = prop_oneof![1..10_usize, 10..60_usize, Just(85)];
    (policies, shapes, vertices, finalizers, let_go, any::<bool>(), any::<u64>().no_shrink()).prop_map(
        |(policy, shape, vertices, finalizers, let_go, watched, seed)| Case {
            policy,
            shape,
            vertices,
            finalizers,
            let_go,
            watched,
            seed,
        },
    )
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_detector_finds_the_same(case in cases()) {
        let linear = run(case, Some(true), Ends::Some);
        let trial = run(case, Some(false), Ends::Some);
        prop_assert_eq!(&linear, &trial, "linear and trial deletion");
        let chosen = run(case, None, Ends::Some);
        prop_assert_eq!(&linear, &chosen, "linear and by cost");
    }

    /// Slices between which the graph changes find what a collection finds. (Finalizers would
    /// run at other moments, and change the graph then.)
    #[test]
    fn slices_find_the_same(case in cases(), objects in prop_oneof![Just(1_usize), 1..2000_usize]) {
        let case = Case { finalizers: 0, watched: true, ..case };
        let at_once = run(case, None, Ends::Full);
        for linear in [None, Some(true), Some(false)] {
            let sliced = run(case, linear, Ends::Slices(objects));
            prop_assert_eq!(&at_once.alive, &sliced.alive, "linear: {:?}", linear);
            prop_assert_eq!(&at_once.objects, &sliced.objects, "linear: {:?}", linear);
        }
    }
}
