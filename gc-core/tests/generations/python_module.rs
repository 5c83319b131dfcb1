//! Rows of CPython's `test_gc` about the functions of the `gc` module. A test has its
//! row's name. The functions are the same under both policies.

use crate::support::*;
use gc_core::{Gc, GcAny, Generation, List, NoSuchGeneration, Slot, Trace, TypeWalker, Visitor};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};

const GENERATIONS: [Generation; 3] = [Generation::Zero, Generation::One, Generation::Two];

/// In which generations' lists the object stands.
fn listed_in(world: &World, object: &GcAny) -> Vec<Generation> {
    let lists = |generation: &Generation| world.heap.objects(Some(*generation)).contains(object);
    GENERATIONS.into_iter().filter(lists).collect()
}

/// After a collection counts 1 and 2 are zero; an allocation raises count 0.
#[test]
fn test_get_count() {
    for world in World::both() {
        let _old = world.plain();
        world.heap.collect();
        assert_eq!(world.heap.counts(), [0, 0, 0]);
        let x = world.plain();
        assert_eq!(world.heap.counts(), [1, 0, 0]);
        drop(x);
        assert_eq!(world.heap.counts(), [0, 0, 0]);
    }
}

/// Collecting 0, 1 and 2 leaves the counts (x,1,0), (x,0,1) and (x,0,0); the survivor
/// ages by one generation each time.
#[test]
fn test_collect_generations() {
    for world in World::both() {
        let heap = &world.heap;
        heap.collect();
        let x = world.plain_loop();
        assert_eq!((heap.counts(), generation_of(&x)), ([1, 0, 0], Some(Generation::Zero)));
        heap.collect_generation(Generation::Zero);
        assert_eq!((heap.counts(), generation_of(&x)), ([0, 1, 0], Some(Generation::One)));
        heap.collect_generation(Generation::One);
        assert_eq!((heap.counts(), generation_of(&x)), ([0, 0, 1], Some(Generation::Two)));
        heap.collect_generation(Generation::Two);
        assert_eq!((heap.counts(), generation_of(&x)), ([0, 0, 0], Some(Generation::Two)));
    }
}

/// The direct children of containers, as often as they are held; atoms have none.
#[test]
fn test_get_referents() {
    #[derive(Trace)]
    struct Tuple(Gc<u32>, Gc<u32>, Gc<u32>);
    #[derive(Trace)]
    struct Keys {
        items: RefCell<BTreeMap<Gc<u32>, Gc<u32>>>,
    }

    for world in World::both() {
        let heap = &world.heap;
        let [one, three, five, seven] = [1, 3, 5, 7].map(|number: u32| heap.alloc(number));
        let referents = |object: GcAny| -> Vec<u32> {
            let found = heap.referents(&object);
            found.iter().map(|it| *it.downcast_ref::<u32>().unwrap()).collect()
        };

        let list = heap.alloc(List::from_iter([one.clone(), three.clone(), five.clone()]));
        assert_eq!(referents(list.into()), [1, 3, 5]);
        let tuple = heap.alloc(Tuple(one.clone(), three.clone(), five.clone()));
        assert_eq!(referents(tuple.into()), [1, 3, 5]);
        let items = BTreeMap::from([(one.clone(), three), (five, seven)]);
        let mut found = referents(heap.alloc(Keys { items: RefCell::new(items) }).into());
        found.sort_unstable();
        assert_eq!(found, [1, 3, 5, 7]);
        let twice = heap.alloc(Tuple(one.clone(), one.clone(), one));
        assert_eq!(referents(twice.into()), [1, 1, 1]);

        let atoms: [GcAny; 3] = [heap.alloc(1u32).into(), heap.alloc_str("a").into(), heap.alloc(4.0f64).into()];
        for atom in atoms {
            assert!(heap.referents(&atom).is_empty());
        }
    }
}

/// Atoms are not tracked, containers are. An instance is tracked when its type can lie
/// on a cycle: Python tracks every instance, here acyclic types are untracked.
#[test]
fn test_is_tracked() {
    #[derive(Trace)]
    struct NoFields;
    #[derive(Trace)]
    struct OnlyAtoms {
        _number: u64,
        _text: Gc<str>,
    }
    #[derive(Trace, Default)]
    struct User {
        _me: Slot<User>,
    }
    #[derive(Trace)]
    struct OwnsContainer(Gc<User>);

    for world in World::both() {
        let heap = &world.heap;
        let text = heap.alloc_str("a");
        let user = heap.alloc(User::default());
        let untracked: [GcAny; 8] = [
            heap.alloc(()).into(),
            heap.alloc(1u32).into(),
            heap.alloc(1.0f64).into(),
            heap.alloc(true).into(),
            heap.alloc(vec![b'a']).into(),
            text.clone().into(),
            heap.alloc(NoFields).into(),
            heap.alloc(OnlyAtoms { _number: 1, _text: text }).into(),
        ];
        for object in &untracked {
            assert!(!heap.is_tracked(object), "{object:?}");
            assert_eq!(object.generation(), None);
        }
        let tracked: [GcAny; 3] = [user.clone().into(), world.plain().into(), world.node("a", Fin::Log).into()];
        for object in &tracked {
            assert!(heap.is_tracked(object), "{object:?}");
            assert_eq!(object.generation(), Some(Generation::Zero));
        }
        // Can point at cycles, but nothing can point back at it.
        let owner = heap.alloc(OwnsContainer(user));
        assert!(!heap.is_tracked(&Gc::as_any(&owner)) && heap.is_tracked(&Gc::as_any(&owner.0)));
        assert_eq!(world.alive(), 3);
    }
}

/// False before, true after the finalizer ran, seen on a resurrected object.
#[test]
fn test_is_finalized() {
    let world = World::pep442();
    let atom = Gc::as_any(&world.heap.alloc(3u32));
    assert!(!world.heap.is_finalized(&atom));
    let lazarus = world.node("lazarus", Fin::Resurrect);
    assert!(!world.heap.is_finalized(&Gc::as_any(&lazarus)));
    drop(lazarus);
    let lazarus = world.survivors.borrow_mut().pop().unwrap();
    assert!(world.heap.is_finalized(&Gc::as_any(&lazarus)));
    lazarus.next.set(Some(lazarus.clone()));
    drop(lazarus);
    assert_eq!(world.heap.collect(), 1);
    assert_eq!(world.taken(), ["del lazarus"]);
}

/// Three entries; only the asked generation's number of collections rises.
#[test]
fn test_get_stats() {
    for world in World::both() {
        let heap = &world.heap;
        let triples = || heap.stats().map(|it| (it.collections, it.collected, it.uncollectable));
        assert_eq!(triples(), [(0, 0, 0); 3]);
        heap.collect_generation(Generation::Zero);
        assert_eq!(triples(), [(1, 0, 0), (0, 0, 0), (0, 0, 0)]);
        drop(world.plain_loop());
        heap.collect_generation(Generation::Two);
        assert_eq!(triples(), [(1, 0, 0), (0, 0, 0), (1, 1, 0)]);
        drop((world.plain_loop(), world.self_loop("f", Fin::Log)));
        heap.collect_generation(Generation::One);
        let last = if world.is_legacy() { (1, 1, 1) } else { (1, 2, 0) };
        assert_eq!(triples(), [(1, 0, 0), last, (1, 1, 0)]);
    }
}

/// Freezing moves all into a permanent set, which unfreezing empties into generation 2.
#[test]
fn test_freeze() {
    for world in World::both() {
        let heap = &world.heap;
        let held = [world.plain(), world.plain_loop(), world.plain()];
        drop(world.plain_loop());
        assert_eq!(heap.freeze_count(), 0);
        heap.freeze();
        assert_eq!(heap.freeze_count(), 4);
        assert_eq!(GENERATIONS.map(|it| heap.objects(Some(it)).len()), [0, 0, 0]);
        assert_eq!(world.alive(), 4);
        let young = world.plain_loop();
        assert_eq!((generation_of(&young), generation_of(&held[0])), (Some(Generation::Zero), None));
        drop(young);
        assert_eq!(heap.collect(), 1);

        heap.unfreeze();
        assert_eq!(heap.freeze_count(), 0);
        assert_eq!(GENERATIONS.map(|it| heap.objects(Some(it)).len()), [0, 0, 4]);
        assert_eq!(heap.collect(), 1);
        drop(held);
        assert_eq!(heap.collect(), 1);
        assert_eq!(world.alive(), 0);
    }
}

/// What `test_get_objects` asserts of an object and the collections 0, 1, 2.
fn ages_through_the_lists(world: &World) {
    world.heap.collect();
    let list = world.plain_loop();
    let any = Gc::as_any(&list);
    assert_eq!(listed_in(world, &any), [Generation::Zero]);
    world.heap.collect_generation(Generation::Zero);
    assert_eq!(listed_in(world, &any), [Generation::One]);
    world.heap.collect_generation(Generation::One);
    assert_eq!(listed_in(world, &any), [Generation::Two]);
    world.heap.collect_generation(Generation::Two);
    assert_eq!(listed_in(world, &any), [Generation::Two]);
}

/// The object is listed in generation 0, then 1, 2 and 2.
#[test]
fn test_get_objects() {
    World::both().iter().for_each(ages_through_the_lists);
}

/// The same as 3.13 has it, beside objects of other ages.
#[test]
fn test_get_objects_generations() {
    for world in World::both() {
        let oldest = world.plain();
        world.heap.collect_generation(Generation::Zero);
        let older = world.plain();
        world.heap.collect_generation(Generation::Zero);
        let young = world.plain();
        let expected = [(&young, Generation::Zero), (&older, Generation::One), (&oldest, Generation::One)];
        for (object, generation) in expected {
            assert_eq!(listed_in(&world, &Gc::as_any(object)), [generation]);
        }
        ages_through_the_lists(&world);
    }
}

/// All objects are those of the three generations; other numbers are refused.
#[test]
fn test_get_objects_arguments() {
    for world in World::both() {
        let _old = world.ring(&[("a", Fin::Log), ("b", Fin::None)]);
        world.heap.collect();
        let _middle = world.plain();
        world.heap.collect_generation(Generation::Zero);
        let _young = (world.plain(), world.heap.alloc_str("untracked"));
        let addresses = |generation| -> HashSet<_> {
            let objects = world.heap.objects(generation);
            objects.iter().map(GcAny::address).collect()
        };
        let parts = GENERATIONS.map(|it| addresses(Some(it)));
        assert_eq!(parts.each_ref().map(HashSet::len), [1, 1, 2]);
        let union: HashSet<_> = parts.into_iter().flatten().collect();
        assert_eq!(addresses(None), union);

        for number in [3, 100, u8::MAX] {
            assert_eq!(Generation::try_from(number), Err(NoSuchGeneration(number)));
        }
        assert_eq!([0, 1, 2].map(Generation::try_from), GENERATIONS.map(Ok));
    }
}

/// A count that is smaller than the edges that are found. CPython's asserts end the
/// process; only a wrong `unsafe impl Trace` can do it here, and such an object counts
/// as held: it leaks, and the rest of the heap goes on.
#[test]
#[cfg_attr(gc_zeal, ignore = "a Trace that doubles an edge")]
fn test_refcount_errors() {
    struct Twice(Slot<Twice>);

    // SAFETY: it is not, which is what is tested: the edge is reported twice. Nothing
    // reaches the object through an edge that is not its own.
    unsafe impl Trace for Twice {
        fn types(walk: &mut TypeWalker) {
            walk.field::<Slot<Twice>>();
        }
        fn trace<V: Visitor>(&self, visitor: &mut V) {
            self.0.trace(visitor);
            self.0.trace(visitor);
        }
    }

    for world in World::both() {
        let broken = world.heap.alloc(Twice(Slot::empty()));
        broken.0.set(Some(broken.clone()));
        let weak = Gc::downgrade(&broken);
        drop(broken);
        drop(world.plain_loop());
        assert_eq!(world.heap.collect(), 1);
        let broken = weak.upgrade().expect("it counts as held");
        assert_eq!(Gc::strong_count(&broken), 2);
        broken.0.take();
        drop(broken);
        assert!(weak.upgrade().is_none());
    }
}
