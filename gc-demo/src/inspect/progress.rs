//! A progress bar while a large file is read.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, Read};

/// Size in bytes from which a file gets a progress bar. Smaller files are read too fast for a bar
/// to be seen.
const LARGE: u64 = 8 << 20;

/// Rows from which a table gets a progress bar.
const MANY: usize = 200_000;

/// A bar for the rows of a table, on stderr, if stderr is a terminal and there are many.
pub fn rows(rows: usize, name: &str) -> ProgressBar {
    let target = if rows < MANY { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(rows as u64), target).with_message(name.to_owned());
    match ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {eta}") {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

/// A reader that shows its progress on stderr, if stderr is a terminal.
pub struct Watched<R> {
    inner: R,
    bar: ProgressBar,
}

impl<R> Watched<R> {
    pub fn new(inner: R, bytes: u64, name: &str) -> Watched<R> {
        let target = if bytes < LARGE { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style = ProgressStyle::with_template("{msg} [{bar:30}] {bytes}/{total_bytes} {eta}");
        let bar = ProgressBar::with_draw_target(Some(bytes), target).with_message(name.to_owned());
        let bar = match style {
            Ok(style) => bar.with_style(style.progress_chars("=> ")),
            Err(_) => bar,
        };
        Watched { inner, bar }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(buffer)?;
        self.bar.inc(bytes as u64);
        Ok(bytes)
    }
}

impl<R> Drop for Watched<R> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
