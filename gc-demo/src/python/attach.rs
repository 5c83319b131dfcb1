//! Running the dumper within another process: by `sys.remote_exec` from Python 3.14 on, else by gdb.

use super::DUMPER;
use super::process::{Process, Version};
use anyhow::{Context as _, Result, bail};
use indicatif::ProgressBar;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The way that works everywhere.
pub const BY_HAND: &str = "by hand: `gc-demo python-dumper > gc_dump.py` beside the program, and in it \
    `import gc_dump, signal; gc_dump.on_signal(signal.SIGUSR2)`; then `kill -USR2 PID` writes a dump";

/// From this version on Python runs a script in another process by itself.
const REMOTE_EXEC: Version = Version(3, 14);

/// Lets the process write a dump. Returns the number of objects.
pub fn dump(process: &Process, output: &Path, keys: bool, timeout: u64) -> Result<u64> {
    let work = Work::new(process, output, keys)?;
    let attached = if process.version >= REMOTE_EXEC { remote_exec(process, &work) } else { gdb(process, &work) };
    let result = attached.and_then(|()| work.wait(process, Duration::from_secs(timeout)));
    if result.is_err() {
        let _ = fs::remove_file(&work.partial); // the error that matters is the first one
        let _ = fs::remove_dir_all(&work.folder);
        return result;
    }
    fs::rename(&work.partial, output).with_context(|| output.display().to_string())?;
    let _ = fs::remove_dir_all(&work.folder); // only scripts of ours are in it
    result
}

/// The files by which this process and the other understand each other.
struct Work {
    folder: PathBuf,
    script: PathBuf,
    status: PathBuf,
    partial: PathBuf,
}

impl Work {
    fn new(process: &Process, output: &Path, keys: bool) -> Result<Work> {
        let folder = std::env::temp_dir().join(format!("gc-demo-dump-{}-{}", process.pid, std::process::id()));
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let dumper = folder.join("gc_dump.py");
        let (script, status) = (folder.join("script.py"), folder.join("status"));
        let partial = PathBuf::from(format!("{}.partial", output.display()));
        fs::write(&dumper, DUMPER).with_context(|| dumper.display().to_string())?;
        let text = SCRIPT
            .replace("@DUMPER@", &quoted(&dumper))
            .replace("@OUTPUT@", &quoted(&partial))
            .replace("@STATUS@", &quoted(&status))
            .replace("@KEYS@", if keys { "True" } else { "False" });
        fs::write(&script, text).with_context(|| script.display().to_string())?;
        Ok(Work { folder, script, status, partial })
    }

    /// Waits until the process has written the dump.
    fn wait(&self, process: &Process, timeout: Duration) -> Result<u64> {
        let spinner = ProgressBar::new_spinner().with_message(format!("process {} writes its dump", process.pid));
        let begin = Instant::now();
        while !self.status.exists() {
            if !Path::new(&format!("/proc/{}", process.pid)).exists() {
                bail!("process {} ended before the dump was written", process.pid);
            }
            if begin.elapsed() > timeout {
                bail!(
                    "process {} wrote no dump within {} s: it does not run Python code at present; {BY_HAND}",
                    process.pid,
                    timeout.as_secs()
                );
            }
            spinner.tick();
            std::thread::sleep(Duration::from_millis(50));
        }
        spinner.finish_and_clear();
        let status = fs::read_to_string(&self.status)?;
        match status.split_once(' ') {
            Some(("ok", objects)) => objects.trim().parse().context("the number of objects"),
            Some((_, error)) => bail!("process {}: {}", process.pid, error.trim()),
            None => bail!("process {} said: {status}", process.pid),
        }
    }
}

/// The program that runs in the other process. The program leaves the modules there as they were.
const SCRIPT: &str = r#"
def _run():
    import os, sys
    path = getattr(os, "fsdecode", lambda it: it)
    dumper, output, status = path(@DUMPER@), path(@OUTPUT@), path(@STATUS@)
    module, known = type(sys)("gc_dump"), sys.modules.get("gc_dump")
    sys.modules["gc_dump"] = module
    try:
        with open(dumper) as file:
            source = file.read()
        exec(compile(source, dumper, "exec"), module.__dict__)
        text = "ok %d" % module.write(output, keys=@KEYS@)
    except BaseException as error:
        text = "error %s: %s" % (type(error).__name__, error)
    finally:
        del sys.modules["gc_dump"]
        if known is not None:
            sys.modules["gc_dump"] = known
    with open(status + ".new", "w") as file:
        file.write(text)
    os.rename(status + ".new", status)
_run()
"#;

/// A path as a literal of bytes that Python 2 and 3 read alike.
fn quoted(path: &Path) -> String {
    let mut literal = String::from("b\"");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'"' | b'\\' => literal.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => literal.push(char::from(*byte)),
            byte => literal.push_str(&format!("\\x{byte:02x}")),
        }
    }
    literal + "\""
}

fn remote_exec(process: &Process, work: &Work) -> Result<()> {
    let script = quoted(&work.script);
    let code = format!("import os, sys; sys.remote_exec({}, os.fsdecode({script}))", process.pid);
    let output = Command::new(&process.program).args(["-I", "-c", &code]).stdin(Stdio::null()).output();
    let output = output.with_context(|| process.program.display().to_string())?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        let last = error.lines().last().unwrap_or("it said nothing");
        bail!("sys.remote_exec failed: {last}; run as root or with CAP_SYS_PTRACE; {BY_HAND}");
    }
    Ok(())
}

fn gdb(process: &Process, work: &Work) -> Result<()> {
    let run = format!("exec(open({}).read(), {{'__name__': 'gc_dump'}})", quoted(&work.script));
    let run = format!("call (int)PyRun_SimpleString({})", c_literal(&run));
    let commands = ["call (int)PyGILState_Ensure()", &run, "call (void)PyGILState_Release($1)"];
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-p", &process.pid.to_string()]);
    commands.iter().for_each(|command| {
        gdb.args(["-ex", command]);
    });
    let output = match gdb.stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!("Python {} can be attached to by gdb, which is not installed; {BY_HAND}", process.version)
        }
        Err(error) => return Err(error).context("gdb"),
    };
    if !work.status.exists() {
        let error = String::from_utf8_lossy(&output.stderr);
        let last = error.lines().rfind(|line| !line.starts_with("warning")).unwrap_or("it said nothing").trim();
        bail!("gdb could not run the dumper in process {}: {last}; {BY_HAND}", process.pid);
    }
    Ok(())
}

fn c_literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::{c_literal, quoted};
    use std::path::Path;

    #[test]
    fn paths_are_quoted() {
        assert_eq!(quoted(Path::new("/a b/\"c\\")), r#"b"/a b/\"c\\""#);
        assert_eq!(quoted(Path::new("/é")), r#"b"/\xc3\xa9""#);
        assert_eq!(c_literal(r#"open("\x")"#), r#""open(\"\\x\")""#);
    }
}
