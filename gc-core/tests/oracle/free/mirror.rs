//! Who points to whom.

use std::collections::{BTreeMap, BTreeSet};

/// An object: its birth and its heap, so that the older of one heap has the smaller name.
pub type Name = (u64, usize);

/// What is known of an object.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// What it points to, as often as it does.
    pub edges: Vec<Name>,
    /// Is it in a generation?
    pub tracked: bool,
    /// Has it a finalizer that is armed?
    pub finalizable: bool,
    /// How often its finalizer was called.
    pub finalized: usize,
    /// Its value was moved out: it died without its finalizer.
    pub unwrapped: bool,
}

/// All objects that ever were, and what is held from outside. Edges of the dead are not taken out.
#[derive(Clone, Debug, Default)]
pub struct Mirror {
    pub objects: BTreeMap<Name, Entry>,
    /// What is held from outside, as often as it is.
    pub held: Vec<Name>,
}

impl Mirror {
    pub fn entry(&mut self, name: Name) -> &mut Entry {
        self.objects.get_mut(&name).expect("every object has an entry")
    }

    pub fn link(&mut self, from: Name, to: Name) {
        self.entry(from).edges.push(to);
    }

    pub fn unlink(&mut self, from: Name, to: Name) {
        remove(&mut self.entry(from).edges, to);
    }

    pub fn hold(&mut self, name: Name) {
        self.held.push(name);
    }

    pub fn let_go(&mut self, name: Name) {
        remove(&mut self.held, name);
    }

    /// `from` and everything that can be reached from it, through objects that `passable` says.
    pub fn reached(&self, from: impl IntoIterator<Item = Name>, passable: impl Fn(Name) -> bool) -> BTreeSet<Name> {
        let mut reached = BTreeSet::new();
        let mut pending: Vec<Name> = from.into_iter().collect();
        while let Some(name) = pending.pop() {
            if reached.insert(name) && passable(name) {
                pending.extend(&self.objects[&name].edges);
            }
        }
        reached
    }

    /// Who is alive, given which of the tracked objects are: besides them the untracked ones that
    /// they or the outside reach.
    pub fn alive(&self, tracked: &BTreeSet<Name>, garbage: &[Name]) -> BTreeSet<Name> {
        let is_untracked = |name| !self.objects[&name].tracked;
        let from = self.held.iter().chain(garbage).copied();
        let behind = tracked.iter().flat_map(|name| self.objects[name].edges.clone());
        let mut alive = self.reached(from.chain(behind), is_untracked);
        alive.extend(tracked);
        alive
    }

    /// Every pointer there is to each object.
    pub fn counts(&self, alive: &BTreeSet<Name>, garbage: &[Name]) -> BTreeMap<Name, usize> {
        let mut counts = BTreeMap::new();
        let edges = alive.iter().flat_map(|name| &self.objects[name].edges);
        for &name in edges.chain(&self.held).chain(garbage) {
            *counts.entry(name).or_default() += 1;
        }
        counts
    }

    /// Who must be alive after everything was collected in one heap: what is reached from outside
    /// of the heap, of which other heaps are part.
    pub fn reachable(&self, heap: usize, alive: &BTreeSet<Name>, garbage: &[Name]) -> BTreeSet<Name> {
        let elsewhere = alive.iter().filter(|name| name.1 != heap);
        let from = elsewhere.flat_map(|name| &self.objects[name].edges);
        let from = from.chain(&self.held).chain(garbage).copied();
        self.reached(from, |_| true)
    }
}

fn remove(names: &mut Vec<Name>, name: Name) {
    let at = names.iter().position(|it| *it == name).expect("it is there");
    names.swap_remove(at);
}
