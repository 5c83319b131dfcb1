//! A scanner for JSON that people really have: it reads what can be read, and counts what it had to
//! replace.
//!
//! A heap dump is a few long lists of numbers and one of strings. The strings are names from a
//! program, written by programs that are not careful: a half of a surrogate pair, raw control
//! characters, bytes of Latin-1. A JSON parser refuses the file for each of them.

use super::error::Fault;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use std::io::Read;

/// Reads JSON byte by byte.
pub(super) struct Scanner<R> {
    reader: R,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    /// Number of bytes before the buffer.
    before: u64,
    /// Number of characters of strings that were replaced or repaired.
    pub(super) replaced: u64,
}

const BUFFER: usize = 1 << 16;

impl<R: Read> Scanner<R> {
    pub(super) fn new(reader: R) -> Scanner<R> {
        Scanner { reader, buffer: vec![0; BUFFER], at: 0, end: 0, before: 0, replaced: 0 }
    }

    /// Returns the next byte without consuming it; `None` at the end of the input.
    #[inline]
    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        if self.at == self.end && !self.fill()? {
            return Ok(None);
        }
        Ok(Some(self.buffer[self.at]))
    }

    #[cold]
    fn fill(&mut self) -> Result<bool, Fault> {
        self.before += self.end as u64;
        (self.at, self.end) = (0, 0);
        loop {
            match self.reader.read(&mut self.buffer) {
                Ok(read) => {
                    self.end = read;
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    #[inline]
    fn byte(&mut self) -> Result<u8, Fault> {
        let byte = self.peek()?.ok_or(Fault::End)?;
        self.at += 1;
        Ok(byte)
    }

    /// Returns the next byte that is not white space, without consuming it.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return Ok(other),
            }
        }
    }

    pub(super) fn wrong(&self, wanted: &str) -> Fault {
        Fault::Wrong(format!("{wanted} is missing at byte {}", self.before + self.at as u64))
    }

    /// Consumes `wanted`.
    pub(super) fn expect(&mut self, wanted: u8) -> Result<(), Fault> {
        match self.next()? {
            Some(byte) if byte == wanted => self.at += 1,
            Some(_) => return Err(self.wrong(&format!("`{}`", wanted as char))),
            None => return Err(Fault::End),
        }
        Ok(())
    }

    /// Calls `item` for each member of a list or an object, which `open` and `close` delimit.
    pub(super) fn each(
        &mut self,
        [open, close]: [u8; 2],
        mut item: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.expect(open)?;
        if self.next()? == Some(close) {
            self.at += 1;
            return Ok(());
        }
        loop {
            item(self)?;
            match self.next()? {
                Some(b',') => self.at += 1,
                Some(byte) if byte == close => {
                    self.at += 1;
                    return Ok(());
                }
                Some(_) => return Err(self.wrong("a comma")),
                None => return Err(Fault::End),
            }
        }
    }

    /// Calls `item` for each number of a list.
    pub(super) fn numbers(&mut self, mut item: impl FnMut(u64) -> Result<(), Fault>) -> Result<(), Fault> {
        self.each(*b"[]", |scanner| {
            // Numbers that lie in the buffer together with the comma after them are read without a look
            // at its end; all others, and the last of the list, are read byte by byte.
            while let Some((number, length)) = plain_number(&scanner.buffer[scanner.at..scanner.end]) {
                scanner.at += length;
                item(number)?;
            }
            item(scanner.number()?)
        })
    }

    /// Reads a number. Whole numbers are exact; of others the whole part is kept.
    #[inline]
    pub(super) fn number(&mut self) -> Result<u64, Fault> {
        let mut byte = self.next()?.ok_or(Fault::End)?;
        if !byte.is_ascii_digit() {
            return self.other_number();
        }
        let mut number = 0u64;
        while byte.is_ascii_digit() {
            let longer = number.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(byte - b'0')));
            number = longer.ok_or_else(|| self.wrong("a number below 2^64"))?;
            self.at += 1;
            byte = match self.peek()? {
                Some(byte) => byte,
                None => return Err(Fault::End),
            };
        }
        if matches!(byte, b'.' | b'e' | b'E') { self.rest_of_float(number) } else { Ok(number) }
    }

    /// A negative number counts as 0, because nothing in a dump is negative.
    #[cold]
    fn other_number(&mut self) -> Result<u64, Fault> {
        if self.peek()? != Some(b'-') {
            return Err(self.wrong("a number"));
        }
        self.at += 1;
        match self.peek()? {
            Some(byte) if byte.is_ascii_digit() => self.number().map(|_| 0),
            _ => Err(self.wrong("a number")),
        }
    }

    #[cold]
    fn rest_of_float(&mut self, whole: u64) -> Result<u64, Fault> {
        let mut text = format!("{whole}");
        while let Some(byte @ (b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) = self.peek()? {
            text.push(byte as char);
            self.at += 1;
        }
        text.parse::<f64>().map(|number| number as u64).map_err(|_| self.wrong("a number"))
    }

    /// Reads a string. What is no Unicode text in it is replaced, and counted.
    pub(super) fn string(&mut self) -> Result<String, Fault> {
        self.expect(b'"')?;
        let mut text = Vec::new();
        loop {
            match self.byte()? {
                b'"' => break,
                b'\\' => self.escape(&mut text)?,
                byte => {
                    self.replaced += u64::from(byte < b' ');
                    text.push(byte);
                }
            }
        }
        Ok(String::from_utf8(text).unwrap_or_else(|error| self.repaired(error.as_bytes())))
    }

    /// A string that is no UTF-8: bytes that are not are taken for Latin-1.
    #[cold]
    fn repaired(&mut self, bytes: &[u8]) -> String {
        let mut text = String::new();
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            text.extend(chunk.invalid().iter().map(|&byte| char::from(byte)));
            self.replaced += chunk.invalid().len() as u64;
        }
        text
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        let plain = match self.byte()? {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            b'u' => return self.unicode(text),
            byte @ (b'"' | b'\\' | b'/') => byte,
            _ => return Err(self.wrong("a known escape")),
        };
        text.push(plain);
        Ok(())
    }

    /// A `\u` escape. Two that are a surrogate pair are one character; a half of a pair is replaced.
    fn unicode(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        let mut unit = self.hex()?;
        while (0xD800..0xDC00).contains(&unit) && self.beginning_of_escape()? {
            let low = self.hex()?;
            if (0xDC00..0xE000).contains(&low) {
                push(text, char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)).unwrap_or('\u{fffd}'));
                return Ok(());
            }
            self.replaced += 1;
            push(text, '\u{fffd}');
            unit = low;
        }
        self.replaced += u64::from(char::from_u32(unit).is_none());
        push(text, char::from_u32(unit).unwrap_or('\u{fffd}'));
        Ok(())
    }

    /// Consumes `\u` if it is next. (Another escape after a half of a pair is left where it is.)
    fn beginning_of_escape(&mut self) -> Result<bool, Fault> {
        if self.peek()? != Some(b'\\') {
            return Ok(false);
        }
        if self.at + 1 == self.end {
            // The buffer ends between the two: what is left moves to its front.
            self.before += self.at as u64;
            self.buffer[0] = b'\\';
            (self.at, self.end) = (0, 1);
            let read = self.reader.read(&mut self.buffer[1..])?;
            self.end += read;
        }
        let is_unicode = self.at + 1 < self.end && self.buffer[self.at + 1] == b'u';
        self.at += if is_unicode { 2 } else { 0 };
        Ok(is_unicode)
    }

    fn hex(&mut self) -> Result<u32, Fault> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = (self.byte()? as char).to_digit(16).ok_or_else(|| self.wrong("a hexadecimal digit"))?;
            unit = unit << 4 | digit;
        }
        Ok(unit)
    }

    /// Skips a value of any kind.
    pub(super) fn value(&mut self) -> Result<(), Fault> {
        self.copy_value(None)
    }

    /// Skips a value of any kind, and appends its bytes to `copy`.
    pub(super) fn copy_value(&mut self, mut copy: Option<&mut Vec<u8>>) -> Result<(), Fault> {
        let (mut depth, mut in_string, mut begun) = (0usize, false, false);
        self.next()?;
        loop {
            let Some(byte) = self.peek()? else {
                return if begun && depth == 0 && !in_string { Ok(()) } else { Err(Fault::End) };
            };
            if !in_string && depth == 0 && begun && matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t') {
                return Ok(());
            }
            begun = true;
            self.at += 1;
            if let Some(copy) = copy.as_mut() {
                copy.push(byte);
            }
            match byte {
                b'\\' if in_string => {
                    let escaped = self.byte()?;
                    if let Some(copy) = copy.as_mut() {
                        copy.push(escaped);
                    }
                }
                b'"' => in_string = !in_string,
                b'{' | b'[' if !in_string => depth += 1,
                b'}' | b']' if !in_string => {
                    depth = depth.checked_sub(1).ok_or_else(|| self.wrong("a value"))?;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
    }
}

/// The number of at most 18 digits that `bytes` begins with, and the length up to the comma after it and
/// with it. `None` if there is no such number.
#[inline(always)]
fn plain_number(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut at = 0;
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    let (begin, mut number) = (at, 0u64);
    loop {
        let &byte = bytes.get(at)?;
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return (byte == b',' && at > begin && at - begin < 19).then_some((number, at + 1));
        }
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
}

fn push(text: &mut Vec<u8>, character: char) {
    text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}
