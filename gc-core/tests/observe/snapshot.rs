//! Snapshots: what they show, and the analyses, each held against another implementation.

use super::tree::Node;
use gc_core::snapshot::{ObjectId, Snapshot, SnapshotBuilder, SnapshotError, SnapshotObject};
use gc_core::{Finalize, FinalizerPolicy, Gc, GcAny, Heap, List, Slot, Trace};
use petgraph::algo::{dominators::simple_fast, tarjan_scc};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::Bfs;
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

fn seen<'s>(snapshot: &'s Snapshot, object: &Gc<Node>) -> SnapshotObject<'s> {
    snapshot.find(&Gc::as_any(object)).expect("it was alive")
}

fn edges(object: SnapshotObject<'_>) -> Vec<(String, ObjectId)> {
    object.edges().map(|(name, target)| (name.into_owned(), target.id())).collect()
}

#[test]
fn it_shows_objects_edges_and_who_holds_them() {
    let heap = Heap::new();
    let leaf = heap.alloc(Node { text: "x".repeat(10), ..Node::default() });
    let node = heap.alloc(Node { next: Slot::new(Some(leaf.clone())), ..Node::default() });
    node.children.borrow_mut().extend([leaf.clone(), leaf.clone()]);
    node.by_name.borrow_mut().insert("a \"b\"".into(), node.clone());
    let number = heap.alloc(7u64);
    let snapshot = heap.snapshot();
    assert_eq!((snapshot.len(), snapshot.edge_count()), (3, 4));
    let (shown, target) = (seen(&snapshot, &node), seen(&snapshot, &leaf).id());
    let expected = [("next", target), ("children[0]", target), ("children[1]", target)];
    let mut expected: Vec<(String, ObjectId)> = expected.map(|(name, id)| (name.into(), id)).into();
    expected.push((r#"by_name["a \"b\""]"#.into(), shown.id()));
    assert_eq!(edges(shown), expected);
    assert_eq!((shown.external_references(), shown.generation(), shown.type_name()), (1, Some(0), "Node"));
    let leaf_shown = seen(&snapshot, &leaf);
    assert_eq!((leaf_shown.external_references(), leaf_shown.owned_bytes()), (1, 10));
    assert_eq!(leaf_shown.shallow_bytes(), Gc::as_any(&leaf).shallow_bytes() as u64);
    let number_shown = snapshot.find(&Gc::as_any(&number)).unwrap();
    assert_eq!((number_shown.generation(), number_shown.edges().len()), (None, 0));
    let mut roots: Vec<ObjectId> = snapshot.roots().map(SnapshotObject::id).collect();
    roots.sort();
    assert_eq!(roots, [&Gc::as_any(&leaf), &Gc::as_any(&node), &Gc::as_any(&number)].map(GcAny::id));
    let referrers: Vec<String> = snapshot.referrers(leaf_shown).map(|(_, name)| name.into_owned()).collect();
    assert_eq!(referrers, ["next", "children[0]", "children[1]"]);
    assert_eq!(snapshot.census(), heap.census());
    assert_eq!(snapshot.bytes(), heap.census().bytes() as u64);
    heap.collect();
    heap.freeze();
    assert_eq!(seen(&heap.snapshot(), &node).generation(), Some(3));
    drop((leaf, node, number));
    assert_eq!(snapshot.len(), 3, "it is independent of the heap");
}

#[test]
fn long_lists_do_not_have_as_many_names() {
    let heap = Heap::new();
    let leaf = heap.alloc(Node::default());
    let node = heap.alloc(Node::default());
    node.children.borrow_mut().extend((0..3000).map(|_| leaf.clone()));
    let list = heap.alloc(List::<Node>::new());
    list.push(leaf.clone());
    let snapshot = heap.snapshot();
    let names: Vec<String> = edges(seen(&snapshot, &node)).into_iter().map(|(name, _)| name).collect();
    assert_eq!((&*names[999], &*names[1000], &*names[2999]), ("children[999]", "children[…]", "children[…]"));
    assert_eq!(edges(snapshot.find(&Gc::as_any(&list)).unwrap())[0].0, "[0]");
}

#[test]
fn garbage_and_finalizers_are_told() {
    #[derive(Trace)]
    #[trace(finalize)]
    struct Thing(Slot<Thing>);
    impl Finalize for Thing {
        fn finalize(this: &Gc<Self>) {
            let _ = this;
        }
    }
    for policy in crate::support::BOTH {
        let heap = Heap::builder().policy(policy).build().unwrap();
        let things = [heap.alloc(Thing(Slot::empty())), heap.alloc(Thing(Slot::empty()))];
        things[0].0.set(Some(things[1].clone()));
        things[1].0.set(Some(things[0].clone()));
        assert!(heap.snapshot().objects().all(|object| object.has_finalizer() && !object.is_in_garbage()));
        drop(things);
        heap.collect();
        let left = heap.snapshot();
        let expected = if policy == FinalizerPolicy::Legacy { 2 } else { 0 };
        assert_eq!(left.objects().filter(|object| object.is_in_garbage()).count(), expected, "{policy:?}");
        let components = left.components();
        assert!(components.iter().all(|component| component.finalizers().count() == 2));
        assert_eq!(components.len(), expected / 2);
    }
}

#[test]
fn a_large_owned_buffer_is_counted_exactly() {
    let heap = Heap::new();
    let huge = heap.alloc(Vec::<u8>::with_capacity(5 << 30));
    assert_eq!(heap.snapshot().find(&Gc::as_any(&huge)).unwrap().owned_bytes(), 5 << 30);
}

/// A graph by its edges, and the objects that are held from outside.
#[derive(Clone, Debug)]
struct Graph {
    objects: usize,
    edges: Vec<(usize, usize)>,
    roots: BTreeSet<usize>,
}

fn graphs() -> impl Strategy<Value = Graph> {
    (1usize..40).prop_flat_map(|objects| {
        let edges = prop::collection::vec((0..objects, 0..objects), 0..objects * 3);
        let roots = prop::collection::btree_set(0..objects, 0..4);
        (Just(objects), edges, roots).prop_map(|(objects, mut edges, roots)| {
            edges.sort();
            Graph { objects, edges, roots }
        })
    })
}

impl Graph {
    fn snapshot(&self) -> Snapshot {
        let mut builder = SnapshotBuilder::new();
        for at in 0..self.objects {
            let held = u32::from(self.roots.contains(&at));
            assert_eq!(builder.object(id(at), "Node", 1 << (at % 40), held), Ok(at));
        }
        for (number, &(from, to)) in self.edges.iter().enumerate() {
            builder.edge(from, &format!("e{number}"), to).unwrap();
        }
        builder.finish()
    }

    /// Random edges, and chains that return: deep, and larger than a part of what the analysis sorts at once.
    fn large(objects: usize, roots: BTreeSet<usize>) -> Graph {
        let mut random = 0x9E37_79B9_7F4A_7C15u64;
        let mut other = |below: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random % below as u64) as usize
        };
        let chain = (1..objects).filter(|at| at % 1000 != 0).map(|at| (at - 1, at));
        let back = (1..objects).step_by(3).map(|at| (at, at - at % 50)).collect::<Vec<_>>();
        let far = (0..objects).step_by(5).map(|_| (other(objects), other(objects))).collect::<Vec<_>>();
        let mut edges: Vec<(usize, usize)> = chain.chain(back).chain(far).collect();
        edges.sort_unstable();
        Graph { objects, edges, roots }
    }

    /// The same with a node for the outside, as the last.
    fn peer(&self) -> (DiGraph<(), ()>, NodeIndex) {
        let mut graph = DiGraph::new();
        let nodes: Vec<NodeIndex> = (0..=self.objects).map(|_| graph.add_node(())).collect();
        let outside = nodes[self.objects];
        self.edges.iter().for_each(|&(from, to)| {
            graph.add_edge(nodes[from], nodes[to], ());
        });
        self.roots.iter().for_each(|&root| {
            graph.add_edge(outside, nodes[root], ());
        });
        (graph, outside)
    }

    fn is_acyclic_without(&self, edges: &[usize]) -> bool {
        let left = self.edges.iter().enumerate().filter(|(number, _)| !edges.contains(number));
        let edges = left.map(|(_, &edge)| edge).collect();
        let (graph, _) = Graph { edges, ..self.clone() }.peer();
        !petgraph::algo::is_cyclic_directed(&graph)
    }
}

fn id(at: usize) -> ObjectId {
    ObjectId(5 + 2 * at as u64)
}

fn number(name: &str) -> usize {
    name[1..].parse().unwrap()
}

#[test]
fn dominators_of_a_large_graph_are_those_of_petgraph() {
    let objects = 60_000;
    for roots in [BTreeSet::from([0]), BTreeSet::from([7, 30_000, 59_999]), (0..objects).step_by(100).collect()] {
        let graph = Graph::large(objects, roots);
        let snapshot = graph.snapshot();
        let ours = snapshot.dominators();
        let (peer, outside) = graph.peer();
        let theirs = simple_fast(&peer, outside);
        let mut compared = 0;
        for (at, object) in snapshot.objects().enumerate() {
            let Some(expected) = theirs.immediate_dominator(NodeIndex::new(at)) else {
                assert!(ours.is_unreachable(object), "{object}");
                continue;
            };
            let expected = Some(expected).filter(|&node| node != outside).map(|node| id(node.index()));
            assert_eq!(ours.dominator(object).map(SnapshotObject::id), expected, "of {object}");
            compared += 1;
        }
        assert!(compared > objects / 2, "{compared} objects are reachable");
    }
}

proptest! {
    #[test]
    fn dominators_are_those_of_petgraph(graph in graphs()) {
        let snapshot = graph.snapshot();
        let ours = snapshot.dominators();
        let (mut peer, outside) = graph.peer();
        // What is unreachable hangs off the outside in both.
        for at in 0..graph.objects {
            let node = NodeIndex::new(at);
            let mut walk = Bfs::new(&peer, outside);
            let reached = std::iter::from_fn(|| walk.next(&peer)).any(|it| it == node);
            let is_unreachable = ours.is_unreachable(snapshot.find(id(at)).unwrap());
            let mut reachable = Bfs::new(&peer, outside);
            if !reached {
                prop_assert!(is_unreachable);
                peer.add_edge(outside, node, ());
                reachable = Bfs::new(&peer, outside);
            }
            prop_assert!(std::iter::from_fn(|| reachable.next(&peer)).any(|it| it == node));
        }
        let theirs = simple_fast(&peer, outside);
        let mut retained: HashMap<usize, u64> = HashMap::new();
        for at in 0..graph.objects {
            let object = snapshot.find(id(at)).unwrap();
            let expected = theirs.immediate_dominator(NodeIndex::new(at)).filter(|&node| node != outside);
            let found = ours.dominator(object).map(SnapshotObject::id);
            prop_assert_eq!(found, expected.map(|node| id(node.index())), "of {}", at);
            for above in theirs.dominators(NodeIndex::new(at)).unwrap() {
                *retained.entry(above.index()).or_default() += 1 << at;
            }
        }
        for at in 0..graph.objects {
            prop_assert_eq!(ours.retained_bytes(snapshot.find(id(at)).unwrap()), retained[&at]);
        }
        let largest = ours.largest(3).into_iter().map(|object| ours.retained_bytes(object)).collect::<Vec<_>>();
        let mut all: Vec<u64> = (0..graph.objects).map(|at| retained[&at]).collect();
        all.sort_by(|one, other| other.cmp(one));
        prop_assert_eq!(&largest[..], &all[..largest.len()]);
    }

    #[test]
    fn components_are_those_of_petgraph(graph in graphs()) {
        let snapshot = graph.snapshot();
        let (peer, outside) = graph.peer();
        let is_cycle = |members: &Vec<NodeIndex>| members.len() > 1 || peer.contains_edge(members[0], members[0]);
        let expected: BTreeSet<Vec<ObjectId>> = tarjan_scc(&peer).into_iter().filter(is_cycle).map(|mut members| {
            members.sort();
            members.into_iter().map(|node| id(node.index())).collect()
        }).collect();
        let found = snapshot.components();
        let ours: Vec<Vec<ObjectId>> =
            found.iter().map(|it| it.members().map(SnapshotObject::id).collect()).collect();
        prop_assert!(ours.is_sorted());
        prop_assert_eq!(ours.into_iter().collect::<BTreeSet<_>>(), expected);
        prop_assert!(peer.neighbors(outside).count() == graph.roots.len());
        let mut closing: Vec<usize> = Vec::new();
        for component in &found {
            let edges: Vec<usize> = component.closing_edges().iter().map(|(_, link)| number(&link.edge)).collect();
            let within = |edge: &(usize, usize)| {
                [edge.0, edge.1].iter().all(|&end| component.members().any(|member| member.id() == id(end)))
            };
            let only = Graph { edges: graph.edges.iter().map(|edge| if within(edge) { *edge } else { (0, 0) }).collect(), ..graph.clone() };
            let others: Vec<usize> = (0..graph.edges.len()).filter(|&at| !within(&graph.edges[at])).collect();
            let without = |cut: &[usize]| only.is_acyclic_without(&[cut, &others].concat());
            prop_assert!(without(&edges), "they close all cycles");
            let single: Vec<usize> = (0..graph.edges.len()).filter(|&at| without(&[at])).collect();
            match component.edge_to_cut() {
                Some((from, link)) => {
                    prop_assert!(single.contains(&number(&link.edge)));
                    prop_assert!(from.edges().any(|(name, target)| name == link.edge && target == link.target));
                }
                None => prop_assert_eq!(single, Vec::<usize>::new(), "an edge that would do was missed"),
            }
            closing.extend(edges);
        }
        prop_assert!(graph.is_acyclic_without(&closing));
    }

    #[test]
    fn chains_are_shortest(graph in graphs(), ends in (0usize..40, 0usize..40)) {
        let snapshot = graph.snapshot();
        let (from, to) = (ends.0 % graph.objects, ends.1 % graph.objects);
        let mut distance = vec![usize::MAX; graph.objects];
        let spread = |distance: &mut Vec<usize>| for _ in 0..graph.objects {
            for &(from, to) in &graph.edges {
                distance[to] = distance[to].min(distance[from].saturating_add(1));
            }
        };
        distance[from] = 0;
        spread(&mut distance);
        let (start, end) = (snapshot.find(id(from)).unwrap(), snapshot.find(id(to)).unwrap());
        let chain = snapshot.chain(start, end);
        prop_assert_eq!(chain.as_ref().map(|chain| chain.links().len()), Some(distance[to]).filter(|&it| it != usize::MAX));
        if let Some(chain) = chain {
            let mut at = chain.start();
            for link in chain.links() {
                prop_assert!(at.edges().any(|(name, target)| name == link.edge && target == link.target));
                at = link.target;
            }
            prop_assert_eq!((chain.start(), at), (start, end));
        }
        let mut distance = vec![usize::MAX; graph.objects];
        graph.roots.iter().for_each(|&root| distance[root] = 0);
        spread(&mut distance);
        let path = snapshot.path_to_root(end);
        prop_assert_eq!(path.as_ref().map(|chain| chain.links().len()), Some(distance[to]).filter(|&it| it != usize::MAX));
        prop_assert!(path.is_none_or(|chain| chain.start().external_references() > 0));
    }
}

#[test]
fn the_edge_to_cut_sets_an_uncollectable_group_free() {
    #[derive(Trace)]
    #[trace(finalize)]
    struct Part {
        next: Slot<Part>,
        other: Slot<Part>,
    }
    impl Finalize for Part {
        fn finalize(this: &Gc<Self>) {
            let _ = this;
        }
    }
    for length in 1..20 {
        let heap = Heap::builder().policy(FinalizerPolicy::Legacy).build().unwrap();
        let parts: Vec<Gc<Part>> =
            (0..length).map(|_| heap.alloc(Part { next: Slot::empty(), other: Slot::empty() })).collect();
        for (at, part) in parts.iter().enumerate() {
            part.next.set(Some(parts[(at + 1) % length].clone()));
            // Chords that all go forward: the one way back closes every cycle.
            part.other.set(parts.get(at + 2).cloned());
        }
        drop(parts);
        assert_eq!((heap.collect(), heap.garbage().len()), (length, length));
        let snapshot = heap.snapshot();
        let [component] = &snapshot.components()[..] else { panic!("one group") };
        let (from, link) = component.edge_to_cut().expect("the last edge closes every cycle");
        assert_eq!((&*link.edge, component.members().last()), ("next", Some(from)));
        let object = heap.garbage().to_vec().into_iter().find(|object| object.id() == from.id()).unwrap();
        object.downcast::<Part>().unwrap().next.take();
        drop(object);
        heap.garbage().clear();
        assert_eq!(heap.snapshot().len(), 0, "counting does the rest");
    }
}

#[test]
fn a_diff_tells_what_came_and_went() {
    let heap = Heap::new();
    let mut nodes: Vec<Gc<Node>> = (0..10).map(|_| heap.alloc(Node::default())).collect();
    let _same = heap.alloc(1u64);
    let before = heap.snapshot();
    nodes.drain(..4);
    nodes.extend((0..3).map(|_| heap.alloc(Node::default())));
    let _text = heap.alloc(String::from("text"));
    let now = heap.snapshot();
    let diff = now.diff(&before);
    let size = Gc::as_any(&nodes[0]).shallow_bytes() as i64;
    let rows: Vec<_> = diff.types().iter().map(|row| (&*row.type_name, row.born, row.died, row.objects)).collect();
    assert_eq!(rows, [("String", 1, 0, 1), ("Node", 3, 4, 9)]);
    assert_eq!(diff.types()[1].bytes, -size);
    assert_eq!(diff.born().len(), 4);
    assert!(diff.to_string().lines().any(|line| line.ends_with("  Node") && line.contains(&format!("{:+}", -size))));
    assert_eq!(before.diff(&before).types(), []);
}

#[test]
fn a_chain_shows_as_it_is_documented() {
    let mut builder = SnapshotBuilder::new();
    let registry = builder.object(ObjectId(5), "Registry", 1, 1).unwrap();
    let session = builder.object(ObjectId(17), "Session", 1, 0).unwrap();
    let user = builder.object(ObjectId(21), "User", 1, 0).unwrap();
    builder.edge(registry, "sessions[3]", session).unwrap();
    builder.element(session, 7, user).unwrap();
    let snapshot = builder.finish();
    let chain = snapshot.path_to_root(snapshot.find(ObjectId(21)).unwrap()).unwrap();
    let text = "Registry @5 (1 external reference)\n  .sessions[3] -> Session @17\n  [7] -> User @21";
    assert_eq!(chain.to_string(), text);
}

#[test]
fn a_builder_refuses_what_makes_no_sense() {
    let mut builder = SnapshotBuilder::new();
    let [one, other] = [1, 3].map(|id| builder.object(ObjectId(id), "Node", 1, 0).unwrap());
    assert_eq!(builder.object(ObjectId(5), "Node", u64::MAX, 0), Err(SnapshotError::TooManyBytes));
    assert_eq!(builder.object(ObjectId(5), "Node", i64::MAX as u64, 0), Err(SnapshotError::TooManyBytes));
    assert_eq!(builder.edge(one, "x", 2), Err(SnapshotError::NoSuchObject(2)));
    assert_eq!(builder.hold(9, 1), Err(SnapshotError::NoSuchObject(9)));
    builder.edge(other, "x", one).unwrap();
    assert_eq!(builder.edge(one, "y", other), Err(SnapshotError::OutOfOrder(one)));
    builder.hold(other, 2).unwrap();
    let snapshot = builder.finish();
    assert_eq!((snapshot.len(), snapshot.edge_count(), snapshot.roots().count()), (2, 1, 1));
    let none = SnapshotBuilder::new().finish();
    assert!(none.is_empty() && none.dominators().largest(1).is_empty() && none.components().is_empty());
}

#[test]
fn any_depth_fits_on_a_small_stack() {
    const DEPTH: u64 = 300_000;
    let run = || {
        let heap = Heap::new();
        let first = heap.alloc(Node::default());
        let mut last = first.clone();
        for _ in 1..DEPTH {
            let next = heap.alloc(Node::default());
            last.next.set(Some(next.clone()));
            last = next;
        }
        let last_id = Gc::as_any(&last).id();
        last.next.set(Some(first.clone()));
        drop(last);
        let snapshot = heap.snapshot();
        let dominators = snapshot.dominators();
        assert_eq!(dominators.retained_bytes(seen(&snapshot, &first)), snapshot.bytes());
        let end = snapshot.find(last_id).unwrap();
        assert_eq!(snapshot.path_to_root(end).unwrap().links().len() as u64, DEPTH - 1);
        let components = snapshot.components();
        assert_eq!(components[0].members().len() as u64, DEPTH);
        assert_eq!(components[0].edge_to_cut().unwrap().0, end);
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(run).unwrap().join().unwrap();
}

#[test]
fn it_takes_less_than_48_bytes_an_object() {
    #[derive(Trace)]
    struct Pair {
        value: u64,
        edges: RefCell<[Option<Gc<Pair>>; 2]>,
    }
    let heap = Heap::new();
    let pairs: Vec<Gc<Pair>> =
        (0..100_000).map(|value| heap.alloc(Pair { value, edges: RefCell::default() })).collect();
    for (at, pair) in pairs.iter().enumerate() {
        let other = |step: usize| Some(pairs[(at * step + 1) % pairs.len()].clone());
        *pair.edges.borrow_mut() = [other(7), other(31)];
        assert_eq!(pair.value, at as u64);
    }
    let snapshot = heap.snapshot();
    let bytes = snapshot.memory() as f64 / snapshot.len() as f64;
    assert!(snapshot.edge_count() == 200_000 && bytes < 48.0, "{bytes}");
}
