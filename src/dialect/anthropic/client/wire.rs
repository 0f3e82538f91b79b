//! Events of a stream as they are written: each with an `event:` line of its type, without which Python's SDK skips it
//! (line 28).

use crate::chat::json::{ObjectWriter, object};

/// An event and its members besides `type`.
pub(super) fn event(kind: &str, write: impl FnOnce(&mut ObjectWriter<'_>), out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    object(out, |o| {
        o.set("type", kind);
        write(o);
    });
    out.extend_from_slice(b"\n\n");
}

/// A block begins.
pub(super) fn start(index: u32, block: impl FnOnce(&mut ObjectWriter<'_>), out: &mut Vec<u8>) {
    let write = |o: &mut ObjectWriter<'_>| {
        o.set("index", index);
        o.object("content_block", block);
    };
    event("content_block_start", write, out);
}

/// A block grows.
pub(super) fn delta(index: u32, kind: &str, write: impl FnOnce(&mut ObjectWriter<'_>), out: &mut Vec<u8>) {
    let write = |o: &mut ObjectWriter<'_>| {
        o.set("index", index);
        o.object("delta", |o| {
            o.set("type", kind);
            write(o);
        });
    };
    event("content_block_delta", write, out);
}

/// A block ends.
pub(super) fn stop(index: u32, out: &mut Vec<u8>) {
    event("content_block_stop", |o| o.set("index", index), out);
}
