//! Events of a stream, numbered (docs/dialects.md, line 37).

use crate::chat::json::{ObjectWriter, object};

/// Writes events; none for a whole answer, whose items are made in the same way.
#[derive(Debug, Default)]
pub(super) struct Frame {
    is_silent: bool,
    next: u64,
}

impl Frame {
    /// For an answer that is no stream.
    pub fn silent() -> Frame {
        Frame { is_silent: true, next: 0 }
    }

    /// Writes one event.
    pub fn event(&mut self, kind: &str, write: impl FnOnce(&mut ObjectWriter<'_>), out: &mut Vec<u8>) {
        if self.is_silent {
            return;
        }
        let number = self.next;
        self.next = number.saturating_add(1);
        for piece in ["event: ", kind, "\ndata: "] {
            out.extend_from_slice(piece.as_bytes());
        }
        let start = out.len();
        object(out, |o| {
            o.set("type", kind);
            o.set("sequence_number", number);
            write(o);
        });
        // A provider's own JSON may be written over several lines; between its members a space says the same.
        let written = out.get_mut(start..).unwrap_or_default();
        written.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
        out.extend_from_slice(b"\n\n");
    }
}
