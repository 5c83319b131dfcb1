//! Draws a part of a heap for Graphviz, as objgraph does.

use crate::SnapshotObject;
use crate::text::escaped;
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use hashbrown::HashSet;
use std::io::{BufWriter, Result, Write};

/// Settings of a picture: see [`Dot::write`].
///
/// ```
/// use gc_core::snapshot::Dot;
/// use gc_core::{Gc, Heap, Slot, Trace};
///
/// #[derive(Trace)]
/// struct Node(Slot<Node>);
///
/// let heap = Heap::new();
/// let last = heap.alloc(Node(Slot::empty()));
/// let _first = heap.alloc(Node(Slot::new(Some(last.clone()))));
/// let snapshot = heap.snapshot();
/// let mut text = Vec::new();
/// Dot::backrefs().max_depth(5).write(&[snapshot.find(&Gc::as_any(&last)).unwrap()], &mut text)?;
/// assert!(text.starts_with(b"digraph ObjectGraph {\n"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// ```
/// use gc_core::snapshot::Dot;
/// use gc_core::{Gc, Heap};
///
/// let heap = Heap::new();
/// let object = heap.alloc(7);
/// let snapshot = heap.snapshot();
/// let start = [snapshot.find(&Gc::as_any(&object)).unwrap()];
/// let mut text = Vec::new();
/// Dot::refs().max_depth(2).too_many(5).write(&start, &mut text)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dot {
    backwards: bool,
    max_depth: usize,
    too_many: usize,
}

impl Dot {
    /// Shows the objects that point to the start objects, directly or through other objects, as
    /// `objgraph.show_backrefs` does.
    pub fn backrefs() -> Dot {
        Dot { backwards: true, max_depth: 3, too_many: 10 }
    }

    /// Shows the objects that the start objects point to, directly or through other objects, as
    /// `objgraph.show_refs` does.
    pub fn refs() -> Dot {
        Dot { backwards: false, ..Dot::backrefs() }
    }

    /// Sets the depth to which edges are followed, 3 by default.
    #[must_use]
    pub fn max_depth(self, depth: usize) -> Dot {
        Dot { max_depth: depth, ..self }
    }

    /// Sets the greatest number of edges that are shown of one object, 10 by default. A red box
    /// shows how many edges are left out.
    #[must_use]
    pub fn too_many(self, edges: usize) -> Dot {
        Dot { too_many: edges, ..self }
    }

    /// Writes the picture of the surroundings of these objects, as input of `dot -Tsvg`. The
    /// objects must be of one snapshot.
    ///
    /// The start objects have red names, objects farther away are darker, objects that are held
    /// from outside are green, and objects with a finalizer have a red bullet. A number in brackets
    /// is the number of external references.
    ///
    /// # Errors
    /// Returns the error of `out` if writing fails.
    pub fn write(&self, start: &[SnapshotObject<'_>], out: impl Write) -> Result<()> {
        let mut out = BufWriter::new(out);
        writeln!(out, "digraph ObjectGraph {{")?;
        writeln!(out, "  node[shape=box, style=filled, fillcolor=white];")?;
        let mut picture = Picture { options: self, out: &mut out, seen: HashSet::new(), next: Vec::new() };
        for &object in start {
            writeln!(picture.out, "  {}[fontcolor=red];", Name(object))?;
            picture.meet(object);
        }
        for depth in 0..=self.max_depth {
            let level = core::mem::take(&mut picture.next);
            for &object in &level {
                picture.object(object, depth)?;
            }
            if depth < self.max_depth {
                picture.edges_of(&level)?;
            }
        }
        writeln!(out, "}}")?;
        out.flush()
    }
}

struct Picture<'a, 's, W: Write> {
    options: &'a Dot,
    out: &'a mut BufWriter<W>,
    seen: HashSet<u64>,
    /// Objects that were met, and are to be shown one step farther away.
    next: Vec<SnapshotObject<'s>>,
}

impl<'s, W: Write> Picture<'_, 's, W> {
    fn meet(&mut self, object: SnapshotObject<'s>) {
        if self.seen.insert(object.id().0) {
            self.next.push(object);
        }
    }

    /// Writes the edges that come from the objects of one level, or lead to these objects.
    fn edges_of(&mut self, level: &[SnapshotObject<'s>]) -> Result<()> {
        let most = self.options.too_many;
        let Some(first) = level.first() else { return Ok(()) };
        if self.options.backwards {
            let mut sources = first.snapshot().sources(level, most);
            for &object in level {
                let (edges, all) = sources.remove(&object.id().0).unwrap_or_default();
                self.around(object, &edges, all)?;
            }
        } else {
            for &object in level {
                let edges: Vec<_> = object.edges().take(most).collect();
                self.around(object, &edges, object.edges().len())?;
            }
        }
        Ok(())
    }

    fn object(&mut self, object: SnapshotObject<'_>, depth: usize) -> Result<()> {
        let (name, held) = (Name(object), object.external_references());
        let outside = if held > 0 { format!(" [{held}]") } else { String::new() };
        let label = escaped(&format!("{}{outside}", object.type_name()));
        writeln!(self.out, "  {name}[label=\"{label}\\n{}\"];", object.id())?;
        // The objects farthest away have the lightness 0.3.
        let light = 1.0 - 0.7 * depth as f64 / (self.options.max_depth.max(1)) as f64;
        let hue = if held > 0 { "0.3,1" } else { "0,0" };
        writeln!(self.out, "  {name}[fillcolor=\"{hue},{light:.2}\"];")?;
        if light < 0.5 {
            writeln!(self.out, "  {name}[fontcolor=white];")?;
        }
        if object.has_finalizer() {
            writeln!(self.out, "  {name}->{name}_has_a_del[color=red,style=dotted,len=0.25,weight=10];")?;
            let shape = "shape=doublecircle,height=0.25,color=red,fillcolor=\"0,.5,1\",fontsize=6";
            writeln!(self.out, "  {name}_has_a_del[label=\"__del__\",{shape}];")?;
        }
        Ok(())
    }

    /// Writes the given edges, which come from the object or lead to it, and notes the objects at
    /// their other ends. Writes a red box if the number of all such edges, `all`, is greater than
    /// the number of given edges.
    fn around(
        &mut self,
        object: SnapshotObject<'s>,
        edges: &[(Cow<'s, str>, SnapshotObject<'s>)],
        all: usize,
    ) -> Result<()> {
        let backwards = self.options.backwards;
        for (label, other) in edges {
            let (from, to) = if backwards { (*other, object) } else { (object, *other) };
            writeln!(self.out, "  {} -> {} [label=\"{}\",weight=2];", Name(from), Name(to), escaped(label))?;
            self.meet(*other);
        }
        let more = all - edges.len();
        if more == 0 {
            return Ok(());
        }
        let (name, what) = (Name(object), if backwards { "backreferences" } else { "references" });
        let line = "color=red,style=dotted,len=0.25,weight=10";
        if backwards {
            writeln!(self.out, "  too_many_{name}->{name}[{line}];")?;
        } else {
            writeln!(self.out, "  {name}->too_many_{name}[{line}];")?;
        }
        let shape = "shape=box,height=0.25,color=red,fillcolor=\"0,1,0.3\",fontcolor=white,fontsize=6";
        writeln!(self.out, "  too_many_{name}[label=\"{more} more {what}\",{shape}];")
    }
}

/// The name of an object's node in the file.
struct Name<'s>(SnapshotObject<'s>);

impl core::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "o{}", self.0.id().0)
    }
}
