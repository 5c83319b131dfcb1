//! What is outside of the heap: roots, survivors, the log, and what finalizers and callbacks do.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use gc_core::{Gc, GcAny, Heap, Trace, Weak};

use super::classes::{Link, Managed, address};
use crate::model::outcome::Event;
use crate::model::program::{Callback, FIELDS, Id, ROOTS};

/// What a finalizer or callback does beside its duty. None of it changes an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mischief {
    /// Panics.
    Panic,
    /// Allocates what dies again at once.
    Allocate,
    /// Collects, if a collection is open: to no effect.
    Collect,
    /// Looks at every object and every edge.
    Enumerate,
    /// Upgrades every bare weak reference.
    Upgrade,
}

/// All that is outside of one heap.
#[derive(Default)]
pub struct Outside {
    /// The roots. They are looked at by taking out and putting back, which no count notices.
    pub roots: [Cell<Option<Link>>; ROOTS],
    /// What finalizers kept.
    pub survivors: RefCell<Vec<Link>>,
    /// Bare weak references, with the ids they are known by.
    pub weaks: RefCell<Vec<(Id, Weak<dyn Managed>)>>,
    /// Finalizers and callbacks do nothing but log.
    pub inert: Cell<bool>,
    /// The log leaves out what cannot be found out without a count.
    pub quiet: Cell<bool>,
    /// A collection is open.
    pub collecting: Cell<bool>,
    /// The generations of the collections so far that were not asked for.
    pub automatic: RefCell<Vec<u8>>,
    /// A collection has been asked for.
    pub asked: Cell<bool>,
    /// Panics that the heap reported, and those that there were.
    pub panics: Cell<(usize, usize)>,
    /// Other panics that the heap reported: assertions that do not hold.
    pub surprises: RefCell<Vec<String>>,
    /// The heap said that uncollectable objects are left at its end.
    pub left_at_exit: Cell<bool>,
    log: RefCell<Vec<Event>>,
    names: RefCell<HashMap<usize, Id>>,
    mischief: RefCell<BTreeMap<Id, Mischief>>,
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<Outside>>> = const { RefCell::new(None) };
}

/// What finalizers and callbacks on this thread refer to.
pub fn current() -> Rc<Outside> {
    CURRENT.with_borrow(|it| it.clone().expect("a heap is at work"))
}

/// Makes it what finalizers and callbacks refer to; gives back what was it.
pub fn set_current(outside: Option<Rc<Outside>>) -> Option<Rc<Outside>> {
    CURRENT.replace(outside)
}

impl Outside {
    /// Gives a new object its id.
    pub fn name(&self, object: &Link, id: Id) {
        self.names.borrow_mut().insert(address(object), id);
    }

    /// The id of the living object at that address.
    pub fn id_at(&self, address: usize) -> Id {
        *self.names.borrow().get(&address).expect("every object has a name")
    }

    /// The id of an object.
    pub fn id(&self, object: &Link) -> Id {
        self.id_at(address(object))
    }

    /// The ids of objects whose type is not known.
    pub fn ids(&self, objects: &[GcAny]) -> Vec<Id> {
        objects.iter().map(|it| self.id_at(it.address())).collect()
    }

    /// What the roots hold, by looks that no count notices.
    pub fn root_ids(&self) -> [Option<Id>; ROOTS] {
        self.roots.each_ref().map(|root| {
            let object = root.take();
            let id = object.as_ref().map(|it| self.id(it));
            root.set(object);
            id
        })
    }

    /// The survivors, in order.
    pub fn survivor_ids(&self) -> Vec<Id> {
        self.survivors.borrow().iter().map(|it| self.id(it)).collect()
    }

    /// What the fields of an object hold, by looks that no count notices.
    pub fn field_ids(&self, object: &dyn Managed) -> [Option<Id>; FIELDS] {
        let Some(fields) = object.fields() else { return [None; FIELDS] };
        [0, 1, 2, 3].map(|field| {
            let value = fields.replace(field, None);
            let id = value.as_ref().map(|it| self.id(it));
            fields.replace(field, value);
            id
        })
    }

    /// Stores in a root, then releases what it held.
    pub fn assign(&self, root: usize, value: Option<Link>) {
        drop(self.roots[root].replace(value));
    }

    /// What happened since this was last asked.
    pub fn take_log(&self) -> Vec<Event> {
        self.log.take()
    }

    /// From now on the object's finalizer, or the callback of that id, misbehaves.
    pub fn tease(&self, id: Id, mischief: Mischief) {
        self.mischief.borrow_mut().insert(id, mischief);
    }

    /// A weak reference is called back.
    pub fn call_back(&self, heap: &Heap, id: Id, callback: Callback) {
        self.log.borrow_mut().push(Event::CalledBack { id });
        if let Callback::DropRoot(root) = callback
            && !self.inert.get()
        {
            self.assign(root, None);
        }
        self.misbehave(heap, id);
    }

    fn misbehave(&self, heap: &Heap, id: Id) {
        let mischief = self.mischief.borrow().get(&id).copied();
        match mischief {
            None => {}
            Some(Mischief::Panic) => {
                let (reported, raised) = self.panics.get();
                self.panics.set((reported, raised + 1));
                std::panic::resume_unwind(Box::new("mischief"));
            }
            Some(Mischief::Allocate) => allocate(heap),
            Some(Mischief::Collect) if !self.collecting.get() => {}
            Some(Mischief::Collect) => assert_eq!(heap.collect(), 0, "a nested collection does nothing"),
            Some(Mischief::Enumerate) => enumerate(heap),
            Some(Mischief::Upgrade) => {
                let upgraded: Vec<_> = self.weaks.borrow().iter().map(|(_, weak)| weak.upgrade()).collect();
                drop(upgraded);
            }
        }
    }
}

fn allocate(heap: &Heap) {
    let _pause = heap.pause();
    let text = heap.alloc_str("short-lived");
    let both = heap.alloc((text.clone(), heap.alloc(String::from("too"))));
    assert_eq!(both.0.len(), 11);
}

fn enumerate(heap: &Heap) {
    let objects = heap.objects(None);
    for object in &objects {
        for edge in heap.edges(object) {
            assert!(edge.target.strong_count() > 1);
        }
    }
    if let Some(first) = objects.first() {
        let referrers = heap.referrers(&[first]);
        assert!(referrers.iter().all(|it| it.referents().contains(first)));
    }
}

/// A finalizer: logs, does its duty, misbehaves.
pub fn finalize<T: Managed + Trace>(this: &Gc<T>, duty: impl FnOnce(&Outside)) {
    let outside = current();
    let id = outside.id_at(address(this));
    let weak_refs = match outside.quiet.get() {
        true => Vec::new(),
        false => outside.ids(&Gc::as_any(this).weak_refs()),
    };
    let fields = outside.field_ids(&**this);
    outside.log.borrow_mut().push(Event::Finalized { id, weak_refs, fields });
    if !outside.inert.get() {
        duty(&outside);
        outside.misbehave(&Gc::heap(this), id);
    }
}
