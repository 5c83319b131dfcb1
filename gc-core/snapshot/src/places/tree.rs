//! The tree of the cheapest paths: for each object, the edge by which a person would look for it.

use super::cost::{COSTS, Costs};
use crate::Snapshot;
use crate::columns::{EdgeKind, Name};
use alloc::vec;
use alloc::vec::Vec;

/// The tree. Objects that nothing from outside leads to are not in it.
pub(super) struct Tree {
    /// The objects, each after the one that it is reached from.
    pub(super) order: Vec<u32>,
    /// For each object the one that it is reached from: `OUTSIDE` for a root, `UNSEEN` if it is not in
    /// the tree.
    pub(super) above: Vec<u32>,
    /// For each object the name of the edge by which it is reached.
    pub(super) by: Vec<Name>,
}

pub(super) const OUTSIDE: u32 = u32::MAX - 1;
pub(super) const UNSEEN: u32 = u32::MAX;

impl Tree {
    /// Dial's form of Dijkstra's algorithm: costs are small, so that the objects that wait lie in a
    /// ring of lists, one for each cost.
    pub(super) fn of(snapshot: &Snapshot) -> Tree {
        let costs = Costs::of(snapshot);
        let objects = snapshot.len();
        let mut tree = Tree {
            order: Vec::with_capacity(objects),
            above: vec![UNSEEN; objects],
            by: vec![Name::position(0); objects],
        };
        let mut ring: Vec<Vec<u32>> = vec![Vec::new(); COSTS];
        let mut distance = vec![u32::MAX; objects];
        let mut waiting = 0usize;
        for (name, target) in shortest_first(snapshot) {
            let cost = costs.name(name) as u32;
            if cost < distance[target as usize] {
                (distance[target as usize], tree.above[target as usize]) = (cost, OUTSIDE);
                tree.by[target as usize] = name;
                ring[cost as usize].push(target);
                waiting += 1;
            }
        }
        let mut at = 0u32;
        let mut list = Vec::new();
        while waiting > 0 {
            core::mem::swap(&mut list, &mut ring[at as usize % COSTS]);
            waiting -= list.len();
            for object in list.drain(..) {
                if distance[object as usize] != at {
                    continue; // it was reached for less
                }
                tree.order.push(object);
                for edge in snapshot.edges_of(object) {
                    let (name, target) = (snapshot.names[edge], snapshot.targets[edge] as usize);
                    let new = at + costs.edge(object, name) as u32;
                    if new < distance[target] {
                        (distance[target], tree.above[target], tree.by[target]) = (new, object, name);
                        ring[new as usize % COSTS].push(target as u32);
                        waiting += 1;
                    }
                }
            }
            at += 1;
        }
        tree
    }
}

/// The edges from outside, those with short names first: of several modules that have an object, the path
/// begins with that of the shortest name (`django.db`, not `django.core.checks.database`).
fn shortest_first(snapshot: &Snapshot) -> Vec<(Name, u32)> {
    let mut roots: Vec<(Name, u32)> = roots(snapshot).collect();
    let texts = snapshot.texts.all();
    let length = |name: Name| {
        let text = name.as_text().map_or("", |text| &texts[text]);
        (text.matches('.').count(), text.len())
    };
    roots.sort_by_key(|&(name, _)| length(name));
    roots
}

/// The edges from outside: those with names, else one without a name for each object that is held.
pub(super) fn roots(snapshot: &Snapshot) -> impl Iterator<Item = (Name, u32)> {
    let unnamed = Name::position(0).of_kind(EdgeKind::Hidden);
    let held = snapshot.root_numbers().filter(|_| snapshot.roots.is_empty()).map(move |at| (unnamed, at));
    snapshot.roots.iter().copied().chain(held)
}
