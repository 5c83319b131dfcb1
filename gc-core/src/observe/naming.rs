//! Names of edges for a snapshot. A tree of path segments makes each name only once.

use crate::ground::label::{KeyLabel, PathSegment};
use crate::object::raw::Object;
use crate::object::type_info::EdgeSink;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use gc_snapshot::columns::{NAMED, Name, Texts};
use hashbrown::HashMap;
use smallvec::SmallVec;

/// The key of a step into a map.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    /// The position of an entry whose key has no label.
    Entry(usize),
    Text(String),
    Number(i128),
    Char(char),
    Truth(bool),
}

/// The numbers of all paths that are one step longer than a path. The number 0 stands for a path
/// that was not met yet.
#[derive(Default)]
struct Below {
    /// Paths to fields, by the address of the field's name, so that texts need not be compared.
    fields: SmallVec<[(*const u8, usize); 2]>,
    positions: Vec<usize>,
    /// The path that stands for all positions without a name of their own.
    rest: usize,
}

/// A place in a value that the walk through the value has reached.
#[derive(Clone, Copy)]
struct Place {
    /// The number of the path, which is the index of its text.
    path: usize,
    /// The position, if the path consists of a position only.
    position: Option<usize>,
}

/// Visits the edges of one object after the other, and passes each edge on with its name.
pub(super) struct Naming<T> {
    texts: Vec<Box<str>>,
    below: Vec<Below>,
    keys: HashMap<(usize, Key), usize>,
    stack: Vec<Place>,
    pub(super) taker: T,
}

/// Receives the edges that a [`Naming`] visits.
pub(super) trait TakeEdge {
    fn edge(&mut self, name: Name, target: Object);
}

impl<T: TakeEdge> Naming<T> {
    pub(super) fn new(taker: T) -> Naming<T> {
        // The first text is the name of an edge without any step.
        let (texts, below) = (alloc::vec!["".into()], alloc::vec![Below::default()]);
        Naming { texts, below, keys: HashMap::new(), stack: Vec::new(), taker }
    }

    /// Visits the edges of a living object.
    pub(super) fn visit(&mut self, object: Object) {
        self.stack.clear();
        object.edges(self);
    }

    pub(super) fn finish(self) -> (Texts, T) {
        (Texts::of(self.texts), self.taker)
    }

    #[inline]
    fn field(&mut self, above: usize, text: &'static str) -> usize {
        let known = self.below[above].fields.iter().find(|&&(known, _)| known == text.as_ptr());
        if let Some(&(_, path)) = known {
            return path;
        }
        let path = self.add(above, text);
        self.below[above].fields.push((text.as_ptr(), path));
        path
    }

    #[inline]
    fn position(&mut self, above: usize, at: usize) -> usize {
        match self.below[above].positions.get(at) {
            Some(&path) if path != 0 => path,
            _ => self.new_position(above, at),
        }
    }

    fn new_position(&mut self, above: usize, at: usize) -> usize {
        let path = self.add(above, &format!("[{at}]"));
        let positions = &mut self.below[above].positions;
        positions.resize(positions.len().max(at + 1), 0);
        positions[at] = path;
        path
    }

    fn rest(&mut self, above: usize) -> usize {
        if self.below[above].rest == 0 {
            self.below[above].rest = self.add(above, "[…]");
        }
        self.below[above].rest
    }

    fn key(&mut self, above: usize, label: KeyLabel<'_>, at: usize) -> usize {
        let key = match label {
            KeyLabel::Str(key) => Key::Text(key.into()),
            KeyLabel::Int(key) => Key::Number(key),
            KeyLabel::Char(key) => Key::Char(key),
            KeyLabel::Bool(key) => Key::Truth(key),
            KeyLabel::None => Key::Entry(at),
        };
        if let Some(&path) = self.keys.get(&(above, key.clone())) {
            return path;
        }
        let path = self.add(above, &show(&key));
        self.keys.insert((above, key), path);
        path
    }

    fn add(&mut self, above: usize, step: &str) -> usize {
        let text = &self.texts[above];
        let dot = if text.is_empty() || step.starts_with('[') { "" } else { "." };
        let text = format!("{text}{dot}{step}").into();
        self.texts.push(text);
        self.below.push(Below::default());
        self.texts.len() - 1
    }
}

impl<T: TakeEdge> EdgeSink for Naming<T> {
    fn edge(&mut self, target: Object) {
        let name = match self.stack.last() {
            None => Name::text(0),
            Some(Place { position: Some(at), .. }) => Name::position(*at),
            Some(place) => Name::text(place.path),
        };
        self.taker.edge(name, target);
    }

    fn enter(&mut self, segment: PathSegment<'_>) {
        let above = self.stack.last().map_or(0, |place| place.path);
        let alone = self.stack.is_empty();
        let path = match segment {
            PathSegment::Field(text) => self.field(above, text),
            PathSegment::Index(at) | PathSegment::Key(_, at) if at >= NAMED => self.rest(above),
            PathSegment::Index(_) if alone => self.rest(above),
            PathSegment::Index(at) => self.position(above, at),
            PathSegment::Key(label, at) => self.key(above, label, at),
        };
        let position = if let PathSegment::Index(at) = segment { Some(at).filter(|_| alone) } else { None };
        self.stack.push(Place { path, position });
    }

    fn leave(&mut self) {
        self.stack.pop();
    }

    fn wants_names(&self) -> bool {
        true
    }
}

fn show(key: &Key) -> String {
    match key {
        Key::Entry(at) => format!("[#{at}]"),
        Key::Text(key) => format!("[{key:?}]"),
        Key::Number(key) => format!("[{key}]"),
        Key::Char(key) => format!("[{key:?}]"),
        Key::Truth(key) => format!("[{key}]"),
    }
}
