//! Exports, as far as can be checked without the tools that read them (`scripts/validate-exports`
//! has those).

use gc_core::observe::GaugeKind;
use gc_core::snapshot::{Dot, SnapshotObject};
use gc_core::{Finalize, FinalizerPolicy, Gc, Heap, Slot, Trace};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::HashMap;

#[derive(Trace)]
#[trace(finalize)]
struct Node {
    next: Slot<Node>,
    children: RefCell<Vec<Gc<Node>>>,
    name: String,
}

impl Finalize for Node {
    fn finalize(this: &Gc<Self>) {
        assert!(this.name.len() < 100);
    }
}

fn node(heap: &Heap, name: &str) -> Gc<Node> {
    heap.alloc(Node { next: Slot::empty(), children: RefCell::default(), name: name.into() })
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut text = Vec::new();
    write(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn tables_have_a_row_for_each_object_and_edge() {
    let heap = Heap::new();
    let parent = node(&heap, "parent");
    parent.children.borrow_mut().extend((0..3).map(|_| node(&heap, "child")));
    parent.next.set(Some(parent.clone()));
    let _number = heap.alloc(7u64);
    let snapshot = heap.snapshot();
    let rows = |text: String| -> Vec<Value> { text.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let objects = rows(written(|out| snapshot.write_objects(out)));
    let edges = rows(written(|out| snapshot.write_edges(out)));
    assert_eq!((objects.len(), edges.len()), (5, 4));
    let by_id: HashMap<u64, &Value> = objects.iter().map(|row| (row["id"].as_u64().unwrap(), row)).collect();
    let row = by_id[&Gc::as_any(&parent).id().0];
    let all: u64 = objects.iter().filter(|row| row["type"] == "Node").map(bytes).sum();
    assert_eq!(
        (row["retained_bytes"].as_u64(), &row["dominator"], &row["generation"]),
        (Some(all), &Value::Null, &0.into())
    );
    assert_eq!(objects.iter().filter(|row| row["dominator"] == row_id(&parent)).count(), 3);
    assert!(edges.iter().all(|edge| by_id.contains_key(&edge["to"].as_u64().unwrap())));
    assert_eq!(edges[0], serde_json::json!({"from": row_id(&parent), "name": "next", "to": row_id(&parent)}));
}

fn row_id(object: &Gc<Node>) -> u64 {
    Gc::as_any(object).id().0
}

fn bytes(row: &Value) -> u64 {
    row["shallow_bytes"].as_u64().unwrap() + row["owned_bytes"].as_u64().unwrap()
}

#[test]
fn a_picture_shows_what_objgraph_shows() {
    let heap = Heap::new();
    let target = node(&heap, "target");
    let holders: Vec<Gc<Node>> = (0..12).map(|_| node(&heap, "holder")).collect();
    holders.iter().for_each(|holder| holder.next.set(Some(target.clone())));
    let snapshot = heap.snapshot();
    let shown = |object: &Gc<Node>| -> SnapshotObject<'_> { snapshot.find(&Gc::as_any(object)).unwrap() };
    let back = written(|out| Dot::backrefs().write(&[shown(&target)], out));
    let id = row_id(&target);
    assert_eq!(back.matches(&format!("-> o{id} [label=\"next\",weight=2];")).count(), 10);
    assert!(back.contains(&format!("too_many_o{id}[label=\"2 more backreferences\"")), "{back}");
    assert!(back.contains(&format!("o{id}[fontcolor=red];")) && back.contains("__del__"));
    assert!(back.contains(&format!("o{id}[label=\"Node [1]\\n@{id}\"];")));
    let forth = written(|out| Dot::refs().too_many(3).write(&[shown(&holders[0])], out));
    assert_eq!(forth.matches("weight=2").count(), 1);
    let flat = written(|out| Dot::refs().max_depth(0).write(&[shown(&holders[0])], out));
    assert_eq!(flat.matches("weight=2").count(), 0);
    assert_eq!(written(|out| Dot::refs().write(&[], out)).lines().count(), 3);
}

#[test]
fn trace_events_are_one_for_each_collection() {
    let heap = Heap::new();
    for _ in 0..3 {
        let one = node(&heap, "one");
        one.next.set(Some(one.clone()));
        drop(one);
        heap.collect();
    }
    let file: Value = serde_json::from_str(&written(|out| heap.write_trace_events(out))).unwrap();
    let events = file["traceEvents"].as_array().unwrap();
    let complete: Vec<&Value> = events.iter().filter(|event| event["ph"] == "X").collect();
    assert_eq!(complete.len(), 3);
    assert!(complete.iter().all(|event| event["args"]["collected"] == 1 && event["dur"].as_f64() > Some(0.0)));
    assert_eq!(events.iter().filter(|event| event["ph"] == "C").count(), 6);
}

#[test]
fn metrics_are_escaped_and_end() {
    let heap = Heap::builder().policy(FinalizerPolicy::Legacy).max(8 << 20).build().unwrap();
    heap.gauge("a \"b\"\\\n", GaugeKind::Other, || 7);
    drop(heap.unit_of_work("request"));
    let _held = node(&heap, "one");
    heap.collect();
    let text = written(|out| heap.write_open_metrics(out));
    for line in [
        "gc_objects{type=\"Node\"} 1",
        "gc_gauge{name=\"a \\\"b\\\"\\\\\\n\"} 7",
        "gc_units_of_work_total{name=\"request\"} 1",
        "gc_collections_total{generation=\"2\"} 1",
        "gc_max_bytes 8388608",
        "# EOF",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
}

#[test]
fn a_profile_has_the_sites() {
    let heap = Heap::new();
    heap.track_allocations(true);
    let _held: Vec<Gc<Node>> = (0..300).map(|_| node(&heap, "one")).collect();
    let mut profile = Vec::new();
    heap.write_pprof(&mut profile).unwrap();
    let has = |text: &[u8]| profile.windows(text.len()).any(|window| window == text);
    assert!(has(b"inuse_space") && has(b"gc-core/tests/observe/exports.rs:"));
    // Field 2 (sample), of length 2 + 2 + values: location 1, then 300 objects as a varint.
    assert!(has(&[10, 1, 1, 18]) && has(&[0xAC, 0x02]));
}

#[test]
fn an_error_of_the_writer_is_told() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("full"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let heap = Heap::new();
    let one = node(&heap, "one");
    one.next.set(Some(one.clone()));
    let snapshot = heap.snapshot();
    let object = snapshot.find(&Gc::as_any(&one)).unwrap();
    assert!(snapshot.write_objects(Full).is_err() && snapshot.write_edges(Full).is_err());
    assert!(heap.write_open_metrics(Full).is_err() && heap.write_trace_events(Full).is_err());
    assert!(heap.write_pprof(Full).is_err() && Dot::refs().write(&[object], Full).is_err());
}
