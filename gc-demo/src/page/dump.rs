//! `gc-demo report FILE..`: the page of heap dumps.

use super::chart::escape;
use super::{bytes, environment};
use crate::inspect::{Branch, Change, Dumps, Suspected};
use anyhow::{Context as _, Result};
use minijinja::context;
use serde::Serialize;
use std::collections::HashMap;
use std::fmt::Write as _;

const TEMPLATE: &str = include_str!("dump.html");

/// Greatest number of rows of a table.
const ROWS: usize = 20;
/// Levels of the tree.
const LEVELS: usize = 8;

#[derive(Serialize)]
struct Suspect {
    kind: &'static str,
    finding: String,
    advice: String,
    types: Vec<Gathered>,
}

#[derive(Serialize)]
struct Gathered {
    r#type: String,
    before: u64,
    now: u64,
    bytes: String,
}

#[derive(Serialize)]
struct Held {
    place: String,
    r#type: String,
    before: usize,
    now: usize,
    gained: String,
}

#[derive(Serialize)]
struct Type {
    name: String,
    before: usize,
    now: usize,
    bytes: String,
}

/// Renders the page of one dump, or of several of one process, the oldest first.
///
/// # Errors
/// When the template cannot be rendered, which is a bug.
pub fn page_of_dumps(dumps: &Dumps) -> Result<String> {
    let environment = environment("dump.html", TEMPLATE)?;
    let looks = dumps.looks();
    let diagnosis = looks.diagnose();
    let compares = looks.earlier().is_some();
    let changes: Vec<Held> = if compares { looks.changes().iter().take(ROWS).map(held).collect() } else { Vec::new() };
    let suspects: Vec<Suspect> = diagnosis.suspects.iter().map(|it| suspect(Suspected::of(it))).collect();
    let page = context! {
        title => dumps.titles().join(", "),
        summary => looks.summary(),
        memory => looks.memory().map(|memory| memory.text()),
        notes => dumps.notes(),
        verdict => diagnosis.verdict.word(),
        class => if suspects.is_empty() { "good" } else { "bad" },
        suspects,
        changes,
        types => types(dumps),
        tree => tree(&looks.branches(LEVELS)),
        compares,
        version => env!("CARGO_PKG_VERSION"),
    };
    environment.get_template("dump.html").context("the page's template")?.render(page).context("the page")
}

fn suspect(it: Suspected) -> Suspect {
    let types = it.types.into_iter().map(|row| Gathered {
        r#type: row.r#type,
        before: row.before,
        now: row.now,
        bytes: bytes(row.bytes as f64),
    });
    let types = types.collect();
    Suspect { kind: it.kind, finding: it.finding, advice: it.advice, types }
}

fn held(change: &Change) -> Held {
    let gained = change.gained_bytes;
    let sign = if gained < 0 { "-" } else { "+" };
    Held {
        place: change.place.clone(),
        r#type: change.r#type.clone(),
        before: change.before,
        now: change.now,
        gained: format!("{sign}{}", bytes(gained.unsigned_abs() as f64)),
    }
}

fn types(dumps: &Dumps) -> Vec<Type> {
    let looks = dumps.looks();
    let before: HashMap<String, usize> = looks.earlier().map_or_else(HashMap::new, |earlier| {
        earlier.census().types().iter().map(|row| (row.type_name.clone(), row.objects)).collect()
    });
    let row = |row: &gc_core::observe::TypeCount| Type {
        name: row.type_name.clone(),
        before: before.get(&row.type_name).copied().unwrap_or(0),
        now: row.objects,
        bytes: bytes(row.bytes() as f64),
    };
    looks.now().census().types().iter().take(ROWS).map(row).collect()
}

/// The dominator tree as elements that open; the first branch is open.
fn tree(branches: &[Branch]) -> String {
    let mut html = String::new();
    for (number, branch) in branches.iter().enumerate() {
        push_branch(branch, number == 0, &mut html);
    }
    html
}

fn push_branch(branch: &Branch, is_open: bool, html: &mut String) {
    let place = branch.place.as_ref().map(|place| format!(" <code class=\"soft\">{}</code>", escape(place)));
    let (retained, place) = (bytes(branch.retained_bytes as f64), place.unwrap_or_default());
    let line = format!("<span class=\"size\">{retained}</span>{}{place}", escape(&branch.what()));
    if branch.below.is_empty() {
        let _ = writeln!(html, "<p>{line}</p>");
        return;
    }
    let open = if is_open { " open" } else { "" };
    let _ = writeln!(html, "<details{open}><summary>{line}</summary>");
    branch.below.iter().for_each(|below| push_branch(below, false, html));
    if branch.left_out > 0 {
        let _ = writeln!(html, "<p class=\"soft\"><span class=\"size\"></span>{} more</p>", branch.left_out);
    }
    html.push_str("</details>\n");
}
