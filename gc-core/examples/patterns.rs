//! Patterns that embedders ask for: finalizers that need the interpreter, native functions,
//! trait objects, keys by value and by identity, tasks that wait.

use gc_core::{ByAddress, DynTrace, Finalize, FinalizerPolicy, Gc, Heap, Slot, Trace, WeakHeap, gc_cast, trace_object};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

// ANCHOR: queue
/// An object whose destructor is a function of the language: it needs the interpreter.
#[derive(Trace)]
#[trace(finalize)]
struct Instance {
    name: &'static str,
    peer: Slot<Instance>,
    /// The destructor was asked for, once.
    is_dying: Cell<bool>,
    #[trace(skip)] // holds objects of the heap only while they wait
    dying: Dying,
}

/// Objects whose destructors wait for the interpreter.
type Dying = Rc<RefCell<VecDeque<Gc<Instance>>>>;

impl Finalize for Instance {
    /// Only the first death has a finalizer. Without this the object would be queued again
    /// at each death under `Legacy`, which runs finalizers every time, and never go.
    fn armed(&self) -> bool {
        !self.is_dying.get()
    }

    fn finalize(this: &Gc<Instance>) {
        this.is_dying.set(true);
        this.dying.borrow_mut().push_back(this.clone());
    }
}

struct Interpreter {
    heap: Heap,
    dying: Dying,
    log: Vec<String>,
}

impl Interpreter {
    /// A safe point of the interpreter's loop: destructors run with all of it at hand.
    fn run_destructors(&mut self) {
        // What Legacy cannot order lies in the garbage list: the language decides.
        for entry in self.heap.garbage().to_vec() {
            if let Some(instance) = entry.downcast::<Instance>() {
                Instance::finalize(&instance);
            }
        }
        self.heap.garbage().clear();
        loop {
            let next = self.dying.borrow_mut().pop_front();
            let Some(instance) = next else { return };
            self.log.push(format!("{} is destroyed", instance.name));
            // It dies here, by its count or with the next collection, without a finalizer.
        }
    }
}
// ANCHOR_END: queue

fn destructors_that_need_the_interpreter(policy: FinalizerPolicy) {
    let heap = Heap::builder().policy(policy).build().expect("no limits");
    let dying = Dying::default();
    let mut interpreter = Interpreter { heap: heap.clone(), dying: dying.clone(), log: Vec::new() };
    let instance = |name| {
        let (is_dying, dying) = (Cell::new(false), dying.clone());
        heap.alloc(Instance { name, peer: Slot::empty(), is_dying, dying })
    };
    drop(instance("alone"));
    let (one, other) = (instance("one"), instance("other"));
    one.peer.set(Some(other.clone()));
    other.peer.set(Some(one.clone()));
    drop((one, other));
    heap.collect();
    interpreter.run_destructors();
    heap.collect();
    interpreter.run_destructors();
    assert_eq!(interpreter.log, ["alone is destroyed", "one is destroyed", "other is destroyed"]);
    assert!(heap.objects(None).is_empty() && heap.garbage().is_empty());
}

// ANCHOR: native
/// A value of a language with functions of the host.
#[derive(Clone, Trace)]
enum Value {
    Number(f64),
    Text(Gc<str>),
    /// A function pointer with references in its signature is not `Trace`; it holds nothing.
    Native(#[trace(skip)] fn(&mut Vec<String>, &[Value]) -> Value),
}
// ANCHOR_END: native

fn native_functions() {
    let heap = Heap::new();
    let print = Value::Native(|out, arguments| {
        let Some(Value::Text(text)) = arguments.first() else { return Value::Number(0.0) };
        out.push(text.to_string());
        Value::Number(text.len() as f64)
    });
    let (mut out, arguments) = (Vec::new(), [Value::Text(heap.alloc_str("hello"))]);
    let Value::Native(function) = print.clone() else { unreachable!("it is one") };
    assert!(matches!(function(&mut out, &arguments), Value::Number(5.0)));
    assert_eq!(out, ["hello"]);
}

// ANCHOR: objects
/// What widgets have in common. `DynTrace` lets the heap look through `dyn Widget`.
trait Widget: DynTrace {
    fn name(&self) -> String;
}
trace_object!(dyn Widget);

#[derive(Trace)]
struct Label(String);

#[derive(Trace)]
struct Panel {
    parts: RefCell<Vec<Gc<dyn Widget>>>,
    decoration: Box<dyn Widget>,
}

impl Widget for Label {
    fn name(&self) -> String {
        self.0.clone()
    }
}

impl Widget for Panel {
    fn name(&self) -> String {
        let parts: Vec<String> = self.parts.borrow().iter().map(|part| part.name()).collect();
        format!("{}({})", self.decoration.name(), parts.join(", "))
    }
}
// ANCHOR_END: objects

fn trait_objects() {
    let heap = Heap::new();
    let panel = heap.alloc(Panel { parts: RefCell::default(), decoration: Box::new(Label("panel".into())) });
    let label: Gc<dyn Widget> = gc_cast!(heap.alloc(Label("label".into())) => dyn Widget);
    panel.parts.borrow_mut().push(label);
    assert_eq!(panel.name(), "panel(label)");
    // A panel in itself: found through the trait object.
    panel.parts.borrow_mut().push(gc_cast!(panel.clone() => dyn Widget));
    drop(panel);
    assert_eq!(heap.collect(), 1);
}

fn keys() {
    // ANCHOR: keys
    let heap = Heap::new();
    let (one, same) = (heap.alloc_str("key"), heap.alloc_str("key"));

    // By value: two strings of one text are one key, and a `&str` finds it.
    let mut by_value: HashMap<Gc<str>, u32> = HashMap::new();
    by_value.insert(one.clone(), 1);
    by_value.insert(same.clone(), 2);
    assert_eq!((by_value.len(), by_value.get("key")), (1, Some(&2)));

    // By identity: each object is a key of its own.
    let mut by_identity: HashMap<ByAddress<Gc<str>>, u32> = HashMap::new();
    by_identity.insert(ByAddress(one), 1);
    by_identity.insert(ByAddress(same), 2);
    assert_eq!(by_identity.len(), 2);
    // ANCHOR_END: keys
}

// ANCHOR: tasks
/// A task that holds an object while it waits. A `Gc` is not `Send`: such tasks stay on the
/// thread of their heap (tokio's `LocalSet` and `spawn_local`, or an executor as below).
async fn count_up(counter: Gc<Cell<u32>>, home: WeakHeap) -> Gc<str> {
    for _ in 0..3 {
        counter.set(counter.get() + 1);
        once().await; // other tasks run, the heap may collect
    }
    let heap = home.upgrade().expect("the counter keeps it");
    heap.alloc_str(&format!("counted to {}", counter.get()))
}
// ANCHOR_END: tasks

/// Ready at the second look.
fn once() -> impl Future<Output = ()> {
    let mut was_asked = false;
    std::future::poll_fn(move |context: &mut Context<'_>| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut was_asked, true) { Poll::Ready(()) } else { Poll::Pending }
    })
}

fn tasks() {
    let heap = Heap::new();
    let counter = heap.alloc(Cell::new(0));
    type Task = Pin<Box<dyn Future<Output = Gc<str>>>>;
    let task = || Box::pin(count_up(counter.clone(), heap.downgrade())) as Task;
    let mut tasks: VecDeque<Task> = [task(), task()].into();
    let mut results = Vec::new();
    while let Some(mut task) = tasks.pop_front() {
        match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(text) => results.push(text.to_string()),
            Poll::Pending => tasks.push_back(task),
        }
        heap.collect();
    }
    assert_eq!(results, ["counted to 6", "counted to 6"]);
}

pub fn main() {
    for policy in [FinalizerPolicy::Legacy, FinalizerPolicy::Pep442] {
        destructors_that_need_the_interpreter(policy);
    }
    native_functions();
    trait_objects();
    keys();
    tasks();
}
