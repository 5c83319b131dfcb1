//! The state of the dashboard, and the actions of its keys.

use super::draw;
use crate::output;
use crate::report::{Report, policy_name};
use crate::setting::Setting;
use gc_core::Heap;
use gc_core::diagnosis::DiagnosisInput;
use gc_core::observe::{Sample, Timeline};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use std::cell::RefCell;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Least time between two frames.
const FRAME: Duration = Duration::from_millis(100);
/// Delay after each unit of work, so that a person can follow.
const SLOWED: Duration = Duration::from_millis(4);
/// Greatest number of looks that are kept.
const LOOKS: usize = 400;
/// Least number of looks that a diagnosis needs.
const ENOUGH: usize = 30;

/// The way in which watching a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    Quit,
    Again,
    OtherPolicy,
    /// Watching was ended by Ctrl-C or by a signal.
    Interrupted,
}

/// The state that the dashboard shows.
pub struct Board {
    pub name: &'static str,
    pub policy: &'static str,
    pub fixed: bool,
    pub paused: bool,
    /// The verdict, once the scenario has ended.
    pub verdict: Option<String>,
    /// Looks at the heap, oldest first.
    pub looks: Vec<Sample>,
    /// Longest pauses of the last collections, in µs.
    pub pauses: Vec<u64>,
    /// The end of each collection, in seconds since the heap was made.
    pub collections: Vec<f64>,
    /// The latest message: the result of a key, or the diagnosis.
    pub message: String,
    /// True if the diagnosis is shown in full.
    pub inspecting: bool,
    end: Option<End>,
    drawn: Option<Instant>,
}

impl Board {
    pub fn new(name: &'static str, setting: &Setting) -> Board {
        Board {
            name,
            policy: policy_name(setting.policy),
            fixed: setting.fixed,
            paused: false,
            verdict: None,
            looks: Vec::new(),
            pauses: Vec::new(),
            collections: Vec::new(),
            message: String::new(),
            inspecting: false,
            end: None,
            drawn: None,
        }
    }

    #[cfg(test)]
    pub fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    /// Takes a look at the heap. If [`LOOKS`] looks are kept already, every second look is dropped
    /// first.
    pub fn look(&mut self, heap: &Heap) {
        if self.looks.len() == LOOKS {
            let mut at = 0;
            self.looks.retain(|_| {
                at += 1;
                at % 2 == 1
            });
        }
        self.looks.push(heap.sample());
        let records = heap.records();
        let last = &records[records.len().saturating_sub(60)..];
        self.pauses = last.iter().map(|record| record.longest_pause.as_micros() as u64).collect();
        self.collections = records.iter().map(|record| record.ended.as_secs_f64()).collect();
    }

    /// Performs the action of a key. `heap` is `None` once the run is over.
    pub fn key(&mut self, key: KeyCode, heap: Option<&Heap>) {
        match (key, heap) {
            (KeyCode::Esc, _) if self.inspecting => self.inspecting = false,
            (KeyCode::Char('q') | KeyCode::Esc, _) => self.end(End::Quit),
            (KeyCode::Char('r'), _) => self.end(End::Again),
            (KeyCode::Char('p'), _) => self.end(End::OtherPolicy),
            (KeyCode::Char(' '), _) => self.paused = !self.paused,
            (KeyCode::Char('c'), Some(heap)) => {
                let found = heap.collect();
                self.message = format!("collect() returned {found}");
                self.look(heap);
            }
            (KeyCode::Char('s'), Some(heap)) => self.message = dump(heap, self.name),
            (KeyCode::Char('i'), Some(heap)) => {
                self.inspecting = !self.inspecting;
                self.message = if self.inspecting { self.diagnose(heap) } else { String::new() };
            }
            (KeyCode::Char('i'), None) => self.inspecting = !self.inspecting,
            (KeyCode::Char('c' | 's'), None) => {
                let over = "the run is over, and its heap is gone: r starts again";
                if !self.message.starts_with(over) {
                    self.message = format!("{over}\n\n{}", self.message);
                }
            }
            _ => {}
        }
    }

    /// Interrupts the scenario and records how watching ends.
    fn end(&mut self, end: End) {
        self.end = Some(end);
        crate::interrupt();
    }

    /// Diagnoses the looks so far and the present heap.
    fn diagnose(&self, heap: &Heap) -> String {
        let looks = self.looks.len();
        if looks < ENOUGH {
            return format!(
                "too early to tell: {looks} of at least {ENOUGH} looks so far, and what fills up at the start looks \
                 like a leak\n\npress i again in a while"
            );
        }
        let mut timeline = Timeline::new();
        self.looks.iter().for_each(|look| timeline.push(look.clone()));
        let snapshot = heap.snapshot();
        DiagnosisInput::new(&timeline).snapshot(&snapshot).diagnose().to_string()
    }
}

fn dump(heap: &Heap, name: &str) -> String {
    let file = format!("{name}.heapsnapshot");
    match output::write_whole(file.as_ref(), |out| heap.write_heap_snapshot(out)) {
        Ok(()) => format!("written: {file}"),
        Err(error) => format!("not written: {file}: {error}"),
    }
}

/// A handle to the dashboard, through which a scene shows its heap.
#[derive(Clone)]
pub struct Watcher(Rc<RefCell<Shown>>);

struct Shown {
    board: Board,
    terminal: DefaultTerminal,
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}

impl Watcher {
    pub fn new(board: Board) -> io::Result<Watcher> {
        let mut terminal = ratatui::Terminal::new(ratatui::backend::CrosstermBackend::new(io::stdout()))?;
        // The terminal may still show the previous board, which the new `Terminal` does not know
        // of.
        terminal.clear()?;
        Ok(Watcher(Rc::new(RefCell::new(Shown { board, terminal }))))
    }

    /// Draws a frame if one is due, handles keys, and waits while the board is paused. The scene
    /// calls this function between two units of work.
    pub fn between_units(&self, heap: &Heap) {
        let shown = &mut *self.0.borrow_mut();
        if shown.board.end.is_some() {
            return;
        }
        loop {
            if shown.board.drawn.is_none_or(|drawn| drawn.elapsed() >= FRAME) {
                shown.board.drawn = Some(Instant::now());
                shown.board.look(heap);
                // A lost terminal is noticed when the next key is read.
                let _ = shown.draw();
            }
            shown.keys(Some(heap), SLOWED);
            if !shown.board.paused || crate::interrupted() {
                return;
            }
        }
    }

    /// Shows a message on the dashboard, without writing over the picture.
    pub fn tell(&self, message: String) {
        if let Ok(mut shown) = self.0.try_borrow_mut() {
            shown.board.message = message;
        }
    }

    /// Shows the last picture of a finished scenario until a key says how to go on.
    ///
    /// # Errors
    /// When the terminal is lost.
    pub fn finish(&self, report: &Report) -> io::Result<End> {
        let shown = &mut *self.0.borrow_mut();
        shown.board.verdict = Some(report.verdict.kind.to_owned());
        let error = report.out_of_memory.as_ref().map_or_else(String::new, |error| format!("{}\n\n", error.text()));
        shown.board.message = error + &report.verdict.text;
        shown.board.inspecting = true;
        loop {
            if let Some(end) = shown.board.end {
                return Ok(end);
            }
            if crate::interrupted() {
                return Ok(End::Interrupted); // a signal interrupted the program
            }
            shown.draw()?;
            shown.keys(None, FRAME);
        }
    }
}

impl Shown {
    fn draw(&mut self) -> io::Result<()> {
        let board = &self.board;
        self.terminal.draw(|frame| draw::draw(board, frame)).map(drop)
    }

    fn keys(&mut self, heap: Option<&Heap>, wait: Duration) {
        if !matches!(event::poll(wait), Ok(true)) {
            return;
        }
        match event::read() {
            Ok(Event::Key(key)) if key.kind == KeyEventKind::Press => {
                let control_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
                if control_c {
                    self.board.end(End::Interrupted);
                } else {
                    self.board.key(key.code, heap);
                }
            }
            Ok(_) => {}
            Err(_) => self.board.key(KeyCode::Char('q'), heap),
        }
    }
}
