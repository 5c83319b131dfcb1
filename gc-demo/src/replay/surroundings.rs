//! Descriptions of the objects that a difference concerns: their holders, and the objects that they
//! hold.

use super::classes;
use super::player::Player;
use super::words::Id;
use gc_core::GcAny;
use std::collections::BTreeSet;

/// Greatest number of objects that are described.
const SHOWN: usize = 8;

/// Returns a line for each of the first [`SHOWN`] objects. If there are more objects, a last line
/// gives the number of the rest.
pub fn describe(player: &Player, concerned: &BTreeSet<Id>) -> Vec<String> {
    let living = player.heap.objects(None);
    let find = |id: Id| living.iter().find(|object| player.stage.id_at(object.address()) == id);
    let mut lines: Vec<String> = concerned
        .iter()
        .take(SHOWN)
        .map(|&id| find(id).map_or_else(|| format!("{id} is not alive"), |object| line(player, id, object)))
        .collect();
    if concerned.len() > SHOWN {
        lines.push(format!("and {} more", concerned.len() - SHOWN));
    }
    lines
}

fn line(player: &Player, id: Id, object: &GcAny) -> String {
    // One pointer to the object belongs to the list of living objects and is not counted.
    let count = object.strong_count() - 1;
    let class = classes::managed(object).map_or_else(|| object.type_name(), |object| object.class().to_string());
    let generation = object.generation().map_or_else(|| "none".to_owned(), |number| (number as u8).to_string());
    let held = joined(holders(player, id, object));
    let mut line = format!("{id} {class}: count {count}, generation {generation}, held by {held}");
    match object.is_weak_ref() {
        true => {
            let target = object.weak_target().map(|target| player.stage.id_at(target.address()));
            line += &format!("; points to {}", target.map_or_else(|| "nothing".to_owned(), |id| id.to_string()));
        }
        false => line += &format!("; holds {}", joined(held_by(player, object))),
    }
    line
}

fn joined(parts: Vec<String>) -> String {
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(" ") }
}

/// Returns the roots, lists and edges that lead to the object.
fn holders(player: &Player, id: Id, object: &GcAny) -> Vec<String> {
    let roots = player.stage.root_ids().into_iter().enumerate();
    let mut holders: Vec<String> =
        roots.filter(|(_, held)| *held == Some(id)).map(|(at, _)| format!("r{at}")).collect();
    let survivors = player.stage.survivor_ids().into_iter().enumerate();
    holders.extend(survivors.filter(|(_, held)| *held == id).map(|(at, _)| format!("S{at}")));
    let garbage = player.heap.garbage().to_vec().into_iter().enumerate();
    holders.extend(garbage.filter(|(_, held)| held == object).map(|(at, _)| format!("G{at}")));
    for referrer in player.heap.referrers(&[object]) {
        let from = player.stage.id_at(referrer.address());
        let edges = player.heap.edges(&referrer).into_iter().filter(|edge| edge.target == *object);
        holders.extend(edges.map(|edge| place(from, &edge.name)));
    }
    holders
}

fn held_by(player: &Player, object: &GcAny) -> Vec<String> {
    let edges = player.heap.edges(object).into_iter();
    edges.map(|edge| format!("{}={}", edge.name, player.stage.id_at(edge.target.address()))).collect()
}

/// Formats an edge of an object: `3.f0` or `3[0]`.
fn place(id: Id, edge: &str) -> String {
    if edge.starts_with('[') { format!("{id}{edge}") } else { format!("{id}.{edge}") }
}
