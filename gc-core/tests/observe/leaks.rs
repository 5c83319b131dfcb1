//! Programs with one planted leak among healthy company, and healthy ones.
//!
//! Everything that a program does follows from its seed: which leak, how fast, how large its
//! objects are, which healthy structures live beside it and how they behave.

use crate::support::dice::Dice;
use gc_core::observe::Timeline;
use gc_core::snapshot::Snapshot;
use gc_core::{ExternalBytes, Finalize, FinalizerPolicy, Gc, Heap, Slot, Trace};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::marker::PhantomData;

/// What is wrong with a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leak {
    /// Objects are pushed to a vector and stay.
    Vector,
    /// Objects are put into a map under new keys and stay.
    Map,
    /// Objects are linked to a chain that only grows.
    Chain,
    /// Cycles with finalizers are dropped, under the legacy policy.
    Uncollectable,
    /// Memory outside of the heap is taken and not given back.
    External,
}

/// All of them.
pub const LEAKS: [Leak; 5] = [Leak::Vector, Leak::Map, Leak::Chain, Leak::Uncollectable, Leak::External];

/// What the leaking objects are.
#[derive(Trace)]
struct Leaked;
/// What the healthy ones are.
#[derive(Trace)]
struct Cached;
#[derive(Trace)]
struct Job;
#[derive(Trace)]
struct Page;

/// An object of one of several types.
#[derive(Trace)]
struct Item<K: 'static> {
    next: Slot<Item<K>>,
    payload: Vec<u8>,
    kind: PhantomData<K>,
}

/// A part of the program that holds objects.
#[derive(Trace)]
struct Store<K: 'static> {
    list: RefCell<VecDeque<Gc<Item<K>>>>,
    by_key: RefCell<BTreeMap<usize, Gc<Item<K>>>>,
    head: Slot<Item<K>>,
}

#[derive(Trace)]
#[trace(finalize)]
struct Connection {
    peer: Slot<Connection>,
    payload: Vec<u8>,
}

impl Finalize for Connection {
    fn finalize(this: &Gc<Self>) {
        assert!(this.payload.capacity() < usize::MAX);
    }
}

/// The root of the program's objects.
#[derive(Trace)]
struct App {
    leaking: Gc<Store<Leaked>>,
    caches: Vec<Gc<Store<Cached>>>,
    jobs: Gc<Store<Job>>,
    pages: Gc<Store<Page>>,
}

fn item<K: Trace>(heap: &Heap, bytes: usize) -> Gc<Item<K>> {
    heap.alloc(Item { next: Slot::empty(), payload: vec![0; bytes], kind: PhantomData })
}

fn store<K: Trace>(heap: &Heap) -> Gc<Store<K>> {
    heap.alloc(Store { list: RefCell::default(), by_key: RefCell::default(), head: Slot::empty() })
}

/// How a healthy structure behaves.
#[derive(Clone, Copy)]
enum Habit {
    /// So many entries, the oldest makes room.
    Bounded(usize),
    /// Filled up to this number, then cleared.
    Sawtooth(usize),
    /// Filled once, in the beginning.
    WarmUp(usize),
    /// Entries live for some time each.
    Turnover(usize),
}

impl Habit {
    fn any(dice: &mut Dice, units: usize) -> Habit {
        match dice.between(0, 3) {
            0 => Habit::Bounded(dice.between(10, units / 6)),
            1 => Habit::Sawtooth(dice.between(10, units / 9)),
            2 => Habit::WarmUp(dice.between(10, units / 6)),
            _ => Habit::Turnover(dice.between(5, 100)),
        }
    }

    fn step<K: Trace>(self, heap: &Heap, store: &Store<K>, unit: usize, bytes: usize, dice: &mut Dice) {
        let mut list = store.list.borrow_mut();
        match self {
            Habit::WarmUp(most) if unit >= most => return,
            Habit::Sawtooth(most) if list.len() >= most => list.clear(),
            Habit::Bounded(most) if list.len() >= most => drop(list.pop_front()),
            Habit::Turnover(most) => {
                while list.len() > dice.between(most / 2, most) {
                    let at = dice.between(0, list.len() - 1);
                    drop(list.remove(at));
                }
            }
            _ => {}
        }
        list.push_back(item(heap, bytes));
    }
}

/// A program while it runs.
pub struct Program {
    heap: Heap,
    app: Gc<App>,
    leak: Option<Leak>,
    dice: Dice,
    units: usize,
    /// Leaking objects in a unit, and one unit in this many leaks.
    per_unit: usize,
    every: usize,
    bytes: usize,
    habits: Vec<(Habit, usize)>,
}

impl Program {
    /// The program of this seed, with this leak.
    pub fn new(seed: usize, leak: Option<Leak>) -> Program {
        let mut dice = Dice::new(seed as u64);
        let policy = match leak {
            Some(Leak::Uncollectable) => FinalizerPolicy::Legacy,
            _ if dice.chance(50) => FinalizerPolicy::Legacy,
            _ => FinalizerPolicy::Pep442,
        };
        let heap = Heap::builder().policy(policy).build().unwrap();
        let units = dice.between(300, 1500);
        let caches = (0..dice.between(1, 4)).map(|_| store(&heap)).collect();
        let app = App { leaking: store(&heap), caches, jobs: store(&heap), pages: store(&heap) };
        let habits = (0..app.caches.len() + 2).map(|_| (Habit::any(&mut dice, units), dice.between(0, 300))).collect();
        let app = heap.alloc(app);
        let (per_unit, every, bytes) = (dice.between(1, 5), dice.between(1, 4), dice.between(0, 500));
        Program { heap, app, leak, dice, units, per_unit, every, bytes, habits }
    }

    /// Runs it to its end, with some 24 to 60 samples on the way, and takes a snapshot.
    pub fn run(mut self) -> (Timeline, Snapshot) {
        let every = self.units / self.dice.between(24, 60);
        let mut timeline = Timeline::new();
        let declared = self.heap.external_bytes(0);
        for unit in 0..self.units {
            let _request = self.heap.unit_of_work("request");
            self.healthy_work(unit);
            if unit % self.every == 0 {
                self.leak(unit, &declared);
            }
            drop(_request);
            if unit % every == every - 1 {
                self.heap.collect();
                timeline.push(self.heap.sample());
            }
        }
        let snapshot = self.heap.snapshot();
        (timeline, snapshot)
    }

    fn healthy_work(&mut self, unit: usize) {
        let (heap, app, dice) = (&self.heap, &self.app, &mut self.dice);
        let (stores, others) = self.habits.split_at(app.caches.len());
        for (store, &(habit, bytes)) in app.caches.iter().zip(stores) {
            habit.step(heap, store, unit, bytes, dice);
        }
        others[0].0.step(heap, &app.jobs, unit, others[0].1, dice);
        others[1].0.step(heap, &app.pages, unit, others[1].1, dice);
        // Some objects of the leaking type come and go in the right way.
        let mut list = app.jobs.list.borrow_mut();
        if let Some(job) = list.back_mut() {
            // A cycle that the collector finds once the job is gone.
            job.next.set(Some(job.clone()));
        }
        drop(item::<Leaked>(heap, 10));
    }

    fn leak(&mut self, unit: usize, declared: &ExternalBytes) {
        let (heap, store) = (&self.heap, &self.app.leaking);
        for number in 0..self.per_unit {
            match self.leak {
                None => {}
                Some(Leak::Vector) => store.list.borrow_mut().push_back(item(heap, self.bytes)),
                Some(Leak::Map) => {
                    store.by_key.borrow_mut().insert(unit * 100 + number, item(heap, self.bytes));
                }
                Some(Leak::Chain) => {
                    let new = item(heap, self.bytes);
                    new.next.set(store.head.take());
                    store.head.set(Some(new));
                }
                Some(Leak::Uncollectable) => {
                    let new = |bytes: usize| Connection { peer: Slot::empty(), payload: vec![0; bytes] };
                    let pair = [self.bytes, 0].map(|bytes| heap.alloc(new(bytes)));
                    pair[0].peer.set(Some(pair[1].clone()));
                    pair[1].peer.set(Some(pair[0].clone()));
                }
                Some(Leak::External) => declared.resize(declared.bytes() + 100 * self.bytes + 1000),
            }
        }
    }
}
