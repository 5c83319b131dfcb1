//! The heap of a scenario, and the queries about it.
//!
//! Every answer is read from the heap at the moment of the query. Counts exclude the pointers that
//! the scene itself holds during the query.

use super::Scenario;
use super::actors::name_of;
use super::dice::Dice;
use crate::interrupt::set_judging;
use crate::output;
use crate::report::{Collection, Evidence, Exhausted, Fact, HeapAtEnd, Moment, Report, Step, Verdict};
use crate::setting::Setting;
use crate::watch::Watcher;
use gc_core::diagnosis::Trial;
use gc_core::observe::{Problem, Sample, Timeline};
use gc_core::snapshot::Snapshot;
use gc_core::stats::{CollectionMetrics, MemoryMetrics};
use gc_core::{BuildError, Gc, Heap, OutOfMemory, OutOfMemoryInfo, Trace};
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

/// Lines written by user code that the heap called, in the order of the calls.
#[derive(Clone, Default)]
pub struct Diary(Rc<RefCell<Vec<String>>>);

impl Diary {
    /// Writes a line.
    pub fn note(&self, line: String) {
        self.0.borrow_mut().push(line);
    }

    /// Returns the lines since the last call of this function.
    pub fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

/// A heap under one policy, with the report that grows while the scenario runs.
pub struct Scene {
    pub heap: Heap,
    pub diary: Diary,
    pub setting: Setting,
    pub dice: Dice,
    pub timeline: Timeline,
    reported: Diary,
    exhausted: Rc<RefCell<Option<AtFailure>>>,
    scenario: &'static str,
    steps: Vec<Step>,
    /// Number of objects made within a request at which the next diagnostic point is due.
    next_look: usize,
    interrupted: bool,
    /// True if it is too early to judge an interrupted run.
    pub is_early: bool,
    /// The end of the story, recorded while the story's own pointers still existed.
    end: Option<End>,
    /// Title and note of the step that shows the drop of the heap, if there is such a step.
    last_step: Option<(&'static str, &'static str)>,
    unwritten: Rc<RefCell<Vec<String>>>,
}

/// The record of the first out-of-memory error.
struct AtFailure {
    error: Exhausted,
    /// The heap at the moment of the error; `None` if a unit of work was open then.
    end: Option<End>,
}

/// The state of the heap at the end.
struct End {
    objects: usize,
    memory: MemoryMetrics,
    garbage: Vec<String>,
    problems: Vec<Problem>,
    snapshot: Snapshot,
}

impl End {
    fn of(heap: &Heap) -> End {
        // After an interruption, a large heap is not examined in full, because that takes too long.
        let is_large = crate::interrupted() && heap.census().objects() > MANY;
        // The pointers that these queries make must be released before the snapshot counts
        // references.
        let objects = heap.objects(None).len();
        let garbage = heap.garbage().to_vec().iter().map(name_of).collect();
        End {
            objects,
            memory: heap.memory(),
            garbage,
            problems: if is_large { Vec::new() } else { heap.verify() },
            snapshot: if is_large { Heap::new().snapshot() } else { heap.snapshot() },
        }
    }
}

/// Greatest number of objects of an interrupted run that are examined.
const MANY: usize = 40_000;

/// Number of objects made within a request before the first diagnostic point there.
const FIRST_LOOK: usize = 5000;

/// The result of playing a scenario: `Ok` at its end, or why it was broken off.
pub type Played = Result<(), Failed>;

impl Scene {
    /// Makes an empty heap that collects only when told to.
    ///
    /// # Errors
    /// When no heap can be made with these limits.
    pub fn new(scenario: &Scenario, setting: Setting) -> Result<Scene, BuildError> {
        set_judging(false);
        let reported = Diary::default();
        let told = reported.clone();
        let mut builder = Heap::builder().policy(setting.policy).pace(setting.pace).initial(setting.initial);
        if let Some(max) = setting.max.or(scenario.max) {
            builder = builder.max(max);
        }
        let heap = builder.on_unraisable(move |_, it| told.note(it.message.clone())).build()?;
        heap.disable();
        // A dashboard shows the collections itself, and log lines would overwrite it.
        if setting.gc_log && !setting.is_trial && setting.watcher.is_none() {
            heap.on_record(|_, record| eprintln!("{record}"));
        }
        let exhausted: Rc<RefCell<Option<AtFailure>>> = Rc::default();
        let unwritten: Rc<RefCell<Vec<String>>> = Rc::default();
        let (noted, failures) = (exhausted.clone(), unwritten.clone());
        let dump = setting.dump.clone().filter(|_| !setting.is_trial);
        let watcher = setting.watcher.clone();
        heap.on_out_of_memory(move |heap, error| {
            if noted.borrow().is_some() {
                return;
            }
            let end = (heap.sample().units_open() == 0).then(|| End::of(heap));
            *noted.borrow_mut() = Some(AtFailure { error: exhausted_by(error), end });
            if let Some(file) = &dump {
                failures.borrow_mut().extend(write_dump(heap, file, watcher.as_ref()));
            }
        });
        Ok(Scene {
            heap,
            diary: Diary::default(),
            dice: Dice::new(setting.seed),
            setting,
            timeline: Timeline::new(),
            reported,
            exhausted,
            scenario: scenario.name,
            steps: Vec::new(),
            next_look: FIRST_LOOK,
            interrupted: false,
            is_early: false,
            end: None,
            last_step: None,
            unwritten,
        })
    }

    /// Puts a value on the heap.
    ///
    /// # Errors
    /// When the heap is out of memory.
    pub fn alloc<T: Trace>(&self, value: T) -> Result<Gc<T>, Failed> {
        Ok(self.heap.try_alloc(value)?)
    }

    /// Adds a step. The facts that follow belong to this step.
    pub fn step(&mut self, title: &'static str, note: &'static str) -> &mut Step {
        let at = self.steps.len();
        self.steps.push(Step { title, note, facts: Vec::new(), in_tour: false });
        &mut self.steps[at]
    }

    /// Makes the diagnostic point of a service: collects, then takes a sample. Returns the result
    /// of the collection.
    pub fn sample(&mut self) -> usize {
        let returned = self.heap.collect();
        self.timeline.push(self.heap.sample());
        returned
    }

    /// Checks whether the run may go on. All long work calls this method.
    ///
    /// # Errors
    /// When the run was interrupted.
    pub fn go_on(&self) -> Result<(), Failed> {
        if crate::interrupted() { Err(Failed::Interrupted) } else { Ok(()) }
    }

    /// Notes an interruption, if `part` of the run ended by one.
    pub fn note_end_of(&mut self, part: Result<(), Failed>) {
        self.interrupted |= matches!(part, Err(Failed::Interrupted));
    }

    /// Makes a diagnostic point within a long request, if one is due. The request has made
    /// `objects` objects until now. A diagnostic point looks at all objects, so the distance
    /// between two points grows with `objects`.
    ///
    /// # Errors
    /// When the run was interrupted.
    pub fn look_within(&mut self, objects: usize) -> Result<(), Failed> {
        if objects.is_multiple_of(1024) {
            self.go_on()?;
            self.show();
        }
        if objects == 1 {
            self.next_look = FIRST_LOOK;
        }
        if objects >= self.next_look {
            self.next_look = objects + (objects / 8).max(FIRST_LOOK);
            self.timeline.push(self.heap.sample());
        }
        Ok(())
    }

    /// Serves `requests` requests, each a unit of work, with about `looks` diagnostic points on the
    /// way. Returns false if not all were served, because the heap ran out of memory or the run was
    /// interrupted.
    pub fn serve(
        &mut self,
        requests: usize,
        looks: usize,
        mut request: impl FnMut(&mut Scene, usize) -> Result<(), Failed>,
    ) -> bool {
        let every = (requests / looks).max(1);
        for number in 0..requests {
            let unit = self.heap.unit_of_work("request");
            let done = self.go_on().and_then(|()| request(self, number));
            drop(unit);
            self.show();
            if done.is_err() || number % every == every - 1 {
                self.sample();
            }
            if done.is_err() {
                self.note_end_of(done);
                return false;
            }
        }
        true
    }

    /// Lets the dashboard, if there is one, look at the heap. Scenarios call this function between
    /// two units of work, or within a long one.
    pub fn show(&self) {
        if let Some(watcher) = self.setting.watcher.as_ref().filter(|_| !self.setting.is_trial) {
            watcher.between_units(&self.heap);
        }
    }

    /// Records the end of the story, while the objects that the story holds still exist.
    pub fn conclude(&mut self) {
        set_judging(true);
        self.end = Some(End::of(&self.heap));
        if let Some(file) = self.setting.snapshot.take().filter(|_| !self.setting.is_trial) {
            let failed = write_dump(&self.heap, &file, self.setting.watcher.as_ref());
            self.unwritten.borrow_mut().extend(failed);
        }
    }

    /// Records the end of the story and adds a last step: the drop of the heap, with the reports
    /// that the heap then makes.
    pub fn end_with_the_heap(&mut self, title: &'static str, note: &'static str) {
        self.conclude();
        self.last_step = Some((title, note));
    }

    /// Returns the reports of the heap since the last call, such as those of panics in user code.
    pub fn reported(&self) -> Vec<String> {
        self.reported.take()
    }

    /// Makes the report, after the story was played or broken off.
    pub fn report(mut self, played: Played) -> Report {
        self.note_end_of(played);
        let at_failure = self.exhausted.borrow_mut().as_mut().and_then(|failure| failure.end.take());
        if self.end.is_none() {
            // The story was broken off, so the pointers that it held are gone.
            self.conclude();
            self.end = at_failure.or(self.end.take());
        }
        let trial = self.trial();
        let out_of_memory = self.exhausted.take().map(|failure| failure.error);
        let end = self.end.take().unwrap_or_else(|| End::of(&self.heap));
        let End { objects, memory, garbage, problems, snapshot } = end;
        let policy = self.heap.policy();
        let collected_at = self.heap.records().iter().map(|record| record.ended.as_secs_f64()).collect();
        let is_early = self.is_early;
        let evidence = Evidence { problems, snapshot, trial, collected_at, timeline: self.timeline, is_early };
        let MemoryMetrics { used, committed, external, peak, max, .. } = memory;
        let heap = HeapAtEnd { objects, used, committed, external, peak, max };
        let collections = self.heap.records().iter().map(collection).collect();
        // Dropping the last handle runs a last full collection and reports the objects that are
        // left.
        drop(self.heap);
        self.steps.extend(self.last_step.map(|(title, note)| {
            let facts = vec![("the heap reports", Fact::from(self.reported.take()))];
            Step { title, note, facts, in_tour: false }
        }));
        let timeline = evidence.timeline.samples().iter().map(Moment::of).collect();
        let verdict = Verdict { kind: "none", suspects: Vec::new(), text: String::new() };
        let Setting { fixed, seed, scale, .. } = self.setting;
        let mut report = Report {
            scenario: self.scenario,
            fixed,
            policy,
            seed,
            scale,
            interrupted: self.interrupted,
            verdict,
            steps: self.steps,
            heap,
            collections,
            out_of_memory,
            garbage,
            timeline,
            unwritten: self.unwritten.take(),
            evidence,
        };
        report.conclude(&[]);
        report
    }

    /// Returns how the run ended, as a trial; `None` if there was no limit or the run was
    /// interrupted.
    fn trial(&self) -> Option<Trial> {
        let memory = self.heap.memory();
        let max = memory.max.filter(|_| !self.interrupted)?;
        let live = |sample: &Sample| sample.census.bytes();
        let before = self.timeline.samples().first().map_or(0, live);
        let after = self.timeline.samples().last().map_or(0, live);
        Some(Trial { max, completed: self.exhausted.borrow().is_none(), before, peak: memory.peak, after })
    }
}

/// The reason why a story was broken off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failed {
    /// The heap is out of memory.
    OutOfMemory,
    /// The run was interrupted by Ctrl-C.
    Interrupted,
    /// An operation on a database failed.
    Database,
}

impl<T> From<OutOfMemory<T>> for Failed {
    fn from(_: OutOfMemory<T>) -> Failed {
        Failed::OutOfMemory
    }
}

fn exhausted_by(error: &OutOfMemoryInfo) -> Exhausted {
    let (kind, message) = (error.kind.to_string(), error.to_string());
    let OutOfMemory { requested, used, owned, external, max, reserve, .. } = *error;
    Exhausted { kind, requested, used, owned, external, max, reserve, message }
}

/// Writes a heap dump and reports that on the dashboard or on stderr. Returns an error message if
/// writing failed.
fn write_dump(heap: &Heap, file: &Path, watcher: Option<&Watcher>) -> Option<String> {
    let written = output::write_whole(file, |out| heap.write_heap_snapshot(out));
    match written {
        Ok(()) => {
            let told = format!("heap dump written: {}", file.display());
            match watcher {
                Some(watcher) => watcher.tell(told),
                None => eprintln!("{told}"),
            }
            None
        }
        Err(error) => Some(format!("heap dump not written: {}: {error}", file.display())),
    }
}

fn collection(record: &CollectionMetrics) -> Collection {
    let CollectionMetrics { generation, collected, uncollectable, used_before, used_after, .. } = *record;
    let (cause, pause_ms) = (record.cause.to_string(), record.longest_pause.as_secs_f64() * 1e3);
    let generation = generation.number();
    Collection { generation, collected, uncollectable, cause, pause_ms, used_before, used_after }
}
