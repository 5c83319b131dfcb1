//! Execution of the ops of a program on a heap.

use super::classes::{self, Object, Reclaim};
use super::compare::Difference;
use super::program::{Mode, Op};
use super::stage::{Current, Stage};
use super::words::{Base, Callback, Class, FIELDS, Field, Hop, Id, Path, Root};
use gc_core::{DebugFlags, FinalizerPolicy, Generation, Heap, List, Slot};
use std::rc::Rc;

/// A heap with the values outside of it (the stage), and the reclaim path of its objects.
pub struct Player {
    pub heap: Heap,
    pub stage: Rc<Stage>,
    reclaim: Reclaim,
    _current: Current,
}

/// Pointers to the operands of an op, held until the op ends, as an interpreter holds them on its
/// stack. [`Temporaries::release`] releases the pointers in the order of the fields.
#[derive(Default)]
struct Temporaries {
    born: Option<Object>,
    a: Option<Object>,
    b: Option<Object>,
}

/// A path, and the id of the object that it must lead to.
type Operand<'a> = (&'a Path, Id);

impl Player {
    /// Makes an empty heap under the policy of the program. Only an op starts a collection.
    pub fn new(mode: Mode, reclaim: Reclaim) -> Player {
        let policy = match mode {
            Mode::Legacy => FinalizerPolicy::Legacy,
            Mode::Modern => FinalizerPolicy::Pep442,
        };
        let stage = Rc::new(Stage::default());
        let told = stage.clone();
        let heap =
            Heap::builder().policy(policy).on_unraisable(move |_, it| told.note_panic(it.to_string())).build().unwrap();
        heap.disable();
        let _current = Current::set(&stage);
        Player { heap, stage, reclaim, _current }
    }

    /// Performs the op. Returns the result of the collection if the op is one.
    ///
    /// # Errors
    /// When an operand is not as the op needs it; the difference names the operand.
    pub fn perform(&self, op: &Op) -> Result<Option<usize>, Difference> {
        let held = &mut Temporaries::default();
        match op {
            Op::New { id, cls, to } => self.make(held, *id, *cls, *to)?,
            Op::Wref { id, b, b_id, cb, to } => self.make_weak(held, *id, (b, *b_id), *cb, *to)?,
            Op::Set { a, a_id, f, b, b_id } => self.set(held, (a, *a_id), *f, (b, *b_id))?,
            Op::Clear { a, a_id, f } => self.clear(held, (a, *a_id), *f)?,
            Op::Append { a, a_id, b, b_id } => self.append(held, (a, *a_id), (b, *b_id))?,
            Op::Pop { a, a_id } => self.pop(held, (a, *a_id))?,
            Op::Assign { to, b, b_id } => self.assign(held, *to, (b, *b_id))?,
            Op::Del { to } => drop(self.stage.set_root(*to, None)),
            Op::Collect { generation } => return self.collect(*generation).map(Some),
            Op::ClearGarbage => self.heap.garbage().clear(),
            Op::PopGarbage => drop(there(self.heap.garbage().pop(), "op", "an entry to pop")?),
            Op::ClearSurvivors => self.stage.clear_survivors(),
            Op::PopSurvivor => drop(there(self.stage.pop_survivor(), "op", "an entry to pop")?),
            Op::Saveall { on } => self.heap.set_debug(if *on { DebugFlags::SAVE_ALL } else { DebugFlags::empty() }),
        }
        held.release();
        Ok(None)
    }

    fn make(&self, held: &mut Temporaries, id: Id, class: Class, to: Root) -> Result<(), Difference> {
        let made = classes::alloc(&self.heap, class, self.reclaim, &self.stage);
        self.store_born(held, id, there(made, "cls", "a class to make objects of")?, to);
        Ok(())
    }

    fn make_weak(
        &self,
        held: &mut Temporaries,
        id: Id,
        b: Operand<'_>,
        callback: Option<Callback>,
        to: Root,
    ) -> Result<(), Difference> {
        let b = held.b.insert(self.operand("b", b)?);
        if b.class() == Class::WR {
            return Err(Difference::new("b", "an object that is no weak reference", Class::WR));
        }
        let weak = classes::alloc_weak(&self.heap, b, callback, &self.stage);
        self.store_born(held, id, weak, to);
        Ok(())
    }

    fn store_born(&self, held: &mut Temporaries, id: Id, object: Object, to: Root) {
        self.stage.name(&object, id);
        let object = held.born.insert(object);
        drop(self.stage.set_root(to, Some(object.clone())));
    }

    fn set(&self, held: &mut Temporaries, a: Operand<'_>, field: Field, b: Operand<'_>) -> Result<(), Difference> {
        let a = held.a.insert(self.operand("a", a)?);
        let b = held.b.insert(self.operand("b", b)?);
        slot(a, field)?.set(Some(b.clone()));
        Ok(())
    }

    fn clear(&self, held: &mut Temporaries, a: Operand<'_>, field: Field) -> Result<(), Difference> {
        let a = held.a.insert(self.operand("a", a)?);
        there(slot(a, field)?.take(), "f", "a field that is set").map(drop)
    }

    fn append(&self, held: &mut Temporaries, a: Operand<'_>, b: Operand<'_>) -> Result<(), Difference> {
        let a = held.a.insert(self.operand("a", a)?);
        let b = held.b.insert(self.operand("b", b)?);
        items(a)?.push(b.clone());
        Ok(())
    }

    fn pop(&self, held: &mut Temporaries, a: Operand<'_>) -> Result<(), Difference> {
        let a = held.a.insert(self.operand("a", a)?);
        there(items(a)?.pop(), "a", "a list with items").map(drop)
    }

    fn assign(&self, held: &mut Temporaries, to: Root, b: Operand<'_>) -> Result<(), Difference> {
        let b = held.b.insert(self.operand("b", b)?);
        drop(self.stage.set_root(to, Some(b.clone())));
        Ok(())
    }

    fn collect(&self, generation: u8) -> Result<usize, Difference> {
        let generation =
            Generation::try_from(generation).map_err(|error| Difference::new("gen", "0, 1 or 2", error))?;
        Ok(self.heap.collect_generation(generation))
    }

    /// Returns the object that a path leads to, or an error if the object is not the recorded one.
    fn operand(&self, key: &'static str, (path, id): Operand<'_>) -> Result<Object, Difference> {
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
    fn release(&mut self) {
        drop(self.born.take());
        drop(self.a.take());
        drop(self.b.take());
    }
}

/// Returns the value that the op needs, or an error that names it.
fn there<T>(value: Option<T>, key: &str, needed: &str) -> Result<T, Difference> {
    value.ok_or_else(|| Difference::new(key, needed, "nothing"))
}

fn slot(object: &Object, field: Field) -> Result<&Slot<dyn classes::Managed>, Difference> {
    let object: &dyn classes::Managed = &**object;
    object.slot(field).ok_or_else(|| Difference::new("a", "an object with fields", object.class()))
}

fn items(object: &Object) -> Result<&List<dyn classes::Managed>, Difference> {
    let object: &dyn classes::Managed = &**object;
    object.items().ok_or_else(|| Difference::new("a", "a list", object.class()))
}

/// Dropping a player takes the heap apart, so that no uncollectable object outlives its program.
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
