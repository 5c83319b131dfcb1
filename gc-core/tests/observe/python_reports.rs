//! Rows of CPython's `GCCallbackTests`, and those of `test_gc` about the end of the
//! process, which is here the end of the heap's last handle. A test has its row's name.

use crate::support::*;
use gc_core::hooks::{Phase, Unraisable, UnraisableKind};
use gc_core::{DebugFlags, Gc, Generation, Heap};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

/// Which callback was called when, and with what.
type Visits = Rc<RefCell<Vec<(u8, Phase, Told)>>>;

/// Generation, collected, uncollectable.
type Told = (Generation, usize, usize);

fn visited_by(heap: &Heap, callback: u8) -> Visits {
    let visits = Visits::default();
    add_visitor(heap, callback, &visits);
    visits
}

fn add_visitor(heap: &Heap, callback: u8, visits: &Visits) {
    let visits = visits.clone();
    heap.on_collection(move |_, phase, info| {
        visits.borrow_mut().push((callback, phase, (info.generation, info.collected, info.uncollectable)))
    });
}

fn info(generation: u8, collected: usize, uncollectable: usize) -> Told {
    (Generation::try_from(generation).unwrap(), collected, uncollectable)
}

/// Each callback is called once at the start and once at the stop, in the order they
/// were added, with the three values. One that was removed is not called any more.
#[test]
fn test_collect() {
    for world in World::both() {
        let visits = visited_by(&world.heap, 1);
        add_visitor(&world.heap, 2, &visits);
        let third = world.heap.on_collection(|_, _, _| panic!("removed before"));
        assert!(world.heap.remove_hook(third));
        assert!(!world.heap.remove_hook(third));
        world.heap.collect();
        let calls = [(1, Phase::Start), (2, Phase::Start), (1, Phase::Stop), (2, Phase::Stop)];
        assert_eq!(visits.take(), calls.map(|(callback, phase)| (callback, phase, info(2, 0, 0))));
    }
}

/// The generation that callbacks are told is the one that was asked for.
#[test]
fn test_collect_generation() {
    for world in World::both() {
        let visits = visited_by(&world.heap, 1);
        for generation in [Generation::Two, Generation::Zero, Generation::One] {
            world.heap.collect_generation(generation);
            let told: Vec<Generation> = visits.take().iter().map(|visit| visit.2.0).collect();
            assert_eq!(told, [generation; 2]);
        }
    }
}

/// Two objects with finalizers that are each other's partner.
fn uncollectable(world: &World) {
    drop(world.ring(&[("one", Fin::Log), ("two", Fin::Log)]));
}

/// Collected 1 and uncollectable 4; then 0 and 2 because one pair is held, and a
/// callback cleans `garbage`.
#[test]
fn test_collect_garbage() {
    let world = World::legacy();
    let visits = visited_by(&world.heap, 1);
    let cleaning = Rc::new(Cell::new(false));
    let (heap, cleans) = (world.heap.clone(), cleaning.clone());
    let cleaner = world.heap.on_collection(move |_, phase, _| {
        if phase == Phase::Stop && cleans.get() {
            while let Some(entry) = heap.garbage().pop() {
                entry.downcast::<Node>().unwrap().next.take();
            }
        }
    });
    uncollectable(&world);
    uncollectable(&world);
    drop(world.plain_loop());
    assert_eq!(world.heap.collect(), 5);
    assert_eq!(visits.take(), [(1, Phase::Start, info(2, 0, 0)), (1, Phase::Stop, info(2, 1, 4))]);
    assert_eq!(world.garbage_names(), ["one", "two", "one", "two"]);

    cleaning.set(true);
    let held = world.heap.garbage().get(3).unwrap();
    world.heap.garbage().clear();
    assert!(world.taken().is_empty());
    assert_eq!(world.heap.collect(), 2);
    assert_eq!(visits.take(), [(1, Phase::Start, info(2, 0, 0)), (1, Phase::Stop, info(2, 0, 2))]);
    assert_eq!(world.heap.garbage().len(), 0);
    // "two" is cut while the list holds "one"; then "one" lets it go and follows.
    assert_eq!(world.taken(), ["del two", "del one"]);
    assert_eq!(world.alive(), 2);

    held.downcast::<Node>().unwrap().next.take();
    drop(held);
    assert_eq!(world.taken(), ["del one", "del two"]);
    assert_eq!(world.alive(), 0);
    assert!(world.heap.remove_hook(cleaner));
}

/// A callback that panics is reported; the others are called, the collection goes on.
#[test]
fn test_collect_with_a_callback_that_panics() {
    for world in World::both() {
        let reports = Rc::new(RefCell::new(Vec::new()));
        let sink = reports.clone();
        world.heap.on_unraisable(move |_, event| sink.borrow_mut().push(event.message.clone()));
        world.heap.on_collection(|_, phase, _| panic!("{phase:?}"));
        let visits = visited_by(&world.heap, 2);
        let object = world.plain_loop();
        let weak = Gc::downgrade(&object);
        drop(object);
        assert_eq!(world.heap.collect(), 1);
        assert!(weak.upgrade().is_none());
        assert_eq!(reports.take(), ["Start", "Stop"]);
        assert_eq!(visits.take().len(), 2);
    }
}

type Reports = Rc<RefCell<Vec<Unraisable>>>;

/// What is reported and logged when a heap ends with uncollectable objects: `first`
/// on a loop, `second` only reached from it.
fn end_with_uncollectable(flags: DebugFlags) -> (Vec<Unraisable>, Vec<String>) {
    let world = World::legacy();
    let (reports, lines) = (Reports::default(), Log::default());
    let (report, line) = (reports.clone(), lines.clone());
    world.heap.on_unraisable(move |_, event| report.borrow_mut().push(event.clone()));
    world.heap.on_log(move |_, text| line.borrow_mut().push(text.into()));

    let x = world.self_loop("first", Fin::Log);
    x.other.set(Some(world.node("second", Fin::Log)));
    let addresses = [x.clone(), x.other.get().unwrap()].map(|node| format!("{:#x}>", Gc::as_any(&node).address()));
    drop(x);
    world.heap.set_debug(flags);
    let World { heap, log, .. } = world;
    drop(heap);
    assert!(log.borrow().is_empty(), "uncollectable objects are never finalized");
    let lines = lines.take();
    let named = |line: String| match addresses.iter().position(|address| line.ends_with(address)) {
        Some(at) => format!("{} {}", line.rsplit_once(" 0x").unwrap().0, ["first", "second"][at]),
        None => line,
    };
    (reports.take(), lines.into_iter().map(named).collect())
}

/// "2 uncollectable objects at shutdown"; with `UNCOLLECTABLE` the list as well; with
/// `SAVE_ALL` nothing.
#[test]
fn test_garbage_at_shutdown() {
    let (reports, lines) = end_with_uncollectable(DebugFlags::empty());
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].kind, UnraisableKind::UncollectableAtExit);
    assert_eq!(reports[0].message, "2 uncollectable objects at shutdown");
    assert!(lines.is_empty());

    let (reports, lines) = end_with_uncollectable(DebugFlags::UNCOLLECTABLE);
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].message, "2 uncollectable objects at shutdown");
    let expected = [
        "gc: uncollectable <Node first",
        "gc: uncollectable <Node second",
        "gc: uncollectable at shutdown <Node first",
        "gc: uncollectable at shutdown <Node second",
    ];
    assert_eq!(lines, expected);

    let (reports, lines) = end_with_uncollectable(DebugFlags::SAVE_ALL);
    assert!(reports.is_empty() && lines.is_empty());
}

/// A cyclic list that holds an object with a finalizer, which is on no cycle itself.
fn cyclic_list(world: &World) -> Gc<Plain> {
    let list = world.plain_loop();
    list.any.borrow_mut().push(world.node("C", Fin::Log).into());
    list
}

/// A global cycle with a finalizer hanging off it is finalized at exit.
#[test]
fn test_gc_main_module_at_shutdown() {
    let World { heap, log, survivors } = World::pep442();
    let world = World { heap, log: log.clone(), survivors };
    let global = cyclic_list(&world);
    drop(global);
    assert!(log.borrow().is_empty());
    drop(world);
    assert_eq!(*log.borrow(), ["del C"]);
}

/// The same where the global stands in a module that is itself an object on a cycle.
#[test]
fn test_gc_ordinary_module_at_shutdown() {
    let world = World::pep442();
    let log = world.log.clone();
    let module = world.plain();
    module.any.borrow_mut().push(cyclic_list(&world).into());
    module.any.borrow_mut().push(Gc::as_any(&module));
    let modules = vec![module];
    let second_handle = world.heap.clone();
    drop((modules, world));
    assert!(log.borrow().is_empty(), "a handle is left");
    drop(second_handle);
    assert_eq!(*log.borrow(), ["del C"]);
}

/// The same when the program ends by unwinding.
#[test]
#[expect(non_snake_case, reason = "the row's name")]
fn test_global_del_SystemExit() {
    struct SystemExit;
    let log = Log::default();
    let kept = log.clone();
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let world = World { log: kept, ..World::pep442() };
        let _global = world.self_loop("a", Fin::Log);
        let _local = world.node("b", Fin::Log);
        resume_unwind(Box::new(SystemExit));
    }));
    assert!(ended.is_err_and(|exit| exit.is::<SystemExit>()));
    assert_eq!(*log.borrow(), ["del b", "del a"]);
}
