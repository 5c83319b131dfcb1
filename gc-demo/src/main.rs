#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    gc_demo::main()
}
