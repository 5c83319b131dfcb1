//! The heap, and the new words performed on it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use gc_core::{Gc, Heap, Pause};

use super::step::{Edit, Extra, Meanwhile, Step};
use crate::harness::classes::{new_cyclic, try_unwrap};
use crate::harness::world::objects_in_use;
use crate::harness::{Bodies, Link, Outside, World, outside};
use crate::model::program::{Base, Callback, Class, Field, Id, Op, Path, Policy};

/// A heap with the state that the new words need.
pub struct Player {
    pub world: World,
    pub stash: Vec<Link>,
    pub pauses: Vec<Pause>,
    pub texts: Vec<Gc<str>>,
    frozen: bool,
}

impl Player {
    pub fn new(policy: Policy, bodies: Bodies) -> Player {
        let world = World::new(policy, bodies);
        Player { world, stash: vec![], pauses: vec![], texts: vec![], frozen: false }
    }

    /// Performs a step that fits; an object born gets the id `next`. What a collection returned.
    pub fn perform(&mut self, step: &Step, next: Id) -> Option<usize> {
        match step {
            Step::Op(op) => {
                if matches!(op, Op::Collect { .. }) && self.frozen {
                    self.world.heap.unfreeze();
                    self.frozen = false;
                }
                self.world.perform(op)
            }
            Step::Extra(Extra::NewCyclic { class, to, meanwhile }) => self.new_cyclic(*class, *to, *meanwhile, next),
            Step::Extra(extra) => {
                self.perform_extra(extra, next);
                None
            }
        }
    }

    fn outside(&self) -> &Outside {
        &self.world.outside
    }

    fn resolve(&self, path: &Path) -> Link {
        self.world.resolve(path).expect("it was fitted")
    }

    fn perform_extra(&mut self, extra: &Extra, next: Id) {
        match extra {
            Extra::Exchange { a, f, b, g } => self.exchange(a, *f, b, *g),
            Extra::MoveRoot { root, a, f } => self.move_root(*root, a, *f),
            Extra::SwapRoots(one, two) => self.outside().roots[*one].swap(&self.outside().roots[*two]),
            Extra::Edit { a, edit } => self.edit(a, edit),
            Extra::Downgrade { b, callback } => self.downgrade(b, *callback, next),
            Extra::CloneWeak(weak) => {
                let mut weaks = self.outside().weaks.borrow_mut();
                let clone = weaks[*weak].clone();
                assert!(clone.1.ptr_eq(&weaks[*weak].1));
                weaks.push(clone);
            }
            Extra::DropWeak(weak) => {
                let weak = self.outside().weaks.borrow_mut().remove(*weak);
                drop(weak);
            }
            Extra::UpgradeWeak { weak, to } => {
                let target = self.outside().weaks.borrow()[*weak].1.upgrade();
                if target.is_some() {
                    self.outside().assign(*to, target);
                }
            }
            Extra::Unwrap { root } => self.unwrap(*root),
            Extra::Stash { b } => self.stash.push(self.resolve(b)),
            Extra::Unstash(at) => drop(self.stash.remove(*at)),
            Extra::Freeze | Extra::CollectFrozen { .. } => self.freeze(extra),
            Extra::Thresholds(thresholds) => self.world.heap.set_thresholds(*thresholds),
            Extra::Pause => self.pauses.push(self.world.heap.pause()),
            Extra::Resume => drop(self.pauses.pop()),
            Extra::Detector(linear) => self.world.heap.force_detector(*linear),
            Extra::Tease { b, mischief } => {
                let target = self.resolve(b);
                self.outside().tease(self.outside().id(&target), *mischief);
            }
            Extra::Text => self.texts.push(self.world.heap.alloc_str("a text")),
            Extra::DropText(text) => drop(self.texts.remove(*text)),
            Extra::NewCyclic { .. } => unreachable!("see perform"),
        }
    }

    /// Looks an object up, if it can be done without a count: by taking it out of its root.
    fn take(&self, path: &Path) -> Option<(usize, Link)> {
        match path.base {
            Base::Root(root) if path.hops.is_empty() => Some((root, self.outside().roots[root].take()?)),
            _ => None,
        }
    }

    fn exchange(&self, a: &Path, f: Field, b: &Path, g: Field) {
        let swap = |a: &Link, b: &Link| {
            let (a, b) = (a.fields().expect("it has fields"), b.fields().expect("it has fields"));
            let moved = a.replace(f.0, None);
            let moved = b.replace(g.0, moved);
            // The same field twice: what was moved into it stays.
            match a.replace(f.0, moved) {
                None => {}
                back => drop(a.replace(f.0, back)),
            }
        };
        let roots = [a, b].iter().all(|it| it.hops.is_empty() && matches!(it.base, Base::Root(_)));
        if a == b || !roots {
            let (a, b) = (self.resolve(a), self.resolve(b));
            swap(&a, &b);
            return;
        }
        let (Some((root_a, a)), Some((root_b, b))) = (self.take(a), self.take(b)) else { panic!("it was fitted") };
        swap(&a, &b);
        self.outside().roots[root_a].set(Some(a));
        self.outside().roots[root_b].set(Some(b));
    }

    fn move_root(&self, root: usize, a: &Path, f: Field) {
        let exchange = |a: &Link| {
            let moved = self.outside().roots[root].take();
            let moved = a.fields().expect("it has fields").replace(f.0, moved);
            self.outside().roots[root].set(moved);
        };
        if a.base == Base::Root(root) || !a.hops.is_empty() {
            exchange(&self.resolve(a));
            return;
        }
        match self.take(a) {
            Some((from, a)) => {
                exchange(&a);
                self.outside().roots[from].set(Some(a));
            }
            None => exchange(&self.resolve(a)),
        }
    }

    fn edit(&self, list: &Path, edit: &Edit) {
        let list = self.resolve(list);
        let items = list.items().expect("it is a list");
        match edit {
            Edit::Replace(at, value) => drop(items.replace(*at, self.resolve(value))),
            Edit::Insert(at, value) => items.insert(*at, self.resolve(value)),
            Edit::Remove(at) => drop(items.remove(*at)),
            Edit::Truncate(0) => items.clear(),
            Edit::Truncate(length) => items.truncate(*length),
        }
    }

    fn downgrade(&self, target: &Path, callback: Option<Callback>, phantom: Id) {
        let target = self.resolve(target);
        let weak = match callback {
            None => Gc::downgrade(&target),
            Some(callback) => {
                let heap = Heap::clone(&self.world.heap);
                Gc::downgrade_with(&target, move || outside::current().call_back(&heap, phantom, callback))
            }
        };
        self.outside().weaks.borrow_mut().push((phantom, weak));
    }

    fn unwrap(&self, root: usize) {
        let object = self.outside().roots[root].take().expect("it was fitted");
        let body = self.world.bodies.of(self.outside().id(&object));
        match try_unwrap(object, body) {
            Ok(value) => drop(value),
            Err(object) => self.outside().roots[root].set(Some(object)),
        }
    }

    fn freeze(&mut self, extra: &Extra) {
        let heap = &self.world.heap;
        heap.freeze();
        assert_eq!(heap.freeze_count() + self.texts.len(), objects_in_use(heap));
        if let Extra::CollectFrozen { generation } = extra {
            assert_eq!(self.world.collect(*generation), 0, "nothing is looked at");
        }
        self.frozen = true;
    }

    fn new_cyclic(&self, class: Class, to: usize, meanwhile: Meanwhile, id: Id) -> Option<usize> {
        let returned = std::cell::Cell::new(None);
        let body = self.world.bodies.of(id);
        let make = || {
            new_cyclic(&self.world.heap, class, body, &|upgraded| {
                assert!(!upgraded, "it is half-built");
                match meanwhile {
                    Meanwhile::Nothing => {}
                    Meanwhile::Collect => returned.set(Some(self.world.collect(2))),
                    Meanwhile::Panic => resume_unwind(Box::new("it is not made")),
                }
            })
        };
        match catch_unwind(AssertUnwindSafe(make)) {
            Ok(new) => {
                self.outside().name(&new, id);
                self.outside().assign(to, Some(new.clone()));
            }
            Err(panic) if meanwhile != Meanwhile::Panic => resume_unwind(panic),
            Err(_) => {}
        }
        returned.get()
    }
}
