//! Reading the dumps of PyHeap (`.pyheap`): big-endian numbers, lists and tables with their length
//! before them.
//!
//! The format is that of PyHeap's `dumper_inferior.py`, version 1: a header, the threads with their frames
//! and local variables, names of attributes that are frequent, the attributes of basic types, the objects,
//! the names of the types. Earlier versions of PyHeap wrote other layouts under the same number.

use super::super::error::Fault;
use super::graph::Graph;
use crate::Snapshot;
use crate::columns::{EdgeKind, Name};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use hashbrown::{HashMap, HashSet};
use std::io::{BufReader, Read};

const MAGIC: u64 = 123_000_321;
const VERSION: u32 = 1;
const WITH_TEXTS: u64 = 1;

/// The number of the type of frames.
const FRAME: u32 = 0;

/// The most bytes of the text of an object that are kept: longer ones are no keys that a person reads.
const LONGEST_TEXT: usize = 200;

/// Returns true if a file that begins with these bytes is a dump of PyHeap.
pub(in super::super) fn is_pyheap(beginning: &[u8]) -> bool {
    beginning.starts_with(&MAGIC.to_be_bytes())
}

/// Reads a dump. `part` is set to the part that is being read.
pub(in super::super) fn read(reader: impl Read, part: &mut &'static str) -> Result<Snapshot, Fault> {
    let mut file = Numbers(BufReader::with_capacity(1 << 16, reader));
    *part = "header";
    let header = Header::read(&mut file)?;
    let mut objects = Objects { header, graph: Graph::new(), types: HashMap::new(), attributes: Vec::new() };
    *part = "threads";
    objects.read_threads(&mut file)?;
    *part = "types";
    objects.attributes = file.list(|file| file.text())?;
    let basic = objects.read_basic_types(&mut file)?;
    *part = "objects";
    for _ in 0..file.u32()? {
        objects.read_object(&mut file, &basic)?;
    }
    *part = "types";
    let mut names = vec![String::from("?"); objects.types.len()];
    names[FRAME as usize] = "frame".into();
    for _ in 0..file.u32()? {
        let (address, name) = (file.u64()?, file.text()?);
        if let Some(&number) = objects.types.get(&address) {
            names[number as usize] = name;
        }
    }
    *part = "end";
    if file.u64()? != MAGIC {
        return Err(Fault::Wrong("the mark at the end is missing".into()));
    }
    objects.graph.finish(&names)
}

struct Header {
    has_texts: bool,
    dict: u64,
    /// `list`, `tuple`, `set`.
    lists: Vec<u64>,
}

impl Header {
    fn read(file: &mut Numbers<impl Read>) -> Result<Header, Fault> {
        file.u64()?; // MAGIC
        let version = file.u32()?;
        if version != VERSION {
            return Err(Fault::Wrong(format!("version {version} of the format is not known, only {VERSION}")));
        }
        file.text()?; // the time
        let has_texts = file.u64()? & WITH_TEXTS != 0;
        let known = file.list(|file| Ok((file.text()?, file.u64()?)))?;
        let address = |wanted: &str| {
            let found = known.iter().find(|(name, _)| name == wanted).map(|&(_, address)| address);
            let older = || Fault::Wrong("the layout is that of an older PyHeap; take the dump with a newer one".into());
            found.ok_or_else(older)
        };
        Ok(Header {
            has_texts,
            dict: address("dict")?,
            lists: vec![address("list")?, address("tuple")?, address("set")?],
        })
    }
}

/// The objects that were read so far.
struct Objects {
    header: Header,
    graph: Graph,
    /// The numbers of the types by their addresses.
    types: HashMap<u64, u32>,
    /// The names of frequent attributes.
    attributes: Vec<String>,
}

impl Objects {
    /// Reads the threads. A frame becomes an object that holds its local variables.
    fn read_threads(&mut self, file: &mut Numbers<impl Read>) -> Result<(), Fault> {
        self.types.insert(0, FRAME);
        let mut frames = 0u64;
        for _ in 0..file.u32()? {
            let thread = file.text()?;
            let [_is_alive, _is_daemon] = file.bytes()?;
            for _ in 0..file.u32()? {
                let (path, _line, function) = (file.text()?, file.u32()?, file.text()?);
                let variables = file.list(|file| Ok((file.text()?, file.u64()?)))?;
                if function == "<module>" {
                    continue; // its variables are those of the module
                }
                frames += 1; // (No object has so low an address.)
                let name = path.rsplit(['/', '\\']).next().unwrap_or(&path);
                self.graph.root(&format!("thread {thread}: {function} ({name})"), frames);
                self.graph.object(frames, FRAME, 0)?;
                for (variable, address) in variables {
                    let variable = self.graph.text(&variable).of_kind(EdgeKind::Variable);
                    self.graph.edge(variable, address)?;
                }
            }
        }
        Ok(())
    }

    /// Reads the types whose objects have no attributes of their own.
    fn read_basic_types(&mut self, file: &mut Numbers<impl Read>) -> Result<HashSet<u64>, Fault> {
        let mut basic = HashSet::new();
        for _ in 0..file.u32()? {
            basic.insert(file.u64()?);
            file.attributes()?;
        }
        Ok(basic)
    }

    fn read_object(&mut self, file: &mut Numbers<impl Read>, basic: &HashSet<u64>) -> Result<(), Fault> {
        let (address, of_type, bytes) = (file.u64()?, file.u64()?, file.u32()?);
        let type_number = self.type_number(of_type);
        let is_new = self.graph.object(address, type_number, u64::from(bytes))?;
        if !is_new {
            return Err(Fault::Contradiction(format!("there are two objects at address {address}")));
        }
        let is_list = self.header.lists.contains(&of_type);
        if of_type == self.header.dict {
            for _ in 0..file.u32()? {
                let (key, value) = (file.u64()?, file.u64()?);
                self.graph.entry(key, value)?;
            }
        } else if is_list {
            for place in 0..file.u32()? {
                self.graph.edge(Name::position(place as usize), file.u64()?)?;
            }
        }
        let referents = file.list(|file| file.u64())?;
        let attributes = if basic.contains(&of_type) { Vec::new() } else { file.attributes()? };
        for referent in referents {
            let attribute = attributes.iter().find(|&&(value, _)| value == referent);
            let name = match attribute {
                _ if referent == of_type => self.graph.text("__class__").of_kind(EdgeKind::Internal),
                Some((_, Attribute::Own(name))) => self.graph.text(name),
                Some(&(_, Attribute::Frequent(number))) => {
                    let missing = || Fault::Contradiction(format!("there is no attribute {number}"));
                    self.graph.text(self.attributes.get(number).ok_or_else(missing)?)
                }
                None => self.graph.unnamed(),
            };
            self.graph.edge(name, referent)?;
        }
        if self.header.has_texts && of_type != self.header.dict && !is_list {
            let text = file.text()?;
            if let Some(value) = value(&text) {
                self.graph.value(value);
            }
        }
        Ok(())
    }

    fn type_number(&mut self, address: u64) -> u32 {
        let next = self.types.len() as u32;
        *self.types.entry(address).or_insert(next)
    }
}

/// The name of an attribute.
enum Attribute {
    /// The number of a frequent name.
    Frequent(usize),
    Own(String),
}

/// Returns the part of an object's text that names it: the name in `<function serve at 0x7f..>`, `<class 'a.B'>` and
/// `<module 'json' from ..>`, else the text itself; `None` if it is long or names an address.
fn value(text: &str) -> Option<&str> {
    let quoted = |begin: &str| text.strip_prefix(begin).and_then(|rest| rest.split('\'').next());
    if let Some(name) = quoted("<class '").or_else(|| quoted("<module '")) {
        return Some(name);
    }
    if let Some(rest) = text.strip_prefix("<function ") {
        return rest.split(' ').next().and_then(|name| name.rsplit('.').next());
    }
    (text.len() <= LONGEST_TEXT && !text.contains(" at 0x")).then_some(text)
}

/// Numbers and texts of the file.
struct Numbers<R>(BufReader<R>);

impl<R: Read> Numbers<R> {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
        self.0.read_exact(bytes).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Fault::End,
            _ => Fault::Io(error),
        })
    }

    fn u16(&mut self) -> Result<u16, Fault> {
        self.bytes().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, Fault> {
        self.bytes().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64, Fault> {
        self.bytes().map(u64::from_be_bytes)
    }

    /// Reads a text with its length before it.
    fn text(&mut self) -> Result<String, Fault> {
        let length = self.u16()?;
        self.text_of(usize::from(length))
    }

    /// Reads the attributes of an object: the address of the value, and the name. Where the length of the
    /// name would stand, a negative number stands for a frequent one: -1 for the first.
    fn attributes(&mut self) -> Result<Vec<(u64, Attribute)>, Fault> {
        self.list(|file| {
            let length = file.u16()?;
            let is_frequent = length > i16::MAX as u16;
            let name = match is_frequent {
                true => Attribute::Frequent(usize::from(!length)),
                false => Attribute::Own(file.text_of(usize::from(length))?),
            };
            Ok((file.u64()?, name))
        })
    }

    fn text_of(&mut self, length: usize) -> Result<String, Fault> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Reads a list with its length before it. (No room is made in advance: a file may announce any
    /// length.)
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
        let mut list = Vec::new();
        for _ in 0..self.u32()? {
            list.push(item(self)?);
        }
        Ok(list)
    }
}
