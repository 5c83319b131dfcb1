//! Death by count, and finalizers.

use std::mem;

use super::heap::{Contents, Model, Place};
use super::outcome::Event;
use super::program::{Class, FIELDS, Field, Id, Policy};

impl Model {
    /// The count is zero: weak references, finalizer and contents in the policy's order. Afterwards
    /// the object is gone, or its finalizer has resurrected it and it is of generation 0.
    pub(super) fn die(&mut self, id: Id) {
        self.object_mut(id).place = Place::Dying;
        if self.policy == Policy::Legacy {
            self.weak_refs_die(id);
        }
        if self.resurrected_by_finalizer(id) {
            return;
        }
        if self.policy == Policy::Modern {
            self.weak_refs_die(id);
        }
        self.empty(id);
        self.objects.remove(&id);
    }

    /// Runs a dying object's finalizer if it has one to run; whether the object lives on.
    fn resurrected_by_finalizer(&mut self, id: Id) -> bool {
        if !self.finalizer_is_due(id) {
            return false;
        }
        self.object_mut(id).place = Place::Generation(0);
        self.hold(id);
        self.run_finalizer(id);
        self.let_go(id);
        let resurrected = self.count(id) > 0;
        if !resurrected {
            self.object_mut(id).place = Place::Dying;
        }
        resurrected
    }

    /// Whether the object's finalizer runs if it dies now: every time, or once in a life.
    pub fn finalizer_is_due(&self, id: Id) -> bool {
        let object = self.object(id);
        let again = self.policy == Policy::Legacy;
        object.class.has_finalizer() && (again || !object.finalized)
    }

    /// Calls the finalizer. It is marked as run before user code starts.
    pub fn run_finalizer(&mut self, id: Id) {
        self.log.push(Event::Finalized { id, weak_refs: self.weak_refs_to(id), fields: self.object(id).fields() });
        let object = self.object_mut(id);
        let first = !mem::replace(&mut object.finalized, true);
        match object.class {
            Class::Res if first => self.survivors.push(id),
            Class::Res2 => self.survivors.push(id),
            Class::Drop => self.clear_field(id, Field(0)),
            _ => {}
        }
    }

    /// Takes the contents away: fields in order, each unset and then released; list items all
    /// detached, then released from last to first; a weak reference points nowhere.
    pub(super) fn empty(&mut self, id: Id) {
        match &mut self.object_mut(id).contents {
            Contents::Fields(_) => {
                (0..FIELDS).for_each(|field| self.clear_field(id, Field(field)));
            }
            Contents::Items(items) => {
                let items = mem::take(items);
                self.release_detached(items);
            }
            Contents::Weak { .. } => self.detach(id),
        }
    }
}
