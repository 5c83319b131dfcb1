//! What closures capture: opaque to the heap, unless it is a traced state.

use crate::support::BOTH;
use gc_core::observe::ProblemKind;
use gc_core::{Gc, Heap, List, Slot, Trace, TracedFn, Weak, WeakRef};
use std::cell::{Cell, RefCell};

#[derive(Trace, Default)]
struct Cache {
    weak: RefCell<Option<Weak<String>>>,
    managed: List<WeakRef<String>>,
    gone: Cell<u32>,
    next: Slot<Cache>,
}

#[test]
fn what_a_weak_callback_captures_is_named_by_the_verifier() {
    let heap = Heap::new();
    let (cache, target) = (heap.alloc(Cache::default()), heap.alloc(String::from("target")));
    let captured = cache.clone();
    let weak = Gc::downgrade_with(&target, move || captured.gone.set(1));
    *cache.weak.borrow_mut() = Some(weak);
    assert_eq!(heap.verify().len(), 1, "while it is held here as well");
    drop(cache);
    assert_eq!(heap.collect(), 0, "it leaks");
    let problems = heap.verify();
    assert_eq!((problems[0].kind, &*problems[0].type_name), (ProblemKind::CapturedPointer, "Cache"));
    let text = problems[0].to_string();
    assert!(text.starts_with("Cache: held by a weak callback's capture (1 objects)"), "{text}");
    let diagnosis =
        gc_core::diagnosis::DiagnosisInput::new(&gc_core::observe::Timeline::new()).problems(&problems).diagnose();
    assert!(diagnosis.to_string().contains("alloc_weak_with_state"), "{diagnosis}");
    // The callback runs and goes.
    drop(target);
    assert_eq!(heap.by_type("Cache").len(), 0);
    assert_eq!(heap.verify(), []);
}

#[test]
fn a_capture_that_does_not_lead_back_is_no_problem() {
    let heap = Heap::new();
    let (log, target) = (heap.alloc(Cell::new(0)), heap.alloc(String::from("target")));
    let captured = log.clone();
    let _weak = Gc::downgrade_with(&target, move || captured.set(1));
    assert_eq!(heap.verify(), []);
    assert!(heap.snapshot().find(&Gc::as_any(&log)).unwrap().is_captured());
    assert!(!heap.snapshot().find(&Gc::as_any(&target)).unwrap().is_captured());
    drop(target);
    assert!(log.get() == 1 && !heap.snapshot().find(&Gc::as_any(&log)).unwrap().is_captured());
}

/// Requests whose weak callback captured the request itself: the diagnosis says what holds them.
#[test]
fn the_diagnosis_names_captures() {
    #[derive(Trace)]
    struct Request {
        watch: RefCell<Option<Gc<WeakRef<Request>>>>,
        body: [u64; 16],
    }
    let heap = Heap::new();
    let mut timeline = gc_core::observe::Timeline::new();
    for _ in 0..40 {
        for _ in 0..20 {
            let _unit = heap.unit_of_work("request");
            let request = heap.alloc(Request { watch: RefCell::default(), body: [0; 16] });
            let captured = request.clone();
            let weak = heap.alloc_weak_with(&request, move |_| assert_eq!(captured.body[0], 0));
            *request.watch.borrow_mut() = Some(weak);
        }
        heap.collect();
        timeline.push(heap.sample());
    }
    let snapshot = heap.snapshot();
    let text = gc_core::diagnosis::DiagnosisInput::new(&timeline).snapshot(&snapshot).diagnose().to_string();
    assert!(text.contains("Request objects are held by a weak callback's capture"), "{text}");
    assert!(text.contains("alloc_weak_with_state"), "{text}");
    assert_eq!(heap.verify()[0].kind, ProblemKind::CapturedPointer);
}

#[test]
fn a_state_is_traced_and_handed_to_the_callback() {
    for policy in BOTH {
        let heap = Heap::builder().policy(policy).build().unwrap();
        let target = heap.alloc(String::from("target"));
        let cache = heap.alloc(Cache::default());
        let watch = |to: &Gc<String>| {
            cache.managed.push(heap.alloc_weak_with_state(to, cache.clone(), |weak, cache| {
                assert!(weak.upgrade().is_none() && !weak.has_callback());
                cache.gone.set(cache.gone.get() + 1);
                cache.managed.clear();
            }));
        };
        watch(&target);
        watch(&target);
        let weak = cache.managed.get(0).unwrap();
        assert_eq!(heap.edges(&weak.into())[0].name, "state");
        drop(target);
        assert_eq!((cache.gone.get(), cache.managed.len()), (2, 0));
        assert_eq!(Gc::strong_count(&cache), 1, "the states are released");
        // A cycle through the state, with the target outside of it, and inside.
        let other = heap.alloc(String::from("other"));
        watch(&other);
        cache.next.set(Some(cache.clone()));
        drop(cache);
        assert_eq!(heap.collect(), 2);
        assert_eq!((heap.objects(None).len(), heap.verify()), (0, vec![]));
        drop(other);
    }
}

#[test]
fn a_state_that_is_the_target_itself() {
    for policy in BOTH {
        let heap = Heap::builder().policy(policy).build().unwrap();
        let cache = heap.alloc(Cache::default());
        let weak = heap.alloc_weak_with_state(&cache, cache.clone(), |_, _| panic!("its state keeps the target"));
        let text = heap.alloc(String::from("x"));
        cache.managed.push(heap.alloc_weak(&text));
        drop(cache);
        assert!(weak.upgrade().is_some());
        drop((weak, text));
        heap.collect();
        assert_eq!((heap.objects(None).len(), heap.verify()), (0, vec![]));
    }
}

#[test]
fn a_panic_of_a_callback_with_state_is_reported() {
    let heap = Heap::builder().on_unraisable(|heap, _| drop(heap.alloc(1))).build().unwrap();
    let (target, state) = (heap.alloc(1u8), heap.alloc(Cell::new(0)));
    let _weak = heap.alloc_weak_with_state(&target, state.clone(), |_, state| {
        state.set(1);
        panic!("in a callback");
    });
    drop(target);
    assert_eq!((state.get(), Gc::strong_count(&state)), (1, 1));
}

#[test]
fn a_traced_function_is_no_leak() {
    #[derive(Trace, Default)]
    struct Object {
        methods: RefCell<Vec<TracedFn<i64, i64>>>,
        base: Cell<i64>,
    }
    let heap = Heap::new();
    let object = heap.alloc(Object::default());
    object.base.set(40);
    let add = TracedFn::new(object.clone(), |object: &Gc<Object>, argument: &mut i64| {
        *argument += 1;
        object.base.get() + *argument
    });
    object.methods.borrow_mut().extend([add, TracedFn::new((), |(), argument| -*argument)]);
    let mut argument = 1;
    let results: Vec<i64> = object.methods.borrow().iter().map(|method| method.call(&mut argument)).collect();
    assert_eq!((results, argument), (vec![42, -2], 2));
    assert_eq!(heap.verify(), []);
    drop(object);
    assert_eq!(heap.collect(), 1);
    // By a trait's argument, which lives shorter.
    let shout: TracedFn<dyn std::fmt::Write> = TracedFn::new("!", |end, out| out.write_str(end).unwrap());
    let mut text = String::from("hey");
    shout.call(&mut text);
    assert_eq!(text, "hey!");
}
