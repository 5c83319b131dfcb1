//! Checks recorded programs against the naive model, and generates new ones from it.
//!
//! `cargo run --release --example fresh_traces -- --help`

#![forbid(unsafe_code)]

#[path = "../tests/oracle/model/mod.rs"]
mod model;

use std::env;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use model::trace::files_under;
use model::{Kind, Policy, Program, generate};

const USAGE: &str = "\
Programs that drive a managed heap, with every outcome.

Usage:
  fresh_traces check PATH...
      Runs the model over recorded programs (files, or folders with all below them) and
      prints every value that is not as recorded.
  fresh_traces generate --policy legacy|modern --kind short|long --count N --seed S --out DIR
      Writes N random programs with the outcomes the model gives to DIR, made if missing.
      They have the seeds S, S+1, ...; a seed always gives the same program.

Exit status: 0 all well, 1 values differ, 2 wrong usage or malformed input.
";

/// Why the work could not be done.
enum Failure {
    /// The command line makes no sense.
    Usage(String),
    /// A file cannot be read, written or understood.
    File(PathBuf, String),
    /// The output cannot be written.
    Output(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(what) => write!(f, "{what} (--help tells the usage)"),
            Failure::File(path, what) => write!(f, "{}: {what}", path.display()),
            Failure::Output(error) => error.fmt(f),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        // Whoever read the output has read enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "fresh_traces: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Does what the arguments say; whether all was well.
fn run(arguments: &[String], out: &mut impl Write) -> Result<bool, Failure> {
    let Some((command, rest)) = arguments.split_first() else {
        return Err(Failure::Usage("which command?".to_owned()));
    };
    if arguments.iter().any(|it| it == "--help" || it == "-h") {
        out.write_all(USAGE.as_bytes())?;
        return Ok(true);
    }
    match command.as_str() {
        "check" => check(rest, out),
        "generate" => Order::from_arguments(rest)?.fill(out),
        _ => Err(Failure::Usage(format!("there is no command {command:?}"))),
    }
}

/// Prints each difference between what was recorded and what the model gives.
fn check(paths: &[String], out: &mut impl Write) -> Result<bool, Failure> {
    let (mut passed, mut failed) = (0_usize, 0_usize);
    for file in files(paths)? {
        let program = Program::read(&file);
        let program = program.map_err(|error| Failure::File(file.clone(), error.to_string()))?;
        let differences = program.differences_from_model();
        for difference in &differences {
            writeln!(out, "{}: {difference}", file.display())?;
        }
        match differences.is_empty() {
            true => passed += 1,
            false => failed += 1,
        }
    }
    writeln!(out, "{passed} passed, {failed} failed")?;
    Ok(failed == 0)
}

fn files(paths: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths.iter().map(Path::new) {
        let found = files_under(path);
        files.extend(found.map_err(|error| Failure::File(path.to_owned(), error.to_string()))?);
    }
    match files.is_empty() {
        true => Err(Failure::Usage("no program to check".to_owned())),
        false => Ok(files),
    }
}

/// Which programs to generate, and where to.
struct Order {
    policy: Policy,
    kind: Kind,
    count: u64,
    seed: u64,
    folder: PathBuf,
}

impl Order {
    fn from_arguments(arguments: &[String]) -> Result<Self, Failure> {
        let known = ["--policy", "--kind", "--count", "--seed", "--out"];
        let unknown = arguments.iter().step_by(2).find(|it| !known.contains(&it.as_str()));
        if let Some(unknown) = unknown {
            return Err(Failure::Usage(format!("there is no option {unknown:?}")));
        }
        Ok(Order {
            policy: match value(arguments, "--policy")? {
                "legacy" => Policy::Legacy,
                "modern" => Policy::Modern,
                other => return Err(no_such("--policy", other)),
            },
            kind: match value(arguments, "--kind")? {
                "short" => Kind::Short,
                "long" => Kind::Long,
                other => return Err(no_such("--kind", other)),
            },
            count: number(arguments, "--count")?,
            seed: number(arguments, "--seed")?,
            folder: value(arguments, "--out")?.into(),
        })
    }

    /// Writes the programs, each to a file named after its seed.
    fn fill(&self, out: &mut impl Write) -> Result<bool, Failure> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error: io::Error| Failure::File(path, error.to_string())
        };
        std::fs::create_dir_all(&self.folder).map_err(failed(&self.folder))?;
        for seed in (0..self.count).map(|i| self.seed.wrapping_add(i)) {
            let file = self.folder.join(format!("{seed:05}.json"));
            let program = generate(self.policy, self.kind, seed);
            std::fs::write(&file, program.to_text()).map_err(failed(&file))?;
        }
        writeln!(out, "{} programs in {}", self.count, self.folder.display())?;
        Ok(true)
    }
}

fn value<'a>(arguments: &'a [String], option: &str) -> Result<&'a str, Failure> {
    let mut pairs = arguments.chunks(2);
    match pairs.find(|pair| pair[0] == option) {
        Some([_, value]) => Ok(value),
        Some(_) => Err(Failure::Usage(format!("{option} needs a value"))),
        None => Err(Failure::Usage(format!("{option} is missing"))),
    }
}

fn number(arguments: &[String], option: &str) -> Result<u64, Failure> {
    let text = value(arguments, option)?;
    text.parse().map_err(|_| no_such(option, text))
}

fn no_such(option: &str, value: &str) -> Failure {
    Failure::Usage(format!("{option} cannot be {value:?}"))
}
