//! Acts performed: by the program, or by a finalizer or callback while the heap is at work. The
//! mirror changes at the same moment as the heap.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use gc_core::{Budget, DebugFlags, Gc, GcAny, Heap, Pace, Pause, Weak};

use super::act::Act;
use super::kinds::{Link, Thing};
use super::mirror::{Entry, Mirror, Name};
use crate::harness::world::generation;

/// What is known of a bare weak reference with a callback.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    pub target: Name,
    pub called: usize,
    /// No handle to it is left.
    pub dropped: bool,
    /// Made while the heap was at work: it may die without a word.
    pub late: bool,
}

/// A bare weak reference; the record of its callback, if it has one.
pub struct Bare {
    pub weak: Weak<dyn Thing>,
    pub target: Name,
    pub record: Option<usize>,
}

/// A value that was moved out of the heap, and what it points to.
type Value = (Box<dyn Any>, Vec<Name>);

/// All that is outside of two heaps, and who is at work.
pub struct User {
    pub heaps: [Heap; 2],
    pub mirror: RefCell<Mirror>,
    pub hands: RefCell<Vec<(Name, Link)>>,
    pub weaks: RefCell<Vec<Bare>>,
    pub records: RefCell<Vec<Record>>,
    pub values: RefCell<Vec<Value>>,
    pub pauses: RefCell<Vec<Pause>>,
    pub frozen: Cell<bool>,
    /// How often user code was entered.
    pub entered: Cell<usize>,
    /// Panics that the heaps reported, and those that there were.
    pub panics: Cell<(usize, usize)>,
    /// Other panics that the heaps reported: assertions that do not hold.
    pub surprises: RefCell<Vec<String>>,
    /// What a question whether a finalizer is armed does besides.
    pub curious: Cell<bool>,
    pub(super) scripts: RefCell<HashMap<Name, Rc<[Act]>>>,
    names: RefCell<HashMap<usize, Name>>,
    next: Cell<u64>,
    /// How many acts may still be done before the program goes on.
    fuel: Cell<usize>,
    depth: Cell<usize>,
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<User>>> = const { RefCell::new(None) };
}

/// The heaps at work on this thread, and all that is outside of them.
pub fn current() -> Rc<User> {
    CURRENT.with_borrow(|it| it.clone().expect("heaps are at work"))
}

pub fn set_current(user: Option<Rc<User>>) -> Option<Rc<User>> {
    CURRENT.replace(user)
}

/// How many acts finalizers and callbacks do at most while the program does one.
const FUEL: usize = 60;

/// What a callback holds; it is no longer held once this is dropped.
pub struct Captured(Name, #[expect(dead_code, reason = "it is held")] Link);

impl Captured {
    pub fn new(name: Name, object: Link) -> Captured {
        Captured(name, object)
    }
}

impl Drop for Captured {
    fn drop(&mut self) {
        current().mirror.borrow_mut().let_go(self.0);
    }
}

/// A finalizer is called.
pub fn finalize(this: Link) {
    let user = current();
    let name = user.name(&this);
    user.mirror.borrow_mut().entry(name).finalized += 1;
    let script = user.scripts.borrow().get(&name).cloned();
    user.enter(&script.unwrap_or_default(), Some(&this));
}

/// It is asked whether a finalizer is armed: user code, which may well upgrade something.
pub fn asked_whether_armed() {
    let user = current();
    if user.curious.get() {
        let number = user.entered.get();
        user.enter(&[Act::Upgrade(number), Act::Drop(number)], None);
    }
}

impl User {
    pub fn new(heaps: [Heap; 2], curious: bool) -> Rc<User> {
        Rc::new(User {
            heaps,
            mirror: RefCell::default(),
            hands: RefCell::default(),
            weaks: RefCell::default(),
            records: RefCell::default(),
            values: RefCell::default(),
            pauses: RefCell::default(),
            frozen: Cell::new(false),
            entered: Cell::new(0),
            panics: Cell::new((0, 0)),
            surprises: RefCell::default(),
            curious: Cell::new(curious),
            scripts: RefCell::default(),
            names: RefCell::default(),
            next: Cell::new(0),
            fuel: Cell::new(0),
            depth: Cell::new(0),
        })
    }

    /// The program does something.
    pub fn step(&self, act: &Act) {
        self.fuel.set(FUEL);
        self.act(act, None);
    }

    /// Is user code called by the heap?
    pub fn is_at_work(&self) -> bool {
        self.depth.get() > 0
    }

    /// From now on finalizers and callbacks do nothing.
    pub fn exhaust(&self) {
        self.curious.set(false);
        self.scripts.borrow_mut().clear();
        self.fuel.set(0);
    }

    /// The heap calls user code.
    pub(super) fn enter(&self, script: &[Act], this: Option<&Link>) {
        self.entered.set(self.entered.get() + 1);
        self.depth.set(self.depth.get() + 1);
        let mut panics = false;
        for act in script {
            let fuel = self.fuel.get();
            if fuel == 0 {
                break;
            }
            self.fuel.set(fuel - 1);
            panics |= matches!(act, Act::Panic);
            self.act(act, this);
        }
        self.depth.set(self.depth.get() - 1);
        if panics {
            let (reported, raised) = self.panics.get();
            self.panics.set((reported, raised + 1));
            std::panic::resume_unwind(Box::new("mischief"));
        }
    }

    pub fn name(&self, object: &Link) -> Name {
        self.name_at(Gc::as_ptr(object).addr())
    }

    /// The name of the living object at that address.
    pub fn name_at(&self, address: usize) -> Name {
        *self.names.borrow().get(&address).expect("every object has a name")
    }

    pub fn names(&self, objects: &[GcAny]) -> Vec<Name> {
        objects.iter().map(|it| self.name_at(it.address())).collect()
    }

    pub(super) fn new_name(&self, address: usize, heap: usize, entry: Entry) -> Name {
        let name = (self.next.get(), heap);
        self.next.set(name.0 + 1);
        self.names.borrow_mut().insert(address, name);
        self.mirror.borrow_mut().objects.insert(name, entry);
        name
    }

    /// A pointer from outside.
    pub(super) fn take_in_hand(&self, name: Name, object: Link) {
        self.mirror.borrow_mut().hold(name);
        self.hands.borrow_mut().push((name, object));
    }

    /// A hand lets go of its pointer, which has to be put somewhere or dropped.
    pub fn out_of_hand(&self, hand: usize) -> Option<(Name, Link)> {
        let taken = {
            let mut hands = self.hands.borrow_mut();
            let length = hands.len();
            (length > 0).then(|| hands.swap_remove(hand % length))
        };
        taken.inspect(|it| self.mirror.borrow_mut().let_go(it.0))
    }

    /// A pointer more to what a hand holds.
    pub(super) fn in_hand(&self, hand: usize) -> Option<(Name, Link)> {
        let hands = self.hands.borrow();
        (!hands.is_empty()).then(|| hands[hand % hands.len()].clone())
    }

    /// Looks at what a hand holds. No user code runs meanwhile.
    pub(super) fn with_hand<R>(&self, hand: usize, look: impl FnOnce(Name, &dyn Thing) -> Option<R>) -> Option<R> {
        let hands = self.hands.borrow();
        let (name, object) = hands.get(hand % hands.len().max(1))?;
        look(*name, &**object)
    }

    /// Puts a pointer into an object; gives it back where that has no place for it.
    pub(super) fn put(
        &self,
        holder: Name,
        object: &dyn Thing,
        (target, link): (Name, Link),
    ) -> Result<(), (Name, Link)> {
        let Some(bag) = object.bag() else { return Err((target, link)) };
        bag.put(link).map_err(|link| (target, link))?;
        self.mirror.borrow_mut().link(holder, target);
        Ok(())
    }

    fn take(&self, holder: Name, object: &dyn Thing, number: usize) -> Option<(Name, Link)> {
        let link = object.bag()?.take(number)?;
        let target = self.name(&link);
        self.mirror.borrow_mut().unlink(holder, target);
        Some((target, link))
    }

    /// Takes all pointers out of an object, then drops them.
    pub fn cut(&self, name: Name, object: &dyn Thing) {
        let mut taken: Vec<Link> = Vec::new();
        for number in 0..3 {
            while let Some((_, link)) = self.take(name, object, number) {
                taken.push(link);
            }
        }
        let row = object.row().and_then(|row| row.0.take());
        if let Some(row) = &row {
            let target = self.name_at(Gc::as_ptr(row).cast::<u8>().addr());
            self.mirror.borrow_mut().unlink(name, target);
        }
        drop((taken, row));
    }

    fn act(&self, act: &Act, this: Option<&Link>) {
        match act {
            Act::New { kind, armed, other_heap, script } => {
                let (name, object) = self.allocate(*kind, *armed, usize::from(*other_heap), script);
                self.take_in_hand(name, object);
            }
            Act::Ring { kinds, script, weak, kept } => self.allocate_ring(kinds, script, weak.as_deref(), *kept),
            Act::NewRow(hands) => self.allocate_row(hands),
            Act::Drop(hand) => drop(self.out_of_hand(*hand)),
            Act::Clone(hand) => {
                if let Some((name, object)) = self.in_hand(*hand) {
                    self.take_in_hand(name, object);
                }
            }
            Act::Link(..) | Act::MoveIn(..) | Act::MoveOut(..) | Act::MoveOver(..) => self.act_on_edges(act),
            Act::Close(hand, number) => self.close(*hand, *number),
            Act::Cut(hand) => {
                if let Some((name, object)) = self.in_hand(*hand) {
                    self.cut(name, &*object);
                }
            }
            Act::KeepThis => {
                if let Some(this) = this {
                    self.take_in_hand(self.name(this), this.clone());
                }
            }
            Act::LinkThis(hand, out) => self.link_this(*hand, *out, this),
            Act::Weak { hand, callback } => self.downgrade(*hand, callback.as_ref()),
            Act::WeakThis(script) => {
                if let Some(this) = this {
                    self.downgrade_this(this, script.as_deref());
                }
            }
            Act::WeakRef { hand, callback } => self.allocate_weak(*hand, callback.as_deref()),
            Act::DropWeak(weak) => self.drop_weak(*weak),
            Act::Upgrade(weak) => self.upgrade(*weak),
            Act::Find(number) => self.find(*number),
            Act::Collect { generation: number, other_heap } => {
                self.heaps[usize::from(*other_heap)].collect_generation(generation(*number));
            }
            Act::Step { slices, objects, other_heap } => {
                let heap = &self.heaps[usize::from(*other_heap)];
                for _ in 0..*slices {
                    heap.step(Budget::Objects(*objects));
                }
            }
            Act::CollectBorrowed(hand) => {
                if let Some((_, object)) = self.in_hand(*hand)
                    && let Some(vector) = object.vector()
                {
                    vector.while_borrowed(|| self.heaps[0].collect());
                }
            }
            Act::Unwrap(hand) => self.unwrap(*hand),
            Act::DropValue(number) => self.drop_value(*number),
            Act::TakeGarbage(number) => self.take_garbage(*number),
            Act::ClearGarbage => self.heaps.iter().for_each(|heap| heap.garbage().clear()),
            Act::Panic => {}
            _ => self.set(act),
        }
    }

    fn set(&self, act: &Act) {
        let heap = &self.heaps[0];
        match act {
            Act::Freeze => {
                heap.freeze();
                self.frozen.set(true);
            }
            Act::Unfreeze => {
                heap.unfreeze();
                self.frozen.set(false);
            }
            Act::SaveAll(on) => heap.set_debug(if *on { DebugFlags::SAVE_ALL } else { DebugFlags::empty() }),
            Act::Thresholds(first) => heap.set_thresholds([*first, 1, 1]),
            Act::Pause(true) => self.pauses.borrow_mut().push(heap.pause()),
            Act::Pause(false) => drop(self.pauses.borrow_mut().pop()),
            Act::Pace(budget) => heap.set_pace(match budget {
                Some(budget) => Pace::Incremental { budget: Duration::from_nanos(*budget) },
                None => Pace::StopTheWorld,
            }),
            Act::Detector(linear) => self.heaps.iter().for_each(|heap| heap.force_detector(*linear)),
            _ => unreachable!("see act"),
        }
    }

    fn act_on_edges(&self, act: &Act) {
        let put_in_hand = |hand: usize, value: (Name, Link)| {
            let mut value = Some(value);
            self.with_hand(hand, |name, object| {
                value = self.put(name, object, value.take().expect("there is a value")).err();
                Some(())
            });
            value
        };
        let refused = match *act {
            Act::Link(from, to) => {
                let refused = self.in_hand(to).and_then(|value| put_in_hand(from, value));
                return drop(refused);
            }
            Act::MoveIn(from, to) => self.out_of_hand(to).and_then(|value| put_in_hand(from, value)),
            Act::MoveOut(from, number) => self.with_hand(from, |name, object| self.take(name, object, number)),
            Act::MoveOver(from, number, to) => {
                let value = self.with_hand(from, |name, object| self.take(name, object, number));
                value.and_then(|value| put_in_hand(to, value))
            }
            _ => unreachable!("see act"),
        };
        if let Some((name, object)) = refused {
            self.take_in_hand(name, object);
        }
    }

    /// The object that is pointed to is looked up by a clone, which is dropped: it alone loses a
    /// pointer.
    fn close(&self, hand: usize, number: usize) {
        let child = self.with_hand(hand, |name, object| {
            let (target, link) = self.take(name, object, number)?;
            let child = (target, link.clone());
            let refused = self.put(name, object, (target, link));
            refused.is_ok().then_some(child)
        });
        let Some((name, child)) = child else { return };
        let Some(parent) = self.out_of_hand(hand) else { return };
        if let Err((name, parent)) = self.put(name, &*child, parent) {
            self.take_in_hand(name, parent);
        }
    }

    fn link_this(&self, hand: usize, out: bool, this: Option<&Link>) {
        let (Some(this), Some((name, object))) = (this, self.in_hand(hand)) else { return };
        let own = self.name(this);
        let refused = match out {
            true => self.put(own, &**this, (name, object)),
            false => self.put(name, &*object, (own, this.clone())),
        };
        drop(refused);
    }
}
