//! The managed types that more than one scenario uses.

use super::scene::{Diary, Failed, Scene};
use gc_core::{Finalize, Gc, GcAny, Slot, Trace, Weak};
use std::cell::RefCell;

/// An object without finalizer.
#[derive(Trace)]
pub struct Node {
    name: &'static str,
    pub next: Slot<Node>,
    /// The pointer of the cure, which no count includes.
    pub weakly: RefCell<Weak<Node>>,
}

impl Node {
    /// Allocates a node that holds nothing.
    pub fn alloc(scene: &Scene, name: &'static str) -> Result<Gc<Node>, Failed> {
        scene.alloc(Node { name, next: Slot::empty(), weakly: RefCell::default() })
    }
}

/// An object with a finalizer, which stands for a file, a socket or a lock.
#[derive(Trace)]
#[trace(finalize)]
pub struct Resource {
    name: &'static str,
    pub peer: Slot<Resource>,
    /// The pointer of the cure, which no count includes.
    weakly: RefCell<Weak<Resource>>,
    #[trace(skip)]
    diary: Diary,
}

impl Resource {
    /// Allocates a resource that holds nothing.
    pub fn alloc(scene: &Scene, name: &'static str) -> Result<Gc<Resource>, Failed> {
        let diary = scene.diary.clone();
        scene.alloc(Resource { name, peer: Slot::empty(), weakly: RefCell::default(), diary })
    }

    /// Allocates two resources that hold each other, and drops every pointer from outside. With the
    /// cure, the second resource holds the first weakly.
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

/// An object whose finalizer stores the object where the program can reach it.
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

/// A place outside of the heap. The heap sees a pointer in a shelter only as an external reference.
#[derive(Clone, Default)]
pub struct Shelter(std::rc::Rc<std::cell::RefCell<Vec<Gc<Phoenix>>>>);

impl Shelter {
    /// Returns the number of objects in the shelter.
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Takes all objects out of the shelter. The caller drops them.
    #[must_use = "they are released when this is dropped"]
    pub fn take(&self) -> Vec<Gc<Phoenix>> {
        self.0.take()
    }
}

impl Phoenix {
    /// Allocates a phoenix that holds nothing.
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
