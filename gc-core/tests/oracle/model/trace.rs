//! Programs as files: one JSON document, a header line, a line for each op, a trailer line.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::heap::Model;
use super::outcome::{Difference, Final, Outcome, differences, values};
use super::program::{Kind, Op, Policy};
use super::run::Refused;

/// The version of the format.
pub const FORMAT: u32 = 1;

/// The only order there is: whatever a collection works through is taken in birth order.
pub const BIRTH_ORDER: &str = "birth";

/// What a program is and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format.
    pub format: u32,
    /// Who recorded the outcomes.
    #[serde(rename = "impl")]
    pub recorder: String,
    /// Its size.
    pub kind: Kind,
    /// The finalizer policy it runs under.
    #[serde(rename = "mode")]
    pub policy: Policy,
    /// The order a collection works in.
    pub order: String,
    /// The seed it was generated from.
    pub seed: u64,
}

/// One op with what it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The op's index.
    pub i: usize,
    /// What to do.
    #[serde(flatten)]
    pub op: Op,
    /// What that did.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// A recorded program.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Program {
    /// What it is.
    #[serde(flatten)]
    pub header: Header,
    /// Its ops in order.
    #[serde(rename = "ops")]
    pub steps: Vec<Step>,
    /// The heap after the last op.
    #[serde(rename = "final")]
    pub last: Final,
}

/// Why a text is no recorded program.
#[derive(Debug)]
pub enum Malformed {
    /// It cannot be read.
    Io(io::Error),
    /// It is not the JSON of a program.
    Json(serde_json::Error),
    /// It is one, but not of this format.
    Content(String),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::Io(error) => error.fmt(f),
            Malformed::Json(error) => error.fmt(f),
            Malformed::Content(what) => f.write_str(what),
        }
    }
}

impl Program {
    /// The program that does these ops on an empty heap, with the outcomes the model gives.
    ///
    /// # Errors
    /// The first op that does not fit, with its index.
    pub fn record(header: Header, ops: Vec<Op>) -> Result<Self, (usize, Refused)> {
        let mut model = Model::new(header.policy);
        let steps = ops.into_iter().enumerate().map(|(i, op)| {
            let outcome = model.apply(&op).map_err(|refused| (i, refused))?;
            Ok(Step { i, op, outcome })
        });
        let steps = steps.collect::<Result<_, _>>()?;
        let last = model.final_state();
        Ok(Program { header, steps, last })
    }

    /// The program in a file.
    ///
    /// # Errors
    /// When the file cannot be read or holds none.
    pub fn read(file: &Path) -> Result<Self, Malformed> {
        Program::from_text(&std::fs::read_to_string(file).map_err(Malformed::Io)?)
    }

    /// The program a text describes.
    ///
    /// # Errors
    /// When it describes none.
    pub fn from_text(text: &str) -> Result<Self, Malformed> {
        let program: Program = serde_json::from_str(text).map_err(Malformed::Json)?;
        let (format, order) = (program.header.format, &program.header.order);
        if format != FORMAT {
            return Err(Malformed::Content(format!("format {format} is unknown")));
        }
        if order != BIRTH_ORDER {
            return Err(Malformed::Content(format!("order {order:?} is unknown")));
        }
        match program.steps.iter().enumerate().find(|(i, it)| *i != it.i) {
            Some((i, step)) => Err(Malformed::Content(format!("op {i} says i = {}", step.i))),
            None => Ok(program),
        }
    }

    /// The text of the file, keys in alphabetical order within each line.
    pub fn to_text(&self) -> String {
        let header = line(&self.header);
        let header = header.strip_suffix('}').expect("a header is an object");
        let steps: Vec<String> = self.steps.iter().map(line).collect();
        let (steps, last) = (steps.join(",\n"), line(&self.last));
        format!("{header},\"ops\":[\n{steps}\n],\"final\":{last}}}\n")
    }

    /// Every value the model gives that is not as recorded; ends where an op no longer fits.
    pub fn differences_from_model(&self) -> Vec<Difference> {
        let mut model = Model::new(self.header.policy);
        let mut found = Vec::new();
        for Step { i, op, outcome } in &self.steps {
            match model.apply(op) {
                Ok(got) => found.extend(differences(Some(*i), outcome, &got)),
                Err(refused) => {
                    found.push(refused.at(*i));
                    return found;
                }
            }
        }
        found.extend(differences(None, &self.last, &model.final_state()));
        found
    }
}

/// All `.json` files in a folder and below it, in order of their names; a file is itself.
///
/// # Errors
/// When a folder cannot be listed.
pub fn files_under(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path)?.map(|entry| Ok(entry?.path()));
    let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
    entries.retain(|it| it.is_dir() || it.extension().is_some_and(|it| it == "json"));
    entries.sort();
    let files: io::Result<Vec<_>> = entries.iter().map(|it| files_under(it)).collect();
    Ok(files?.concat())
}

fn line<T: Serialize>(record: &T) -> String {
    serde_json::to_string(&values(record)).expect("a record is plain data")
}
