use gc_core::*;
use std::cell::RefCell;
use std::rc::Rc;

#[derive(Trace)]
struct Node {
    name: String,
    next: Slot<Node>,
    peers: RefCell<Vec<Gc<Node>>>,
}
fn node(h: &Heap, n: &str) -> Gc<Node> {
    h.alloc(Node { name: n.into(), next: Slot::empty(), peers: RefCell::default() })
}

#[test]
fn cycle() {
    let h = Heap::new();
    let a = node(&h, "a");
    let b = node(&h, "b");
    a.next.set(Some(b.clone()));
    b.peers.borrow_mut().push(a.clone());
    assert_eq!(h.collect(), 0);
    assert_eq!(a.name, "a");
    drop((a, b));
    assert_eq!(h.collect(), 2);
    assert_eq!(h.collect(), 0);
    assert_eq!(h.objects(None).len(), 0);
}
#[derive(Trace)]
struct L {
    next: Option<Gc<L>>,
}
#[test]
fn long_list() {
    std::thread::Builder::new()
        .stack_size(256 << 10)
        .spawn(|| {
            let h = Heap::new();
            let mut head = h.alloc(L { next: None });
            for _ in 0..1_000_000 {
                head = h.alloc(L { next: Some(head) });
            }
            drop(head);
        })
        .unwrap()
        .join()
        .unwrap();
}
#[derive(Trace)]
struct R {
    next: Slot<R>,
}
#[test]
fn ring() {
    let h = Heap::new();
    let first = h.alloc(R { next: Slot::empty() });
    let mut head = first.clone();
    for _ in 0..1_000_000 {
        head = h.alloc(R { next: Slot::new(Some(head)) });
    }
    first.next.set(Some(head));
    drop(first);
    assert_eq!(h.collect(), 1_000_001);
}
#[derive(Trace)]
#[trace(finalize)]
struct F {
    log: Rc<RefCell<Vec<String>>>,
    name: &'static str,
    f: Slot<F>,
}
impl Finalize for F {
    fn finalize(this: &Gc<F>) {
        this.log.borrow_mut().push(this.name.into());
    }
}
#[test]
fn fin() {
    for policy in [FinalizerPolicy::Legacy, FinalizerPolicy::Pep442] {
        let log: Rc<RefCell<Vec<String>>> = Rc::default();
        let h = Heap::builder().policy(policy).build();
        let mk = |n| h.alloc(F { log: log.clone(), name: n, f: Slot::empty() });
        let (a, b) = (mk("a"), mk("b"));
        a.f.set(Some(b.clone()));
        b.f.set(Some(a.clone()));
        drop((a, b));
        assert_eq!(h.collect(), 2);
        match policy {
            FinalizerPolicy::Legacy => {
                assert_eq!(h.garbage().len(), 2);
                assert!(log.borrow().is_empty());
                h.garbage().get(0).unwrap().downcast::<F>().unwrap().f.take();
                h.garbage().clear();
                assert_eq!(*log.borrow(), ["b", "a"]);
            }
            FinalizerPolicy::Pep442 => {
                assert_eq!(*log.borrow(), ["a", "b"]);
            }
        }
        assert_eq!(h.objects(None).len(), 0);
    }
}
