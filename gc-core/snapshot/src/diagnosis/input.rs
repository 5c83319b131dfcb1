//! The input of a diagnosis.

use super::{Diagnosis, Evidence, Problem, VerdictKind, rules};
use crate::{Sample, Snapshot, Timeline};
use alloc::vec::Vec;

/// The result of repeating the work under a larger limit: see [`DiagnosisInput::trials`].
///
/// ```
/// use gc_core::diagnosis::{DiagnosisInput, Trial};
/// use gc_core::observe::Timeline;
///
/// // The work ran out of memory under two and four times the limit, too.
/// let trial = |max, peak| Trial { max, completed: false, before: 0, peak, after: peak };
/// let trials = [trial(2 << 20, 2 << 20), trial(4 << 20, 4 << 20)];
/// let diagnosis = DiagnosisInput::new(&Timeline::new()).trials(&trials).diagnose();
/// println!("{diagnosis}");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trial {
    /// The limit, in bytes.
    pub max: usize,
    /// True if the work completed, false if it ended in an out-of-memory error.
    pub completed: bool,
    /// Live bytes before the work.
    pub before: usize,
    /// The most bytes during the work.
    pub peak: usize,
    /// Live bytes after the work.
    pub after: usize,
}

/// The data about a program's heap from which a diagnosis is made.
///
/// Samples over time suffice to tell that something grows. A snapshot taken at the end tells which
/// container holds the objects. Take the samples at a fixed point of the program's loop, after a
/// `Heap::collect`, so that garbage is not taken for a leak.
///
/// ```
/// use gc_core::diagnosis::{DiagnosisInput, VerdictKind};
/// use gc_core::observe::Timeline;
/// use gc_core::{Gc, Heap, Slot, Trace};
/// use std::cell::RefCell;
///
/// #[derive(Trace)]
/// struct Session(u64);
/// #[derive(Trace, Default)]
/// struct Registry {
///     sessions: RefCell<Vec<Gc<Session>>>,
/// }
///
/// let heap = Heap::new();
/// let registry = heap.alloc(Registry::default());
/// let mut timeline = Timeline::new();
/// for request in 0..200 {
///     let _request = heap.unit_of_work("request");
///     registry.sessions.borrow_mut().push(heap.alloc(Session(request)));
///     if request % 10 == 0 {
///         heap.collect();
///         timeline.push(heap.sample());
///     }
/// }
/// let snapshot = heap.snapshot();
/// let diagnosis = DiagnosisInput::new(&timeline).snapshot(&snapshot).diagnose();
/// assert_eq!(diagnosis.verdict, VerdictKind::ContainerGrowth);
/// let suspect = &diagnosis.suspects[0];
/// assert_eq!((&*suspect.type_name, suspect.place.as_deref()), ("Session", Some("sessions[…]")));
/// println!("{diagnosis}");
/// ```
///
/// ```
/// use gc_core::diagnosis::DiagnosisInput;
/// use gc_core::observe::Timeline;
/// use gc_core::Heap;
///
/// let heap = Heap::new();
/// let mut timeline = Timeline::new();
/// timeline.push(heap.sample());
/// let (earlier, later) = (heap.snapshot(), heap.snapshot());
/// let (in_use, problems) = (heap.in_use_after_full_collections(), heap.verify());
/// let input = DiagnosisInput::new(&timeline).snapshot(&later).earlier(&earlier).in_use_after(&in_use).problems(&problems);
/// assert_eq!(input.diagnose().verdict.word(), "none");
/// // A diagnosis can also be made from dumps alone.
/// assert!(DiagnosisInput::of_snapshot(&later).earlier(&earlier).diagnose().suspects.is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct DiagnosisInput<'a> {
    pub(super) timeline: Option<&'a Timeline>,
    pub(super) snapshot: Option<&'a Snapshot>,
    pub(super) earlier: Vec<&'a Snapshot>,
    pub(super) in_use_after: &'a [u64],
    pub(super) trials: &'a [Trial],
    pub(super) problems: &'a [Problem],
}

impl<'a> DiagnosisInput<'a> {
    /// Creates an input with these samples.
    pub fn new(timeline: &'a Timeline) -> DiagnosisInput<'a> {
        DiagnosisInput { timeline: Some(timeline), ..DiagnosisInput::NOTHING }
    }

    const NOTHING: DiagnosisInput<'a> = DiagnosisInput {
        timeline: None,
        snapshot: None,
        earlier: Vec::new(),
        in_use_after: &[],
        trials: &[],
        problems: &[],
    };

    /// Creates an input with a snapshot alone, such as a heap dump of a program that has ended. The
    /// diagnosis tells where most of the heap accumulates, which is not always a leak. An
    /// [earlier snapshot](Self::earlier) or the [bytes after full collections](Self::in_use_after)
    /// help to recognise a leak.
    pub fn of_snapshot(snapshot: &'a Snapshot) -> DiagnosisInput<'a> {
        DiagnosisInput { snapshot: Some(snapshot), ..DiagnosisInput::NOTHING }
    }

    /// Adds an earlier snapshot of the same program: what each place holds is compared. Of several,
    /// the oldest comes first; three or more tell steady growth from a cache that fills to its bound.
    #[must_use]
    pub fn earlier(mut self, earlier: &'a Snapshot) -> DiagnosisInput<'a> {
        self.earlier.push(earlier);
        self
    }

    /// Adds the bytes in use after each full collection up to the snapshot, oldest first. If there
    /// are 4 numbers or more, and the numbers do not grow, no place where objects accumulate is a
    /// suspect. The numbers are used only in an input with neither a timeline nor an earlier
    /// snapshot.
    #[must_use]
    pub fn in_use_after(self, full_collections: &'a [u64]) -> DiagnosisInput<'a> {
        DiagnosisInput { in_use_after: full_collections, ..self }
    }

    pub(super) fn samples(&self) -> &'a [Sample] {
        self.timeline.map_or(&[], Timeline::samples)
    }

    /// Adds a snapshot of the same heap, taken after the last sample.
    #[must_use]
    pub fn snapshot(self, snapshot: &'a Snapshot) -> DiagnosisInput<'a> {
        DiagnosisInput { snapshot: Some(snapshot), ..self }
    }

    /// Adds the results of repeating the work that ended in an out-of-memory error, under limits 2,
    /// 4 and 8 times as large. The results tell apart a live set that needs more memory, one unit
    /// of work that loads too much at once, and an allocation without an end.
    ///
    /// ```
    /// use gc_core::diagnosis::{DiagnosisInput, Trial};
    /// use gc_core::observe::Timeline;
    ///
    /// let trial = Trial { max: 8 << 20, completed: true, before: 1000, peak: 6 << 20, after: 1000 };
    /// println!("{}", DiagnosisInput::new(&Timeline::new()).trials(&[trial]).diagnose());
    /// ```
    #[must_use]
    pub fn trials(self, trials: &'a [Trial]) -> DiagnosisInput<'a> {
        DiagnosisInput { trials, ..self }
    }

    /// Adds the problems that `Heap::verify` found.
    #[must_use]
    pub fn problems(self, problems: &'a [Problem]) -> DiagnosisInput<'a> {
        DiagnosisInput { problems, ..self }
    }

    /// Judges the input and returns the diagnosis.
    pub fn diagnose(self) -> Diagnosis {
        let suspects = rules::suspects(&self);
        let verdict = suspects.first().map_or(VerdictKind::None, |first| first.kind);
        Diagnosis { verdict, suspects, evidence: self.looked_at() }
    }

    /// Returns the samples by which growth is judged. If the program has units of work, only the
    /// last sample before each change of the number of ended units is returned, so that the memory
    /// that a unit needs while it is open does not count as growth.
    pub(super) fn judged(&self) -> Vec<&'a Sample> {
        let samples = self.samples();
        if samples.iter().all(|sample| sample.units.is_empty()) {
            return samples.iter().collect();
        }
        let mut judged: Vec<&Sample> = Vec::new();
        for sample in samples {
            match judged.last_mut() {
                Some(last) if last.units_ended() == sample.units_ended() => *last = sample,
                _ => judged.push(sample),
            }
        }
        judged
    }

    /// Returns true if the heap had run out of memory by the last sample.
    pub(super) fn ran_out(&self) -> bool {
        let samples = self.samples();
        samples.last().is_some_and(|last| last.out_of_memory > 0)
    }

    fn looked_at(&self) -> Vec<Evidence> {
        let samples = self.samples();
        let mut facts = Vec::new();
        if self.timeline.is_some() {
            facts.push(Evidence { name: "samples", value: samples.len() as f64 });
        }
        if let (None, Some(snapshot)) = (self.timeline, self.snapshot) {
            facts.push(Evidence { name: "objects", value: snapshot.len() as f64 });
            facts.push(Evidence { name: "bytes", value: snapshot.bytes() as f64 });
            facts.push(Evidence { name: "collections on record", value: self.in_use_after.len() as f64 });
        }
        if let Some(last) = samples.last() {
            facts.push(Evidence { name: "units of work", value: last.units_ended() as f64 });
            facts.push(Evidence { name: "objects at the end", value: last.census.objects() as f64 });
            facts.push(Evidence { name: "bytes at the end", value: last.census.bytes() as f64 });
            facts.push(Evidence { name: "out-of-memory errors", value: last.out_of_memory as f64 });
        }
        facts
    }
}
