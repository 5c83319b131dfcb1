//! Objects, their counts, and the references that come and go.

use std::collections::BTreeMap;
use std::mem;

use super::outcome::Event;
use super::program::{Callback, Class, FIELDS, Field, Id, Policy, ROOTS};

/// Where an object stands with the collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a generation.
    Generation(usize),
    /// Found unreachable by the collection under way, to be reclaimed.
    Unreachable,
    /// Found unreachable by the collection under way, kept for its or another's finalizer.
    Uncollectable,
    /// Being destroyed, its finalizer done: no collection looks at it again.
    Dying,
}

/// What an object holds.
#[derive(Clone, Debug)]
pub enum Contents {
    /// The fields `f0..f3`.
    Fields([Option<Id>; FIELDS]),
    /// The items of a list.
    Items(Vec<Id>),
    /// A weak reference: its referent is no child and not counted.
    Weak {
        /// What it points to, none once that has died.
        referent: Option<Id>,
        /// What it does when its referent dies.
        callback: Option<Callback>,
    },
}

/// One managed object.
#[derive(Clone, Debug)]
pub struct Object {
    /// What it is.
    pub class: Class,
    /// Where it stands with the collector.
    pub place: Place,
    /// Whether its finalizer has run.
    pub finalized: bool,
    /// What it holds.
    pub contents: Contents,
}

impl Object {
    /// The objects it holds counted references to, in field or item order.
    pub fn children(&self) -> Vec<Id> {
        match &self.contents {
            Contents::Fields(fields) => fields.iter().flatten().copied().collect(),
            Contents::Items(items) => items.clone(),
            Contents::Weak { .. } => Vec::new(),
        }
    }

    /// Its fields; all unset for an object without any.
    pub fn fields(&self) -> [Option<Id>; FIELDS] {
        match self.contents {
            Contents::Fields(fields) => fields,
            _ => [None; FIELDS],
        }
    }
}

/// The managed heap and the roots outside it.
#[derive(Clone, Debug)]
pub struct Model {
    pub(super) policy: Policy,
    pub(super) objects: BTreeMap<Id, Object>,
    pub(super) born: Id,
    pub(super) roots: [Option<Id>; ROOTS],
    pub(super) survivors: Vec<Id>,
    pub(super) garbage: Vec<Id>,
    /// References in the hands of the operation at work: operands, objects being finalized.
    pub(super) held: Vec<Id>,
    pub(super) save_all: bool,
    /// Collections of each generation since the next older one was last collected.
    pub(super) collections: [usize; 3],
    pub(super) log: Vec<Event>,
}

impl Model {
    /// An empty heap.
    pub fn new(policy: Policy) -> Self {
        Model {
            policy,
            objects: BTreeMap::new(),
            born: 0,
            roots: [None; ROOTS],
            survivors: Vec::new(),
            garbage: Vec::new(),
            held: Vec::new(),
            save_all: false,
            collections: [0; 3],
            log: Vec::new(),
        }
    }

    /// The finalizer policy.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// What the roots hold.
    pub fn roots(&self) -> &[Option<Id>; ROOTS] {
        &self.roots
    }

    /// The objects that finalizers have kept, oldest entry first.
    pub fn survivors(&self) -> &[Id] {
        &self.survivors
    }

    /// The garbage list, oldest entry first.
    pub fn garbage(&self) -> &[Id] {
        &self.garbage
    }

    /// Whether what is reclaimable goes to the garbage list instead.
    pub fn saves_all(&self) -> bool {
        self.save_all
    }

    /// The id the next object will get.
    pub fn next_id(&self) -> Id {
        self.born + 1
    }

    /// Everyone alive, in birth order.
    pub fn living(&self) -> Vec<Id> {
        self.objects.keys().copied().collect()
    }

    /// The object, while it is alive.
    pub fn get(&self, id: Id) -> Option<&Object> {
        self.objects.get(&id)
    }

    /// The members of one place, in birth order.
    pub fn members(&self, place: Place) -> Vec<Id> {
        let members = self.objects.iter().filter(|(_, it)| it.place == place);
        members.map(|(&id, _)| id).collect()
    }

    /// How many references to the object there are: stored in objects, in the roots, in the two
    /// lists, or in someone's hands.
    pub fn count(&self, id: Id) -> usize {
        let stored = self.objects.values().flat_map(Object::children);
        let roots = self.roots.iter().flatten();
        let lists = self.survivors.iter().chain(&self.garbage).chain(&self.held);
        let outside = roots.chain(lists).copied();
        stored.chain(outside).filter(|&it| it == id).count()
    }

    /// The log of user code called since the last call of this.
    pub fn take_log(&mut self) -> Vec<Event> {
        mem::take(&mut self.log)
    }

    /// A new object of generation 0, held by the caller, who must [`release`](Self::release) it.
    pub fn new_object(&mut self, class: Class) -> Id {
        let contents = match class {
            Class::List => Contents::Items(Vec::new()),
            Class::Wr => panic!("a weak reference has a referent: new_weak_ref"),
            _ => Contents::Fields([None; FIELDS]),
        };
        self.bear(class, contents)
    }

    /// Gives the contents an object, its only reference in the caller's hands.
    pub(super) fn bear(&mut self, class: Class, contents: Contents) -> Id {
        self.born += 1;
        let object = Object { class, place: Place::Generation(0), finalized: false, contents };
        self.objects.insert(self.born, object);
        self.hold(self.born);
        self.born
    }

    /// One more reference, in the caller's hands.
    pub fn hold(&mut self, id: Id) {
        assert!(self.objects.contains_key(&id), "{id} is alive");
        self.held.push(id);
    }

    /// The caller's reference goes; the object dies with its last.
    pub fn release(&mut self, id: Id) {
        self.let_go(id);
        self.lose(id);
    }

    /// Takes one reference out of the caller's hands, whatever its count is then.
    pub(super) fn let_go(&mut self, id: Id) {
        let place = self.held.iter().rposition(|&it| it == id);
        self.held.remove(place.expect("only what is held is let go"));
    }

    /// A reference has just been taken away: the object dies if that was the last.
    pub(super) fn lose(&mut self, id: Id) {
        if self.count(id) == 0 {
            self.die(id);
        }
    }

    /// Stores first, releases the old value after.
    pub fn set_field(&mut self, id: Id, field: Field, value: Id) {
        if let Some(old) = self.field_mut(id, field).replace(value) {
            self.lose(old);
        }
    }

    /// Empties the field first, then releases what it held.
    pub fn clear_field(&mut self, id: Id, field: Field) {
        if let Some(old) = self.field_mut(id, field).take() {
            self.lose(old);
        }
    }

    /// Appends to a list.
    pub fn append(&mut self, list: Id, value: Id) {
        self.items_mut(list).push(value);
    }

    /// Removes the last item of a list, then releases it.
    pub fn pop(&mut self, list: Id) {
        if let Some(item) = self.items_mut(list).pop() {
            self.lose(item);
        }
    }

    /// Stores in a root first, releases the old value after.
    pub fn assign_root(&mut self, root: usize, value: Id) {
        if let Some(old) = self.roots[root].replace(value) {
            self.lose(old);
        }
    }

    /// Empties the root first, then releases what it held.
    pub fn clear_root(&mut self, root: usize) {
        if let Some(old) = self.roots[root].take() {
            self.lose(old);
        }
    }

    /// Empties the garbage list first, then releases its entries from last to first.
    pub fn clear_garbage(&mut self) {
        let entries = mem::take(&mut self.garbage);
        self.release_detached(entries);
    }

    /// Removes the last entry of the garbage list, then releases it.
    pub fn pop_garbage(&mut self) {
        if let Some(last) = self.garbage.pop() {
            self.lose(last);
        }
    }

    /// Empties the survivors list first, then releases its entries from last to first.
    pub fn clear_survivors(&mut self) {
        let entries = mem::take(&mut self.survivors);
        self.release_detached(entries);
    }

    /// Removes the last entry of the survivors list, then releases it.
    pub fn pop_survivor(&mut self) {
        if let Some(last) = self.survivors.pop() {
            self.lose(last);
        }
    }

    /// Whether, from now on, what is reclaimable goes to the garbage list instead.
    pub fn set_save_all(&mut self, on: bool) {
        self.save_all = on;
    }

    /// Releases what a list held, last to first; each counts until its turn.
    pub(super) fn release_detached(&mut self, entries: Vec<Id>) {
        self.held.extend(&entries);
        for id in entries.into_iter().rev() {
            self.release(id);
        }
    }

    pub(super) fn object(&self, id: Id) -> &Object {
        self.objects.get(&id).expect("the object is alive")
    }

    pub(super) fn object_mut(&mut self, id: Id) -> &mut Object {
        self.objects.get_mut(&id).expect("the object is alive")
    }

    fn field_mut(&mut self, id: Id, field: Field) -> &mut Option<Id> {
        match &mut self.object_mut(id).contents {
            Contents::Fields(fields) => &mut fields[field.0],
            _ => panic!("{id} has no fields"),
        }
    }

    fn items_mut(&mut self, id: Id) -> &mut Vec<Id> {
        match &mut self.object_mut(id).contents {
            Contents::Items(items) => items,
            _ => panic!("{id} is no list"),
        }
    }
}
