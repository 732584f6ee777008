//! A stretch of text.

/// From `start` up to, not including, `end`, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct TextRange {
    /// The offset of its first byte.
    pub start: usize,
    /// The offset behind its last byte.
    pub end: usize,
}

impl TextRange {
    /// The range between two offsets, in their order.
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end, "{start}..{end}");
        Self { start, end }
    }

    /// The empty range at an offset.
    pub fn empty(at: usize) -> Self {
        Self { start: at, end: at }
    }

    /// Whether a cursor at `offset` stands in the range or at one of its ends.
    pub fn touches(self, offset: usize) -> bool {
        self.start <= offset && offset <= self.end
    }

    /// Whether the two ranges share a byte, or one is empty and touches the other.
    pub fn meets(self, other: Self) -> bool {
        let apart = self.end < other.start || other.end < self.start;
        let side_by_side = self.end == other.start || other.end == self.start;
        !apart && (!side_by_side || self.is_empty() || other.is_empty())
    }

    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// How many bytes are in it.
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// The text in it. The range must be one of this text.
    pub fn of(self, text: &str) -> &str {
        &text[self.start..self.end]
    }
}

impl From<TextRange> for std::ops::Range<usize> {
    fn from(range: TextRange) -> Self {
        range.start..range.end
    }
}
