//! A heap to tell a story on, and the questions that are put to it.
//!
//! Every answer is read from the heap at that moment. What the scene itself holds
//! for the time of asking is taken off the counts.

use super::actors::name_of;
use crate::report::{Collection, Fact, HeapAtEnd, Report, Step};
use gc_core::{FinalizerPolicy, GcAny, Generation, Heap, Phase};
use std::cell::RefCell;
use std::rc::Rc;

/// What user code that the heap called wrote down, in order.
#[derive(Clone, Default)]
pub struct Diary(Rc<RefCell<Vec<String>>>);

impl Diary {
    /// Writes a line.
    pub fn note(&self, line: String) {
        self.0.borrow_mut().push(line);
    }

    /// The lines since this was asked last.
    pub fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

/// A heap under one policy, with the report that grows beside it.
pub struct Scene {
    pub heap: Heap,
    pub diary: Diary,
    reported: Diary,
    collections: Rc<RefCell<Vec<Collection>>>,
    scenario: &'static str,
    steps: Vec<Step>,
}

impl Scene {
    /// An empty heap that collects only when it is told to.
    pub fn new(scenario: &'static str, policy: FinalizerPolicy) -> Scene {
        let reported = Diary::default();
        let told = reported.clone();
        let heap =
            Heap::builder().policy(policy).on_unraisable(move |it| told.note(it.message.clone())).build().unwrap();
        heap.disable();
        let collections = Rc::new(RefCell::new(Vec::new()));
        let seen = collections.clone();
        heap.add_callback(move |phase, info| {
            if phase == Phase::Stop {
                let (generation, collected, uncollectable) = (info.generation, info.collected, info.uncollectable);
                seen.borrow_mut().push(Collection { generation, collected, uncollectable });
            }
        });
        Scene { heap, diary: Diary::default(), reported, collections, scenario, steps: Vec::new() }
    }

    /// Something was done: the facts that follow are about it.
    pub fn step(&mut self, title: &'static str, note: &'static str) -> &mut Step {
        let at = self.steps.len();
        self.steps.push(Step { title, note, facts: Vec::new(), in_tour: false });
        &mut self.steps[at]
    }

    /// The end of the story, with the heap still there.
    pub fn end(self) -> Report {
        self.report(|_| None)
    }

    /// The end of the story and of the heap, with what the heap says at that.
    pub fn end_with_the_heap(self, title: &'static str, note: &'static str) -> Report {
        self.report(|reported| {
            let facts = vec![("the heap reports", Fact::from(reported.take()))];
            Some(Step { title, note, facts, in_tour: false })
        })
    }

    fn report(mut self, last_step: impl FnOnce(&Diary) -> Option<Step>) -> Report {
        let objects = self.heap.objects(None).len();
        let (garbage, policy) = (self.garbage(), self.heap.policy());
        let collections = self.collections.borrow().clone();
        // The last handle: a last full collection, and a report of what is left.
        drop(self.heap);
        self.steps.extend(last_step(&self.reported));
        Report { scenario: self.scenario, policy, steps: self.steps, heap: HeapAtEnd { objects }, collections, garbage }
    }

    /// All living objects, oldest first.
    pub fn living(&self) -> Vec<GcAny> {
        let mut living = self.heap.objects(None);
        living.sort_by_key(GcAny::birth);
        living
    }

    /// Their names.
    pub fn alive(&self) -> Vec<String> {
        self.living().iter().map(name_of).collect()
    }

    /// Their counts.
    pub fn counts(&self) -> Vec<(String, i64)> {
        // One pointer to each is in the list.
        self.living().iter().map(|object| (name_of(object), object.count() as i64 - 1)).collect()
    }

    /// Their edges: `a.next -> b`.
    pub fn edges(&self) -> Vec<String> {
        self.living().iter().flat_map(|object| edges_of(&self.heap, object)).collect()
    }

    /// The garbage list.
    pub fn garbage(&self) -> Vec<String> {
        self.heap.garbage().to_vec().iter().map(name_of).collect()
    }

    /// The names of a generation's objects.
    pub fn generation(&self, generation: Generation) -> Vec<String> {
        self.heap.objects(Some(generation)).iter().map(name_of).collect()
    }
}

/// The edges of one object: `a.next -> b`.
pub fn edges_of(heap: &Heap, object: &GcAny) -> Vec<String> {
    let from = name_of(object);
    let edges = heap.edges(object).into_iter();
    edges.map(|edge| format!("{from}.{} -> {}", edge.name, name_of(&edge.target))).collect()
}
