//! Exports the heap as a `.heapsnapshot`, a format of V8 that Chrome's DevTools and memlab open.
//!
//! The writer streams from the heap: nodes are numbered by sums over blocks, and the edges of an
//! object are asked for again each time they are needed. The writer keeps only a word for each
//! block and a count for each object, so that a heap that is out of memory can be dumped.

use crate::Heap;
use crate::core::Core;
use crate::graph::edges::{Path, Place, edges_to, named_edges};
use crate::object::raw::Object;
use crate::observe::numbering::Numbering;
use alloc::format;
use alloc::vec::Vec;
use gc_snapshot::ObjectId;
use gc_snapshot::columns::NAMED;
use gc_snapshot::text::{Interner, Json};
use std::io::{BufWriter, Result, Write};

/// The names of the columns. (`to_node` is a node's number times `NODE_FIELDS`.)
const META: &str = r#""meta":{"node_fields":["type","name","id","self_size","edge_count","trace_node_id","detachedness"],"node_types":[["hidden","array","string","object","code","closure","regexp","number","native","synthetic","concatenated string","sliced string","symbol","bigint","object shape","wasm object"],"string","number","number","number","number","number"],"edge_fields":["type","name_or_index","to_node"],"edge_types":[["context","element","property","internal","hidden","shortcut","weak"],"string_or_number","node"],"trace_function_info_fields":["function_id","name","script_name","script_id","line","column"],"trace_node_fields":["id","function_info_index","count","size","children"],"sample_fields":["timestamp_us","last_assigned_id"],"location_fields":["object_index","script_id","line","column"]}"#;
const NODE_FIELDS: usize = 7;
const OBJECT: usize = 3;
const SYNTHETIC: usize = 9;
const ELEMENT: usize = 1;
const PROPERTY: usize = 2;
const INTERNAL: usize = 3;

/// The number of nodes before the objects: the root of the format, and the holder of all objects
/// that are held from outside of the heap.
const SYNTHETIC_NODES: usize = 2;

impl Heap {
    /// Writes all living objects and their edges as a `.heapsnapshot`, which Chrome's DevTools
    /// (Memory, Load) and memlab open. The node `(GC roots)` has an edge to each object that is
    /// held from outside of the heap. The id of a node is the
    /// [`ObjectId`](crate::snapshot::ObjectId) of its object, and does not change from dump to
    /// dump. The `self_size` of a node is the size of the object's slot and of the memory that the
    /// value owns outside of the slot.
    ///
    /// The file is streamed: the function allocates nothing on the heap, and about 4 bytes for each
    /// object elsewhere, so that it may be called from the hook of
    /// [`on_out_of_memory`](Heap::on_out_of_memory). Edges are named as in
    /// [`Edge::name`](crate::observe::Edge::name), but a position from 1,000 on in a list or map is
    /// named `[…]`, unless the object itself is the list.
    ///
    /// # Errors
    /// Returns the error of `out` if writing fails.
    ///
    /// ```
    /// let heap = gc_core::Heap::builder().max(1 << 20).build()?;
    /// heap.on_out_of_memory(|heap, _error| {
    ///     let path = std::env::temp_dir().join("example.heapsnapshot");
    ///     if let Ok(file) = std::fs::File::create(path) {
    ///         heap.write_heap_snapshot(file).expect("a disk with room");
    ///     }
    /// });
    /// let weak = heap.downgrade();
    /// drop(heap); // the hook does not keep it
    /// assert!(weak.upgrade().is_none());
    /// # Ok::<(), gc_core::BuildError>(())
    /// ```
    pub fn write_heap_snapshot(&self, out: impl Write) -> Result<()> {
        let graph = Graph::look_at(self.core());
        let mut writer =
            Writer { out: BufWriter::with_capacity(1 << 16, out), strings: Interner::default(), error: Ok(()) };
        writer.head(&graph);
        writer.nodes(&graph);
        writer.edges(&graph);
        writer.tail();
        writer.error?;
        writer.out.flush()
    }
}

/// Counts of objects and edges, which must be known before the first byte is written.
struct Graph<'h> {
    numbering: Numbering<'h>,
    /// The number of edges that lead to each object, by the number of the object.
    internal: Vec<u32>,
    edges: usize,
}

impl<'h> Graph<'h> {
    fn look_at(core: &'h Core) -> Graph<'h> {
        let numbering = Numbering::of(core);
        let (mut internal, mut edges) = (alloc::vec![0u32; numbering.len()], 0);
        let mut graph = Graph { numbering, internal: Vec::new(), edges: 0 };
        graph.each_object(|_, object| {
            graph.each_target(object, |target| {
                edges += 1;
                internal[target] = internal[target].saturating_add(1);
            });
        });
        (graph.internal, graph.edges) = (internal, edges);
        graph
    }

    fn each_object(&self, f: impl FnMut(usize, Object)) {
        self.numbering.each_object(f);
    }

    /// Calls `f` with the target's number for each edge to a living object of this heap.
    fn each_target(&self, object: Object, mut f: impl FnMut(usize)) {
        edges_to(object, &mut |target| {
            if let Some(number) = self.numbering.number(target) {
                f(number);
            }
        });
    }

    /// Returns the number of pointers to the object from outside of the heap.
    fn external(&self, number: usize, object: Object) -> u32 {
        object.count().get().saturating_sub(self.internal[number])
    }
}

/// Returns the position of the edge in the value, if the path consists of a position only.
fn element(path: &Path) -> Option<usize> {
    match path.0.last()?.place {
        Place::Element(at) if path.0.len() == 1 => Some(at),
        _ => None,
    }
}

struct Writer<W: Write> {
    out: BufWriter<W>,
    strings: Interner,
    /// The first error of writing; nothing is written after it.
    error: Result<()>,
}

impl<W: Write> Writer<W> {
    fn write(&mut self, text: core::fmt::Arguments<'_>) {
        if self.error.is_ok() {
            self.error = self.out.write_fmt(text);
        }
    }

    fn head(&mut self, graph: &Graph<'_>) {
        let mut roots = 0;
        graph.each_object(|number, object| roots += usize::from(graph.external(number, object) > 0));
        let nodes = SYNTHETIC_NODES + graph.internal.len();
        let edges = 1 + roots + graph.edges;
        self.write(format_args!(
            "{{\"snapshot\":{{{META},\"node_count\":{nodes},\"edge_count\":{edges},\"trace_function_count\":0}},\n\"nodes\":["
        ));
        let (root, holder) = (self.strings.number(""), self.strings.number("(GC roots)"));
        self.write(format_args!("{SYNTHETIC},{root},1,0,1,0,0\n,{SYNTHETIC},{holder},3,0,{roots},0,0"));
    }

    fn nodes(&mut self, graph: &Graph<'_>) {
        graph.each_object(|_, object| {
            let name = self.strings.number(&object.info().short_name());
            let ObjectId(id) = ObjectId::of_birth(object.birth());
            let size = object.block().slot_bytes() + object.owned_bytes();
            let mut edges = 0;
            graph.each_target(object, |_| edges += 1);
            self.write(format_args!("\n,{OBJECT},{name},{id},{size},{edges},0,0"));
        });
    }

    fn edges(&mut self, graph: &Graph<'_>) {
        self.write(format_args!("],\n\"edges\":[{ELEMENT},1,{NODE_FIELDS}"));
        graph.each_object(|number, object| {
            let external = graph.external(number, object);
            if external > 0 {
                let plural = if external == 1 { "" } else { "s" };
                let name = self.strings.number(&format!("{external} external reference{plural}"));
                self.edge(INTERNAL, name, number);
            }
        });
        graph.each_object(|_, object| {
            named_edges(object, &mut |path, target| {
                let Some(target) = graph.numbering.number(target) else { return };
                let (kind, name) = match element(path) {
                    Some(position) => (ELEMENT, position),
                    None => (PROPERTY, self.strings.number(&path.name_within(NAMED))),
                };
                self.edge(kind, name, target);
            });
        });
    }

    fn edge(&mut self, kind: usize, name: usize, target: usize) {
        let target = (SYNTHETIC_NODES + target) * NODE_FIELDS;
        self.write(format_args!("\n,{kind},{name},{target}"));
    }

    fn tail(&mut self) {
        self.write(format_args!(
            "],\n\"trace_function_infos\":[],\"trace_tree\":[],\"samples\":[],\"locations\":[],\n\"strings\":["
        ));
        for (at, text) in core::mem::take(&mut self.strings).into_texts().iter().enumerate() {
            let comma = if at == 0 { "" } else { "\n," };
            self.write(format_args!("{comma}{}", Json(text)));
        }
        self.write(format_args!("]}}\n"));
    }
}
