//! Looks at the heap, and the changes that an op made between two looks.

use super::classes;
use super::player::Player;
use super::record::{Collected, Final, Outcome, Refs};
use super::words::{Class, Id};
use gc_core::{GcAny, Generation};
use std::collections::BTreeMap;

/// The visible state of the living objects.
#[derive(Default)]
pub struct Look {
    counts: BTreeMap<Id, usize>,
    targets: BTreeMap<Id, Option<Id>>,
    garbage: Vec<Id>,
    survivors: Vec<Id>,
}

/// The part of an outcome that is compared after each op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// Every key is compared.
    Closely,
    /// Only the keys that can be read without taking a pointer into the heap are compared.
    /// Enumerating objects takes a pointer to each object and releases it, which makes every object
    /// a candidate. A heap that forgets a candidate could therefore pass every close look.
    FromAfar,
}

impl Watch {
    /// Returns true if this key of an outcome is compared.
    pub fn covers(self, key: &str) -> bool {
        self == Watch::Closely || ["log", "surv", "ret", "ngarbage", "roots", "count12"].contains(&key)
    }
}

impl Look {
    /// Looks at the heap of a player. The player must hold no pointers into the heap meanwhile.
    pub fn at(player: &Player, watch: Watch) -> Look {
        let mut look = Look { survivors: player.stage.survivor_ids(), ..Look::default() };
        if watch == Watch::Closely {
            look.garbage = garbage(player);
            look.count(player);
        }
        look
    }

    fn count(&mut self, player: &Player) {
        let living = player.heap.objects(None);
        for object in &living {
            // One pointer to each object belongs to `living` and is not counted.
            self.counts.insert(id(player, object), object.strong_count() - 1);
        }
        for weak in living.iter().filter(|object| object.is_weak_ref()) {
            let target = weak.weak_target().map(|target| id(player, &target));
            self.targets.insert(id(player, weak), target);
        }
    }

    /// Returns the changes since `before`, as the record of an op; `collected` is the return value
    /// of a collection.
    pub fn since(&self, before: &Look, player: &Player, collected: Option<usize>, watch: Watch) -> Outcome {
        let gone = before.counts.keys().filter(|id| !self.counts.contains_key(id));
        let always = collected.is_some();
        Outcome {
            log: player.stage.take_log(),
            dead: gone.copied().collect(),
            rc: changed(&before.counts, &self.counts),
            wr: changed(&before.targets, &self.targets),
            garbage: (always || before.garbage != self.garbage).then(|| self.garbage.clone()),
            surv: (before.survivors != self.survivors).then(|| self.survivors.clone()),
            collected: collected.map(|ret| collection(player, ret, watch)).unwrap_or_default(),
        }
    }
}

fn id(player: &Player, object: &GcAny) -> Id {
    player.stage.id_at(object.address())
}

fn ids(player: &Player, objects: &[GcAny]) -> Vec<Id> {
    objects.iter().map(|object| id(player, object)).collect()
}

fn garbage(player: &Player) -> Vec<Id> {
    ids(player, &player.heap.garbage().to_vec())
}

/// Returns the entries that are new or have changed.
fn changed<T: Copy + PartialEq>(before: &BTreeMap<Id, T>, after: &BTreeMap<Id, T>) -> Vec<(Id, T)> {
    let differ = after.iter().filter(|(id, value)| before.get(id) != Some(value));
    differ.map(|(&id, &value)| (id, value)).collect()
}

fn collection(player: &Player, ret: usize, watch: Watch) -> Collected {
    let [_, one, two] = player.heap.counts();
    Collected {
        ret: Some(ret),
        ngarbage: Some(player.heap.garbage().len()),
        roots: Some(player.stage.root_ids()),
        gens: (watch == Watch::Closely).then(|| generations(player)),
        count12: Some([one, two]),
    }
}

fn generations(player: &Player) -> [Vec<Id>; 3] {
    [Generation::Zero, Generation::One, Generation::Two].map(|generation| {
        let mut members = ids(player, &player.heap.objects(Some(generation)));
        members.sort_unstable();
        members
    })
}

/// Returns the record of the heap after the last op.
pub fn last(player: &Player) -> Final {
    let look = Look::at(player, Watch::Closely);
    Final {
        garbage: look.garbage,
        gens: generations(player),
        rc: look.counts.into_iter().collect(),
        refs: all_refs(player),
        roots: player.stage.root_ids(),
        surv: look.survivors,
    }
}

fn all_refs(player: &Player) -> Vec<(Id, Refs)> {
    let living = player.heap.objects(None);
    let mut all: Vec<(Id, Refs)> =
        living.iter().filter_map(|object| Some((id(player, object), refs(player, object)?))).collect();
    all.sort_unstable_by_key(|(id, _)| *id);
    all
}

/// Returns the targets of an object, with the names that the heap gives the edges; `None` for a
/// weak reference.
fn refs(player: &Player, object: &GcAny) -> Option<Refs> {
    let class = classes::managed(object)?.class();
    let edges = player.heap.edges(object).into_iter().map(|edge| (edge.name, id(player, &edge.target)));
    match class {
        Class::WR => None,
        Class::List => Some(Refs::Items(edges.map(|(_, target)| target).collect())),
        _ => Some(Refs::Fields(edges.collect())),
    }
}
