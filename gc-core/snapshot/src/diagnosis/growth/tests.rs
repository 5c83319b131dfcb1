//! Growth in small programs: what is named, and what is not.

use crate::columns::{Columns, EdgeKind, Name, NodeKind, ObjectRow, Texts};
use crate::diagnosis::{DiagnosisInput, Suspect};
use crate::{Snapshot, text::Interner};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// A graph while it is made: objects with the edges that leave them.
#[derive(Default)]
struct Graph {
    objects: Vec<(NodeKind, &'static str, u64)>,
    edges: Vec<Vec<(EdgeKind, String, usize)>>,
    /// Added to all ids: a program that made and dropped objects before has others at these addresses.
    shift: u64,
}

impl Graph {
    fn new() -> Graph {
        let mut graph = Graph::default();
        graph.add(NodeKind::Group, "(modules)", 0);
        graph
    }

    fn add(&mut self, kind: NodeKind, type_name: &'static str, bytes: u64) -> usize {
        self.objects.push((kind, type_name, bytes));
        self.edges.push(Vec::new());
        self.objects.len() - 1
    }

    fn object(&mut self, type_name: &'static str) -> usize {
        self.add(NodeKind::Object, type_name, 64)
    }

    fn edge(&mut self, from: usize, name: impl ToString, to: usize) {
        self.edges[from].push((EdgeKind::Named, name.to_string(), to));
    }

    /// A global variable with a new container.
    fn global(&mut self, name: &str, type_name: &'static str) -> usize {
        let container = self.object(type_name);
        self.edge(0, name, container);
        container
    }

    /// Puts new objects under new keys.
    fn fill(&mut self, container: usize, type_name: &'static str, keys: core::ops::Range<usize>) -> Vec<usize> {
        let new = |key: usize| {
            let object = self.object(type_name);
            self.edge(container, format!("['{key}']"), object);
            object
        };
        keys.map(new).collect()
    }

    fn snapshot(self) -> Snapshot {
        let (mut columns, mut texts) = (Columns::with_room(self.objects.len()), Interner::default());
        for (number, (kind, type_name, bytes)) in self.objects.iter().enumerate() {
            let shape = columns.shape_of(*kind, type_name, *bytes, false);
            columns.object(ObjectRow { id: self.shift + 2 * number as u64, shape, ..ObjectRow::default() });
        }
        for edges in &self.edges {
            columns.next_edges();
            for (kind, name, to) in edges {
                columns.edge(Name::text(texts.number(name)).of_kind(*kind), *to);
            }
        }
        columns.root(Name::text(texts.number("program")), 0);
        columns.finish(Texts::of(texts.into_texts().into_iter().map(String::into_boxed_str).collect::<Vec<Box<str>>>()))
    }
}

fn suspects(snapshots: &[Snapshot]) -> Vec<Suspect> {
    let (now, before) = snapshots.split_last().unwrap();
    before.iter().fold(DiagnosisInput::of_snapshot(now), DiagnosisInput::earlier).diagnose().suspects
}

fn places(snapshots: &[Snapshot]) -> Vec<String> {
    suspects(snapshots).into_iter().filter_map(|suspect| suspect.place).collect()
}

#[test]
fn a_container_that_grows_is_named() {
    let with = |sessions: usize| {
        let mut graph = Graph::new();
        let seen = graph.global("SEEN", "dict");
        graph.fill(seen, "Session", 0..sessions);
        graph.snapshot()
    };
    let found = suspects(&[with(200), with(4200)]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].place.as_deref(), &*found[0].type_name), (Some("program.SEEN[…]"), "Session"));
    assert_eq!((found[0].types[0].before, found[0].types[0].now), (200, 4200));
    assert!(places(&[with(200), with(200)]).is_empty() && places(&[with(4200), with(200)]).is_empty());
}

#[test]
fn a_full_cache_with_new_entries_is_not() {
    let with = |first: usize| {
        let mut graph = Graph::new();
        let cache = graph.global("CACHE", "dict");
        graph.fill(cache, "Page", first..first + 3000);
        graph.shift = 1 << 20; // no id is known from the other snapshot
        graph.snapshot()
    };
    assert!(places(&[with(0), with(3000)]).is_empty());
}

#[test]
fn three_snapshots_tell_a_cache_that_fills_from_a_leak() {
    let with = |pages: usize| {
        let mut graph = Graph::new();
        let cache = graph.global("CACHE", "dict");
        graph.fill(cache, "Page", 0..pages);
        graph.snapshot()
    };
    assert_eq!(places(&[with(200), with(2000)]), ["program.CACHE[…]"], "two cannot tell");
    assert!(places(&[with(200), with(2000), with(2000)]).is_empty());
    assert!(places(&[with(200), with(1800), with(2000)]).is_empty(), "it has come to a stand");
    assert_eq!(places(&[with(200), with(1200), with(2200)]), ["program.CACHE[…]"]);
}

/// As many entries went as came: a cache whose keys are of another type now.
#[test]
fn entries_of_another_type_are_no_growth() {
    let with = |type_name: &'static str| {
        let mut graph = Graph::new();
        let cache = graph.global("CACHE", "dict");
        graph.fill(cache, "Page", 0..1000);
        graph.fill(cache, type_name, 1000..4000);
        graph.snapshot()
    };
    assert!(places(&[with("int"), with("float")]).is_empty());
}

/// Objects that were there before, and are found on another path now.
#[test]
fn objects_that_move_are_no_growth() {
    let with = |is_moved: bool| {
        let mut graph = Graph::new();
        let [old, new] = [graph.global("OLD", "dict"), graph.global("NEW", "dict")];
        graph.fill(if is_moved { new } else { old }, "Page", 0..3000);
        graph.fill(if is_moved { old } else { new }, "Page", 0..10);
        graph.snapshot()
    };
    assert!(places(&[with(false), with(true)]).is_empty());
}

#[test]
fn several_holders_of_the_same_objects_are_one_suspect() {
    let with = |jobs: usize| {
        let mut graph = Graph::new();
        let [by_id, queue] = [graph.global("BY_ID", "dict"), graph.global("QUEUE", "list")];
        let made = graph.fill(by_id, "Job", 0..jobs);
        made.into_iter().enumerate().for_each(|(at, job)| graph.edge(queue, format!("[{at}]"), job));
        graph.snapshot()
    };
    let found = suspects(&[with(100), with(2100)]);
    assert_eq!(found.len(), 1);
    let all = [found[0].place.clone().unwrap(), found[0].also.join(" ")].concat();
    assert!(all.contains("BY_ID") && all.contains("QUEUE"), "{all}");
}

/// The contents of each session grow with the sessions, and are no finding of their own.
#[test]
fn what_the_members_hold_is_explained_by_them() {
    let with = |sessions: usize| {
        let mut graph = Graph::new();
        let seen = graph.global("SEEN", "dict");
        for session in graph.fill(seen, "Session", 0..sessions) {
            let cart = graph.object("list");
            graph.edge(session, "cart", cart);
            graph.fill(cart, "Item", 0..5);
        }
        graph.snapshot()
    };
    assert_eq!(places(&[with(100), with(1100)]), ["program.SEEN[…]"]);
    assert!(suspects(&[with(100), with(1100)])[0].bytes > 1000 * (64 + 64 + 5 * 64) - 4096, "with all that they hold");
}

#[test]
fn a_linked_list_is_one_place() {
    let with = |nodes: usize| {
        let mut graph = Graph::new();
        let log = graph.global("LOG", "Log");
        let mut at = log;
        for number in 0..nodes {
            let node = graph.object("Node");
            graph.edge(at, if number == 0 { "head" } else { "next" }, node);
            at = node;
        }
        graph.snapshot()
    };
    let found = suspects(&[with(100), with(5000)]);
    assert_eq!(found.len(), 1);
    assert!(found[0].place.as_deref().is_some_and(|place| place.starts_with("program.LOG")), "{:?}", found[0].place);
    assert_eq!((found[0].types[0].before, found[0].types[0].now), (100, 5000));
}

#[test]
fn one_object_that_grows_is_named() {
    let with = |bytes: u64| {
        let mut graph = Graph::new();
        let buffer = graph.add(NodeKind::Text, "bytearray", bytes);
        graph.edge(0, "BUFFER", buffer);
        graph.snapshot()
    };
    assert_eq!(places(&[with(1 << 10), with(1 << 20)]), ["program.BUFFER"]);
    assert!(places(&[with(1 << 19), with(1 << 20)]).is_empty(), "a table that was made anew, perhaps");
    assert_eq!(places(&[with(1 << 18), with(1 << 19), with(3 << 18)]), ["program.BUFFER"], "steadily");
}

/// Compiled code and tables of names grow while a program warms up.
#[test]
fn what_the_runtime_makes_for_itself_is_background() {
    let with = |functions: usize| {
        let mut graph = Graph::new();
        let holder = graph.global("module", "Module");
        for number in 0..functions {
            let code = graph.add(NodeKind::Internal, "(code)", 500);
            graph.edge(holder, format!("[{number}]"), code);
        }
        graph.snapshot()
    };
    assert!(places(&[with(100), with(5000)]).is_empty());
}

#[test]
fn a_single_snapshot_tells_where_most_has_gathered() {
    let mut graph = Graph::new();
    let [seen, few] = [graph.global("SEEN", "dict"), graph.global("FEW", "dict")];
    graph.fill(seen, "Session", 0..2000);
    graph.fill(few, "Session", 0..20);
    let all = vec![graph.snapshot()];
    assert_eq!(places(&all), ["program.SEEN[…]"]);
}

#[test]
fn a_chain_of_several_steps_is_one_place() {
    // A closure keeps its context, which keeps the object before it, whose method is the next closure.
    let with = |things: usize| {
        let mut graph = Graph::new();
        let mut at = graph.global("theThing", "Object");
        for _ in 1..things {
            let method = graph.object("(closure)");
            let context = graph.add(NodeKind::Storage, "system / Context", 40);
            let before = graph.object("Object");
            graph.edge(at, "someMethod", method);
            graph.edge(method, "context", context);
            graph.edge(context, "originalThing", before);
            at = before;
        }
        graph.snapshot()
    };
    let found = places(&[with(200), with(4200)]);
    assert!(found.len() == 1 && found[0].starts_with("program.theThing."), "{found:?}");
    assert!(places(&[with(200), with(200)]).is_empty());
}

#[test]
fn a_tree_is_one_place_whatever_its_keys_are() {
    let with = |words: usize| {
        let mut graph = Graph::new();
        let dict = graph.global("dict", "Dict");
        let trie = graph.object("TrieNode");
        graph.edge(dict, "trie", trie);
        let mut nodes = vec![trie];
        for word in 1..words {
            let (above, node) = (nodes[word / 3], graph.object("TrieNode"));
            let next = graph.object("Object");
            graph.edge(above, "next", next);
            graph.edge(next, ["a", "b", "c"][word % 3], node);
            nodes.push(node);
        }
        graph.snapshot()
    };
    let found = suspects(&[with(200), with(4200)]);
    assert!(!found.is_empty(), "a tree that grows is named");
    assert_eq!((found[0].place.as_deref(), &*found[0].type_name), (Some("program.dict.trie"), "TrieNode"));
}

#[test]
fn a_place_that_comes_later_is_judged_from_then_on() {
    let with = |sessions: usize| {
        let mut graph = Graph::new();
        if sessions > 0 {
            let seen = graph.global("SEEN", "dict");
            graph.fill(seen, "Session", 0..sessions);
        }
        graph.snapshot()
    };
    // One look at it could be a first filling.
    assert!(places(&[with(0), with(4000)]).is_empty() && places(&[with(0), with(0), with(4000)]).is_empty());
    assert_eq!(places(&[with(0), with(4000), with(8000)]), ["program.SEEN[…]"]);
    assert!(places(&[with(0), with(4000), with(4000)]).is_empty());
}

#[test]
fn attributes_have_the_place_of_their_object() {
    // CPython makes the dictionary when somebody asks for it: between two dumps.
    let with = |rows: usize, has_dict: bool| {
        let mut graph = Graph::new();
        let hub = graph.global("hub", "Hub");
        let rows_of = graph.object("list");
        let holder = if has_dict {
            let dict = graph.object("dict");
            graph.edge(hub, "__dict__", dict);
            dict
        } else {
            hub
        };
        graph.edge(holder, "rows", rows_of);
        graph.fill(rows_of, "Row", 0..rows);
        graph.snapshot()
    };
    assert_eq!(places(&[with(200, false), with(4200, true)]), ["program.hub.rows[…]"]);
    assert!(places(&[with(4200, false), with(4200, true)]).is_empty());
}
