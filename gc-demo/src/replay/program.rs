//! Parser of recorded programs: the ops, and the checks that need no heap.

use super::record::{Final, Outcome};
use super::words::{Callback, Class, Field, Id, Path, Root};
use serde::de::{self, Deserialize, Deserializer};
use std::fmt;

/// The version of the format that the parser accepts.
const FORMAT: u32 = 1;

/// The interpreter whose rules the outcomes follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Python 2.7: `FinalizerPolicy::Legacy`.
    Legacy,
    /// Python 3.4 and later: `FinalizerPolicy::Pep442`.
    Modern,
}

/// An op. A field `*_id` is the id of the object to which the path in the field before it must
/// lead. A field `id` is the id of the object that the op makes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Op {
    New {
        id: Id,
        cls: Class,
        to: Root,
    },
    Set {
        a: Path,
        a_id: Id,
        f: Field,
        b: Path,
        b_id: Id,
    },
    Clear {
        a: Path,
        a_id: Id,
        f: Field,
    },
    Append {
        a: Path,
        a_id: Id,
        b: Path,
        b_id: Id,
    },
    Pop {
        a: Path,
        a_id: Id,
    },
    Assign {
        to: Root,
        b: Path,
        b_id: Id,
    },
    Del {
        to: Root,
    },
    Wref {
        id: Id,
        b: Path,
        b_id: Id,
        cb: Option<Callback>,
        to: Root,
    },
    Collect {
        #[serde(rename = "gen", deserialize_with = "generation")]
        generation: u8,
    },
    ClearGarbage,
    PopGarbage,
    ClearSurvivors,
    PopSurvivor,
    Saveall {
        on: bool,
    },
}

/// An op with its recorded outcome.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Step {
    /// The op's number.
    pub i: usize,
    #[serde(flatten)]
    pub op: Op,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// A recorded program.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Program {
    #[serde(deserialize_with = "known_format")]
    #[allow(dead_code, reason = "checked while it is read")]
    format: u32,
    #[serde(deserialize_with = "known_order")]
    #[allow(dead_code, reason = "checked while it is read")]
    order: (),
    pub mode: Mode,
    #[serde(rename = "ops")]
    pub steps: Vec<Step>,
    #[serde(rename = "final")]
    pub last: Final,
}

/// The reason why a text is no recorded program.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line, counted from 1; `None` if the error concerns the whole text.
    pub line: Option<usize>,
    /// The error.
    pub what: String,
}

impl Program {
    /// Reads a program.
    ///
    /// # Errors
    /// When the text is no recorded program; the error says where and why.
    pub fn read(text: &str) -> Result<Program, Malformed> {
        // A derived deserializer would accept a list of values in place of a struct.
        if text.trim_start().starts_with('[') {
            return Err(Malformed { line: None, what: "a list is no program: that is an object with ops".to_owned() });
        }
        let mut program: Program = serde_json::from_str(text).map_err(|error| Malformed::from(&error))?;
        let mut born = 0;
        for (number, step) in program.steps.iter_mut().enumerate() {
            check(step, number, &mut born).map_err(|what| Malformed { line: line_of_op(text, number), what })?;
            step.outcome.sort_generations();
        }
        program.last.sort_generations();
        Ok(program)
    }
}

impl From<&serde_json::Error> for Malformed {
    fn from(error: &serde_json::Error) -> Malformed {
        let text = error.to_string();
        // For an op that was parsed as a whole, the column is the end of the op, which misleads.
        let place = format!(" at line {} column {}", error.line(), error.column());
        let what = text.strip_suffix(&place).unwrap_or(&text).to_owned();
        Malformed { line: (error.line() > 0).then_some(error.line()), what }
    }
}

fn generation<'de, D: Deserializer<'de>>(input: D) -> Result<u8, D::Error> {
    let number = u64::deserialize(input)?;
    let known = u8::try_from(number).ok().filter(|&number| number <= 2);
    known.ok_or_else(|| de::Error::custom(format!("no generation {number}: there are 0, 1 and 2")))
}

fn known_format<'de, D: Deserializer<'de>>(input: D) -> Result<u32, D::Error> {
    let format = u32::deserialize(input)?;
    if format != FORMAT {
        return Err(de::Error::custom(format!("format {format} is unknown, this reads format {FORMAT}")));
    }
    Ok(format)
}

fn known_order<'de, D: Deserializer<'de>>(input: D) -> Result<(), D::Error> {
    let order = String::deserialize(input)?;
    if order != "birth" {
        return Err(de::Error::custom(format!("order {order:?} is unknown: a heap promises birth order")));
    }
    Ok(())
}

/// Checks the rules for an op that do not depend on the heap. `born` is the id that was given last.
fn check(step: &Step, number: usize, born: &mut Id) -> Result<(), String> {
    if step.i != number {
        return Err(format!("op {number} says that it is op {}", step.i));
    }
    if let Op::New { id, .. } | Op::Wref { id, .. } = step.op {
        *born += 1;
        if id != *born {
            return Err(format!("op {number} makes object {id}, the next id is {born}"));
        }
    }
    match step.outcome.missing_of_collection() {
        Some(key) if matches!(step.op, Op::Collect { .. }) => {
            Err(format!("op {number} is a collection without \"{key}\""))
        }
        _ => Ok(()),
    }
}

/// Returns the line on which an op begins, in a text that is a program. The ops are the objects in
/// the only list of the outermost object.
fn line_of_op(text: &str, number: usize) -> Option<usize> {
    let (mut line, mut depth, mut ops) = (1, 0usize, 0);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\n' => line += 1,
            b'"' => skip_string(&mut bytes),
            b'{' if depth == 2 && ops == number => return Some(line),
            b'{' | b'[' => {
                ops += usize::from(byte == b'{' && depth == 2);
                depth += 1;
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Skips the rest of a string, including the closing quote.
fn skip_string(bytes: &mut impl Iterator<Item = u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return,
            _ => {}
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::New { id, cls, to } => write!(f, "new {cls} {id} in {to}"),
            Op::Set { a, a_id, f: field, b, b_id } => write!(f, "set {a}.{field} = {b} ({a_id}.{field} = {b_id})"),
            Op::Clear { a, a_id, f: field } => write!(f, "clear {a}.{field} ({a_id}.{field})"),
            Op::Append { a, a_id, b, b_id } => write!(f, "append {b} to {a} ({b_id} to {a_id})"),
            Op::Pop { a, a_id } => write!(f, "pop from {a} ({a_id})"),
            Op::Assign { to, b, b_id } => write!(f, "assign {to} = {b} ({b_id})"),
            Op::Del { to } => write!(f, "del {to}"),
            Op::Wref { id, b, b_id, cb, to } => {
                write!(f, "wref {id} in {to} to {b} ({b_id})")?;
                cb.iter().try_for_each(|cb| write!(f, ", callback {cb}"))
            }
            Op::Collect { generation } => write!(f, "collect({generation})"),
            Op::ClearGarbage => f.write_str("clear_garbage"),
            Op::PopGarbage => f.write_str("pop_garbage"),
            Op::ClearSurvivors => f.write_str("clear_survivors"),
            Op::PopSurvivor => f.write_str("pop_survivor"),
            Op::Saveall { on } => write!(f, "saveall {}", if *on { "on" } else { "off" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Malformed, Program};

    const LAST: &str = r#"{"garbage":[],"gens":[[],[],[]],"rc":[],"refs":[],"roots":[null,null,null,null,null,null,null,null],"surv":[]}"#;

    fn read(ops: &[&str]) -> Result<Program, Malformed> {
        let header = r#"{"format":1,"impl":"x","kind":"short","mode":"legacy","order":"birth","seed":1,"ops":["#;
        Program::read(&format!("{header}\n{}\n],\"final\":{LAST}}}\n", ops.join(",\n")))
    }

    fn error(ops: &[&str]) -> (usize, String) {
        let malformed = read(ops).expect_err("this is malformed");
        (malformed.line.unwrap_or(0), malformed.what)
    }

    #[test]
    fn ops_are_shown_as_they_were_meant() {
        let ops = [
            r#"{"op":"new","cls":"Fin","to":0,"id":1,"i":0,"dead":[],"log":[],"rc":[[1,1]]}"#,
            r#"{"op":"wref","cb":"drop:r2","b":"r0","b_id":1,"to":1,"id":2,"i":1,"dead":[],"log":[],"rc":[],"wr":[[2,1]]}"#,
            r#"{"op":"set","a":"r0","a_id":1,"f":"f1","b":"r1()","b_id":1,"i":2,"dead":[],"log":[],"rc":[]}"#,
        ];
        let shown: Vec<String> = read(&ops).unwrap().steps.iter().map(|step| step.op.to_string()).collect();
        let expected = ["new Fin 1 in r0", "wref 2 in r1 to r0 (1), callback drop:r2", "set r0.f1 = r1() (1.f1 = 1)"];
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_wrong_with_an_op_is_said_at_its_line() {
        let del = r#"{"op":"del","to":0,"i":0,"dead":[],"log":[],"rc":[]}"#;
        let after = |op| error(&[del, op]);
        let (line, what) = after(r#"{"op":"explode","i":1,"dead":[],"log":[],"rc":[]}"#);
        assert!(line == 3 && what.contains("unknown variant `explode`"), "{line}: {what}");
        let (line, what) = after(r#"{"op":"del","to":8,"i":1,"dead":[],"log":[],"rc":[]}"#);
        assert_eq!((line, what.as_str()), (3, "8 is not a root: there are 0 to 7"));
        let (line, what) = after(r#"{"op":"new","cls":"Pain","id":1,"to":0,"i":1,"dead":[],"log":[],"rc":[]}"#);
        assert!(line == 3 && what.contains("unknown variant `Pain`"), "{line}: {what}");
        let (line, what) = after(r#"{"op":"new","cls":"Fin","id":7,"to":0,"i":1,"dead":[],"log":[],"rc":[]}"#);
        assert_eq!((line, what.as_str()), (3, "op 1 makes object 7, the next id is 1"));
        let (_, what) = after(del);
        assert_eq!(what, "op 1 says that it is op 0");
        let (_, what) = after(r#"{"op":"collect","gen":3,"i":1,"dead":[],"log":[],"rc":[]}"#);
        assert_eq!(what, "no generation 3: there are 0, 1 and 2");
        let (_, what) = after(r#"{"op":"collect","gen":2,"ret":0,"i":1,"dead":[],"log":[],"rc":[]}"#);
        assert_eq!(what, "op 1 is a collection without \"ngarbage\"");
    }

    #[test]
    fn texts_that_are_no_programs() {
        for text in ["", "[]", "{}", "{\"format\":2}", "nonsense", "{\"format\":1,\"order\":\"list\"}"] {
            assert!(Program::read(text).is_err(), "{text:?}");
        }
        let format = Program::read("{\"format\":2}").expect_err("2 is unknown");
        assert_eq!(format.what, "format 2 is unknown, this reads format 1");
    }
}
