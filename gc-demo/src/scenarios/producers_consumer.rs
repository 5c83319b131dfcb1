//! Producers that are faster than the consumer, with an unbounded queue between them.

use super::scene::{Failed, Played, Scene};
use super::{Cure, Scenario};
use gc_core::Trace;
use gc_core::observe::GaugeKind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, mpsc::Sender};
use std::thread;
use std::time::{Duration, Instant};

pub const SCENARIO: Scenario = Scenario {
    name: "producers-consumer",
    summary: "three producers, a slower consumer, a queue between",
    story: "Three threads make jobs, one takes them, and it is slower. The queue between them has no end, so \
            that nobody waits, and what waits grows for as long as the program runs. The heap itself is flat: \
            the jobs lie in the channel. A gauge brings the backlog in.",
    cure: Cure::Is("a bounded channel: who makes waits for who takes (back-pressure)"),
    max: None,
    in_tour: false,
    file: "producers_consumer.rs",
    source: include_str!("producers_consumer.rs"),
    python: include_str!("python/producers_consumer.py"),
    play,
};

const PRODUCERS: u64 = 3;
/// The capacity of the bounded channel.
const ROOM: usize = 64;

type Message = (u64, u64, Vec<u8>);

/// The sending end of either kind of channel.
enum Outlet {
    Unbounded(Sender<Message>),
    Bounded(SyncSender<Message>),
}

/// State that the threads share.
#[derive(Default)]
struct Counts {
    made: AtomicU64,
    taken: AtomicU64,
    stop: AtomicBool,
}

/// A job on the heap, which exists while the consumer works on it.
#[derive(Trace)]
struct Job {
    producer: u64,
    number: u64,
    payload: Vec<u8>,
}

fn play(scene: &mut Scene) -> Played {
    let counts = Arc::new(Counts::default());
    let shown = counts.clone();
    scene.heap.gauge("jobs queued", GaugeKind::Backlog, move || {
        shown.made.load(Ordering::Relaxed).saturating_sub(shown.taken.load(Ordering::Relaxed))
    });
    let (outlets, inlet) = connect(scene.setting.fixed);
    let producers: Vec<_> =
        (0..).zip(outlets).map(|(number, outlet)| produce(number, outlet, counts.clone())).collect();
    let time = scene.setting.duration.unwrap_or(Duration::from_millis(400));
    let began = Instant::now();
    let mut handled = 0;
    let consumed = consume(scene, &inlet, &counts, time, &mut handled);
    counts.stop.store(true, Ordering::Relaxed);
    drop(inlet);
    for producer in producers {
        // A producer ends when sending fails or `stop` is set, and does not panic.
        producer.join().expect("a producer does not panic");
    }
    scene.note_end_of(consumed);
    let (made, seconds) = (counts.made.load(Ordering::Relaxed), began.elapsed().as_secs_f64());
    scene
        .step("The threads have run for a while", "")
        .in_tour()
        .fact("made each second", (made as f64 / seconds) as u64)
        .fact("taken each second", (handled as f64 / seconds) as u64)
        .fact("jobs left", made.saturating_sub(handled));
    scene.conclude();
    Ok(())
}

fn connect(bounded: bool) -> (Vec<Outlet>, Receiver<Message>) {
    if bounded {
        let (outlet, inlet) = sync_channel(ROOM);
        ((0..PRODUCERS).map(|_| Outlet::Bounded(outlet.clone())).collect(), inlet)
    } else {
        let (outlet, inlet) = channel(); // <- the leak
        ((0..PRODUCERS).map(|_| Outlet::Unbounded(outlet.clone())).collect(), inlet)
    }
}

fn produce(producer: u64, outlet: Outlet, counts: Arc<Counts>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for number in 0.. {
            let message = (producer, number, vec![0; 32]);
            let sent = match &outlet {
                Outlet::Unbounded(outlet) => outlet.send(message).is_ok(),
                Outlet::Bounded(outlet) => outlet.send(message).is_ok(),
            };
            if !sent || counts.stop.load(Ordering::Relaxed) {
                return;
            }
            counts.made.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_micros(150));
        }
    })
}

/// Takes jobs from the channel for `time`, works on each job for a moment, and counts the jobs.
fn consume(
    scene: &mut Scene,
    inlet: &Receiver<Message>,
    counts: &Counts,
    time: Duration,
    handled: &mut u64,
) -> Result<(), Failed> {
    let looks = 40;
    let (began, mut looked) = (Instant::now(), 0);
    while began.elapsed() < time {
        scene.go_on()?;
        let Ok((producer, number, payload)) = inlet.recv_timeout(Duration::from_millis(10)) else { continue };
        let job = scene.alloc(Job { producer, number, payload })?;
        assert!(job.producer < PRODUCERS && job.payload.len() == 32 && job.number < u64::MAX);
        thread::sleep(Duration::from_micros(300));
        counts.taken.fetch_add(1, Ordering::Relaxed);
        *handled += 1;
        scene.show();
        // A long run, which is watched, takes ten samples a second.
        if began.elapsed() > (time / looks).min(Duration::from_millis(100)) * looked {
            looked += 1;
            scene.sample();
        }
    }
    Ok(())
}
