//! A program on a heap whose every step may be refused memory.

use super::refusing::{Refusal, asked, begin, indulging, refusing};
use gc_core::{Budget, DebugFlags, Finalize, FinalizerPolicy, Gc, GcAny, Heap, OutOfMemory, Slot, Trace, WeakRef};
use std::cell::{Cell, RefCell};

/// What a program does. Numbers say which of the objects that it holds.
#[derive(Clone, Debug)]
pub enum Act {
    /// A node with a finalizer; every fifth resurrects itself.
    Node(usize),
    /// One without.
    Plain,
    /// A node with a finalizer that points to itself, and is let go.
    Loop,
    Row(usize),
    /// A row that needs a chunk of its own.
    Big,
    /// Whose edge, to whom, which one.
    Link(usize, usize, usize),
    Weak(usize),
    WeakWith(usize),
    Managed(usize),
    ManagedWith(usize),
    Drop(usize),
    DropAll,
    Collect,
    Step(usize),
    Trim,
    /// Empties the list of the uncollectable.
    Forget,
    Debug(DebugFlags),
}

/// Nodes have numbers; for each, how often it was dropped.
const MOST: usize = 4096;

thread_local! {
    static DROPS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static UNARMED: Cell<bool> = const { Cell::new(false) };
    static CALLED: Cell<usize> = const { Cell::new(0) };
    /// Where finalizers put what they resurrect.
    static SAVED: RefCell<Vec<Gc<Node>>> = const { RefCell::new(Vec::new()) };
}

/// Counts its drop.
struct Numbered(usize);

impl Numbered {
    fn next() -> Numbered {
        indulging(|| DROPS.with_borrow_mut(|drops| drops.push(0)));
        Numbered(DROPS.with_borrow(Vec::len) - 1)
    }
}

impl Drop for Numbered {
    fn drop(&mut self) {
        DROPS.with_borrow_mut(|drops| drops[self.0] += 1);
    }
}

#[derive(Trace)]
#[trace(finalize)]
struct Node {
    edges: [Slot<Node>; 2],
    plain: Slot<Plain>,
    watcher: Slot<WeakRef<Node>>,
    resurrects: bool,
    #[trace(skip)]
    number: Numbered,
}

impl Finalize for Node {
    fn armed(&self) -> bool {
        !UNARMED.get()
    }

    fn finalize(this: &Gc<Node>) {
        if this.resurrects && SAVED.with_borrow(Vec::len) < MOST {
            SAVED.with_borrow_mut(|saved| saved.push(this.clone()));
        }
    }
}

#[derive(Trace, Default)]
struct Plain {
    edge: Slot<Plain>,
    node: Slot<Node>,
}

pub struct Figures {
    /// Requests for memory.
    pub asked: u64,
    /// Errors that the program got.
    pub refused: usize,
}

struct Program {
    heap: Heap,
    held: Vec<Gc<Node>>,
    others: Vec<GcAny>,
    weaks: Vec<gc_core::Weak<Node>>,
    refused: usize,
}

impl Program {
    fn act(&mut self, act: &Act) {
        let heap = &self.heap;
        let chosen = |number: &usize| self.held.get(number % self.held.len().max(1));
        match act {
            Act::Node(number) => {
                let node = node(number % 5 == 0);
                let made = refusing(|| heap.try_alloc(node));
                self.keep(made);
            }
            Act::Plain => {
                let made = refusing(|| heap.try_alloc(Plain::default()));
                let any = self.any(Some(made));
                if let Some(plain) = any.as_ref().and_then(GcAny::downcast_ref::<Plain>) {
                    plain.edge.set(any.as_ref().and_then(GcAny::downcast::<Plain>));
                    plain.node.set(self.held.first().cloned());
                }
            }
            Act::Loop => {
                let node = node(false);
                let made = refusing(|| heap.try_alloc(node));
                let made = made.inspect(|node| refusing(|| node.edges[1].set(Some(node.clone()))));
                self.refused += made.is_err() as usize;
                refusing(|| drop(made));
            }
            Act::Row(length) => {
                let made = refusing(|| heap.try_alloc_slice((0..*length).map(|n| n as u64)));
                self.any(Some(made));
            }
            Act::Big => {
                let made = refusing(|| heap.try_alloc_slice((0..10_000).map(|n| [n as u64; 64])));
                self.any(Some(made));
            }
            Act::Link(from, to, edge) => {
                if let (Some(from), Some(to)) = (chosen(from), chosen(to)) {
                    refusing(|| from.edges[*edge].set(Some(to.clone())));
                }
            }
            Act::Weak(number) => {
                let made = chosen(number).map(|node| refusing(|| Gc::try_downgrade(node)));
                self.watch(made);
            }
            Act::WeakWith(number) => {
                let made = chosen(number).map(|node| refusing(|| Gc::try_downgrade_with(node, called)));
                self.watch(made);
            }
            Act::Managed(number) => {
                let made = chosen(number).map(|node| refusing(|| heap.try_alloc_weak(node)));
                self.any(made);
            }
            Act::ManagedWith(number) => {
                let made = chosen(number).map(|node| refusing(|| heap.try_alloc_weak_with(node, |_| called())));
                // The next node holds it.
                if let (Some(Ok(weak)), Some(holder)) = (&made, chosen(&(number + 1))) {
                    refusing(|| holder.watcher.set(Some(weak.clone())));
                }
                self.any(made);
            }
            Act::Drop(number) if !self.held.is_empty() => {
                let node = self.held.swap_remove(number % self.held.len());
                refusing(|| drop(node));
            }
            Act::Drop(_) => {}
            Act::DropAll => refusing(|| {
                self.held.clear();
                self.others.clear();
                self.weaks.clear();
            }),
            Act::Collect => {
                refusing(|| heap.collect());
            }
            Act::Step(objects) => {
                refusing(|| heap.step(Budget::Objects(*objects)));
            }
            Act::Trim => {
                refusing(|| heap.trim());
            }
            Act::Forget => refusing(|| heap.garbage().clear()),
            Act::Debug(flags) => heap.set_debug(*flags),
        }
        assert!(self.held.iter().all(|node| drops_of(node) == 0), "a node that is held was dropped");
    }

    fn keep<V>(&mut self, made: Result<Gc<Node>, OutOfMemory<V>>) {
        match made {
            Ok(node) => self.held.push(node),
            Err(_) => self.refused += 1,
        }
    }

    fn any<T: Trace + ?Sized, V>(&mut self, made: Option<Result<Gc<T>, OutOfMemory<V>>>) -> Option<GcAny> {
        match made? {
            Ok(object) => {
                self.others.push(Gc::as_any(&object));
                Some(Gc::as_any(&object))
            }
            Err(_) => {
                self.refused += 1;
                None
            }
        }
    }

    fn watch(&mut self, made: Option<Result<gc_core::Weak<Node>, OutOfMemory<()>>>) {
        match made {
            Some(Ok(weak)) => self.weaks.push(weak),
            Some(Err(_)) => self.refused += 1,
            None => {}
        }
    }
}

fn called() {
    CALLED.set(CALLED.get() + 1);
}

fn node(resurrects: bool) -> Node {
    Node {
        edges: Default::default(),
        plain: Slot::empty(),
        watcher: Slot::empty(),
        resurrects,
        number: Numbered::next(),
    }
}

fn drops_of(node: &Node) -> u8 {
    DROPS.with_borrow(|drops| drops[node.number.0])
}

/// Runs a program. At its end everything is let go, and must be gone.
pub fn run(policy: FinalizerPolicy, refusal: Refusal, acts: &[Act]) -> Figures {
    DROPS.with_borrow_mut(|drops| {
        drops.clear();
        drops.reserve(MOST);
    });
    SAVED.with_borrow_mut(|saved| saved.reserve(MOST));
    UNARMED.set(false);
    begin(refusal);
    let heap = Heap::builder().policy(policy).log(|_, _| ()).build().unwrap();
    heap.on_collection(|_, _, _| ());
    let room = || Vec::with_capacity(MOST);
    let mut program = Program { heap, held: room(), others: Vec::with_capacity(MOST), weaks: Vec::new(), refused: 0 };
    program.weaks.reserve(MOST);
    for act in acts {
        program.act(act);
    }
    let figures = Figures { asked: asked(), refused: program.refused };
    end(program);
    let drops = DROPS.with_borrow(Clone::clone);
    assert!(drops.iter().all(|&drops| drops == 1), "{refusal:?}: not each was dropped once: {drops:?}");
    figures
}

fn end(program: Program) {
    let Program { heap, held, others, weaks, .. } = program;
    UNARMED.set(true);
    heap.set_debug(DebugFlags::empty());
    drop((held, others, weaks));
    drop(SAVED.take());
    heap.garbage().clear();
    heap.collect();
    assert!(heap.objects(None).is_empty(), "objects are left: {:?}", heap.objects(None));
}
