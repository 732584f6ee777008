//! Positions as editors count them: lines, and columns in units of UTF-8, UTF-16 or UTF-32.
//!
//! A line ends with `\n`, `\r\n` or `\r`, as in the Language Server Protocol
//! (<https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#textDocuments>).
//! Both directions take time logarithmic in the length of the text, however long its lines are.

/// What a column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units: an emoji is two.
    Utf16,
    /// Code points.
    Utf32,
}

/// A line and a column, both from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column, in units of an [`Encoding`].
    pub column: u32,
}

/// Where the lines of one text start, and where its columns are not bytes.
#[derive(Debug, Clone)]
pub struct LineIndex {
    /// The offset at which each line starts.
    starts: Vec<usize>,
    /// The offset at which each line ends, before its line break.
    ends: Vec<usize>,
    /// Every character that is not ASCII.
    wide: Vec<Wide>,
}

/// A character that is not ASCII, with what all such characters up to and including it take away
/// from a count of bytes.
#[derive(Debug, Clone, Copy)]
struct Wide {
    start: usize,
    len: usize,
    lost_utf16: usize,
    lost_utf32: usize,
}

impl LineIndex {
    /// The index of a text.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut index = Self { starts: vec![0], ends: Vec::new(), wide: Vec::new() };
        let (mut lost_utf16, mut lost_utf32) = (0, 0);
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'\n' | b'\r' => {
                    index.ends.push(at);
                    let pair = bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n');
                    at += if pair { 2 } else { 1 };
                    index.starts.push(at);
                }
                byte if byte.is_ascii() => at += 1,
                lead => {
                    let len = lead.leading_ones() as usize;
                    lost_utf16 += if len == 4 { 2 } else { len - 1 };
                    lost_utf32 += len - 1;
                    index.wide.push(Wide { start: at, len, lost_utf16, lost_utf32 });
                    at += len;
                }
            }
        }
        index.ends.push(bytes.len());
        index
    }

    /// How many lines there are: one at least.
    pub fn lines(&self) -> usize {
        self.starts.len()
    }

    /// The line that an offset is in, from 0.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset) - 1
    }

    /// The offsets at which a line starts and ends (before its line break); those of the last line
    /// if there are fewer.
    pub fn bounds(&self, line: usize) -> (usize, usize) {
        let line = line.min(self.starts.len() - 1);
        (self.starts[line], self.ends[line])
    }

    /// The position of an offset. An offset inside a character counts as the one behind it, an
    /// offset inside a line break as the one before it, an offset behind the text as its end.
    pub fn position(&self, offset: usize, encoding: Encoding) -> Position {
        let text_end = *self.ends.last().expect("a text has one line at least");
        let offset = offset.min(text_end);
        let offset = self.inside(offset).map_or(offset, |wide| wide.start + wide.len);
        let line = self.line(offset);
        let start = self.starts[line];
        let offset = offset.min(self.ends[line]);
        let lost = self.lost_before(offset, encoding) - self.lost_before(start, encoding);
        let column = offset - start - lost;
        Position {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }

    /// The offset of a position. A column behind the end of its line counts as the end, one inside
    /// a character as the start of that character, a line behind the text as the end of the text.
    pub fn offset(&self, position: Position, encoding: Encoding) -> usize {
        let line = position.line as usize;
        if line >= self.starts.len() {
            return *self.ends.last().expect("a text has one line at least");
        }
        let (start, end) = (self.starts[line], self.ends[line]);
        let column = position.column as usize;
        if encoding == Encoding::Utf8 {
            let offset = start.saturating_add(column).min(end);
            return self.inside(offset).map_or(offset, |wide| wide.start);
        }
        let lost_at_start = self.lost_before(start, encoding);
        // Of the line's wide characters, those that lie wholly before the column: the column
        // behind such a character is its byte offset less what was lost.
        let first = self.wide.partition_point(|wide| wide.start < start);
        let in_line = &self.wide[first..];
        let passed = in_line.partition_point(|wide| {
            let behind = wide.start + wide.len;
            behind <= end && behind - start - (wide.lost(encoding) - lost_at_start) <= column
        });
        let lost = match passed {
            0 => 0,
            _ => in_line[passed - 1].lost(encoding) - lost_at_start,
        };
        let offset = start.saturating_add(column).saturating_add(lost).min(end);
        // A column inside a surrogate pair leads into a character.
        match in_line.get(passed) {
            Some(wide) if wide.start < offset => wide.start,
            _ => offset,
        }
    }

    fn lost_before(&self, offset: usize, encoding: Encoding) -> usize {
        match self.wide.partition_point(|wide| wide.start < offset) {
            0 => 0,
            passed => self.wide[passed - 1].lost(encoding),
        }
    }

    fn inside(&self, offset: usize) -> Option<&Wide> {
        let passed = self.wide.partition_point(|wide| wide.start < offset);
        self.wide[..passed].last().filter(|wide| offset < wide.start + wide.len)
    }
}

impl Wide {
    fn lost(&self, encoding: Encoding) -> usize {
        match encoding {
            Encoding::Utf8 => 0,
            Encoding::Utf16 => self.lost_utf16,
            Encoding::Utf32 => self.lost_utf32,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

    /// The plainest reading of the specification.
    fn slow(text: &str, offset: usize, encoding: Encoding) -> Position {
        let (mut line, mut start) = (0, 0);
        let bytes = text.as_bytes();
        for at in 0..offset {
            let breaks = bytes[at] == b'\n'
                || bytes[at] == b'\r' && bytes.get(at + 1).is_none_or(|b| *b != b'\n');
            if breaks {
                (line, start) = (line + 1, at + 1);
            }
        }
        let before = &text[start..offset];
        let column = match encoding {
            Encoding::Utf8 => before.len(),
            Encoding::Utf16 => before.encode_utf16().count(),
            Encoding::Utf32 => before.chars().count(),
        };
        Position { line, column: column as u32 }
    }

    proptest! {
        #[test]
        fn columns_are_those_of_the_specification(text in "[a\u{e9}\u{4e2d}\u{1f600}\r\n]{0,24}") {
            let index = LineIndex::new(&text);
            for encoding in ALL {
                for (offset, _) in text.char_indices().chain([(text.len(), 'x')]) {
                    let inside_break = offset > 0 && text[..offset].ends_with('\r')
                        && text[offset..].starts_with('\n');
                    if inside_break {
                        continue;
                    }
                    let position = index.position(offset, encoding);
                    prop_assert_eq!(position, slow(&text, offset, encoding), "{:?}", offset);
                    prop_assert_eq!(index.offset(position, encoding), offset);
                }
            }
        }

        #[test]
        fn any_position_leads_to_a_boundary(
            text in "[a\u{e9}\u{4e2d}\u{1f600}\r\n]{0,24}", line in 0u32..6, column in 0u32..12,
        ) {
            let index = LineIndex::new(&text);
            for encoding in ALL {
                let offset = index.offset(Position { line, column }, encoding);
                prop_assert!(text.is_char_boundary(offset));
                let (start, end) = index.bounds(line as usize);
                prop_assert!(offset >= start && offset <= end);
            }
        }
    }

    #[test]
    fn positions_out_of_bounds_are_the_nearest_ones() {
        let index = LineIndex::new("ab\r\nc\u{1f600}d");
        let at = |line, column| index.offset(Position { line, column }, Encoding::Utf16);
        assert_eq!(at(0, 99), 2);
        assert_eq!(at(1, 1), 5);
        assert_eq!(at(1, 2), 5, "a column inside a surrogate pair is the character's start");
        assert_eq!(at(1, 3), 9);
        assert_eq!(at(1, u32::MAX), 10);
        assert_eq!(at(u32::MAX, 0), 10);
        assert_eq!(index.offset(Position { line: 1, column: 3 }, Encoding::Utf8), 5);
    }
}
