//! Values being copied out of the document while the reader passes over them.

use std::ops::Range;

/// One piece of the document, and where it lies.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    /// The offset of the first byte.
    pub offset: usize,
    /// The bytes.
    pub bytes: &'a [u8],
}

impl<'a> Window<'a> {
    /// The part of the window inside an absolute range.
    pub(super) fn slice(&self, range: Range<usize>) -> &'a [u8] {
        let from = range.start.saturating_sub(self.offset);
        let to = range.end.saturating_sub(self.offset).min(self.bytes.len());
        self.bytes.get(from..to).unwrap_or_default()
    }

    /// The bytes of a range that the window has from its first to its last.
    pub(super) fn whole(&self, range: Range<usize>) -> Option<&'a [u8]> {
        let from = range.start.checked_sub(self.offset)?;
        self.bytes.get(from..range.end.checked_sub(self.offset)?)
    }
}

/// What happens when a value is longer than what may be kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// Nothing is kept.
    Drop,
    /// The beginning is kept.
    Cut,
}

/// The copy of one value.
#[derive(Debug)]
pub(super) struct Copy {
    pub start: usize,
    cap: usize,
    excess: Excess,
    bytes: Vec<u8>,
    is_over: bool,
}

impl Copy {
    pub(super) fn new(start: usize, cap: usize, excess: Excess) -> Copy {
        Copy { start, cap, excess, bytes: Vec::new(), is_over: false }
    }

    /// Takes what the window has of the value, up to `end`.
    pub(super) fn take(&mut self, window: Window<'_>, end: usize) {
        if self.is_over {
            return;
        }
        let piece = window.slice(self.start..end);
        let room = self.cap.saturating_sub(self.bytes.len());
        self.is_over = piece.len() > room;
        match (self.is_over, self.excess) {
            (true, Excess::Drop) => self.bytes = Vec::new(),
            _ => self.bytes.extend_from_slice(piece.get(..room).unwrap_or(piece)),
        }
    }

    /// The bytes kept; `None` when the value was too long.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        match (self.is_over, self.excess) {
            (true, Excess::Drop) => None,
            _ => Some(self.bytes),
        }
    }
}
