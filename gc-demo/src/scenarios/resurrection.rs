//! Finalizers that resurrect their object.

use super::actors::{Phoenix, Shelter};
use super::scene::{Played, Scene};
use super::{Cure, Scenario};
use gc_core::{Gc, GcAny};

pub const SCENARIO: Scenario = Scenario {
    name: "resurrection",
    summary: "a finalizer stores its object away: and then?",
    story: "A finalizer gets a pointer to its object and may store it where the program can reach it. The \
            object then lives on. Legacy runs the finalizer at every death, Pep442 once in a life.",
    cure: Cure::None("nothing leaks: a finalizer that stores its object does what it is told"),
    max: None,
    in_tour: true,
    file: "resurrection.rs",
    source: include_str!("resurrection.rs"),
    python: include_str!("python/resurrection.py"),
    play,
};

fn play(scene: &mut Scene) -> Played {
    let shelter = Shelter::default();
    by_count(scene, &shelter)?;
    from_a_cycle(scene, &shelter)?;
    scene.conclude();
    Ok(())
}

fn by_count(scene: &mut Scene, shelter: &Shelter) -> Played {
    drop(Phoenix::alloc(scene, shelter, "phoenix")?);
    let (ran, counts, generations) = (scene.diary.take(), scene.counts(), generations(scene));
    scene
        .step("The last pointer goes", "The finalizer stores the object in a shelter outside of the heap.")
        .fact("finalizers that ran", ran)
        .fact("in the shelter", shelter.len())
        .fact("counts", counts)
        .fact("generation", generations);

    drop(shelter.take());
    let (ran, alive) = (scene.diary.take(), scene.alive());
    scene
        .step("It is taken out and dropped again", "")
        .in_tour()
        .fact("finalizers that ran", ran)
        .fact("alive", alive)
        .fact("in the shelter", shelter.len());
    lay_to_rest(scene, shelter);
    Ok(())
}

fn generations(scene: &Scene) -> Vec<(String, i64)> {
    let number = |object: &GcAny| object.generation().map(|generation| generation as i64);
    let living = scene.living();
    living.iter().filter_map(|object| Some((super::actors::name_of(object), number(object)?))).collect()
}

/// Moves the values out of the heap, which runs no finalizer. Under Legacy, an object whose
/// finalizer always resurrects it has no other end.
fn lay_to_rest(scene: &Scene, shelter: &Shelter) {
    for phoenix in shelter.take() {
        drop(Gc::try_unwrap(phoenix));
    }
    scene.diary.take();
}

fn from_a_cycle(scene: &mut Scene, shelter: &Shelter) -> Played {
    let (one, two) = (Phoenix::alloc(scene, shelter, "one")?, Phoenix::alloc(scene, shelter, "two")?);
    one.mate.set(Some(two.clone()));
    two.mate.set(Some(one.clone()));
    drop((one, two));
    let returned = scene.heap.collect();
    let (ran, alive, garbage) = (scene.diary.take(), scene.alive(), scene.garbage());
    let note = match ran.len() {
        0 => "Both are uncollectable: no finalizer runs, and the garbage list keeps them.",
        _ => "Both finalizers run, and a second look finds both reachable: nothing is collected.",
    };
    scene
        .step("Two in a cycle are forgotten, and collect()", note)
        .in_tour()
        .fact("collect() returned", returned)
        .fact("finalizers that ran", ran)
        .fact("alive", alive)
        .fact("in the shelter", shelter.len())
        .fact("garbage", garbage);

    drop(shelter.take());
    let returned = scene.heap.collect();
    let (ran, alive) = (scene.diary.take(), scene.alive());
    let note = match alive.len() {
        0 => "Their finalizers have run: a second death finds none to run, and both are reclaimed.",
        _ => "They were found uncollectable before: the garbage list keeps them.",
    };
    scene
        .step("The shelter is emptied, and collect() again", note)
        .fact("collect() returned", returned)
        .fact("finalizers that ran", ran)
        .fact("alive", alive);
    break_garbage(scene, shelter);
    Ok(())
}

/// Cuts the cycle in the garbage list and clears the list. Under Legacy, each object is resurrected
/// once more when it dies, and is then moved out of the heap.
fn break_garbage(scene: &mut Scene, shelter: &Shelter) {
    let before = scene.garbage();
    for entry in scene.heap.garbage().to_vec() {
        drop(entry.downcast_ref::<Phoenix>().and_then(|phoenix| phoenix.mate.take()));
    }
    scene.heap.garbage().clear();
    let (ran, sheltered) = (scene.diary.take(), shelter.len());
    lay_to_rest(scene, shelter);
    let (garbage, alive) = (scene.garbage(), scene.alive());
    let note = match before.len() {
        0 => "The list is empty.",
        _ => {
            "Finalizers run at this death, too: both are in the shelter again, from where their values are moved \
             out of the heap."
        }
    };
    scene
        .step("What is in garbage is cut and dropped", note)
        .fact("garbage before", before)
        .fact("finalizers that ran", ran)
        .fact("in the shelter then", sheltered)
        .fact("garbage", garbage)
        .fact("alive", alive);
}
