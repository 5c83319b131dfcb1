//! A heap with all that is outside of it, and the ops of the recorded programs performed on it.

use std::mem::ManuallyDrop;
use std::rc::Rc;

use gc_core::hooks::{Phase, UnraisableKind};
use gc_core::{DebugFlags, FinalizerPolicy, Gc, GcAny, Generation, Heap, WeakRef, gc_cast};

use super::classes::{BODIES, Link, Managed, address, new_object, typed};
use super::outside::{self, Outside};
use crate::model::program::{Base, Callback, Class, Field, Hop, Id, Op, Path, Policy};

/// Which way to keep its fields an object gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bodies {
    /// All the same.
    Only(usize),
    /// Any, by this seed.
    Mixed(u64),
}

impl Bodies {
    /// The way of the object with this id.
    pub fn of(self, id: Id) -> usize {
        match self {
            Bodies::Only(body) => body % BODIES,
            Bodies::Mixed(seed) => {
                let mixed = (seed ^ u64::from(id)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                (mixed >> 40) as usize % BODIES
            }
        }
    }
}

/// A heap that does not collect by itself, until it is told to.
pub struct World {
    /// The heap.
    pub heap: ManuallyDrop<Heap>,
    /// What is outside of it.
    pub outside: Rc<Outside>,
    /// How its objects keep their fields.
    pub bodies: Bodies,
}

/// The heap's name for a policy.
pub fn finalizer_policy(policy: Policy) -> FinalizerPolicy {
    match policy {
        Policy::Legacy => FinalizerPolicy::Legacy,
        Policy::Modern => FinalizerPolicy::Pep442,
    }
}

/// The heap's name for a generation.
pub fn generation(number: usize) -> Generation {
    Generation::try_from(number as u8).expect("0, 1 or 2")
}

impl World {
    /// An empty one, which finalizers and callbacks on this thread refer to from now on.
    pub fn new(policy: Policy, bodies: Bodies) -> World {
        let heap = Heap::builder().policy(finalizer_policy(policy)).build().unwrap();
        heap.set_thresholds([0, 10, 10]);
        let outside = Rc::new(Outside::default());
        // One that a failed program left behind may be broken: nobody touches it again.
        std::mem::forget(outside::set_current(Some(outside.clone())));
        let world = World { heap: ManuallyDrop::new(heap), outside, bodies };
        world.listen();
        world
    }

    fn listen(&self) {
        let outside = self.outside.clone();
        self.heap.on_collection(move |_, phase, info| {
            outside.collecting.set(phase == Phase::Start);
            if phase == Phase::Start && !outside.asked.get() {
                outside.automatic.borrow_mut().push(info.generation.number());
            }
        });
        let outside = self.outside.clone();
        self.heap.on_unraisable(move |_, event| {
            if event.kind == UnraisableKind::UncollectableAtExit {
                return outside.left_at_exit.set(true);
            }
            if event.message != "mischief" {
                // A panic in here would not be noticed.
                outside.surprises.borrow_mut().push(event.to_string());
            }
            let (reported, raised) = outside.panics.get();
            outside.panics.set((reported + 1, raised));
        });
    }

    /// Collects, as a program asks for it.
    pub fn collect(&self, number: usize) -> usize {
        self.outside.asked.set(true);
        let returned = self.heap.collect_generation(generation(number));
        self.outside.asked.set(false);
        returned
    }

    /// A pointer to the object that a path leads to. Nothing is cloned that lies on the way
    /// there but for what is behind the first hop: no count changes of what a root holds.
    pub fn resolve(&self, path: &Path) -> Option<Link> {
        let Base::Root(root) = path.base else { return follow(&self.base(path.base)?, &path.hops) };
        let root = &self.outside.roots[root];
        let start = root.take()?;
        let found = follow(&start, &path.hops);
        root.set(Some(start));
        found
    }

    fn base(&self, base: Base) -> Option<Link> {
        match base {
            Base::Root(root) => self.root(root),
            Base::Garbage(at) => self.garbage(at),
            Base::Survivor(at) => self.outside.survivors.borrow().get(at).cloned(),
        }
    }

    /// A pointer more to what a root holds.
    pub fn root(&self, number: usize) -> Option<Link> {
        let root = &self.outside.roots[number];
        let object = root.take();
        root.set(object.clone());
        object
    }

    /// A pointer more to an entry of the garbage list.
    fn garbage(&self, index: usize) -> Option<Link> {
        self.typed(&self.heap.garbage().get(index)?)
    }

    /// A pointer to an object whose type is not known.
    pub fn typed(&self, object: &GcAny) -> Option<Link> {
        typed(object, self.bodies.of(self.outside.id_at(object.address())))
    }

    /// Does what the op says; the object that it makes gets the id that it says. What a
    /// collection returned.
    pub fn perform(&self, op: &Op) -> Option<usize> {
        let paths = op.operands().into_iter();
        let operands: Vec<Link> =
            paths.map(|(_, path, _)| self.resolve(path).expect("the path leads somewhere")).collect();
        for ((_, path, id), operand) in op.operands().into_iter().zip(&operands) {
            assert_eq!(self.outside.id(operand), id, "{path}");
        }
        let (born, returned) = match op {
            Op::New { id, cls, to } => (self.allocate(*cls, *id, *to), None),
            Op::Wref { id, cb, to, .. } => (self.allocate_weak(&operands[0], *cb, *id, *to), None),
            Op::Collect { generation } => (None, Some(self.collect(*generation))),
            _ => {
                self.change(op, &operands);
                (None, None)
            }
        };
        drop(born);
        operands.into_iter().for_each(drop);
        returned
    }

    fn allocate(&self, class: Class, id: Id, to: usize) -> Option<Link> {
        let new = new_object(&self.heap, class, self.bodies.of(id));
        self.outside.name(&new, id);
        self.store_new(new, to)
    }

    /// Stores a new object in a root, held to the end of the op if anything can happen meanwhile.
    /// An object that is made and moved into its place loses no pointer.
    fn store_new(&self, new: Link, to: usize) -> Option<Link> {
        let old = self.outside.roots[to].take();
        let held = old.is_some().then(|| new.clone());
        self.outside.roots[to].set(Some(new));
        drop(old);
        held
    }

    fn allocate_weak(&self, target: &Link, callback: Option<Callback>, id: Id, to: usize) -> Option<Link> {
        let new = match callback {
            None => self.heap.alloc_weak(target),
            Some(callback) => self.heap.alloc_weak_with(target, move |this: &Gc<WeakRef<dyn Managed>>| {
                let outside = outside::current();
                assert!(this.upgrade().is_none(), "it is dead when it is called back");
                outside.call_back(&Gc::heap(this), outside.id_at(address(this)), callback);
            }),
        };
        let new = gc_cast!(new => dyn Managed);
        self.outside.name(&new, id);
        self.store_new(new, to)
    }

    /// Does what an op says that neither makes an object nor collects.
    fn change(&self, op: &Op, operands: &[Link]) {
        match op {
            Op::Set { f, .. } => {
                let fields = operands[0].fields().expect("it has fields");
                fields.set(f.0, Some(operands[1].clone()));
            }
            Op::Clear { f, .. } => operands[0].fields().expect("it has fields").set(f.0, None),
            Op::Append { .. } => operands[0].items().expect("it is a list").push(operands[1].clone()),
            Op::Pop { .. } => drop(operands[0].items().expect("it is a list").pop()),
            Op::Assign { to, .. } => self.outside.assign(*to, Some(operands[0].clone())),
            Op::Del { to } => self.outside.assign(*to, None),
            Op::ClearGarbage => self.heap.garbage().clear(),
            Op::PopGarbage => drop(self.heap.garbage().pop()),
            Op::ClearSurvivors => self.clear_survivors(),
            Op::PopSurvivor => {
                let last = self.outside.survivors.borrow_mut().pop();
                drop(last);
            }
            Op::Saveall { on } => self.heap.set_debug(if *on { DebugFlags::SAVE_ALL } else { DebugFlags::empty() }),
            Op::New { .. } | Op::Wref { .. } | Op::Collect { .. } => unreachable!("see perform"),
        }
    }

    /// Empties the survivors, then releases them last to first.
    pub fn clear_survivors(&self) {
        let mut survivors = self.outside.survivors.take();
        while survivors.pop().is_some() {}
    }
}

fn follow(start: &Link, hops: &[Hop]) -> Option<Link> {
    let Some((hop, rest)) = hops.split_first() else { return Some(start.clone()) };
    let next = match *hop {
        Hop::Field(Field(field)) => start.fields()?.get(field)?,
        Hop::Item(index) => start.items()?.get(index)?,
        Hop::Referent => start.weak()?.upgrade()?,
    };
    if rest.is_empty() { Some(next) } else { follow(&next, rest) }
}

/// Objects that lie on a heap, of whatever type; not even a count notices.
pub fn objects_in_use(heap: &Heap) -> usize {
    heap.slots_in_use()
}
