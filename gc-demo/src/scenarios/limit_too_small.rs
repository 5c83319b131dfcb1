//! A heap without a leak, whose live objects need more than the limit.

use super::scene::{Failed, Played, Scene};
use super::{Cure, Scenario};
use gc_core::{Gc, List, Trace};

pub const SCENARIO: Scenario = Scenario {
    name: "limit-too-small",
    summary: "no leak: what lives needs more than the limit",
    story: "A service loads its index when it starts, and then serves from it. The index is larger than the \
            heap may be. The same out-of-memory as with a leak, but nothing grows from request to request. \
            What tells the difference: under a larger limit it starts, and what lives stays.",
    cure: Cure::Is("the limit is raised to what the index needs"),
    max: Some(2 << 20),
    in_tour: false,
    file: "limit_too_small.rs",
    source: include_str!("limit_too_small.rs"),
    python: include_str!("python/limit_too_small.py"),
    play,
};

/// The cure's limit, as a multiple of the limit that is too small.
pub const ENOUGH: usize = 4;

/// Number of entries in the index.
const ENTRIES: usize = 35_000;

#[derive(Trace)]
struct Entry {
    key: u64,
    postings: [u64; 12],
}

fn play(scene: &mut Scene) -> Played {
    let index = scene.alloc(List::<Entry>::new())?;
    scene.sample();
    // The scale does not change the size of the index, because the size is what matters here.
    let started = scene.serve(1, 1, |scene, _| load(scene, &index));
    let requests = scene.setting.scaled(200);
    let mut found = 0usize;
    let served = started
        && scene.serve(requests, 20, |scene, _| {
            let at = scene.dice.between(0, ENTRIES - 1);
            let entry = index.get(at).ok_or(Failed::OutOfMemory)?;
            found += usize::from(entry.key == at as u64 && entry.postings[0] == entry.key);
            Ok(())
        });
    let entries = index.len();
    scene
        .step("The service loads its index, then serves", "")
        .in_tour()
        .fact("it started", started)
        .fact("it served", served)
        .fact("requests answered", found)
        .fact("entries loaded", entries);
    scene.conclude();
    Ok(())
}

fn load(scene: &mut Scene, index: &Gc<List<Entry>>) -> Result<(), Failed> {
    for key in 0..ENTRIES as u64 {
        let entry = scene.heap.try_alloc(Entry { key, postings: [key; 12] })?;
        index.push(entry); // <- no leak: it is needed, and the limit is too small
        scene.look_within(index.len())?;
    }
    Ok(())
}
