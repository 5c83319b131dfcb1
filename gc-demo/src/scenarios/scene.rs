//! A heap to tell a story on, and the questions that are put to it.
//!
//! Every answer is read from the heap at that moment. What the scene itself holds
//! for the time of asking is taken off the counts.

use super::Scenario;
use super::actors::name_of;
use super::dice::Dice;
use crate::report::{Collection, Evidence, Exhausted, Fact, HeapAtEnd, Moment, Report, Step, Verdict};
use crate::setting::Setting;
use gc_core::{
    BuildError, CollectionFigures, GcAny, Generation, Heap, MemoryFigures, OutOfMemory, OutOfMemoryInfo, Sample,
    Timeline, Trial,
};
use std::cell::RefCell;
use std::fs::File;
use std::path::Path;
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
    pub setting: Setting,
    pub dice: Dice,
    pub timeline: Timeline,
    reported: Diary,
    exhausted: Rc<RefCell<Option<Exhausted>>>,
    scenario: &'static str,
    steps: Vec<Step>,
}

impl Scene {
    /// An empty heap that collects only when it is told to.
    ///
    /// # Errors
    /// When no heap can be made with these limits.
    pub fn new(scenario: &Scenario, setting: Setting) -> Result<Scene, BuildError> {
        let reported = Diary::default();
        let told = reported.clone();
        let mut builder = Heap::builder().policy(setting.policy).pace(setting.pace).initial(setting.initial);
        if let Some(max) = setting.max.or(scenario.max) {
            builder = builder.max(max);
        }
        let heap = builder.on_unraisable(move |_, it| told.note(it.message.clone())).build()?;
        heap.disable();
        if setting.gc_log && !setting.is_trial {
            heap.on_record(|_, record| eprintln!("{record}"));
        }
        let exhausted: Rc<RefCell<Option<Exhausted>>> = Rc::default();
        let (noted, dump, dumped) = (exhausted.clone(), setting.dump.clone(), heap.clone());
        let dump = dump.filter(|_| !setting.is_trial);
        heap.on_out_of_memory(move |_, error| {
            let first = noted.borrow_mut().replace(exhausted_by(error)).is_none();
            if let Some(file) = dump.as_ref().filter(|_| first) {
                write_dump(&dumped, file);
            }
        });
        let (dice, timeline) = (Dice::new(setting.seed), Timeline::new());
        let (diary, steps) = (Diary::default(), Vec::new());
        Ok(Scene { heap, diary, setting, dice, timeline, reported, exhausted, scenario: scenario.name, steps })
    }

    /// Something was done: the facts that follow are about it.
    pub fn step(&mut self, title: &'static str, note: &'static str) -> &mut Step {
        let at = self.steps.len();
        self.steps.push(Step { title, note, facts: Vec::new(), in_tour: false });
        &mut self.steps[at]
    }

    /// The diagnostic point of a service: collect, then look.
    pub fn sample(&mut self) -> usize {
        let returned = self.heap.collect();
        self.timeline.sample(&self.heap);
        returned
    }

    /// Serves so many requests, a unit of work each, with about `looks` diagnostic points on
    /// the way. `false`: the heap ran out of memory on the way.
    pub fn serve(
        &mut self,
        requests: usize,
        looks: usize,
        mut request: impl FnMut(&mut Scene, usize) -> Result<(), Failed>,
    ) -> bool {
        let every = (requests / looks).max(1);
        for number in 0..requests {
            if crate::interrupted() {
                break;
            }
            let unit = self.heap.unit_of_work("request");
            let done = request(self, number);
            drop(unit);
            self.show();
            if done.is_err() || number % every == every - 1 {
                self.sample();
            }
            if done.is_err() {
                return false;
            }
        }
        true
    }

    /// Between two units of work, or within one that takes long: the dashboard may look, if
    /// there is one.
    pub fn show(&self) {
        if let Some(watcher) = self.setting.watcher.as_ref().filter(|_| !self.setting.is_trial) {
            watcher.between_units(&self.heap);
        }
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

    /// What the heap reported of user code that panicked, and the like.
    pub fn reported(&self) -> Vec<String> {
        self.reported.take()
    }

    fn report(mut self, last_step: impl FnOnce(&Diary) -> Option<Step>) -> Report {
        let objects = self.heap.objects(None).len();
        let (garbage, policy) = (self.garbage(), self.heap.policy());
        if let Some(file) = self.setting.snapshot.as_ref().filter(|_| !self.setting.is_trial) {
            write_dump(&self.heap, file);
        }
        let evidence = Evidence {
            problems: self.heap.verify(),
            snapshot: self.heap.snapshot(),
            trial: self.trial(),
            collected_at: self.heap.records().iter().map(|record| record.ended.as_secs_f64()).collect(),
            timeline: self.timeline,
        };
        let MemoryFigures { used, committed, external, peak, max, .. } = self.heap.memory();
        let heap = HeapAtEnd { objects, used, committed, external, peak, max };
        let collections = self.heap.records().iter().map(collection).collect();
        let out_of_memory = self.exhausted.borrow().clone();
        // The last handles: a last full collection, and a report of what is left.
        self.heap.on_out_of_memory(|_, _| ());
        drop(self.heap);
        self.steps.extend(last_step(&self.reported));
        let timeline = evidence.timeline.samples().iter().map(Moment::of).collect();
        let verdict = Verdict { kind: "none", suspects: Vec::new(), text: String::new() };
        let Setting { fixed, seed, scale, .. } = self.setting;
        let (scenario, steps) = (self.scenario, self.steps);
        let mut report = Report {
            scenario,
            fixed,
            policy,
            seed,
            scale,
            verdict,
            steps,
            heap,
            collections,
            out_of_memory,
            garbage,
            timeline,
            evidence,
        };
        report.conclude(&[]);
        report
    }

    /// How the run ended, where it was under a limit.
    fn trial(&self) -> Option<Trial> {
        let memory = self.heap.memory();
        let max = memory.max?;
        let live = |sample: &Sample| sample.census.bytes();
        let before = self.timeline.samples().first().map_or(0, live);
        let after = self.timeline.samples().last().map_or(0, live);
        Some(Trial { max, completed: self.exhausted.borrow().is_none(), before, peak: memory.peak, after })
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

/// A request could not be served: the heap is out of memory.
pub struct Failed;

impl<T> From<OutOfMemory<T>> for Failed {
    fn from(_: OutOfMemory<T>) -> Failed {
        Failed
    }
}

fn exhausted_by(error: &OutOfMemoryInfo) -> Exhausted {
    let (kind, message) = (error.kind.to_string(), error.to_string());
    let OutOfMemory { requested, used, external, max, .. } = *error;
    Exhausted { kind, requested, used, external, max, message }
}

fn write_dump(heap: &Heap, file: &Path) {
    let written = File::create(file).and_then(|out| heap.write_heap_snapshot(out));
    match written {
        Ok(()) => eprintln!("heap dump written: {}", file.display()),
        Err(error) => eprintln!("heap dump not written: {}: {error}", file.display()),
    }
}

fn collection(record: &CollectionFigures) -> Collection {
    let CollectionFigures { generation, collected, uncollectable, used_before, used_after, .. } = *record;
    let (cause, pause_ms) = (record.cause.to_string(), record.longest_pause.as_secs_f64() * 1e3);
    Collection { generation, collected, uncollectable, cause, pause_ms, used_before, used_after }
}
