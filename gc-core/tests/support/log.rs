//! What happened, in order. Each test has a log of its own: it is the thread's.

use std::cell::RefCell;

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub fn log(event: impl Into<String>) {
    LOG.with_borrow_mut(|log| log.push(event.into()));
}

/// What was logged since the last call.
pub fn logged() -> Vec<String> {
    LOG.take()
}
