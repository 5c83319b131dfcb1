//! How a language runtime embeds the heap: a small stack machine with lists,
//! closures and objects, in which every value of the language lives on the heap.
//!
//! Its program makes an object and a closure that hold each other, forgets them, and
//! lets the collector find the cycle. The host's variables (operand stack, globals)
//! need no registration: what they hold is simply counted.

use gc_core::{Finalize, Gc, Heap, List, ReleaseAfter, Slot, Trace};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

// ANCHOR: values
/// A value of the language: small ones directly, the others by pointer.
#[derive(Clone, Trace)]
enum Value {
    Nil,
    Number(f64),
    Text(Gc<str>),
    List(Gc<Array>),
    Closure(Gc<Closure>),
    Object(Gc<Object>),
}

/// A growable list of boxed values.
#[derive(Trace, Default)]
struct Array {
    items: List<Value>,
}

/// A function with the variables it closed over.
#[derive(Trace)]
struct Closure {
    code: &'static [Op],
    captured: Slot<Environment>,
}

/// The variables of a scope.
#[derive(Trace, Default)]
struct Environment {
    variables: RefCell<BTreeMap<&'static str, Value>>,
}

/// An object with named fields; its death is announced by a finalizer.
#[derive(Trace)]
#[trace(finalize)]
struct Object {
    class: &'static str,
    fields: RefCell<BTreeMap<&'static str, Value>>,
}

impl Finalize for Object {
    fn finalize(this: &Gc<Self>) {
        println!("  finalizer: a {} dies, fields {:?}", this.class, this.fields.borrow().keys());
    }
}

// ANCHOR_END: values

/// The instructions.
#[derive(Clone, Copy)]
enum Op {
    Push(f64),
    Text(&'static str),
    Nil,
    Add,
    /// Pops that many values into a list.
    MakeList(usize),
    MakeObject(&'static str),
    /// Pops a value, stores it in the field of the object below, leaves the object.
    SetField(&'static str),
    GetField(&'static str),
    Store(&'static str),
    Load(&'static str),
    /// Pushes a function that sees the variables of this scope.
    MakeClosure(&'static [Op]),
    Call,
    Print,
}

struct Machine {
    heap: Heap,
    stack: Vec<Value>,
}

impl Machine {
    fn run(&mut self, code: &'static [Op], scope: &Gc<Environment>) {
        for op in code {
            self.step(*op, scope);
        }
    }

    fn step(&mut self, op: Op, scope: &Gc<Environment>) {
        match op {
            Op::Push(number) => self.stack.push(Value::Number(number)),
            Op::Text(text) => self.stack.push(Value::Text(self.heap.alloc_str(text))),
            Op::Nil => self.stack.push(Value::Nil),
            Op::Add => {
                let (b, a) = (self.number(), self.number());
                self.stack.push(Value::Number(a + b));
            }
            Op::MakeList(length) => self.make_list(length),
            Op::MakeObject(class) => {
                let object = self.heap.alloc(Object { class, fields: RefCell::default() });
                self.stack.push(Value::Object(object));
            }
            // ANCHOR: change
            Op::SetField(name) => {
                let value = self.pop();
                if let Some(Value::Object(object)) = self.stack.last() {
                    object.fields.put(name, value);
                }
            }
            Op::GetField(name) => {
                let Value::Object(object) = self.pop() else { panic!("not an object") };
                let value = object.fields.borrow().get(name).cloned();
                self.stack.push(value.unwrap_or(Value::Nil));
            }
            Op::Store(name) => {
                let value = self.pop();
                scope.variables.put(name, value);
            }
            // ANCHOR_END: change
            Op::Load(name) => {
                let value = scope.variables.borrow().get(name).cloned();
                self.stack.push(value.unwrap_or(Value::Nil));
            }
            Op::MakeClosure(code) => {
                let captured = Slot::new(Some(scope.clone()));
                self.stack.push(Value::Closure(self.heap.alloc(Closure { code, captured })));
            }
            Op::Call => {
                let Value::Closure(closure) = self.pop() else { panic!("not a function") };
                let scope = closure.captured.get().expect("a closure has a scope");
                self.run(closure.code, &scope);
            }
            Op::Print => println!("  {}", self.pop()),
        }
    }

    fn make_list(&mut self, length: usize) {
        let values = self.stack.split_off(self.stack.len() - length);
        let items = values.into_iter().map(|value| self.heap.alloc(value)).collect();
        self.stack.push(Value::List(self.heap.alloc(Array { items })));
    }

    fn pop(&mut self) -> Value {
        self.stack.pop().expect("the stack is not empty")
    }

    fn number(&mut self) -> f64 {
        if let Value::Number(number) = self.pop() { number } else { panic!("not a number") }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Nil => f.write_str("nil"),
            Value::Number(number) => number.fmt(f),
            Value::Text(text) => text.fmt(f),
            Value::List(array) => {
                let items: Vec<String> = array.items.to_vec().iter().map(|item| item.to_string()).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Value::Closure(_) => f.write_str("<function>"),
            Value::Object(object) => write!(f, "<{}>", object.class),
        }
    }
}

/// `n = 40; counter = Counter(); counter.step = fn() { n = n + 1; print n }; ...`
const PROGRAM: &[Op] = &[
    Op::Push(40.0),
    Op::Store("n"),
    Op::MakeObject("Counter"),
    Op::MakeClosure(&[Op::Load("n"), Op::Push(1.0), Op::Add, Op::Store("n"), Op::Load("n"), Op::Print]),
    Op::SetField("step"),
    Op::Store("counter"),
    Op::Load("counter"),
    Op::GetField("step"),
    Op::Call,
    Op::Text("lists:"),
    Op::Push(1.0),
    Op::Nil,
    Op::MakeList(2),
    Op::MakeList(2),
    Op::Print,
];

fn main() {
    let heap = Heap::new();
    let scope = heap.alloc(Environment::default());
    println!("running:");
    Machine { heap: heap.clone(), stack: Vec::new() }.run(PROGRAM, &scope);
    println!("alive: {} tracked objects", heap.objects(None).len());
    // scope -> counter -> closure -> scope: counting alone cannot free it.
    drop(scope);
    println!("after the last variable went: {}, collecting:", heap.objects(None).len());
    let found = heap.collect();
    println!("{found} were garbage, {} are left", heap.objects(None).len());
    assert_eq!(heap.objects(None).len(), 0);
}
