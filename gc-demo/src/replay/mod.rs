//! `gc-demo replay`: runs recorded programs on a real heap and compares every outcome.

mod classes;
mod compare;
mod files;
mod look;
mod player;
mod program;
mod record;
mod stage;
mod surroundings;
mod words;

pub use classes::Reclaim;

use crate::screen::{WIDTH, wrap};
use anyhow::{Context, Result};
use compare::Difference;
use look::{Look, Watch};
use player::Player;
use program::{Malformed, Program, Step};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

/// Options of a replay.
#[derive(clap::Args)]
pub struct Options {
    /// Recorded programs, or folders of them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only objects that ask for this reclaim path (default: both, one after the other)
    #[arg(long, hide = true)]
    reclaim: Option<Reclaim>,
}

/// The numbers of programs by result.
#[derive(Default, PartialEq, Eq, Debug)]
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
    pub malformed: usize,
}

/// A way to run a program. The outcome of a program must not depend on the way.
#[derive(Clone, Copy, Debug)]
struct Way {
    reclaim: Reclaim,
    watch: Watch,
}

/// The first op of a program whose outcome differs from the recorded one.
struct Failure {
    way: Way,
    /// The op's number and text; `None` for the state after the last op.
    op: Option<(usize, String)>,
    differences: Vec<Difference>,
    surroundings: Vec<String>,
}

/// Replays the programs and prints what differs.
///
/// # Errors
/// When a path names no program, or the output cannot be written.
pub fn run(options: &Options, out: &mut impl Write) -> Result<Tally> {
    let mut tally = Tally::default();
    for file in files::programs(&options.paths)? {
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()));
        match text.map(|text| Program::read(&text)) {
            Ok(Ok(program)) => match replay(&program, &ways(options.reclaim)) {
                Ok(()) => tally.passed += 1,
                Err(failure) => {
                    tally.failed += 1;
                    write!(out, "FAILED {}\n{failure}", file.display())?;
                }
            },
            Ok(Err(malformed)) => {
                tally.malformed += 1;
                out.flush()?;
                eprintln!("error: {}", at(&file, &malformed));
            }
            Err(error) => {
                tally.malformed += 1;
                out.flush()?;
                eprintln!("error: {error:#}");
            }
        }
    }
    writeln!(out, "{tally}")?;
    Ok(tally)
}

fn at(file: &Path, malformed: &Malformed) -> String {
    let line = malformed.line.map_or_else(String::new, |line| format!(":{line}"));
    format!("{}{line}: {}", file.display(), malformed.what)
}

fn ways(reclaim: Option<Reclaim>) -> Vec<Way> {
    let reclaims = reclaim.map_or_else(|| vec![Reclaim::Fast, Reclaim::Exact], |only| vec![only]);
    let watches = [Watch::Closely, Watch::FromAfar];
    reclaims.iter().flat_map(|&reclaim| watches.map(|watch| Way { reclaim, watch })).collect()
}

/// Reads a program and replays it in every way.
///
/// # Errors
/// When the text is no program, or when an outcome differs. The error is the text that the command
/// would print.
pub fn replay_text(text: &str) -> Result<(), String> {
    let program = Program::read(text).map_err(|malformed| at(Path::new("text"), &malformed))?;
    replay(&program, &ways(None)).map_err(|failure| failure.to_string())
}

/// Runs a program in every way, up to the first failure.
fn replay(program: &Program, ways: &[Way]) -> Result<(), Box<Failure>> {
    ways.iter().try_for_each(|&way| replay_in(program, way).map_err(Box::new))
}

fn replay_in(program: &Program, way: Way) -> Result<(), Failure> {
    let player = Player::new(program.mode, way.reclaim);
    let fail = |op, differences: Vec<Difference>| {
        let concerned = differences.iter().flat_map(|difference| &difference.concerned).copied().collect();
        Failure { way, op, differences, surroundings: surroundings::describe(&player, &concerned) }
    };
    let mut before = Look::at(&player, way.watch);
    for step in &program.steps {
        let (after, differences) = do_step(&player, step, &before, way.watch);
        if !differences.is_empty() {
            return Err(fail(Some((step.i, step.op.to_string())), differences));
        }
        before = after;
    }
    let differences = compare::finals(&program.last, &look::last(&player));
    if differences.is_empty() { Ok(()) } else { Err(fail(None, differences)) }
}

fn do_step(player: &Player, step: &Step, before: &Look, watch: Watch) -> (Look, Vec<Difference>) {
    let performed = player.perform(&step.op);
    let after = Look::at(player, watch);
    let mut differences = match performed {
        Err(refused) => vec![refused],
        Ok(collected) => compare::outcomes(&step.outcome, &after.since(before, player, collected, watch), watch),
    };
    let panics = player.stage.take_panics().into_iter();
    differences.extend(panics.map(|message| Difference::new("panic", "none", message)));
    (after, differences)
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.malformed > 0 { write!(f, ", {} not readable", self.malformed) } else { Ok(()) }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reclaim = match self.reclaim {
            Reclaim::Exact => "exact",
            Reclaim::Fast => "fast",
        };
        let watch = match self.watch {
            Watch::Closely => "every op watched closely",
            Watch::FromAfar => "watched from afar",
        };
        write!(f, "{reclaim} reclaim, {watch}")
    }
}

/// Writes text after a label; further lines are indented by the width of the label.
fn hang(f: &mut fmt::Formatter<'_>, label: &str, text: &str) -> fmt::Result {
    let mut label = label.to_owned();
    for line in wrap(text, WIDTH - label.len()) {
        writeln!(f, "{label}{line}")?;
        label = " ".repeat(label.len());
    }
    Ok(())
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.op {
            Some((number, text)) => writeln!(f, "  op {number}: {text}")?,
            None => writeln!(f, "  after the last op")?,
        }
        for Difference { key, expected, got, .. } in &self.differences {
            hang(f, &format!("    {key:<9} expected "), expected)?;
            hang(f, &format!("    {:<9} got      ", ""), got)?;
        }
        if !self.surroundings.is_empty() {
            writeln!(f, "  the heap around it")?;
            self.surroundings.iter().try_for_each(|line| hang(f, "    ", line))?;
        }
        writeln!(f, "  ({})", self.way)
    }
}
