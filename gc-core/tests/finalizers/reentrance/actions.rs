//! What user code can do when it is called.

use super::subjects::{Root, Subject, with};
use gc_core::{Gc, GcAny, Generation, Heap, Slot, Weak};
use std::collections::HashMap;

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Action {
    AllocateMany,
    Collect(Generation),
    Store,
    CutEdges,
    CloneAndDrop,
    ReleaseOthers,
    ClearGarbage,
    Freeze,
    FreezeAndUnfreeze,
    Enumerate,
    Weaken,
    DropHandle,
}

pub(super) const ACTIONS: [Action; 14] = [
    Action::AllocateMany,
    Action::Collect(Generation::Zero),
    Action::Collect(Generation::One),
    Action::Collect(Generation::Two),
    Action::Store,
    Action::CutEdges,
    Action::CloneAndDrop,
    Action::ReleaseOthers,
    Action::ClearGarbage,
    Action::Freeze,
    Action::FreezeAndUnfreeze,
    Action::Enumerate,
    Action::Weaken,
    Action::DropHandle,
];

pub(super) fn act(action: Action, this: Option<&Gc<Subject>>) {
    // The root lives through every case, so there is a way to the heap.
    let root = with(|state| state.root.clone()).unwrap();
    let heap = Gc::heap(&root);
    match action {
        Action::AllocateMany => allocate_many(&heap),
        Action::Collect(generation) => {
            heap.collect_generation(generation);
        }
        Action::Store => {
            let seen = this.map_or_else(|| heap.objects(None), |this| vec![Gc::as_any(this)]);
            with(|state| state.survivors.extend(seen));
        }
        Action::CutEdges => {
            for subject in heap.objects(None).iter().filter_map(GcAny::downcast::<Subject>) {
                drop((subject.next.take(), subject.other.take(), subject.weak.take()));
            }
        }
        Action::CloneAndDrop => {
            let objects = heap.objects(None);
            let again = objects.clone();
            drop(objects);
            drop(this.cloned());
            drop(again);
        }
        Action::ReleaseOthers => {
            let released = with(|state| {
                state.weak_released = true;
                let managed: Vec<_> = std::mem::take(&mut state.managed);
                (std::mem::take(&mut state.others), std::mem::take(&mut state.weak), managed)
            });
            drop(released);
        }
        Action::ClearGarbage => {
            drop((heap.garbage().get(0), heap.garbage().to_vec(), heap.garbage().pop()));
            heap.garbage().clear();
        }
        Action::Freeze => heap.freeze(),
        Action::FreezeAndUnfreeze => {
            heap.freeze();
            assert_ne!(heap.freeze_count(), 0);
            heap.unfreeze();
        }
        Action::Enumerate => enumerate(&heap),
        Action::Weaken => weaken(&heap),
        Action::DropHandle => drop(with(|state| state.heap.take())),
    }
    drop(heap);
    drop(root);
}

fn allocate_many(heap: &Heap) {
    heap.enable();
    heap.set_thresholds([20, 2, 2]);
    for n in 0..300 {
        let ring = heap.alloc(Root { ring: Slot::empty() });
        ring.ring.set(Some(heap.alloc(Root { ring: Slot::new(Some(ring.clone())) })));
        drop((heap.alloc(n), heap.alloc_str("text"), heap.alloc_slice(0..n % 7)));
        drop(heap.alloc([0u8; 300]));
    }
    heap.set_thresholds([0, 0, 0]);
}

fn enumerate(heap: &Heap) {
    let all = heap.objects(None);
    let by_generation = [Generation::Zero, Generation::One, Generation::Two].map(|g| heap.objects(Some(g)).len());
    assert_eq!(by_generation.iter().sum::<usize>() + heap.freeze_count(), all.len());
    for object in &all {
        assert!(object.is_tracked() && object.strong_count() >= 1);
        for edge in heap.edges(object) {
            assert!(heap.referrers(&[&edge.target]).contains(object), "{}", edge.name);
        }
        drop((object.referents(), object.weak_refs(), object.weak_target(), object.generation()));
    }
    check_counts(heap);
}

fn weaken(heap: &Heap) {
    for subject in heap.objects(None).iter().filter_map(GcAny::downcast::<Subject>) {
        let weak = Gc::downgrade_with(&subject, || ());
        assert!(Gc::ptr_eq(&weak.upgrade().unwrap(), &subject));
        let managed = heap.alloc_weak_with(&subject, |this| assert!(this.upgrade().is_none()));
        with(|state| state.others.push(Gc::as_any(&managed)));
        subject.weak.set(Some(managed));
        let known = with(|state| state.weak.clone());
        drop(known.iter().filter_map(Weak::upgrade).collect::<Vec<_>>());
    }
}

/// No object has fewer pointers than other objects hold on it.
pub(super) fn check_counts(heap: &Heap) {
    let objects = heap.objects(None);
    let mut internal: HashMap<usize, usize> = HashMap::new();
    for edge in objects.iter().flat_map(|object| heap.edges(object)) {
        *internal.entry(edge.target.address()).or_default() += 1;
    }
    for object in &objects {
        let held = internal.get(&object.address()).copied().unwrap_or(0);
        assert!(object.strong_count() > held, "{object:?}: {} pointers, {held} edges and ours", object.strong_count());
    }
}
