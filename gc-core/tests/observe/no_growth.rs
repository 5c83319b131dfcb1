//! `assert_no_growth!`: nothing may be left behind, and what is left is named.

use gc_core::observe::GaugeKind;
use gc_core::{Finalize, FinalizerPolicy, Gc, Heap, List, Slot, Trace, assert_no_growth};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

#[derive(Trace, Default)]
struct Server {
    sessions: List<Session>,
    log: RefCell<Vec<u64>>,
    text: RefCell<String>,
    #[trace(skip)]
    external: RefCell<Option<gc_core::ExternalBytes>>,
}

#[derive(Trace, Default)]
struct Session {
    name: String,
    next: Slot<Session>,
}

/// Runs the work with its number, and gives the text of the panic.
fn text_of(work: impl Fn(&Heap, &Server, usize)) -> Option<String> {
    let heap = Heap::new();
    let server = heap.alloc(Server::default());
    let run = Cell::new(0);
    let result = catch_unwind(AssertUnwindSafe(|| {
        assert_no_growth!(heap, {
            work(&heap, &server, run.replace(run.get() + 1));
        });
    }));
    result.err().map(|panic| *panic.downcast::<String>().unwrap())
}

fn is_left(lines: &[&str], work: impl Fn(&Heap, &Server, usize)) {
    let text = text_of(work).expect("it leaves something behind");
    for line in lines {
        assert!(text.contains(line), "{line} in {text}");
    }
}

fn session(heap: &Heap) -> Gc<Session> {
    heap.alloc(Session::default())
}

#[test]
fn each_object_that_stays_is_found_and_its_holder_named() {
    let held = "held by `sessions[…]` of Server @5";
    is_left(&["objects of Session", held], |heap, server, _| server.sessions.push(session(heap)));
    is_left(&["+10 objects of Session", held], |heap, server, run| {
        if run % 5 == 4 {
            server.sessions.push(session(heap));
        }
    });
    is_left(&["+50 objects of Session", held], |heap, server, run| {
        if run == 9 {
            (0..50).for_each(|_| server.sessions.push(session(heap)));
        }
    });
    is_left(&["+1 objects of Session", held], |heap, server, run| {
        if run == 17 {
            server.sessions.push(session(heap));
        }
    });
    // Behind another new one.
    is_left(&["+96 objects of Session", held], |heap, server, _| {
        let one = session(heap);
        one.next.set(Some(session(heap)));
        server.sessions.push(one);
    });
    is_left(&["+48 objects of Session, held from outside of the heap"], |heap, _, _| {
        std::mem::forget(session(heap));
    });
}

#[test]
fn bytes_that_a_value_owns_are_found_and_the_field_named() {
    is_left(&["bytes owned by Server, most in `log` of @5"], |_, server, _| {
        server.log.borrow_mut().extend([0; 100]);
    });
    is_left(&["bytes owned by Server, most in `text` of @5"], |_, server, _| {
        server.text.borrow_mut().push_str("24 bytes of text, always");
    });
    is_left(&["bytes owned by Server, most in `text`"], |_, server, _| server.text.borrow_mut().push('x'));
}

#[test]
fn what_is_declared_or_uncollectable_or_queued_is_found() {
    is_left(&["declared external bytes"], |heap, server, run| {
        *server.external.borrow_mut() = Some(heap.external_bytes(100 * run));
    });
    let heap = Heap::new();
    let queued = Rc::new(Cell::new(0));
    let shown = queued.clone();
    heap.gauge("jobs", GaugeKind::Backlog, move || shown.get());
    let left = heap.leftovers(0, 5, || queued.set(queued.get() + 1));
    assert!(left.to_string().contains("+15 in the gauge jobs"), "{left}");

    #[derive(Trace)]
    #[trace(finalize)]
    struct Final(Slot<Final>);
    impl Finalize for Final {
        fn finalize(_: &Gc<Final>) {}
    }
    let heap = Heap::builder().policy(FinalizerPolicy::Legacy).build().unwrap();
    let left = heap.leftovers(1, 4, || {
        let object = heap.alloc(Final(Slot::empty()));
        object.0.set(Some(object.clone()));
    });
    assert!(left.to_string().contains("+12 objects in the garbage list"), "{left}");
}

#[test]
fn noise_is_no_growth() {
    // What comes and goes.
    let passes = |work: fn(&Heap, &Server, usize)| assert_eq!(text_of(work), None);
    passes(|heap, server, run| {
        server.sessions.clear();
        (0..run % 7).for_each(|_| server.sessions.push(session(heap)));
        *server.log.borrow_mut() = vec![0; run % 11];
    });
    // Garbage, and what replaces what there was.
    passes(|heap, server, _| {
        let one = session(heap);
        one.next.set(Some(one.clone()));
        server.sessions.clear();
        server.sessions.push(one);
    });
    // A map whose entries come and go takes its last capacity late.
    let heap = Heap::new();
    let map = heap.alloc(RefCell::new(HashMap::<usize, String>::new()));
    let run = Cell::new(0);
    assert_no_growth!(heap, {
        let run = run.replace(run.get() + 1);
        let mut map = map.borrow_mut();
        map.clear();
        map.extend((0..if run >= 10 { 100 } else { 5 }).map(|key| (key, String::new())));
    });
    // A cache that fills up, given the time.
    let cache = heap.alloc(List::new());
    assert_no_growth!(heap, warm_up = 12, {
        if cache.len() < 10 {
            cache.push(heap.alloc(7u64));
        }
    });
    assert_no_growth!(heap, runs = 3, {});
    assert_no_growth!(heap, warm_up = 0, runs = 3, {});
}
