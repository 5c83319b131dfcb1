//! Rows of CPython's `test_gc` about the end of the process, which is here the end of
//! the heap's last handle. A test has its row's name.

mod common;

use common::*;
use gc_core::{DebugFlags, Gc, Unraisable, UnraisableKind};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

type Reports = Rc<RefCell<Vec<Unraisable>>>;

/// What is reported and logged when a heap ends with uncollectable objects: `first`
/// on a loop, `second` only reached from it.
fn end_with_uncollectable(flags: DebugFlags) -> (Vec<Unraisable>, Vec<String>) {
    let world = World::legacy();
    let (reports, lines) = (Reports::default(), Log::default());
    let (report, line) = (reports.clone(), lines.clone());
    world.heap.on_unraisable(move |event| report.borrow_mut().push(event.clone()));
    world.heap.set_log(move |text| line.borrow_mut().push(text.into()));

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
    let (reports, lines) = end_with_uncollectable(DebugFlags::NONE);
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
