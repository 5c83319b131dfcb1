//! What most conformance tests share: a heap with a log, and a node with any finalizer.

use super::BOTH;
use gc_core::{Finalize, FinalizerPolicy, Gc, GcAny, Generation, Heap, List, Slot, Trace, Weak, WeakRef};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

/// What happened, in order: `"del NAME"` for a finalizer, `"cb NAME"` for a callback,
/// `"KIND: MESSAGE"` for an unraisable event.
pub type Log = Rc<RefCell<Vec<String>>>;

/// Where resurrected nodes go. Held from outside of the heap.
pub type Survivors = Rc<RefCell<Vec<Gc<Node>>>>;

/// What a node's finalizer does after it wrote `"del NAME"` to the log.
#[derive(Clone)]
pub enum Fin {
    /// The node has no finalizer, and nothing is logged.
    None,
    /// Nothing more.
    Log,
    /// Adds the node to the survivors, every time.
    Resurrect,
    /// Empties the node's `next`.
    Unlink,
    /// Panics.
    Panic,
    /// Whatever this does.
    Run(Action),
}

/// What a finalizer does with its node.
pub type Action = Rc<dyn Fn(&Gc<Node>)>;

impl Fin {
    pub fn run(f: impl Fn(&Gc<Node>) + 'static) -> Fin {
        Fin::Run(Rc::new(f))
    }
}

impl fmt::Debug for Fin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fin")
    }
}

/// A node with every kind of edge, and a finalizer that can be changed.
#[derive(Trace)]
#[trace(finalize)]
pub struct Node {
    pub name: String,
    pub next: Slot<Node>,
    pub other: Slot<Node>,
    pub list: List<Node>,
    pub held: RefCell<Vec<GcAny>>,
    #[trace(skip)]
    pub fin: RefCell<Fin>,
    #[trace(skip)]
    log: Log,
    #[trace(skip)]
    survivors: Survivors,
}

impl Finalize for Node {
    fn armed(&self) -> bool {
        !matches!(*self.fin.borrow(), Fin::None)
    }

    fn finalize(this: &Gc<Node>) {
        this.log.borrow_mut().push(format!("del {}", this.name));
        let fin = this.fin.borrow().clone();
        match fin {
            Fin::None | Fin::Log => {}
            Fin::Resurrect => this.survivors.borrow_mut().push(this.clone()),
            Fin::Unlink => drop(this.next.take()),
            Fin::Panic => panic!("finalizer of {}", this.name),
            Fin::Run(f) => f(this),
        }
    }
}

/// A tracked type without a finalizer, whose drop runs no code of ours.
#[derive(Trace, Default)]
pub struct Plain {
    pub next: Slot<Plain>,
    pub any: RefCell<Vec<GcAny>>,
}

/// A heap that does not collect by itself, with a log and a list of survivors. What
/// user code panics with goes to the log, so that no failed assertion is lost.
pub struct World {
    pub heap: Heap,
    pub log: Log,
    pub survivors: Survivors,
}

impl World {
    pub fn new(policy: FinalizerPolicy) -> World {
        let heap = Heap::builder().policy(policy).build().unwrap();
        heap.disable();
        let log = Log::default();
        let sink = log.clone();
        heap.on_unraisable(move |_, event| sink.borrow_mut().push(format!("{:?}: {}", event.kind, event.message)));
        World { heap, log, survivors: Survivors::default() }
    }

    pub fn legacy() -> World {
        World::new(FinalizerPolicy::Legacy)
    }

    pub fn pep442() -> World {
        World::new(FinalizerPolicy::Pep442)
    }

    /// One world of each policy.
    pub fn both() -> [World; 2] {
        BOTH.map(World::new)
    }

    pub fn is_legacy(&self) -> bool {
        self.heap.policy() == FinalizerPolicy::Legacy
    }

    pub fn node(&self, name: &str, fin: Fin) -> Gc<Node> {
        self.heap.alloc(Node {
            name: name.into(),
            next: Slot::empty(),
            other: Slot::empty(),
            list: List::new(),
            held: RefCell::default(),
            fin: RefCell::new(fin),
            log: self.log.clone(),
            survivors: self.survivors.clone(),
        })
    }

    /// A node whose `next` is itself.
    pub fn self_loop(&self, name: &str, fin: Fin) -> Gc<Node> {
        let node = self.node(name, fin);
        node.next.set(Some(node.clone()));
        node
    }

    /// Nodes each of whose `next` is the following one, the last one's the first.
    pub fn ring(&self, nodes: &[(&str, Fin)]) -> Vec<Gc<Node>> {
        let ring: Vec<Gc<Node>> = nodes.iter().map(|(name, fin)| self.node(name, fin.clone())).collect();
        for (at, node) in ring.iter().enumerate() {
            node.next.set(Some(ring[(at + 1) % ring.len()].clone()));
        }
        ring
    }

    pub fn plain(&self) -> Gc<Plain> {
        self.heap.alloc(Plain::default())
    }

    pub fn plain_loop(&self) -> Gc<Plain> {
        let plain = self.plain();
        plain.next.set(Some(plain.clone()));
        plain
    }

    /// A bare weak reference whose callback logs `"cb NAME"`.
    pub fn weak<T: ?Sized>(&self, target: &Gc<T>, name: &str) -> Weak<T> {
        Gc::downgrade_with(target, self.logs(format!("cb {name}")))
    }

    /// A managed weak reference whose callback logs `"cb NAME"`.
    pub fn weak_ref<T: Trace + ?Sized>(&self, target: &Gc<T>, name: &str) -> Gc<WeakRef<T>> {
        let log = self.logs(format!("cb {name}"));
        self.heap.alloc_weak_with(target, move |_| log())
    }

    /// A function that adds a line to the log.
    pub fn logs(&self, line: impl Into<String>) -> impl Fn() + 'static {
        let (log, line) = (self.log.clone(), line.into());
        move || log.borrow_mut().push(line.clone())
    }

    /// The log so far, which is empty afterwards.
    pub fn taken(&self) -> Vec<String> {
        self.log.take()
    }

    /// Lets the survivors go, last to first.
    pub fn drop_survivors(&self) {
        let mut survivors = self.survivors.take();
        while survivors.pop().is_some() {}
    }

    /// Names of the nodes that survived, in order.
    pub fn survivor_names(&self) -> Vec<String> {
        self.survivors.borrow().iter().map(|node| node.name.clone()).collect()
    }

    /// Names of the nodes in `garbage`, in order.
    pub fn garbage_names(&self) -> Vec<String> {
        names(&self.heap.garbage().to_vec())
    }

    /// How many tracked objects are alive.
    pub fn alive(&self) -> usize {
        self.heap.objects(None).len()
    }
}

/// Names of nodes, type names of other objects.
pub fn names(objects: &[GcAny]) -> Vec<String> {
    let name = |any: &GcAny| any.downcast_ref::<Node>().map_or_else(|| any.type_name(), |node| node.name.clone());
    objects.iter().map(name).collect()
}

pub fn generation_of<T: ?Sized>(object: &Gc<T>) -> Option<Generation> {
    Gc::as_any(object).generation()
}
