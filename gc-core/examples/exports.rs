//! Writes every export of a heap with something to see into a folder:
//! `cargo run --example exports -- FOLDER`. `scripts/validate-exports` reads them with the
//! tools that they are for.

use gc_core::observe::GaugeKind;
use gc_core::snapshot::Dot;
use gc_core::{Finalize, FinalizerPolicy, Gc, Heap, Slot, Trace};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

#[derive(Trace, Default)]
struct Session {
    user: Slot<User>,
    peers: RefCell<Vec<Gc<Session>>>,
    data: Vec<u8>,
}

#[derive(Trace)]
struct User {
    name: String,
    last: Slot<Session>,
}

#[derive(Trace)]
#[trace(finalize)]
struct Connection {
    peer: Slot<Connection>,
}

impl Finalize for Connection {
    fn finalize(this: &Gc<Self>) {
        let _ = this;
    }
}

#[derive(Trace, Default)]
struct Registry {
    sessions: RefCell<Vec<Gc<Session>>>,
    by_name: RefCell<BTreeMap<String, Gc<User>>>,
}

fn session(heap: &Heap, number: usize) -> Gc<Session> {
    heap.alloc(Session { data: vec![0; number % 700], ..Session::default() })
}

/// A service after some requests: sessions that know each other and their users, a leak of
/// connections that lie on cycles, and a dice that makes shared parts.
fn service(heap: &Heap, registry: &Registry, requests: usize) {
    for number in 0..requests {
        let _request = heap.unit_of_work("request");
        let new = session(heap, number);
        let name = format!("user \"{}\"", number % 97);
        let user = heap.alloc(User { name: name.clone(), last: Slot::new(Some(new.clone())) });
        assert!(!user.name.is_empty());
        new.user.set(Some(user.clone()));
        let mut sessions = registry.sessions.borrow_mut();
        for step in [3, 7] {
            if let Some(other) = sessions.get(sessions.len().wrapping_sub(number % step + 1)) {
                new.peers.borrow_mut().push(other.clone());
            }
        }
        sessions.push(new);
        registry.by_name.borrow_mut().insert(name, user);
        if number % 50 == 0 {
            let pair = [(), ()].map(|()| heap.alloc(Connection { peer: Slot::empty() }));
            pair[0].peer.set(Some(pair[1].clone()));
            pair[1].peer.set(Some(pair[0].clone()));
        }
    }
}

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args_os().nth(1).unwrap_or_else(|| "exports".into()));
    std::fs::create_dir_all(&folder)?;
    let file = |name: &str| File::create(folder.join(name));
    let heap = Heap::builder().policy(FinalizerPolicy::Legacy).build().map_err(std::io::Error::other)?;
    heap.track_allocations(true);
    heap.gauge("jobs queued", GaugeKind::Backlog, || 3);
    let registry = heap.alloc(Registry::default());
    service(&heap, &registry, 2000);
    heap.collect();
    heap.write_heap_snapshot(file("before.heapsnapshot")?)?;
    service(&heap, &registry, 2000);
    heap.collect();
    heap.write_heap_snapshot(file("after.heapsnapshot")?)?;
    let snapshot = heap.snapshot();
    snapshot.write_objects(file("objects.jsonl")?)?;
    snapshot.write_edges(file("edges.jsonl")?)?;
    let last = registry.sessions.borrow().last().map(Gc::as_any);
    let shown: Vec<_> = last.iter().filter_map(|last| snapshot.find(last)).collect();
    Dot::backrefs().max_depth(4).write(&shown, file("backrefs.dot")?)?;
    Dot::refs().max_depth(4).write(&shown, file("refs.dot")?)?;
    heap.write_pprof(file("sites.pprof")?)?;
    heap.write_trace_events(file("pauses.json")?)?;
    heap.write_open_metrics(file("metrics.txt")?)?;
    Ok(())
}
