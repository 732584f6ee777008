//! Long lists that grow without being copied.

use std::ops::{Index, IndexMut, Range};

const CHUNK: usize = 1 << 16;

/// A list of millions. It grows by a chunk at a time: to copy them to where there is room for twice as
/// many would take time, and for that time three times the memory.
#[derive(Debug)]
pub struct Chunks<T>(Vec<Vec<T>>);

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Chunks<T> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * CHUNK + last.len())
    }

    /// Where there is one.
    pub fn places(&self) -> Range<u32> {
        0..u32::try_from(self.len()).expect("push saw that they are so few")
    }

    /// Adds one, and says where it is.
    pub fn push(&mut self, item: T) -> u32 {
        if self.0.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.0.push(Vec::with_capacity(CHUNK));
        }
        let at = self.len();
        self.0.last_mut().expect("there is room in it").push(item);
        u32::try_from(at).expect("fewer than 2^32 places")
    }
}

impl<T> Index<u32> for Chunks<T> {
    type Output = T;

    fn index(&self, at: u32) -> &T {
        let at = at as usize;
        &self.0[at / CHUNK][at % CHUNK]
    }
}

impl<T> IndexMut<u32> for Chunks<T> {
    fn index_mut(&mut self, at: u32) -> &mut T {
        let at = at as usize;
        &mut self.0[at / CHUNK][at % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stay() {
        let mut chunks = Chunks::default();
        assert_eq!(chunks.len(), 0);
        for n in 0..CHUNK as u32 * 2 + 1 {
            assert_eq!(chunks.push(n), n);
        }
        assert_eq!(chunks.len(), CHUNK * 2 + 1);
        chunks[CHUNK as u32] = 7;
        let at = [0, CHUNK - 1, CHUNK, CHUNK + 1, CHUNK * 2].map(|at| chunks[at as u32]);
        assert_eq!(at, [0, CHUNK as u32 - 1, 7, CHUNK as u32 + 1, CHUNK as u32 * 2]);
    }
}
