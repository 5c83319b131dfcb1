//! Wired batches: a few new objects, linked to a shape, decorated, let go and collected.

use super::dice::Dice;
use super::heap::Model;
use super::program::{Callback, Class, FIELDS, Field, Op, Path, ROOTS};

/// How the objects of a batch are linked.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Each to the next, the last to the first; a ring of one refers to itself.
    Ring,
    /// The first to all others, now and then to itself, with some links across.
    Bush,
    /// Each to the next.
    Chain,
    /// Each new head to the one before, so that one root holds a chain of any length.
    Column,
}

/// The classes of new objects and how often they are taken.
const CLASSES: [(Class, usize); 6] =
    [(Class::Fin, 9), (Class::Plain, 8), (Class::List, 6), (Class::Res, 4), (Class::Drop, 4), (Class::Res2, 2)];

/// A random class.
pub fn any_class(dice: &mut Dice) -> Class {
    dice.weighted(&CLASSES)
}

/// A random callback, or none.
pub fn any_callback(dice: &mut Dice) -> Option<Callback> {
    match dice.below(100) {
        0..60 => Some(Callback::Log),
        60..78 => None,
        _ => Some(Callback::DropRoot(dice.below(ROOTS))),
    }
}

/// A random generation, the oldest as often as the other two together.
pub fn any_generation(dice: &mut Dice) -> usize {
    dice.weighted(&[(2, 2), (1, 1), (0, 1)])
}

/// A new object in a root. The id is left to [`Op::fitted`], as in all drafts.
pub fn new(cls: Class, to: usize) -> Op {
    Op::New { id: 0, cls, to }
}

/// A new weak reference in a root.
pub fn wref(b: Path, cb: Option<Callback>, to: usize) -> Op {
    let (id, b_id) = (0, 0);
    Op::Wref { id, b, b_id, cb, to }
}

/// `a.f = b`, or `b` appended to the list `a`.
pub fn link(a: Path, f: Option<Field>, b: Path) -> Op {
    let (a_id, b_id) = (0, 0);
    match f {
        Some(f) => Op::Set { a, a_id, f, b, b_id },
        None => Op::Append { a, a_id, b, b_id },
    }
}

/// An object of the batch: the root it is made in, and its fields not yet taken.
#[derive(Clone)]
struct Node {
    root: usize,
    is_list: bool,
    free: Vec<Field>,
}

/// A batch being written.
struct Batch<'a> {
    dice: &'a mut Dice,
    ops: Vec<Op>,
    /// Roots that hold nothing and are not used by the batch yet.
    empty: Vec<usize>,
    nodes: Vec<Node>,
}

/// The drafts of one random batch with at most `room` new objects; none if the roots are too full.
pub fn batch(dice: &mut Dice, model: &Model, room: usize) -> Vec<Op> {
    let empty = (0..ROOTS).filter(|&root| model.roots()[root].is_none());
    let mut batch = Batch { dice, ops: Vec::new(), empty: empty.collect(), nodes: Vec::new() };
    // Three more than the shape needs: a tail, a weak reference in it, a weak reference to it.
    if batch.empty.len() < 2 || room < 4 {
        return Vec::new();
    }
    batch.wire(room - 3);
    batch.decorate();
    batch.let_go();
    batch.ops
}

impl Batch<'_> {
    fn wire(&mut self, room: usize) {
        let shapes = [(Shape::Ring, 45), (Shape::Bush, 38), (Shape::Chain, 9), (Shape::Column, 8)];
        let shape = self.dice.weighted(&shapes);
        let most = room.min(self.empty.len()).min(5);
        match shape {
            Shape::Ring => self.ring(most.min(4)),
            Shape::Bush => self.bush(most),
            Shape::Chain => self.chain(most),
            Shape::Column => self.column(room.min(10)),
        }
    }

    /// One more object, in the first empty root.
    fn node(&mut self) -> usize {
        let cls = any_class(self.dice);
        let root = self.empty.remove(0);
        self.ops.push(new(cls, root));
        self.nodes.push(Node { root, is_list: cls == Class::List, free: (0..FIELDS).map(Field).collect() });
        self.nodes.len() - 1
    }

    /// Between one and `most` objects, not yet linked.
    fn some_nodes(&mut self, most: usize) -> usize {
        let nodes = self.dice.between(1, most);
        (0..nodes).for_each(|_| {
            self.node();
        });
        nodes
    }

    fn link(&mut self, from: usize, to: usize) {
        self.link_root(from, self.nodes[to].root);
    }

    fn link_root(&mut self, from: usize, root: usize) {
        let node = &mut self.nodes[from];
        let field = match node.free.len() {
            _ if node.is_list => None,
            0 => Some(Field(self.dice.below(FIELDS))),
            free => Some(node.free.swap_remove(self.dice.below(free))),
        };
        let (a, b) = (Path::root(node.root), Path::root(root));
        self.ops.push(link(a, field, b));
    }

    fn ring(&mut self, most: usize) {
        let nodes = self.some_nodes(most);
        (0..nodes).for_each(|i| self.link(i, (i + 1) % nodes));
    }

    fn chain(&mut self, most: usize) {
        let nodes = self.some_nodes(most);
        (1..nodes).for_each(|i| self.link(i - 1, i));
    }

    fn bush(&mut self, most: usize) {
        let nodes = self.some_nodes(most);
        (1..nodes).for_each(|i| self.link(0, i));
        if self.dice.chance(30) {
            self.link(0, 0);
        }
        for i in 1..nodes {
            if self.dice.chance(40) {
                let other = self.dice.below(nodes);
                self.link(i, other);
            }
        }
    }

    fn column(&mut self, most: usize) {
        let head = self.node();
        let (held, spare) = (self.nodes[head].root, self.empty[0]);
        for _ in 1..self.dice.between(1, most) {
            let cls = any_class(self.dice);
            self.ops.push(new(cls, spare));
            let field = (cls != Class::List).then(|| Field(self.dice.weighted(&[(0, 3), (1, 1), (2, 1)])));
            self.ops.push(link(Path::root(spare), field, Path::root(held)));
            self.ops.push(Op::Assign { to: held, b: Path::root(spare), b_id: 0 });
            self.ops.push(Op::Del { to: spare });
            // Drafts that do not fit the head's class are left out when the program is written.
            self.nodes[head].is_list = cls == Class::List;
            self.nodes[head].free = (0..FIELDS).map(Field).collect();
        }
    }

    /// Adds a tail, weak references within and to the batch, each now and then.
    fn decorate(&mut self) {
        if self.dice.chance(40) && !self.empty.is_empty() {
            self.tail();
        }
        if self.dice.chance(35) && !self.empty.is_empty() {
            self.weak_ref_inside();
        }
        for percent in [50, 25] {
            if self.dice.chance(percent) && !self.empty.is_empty() {
                let root = self.empty.remove(0);
                self.weak_ref(root);
            }
        }
    }

    /// One more object that hangs off the shape; it may refer to itself or back.
    fn tail(&mut self) {
        let from = self.dice.below(self.nodes.len());
        let tail = self.node();
        self.link(from, tail);
        if self.dice.chance(40) {
            let to = self.dice.below(self.nodes.len());
            self.link(tail, to);
        }
    }

    /// A weak reference to a random object of the batch, in that root.
    fn weak_ref(&mut self, root: usize) {
        let to = self.dice.below(self.nodes.len());
        let callback = any_callback(self.dice);
        let target = Path::root(self.nodes[to].root);
        self.ops.push(wref(target, callback, root));
    }

    /// A weak reference that only an object of the batch holds.
    fn weak_ref_inside(&mut self) {
        let root = self.empty[0];
        self.weak_ref(root);
        let owner = self.dice.below(self.nodes.len());
        self.link_root(owner, root);
        self.ops.push(Op::Del { to: root });
    }

    /// Collects, empties the roots of the batch in random order, collects: each most of the time.
    fn let_go(&mut self) {
        self.collect(30);
        let mut roots: Vec<usize> = self.nodes.iter().map(|it| it.root).collect();
        self.dice.shuffle(&mut roots);
        for to in roots {
            if self.dice.chance(93) {
                self.ops.push(Op::Del { to });
            }
        }
        self.collect(65);
    }

    fn collect(&mut self, percent: usize) {
        if self.dice.chance(percent) {
            let generation = any_generation(self.dice);
            self.ops.push(Op::Collect { generation });
        }
    }
}
