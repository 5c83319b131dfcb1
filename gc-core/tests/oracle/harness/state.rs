//! What can be seen of a heap and of a model.

use std::collections::BTreeSet;

use gc_core::GcAny;

use super::world::{World, objects_in_use};
use crate::model::heap::Model;
use crate::model::outcome::Event;
use crate::model::program::{Class, Id, Policy, ROOTS};

/// Everything that is recorded of a heap between two ops, and its edges.
#[derive(Debug, PartialEq, Eq)]
pub struct State {
    /// Every object alive, with its count.
    pub counts: Vec<(Id, usize)>,
    /// What every object but the weak references points to, in order.
    pub edges: Vec<(Id, Vec<Id>)>,
    /// The weak references to each object that has some, newest first.
    pub weak_refs: Vec<(Id, Vec<Id>)>,
    /// What every weak reference points to.
    pub referents: Vec<(Id, Option<Id>)>,
    /// Objects whose finalizer has had its one run; only where it has only one.
    pub finalized: Vec<Id>,
    /// The members of the generations.
    pub generations: [Vec<Id>; 3],
    /// The garbage list.
    pub garbage: Vec<Id>,
    /// What can be seen without a count.
    pub glance: Glance,
}

/// What can be seen of a heap without changing a count.
#[derive(Debug, PartialEq, Eq)]
pub struct Glance {
    /// How many objects there are.
    pub objects: usize,
    /// The length of the garbage list.
    pub garbage: usize,
    /// What the roots hold.
    pub roots: [Option<Id>; ROOTS],
    /// What finalizers kept.
    pub survivors: Vec<Id>,
    /// Collections of generations 1 and 2.
    pub collections: [usize; 2],
}

impl Glance {
    /// A glance at a heap, on which `others` objects lie that have no id.
    pub fn at_world(world: &World, others: usize) -> Glance {
        let [_, one, two] = world.heap.counts();
        Glance {
            objects: objects_in_use(&world.heap) - others,
            garbage: world.heap.garbage().len(),
            roots: world.outside.root_ids(),
            survivors: world.outside.survivor_ids(),
            collections: [one as usize, two as usize],
        }
    }

    /// A glance at a model, in which `phantoms` stand for what is no object of the heap.
    pub fn at_model(model: &Model, phantoms: &BTreeSet<Id>) -> Glance {
        Glance {
            objects: model.living().len() - phantoms.len(),
            garbage: model.garbage().len(),
            roots: *model.roots(),
            survivors: model.survivors().to_vec(),
            collections: model.counts_of_collections(),
        }
    }
}

impl State {
    /// Looks at a heap, on which `others` objects lie that have no id.
    pub fn of_world(world: &World, policy: Policy, others: usize) -> State {
        let outside = &world.outside;
        let glance = Glance::at_world(world, others);
        let mut objects = world.heap.objects(None);
        objects.sort_by_key(GcAny::birth);
        assert!(objects.is_sorted_by_key(|it| outside.id_at(it.address())), "ids are given in order of births");
        let id = |it: &GcAny| outside.id_at(it.address());
        let (weak, others): (Vec<_>, Vec<_>) = objects.iter().partition(|it| it.is_weak_ref());
        State {
            counts: objects.iter().map(|it| (id(it), it.strong_count() - 1)).collect(),
            edges: others.iter().map(|it| (id(it), outside.ids(&it.referents()))).collect(),
            weak_refs: pointed_to(objects.iter().map(|it| (id(it), outside.ids(&it.weak_refs())))),
            referents: weak.iter().map(|it| (id(it), it.weak_target().as_ref().map(id))).collect(),
            finalized: match policy {
                Policy::Legacy => Vec::new(),
                Policy::Modern => objects.iter().filter(|it| it.is_finalized()).map(id).collect(),
            },
            generations: [0, 1, 2].map(|number| members(world, &objects, number)),
            garbage: outside.ids(&world.heap.garbage().to_vec()),
            glance,
        }
    }

    /// Looks at a model, in which `phantoms` stand for what is no object of the heap.
    pub fn of_model(model: &Model, phantoms: &BTreeSet<Id>) -> State {
        let mut objects = model.living();
        objects.retain(|it| !phantoms.contains(it));
        let class = |id: Id| model.get(id).expect("it is alive").class;
        let (weak, others): (Vec<Id>, Vec<Id>) = objects.iter().partition(|&&it| class(it) == Class::Wr);
        let finalized = |id: &Id| model.get(*id).is_some_and(|it| it.finalized);
        State {
            counts: objects.iter().map(|&id| (id, model.count(id))).collect(),
            edges: others.iter().map(|&id| (id, model.get(id).expect("it is alive").children())).collect(),
            weak_refs: pointed_to(objects.iter().map(|&id| (id, without(phantoms, model.weak_refs_to(id))))),
            referents: weak.iter().map(|&id| (id, model.referent(id))).collect(),
            finalized: match model.policy() {
                Policy::Legacy => Vec::new(),
                Policy::Modern => others.iter().copied().filter(finalized).collect(),
            },
            generations: model.generations().map(|members| without(phantoms, members)),
            garbage: model.garbage().to_vec(),
            glance: Glance::at_model(model, phantoms),
        }
    }
}

fn pointed_to(weak_refs: impl Iterator<Item = (Id, Vec<Id>)>) -> Vec<(Id, Vec<Id>)> {
    weak_refs.filter(|(_, refs)| !refs.is_empty()).collect()
}

fn without(phantoms: &BTreeSet<Id>, mut ids: Vec<Id>) -> Vec<Id> {
    ids.retain(|it| !phantoms.contains(it));
    ids
}

/// The members of a generation, oldest first; the heap and the objects say the same.
fn members(world: &World, objects: &[GcAny], number: usize) -> Vec<Id> {
    let generation = super::world::generation(number);
    let mut listed = world.outside.ids(&world.heap.objects(Some(generation)));
    listed.sort_unstable();
    let told = objects.iter().filter(|it| it.generation() == Some(generation));
    let told: Vec<Id> = told.map(|it| world.outside.id_at(it.address())).collect();
    assert_eq!(listed, told, "generation {number}");
    listed
}

/// The log of a model as it can be compared: without what is no object of the heap, and without
/// weak references where the heap's log has none.
pub fn comparable(log: Vec<Event>, phantoms: &BTreeSet<Id>, quiet: bool) -> Vec<Event> {
    let comparable = |event| match event {
        Event::Finalized { id, weak_refs, fields } => {
            let weak_refs = if quiet { Vec::new() } else { without(phantoms, weak_refs) };
            Event::Finalized { id, weak_refs, fields }
        }
        called => called,
    };
    log.into_iter().map(comparable).collect()
}
