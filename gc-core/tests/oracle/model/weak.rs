//! Weak references that are objects themselves, and their callbacks.

use super::heap::{Contents, Model, Place};
use super::outcome::Event;
use super::program::{Callback, Class, Id, Policy};

impl Model {
    /// A new weak reference of generation 0, held by the caller, who must release it.
    pub fn new_weak_ref(&mut self, referent: Id, callback: Option<Callback>) -> Id {
        let referent = Some(referent);
        self.bear(Class::Wr, Contents::Weak { referent, callback })
    }

    /// What the weak reference points to; none for a dead one and for any other object.
    pub fn referent(&self, weak_ref: Id) -> Option<Id> {
        match self.object(weak_ref).contents {
            Contents::Weak { referent, .. } => referent,
            _ => None,
        }
    }

    /// The weak references that point at the object, newest first.
    pub fn weak_refs_to(&self, id: Id) -> Vec<Id> {
        let mut weak_refs = self.living();
        weak_refs.retain(|&it| self.referent(it) == Some(id));
        weak_refs.reverse();
        weak_refs
    }

    /// The weak reference points nowhere afterwards; its callback stays but has no cause left.
    pub(super) fn detach(&mut self, weak_ref: Id) {
        if let Contents::Weak { referent, .. } = &mut self.object_mut(weak_ref).contents {
            *referent = None;
        }
    }

    fn callback(&self, weak_ref: Id) -> Option<Callback> {
        match self.object(weak_ref).contents {
            Contents::Weak { callback, .. } => callback,
            _ => None,
        }
    }

    /// The object dies by count: all weak references to it are cleared, then those with a callback
    /// are called newest first, all of them held until the last is done.
    pub(super) fn weak_refs_die(&mut self, id: Id) {
        let mut weak_refs = self.weak_refs_to(id);
        weak_refs.iter().for_each(|&it| self.detach(it));
        weak_refs.retain(|&it| self.callback(it).is_some());
        weak_refs.iter().for_each(|&it| self.hold(it));
        weak_refs.iter().for_each(|&it| self.call_back(it));
        weak_refs.into_iter().for_each(|it| self.release(it));
    }

    /// Weak references to what is unreachable are cleared, then those of them that are outside and
    /// have a callback are called. Returns how many died of their own callback; the others are in
    /// generation `old` afterwards, whichever they came from.
    pub(super) fn weak_refs_to_unreachable_die(&mut self, old: usize) -> usize {
        let mut calls = Vec::new();
        for id in self.members(Place::Unreachable) {
            if self.policy == Policy::Modern {
                self.detach(id);
            }
            for weak_ref in self.weak_refs_to(id) {
                self.detach(weak_ref);
                if self.is_to_be_called(weak_ref) {
                    self.hold(weak_ref);
                    calls.push(weak_ref);
                }
            }
        }
        calls.retain(|&it| self.dies_of_its_callback(it, old));
        calls.len()
    }

    /// A callback is called unless its weak reference is itself to be reclaimed.
    fn is_to_be_called(&self, weak_ref: Id) -> bool {
        let outside = self.object(weak_ref).place != Place::Unreachable;
        outside && self.callback(weak_ref).is_some()
    }

    /// Calls and releases the weak reference; moves it to generation `old` if it lives on.
    fn dies_of_its_callback(&mut self, weak_ref: Id, old: usize) -> bool {
        self.call_back(weak_ref);
        self.release(weak_ref);
        match self.objects.get_mut(&weak_ref) {
            Some(object) => object.place = Place::Generation(old),
            None => return true,
        }
        false
    }

    /// Calls the callback: it logs, then empties its root and releases what that held.
    fn call_back(&mut self, weak_ref: Id) {
        self.log.push(Event::CalledBack { id: weak_ref });
        if let Some(Callback::DropRoot(root)) = self.callback(weak_ref) {
            self.clear_root(root);
        }
    }
}
