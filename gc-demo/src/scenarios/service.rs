//! A service with sessions and a cache, which can be watched and in which a leak can be planted.

use super::scene::{Failed, Played, Scene};
use super::{Cure, Scenario};
use crate::setting::LeakKind;
use gc_core::observe::{GaugeKind, Timeline};
use gc_core::{ExternalBytes, Finalize, Gc, List, Slot, Trace};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

pub const SCENARIO: Scenario = Scenario {
    name: "service",
    summary: "requests, sessions, a cache: healthy, or --leak",
    story: "Requests come in, open and use sessions, which expire; a cache keeps what was rendered last; each \
            request is a cycle with its response, which only a collection frees. All of that is healthy, for \
            as long as it runs. --leak plants one of several leaks in it.",
    cure: Cure::None("it leaks only with --leak: leave that out"),
    max: None,
    in_tour: false,
    file: "service.rs",
    source: include_str!("service.rs"),
    python: include_str!("python/service.py"),
    play,
};

#[derive(Trace)]
struct App {
    sessions: RefCell<BTreeMap<u64, Gc<Session>>>,
    cache: RefCell<BTreeMap<u64, Gc<Page>>>,
    audit: List<Response>,
}

#[derive(Trace)]
struct Session {
    user: u64,
    last_used: Cell<u64>,
    last_page: Slot<Page>,
}

#[derive(Trace)]
struct Page {
    html: String,
}

/// A request, which forms a cycle with its response.
#[derive(Trace)]
struct Request {
    response: Slot<Response>,
    session: Gc<Session>,
}

#[derive(Trace)]
struct Response {
    request: Slot<Request>,
    page: Gc<Page>,
}

#[derive(Trace)]
#[trace(finalize)]
struct Upload {
    peer: Slot<Upload>,
    bytes: usize,
}

impl Finalize for Upload {
    fn finalize(this: &Gc<Self>) {
        assert!(this.bytes > 0);
    }
}

/// Number of requests after which an unused session expires.
const EXPIRES: u64 = 400;
/// Greatest number of pages in the cache.
const CACHED: usize = 100;
/// Number of looks during the least number of requests. At most twice this number of looks is kept.
const LOOKS: u64 = 50;

fn play(scene: &mut Scene) -> Played {
    let app = scene.alloc(App { sessions: RefCell::default(), cache: RefCell::default(), audit: List::new() })?;
    let backlog = Rc::new(Cell::new(0u64));
    let shown = backlog.clone();
    scene.heap.gauge("mails queued", GaugeKind::Backlog, move || shown.get());
    scene.heap.enable();
    let declared = scene.heap.external_bytes(0);
    let time = scene.setting.duration.unwrap_or(Duration::from_millis(600));
    let (began, mut served, mut looked) = (Instant::now(), 0u64, 0u64);
    // The service runs by the clock, but serves at least this number of requests, so that its
    // caches are warm.
    let least = scene.setting.scaled(4000) as u64;
    let mut every = (least / LOOKS).max(1);
    while began.elapsed() < time || served < least {
        if let Err(failed) = scene.go_on() {
            scene.note_end_of(Err(failed));
            scene.is_early = served < least;
            scene.sample();
            break;
        }
        let unit = scene.heap.unit_of_work("request");
        let done = serve(scene, &app, served).and_then(|()| leak(scene, &app, served, &backlog, &declared));
        drop(unit);
        scene.show();
        served += 1;
        if done.is_err() || served.is_multiple_of(every) {
            looked += 1;
            scene.sample();
        }
        if looked == 2 * LOOKS {
            // From here on, looks are half as frequent, and every second earlier look is dropped: a
            // trend needs even steps.
            scene.timeline = thinned(&scene.timeline);
            (looked, every) = (LOOKS, 2 * every);
        }
        if done.is_err() {
            break;
        }
    }
    let (sessions, pages) = (app.sessions.borrow().len(), app.cache.borrow().len());
    let figures = scene.heap.metrics();
    let longest = figures.pauses.longest().as_micros();
    scene
        .step("The service has run", "")
        .in_tour()
        .fact("requests served", served)
        .fact("sessions open", sessions)
        .fact("pages cached", pages)
        .fact("collections", figures.collections)
        .fact("longest pause, µs", longest as u64);
    scene.conclude();
    Ok(())
}

/// Returns a timeline with every second sample.
fn thinned(timeline: &Timeline) -> Timeline {
    let mut kept = Timeline::new();
    timeline.samples().iter().skip(1).step_by(2).for_each(|sample| kept.push(sample.clone()));
    kept
}

fn serve(scene: &mut Scene, app: &Gc<App>, number: u64) -> Result<(), Failed> {
    let session = session_of(scene, app, number)?;
    let page = page_for(scene, app)?;
    session.last_page.set(Some(page.clone()));
    let request = scene.heap.try_alloc(Request { response: Slot::empty(), session: session.clone() })?;
    let response = scene.heap.try_alloc(Response { request: Slot::new(Some(request.clone())), page })?;
    assert!(response.page.html.len() >= request.session.user as usize % 2);
    request.response.set(Some(response));
    if number.is_multiple_of(50) {
        expire(app, number);
    }
    Ok(())
}

fn session_of(scene: &mut Scene, app: &Gc<App>, number: u64) -> Result<Gc<Session>, Failed> {
    let user = scene.dice.between(0, 300) as u64;
    let known = app.sessions.borrow().get(&user).cloned();
    if let Some(session) = known {
        session.last_used.set(number);
        return Ok(session);
    }
    let session = Session { user, last_used: Cell::new(number), last_page: Slot::empty() };
    let session = scene.heap.try_alloc(session)?;
    app.sessions.borrow_mut().insert(user, session.clone());
    Ok(session)
}

fn page_for(scene: &mut Scene, app: &Gc<App>) -> Result<Gc<Page>, Failed> {
    let key = scene.dice.between(0, 400) as u64;
    let known = app.cache.borrow().get(&key).cloned();
    if let Some(page) = known {
        return Ok(page);
    }
    let page = scene.heap.try_alloc(Page { html: "x".repeat(scene.dice.between(50, 300)) })?;
    let evicted = {
        let mut cache = app.cache.borrow_mut();
        cache.insert(key, page.clone());
        if cache.len() > CACHED { cache.pop_first() } else { None }
    };
    drop(evicted);
    Ok(page)
}

fn expire(app: &Gc<App>, number: u64) {
    let expired: Vec<Gc<Session>> = {
        let mut sessions = app.sessions.borrow_mut();
        let old = |session: &Session| session.last_used.get() + EXPIRES < number;
        let keys: Vec<u64> = sessions.iter().filter(|(_, session)| old(session)).map(|(&key, _)| key).collect();
        keys.iter().filter_map(|key| sessions.remove(key)).collect()
    };
    drop(expired);
}

/// Leaks in the way that the setting asks for, if any.
fn leak(
    scene: &Scene,
    app: &Gc<App>,
    number: u64,
    backlog: &Cell<u64>,
    declared: &ExternalBytes,
) -> Result<(), Failed> {
    match scene.setting.leak {
        None => {}
        Some(LeakKind::Container) => {
            let page = scene.heap.try_alloc(Page { html: "kept for an audit".into() })?;
            app.audit.push(scene.heap.try_alloc(Response { request: Slot::empty(), page })?);
        }
        Some(LeakKind::Cycle) => {
            let pair = [
                scene.heap.try_alloc(Upload { peer: Slot::empty(), bytes: 1 })?,
                scene.heap.try_alloc(Upload { peer: Slot::empty(), bytes: 2 })?,
            ];
            pair[0].peer.set(Some(pair[1].clone()));
            pair[1].peer.set(Some(pair[0].clone()));
        }
        Some(LeakKind::External) => declared.resize(declared.bytes() + 4096),
        Some(LeakKind::Backlog) => backlog.set(backlog.get() + u64::from(number.is_multiple_of(2))),
    }
    Ok(())
}
