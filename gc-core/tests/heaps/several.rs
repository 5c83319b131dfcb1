//! Several heaps, and their ends. (The memory they take is in `memory.rs`.)

use crate::support::chunks::counted;
use crate::support::node::{Node, looped, node};
use crate::support::{BOTH, log, logged};
use gc_core::hooks::UnraisableKind;
use gc_core::{Finalize, FinalizerPolicy, Gc, Heap, Slot, Trace, WeakRef};
use std::cell::RefCell;

thread_local! {
    static SURVIVORS: RefCell<Vec<Gc<Node>>> = const { RefCell::new(Vec::new()) };
    static KEPT: RefCell<Option<Heap>> = const { RefCell::new(None) };
}

#[derive(Trace)]
#[trace(finalize)]
struct Fin {
    name: &'static str,
    next: Slot<Fin>,
    node: Slot<Node>,
    #[trace(skip)]
    finalizer: fn(&Gc<Fin>),
}

impl Finalize for Fin {
    fn finalize(this: &Gc<Fin>) {
        log(format!("del {}", this.name));
        (this.finalizer)(this);
    }
}

fn fin(heap: &Heap, name: &'static str, finalizer: fn(&Gc<Fin>)) -> Gc<Fin> {
    heap.alloc(Fin { name, next: Slot::empty(), node: Slot::empty(), finalizer })
}

#[test]
fn a_pointer_into_another_heap() {
    for (policy, dropped_first) in BOTH.into_iter().flat_map(|policy| [(policy, 0), (policy, 1)]) {
        let ((one, account1), (two, account2)) = (counted(policy), counted(policy));
        let (from, to) = (node(&one), node(&two));
        from.next.set(Some(to.clone()));
        drop(to);
        assert_eq!((one.collect(), two.collect()), (0, 0), "held by the other heap, which is external");
        assert_eq!(two.objects(None).len(), 1);
        assert_eq!(one.edges(&Gc::as_any(&from)).len(), 1);
        // A collection of `one` frees the object and so the one in `two`.
        from.next.get().unwrap().next.set(Some(node(&two)));
        let mut heaps = vec![one, two];
        drop(heaps.remove(dropped_first));
        assert_eq!(Gc::strong_count(&from.next.get().unwrap()), 2);
        drop(from);
        drop(heaps);
        account1.assert_closed();
        account2.assert_closed();
    }
}

#[test]
fn garbage_that_points_into_another_heap() {
    for policy in BOTH {
        let ((one, account1), (two, account2)) = (counted(policy), counted(policy));
        for linear in [false, true] {
            one.force_detector(Some(linear));
            let (ring, inner) = (looped(&one), node(&one));
            inner.next.set(Some(node(&two)));
            let both = fin(&one, "in one", |_| ());
            both.node.set(Some(inner));
            let weak = Gc::downgrade(&two.objects(None)[0].downcast::<Node>().unwrap());
            drop((ring, both));
            assert_eq!(one.collect(), 1);
            assert!(weak.upgrade().is_none());
            assert_eq!((one.objects(None).len(), two.objects(None).len()), (0, 0));
        }
        // On a cycle, with the edge into the other heap in its middle.
        let (a, b, far) = (fin(&one, "a", |_| ()), fin(&one, "b", |_| ()), fin(&two, "far", |_| log("far away")));
        a.next.set(Some(b.clone()));
        b.next.set(Some(a.clone()));
        a.node.set(Some(node(&two)));
        drop((a, b, far));
        logged();
        assert_eq!(one.collect(), 2);
        if policy == FinalizerPolicy::Legacy {
            one.garbage().get(0).unwrap().downcast::<Fin>().unwrap().next.take();
            one.garbage().clear();
        }
        assert!(two.objects(None).is_empty());
        drop((one, two));
        account1.assert_closed();
        account2.assert_closed();
    }
}

/// A cycle across heaps leaks, whichever heap goes first; broken by hand, it is freed.
#[test]
fn a_cycle_across_heaps() {
    for policy in BOTH {
        for broken in [false, true] {
            let ((one, account1), (two, account2)) = (counted(policy), counted(policy));
            let (a, b) = (node(&one), node(&two));
            a.next.set(Some(b.clone()));
            b.next.set(Some(a.clone()));
            let weak = Gc::downgrade(&a);
            drop((a, b));
            assert_eq!((one.collect(), two.collect(), one.collect()), (0, 0, 0));
            drop(one);
            assert_eq!(two.collect(), 0);
            drop(two);
            let a = weak.upgrade().expect("leaked, not freed");
            assert!(Gc::ptr_eq(&a.next.get().unwrap().next.get().unwrap(), &a));
            if broken {
                a.next.take();
                drop(a);
                assert!(weak.upgrade().is_none());
                account1.assert_closed();
                account2.assert_closed();
            } else {
                drop(a);
                assert_eq!((account1.chunks(), account2.chunks()), (1, 1));
            }
        }
    }
}

/// A chain that changes the heap with each object: its depth is no depth of the stack,
/// however many heaps there are.
#[test]
fn a_chain_across_heaps() {
    for (policy, count) in BOTH.into_iter().flat_map(|policy| [1, 2, 3, 10, 100].map(|count| (policy, count))) {
        let all: Vec<_> = (0..count).map(|_| counted(policy)).collect();
        let mut head = node(&all[0].0);
        for n in 0..100_000 {
            let next = Slot::new(Some(head));
            head = all[n % count].0.alloc(Node { next });
        }
        drop(head);
        for (heap, account) in all {
            assert!(heap.objects(None).is_empty());
            drop(heap);
            account.assert_closed();
        }
    }
}

/// A managed weak reference of one heap to an object of another: its callback runs,
/// and it is not moved by the other heap's collection.
#[test]
fn a_managed_weak_reference_into_another_heap() {
    for policy in BOTH {
        let ((one, account1), (two, account2)) = (counted(policy), counted(policy));
        for by_collection in [false, true] {
            let target = node(&two);
            let weak: Gc<WeakRef<Node>> = one.alloc_weak_with(&target, |this| {
                log(format!("called, alive {}", this.upgrade().is_some()));
            });
            assert_eq!(Gc::as_any(&target).weak_refs(), [Gc::as_any(&weak)]);
            if by_collection {
                target.next.set(Some(target.clone()));
            }
            drop(target);
            assert_eq!(two.collect(), usize::from(by_collection));
            assert_eq!(logged(), ["called, alive false"]);
            assert_eq!(Gc::as_any(&weak).generation().map(|generation| generation as u8), Some(0));
        }
        // The weak reference's heap may go first.
        let target = node(&two);
        let weak = one.alloc_weak_with(&target, |_| log("called"));
        drop(one);
        drop(target);
        assert_eq!(logged(), ["called"]);
        drop(weak);
        account1.assert_closed();
        drop(two);
        account2.assert_closed();
    }
}

#[test]
fn heaps_on_several_threads() {
    let threads: Vec<_> = (0..4u32)
        .map(|seed| {
            std::thread::spawn(move || {
                let (heap, account) = counted(BOTH[seed as usize % 2]);
                heap.set_thresholds([100, 5, 5]);
                for _ in 0..2000 {
                    let (a, b) = (node(&heap), node(&heap));
                    a.next.set(Some(b.clone()));
                    b.next.set(Some(a.clone()));
                }
                heap.collect();
                let left = heap.objects(None).len();
                let collected: usize = heap.stats().iter().map(|stats| stats.collected).sum();
                drop(heap);
                account.assert_closed();
                (left, collected)
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), (0, 4000));
    }
}

#[test]
fn the_end_of_an_empty_heap() {
    for policy in BOTH {
        let (heap, account) = counted(policy);
        assert_eq!(account.chunks(), 0, "no memory before the first allocation");
        drop((heap.clone(), heap));
        account.assert_closed();
        assert!(logged().is_empty());
    }
}

/// Live objects outlive the last handle, and work; the heap goes with the last one.
#[test]
fn the_end_over_live_objects() {
    for policy in BOTH {
        let (heap, account) = counted(policy);
        let object = fin(&heap, "held", |_| ());
        object.node.set(Some(node(&heap)));
        let (text, weak) = (heap.alloc_str("text"), Gc::downgrade_with(&object, || log("called")));
        drop(heap);
        assert_eq!((object.name, &*text, Gc::strong_count(&object)), ("held", "text", 1));
        assert!(account.chunks() > 0 && logged().is_empty());
        // A handle obtained again works, and its end is an end again.
        let heap = Gc::heap(&object);
        drop(fin(&heap, "again", |_| ()));
        assert_eq!((heap.collect(), heap.objects(None).len()), (0, 2));
        drop(heap);
        drop(object);
        let legacy = ["del again", "called", "del held"];
        let modern = ["del again", "del held", "called"];
        assert_eq!(logged(), if policy == FinalizerPolicy::Legacy { legacy } else { modern });
        assert!(weak.upgrade().is_none() && account.chunks() > 0);
        drop(text);
        account.assert_closed();
    }
}

#[test]
fn the_end_over_garbage() {
    for policy in BOTH {
        let (heap, account) = counted(policy);
        let garbage = looped(&heap);
        let called = Gc::downgrade_with(&garbage, || log("called"));
        drop(garbage);
        drop(heap);
        assert_eq!(logged(), ["called"]);
        account.assert_closed();
        drop(called);
    }
}

#[test]
fn the_end_over_garbage_with_finalizers() {
    for policy in BOTH {
        let (heap, account) = counted(policy);
        let a = fin(&heap, "a", |_| ());
        a.next.set(Some(fin(&heap, "b", |_| ())));
        a.next.get().unwrap().next.set(Some(a.clone()));
        drop(a);
        drop(heap);
        match policy {
            FinalizerPolicy::Legacy => {
                let kind = UnraisableKind::UncollectableAtExit;
                assert_eq!(logged(), [format!("{kind:?} 2 uncollectable objects at shutdown")]);
                assert_eq!(account.chunks(), 1, "they leak, as at Python's exit");
            }
            FinalizerPolicy::Pep442 => {
                assert_eq!(logged(), ["del a", "del b"]);
                account.assert_closed();
            }
        }
    }
}

/// A finalizer of the last collection gets a handle, and uses or keeps it.
#[test]
fn a_handle_obtained_again_in_the_last_collection() {
    for kept in [false, true] {
        let (heap, account) = counted(FinalizerPolicy::Pep442);
        let finalizer: fn(&Gc<Fin>) = if kept {
            |this| KEPT.set(Some(Gc::heap(this)))
        } else {
            |this| {
                let heap = Gc::heap(this);
                looped(&heap);
                log(format!("collected {}", heap.collect()));
            }
        };
        let object = fin(&heap, "object", finalizer);
        object.next.set(Some(object.clone()));
        drop(object);
        drop(heap);
        if kept {
            assert_eq!(logged(), ["del object"]);
            let heap = KEPT.take().unwrap();
            assert!(heap.objects(None).is_empty());
            drop(node(&heap));
        } else {
            assert_eq!(logged(), ["del object", "collected 0"]);
        }
        drop(KEPT.take());
        // What the finalizer of the first last collection made needs a second one.
        if !kept {
            assert_eq!(account.chunks(), 0, "the heap was closed again by the finalizer's handle");
        }
        account.assert_closed();
    }
}

/// The last handle is dropped by a finalizer, which holds the last object.
#[test]
fn the_last_handle_dropped_in_a_finalizer() {
    for policy in BOTH {
        for resurrect in [false, true] {
            let (heap, account) = counted(policy);
            let finalizer: fn(&Gc<Fin>) = if resurrect {
                |this| {
                    SURVIVORS.with_borrow_mut(|all| all.extend(this.node.get()));
                    drop(KEPT.take());
                }
            } else {
                |_| drop(KEPT.take())
            };
            let object = fin(&heap, "object", finalizer);
            object.node.set(Some(node(&heap)));
            KEPT.set(Some(heap));
            drop(object);
            assert_eq!(logged(), ["del object"]);
            let survivors = SURVIVORS.take();
            assert_eq!(account.chunks(), usize::from(resurrect));
            assert_eq!(survivors.len(), usize::from(resurrect));
            drop(survivors);
            account.assert_closed();
        }
    }
}
