//! Ctrl-C: the first one asks for the end, the second one is the end.

use crate::{output, watch};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Was the program interrupted? What takes long looks at this, and comes to its end.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// As Ctrl-C does.
pub fn interrupt() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Forgets the interruption: the work that it ended is over.
pub fn go_on() {
    INTERRUPTED.store(false, Ordering::Relaxed);
}

/// A run was broken off and is judged: what is left is to print it, however slowly it is read.
pub fn conclude() {
    CONCLUDED.store(true, Ordering::Relaxed);
}

/// A story is over, and its heap is judged and written; or the next one begins.
pub fn set_judging(judging: bool) {
    JUDGING.store(judging, Ordering::Relaxed);
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static CONCLUDED: AtomicBool = AtomicBool::new(false);
static JUDGING: AtomicBool = AtomicBool::new(false);

/// An interrupted run may take so long to come to its end.
const PATIENCE: Duration = Duration::from_millis(800);

/// The exit code of what was interrupted.
pub const INTERRUPTED_CODE: u8 = 130;

/// Hears Ctrl-C from here on.
pub fn listen() {
    let heard = || {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            end_now();
        }
        std::thread::spawn(|| {
            std::thread::sleep(PATIENCE);
            if CONCLUDED.load(Ordering::Relaxed) {
                return; // it is being printed
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
