//! Doing the ops of a program on a heap.

use super::classes::{self, Object, Reclaim};
use super::compare::Difference;
use super::program::{Mode, Op};
use super::stage::{Current, Stage};
use super::words::{Base, Class, FIELDS, Field, Hop, Id, Path};
use gc_core::{DebugFlags, FinalizerPolicy, Generation, Heap, List, Slot};
use std::rc::Rc;

/// A heap with its outside, and how its objects are made.
pub struct Player {
    pub heap: Heap,
    pub stage: Rc<Stage>,
    reclaim: Reclaim,
    _current: Current,
}

/// Pointers to the operands, held to the end of an op: in an interpreter they lie
/// on its stack. They are released in this order.
#[derive(Default)]
struct Temporaries {
    born: Option<Object>,
    a: Option<Object>,
    b: Option<Object>,
}

impl Player {
    /// An empty heap of the program's policy. Nothing is collected unless an op says so.
    pub fn new(mode: Mode, reclaim: Reclaim) -> Player {
        let policy = match mode {
            Mode::Legacy => FinalizerPolicy::Legacy,
            Mode::Modern => FinalizerPolicy::Pep442,
        };
        let stage = Rc::new(Stage::default());
        let told = stage.clone();
        let heap = Heap::builder().policy(policy).on_unraisable(move |it| told.note_panic(it.to_string())).build();
        heap.disable();
        let _current = Current::set(&stage);
        Player { heap, stage, reclaim, _current }
    }

    /// Does the op. Returns what a collection returned.
    ///
    /// # Errors
    /// The operand that is not as the op needs it.
    pub fn perform(&self, op: &Op) -> Result<Option<usize>, Difference> {
        let mut held = Temporaries::default();
        match op {
            Op::New { id, cls, to } => {
                let object = classes::alloc(&self.heap, *cls, self.reclaim, &self.stage);
                let object = object.ok_or_else(|| Difference::new("cls", "a class to make objects of", cls))?;
                self.stage.name(&object, *id);
                let object = held.born.insert(object);
                drop(self.stage.set_root(*to, Some(object.clone())));
            }
            Op::Set { a, a_id, f, b, b_id } => {
                let a = held.a.insert(self.operand("a", a, *a_id)?);
                let b = held.b.insert(self.operand("b", b, *b_id)?);
                slot(a, *f)?.set(Some(b.clone()));
            }
            Op::Clear { a, a_id, f } => {
                let a = held.a.insert(self.operand("a", a, *a_id)?);
                let old = slot(a, *f)?.take();
                drop(old.ok_or_else(|| Difference::new("f", "a field that is set", format_args!("{f} unset")))?);
            }
            Op::Append { a, a_id, b, b_id } => {
                let a = held.a.insert(self.operand("a", a, *a_id)?);
                let b = held.b.insert(self.operand("b", b, *b_id)?);
                items(a)?.push(b.clone());
            }
            Op::Pop { a, a_id } => {
                let a = held.a.insert(self.operand("a", a, *a_id)?);
                drop(items(a)?.pop().ok_or_else(|| Difference::new("a", "a list with items", "an empty one"))?);
            }
            Op::Assign { to, b, b_id } => {
                let b = held.b.insert(self.operand("b", b, *b_id)?);
                drop(self.stage.set_root(*to, Some(b.clone())));
            }
            Op::Del { to } => drop(self.stage.set_root(*to, None)),
            Op::Wref { id, b, b_id, cb, to } => {
                let b = held.b.insert(self.operand("b", b, *b_id)?);
                if b.class() == Class::WR {
                    return Err(Difference::new("b", "an object that is no weak reference", "WR"));
                }
                let weak = held.born.insert(classes::alloc_weak(&self.heap, b, *cb, &self.stage));
                self.stage.name(weak, *id);
                drop(self.stage.set_root(*to, Some(weak.clone())));
            }
            Op::Collect { generation } => return self.collect(*generation).map(Some),
            Op::ClearGarbage => self.heap.garbage().clear(),
            Op::PopGarbage => {
                drop(self.heap.garbage().pop().ok_or_else(|| Difference::new("op", "an entry", "empty garbage"))?);
            }
            Op::ClearSurvivors => self.stage.clear_survivors(),
            Op::PopSurvivor => {
                drop(self.stage.pop_survivor().ok_or_else(|| Difference::new("op", "an entry", "no survivors"))?);
            }
            Op::Saveall { on } => self.heap.set_debug(if *on { DebugFlags::SAVE_ALL } else { DebugFlags::NONE }),
        }
        held.release();
        Ok(None)
    }

    fn collect(&self, generation: u8) -> Result<usize, Difference> {
        let generation =
            Generation::try_from(generation).map_err(|error| Difference::new("gen", "0, 1 or 2", error))?;
        Ok(self.heap.collect_generation(generation))
    }

    /// The object that a path leads to, which must be the one recorded.
    fn operand(&self, key: &'static str, path: &Path, id: Id) -> Result<Object, Difference> {
        let found = self.resolve(path);
        let got = found.as_ref().map(|object| self.stage.id(object));
        match found {
            Some(object) if got == Some(id) => Ok(object),
            _ => {
                let got = got.map_or_else(|| "nothing".to_owned(), |got| got.to_string());
                Err(Difference::new(key, format_args!("{path} to be {id}"), got).concerning([id]))
            }
        }
    }

    fn resolve(&self, path: &Path) -> Option<Object> {
        let mut object = match path.base {
            Base::Root(root) => self.stage.root(root)?,
            Base::Garbage(index) => classes::managed(&self.heap.garbage().get(index)?)?,
            Base::Survivor(index) => self.stage.survivor(index)?,
        };
        for hop in &path.hops {
            object = match *hop {
                Hop::Field(field) => object.slot(field)?.get()?,
                Hop::Item(index) => object.items()?.get(index)?,
                Hop::Referent => object.weak()?.upgrade()?,
            };
        }
        Some(object)
    }
}

impl Temporaries {
    fn release(self) {
        drop(self.born);
        drop(self.a);
        drop(self.b);
    }
}

fn slot(object: &Object, field: Field) -> Result<&Slot<dyn classes::Managed>, Difference> {
    let object: &dyn classes::Managed = &**object;
    object.slot(field).ok_or_else(|| Difference::new("a", "an object with fields", object.class()))
}

fn items(object: &Object) -> Result<&List<dyn classes::Managed>, Difference> {
    let object: &dyn classes::Managed = &**object;
    object.items().ok_or_else(|| Difference::new("a", "a list", object.class()))
}

/// Takes the heap apart, so that nothing uncollectable outlives its program.
impl Drop for Player {
    fn drop(&mut self) {
        self.stage.strike();
        self.heap.garbage().clear();
        for any in self.heap.objects(None) {
            if let Some(object) = classes::managed(&any) {
                empty(&object);
            }
        }
    }
}

fn empty(object: &Object) {
    for field in 0..FIELDS {
        drop(object.slot(Field(field)).and_then(Slot::take));
    }
    object.items().into_iter().for_each(List::clear);
}
