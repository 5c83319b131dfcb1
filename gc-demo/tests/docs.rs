//! The documentation is true as far as a program can tell: code on the pages is the code of
//! compiled files, links lead somewhere, tests that are named exist, and measured numbers stand
//! beside the command that reproduces them.
//!
//! `UPDATE_DOCS=1 cargo test -p gc-demo --test docs` writes the code anew.

#[path = "docs/code.rs"]
mod code;
#[path = "docs/links.rs"]
mod links;
#[path = "docs/numbers.rs"]
mod numbers;

use std::fs;
use std::path::{Path, PathBuf};

/// A page: where it is, and its text.
struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    fn name(&self) -> String {
        let path = self.path.strip_prefix(root()).unwrap_or(&self.path);
        path.display().to_string()
    }
}

/// The folder of the project.
fn root() -> PathBuf {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR"));
    demo.parent().expect("a member of the workspace").to_owned()
}

fn markdown_in(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder");
    let files = entries.map(|entry| entry.expect("an entry").path());
    let mut pages: Vec<PathBuf> = files.filter(|it| it.extension().is_some_and(|ext| ext == "md")).collect();
    pages.sort();
    pages
}

/// The pages that a reader is sent to. (Decisions are dated: what was true then is not changed.)
fn pages() -> Vec<Page> {
    let paths = ["", "docs", "benches", "gc-core/derive"].into_iter().flat_map(markdown_in);
    paths.map(|path| Page { text: fs::read_to_string(&path).expect("text"), path }).collect()
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn code_is_that_of_compiled_files() {
    assert_none(&pages().iter().flat_map(code::wrong).collect::<Vec<_>>());
}

#[test]
fn links_lead_somewhere() {
    assert_none(&pages().iter().flat_map(links::wrong).collect::<Vec<_>>());
}

#[test]
fn every_page_is_in_the_book_and_its_code_is_tested() {
    let read = |file: &str| fs::read_to_string(root().join(file)).expect("text");
    let (summary, tested) = (read("docs/SUMMARY.md"), read("gc-demo/src/lib.rs"));
    let all = markdown_in("docs").into_iter().chain(markdown_in("docs/decisions"));
    let missing = all.filter(|page| {
        let name = page.strip_prefix(root().join("docs")).expect("a page").display().to_string();
        let is_tested = name.starts_with("decisions/") || tested.contains(&format!("\"{name}\""));
        name != "SUMMARY.md" && !(summary.contains(&format!("({name})")) && is_tested)
    });
    assert_none(&missing.map(|page| page.display().to_string()).collect::<Vec<_>>());
}

#[test]
fn measured_numbers_stand_beside_their_command() {
    // (The benches' own page is about bars and rules of measuring.)
    let pages = pages().into_iter().filter(|page| !page.name().starts_with("benches"));
    assert_none(&pages.flat_map(|page| numbers::wrong(&page)).collect::<Vec<_>>());
}
