//! The managed types that more than one scenario uses.

use super::scene::{Diary, Failed, Scene};
use gc_core::{Finalize, Gc, GcAny, Slot, Trace, Weak};
use std::cell::RefCell;

/// An object without finalizer.
#[derive(Trace)]
pub struct Node {
    name: &'static str,
    pub next: Slot<Node>,
    /// The cure: a pointer that is in no count.
    pub weakly: RefCell<Weak<Node>>,
}

impl Node {
    /// A new one that holds nothing.
    pub fn alloc(scene: &Scene, name: &'static str) -> Result<Gc<Node>, Failed> {
        scene.alloc(Node { name, next: Slot::empty(), weakly: RefCell::default() })
    }
}

/// An object with a finalizer: it stands for a file, a socket, a lock.
#[derive(Trace)]
#[trace(finalize)]
pub struct Resource {
    name: &'static str,
    pub peer: Slot<Resource>,
    /// The cure: a pointer that is in no count.
    weakly: RefCell<Weak<Resource>>,
    #[trace(skip)]
    diary: Diary,
}

impl Resource {
    /// A new one that holds nothing.
    pub fn alloc(scene: &Scene, name: &'static str) -> Result<Gc<Resource>, Failed> {
        let diary = scene.diary.clone();
        scene.alloc(Resource { name, peer: Slot::empty(), weakly: RefCell::default(), diary })
    }

    /// Two that hold each other, held from outside by nobody any more. With the cure the
    /// second holds the first weakly.
    pub fn forgotten_pair(scene: &Scene, [one, two]: [&'static str; 2]) -> Result<(), Failed> {
        let (one, two) = (Resource::alloc(scene, one)?, Resource::alloc(scene, two)?);
        one.peer.set(Some(two.clone()));
        if scene.setting.fixed {
            *two.weakly.borrow_mut() = Gc::try_downgrade(&one)?;
        } else {
            two.peer.set(Some(one.clone()));
        }
        Ok(())
    }
}

impl Finalize for Resource {
    fn finalize(this: &Gc<Self>) {
        this.diary.note(format!("{} finalized", this.name));
    }
}

/// An object with a finalizer that stores it where the program can reach it.
#[derive(Trace)]
#[trace(finalize)]
pub struct Phoenix {
    name: &'static str,
    pub mate: Slot<Phoenix>,
    #[trace(skip)]
    diary: Diary,
    #[trace(skip)]
    shelter: Shelter,
}

/// A place outside of the heap. The heap sees it only as counts that are higher
/// than the references from within.
#[derive(Clone, Default)]
pub struct Shelter(std::rc::Rc<std::cell::RefCell<Vec<Gc<Phoenix>>>>);

impl Shelter {
    /// How many are in it.
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Takes all of them out, to be dropped by the caller.
    #[must_use = "they are released when this is dropped"]
    pub fn take(&self) -> Vec<Gc<Phoenix>> {
        self.0.take()
    }
}

impl Phoenix {
    /// A new one that holds nothing.
    pub fn alloc(scene: &Scene, shelter: &Shelter, name: &'static str) -> Result<Gc<Phoenix>, Failed> {
        let (diary, shelter) = (scene.diary.clone(), shelter.clone());
        scene.alloc(Phoenix { name, mate: Slot::empty(), diary, shelter })
    }
}

impl Finalize for Phoenix {
    fn finalize(this: &Gc<Self>) {
        this.diary.note(format!("{} finalized", this.name));
        this.shelter.0.borrow_mut().push(this.clone());
    }
}

/// Returns an object's own name, or else the name of its type.
pub fn name_of(object: &GcAny) -> String {
    let own = None
        .or_else(|| object.downcast_ref::<Node>().map(|it| it.name))
        .or_else(|| object.downcast_ref::<Resource>().map(|it| it.name))
        .or_else(|| object.downcast_ref::<Phoenix>().map(|it| it.name));
    own.map_or_else(|| object.type_name(), str::to_owned)
}
