//! The model, and what it takes to say the new words in its own.

use std::collections::BTreeSet;

use super::step::{Edit, Extra, Meanwhile, Step};
use crate::model::heap::Model;
use crate::model::outcome::Event;
use crate::model::program::{Callback, Class, FIELDS, Field, Id, Op, Path, Policy};
use crate::model::{Contents, MAX_LIVE};

/// What a step did as far as it can be compared: what user code logged, and what it returned.
pub type Done = (Vec<Event>, Option<usize>);

/// A model with the state that the new words need.
pub struct Ledger {
    /// The model. A bare weak reference is an object in it that is held from outside: a phantom.
    pub model: Model,
    /// The phantom of each bare weak reference; clones have the same.
    pub weaks: Vec<Id>,
    /// What is held from elsewhere.
    pub stash: Vec<Id>,
    /// Everything was frozen, and not thawed since.
    pub frozen: bool,
    /// When collections start by themselves.
    pub thresholds: [u32; 3],
    /// Pauses that have not ended.
    pub pauses: usize,
    /// Objects that are not in the model.
    pub texts: usize,
}

impl Ledger {
    pub fn new(policy: Policy) -> Ledger {
        let (model, thresholds) = (Model::new(policy), [0, 10, 10]);
        Ledger { model, weaks: vec![], stash: vec![], frozen: false, thresholds, pauses: 0, texts: 0 }
    }

    /// Objects of the model that are none of the heap.
    pub fn phantoms(&self) -> BTreeSet<Id> {
        self.weaks.iter().copied().collect()
    }

    /// The step as it can be performed now; none if it cannot.
    pub fn fitted(&self, step: &Step) -> Option<Step> {
        match step {
            Step::Op(op) => self.fitted_op(op).map(Step::Op),
            Step::Extra(extra) => self.fits(extra).then(|| step.clone()),
        }
    }

    fn fitted_op(&self, op: &Op) -> Option<Op> {
        let collects = matches!(op, Op::Collect { .. });
        let op = if self.frozen && collects { &Op::Collect { generation: 2 } } else { op };
        let op = op.fitted(&self.model)?;
        let bears = matches!(op, Op::New { .. } | Op::Wref { .. });
        (!bears || self.has_room()).then_some(op)
    }

    fn has_room(&self) -> bool {
        self.model.living().len() < MAX_LIVE
    }

    fn class(&self, path: &Path) -> Option<Class> {
        let id = self.model.resolve(path)?;
        self.model.get(id).map(|it| it.class)
    }

    fn has_fields(&self, path: &Path) -> bool {
        self.class(path).is_some_and(Class::has_fields)
    }

    fn fits(&self, extra: &Extra) -> bool {
        match extra {
            Extra::Exchange { a, b, .. } => self.has_fields(a) && self.has_fields(b),
            Extra::MoveRoot { a, .. } => self.has_fields(a),
            Extra::Edit { a, edit } => self.class(a) == Some(Class::List) && self.fits_edit(a, edit),
            Extra::Downgrade { b, .. } => self.has_room() && self.class(b).is_some_and(|it| it != Class::Wr),
            Extra::CloneWeak(weak) | Extra::DropWeak(weak) | Extra::UpgradeWeak { weak, .. } => {
                *weak < self.weaks.len()
            }
            Extra::NewCyclic { meanwhile, .. } => self.has_room() && !(self.frozen && *meanwhile == Meanwhile::Collect),
            Extra::Unwrap { root } => self.model.roots()[*root].is_some_and(|id| self.can_be_unwrapped(id)),
            Extra::Stash { b } | Extra::Tease { b, .. } => self.class(b).is_some(),
            Extra::Unstash(at) => *at < self.stash.len(),
            Extra::Freeze => self.thresholds[0] == 0,
            Extra::CollectFrozen { .. } => self.frozen,
            Extra::Thresholds(_) => !self.frozen,
            Extra::Resume => self.pauses > 0,
            Extra::DropText(text) => *text < self.texts,
            Extra::SwapRoots(..) | Extra::Pause | Extra::Detector(_) | Extra::Text => true,
        }
    }

    fn fits_edit(&self, list: &Path, edit: &Edit) -> bool {
        let length = self.items(self.model.resolve(list).expect("it is a list")).len();
        match edit {
            Edit::Replace(at, value) => *at < length && self.class(value).is_some(),
            Edit::Insert(at, value) => *at <= length && self.class(value).is_some(),
            Edit::Remove(at) => *at < length,
            Edit::Truncate(_) => true,
        }
    }

    /// An unwrapped value is not finalized, for which the model has no word: only objects
    /// without a finalizer that is due, or with other pointers to them, will do.
    fn can_be_unwrapped(&self, id: Id) -> bool {
        let class = self.model.get(id).expect("a root holds it").class;
        class != Class::Wr && (self.model.count(id) > 1 || !self.model.finalizer_is_due(id))
    }

    fn items(&self, list: Id) -> Vec<Id> {
        match &self.model.get(list).expect("it is alive").contents {
            Contents::Items(items) => items.clone(),
            _ => panic!("{list} is a list"),
        }
    }

    /// Performs a step that fits. `automatic` are the collections that the heap did by itself
    /// when it allocated.
    pub fn perform(&mut self, step: &Step, automatic: &[usize]) -> Done {
        let returned = match step {
            Step::Op(op) => self.perform_op(op, automatic),
            Step::Extra(Extra::NewCyclic { class, to, meanwhile }) => {
                self.collect_all(automatic);
                self.new_cyclic(*class, *to, *meanwhile)
            }
            Step::Extra(extra) => {
                self.collect_all(automatic);
                self.perform_extra(extra);
                None
            }
        };
        (self.model.take_log(), returned)
    }

    /// What `Model::apply` does, but for collections meanwhile, and without a record of it all,
    /// which takes most of its time. Operands are held.
    fn perform_op(&mut self, op: &Op, automatic: &[usize]) -> Option<usize> {
        let operands: Vec<Id> = op.operands().into_iter().map(|(_, _, id)| id).collect();
        operands.iter().for_each(|&id| self.model.hold(id));
        self.collect_all(automatic);
        let returned = match op {
            Op::New { cls, to, .. } => {
                self.bear(*cls, *to);
                None
            }
            Op::Wref { b_id, cb, to, .. } => {
                let new = self.model.new_weak_ref(*b_id, *cb);
                self.model.assign_root(*to, new);
                self.model.release(new);
                None
            }
            Op::Collect { generation } => {
                self.frozen = false;
                Some(self.model.collect(*generation))
            }
            _ => {
                self.change(op);
                None
            }
        };
        operands.into_iter().for_each(|id| self.model.release(id));
        returned
    }

    /// Does what an op says that neither makes an object nor collects.
    fn change(&mut self, op: &Op) {
        let model = &mut self.model;
        match op {
            Op::Set { a_id, f, b_id, .. } => model.set_field(*a_id, *f, *b_id),
            Op::Clear { a_id, f, .. } => model.clear_field(*a_id, *f),
            Op::Append { a_id, b_id, .. } => model.append(*a_id, *b_id),
            Op::Pop { a_id, .. } => model.pop(*a_id),
            Op::Assign { to, b_id, .. } => model.assign_root(*to, *b_id),
            Op::Del { to } => model.clear_root(*to),
            Op::ClearGarbage => model.clear_garbage(),
            Op::PopGarbage => model.pop_garbage(),
            Op::ClearSurvivors => model.clear_survivors(),
            Op::PopSurvivor => model.pop_survivor(),
            Op::Saveall { on } => model.set_save_all(*on),
            Op::New { .. } | Op::Wref { .. } | Op::Collect { .. } => unreachable!("see perform_op"),
        }
    }

    fn collect_all(&mut self, generations: &[usize]) {
        for &generation in generations {
            self.model.collect(generation);
        }
    }

    fn bear(&mut self, class: Class, to: usize) {
        let new = self.model.new_object(class);
        self.model.assign_root(to, new);
        self.model.release(new);
    }

    fn new_cyclic(&mut self, class: Class, to: usize, meanwhile: Meanwhile) -> Option<usize> {
        let returned = (meanwhile == Meanwhile::Collect).then(|| self.model.collect(2));
        if meanwhile != Meanwhile::Panic {
            self.bear(class, to);
        }
        returned
    }

    fn perform_extra(&mut self, extra: &Extra) {
        match extra {
            Extra::Exchange { a, f, b, g } => self.exchange(self.id(a), *f, self.id(b), *g),
            Extra::MoveRoot { root, a, f } => self.move_root(*root, self.id(a), *f),
            Extra::SwapRoots(one, two) => self.swap_roots(*one, *two),
            Extra::Edit { a, edit } => self.edit(self.id(a), edit),
            Extra::Downgrade { b, callback } => self.downgrade(self.id(b), *callback),
            Extra::CloneWeak(weak) => self.weaks.push(self.weaks[*weak]),
            Extra::DropWeak(weak) => self.drop_weak(*weak),
            Extra::UpgradeWeak { weak, to } => {
                if let Some(target) = self.model.referent(self.weaks[*weak]) {
                    self.model.assign_root(*to, target);
                }
            }
            Extra::Unwrap { root } => self.unwrap(*root),
            Extra::Stash { b } => {
                let id = self.id(b);
                self.model.hold(id);
                self.stash.push(id);
            }
            Extra::Unstash(at) => {
                let id = self.stash.remove(*at);
                self.model.release(id);
            }
            Extra::Freeze => self.frozen = true,
            Extra::Thresholds(thresholds) => self.thresholds = *thresholds,
            Extra::Pause => self.pauses += 1,
            Extra::Resume => self.pauses -= 1,
            Extra::Text => self.texts += 1,
            Extra::DropText(_) => self.texts -= 1,
            Extra::CollectFrozen { .. } | Extra::Detector(_) | Extra::Tease { .. } => {}
            Extra::NewCyclic { .. } => unreachable!("see perform"),
        }
    }

    fn id(&self, path: &Path) -> Id {
        self.model.resolve(path).expect("it was fitted")
    }

    /// Changes something while all that is concerned is held, so that nothing dies of it.
    fn while_held(&mut self, ids: impl IntoIterator<Item = Option<Id>>, change: impl FnOnce(&mut Model)) {
        let held: Vec<Id> = ids.into_iter().flatten().collect();
        held.iter().for_each(|&id| self.model.hold(id));
        change(&mut self.model);
        held.into_iter().for_each(|id| self.model.release(id));
    }

    fn field(&self, id: Id, field: Field) -> Option<Id> {
        self.model.get(id).expect("it is alive").fields()[field.0]
    }

    fn exchange(&mut self, a: Id, f: Field, b: Id, g: Field) {
        let (in_a, in_b) = (self.field(a, f), self.field(b, g));
        self.while_held([in_a, in_b], |model| {
            store(model, a, f, in_b);
            store(model, b, g, in_a);
        });
    }

    fn move_root(&mut self, root: usize, a: Id, f: Field) {
        let (in_root, in_field) = (self.model.roots()[root], self.field(a, f));
        // The object itself was held by its finder.
        self.while_held([in_root, in_field, Some(a)], |model| {
            store(model, a, f, in_root);
            store_root(model, root, in_field);
        });
    }

    fn swap_roots(&mut self, one: usize, two: usize) {
        let (in_one, in_two) = (self.model.roots()[one], self.model.roots()[two]);
        self.while_held([in_one, in_two], |model| {
            store_root(model, one, in_two);
            store_root(model, two, in_one);
        });
    }

    /// Brings a list to its new content by appending and popping only.
    fn edit(&mut self, list: Id, edit: &Edit) {
        let mut items = self.items(list);
        let removed: Vec<Id> = match edit {
            Edit::Replace(at, value) => vec![std::mem::replace(&mut items[*at], self.id(value))],
            Edit::Insert(at, value) => {
                items.insert(*at, self.id(value));
                vec![]
            }
            Edit::Remove(at) => vec![items.remove(*at)],
            Edit::Truncate(length) => items.split_off(items.len().min(*length)),
        };
        let concerned = self.items(list).into_iter().chain(items.clone()).chain([list]).map(Some);
        let concerned: Vec<Option<Id>> = concerned.collect();
        removed.iter().for_each(|&id| self.model.hold(id));
        self.model.hold(list);
        self.while_held(concerned, |model| {
            (0..model.get(list).expect("it is held").children().len()).for_each(|_| model.pop(list));
            items.into_iter().for_each(|item| model.append(list, item));
        });
        removed.into_iter().rev().for_each(|id| self.model.release(id));
        self.model.release(list);
    }

    fn downgrade(&mut self, target: Id, callback: Option<Callback>) {
        let phantom = self.model.new_weak_ref(target, callback);
        self.weaks.push(phantom);
    }

    fn drop_weak(&mut self, weak: usize) {
        let phantom = self.weaks.remove(weak);
        if !self.weaks.contains(&phantom) {
            self.model.release(phantom);
        }
    }

    /// The object dies without its content, which is released afterwards as by its own death.
    fn unwrap(&mut self, root: usize) {
        let id = self.model.roots()[root].expect("it was fitted");
        if self.model.count(id) > 1 {
            return;
        }
        let object = self.model.get(id).expect("a root holds it");
        let (is_list, mut children) = (object.class == Class::List, object.children());
        children.iter().for_each(|&child| self.model.hold(child));
        match is_list {
            true => children.iter().for_each(|_| self.model.pop(id)),
            false => (0..FIELDS).for_each(|field| self.model.clear_field(id, Field(field))),
        }
        self.model.clear_root(root);
        if is_list {
            children.reverse();
        }
        children.into_iter().for_each(|child| self.model.release(child));
    }
}

fn store(model: &mut Model, id: Id, field: Field, value: Option<Id>) {
    match value {
        Some(value) => model.set_field(id, field, value),
        None => model.clear_field(id, field),
    }
}

fn store_root(model: &mut Model, root: usize, value: Option<Id>) {
    match value {
        Some(value) => model.assign_root(root, value),
        None => model.clear_root(root),
    }
}
