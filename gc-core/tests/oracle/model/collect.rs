//! Finding what is unreachable, and what each policy does with it.

use std::collections::BTreeSet;

use super::heap::{Model, Place};
use super::program::{Id, Policy};

/// The oldest generation.
pub const OLDEST: usize = 2;

impl Model {
    /// Collects generation 0, 1 or 2 and the younger ones; what was reclaimed or found
    /// uncollectable, and how many weak references died of their own callback.
    pub fn collect(&mut self, generation: usize) -> usize {
        assert!(generation <= OLDEST, "there is no generation {generation}");
        let old = OLDEST.min(generation + 1);
        self.count_collection(generation);
        self.separate_unreachable(generation, old);
        match self.policy {
            Policy::Legacy => self.reclaim_legacy(old),
            Policy::Modern => self.reclaim_modern(old),
        }
    }

    /// How often generations 1 and 2 have seen the one before them collected since their own turn.
    pub fn counts_of_collections(&self) -> [usize; 2] {
        [self.collections[1], self.collections[2]]
    }

    fn count_collection(&mut self, generation: usize) {
        self.collections[..=generation].fill(0);
        if generation < OLDEST {
            self.collections[generation + 1] += 1;
        }
    }

    /// Of the generations examined, the reachable are in `old` afterwards, the others marked
    /// unreachable.
    fn separate_unreachable(&mut self, generation: usize, old: usize) {
        let young = (0..=generation).flat_map(|it| self.members(Place::Generation(it)));
        let young = young.collect();
        let unreachable = self.unreachable_among(&young);
        self.place_all(young.difference(&unreachable), Place::Generation(old));
        self.place_all(&unreachable, Place::Unreachable);
    }

    /// Those of `young` whose every reference comes from within the set: all but the ones with more
    /// references than members of `young` hold on them, and what those reach.
    pub fn unreachable_among(&self, young: &BTreeSet<Id>) -> BTreeSet<Id> {
        let held_within: Vec<Id> = young.iter().flat_map(|&id| self.object(id).children()).collect();
        let internal = |id| held_within.iter().filter(|&&it| it == id).count();
        let mut external = young.clone();
        external.retain(|&id| self.count(id) > internal(id));
        let reachable = self.reached_within(young, external);
        young.difference(&reachable).copied().collect()
    }

    /// `from` and everything it reaches without leaving `set`.
    pub fn reached_within(&self, set: &BTreeSet<Id>, from: BTreeSet<Id>) -> BTreeSet<Id> {
        let mut reached = from.clone();
        let mut pending: Vec<Id> = from.into_iter().collect();
        while let Some(id) = pending.pop() {
            for child in self.object(id).children() {
                if set.contains(&child) && reached.insert(child) {
                    pending.push(child);
                }
            }
        }
        reached
    }

    /// Objects with a finalizer and all they reach are left alone and reported; the rest goes.
    fn reclaim_legacy(&mut self, old: usize) -> usize {
        self.set_uncollectable_aside();
        let mut found = self.members(Place::Unreachable).len();
        found += self.weak_refs_to_unreachable_die(old);
        self.reclaim(old);
        found + self.report_uncollectable(old)
    }

    /// Unreachable is only what can be reclaimed afterwards.
    fn set_uncollectable_aside(&mut self) {
        let unreachable = self.members(Place::Unreachable).into_iter().collect();
        let mut finalizers = BTreeSet::clone(&unreachable);
        finalizers.retain(|&id| self.object(id).class.has_finalizer());
        let uncollectable = self.reached_within(&unreachable, finalizers);
        self.place_all(&uncollectable, Place::Uncollectable);
    }

    /// Appends those with a finalizer (all, where everything is saved) to the garbage list: first
    /// the ones with a finalizer, then the others. All are in `old` afterwards. How many they are.
    fn report_uncollectable(&mut self, old: usize) -> usize {
        let uncollectable = self.members(Place::Uncollectable);
        let has_finalizer = |id: &Id| self.object(*id).class.has_finalizer();
        let (finalizers, others): (Vec<_>, Vec<_>) = uncollectable.iter().copied().partition(has_finalizer);
        self.garbage.extend(finalizers);
        if self.save_all {
            self.garbage.extend(others);
        }
        self.place_all(&uncollectable, Place::Generation(old));
        uncollectable.len()
    }

    /// Weak references die, finalizers run, what they resurrected lives on, the rest goes.
    fn reclaim_modern(&mut self, old: usize) -> usize {
        let mut found = self.weak_refs_to_unreachable_die(old);
        self.finalize_unreachable();
        self.keep_resurrected(old);
        found += self.members(Place::Unreachable).len();
        self.reclaim(old);
        found
    }

    /// Every finalizer that never ran has run afterwards. Some objects may have died meanwhile.
    fn finalize_unreachable(&mut self) {
        for id in self.members(Place::Unreachable) {
            if self.is_unreachable(id) && self.finalizer_is_due(id) {
                self.hold(id);
                self.run_finalizer(id);
                self.release(id);
            }
        }
    }

    /// What has an external reference again, and all it reaches, is in `old` afterwards.
    fn keep_resurrected(&mut self, old: usize) {
        let left = self.members(Place::Unreachable).into_iter().collect();
        let unreachable = self.unreachable_among(&left);
        self.place_all(left.difference(&unreachable), Place::Generation(old));
    }

    /// Empties the unreachable one after the other, so that they die by count (or, where everything
    /// is saved, appends them to the garbage list). What lives on is in `old` afterwards.
    fn reclaim(&mut self, old: usize) {
        while let Some(&id) = self.members(Place::Unreachable).first() {
            if self.save_all {
                self.garbage.push(id);
            } else {
                self.hold(id);
                self.empty(id);
                self.release(id);
            }
            if self.is_unreachable(id) {
                self.place_all(&[id], Place::Generation(old));
            }
        }
    }

    fn is_unreachable(&self, id: Id) -> bool {
        let object = self.objects.get(&id);
        object.is_some_and(|it| it.place == Place::Unreachable)
    }

    fn place_all<'a>(&mut self, ids: impl IntoIterator<Item = &'a Id>, place: Place) {
        for &id in ids {
            self.object_mut(id).place = place;
        }
    }
}
