//! The names of edges, each kept once: a tree of the steps that lead to them.

use crate::ground::label::{Label, Seg};
use crate::object::raw::Object;
use crate::object::type_info::EdgeSink;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use hashbrown::HashMap;
use smallvec::SmallVec;

/// Positions in a list or map from here on are all called `[…]`: a long list would have as
/// many names.
pub(crate) const NAMED: usize = 1000;

/// The name of an edge in one word: the number of a text, or a position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Name(u32);

const POSITION: u32 = 1 << 31;

impl Name {
    pub(crate) fn position(at: usize) -> Name {
        Name(POSITION | (at as u32 & !POSITION))
    }

    fn text(number: usize) -> Name {
        debug_assert!(number < POSITION as usize);
        Name(number as u32)
    }

    /// The position, where it is one.
    pub(crate) fn as_position(self) -> Option<usize> {
        (self.0 & POSITION != 0).then_some((self.0 & !POSITION) as usize)
    }
}

/// The texts of a snapshot's names.
#[derive(Default)]
pub(crate) struct Texts(Vec<Box<str>>);

impl Texts {
    pub(crate) fn show(&self, name: Name) -> Cow<'_, str> {
        match name.as_position() {
            Some(at) => Cow::Owned(format!("[{at}]")),
            None => Cow::Borrowed(&self.0[name.0 as usize]),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let texts: usize = self.0.iter().map(|text| text.len()).sum();
        texts + self.0.capacity() * size_of::<Box<str>>()
    }
}

/// Gives texts their numbers, where they come whole.
#[derive(Default)]
pub(crate) struct Interner(HashMap<String, usize>);

impl Interner {
    pub(crate) fn name(&mut self, text: &str) -> Name {
        let next = self.0.len();
        Name::text(*self.0.entry_ref(text).or_insert(next))
    }

    pub(crate) fn finish(self) -> Texts {
        let mut texts: Vec<(String, usize)> = self.0.into_iter().collect();
        texts.sort_unstable_by_key(|&(_, number)| number);
        Texts(texts.into_iter().map(|(text, _)| text.into()).collect())
    }
}

/// A step into a map, by its key.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    /// It has no label.
    Entry(usize),
    Text(String),
    Number(i128),
    Char(char),
    Truth(bool),
}

/// The paths one step longer than a path, by number; 0 if a path was not met yet.
#[derive(Default)]
struct Below {
    /// Fields are known by where their text lies: that needs no look at it.
    fields: SmallVec<[(*const u8, usize); 2]>,
    positions: Vec<usize>,
    /// All positions that have no name of their own.
    rest: usize,
}

/// Where the walk through a value is.
#[derive(Clone, Copy)]
struct Place {
    /// The number of the path's text.
    path: usize,
    /// The position, where that is the only step.
    position: Option<usize>,
}

/// Takes the edges of one object after the other, and their names.
pub(super) struct Naming<T> {
    texts: Vec<Box<str>>,
    below: Vec<Below>,
    keys: HashMap<(usize, Key), usize>,
    stack: Vec<Place>,
    pub(super) taker: T,
}

/// Takes the edges.
pub(super) trait TakeEdge {
    fn edge(&mut self, name: Name, target: Object);
}

impl<T: TakeEdge> Naming<T> {
    pub(super) fn new(taker: T) -> Naming<T> {
        // The first text is that of an edge without any step.
        let (texts, below) = (alloc::vec!["".into()], alloc::vec![Below::default()]);
        Naming { texts, below, keys: HashMap::new(), stack: Vec::new(), taker }
    }

    /// Visits the edges of a living object.
    pub(super) fn visit(&mut self, object: Object) {
        self.stack.clear();
        object.edges(self);
    }

    pub(super) fn finish(self) -> (Texts, T) {
        (Texts(self.texts), self.taker)
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

    fn key(&mut self, above: usize, label: Label<'_>, at: usize) -> usize {
        let key = match label {
            Label::Str(key) => Key::Text(key.into()),
            Label::Int(key) => Key::Number(key),
            Label::Char(key) => Key::Char(key),
            Label::Bool(key) => Key::Truth(key),
            Label::None => Key::Entry(at),
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

    fn enter(&mut self, seg: Seg<'_>) {
        let above = self.stack.last().map_or(0, |place| place.path);
        let alone = self.stack.is_empty();
        let path = match seg {
            Seg::Field(text) => self.field(above, text),
            Seg::Index(at) | Seg::Key(_, at) if at >= NAMED => self.rest(above),
            Seg::Index(_) if alone => self.rest(above),
            Seg::Index(at) => self.position(above, at),
            Seg::Key(label, at) => self.key(above, label, at),
        };
        let position = if let Seg::Index(at) = seg { Some(at).filter(|_| alone) } else { None };
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
