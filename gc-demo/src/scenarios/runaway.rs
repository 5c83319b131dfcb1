//! A loop and a recursion that do not end.

use super::scene::{Failed, Played, Scene};
use super::{Cure, Scenario};
use gc_core::{Gc, List, Slot, Trace};

pub const LOOP: Scenario = Scenario {
    name: "runaway-loop",
    summary: "a loop whose condition never holds fills the heap",
    story: "A request splits a text into words, and steps over one word too few: it meets the same word for \
            ever, and keeps each result. Between requests nothing grows; within one there is no end to it.",
    cure: Cure::Is("the loop steps over what it has found"),
    max: Some(2 << 20),
    in_tour: false,
    file: "runaway.rs",
    source: include_str!("runaway.rs"),
    python: include_str!("python/runaway_loop.py"),
    play: play_loop,
};

pub const RECURSION: Scenario = Scenario {
    name: "runaway-recursion",
    summary: "a recursion without an end, in an interpreter",
    story: "A small interpreter keeps the frames of its program as objects of the heap, as many do: each call \
            is a frame that holds its caller. The program computes a factorial and forgot when to stop. The \
            stack of the host does not grow; the heap does.",
    cure: Cure::Is("the function has a base case"),
    max: Some(2 << 20),
    in_tour: false,
    file: "runaway.rs",
    source: include_str!("runaway.rs"),
    python: include_str!("python/runaway_recursion.py"),
    play: play_recursion,
};

/// Number of healthy requests before the request that does not end.
const HEALTHY: usize = 40;

#[derive(Trace)]
struct Word {
    text: [u8; 16],
    length: usize,
}

fn play_loop(scene: &mut Scene) -> Played {
    let healthy = scene.setting.scaled(HEALTHY);
    scene.serve(healthy, 20, |scene, _| words(scene, "a healthy request", 1).map(drop));
    let step = usize::from(scene.setting.fixed);
    let mut found = 0usize;
    let completed = scene.serve(1, 1, |scene, _| {
        found = words(scene, "one that does not end", step)?;
        Ok(())
    });
    scene.step("A request comes in", "").in_tour().fact("it was served", completed).fact("words found", found);
    scene.conclude();
    Ok(())
}

/// Splits a text into words and returns their number. After each word, the function goes on `step`
/// words further.
fn words(scene: &mut Scene, text: &str, step: usize) -> Result<usize, Failed> {
    let list = scene.heap.try_alloc(List::<Word>::new()).map_err(|error| Failed::from(error.without_value()))?;
    let mut at = 0;
    while let Some(word) = text.split(' ').nth(at) {
        let mut bytes = [0; 16];
        let length = word.len().min(16);
        bytes[..length].copy_from_slice(&word.as_bytes()[..length]);
        let word = scene.heap.try_alloc(Word { text: bytes, length })?;
        assert!(word.text[..word.length].is_ascii());
        list.push(word);
        scene.look_within(list.len())?;
        at += step; // <- the mistake: one word too few
    }
    Ok(list.len())
}

/// A frame of the interpreter.
#[derive(Trace)]
struct Frame {
    caller: Slot<Frame>,
    argument: u64,
    locals: [u64; 6],
}

fn play_recursion(scene: &mut Scene) -> Played {
    let healthy = scene.setting.scaled(HEALTHY);
    scene.serve(healthy, 20, |scene, _| factorial(scene, 12, true).map(drop));
    let has_base_case = scene.setting.fixed;
    let mut result = 0u64;
    let completed = scene.serve(1, 1, |scene, _| {
        result = factorial(scene, 12, has_base_case)?;
        Ok(())
    });
    scene
        .step("The factorial of 12 is asked for", "")
        .in_tour()
        .fact("it was computed", completed)
        .fact("result", result);
    scene.conclude();
    Ok(())
}

/// Computes a factorial: calls until the base case, then returns from frame to frame.
fn factorial(scene: &mut Scene, argument: u64, has_base_case: bool) -> Result<u64, Failed> {
    let mut top = call(scene, None, argument)?;
    let mut depth = 1;
    while !(has_base_case && top.argument <= 1) {
        // <- the mistake: no base case
        let argument = top.argument.wrapping_sub(1);
        top = call(scene, Some(top), argument)?;
        depth += 1;
        scene.look_within(depth)?;
    }
    let mut result = 1u64;
    let mut frame = Some(top);
    while let Some(returning) = frame {
        result = result.wrapping_mul(returning.argument.max(1) + returning.locals[0]);
        frame = returning.caller.take();
    }
    Ok(result)
}

fn call(scene: &Scene, caller: Option<Gc<Frame>>, argument: u64) -> Result<Gc<Frame>, Failed> {
    Ok(scene.heap.try_alloc(Frame { caller: Slot::new(caller), argument, locals: [0; 6] })?)
}
