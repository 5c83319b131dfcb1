//! `gc-demo inspect`: shows the objects in a heap dump, the paths to them, and the changes between
//! two heap dumps.

mod around;
mod json;
mod memory;
mod open;
mod progress;
mod query;
mod show;
mod show_around;
mod tracked;

use anyhow::{Context as _, Result, bail};
pub use around::{Branch, Change};
use clap::Args;
use gc_core::diagnosis::{Diagnosis, DiagnosisInput};
use gc_core::snapshot::{ObjectId, Snapshot, SnapshotObject};
use gc_snapshot::HeapDump;
pub use json::Suspected;
pub use memory::Memory;
use std::io::Write;
use std::path::PathBuf;

#[derive(Args)]
pub struct Options {
    /// A `.heapsnapshot` file, `-` for stdin; of several, the oldest first
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// How many rows of each table are shown
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// Show the shortest path from a root to the object with this id
    #[arg(long, value_name = "ID", value_parser = id)]
    path: Option<u64>,
    /// Show the objects that retain most
    #[arg(long)]
    dominators: bool,
    /// Show the objects by type
    #[arg(long)]
    types: bool,
    /// With `--types`: the objects that Python's collector tracks
    ///
    /// The rows are those that objgraph prints in the process by
    /// `objgraph.show_most_common_types(limit=N)`, or with several files
    /// `objgraph.show_growth(limit=N)`; N is that of `--top`. The objects of
    /// the dumper are counted as well.
    #[arg(long, requires = "types", verbatim_doc_comment)]
    tracked: bool,
    /// Show what is suspicious
    #[arg(long)]
    suspects: bool,
    /// Show the dominator tree: what the objects that retain most consist of
    ///
    /// Small objects are taken together by type. With an id (`--tree=@2405`):
    /// the tree below that object.
    #[arg(long, value_name = "ID", value_parser = id, num_args = 0..=1, require_equals = true,
          default_missing_value = "0", verbatim_doc_comment)]
    tree: Option<u64>,
    /// How many levels of the tree are shown
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(..=64))]
    depth: u8,
    /// Show the objects of this type: their holders, and the paths to them
    ///
    /// Paths over the same edges and types are merged into one.
    #[arg(long, value_name = "TYPE", verbatim_doc_comment)]
    r#type: Option<String>,
    /// Show the holders of the object with this id
    #[arg(long, value_name = "ID", value_parser = id)]
    holders: Option<u64>,
    /// Show what changed from the first to the last file, by holder
    #[arg(long)]
    diff: bool,
    /// Show the answer to a question in SQL
    ///
    /// The tables are `objects` (dump, id, type, kind, name, bytes, external,
    /// retained_bytes, retained_objects, dominator, place) and `edges` (dump,
    /// source, name, target). `dump` is the number of the file, from 1.
    ///
    /// Example: --query "SELECT type, count(*) FROM objects GROUP BY 1"
    #[arg(long, value_name = "SQL", verbatim_doc_comment)]
    query: Option<String>,
    /// Print JSON: types, retained sizes of all objects, suspects
    ///
    /// With `--tree`, `--type`, `--holders` or `--diff`, what these show as
    /// well; with `--query` only the rows of the answer.
    #[arg(long, verbatim_doc_comment)]
    json: bool,
}

impl Options {
    /// Returns true if nothing is asked for in particular.
    fn asks_for_all(&self) -> bool {
        let for_tables = self.dominators || self.types || self.suspects || self.diff;
        let for_objects = self.path.is_some() || self.tree.is_some() || self.r#type.is_some() || self.holders.is_some();
        !(for_tables || for_objects)
    }
}

/// Heap dumps, as they were read.
pub struct Dumps {
    names: Vec<String>,
    /// At least one.
    dumps: Vec<HeapDump>,
}

impl Dumps {
    /// Reads files. A file `-` is stdin.
    ///
    /// # Errors
    /// When there is no file, or one of them cannot be read or is no heap dump.
    pub fn read(files: &[PathBuf]) -> Result<Dumps> {
        if files.iter().filter(|file| file.as_os_str() == "-").count() > 1 {
            bail!("stdin can be read once: `-` was given for several files");
        }
        if files.is_empty() {
            bail!("no file");
        }
        let names = files.iter().map(|file| file.display().to_string()).collect();
        Ok(Dumps { names, dumps: files.iter().map(|file| open::dump(file)).collect::<Result<_>>()? })
    }

    /// The names of the files without their folders.
    pub fn titles(&self) -> Vec<&str> {
        self.names.iter().map(|name| name.rsplit(['/', '\\']).next().unwrap_or(name)).collect()
    }

    /// Repairs that were needed to read the files, a line each.
    pub fn notes(&self) -> Vec<String> {
        let of_file = |(name, dump): (&String, &HeapDump)| {
            dump.notes.iter().map(|note| format!("note: {name}: {note}")).collect::<Vec<_>>()
        };
        self.names.iter().zip(&self.dumps).flat_map(of_file).collect()
    }

    pub fn looks(&self) -> Looks<'_> {
        let (now, before) = (&self.dumps[self.dumps.len() - 1], &self.dumps[..self.dumps.len() - 1]);
        let before = before.iter().map(|dump| &dump.snapshot).collect();
        Looks { dumps: &self.dumps, now: &now.snapshot, before }
    }
}

/// The snapshots of the files.
pub struct Looks<'s> {
    dumps: &'s [HeapDump],
    now: &'s Snapshot,
    /// The earlier ones, the oldest first.
    before: Vec<&'s Snapshot>,
}

impl<'s> Looks<'s> {
    /// The newest.
    pub fn now(&self) -> &'s Snapshot {
        self.now
    }

    /// A line with the numbers of objects, edges, bytes and roots.
    pub fn summary(&self) -> String {
        show::summary(self.now)
    }

    pub fn diagnose(&self) -> Diagnosis {
        let now = DiagnosisInput::of_snapshot(self.now);
        self.before.iter().copied().fold(now, DiagnosisInput::earlier).diagnose()
    }

    pub fn memory(&self) -> Option<Memory> {
        Memory::of(self.dumps)
    }

    /// The oldest of several.
    pub fn earlier(&self) -> Option<&'s Snapshot> {
        self.before.first().copied()
    }

    fn all(&self) -> Vec<&'s Snapshot> {
        self.before.iter().copied().chain([self.now]).collect()
    }
}

/// Parses an id in the form in which ids are shown, `@2405`, or without the sign.
fn id(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix('@').unwrap_or(text);
    digits.parse().map_err(|_| "an id is wanted as it is shown: @2405".into())
}

/// Reads the files and shows what was asked for.
///
/// # Errors
/// When a file cannot be read or is no heap dump, or when no object has the given id.
pub fn run(options: &Options, out: &mut impl Write) -> Result<()> {
    let dumps = Dumps::read(&options.files)?;
    dumps.notes().iter().for_each(|note| eprintln!("{note}"));
    let looks = dumps.looks();
    if options.tracked {
        let rows = match looks.dumps {
            [only] => tracked::most_common_types(only, options.top)?,
            all => tracked::growth(all, options.top)?,
        };
        write!(out, "{rows}")?;
        return Ok(());
    }
    let (now, earlier) = (looks.now, looks.earlier());
    if let Some(sql) = &options.query {
        return query::answer(&looks.all(), sql, options.json, out);
    }
    if options.json {
        return json::write(options, &looks, out);
    }
    if let Some(id) = options.path {
        write!(out, "{}", show::path(now, find(now, id)?))?;
    }
    let all = options.asks_for_all();
    if all {
        write!(out, "{}", show::summary(now))?;
    }
    if let Some(earlier) = earlier.filter(|_| all || options.types) {
        write!(out, "{}", show::diff(&now.diff(earlier), options.top))?;
    } else if all || options.types {
        write!(out, "{}", show::types(now, options.top))?;
    }
    if let Some(changes) = looks.by_holder(options)? {
        write!(out, "{}", show_around::changes(&changes, options.top))?;
    }
    if all || options.dominators {
        write!(out, "{}", show::dominators(now, options.top))?;
    }
    if let Some(tree) = looks.tree(options)? {
        write!(out, "{}", show_around::tree(&tree))?;
    }
    if let Some(of_type) = looks.of_type(options)? {
        write!(out, "{}", show_around::of_type(&of_type, options.top))?;
    }
    if let Some(holding) = looks.holding(options)? {
        write!(out, "{}", show_around::holding(&holding, options.top))?;
    }
    if all || options.suspects {
        write!(out, "{}", show::suspects(&looks.diagnose()))?;
        if let Some(memory) = looks.memory() {
            write!(out, "{}", memory.text())?;
        }
    }
    Ok(())
}

fn find(snapshot: &Snapshot, id: u64) -> Result<SnapshotObject<'_>> {
    let known = || format!("there is no object {}; ids are shown as @ID by --dominators", ObjectId(id));
    snapshot.find(ObjectId(id)).with_context(known)
}
