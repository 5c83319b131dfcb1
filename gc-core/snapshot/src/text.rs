//! Texts in files: numbered strings, escapes, and sizes in bytes.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use hashbrown::HashMap;

/// Numbers texts in the order in which they are first met.
///
/// ```
/// let mut strings = gc_snapshot::text::Interner::default();
/// assert_eq!(["a", "b", "a"].map(|text| strings.number(text)), [0, 1, 0]);
/// assert_eq!(strings.into_texts(), ["a", "b"]);
/// ```
#[derive(Clone, Default, Debug)]
pub struct Interner(HashMap<String, usize>);

impl Interner {
    /// Returns the number of a text, which is the next free number if the text is new.
    pub fn number(&mut self, text: &str) -> usize {
        let next = self.0.len();
        *self.0.entry_ref(text).or_insert(next)
    }

    /// Returns the texts in the order of their numbers.
    pub fn into_texts(self) -> Vec<String> {
        let mut texts: Vec<(String, usize)> = self.0.into_iter().collect();
        texts.sort_unstable_by_key(|&(_, number)| number);
        texts.into_iter().map(|(text, _)| text).collect()
    }
}

/// Shows a text as a JSON string.
///
/// ```
/// assert_eq!(gc_snapshot::text::Json("a \"b\"\n").to_string(), r#""a \"b\"\u000a""#);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Json<'a>(pub &'a str);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c < ' ' => write!(f, "\\u{:04x}", c as u32)?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

/// The most characters of a name that [`printable`] keeps.
pub const LONGEST_NAME: usize = 200;

/// A name from a file, safe to print: control characters and those that turn the direction of writing are
/// escaped, and what is longer than [`LONGEST_NAME`] characters is cut.
///
/// ```
/// assert_eq!(gc_snapshot::text::printable("plain name"), "plain name");
/// assert_eq!(gc_snapshot::text::printable("red\u{1b}[31m\n"), "red\\u{1b}[31m\\n");
/// assert_eq!(gc_snapshot::text::printable(&"long".repeat(100)).chars().count(), 201);
/// ```
pub fn printable(name: &str) -> Cow<'_, str> {
    let is_harmless = |c: char| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if name.len() <= LONGEST_NAME && name.chars().all(is_harmless) {
        return Cow::Borrowed(name);
    }
    let mut shown = String::new();
    let mut chars = name.chars();
    for c in chars.by_ref().take(LONGEST_NAME) {
        if is_harmless(c) { shown.push(c) } else { shown.extend(c.escape_default()) }
    }
    if chars.next().is_some() {
        shown.push('…');
    }
    Cow::Owned(shown)
}

/// Escapes backslash, quote and line end, as Graphviz and OpenMetrics want a label.
///
/// ```
/// assert_eq!(gc_snapshot::text::escaped("a\\\"b\"\n"), r#"a\\\"b\"\n"#);
/// ```
pub fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Shows a number of bytes in a readable unit, such as `1 byte` or `1.5 MiB`.
///
/// ```
/// use gc_snapshot::text::Bytes;
///
/// assert_eq!([1.0, 100.0, 1536.0].map(|bytes| Bytes(bytes).to_string()), ["1 byte", "100 bytes", "1.5 KiB"]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Bytes(pub f64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
        let (mut value, mut unit) = (self.0, 0);
        while value.abs() >= 1024.0 && unit + 1 < UNITS.len() {
            (value, unit) = (value / 1024.0, unit + 1);
        }
        if value == 1.0 && unit == 0 {
            return f.write_str("1 byte");
        }
        let digits = usize::from(unit > 0 && !((value.abs() * 10.0 + 0.5) as u64).is_multiple_of(10));
        write!(f, "{value:.digits$} {}", UNITS[unit])
    }
}
