//! The `.heapsnapshot` of a heap, read back.

use super::tree::Node;
use gc_core::{FinalizerPolicy, Gc, Heap, List};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::rc::Rc;

/// One object of the file: type, bytes, and its edges as `name -> id`.
#[derive(Debug, PartialEq)]
struct Read {
    name: String,
    bytes: u64,
    edges: Vec<(String, u64)>,
}

/// Reads a file as the format says, by object id; checks what must hold of any.
fn read(text: &[u8]) -> HashMap<u64, Read> {
    let file: Value = serde_json::from_slice(text).expect("JSON");
    let numbers = |key: &str| file[key].as_array().unwrap().iter().map(|it| it.as_u64().unwrap()).collect::<Vec<_>>();
    let string = |at: u64| file["strings"][at as usize].as_str().unwrap().to_owned();
    let (nodes, edges) = (numbers("nodes"), numbers("edges"));
    let fields = file["snapshot"]["meta"]["node_fields"].as_array().unwrap().len();
    assert_eq!(nodes.len(), fields * file["snapshot"]["node_count"].as_u64().unwrap() as usize);
    assert_eq!(edges.len(), 3 * file["snapshot"]["edge_count"].as_u64().unwrap() as usize);
    let mut left = edges.chunks(3);
    let mut found = HashMap::new();
    for node in nodes.chunks(fields) {
        let edges = (0..node[4]).map(|_| {
            let [kind, name, to] = left.next().expect("as many edges as the nodes say") else { unreachable!() };
            let name = if *kind == 1 { format!("[{name}]") } else { string(*name) };
            assert_eq!(to % fields as u64, 0);
            (name, nodes[*to as usize + 2])
        });
        let read = Read { name: string(node[1]), bytes: node[3], edges: edges.collect() };
        assert!(found.insert(node[2], read).is_none(), "ids are unique");
    }
    assert!(left.next().is_none());
    found
}

fn written(heap: &Heap) -> Vec<u8> {
    let mut text = Vec::new();
    heap.write_heap_snapshot(&mut text).unwrap();
    text
}

fn id(object: &Gc<Node>) -> u64 {
    5 + 2 * Gc::as_any(object).birth()
}

const ROOTS: u64 = 3;

#[test]
fn objects_edges_and_roots_are_in_it() {
    let heap = crate::support::heap(FinalizerPolicy::Pep442);
    let [a, b, c] = ["a", "b\"\\\n", "c"].map(|text| heap.alloc(Node { text: text.into(), ..Node::default() }));
    a.next.set(Some(b.clone()));
    b.next.set(Some(a.clone()));
    a.children.borrow_mut().extend([c.clone(), c.clone()]);
    a.by_name.borrow_mut().insert("a \"key\"".into(), c.clone());
    let list: Gc<List<Node>> = heap.alloc([c.clone()].into_iter().collect());
    let other = Heap::new();
    let stranger = other.alloc(Node::default());
    c.next.set(Some(stranger));
    let (ida, idb, idc) = (id(&a), id(&b), id(&c));
    drop((b, c));
    let found = read(&written(&heap));
    assert_eq!(found.len(), 2 + 4);
    assert_eq!(found[&1].edges, [("[1]".to_owned(), ROOTS)]);
    let roots: Vec<u64> = found[&ROOTS].edges.iter().map(|edge| edge.1).collect();
    assert_eq!(roots, [ida, 5 + 2 * Gc::as_any(&list).birth()], "who is held from outside");
    assert_eq!(found[&ROOTS].edges[0].0, "1 external reference");
    let edge = |name: &str, to| (name.to_owned(), to);
    let of_a = [
        edge("next", idb),
        edge("children[0]", idc),
        edge("children[1]", idc),
        edge("by_name[\"a \\\"key\\\"\"]", idc),
    ];
    assert_eq!(found[&ida].edges, of_a);
    assert_eq!(found[&idb].edges, [edge("next", ida)]);
    assert_eq!(found[&idc].edges, [], "an edge into another heap is none");
    assert_eq!(found[&(5 + 2 * Gc::as_any(&list).birth())].edges, [edge("[0]", idc)]);
    let any = Gc::as_any(&a);
    assert_eq!(
        (found[&ida].name.as_str(), found[&ida].bytes),
        ("Node", (any.shallow_bytes() + any.owned_bytes()) as u64)
    );
}

#[test]
fn long_lists_do_not_name_each_position() {
    let heap = crate::support::heap(FinalizerPolicy::Pep442);
    let node = heap.alloc(Node::default());
    node.children.borrow_mut().extend((0..5000).map(|_| heap.alloc(Node::default())));
    let text = written(&heap);
    let found = read(&text);
    let names: Vec<&str> = found[&id(&node)].edges.iter().map(|edge| edge.0.as_str()).collect();
    assert_eq!(
        (names[0], names[999], names[1000], names[4999]),
        ("children[0]", "children[999]", "children[…]", "children[…]")
    );
    let file: Value = serde_json::from_slice(&text).unwrap();
    assert!(file["strings"].as_array().unwrap().len() < 1010);
}

#[test]
fn looking_changes_nothing_and_ids_stay() {
    let heap = crate::support::heap(FinalizerPolicy::Legacy);
    let nodes: Vec<Gc<Node>> = (0..3000).map(|_| heap.alloc(Node::default())).collect();
    for at in 0..3000 {
        nodes[at].next.set(Some(nodes[at * 7 % 3000].clone()));
    }
    let before: Vec<usize> = nodes.iter().map(Gc::strong_count).collect();
    let (first, memory, counts) = (read(&written(&heap)), heap.memory(), heap.counts());
    assert_eq!(read(&written(&heap)), first);
    assert_eq!((heap.memory(), heap.counts()), (memory, counts));
    assert_eq!(nodes.iter().map(Gc::strong_count).collect::<Vec<usize>>(), before);
    drop(nodes);
    assert_eq!(read(&written(&heap)).len(), heap.census().objects() + 2);
    heap.collect();
    assert_eq!(read(&written(&heap)).len(), 2);
}

#[test]
fn a_heap_that_is_out_of_memory_is_dumped() {
    let heap = Heap::builder().max(2 << 20).build().unwrap();
    let dump = Rc::new(RefCell::new(Vec::new()));
    let (own, into) = (heap.clone(), dump.clone());
    heap.on_out_of_memory(move |_, _| into.replace(written(&own)).clear());
    let mut held = Vec::new();
    while let Ok(node) = heap.try_alloc(Node::default()) {
        held.push(node);
    }
    assert_eq!(read(&dump.borrow()).len(), held.len() + 2);
    heap.on_out_of_memory(|_, _| ());
}

#[test]
fn an_error_of_the_writer_is_told() {
    struct Full(usize);
    impl io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let heap = Heap::new();
    let _held: Vec<Gc<u64>> = (0..20_000).map(|n| heap.alloc(n)).collect();
    for room in [0, 100, 200_000] {
        let error = heap.write_heap_snapshot(Full(room)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{room}");
    }
    assert!(heap.write_heap_snapshot(Full(10 << 20)).is_ok());
}
