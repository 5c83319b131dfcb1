//! A leak that stays unnoticed until the heap runs out of memory.

use super::scene::{Failed, Played, Scene};
use super::{Cure, Scenario};
use gc_core::{Gc, Slot, Trace};
use std::cell::RefCell;
use std::collections::BTreeMap;

pub const SCENARIO: Scenario = Scenario {
    name: "leak-becomes-overflow",
    summary: "a leak, left alone, ends in out-of-memory",
    story: "Listeners are registered for each request and never removed. The heap grows with every request, \
            full collections free less and less, and in the end an allocation fails. That is not a heap that \
            is too small: it is the leak, seen late.",
    cure: Cure::Is("each request removes its listeners when it is done"),
    max: Some(4 << 20),
    in_tour: false,
    file: "leak_becomes_overflow.rs",
    source: include_str!("leak_becomes_overflow.rs"),
    python: include_str!("python/leak_becomes_overflow.py"),
    play,
};

const REQUESTS: usize = 200_000;
/// Number of requests with the cure, which is more than the leak ever serves.
const CURED: usize = 20_000;
const LOOKS: usize = 1000;

#[derive(Trace, Default)]
struct EventBus {
    listeners: RefCell<BTreeMap<u64, Gc<Listener>>>,
}

#[derive(Trace)]
struct Listener {
    bus: Slot<EventBus>,
    buffer: [u64; 16],
}

fn play(scene: &mut Scene) -> Played {
    let bus = scene.alloc(EventBus::default())?;
    // Without the cure, the limit decides when the run ends. With the cure, more requests are
    // served.
    let requests = if scene.setting.fixed { scene.setting.scaled(CURED) } else { REQUESTS };
    let looks = if scene.setting.fixed { 100 } else { LOOKS };
    let mut served = 0usize;
    let completed = scene.serve(requests, looks, |scene, number| {
        listen(scene, &bus, number as u64)?;
        served += 1;
        Ok(())
    });
    let listeners = bus.listeners.borrow().len();
    let last = scene.heap.last_collection().map_or(0, |last| last.collected);
    scene
        .step("Requests are served until the heap is full, or all are", "")
        .in_tour()
        .fact("requests to serve", requests)
        .fact("requests served", served)
        .fact("all were served", completed)
        .fact("listeners", listeners)
        .fact("freed at last", last);
    scene.conclude();
    Ok(())
}

fn listen(scene: &mut Scene, bus: &Gc<EventBus>, number: u64) -> Result<(), Failed> {
    let listeners = scene.dice.between(1, 3) as u64;
    for at in 0..listeners {
        let listener = scene.heap.try_alloc(Listener { bus: Slot::new(Some(bus.clone())), buffer: [number; 16] })?;
        assert!(listener.bus.get().is_some() && listener.buffer[0] == number);
        bus.listeners.borrow_mut().insert(number * 3 + at, listener); // <- the leak
    }
    if scene.setting.fixed {
        let done = std::mem::take(&mut *bus.listeners.borrow_mut());
        drop(done);
    }
    Ok(())
}
