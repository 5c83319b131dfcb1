//! Applying an op to the model, and what is recorded of it.

use std::collections::BTreeMap;
use std::fmt;

use super::collect::OLDEST;
use super::heap::{Contents, Model, Object, Place};
use super::outcome::{Collected, Difference, Final, Outcome, Refs};
use super::program::{Base, Class, FIELDS, Field, Hop, Id, Op, Path, ROOTS};

/// Why an op cannot be applied to a heap as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The operand at fault.
    pub key: &'static str,
    /// What the op needs it to be.
    pub expected: String,
    /// What it is.
    pub got: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, expected, got) = (self.key, &self.expected, &self.got);
        write!(f, "{key}: needs {expected}, got {got}")
    }
}

impl Refused {
    /// The same, said of the op with that index.
    pub fn at(self, op: usize) -> Difference {
        Difference { op: Some(op), key: self.key.to_owned(), expected: self.expected, got: self.got }
    }
}

fn ensure(holds: bool, key: &'static str, expected: impl fmt::Display, got: impl fmt::Display) -> Result<(), Refused> {
    let refused = || Refused { key, expected: expected.to_string(), got: got.to_string() };
    holds.then_some(()).ok_or_else(refused)
}

impl Op {
    /// The same op with the ids it has in this heap, if it can be applied there: so a program from
    /// which ops were taken, or written without ids, can still be run.
    pub fn fitted(&self, model: &Model) -> Option<Op> {
        let mut op = self.clone();
        for (path, id) in op.operands_mut() {
            *id = model.resolve(path)?;
        }
        if let Some(id) = op.born_mut() {
            *id = model.next_id();
        }
        model.check(&op).is_ok().then_some(op)
    }
}

/// What the next outcome is told against.
struct Before {
    counts: BTreeMap<Id, usize>,
    referents: BTreeMap<Id, Option<Id>>,
    garbage: Vec<Id>,
    survivors: Vec<Id>,
}

impl Model {
    /// Does what the op says and tells what it did.
    ///
    /// # Errors
    /// When the op does not fit the heap, which is then as it was.
    pub fn apply(&mut self, op: &Op) -> Result<Outcome, Refused> {
        self.check(op)?;
        let before = self.before();
        self.log.clear();
        let operands = op.operands().into_iter().map(|(_, _, id)| id);
        let operands: Vec<Id> = operands.collect();
        operands.iter().for_each(|&id| self.hold(id));
        let (born, returned) = self.perform(op);
        let temporaries = born.into_iter().chain(operands);
        temporaries.for_each(|id| self.release(id));
        Ok(self.outcome(&before, returned))
    }

    /// Where the path leads, if it leads anywhere.
    pub fn resolve(&self, path: &Path) -> Option<Id> {
        let start = match path.base {
            Base::Root(k) => *self.roots.get(k)?,
            Base::Garbage(k) => self.garbage.get(k).copied(),
            Base::Survivor(k) => self.survivors.get(k).copied(),
        };
        let mut hops = path.hops.iter();
        hops.try_fold(start?, |id, hop| match (hop, &self.object(id).contents) {
            (Hop::Field(field), Contents::Fields(fields)) => *fields.get(field.0)?,
            (Hop::Item(index), Contents::Items(items)) => items.get(*index).copied(),
            (Hop::Referent, Contents::Weak { referent, .. }) => *referent,
            _ => None,
        })
    }

    /// Whether the op fits: its paths lead to the ids it names, its object will get the id it
    /// names, and the objects are of the classes it needs.
    ///
    /// # Errors
    /// The first operand at fault.
    pub fn check(&self, op: &Op) -> Result<(), Refused> {
        for (key, path, id) in op.operands() {
            let got = self.resolve(path);
            ensure(got == Some(id), key, format_args!("{path} = {id}"), shown(got))?;
        }
        match op {
            Op::New { id, cls, to } => {
                ensure(*cls != Class::Wr, "cls", "a class other than WR", "WR")?;
                self.check_birth(*id, *to)
            }
            Op::Wref { id, b_id, to, .. } => {
                let class = self.object(*b_id).class;
                ensure(class != Class::Wr, "b", "an object other than a WR", "a WR")?;
                self.check_birth(*id, *to)
            }
            Op::Assign { to, .. } | Op::Del { to } => check_root(*to),
            Op::Set { a_id, f, .. } => self.check_field(*a_id, *f),
            Op::Clear { a_id, f, .. } => {
                self.check_field(*a_id, *f)?;
                let set = self.object(*a_id).fields()[f.0].is_some();
                ensure(set, "f", "a field that is set", f)
            }
            Op::Append { a_id, .. } => self.check_list(*a_id),
            Op::Pop { a_id, .. } => {
                self.check_list(*a_id)?;
                let filled = !self.object(*a_id).children().is_empty();
                ensure(filled, "a", "a list with items", "an empty one")
            }
            Op::Collect { generation } => ensure(*generation <= OLDEST, "gen", "0, 1 or 2", generation),
            Op::PopGarbage => ensure(!self.garbage.is_empty(), "op", "garbage", "none"),
            Op::PopSurvivor => ensure(!self.survivors.is_empty(), "op", "survivors", "none"),
            Op::ClearGarbage | Op::ClearSurvivors | Op::Saveall { .. } => Ok(()),
        }
    }

    fn check_birth(&self, id: Id, root: usize) -> Result<(), Refused> {
        ensure(id == self.next_id(), "id", self.next_id(), id)?;
        check_root(root)
    }

    fn check_field(&self, id: Id, field: Field) -> Result<(), Refused> {
        let class = self.object(id).class;
        let found = format_args!("a {class:?}");
        ensure(class.has_fields(), "a", "an object with fields", found)?;
        ensure(field.0 < FIELDS, "f", "f0 to f3", field)
    }

    fn check_list(&self, id: Id) -> Result<(), Refused> {
        let class = self.object(id).class;
        let found = format_args!("a {class:?}");
        ensure(class == Class::List, "a", "a list", found)
    }

    /// Does what the op says while its operands are held: the object born, held, and what a
    /// collection returned.
    fn perform(&mut self, op: &Op) -> (Option<Id>, Option<usize>) {
        match op {
            Op::New { cls, to, .. } => {
                let id = self.new_object(*cls);
                self.assign_root(*to, id);
                (Some(id), None)
            }
            Op::Wref { b_id, cb, to, .. } => {
                let id = self.new_weak_ref(*b_id, *cb);
                self.assign_root(*to, id);
                (Some(id), None)
            }
            Op::Collect { generation } => (None, Some(self.collect(*generation))),
            _ => {
                self.change(op);
                (None, None)
            }
        }
    }

    /// Does what an op says that neither makes an object nor collects.
    fn change(&mut self, op: &Op) {
        match op {
            Op::Set { a_id, f, b_id, .. } => self.set_field(*a_id, *f, *b_id),
            Op::Clear { a_id, f, .. } => self.clear_field(*a_id, *f),
            Op::Append { a_id, b_id, .. } => self.append(*a_id, *b_id),
            Op::Pop { a_id, .. } => self.pop(*a_id),
            Op::Assign { to, b_id, .. } => self.assign_root(*to, *b_id),
            Op::Del { to } => self.clear_root(*to),
            Op::ClearGarbage => self.clear_garbage(),
            Op::PopGarbage => self.pop_garbage(),
            Op::ClearSurvivors => self.clear_survivors(),
            Op::PopSurvivor => self.pop_survivor(),
            Op::Saveall { on } => self.set_save_all(*on),
            Op::New { .. } | Op::Wref { .. } | Op::Collect { .. } => unreachable!("see perform"),
        }
    }

    fn before(&self) -> Before {
        Before {
            counts: self.counts().into_iter().collect(),
            referents: self.referents().into_iter().collect(),
            garbage: self.garbage.clone(),
            survivors: self.survivors.clone(),
        }
    }

    fn outcome(&mut self, before: &Before, ret: Option<usize>) -> Outcome {
        let mut dead: Vec<Id> = before.counts.keys().copied().collect();
        dead.retain(|id| self.get(*id).is_none());
        let mut rc = self.counts();
        rc.retain(|(id, count)| before.counts.get(id) != Some(count));
        let mut wr = self.referents();
        wr.retain(|(id, referent)| before.referents.get(id) != Some(referent));
        let collected = ret.map(|ret| self.collected(ret));
        let garbage_told = collected.is_some() || self.garbage != before.garbage;
        Outcome {
            log: self.take_log(),
            dead,
            rc,
            wr,
            garbage: garbage_told.then(|| self.garbage.clone()),
            surv: (self.survivors != before.survivors).then(|| self.survivors.clone()),
            collected,
        }
    }

    fn collected(&self, ret: usize) -> Collected {
        Collected {
            ret,
            ngarbage: self.garbage.len(),
            roots: self.roots,
            count12: self.counts_of_collections(),
            gens: self.generations(),
        }
    }

    /// The heap as it is recorded after the last op.
    pub fn final_state(&self) -> Final {
        let told = self.objects.iter().filter(|(_, it)| it.class != Class::Wr);
        Final {
            garbage: self.garbage.clone(),
            gens: self.generations(),
            rc: self.counts(),
            refs: told.map(|(&id, it)| (id, refs(it))).collect(),
            roots: self.roots,
            surv: self.survivors.clone(),
        }
    }

    /// The members of the three generations, in birth order.
    pub fn generations(&self) -> [Vec<Id>; 3] {
        [0, 1, 2].map(|generation| self.members(Place::Generation(generation)))
    }

    /// The count of everyone alive, in birth order.
    pub fn counts(&self) -> Vec<(Id, usize)> {
        let living = self.living().into_iter();
        living.map(|id| (id, self.count(id))).collect()
    }

    /// The referent of every weak reference alive, in birth order.
    pub fn referents(&self) -> Vec<(Id, Option<Id>)> {
        let weak_refs = self.objects.iter().filter(|(_, it)| it.class == Class::Wr);
        weak_refs.map(|(&id, _)| (id, self.referent(id))).collect()
    }
}

fn check_root(root: usize) -> Result<(), Refused> {
    ensure(root < ROOTS, "to", "0 to 7", root)
}

fn refs(object: &Object) -> Refs {
    match &object.contents {
        Contents::Items(items) => Refs::Items(items.clone()),
        _ => Refs::Fields((0..FIELDS).filter_map(|f| Some((Field(f).to_string(), object.fields()[f]?))).collect()),
    }
}

fn shown(id: Option<Id>) -> String {
    id.map_or_else(|| "nothing".to_owned(), |id| id.to_string())
}
