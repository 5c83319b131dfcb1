//! Heap dumps of real Python processes: what the dumper writes, and what `inspect` finds in it. A
//! version of Python that is not on the machine is skipped, and named.

mod common;

use common::{Folder, demo, stderr, stdout};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The interpreter of this version: on the path, or among those of pyenv.
fn python(version: &str) -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH")?;
    let named = std::env::split_paths(&on_path).map(|folder| folder.join(format!("python{version}")));
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let versions = home.and_then(|home| std::fs::read_dir(home.join(".pyenv/versions")).ok()).into_iter().flatten();
    let of_pyenv = versions.flatten().filter(|entry| {
        entry.file_name().to_string_lossy().strip_prefix(version).is_some_and(|rest| rest.starts_with('.'))
    });
    let mut all = of_pyenv.map(|entry| entry.path().join("bin/python")).chain(named);
    // (A shim of pyenv is there for versions that are not.)
    all.find(|path| Command::new(path).arg("-V").output().is_ok_and(|output| output.status.success()))
}

/// Runs `test` with each of the versions that is on the machine.
fn with_each(versions: &[&str], test: impl Fn(&Program)) {
    for version in versions {
        match python(version) {
            Some(interpreter) => test(&Program::new(interpreter, version)),
            None => println!("skipped: there is no Python {version}"),
        }
    }
}

const ALL: [&str; 3] = ["2.7", "3.8", "3.13"];

/// A folder with the dumper in it, and an interpreter.
struct Program {
    folder: Folder,
    interpreter: PathBuf,
    version: String,
}

impl Program {
    fn new(interpreter: PathBuf, version: &str) -> Program {
        let name = std::thread::current().name().unwrap_or("test").replace(':', "-");
        let folder = Folder::new(&format!("python-{name}-{version}"));
        folder.file("gc_dump.py", &stdout(&demo(&["python-dumper"])));
        Program { folder, interpreter, version: version.into() }
    }

    fn command(&self, text: &str) -> Command {
        let script = self.folder.file("program.py", text);
        let mut command = Command::new(&self.interpreter);
        command.arg(script).env("PYTHONDONTWRITEBYTECODE", "1").current_dir(self.folder.path());
        command
    }

    /// Runs a program that writes the dumps, and returns what it prints.
    fn run(&self, text: &str) -> String {
        let output = self.command(text).output().expect("Python runs");
        assert!(output.status.success(), "Python {}: {}", self.version, stderr(&output));
        stdout(&output)
    }

    fn inspect(&self, dumps: &[&str], options: &[&str]) -> String {
        let files: Vec<String> = dumps.iter().map(|name| format!("{}/{name}", self.folder.path())).collect();
        let arguments: Vec<&str> =
            ["inspect"].into_iter().chain(files.iter().map(String::as_str)).chain(options.iter().copied()).collect();
        let output = demo(&arguments);
        assert!(output.status.success(), "Python {}: {}", self.version, stderr(&output));
        stdout(&output)
    }

    fn suspects(&self, dumps: &[&str]) -> Vec<Value> {
        let json: Value = serde_json::from_str(&self.inspect(dumps, &["--json"])).expect("it prints JSON");
        json["suspects"].as_array().expect("a list of suspects").clone()
    }
}

#[test]
fn a_variable_that_grows_is_named() {
    with_each(&ALL, |program| {
        program.run(
            "import gc_dump\n\
             class Session(object):\n    def __init__(self, n): self.n, self.cart = n, [n] * 20\n\
             SEEN = {}\n\
             def serve(n):\n    for i in range(n): SEEN['user%d' % len(SEEN)] = Session(i)\n\
             serve(300)\ngc_dump.write('a.heapsnapshot')\nserve(3000)\ngc_dump.write('b.heapsnapshot')\n",
        );
        let suspects = program.suspects(&["a.heapsnapshot", "b.heapsnapshot"]);
        let first = &suspects[0];
        assert_eq!((&first["place"], &first["type"]), (&"__main__.SEEN[…]".into(), &"Session".into()), "{first}");
        assert_eq!((&first["types"][0]["before"], &first["types"][0]["now"]), (&300.into(), &3300.into()));
        // The last dump alone shows where most has gathered, too.
        assert_eq!(program.suspects(&["b.heapsnapshot"])[0]["place"], "__main__.SEEN[…]");
        assert!(program.suspects(&["b.heapsnapshot", "b.heapsnapshot"]).is_empty());
    });
}

#[test]
fn a_cache_on_a_method_is_named_by_its_function() {
    with_each(&["3.6", "3.11"], |program| {
        program.run(
            "import functools, gc_dump\n\
             class Handler(object):\n    def __init__(self): self.data = [0] * 30\n\
             \x20   @functools.lru_cache(maxsize=None)\n    def compute(self, x): return x\n\
             def serve(n):\n    for i in range(n): Handler().compute(i)\n\
             serve(200)\ngc_dump.write('a.heapsnapshot')\nserve(1000)\ngc_dump.write('b.heapsnapshot')\n",
        );
        let first = &program.suspects(&["a.heapsnapshot", "b.heapsnapshot"])[0];
        assert!(first["place"].as_str().is_some_and(|place| place.starts_with("__main__.Handler.compute")), "{first}");
        assert!(first["advice"].as_str().is_some_and(|advice| advice.contains("lru_cache(maxsize")), "{first}");
    });
}

#[test]
fn a_cycle_with_a_finalizer_ends_in_the_edge_to_cut() {
    with_each(&["2.7"], |program| {
        program.run(
            "import gc, gc_dump\n\
             class Child(object):\n    def __init__(self, parent): self.parent = parent\n\
             class Parent(object):\n    def __init__(self): self.child = Child(self)\n    def __del__(self): pass\n\
             def serve(n):\n    for i in range(n): Parent()\n    gc.collect()\n\
             serve(200)\ngc_dump.write('a.heapsnapshot')\nserve(1000)\ngc_dump.write('b.heapsnapshot')\n",
        );
        let first = &program.suspects(&["a.heapsnapshot", "b.heapsnapshot"])[0];
        assert_eq!(
            (&first["kind"], &first["place"]),
            (&"uncollectable-cycle".into(), &"gc.garbage[…]".into()),
            "{first}"
        );
        assert!(first["finding"].as_str().unwrap().contains("Parent.child -> Child.parent"), "{first}");
        assert!(first["advice"].as_str().unwrap().starts_with("cut `parent` of Child"), "{first}");
    });
}

/// A cache that is full has new entries in each dump, and one that fills comes to its bound.
#[test]
fn healthy_caches_are_not_named() {
    with_each(&["3.11"], |program| {
        program.run(
            "import collections, gc_dump\n\
             class Page(object):\n    def __init__(self, n): self.n, self.body = n, [n] * 20\n\
             FULL, WARM, count = collections.OrderedDict(), collections.OrderedDict(), [0]\n\
             def put(cache, bound):\n    count[0] += 1\n    cache[count[0]] = Page(count[0])\n\
             \x20   if len(cache) > bound: cache.popitem(last=False)\n\
             for i in range(3000): put(FULL, 2000)\n\
             for file in ('a', 'b', 'c', 'd'):\n    gc_dump.write(file + '.heapsnapshot')\n\
             \x20   for i in range(1500):\n        put(FULL, 2000)\n        put(WARM, 2500)\n",
        );
        let dumps = ["a.heapsnapshot", "b.heapsnapshot", "c.heapsnapshot", "d.heapsnapshot"];
        assert_eq!(program.suspects(&dumps), Vec::<Value>::new(), "Python {}", program.version);
    });
}

#[test]
fn keys_are_left_out_on_request_and_values_always() {
    with_each(&ALL, |program| {
        program.run(
            "import gc_dump\nSECRETS = {'key-%d' % n: ['value-%d' % n] for n in range(9)}\n\
             gc_dump.write('with.heapsnapshot')\ngc_dump.write('without.heapsnapshot', keys=False)\n",
        );
        let text = |name: &str| std::fs::read_to_string(program.folder.0.join(name)).unwrap();
        let (with, without) = (text("with.heapsnapshot"), text("without.heapsnapshot"));
        assert!(with.contains("['key-7']") && !without.contains("key-7"));
        assert!(!with.contains("value-7") && !without.contains("value-7"));
        assert!(without.contains("\"SECRETS\""), "names of variables stay");
    });
}

/// The rows of `objgraph.show_most_common_types`, which counts `gc.get_objects()` by type.
#[test]
fn the_tracked_objects_are_those_that_the_collector_counts() {
    with_each(&ALL, |program| {
        let printed = program.run(
            "import collections, gc, gc_dump\n\
             class A(object):\n    def __init__(self): self.me = self\n\
             KEPT = [A() for n in range(77)]\n\
             gc.collect()\n\
             def name(it): return getattr(type(it), '__name__')\n\
             rows = collections.Counter(name(it) for it in gc.get_objects())\n\
             gc_dump.write('a.heapsnapshot')\n\
             for name in ('A', 'function', 'dict', 'type', 'module', 'list'): print(name, rows[name])\n",
        );
        let shown = program.inspect(&["a.heapsnapshot"], &["--types", "--tracked", "--top", "50"]);
        let count = |name: &str| {
            let row = shown.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            row.and_then(|count| count.trim().parse::<i64>().ok()).unwrap_or(0)
        };
        for line in printed.lines() {
            let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
            let expected: i64 = words[1].parse().unwrap();
            // (The generator and the counter that count are objects themselves.)
            assert!((count(words[0]) - expected).abs() <= 4, "Python {}: {line}\n{shown}", program.version);
        }
    });
}

#[test]
fn the_dumper_is_not_in_its_dump() {
    with_each(&ALL, |program| {
        program.run("import gc_dump\ngc_dump.write('a.heapsnapshot')\n");
        let dump =
            gc_demo::readers::heap_snapshot(std::fs::File::open(program.folder.0.join("a.heapsnapshot")).unwrap());
        let dump = dump.unwrap();
        let own = dump.objects().filter_map(|object| object.own_name());
        let own: Vec<&str> = own.filter(|name| name.contains("gc_dump") || name.contains("write_objects")).collect();
        assert_eq!(own, Vec::<&str>::new(), "Python {}", program.version);
    });
}

/// A Python process that waits.
struct Waiting(Child);

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_running_process_is_attached_to() {
    if Command::new("gdb").arg("--version").output().is_err() {
        return println!("skipped: gdb is not installed");
    }
    with_each(&["3.11"], |program| {
        let mut command = program.command(
            "import time\nclass Job(object): pass\nJOBS = [Job() for n in range(500)]\nopen('ready', 'w').close()\n\
             while True: time.sleep(0.01)\n",
        );
        let child = Waiting(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("Python runs"));
        let begin = Instant::now();
        while !program.folder.0.join("ready").exists() && begin.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let file = program.folder.0.join("attached.heapsnapshot");
        let output =
            demo(&["dump", "--pid", &child.0.id().to_string(), "-o", file.to_str().unwrap(), "--timeout", "60"]);
        if stderr(&output).contains("ptrace") || stderr(&output).contains("not permitted") {
            return println!("skipped: processes may not be traced here");
        }
        assert!(output.status.success(), "Python {}: {}", program.version, stderr(&output));
        assert!(stdout(&output).contains("objects of process"));
        let first = &program.suspects(&["attached.heapsnapshot"])[0];
        assert_eq!(first["place"], "__main__.JOBS[…]", "{first}");
    });
}

#[test]
fn what_is_no_python_process_gets_a_clear_error() {
    let refused = |pid: &str, expected: &str| {
        let output = demo(&["dump", "--pid", pid, "-o", "never.heapsnapshot"]);
        assert!(output.status.code() == Some(2) && stderr(&output).contains(expected), "{}", stderr(&output));
    };
    refused("4194999", "there is no process 4194999");
    refused(&std::process::id().to_string(), "does not run CPython");
    assert!(!PathBuf::from("never.heapsnapshot").exists());
}

#[test]
fn dumps_of_pyheap_name_what_grows() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dumps/write_pyheap.py");
    with_each(&["3.8", "3.11", "3.13"], |program| {
        let dump = |name: &str| format!("{}/{name}.pyheap", program.folder.path());
        let (before, after) = (dump("before"), dump("after"));
        let run = Command::new(&program.interpreter).args(["-S", script, &before, &after]).output().unwrap();
        assert!(run.status.success(), "{}", stderr(&run));
        let json: Value = serde_json::from_str(&stdout(&demo(&["inspect", &before, &after, "--json"]))).unwrap();
        let places: Vec<&str> =
            json["suspects"].as_array().unwrap().iter().map(|suspect| suspect["place"].as_str().unwrap()).collect();
        let local = "thread worker: waiting (write_pyheap.py).backlog[…]";
        assert_eq!(places, ["__main__.SEEN[…]", local, "__main__.hub.rows[…]"], "{}", program.version);
        // A cut file, and one of another layout, are errors and no panics.
        let whole = std::fs::read(&after).unwrap();
        for length in [10, 40, 100, whole.len() / 2, whole.len() - 1] {
            std::fs::write(&before, &whole[..length]).unwrap();
            let error = stderr(&demo(&["inspect", &before]));
            assert!(error.contains("cut short"), "{length}: {error}");
        }
        let mut other = whole;
        other[11] = 9; // the version
        std::fs::write(&before, &other).unwrap();
        assert!(stderr(&demo(&["inspect", &before])).contains("version 9 of the format is not known"));
    });
}

/// What objgraph prints in the process, at the times of two dumps.
const OBJGRAPH: &str = r#"
import gc, io, sys, objgraph, gc_dump
class Session(object):
    def __init__(self, user):
        self.user = user
        self.rows = [user]
REGISTRY = {}
def serve(first, last):
    for number in range(first, last):
        REGISTRY["user %d" % number] = Session("user %d" % number)
class Nowhere(object):
    def write(self, text): pass
serve(0, 50)
objgraph.show_growth(limit=None, file=Nowhere())  # what both do for the first time is done
gc_dump.write("a.heapsnapshot")
objgraph.show_growth(limit=None, file=Nowhere())
gc_dump.write("a.heapsnapshot")
gc.collect()
objgraph.show_most_common_types(limit=50)
sys.stdout.write("--\n")
serve(50, 300)
objgraph.show_growth()
gc_dump.write("b.heapsnapshot")
sys.stdout.write("--\n")
chain = objgraph.find_backref_chain(REGISTRY["user 7"], objgraph.is_proper_module)
sys.stdout.write("\n".join(type(it).__name__ for it in chain) + "\n")
sys.stdout.write("--\n%d\n" % (id(REGISTRY["user 7"]) >> 3 << 1))
"#;

/// The lines that objgraph prints, and the lines that `inspect` prints from the dumps.
#[test]
fn the_rows_are_those_of_objgraph() {
    let Some(folder) = std::env::var_os("OBJGRAPH").map(PathBuf::from) else {
        println!("skipped: scripts/check-objgraph installs objgraph and runs this test");
        return;
    };
    with_each(&["2.7", "3.8", "3.11", "3.13"], |program| {
        let package = folder.join(&program.version);
        if !package.join("objgraph.py").exists() {
            println!("skipped: there is no objgraph for Python {}", program.version);
            return;
        }
        let output = program.command(OBJGRAPH).env("PYTHONPATH", package).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let printed = stdout(&output);
        let parts: Vec<&str> = printed.split("--\n").collect();
        // (Types with the same number of objects come in the order of a dictionary, which is that of hashes in
        // Python 2. The last of them may be cut off.)
        let rows = |text: &str| {
            let last = text.lines().last().and_then(|line| line.split_whitespace().nth(1)).map(String::from);
            let is_whole = |line: &&str| line.split_whitespace().nth(1).map(String::from) != last;
            let mut rows: Vec<String> = text.lines().filter(is_whole).map(String::from).collect();
            rows.sort();
            rows
        };
        let common = program.inspect(&["a.heapsnapshot"], &["--types", "--tracked", "--top", "50"]);
        assert_eq!(rows(&common), rows(parts[0]), "Python {}:\n{common}\n{}", program.version, parts[0]);
        assert!(rows(&common).len() > 15, "{common}");
        let files = ["a.heapsnapshot", "b.heapsnapshot"];
        let mut growth: Vec<String> =
            program.inspect(&files, &["--types", "--tracked", "--top", "10"]).lines().map(String::from).collect();
        let mut expected: Vec<String> = parts[1].lines().map(String::from).collect();
        growth.sort();
        expected.sort();
        assert_eq!(growth, expected, "Python {}", program.version);
        // The chain from a module to the object: the types on it.
        let path = program.inspect(&["b.heapsnapshot"], &["--path", parts[3].trim()]);
        let types: Vec<&str> =
            path.lines().map(|line| line.rsplit("-> ").next().unwrap().trim().split(' ').next().unwrap()).collect();
        assert_eq!(types, parts[2].lines().collect::<Vec<_>>(), "Python {}: {path}", program.version);
    });
}
