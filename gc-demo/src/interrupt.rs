//! Ctrl-C: the first one asks the program to finish, the second one ends it at once.

use crate::{output, watch};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Returns true if the program was interrupted. Long work polls this function and finishes early.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Interrupts the work, as the first Ctrl-C does.
pub fn interrupt() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Clears the interruption, after the interrupted work has ended.
pub fn go_on() {
    INTERRUPTED.store(false, Ordering::Relaxed);
}

/// Notes that an interrupted run has its verdict. Printing the verdict may take any time.
pub fn conclude() {
    CONCLUDED.store(true, Ordering::Relaxed);
}

/// Notes whether a heap is being diagnosed and written. `judging` is true when a scenario has
/// ended, and false when the next scenario begins.
pub fn set_judging(judging: bool) {
    JUDGING.store(judging, Ordering::Relaxed);
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static CONCLUDED: AtomicBool = AtomicBool::new(false);
static JUDGING: AtomicBool = AtomicBool::new(false);

/// The time that an interrupted run has to finish.
const PATIENCE: Duration = Duration::from_millis(800);

/// The exit code of an interrupted run.
pub const INTERRUPTED_CODE: u8 = 130;

/// Installs the handler for Ctrl-C.
pub fn listen() {
    let heard = || {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            end_now();
        }
        std::thread::spawn(|| {
            std::thread::sleep(PATIENCE);
            if CONCLUDED.load(Ordering::Relaxed) {
                return; // the verdict is being printed
            }
            if JUDGING.load(Ordering::Relaxed) {
                eprintln!("interrupted: what was seen is being judged; Ctrl-C again ends that too");
                return;
            }
            eprintln!("interrupted: it does not come to its end in time");
            end_now();
        });
    };
    if let Err(error) = ctrlc::set_handler(heard) {
        eprintln!("warning: Ctrl-C will not be heard: {error}");
    }
}

fn end_now() -> ! {
    watch::restore_terminal();
    output::remove_partial();
    std::process::exit(INTERRUPTED_CODE.into());
}
