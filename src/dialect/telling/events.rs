//! The gateway's words in a stream of server-sent events.

use super::{MOST_WITHHELD, Words, member};
use crate::chat::Raw;
use crate::chat::json::{Json, Object, object};
use crate::operation::Operation;
use crate::stream::json::{Finder, Step};
use crate::stream::sse::{Event, Splitter};

/// The longest event that is held. The last one of responses has all of the answer in it.
const MAX_EVENT: usize = 8 << 20;

/// A stream on its way: an event that has not ended waits, and all from the one on before which the words stand.
#[derive(Debug)]
pub struct Events {
    place: Place,
    splitter: Splitter,
    /// The bytes that came so far.
    seen: u64,
    /// The last of them, which wait.
    withheld: Vec<u8>,
}

/// Where the words stand.
#[derive(Debug)]
enum Place {
    /// In a chunk of their own, before the reason why the first choice ends (SDKs add chunks up, so once).
    Chunk(Chunk),
    /// In an object of the events of these types.
    Member { types: &'static [&'static str], steps: &'static [Step] },
}

/// The chunk with the words.
#[derive(Debug)]
enum Chunk {
    /// The reason has not come.
    Ahead,
    /// It has, at this place in the stream; what every chunk begins with.
    Due {
        at: u64,
        head: Vec<(&'static str, Raw)>,
    },
    Said,
}

/// Bytes to put in at a place in the stream.
struct Insertion {
    at: u64,
    with: Vec<u8>,
}

impl Events {
    /// Where an operation's streams have a place for the words.
    pub fn of(operation: Operation) -> Option<Events> {
        const ENDS: &[&str] = &["response.completed", "response.incomplete", "response.failed"];
        let place = match operation {
            Operation::ChatCompletions => Place::Chunk(Chunk::Ahead),
            Operation::Responses => Place::Member { types: ENDS, steps: &[Step::Member("response")] },
            Operation::Messages => Place::Member { types: &["message_delta"], steps: &[] },
            _ => return None,
        };
        Some(Events { place, splitter: Splitter::with_cap(MAX_EVENT), seen: 0, withheld: Vec::new() })
    }

    /// What the client gets for the next piece.
    pub fn feed(&mut self, piece: &[u8], end: bool, words: Words<'_>) -> Vec<u8> {
        let mut insertions = Vec::new();
        let mut rest = piece;
        while let Some(event) = self.splitter.next(&mut rest) {
            insertions.extend(event.ok().and_then(|event| self.place.event(&event, words)));
        }
        if end && let Some(event) = self.splitter.finish() {
            insertions.extend(self.place.event(&event, words));
        }
        let start = self.seen.saturating_sub(length(&self.withheld));
        self.seen = self.seen.saturating_add(length(piece));
        self.withheld.extend_from_slice(piece);
        if end || self.withheld.len() > MOST_WITHHELD {
            insertions.extend(self.place.say(words));
        }
        let decided = if end { u64::MAX } else { self.splitter.decided() };
        let decided = self.place.due().map_or(decided, |due| due.min(decided));
        let ready = usize::try_from(decided.saturating_sub(start)).unwrap_or(usize::MAX).min(self.withheld.len());
        let waiting = self.withheld.split_off(ready);
        let ready = std::mem::replace(&mut self.withheld, waiting);
        with(&ready, start, insertions)
    }
}

impl Place {
    fn event(&mut self, event: &Event<'_>, words: Words<'_>) -> Option<Insertion> {
        match self {
            Place::Chunk(chunk) => {
                let said = Object::parse(event.data);
                said.iter().for_each(|said| chunk.read(said, event.start));
                let has_usage = said.is_some_and(|said| said.object("usage").is_some());
                (has_usage || event.data == b"[DONE]").then(|| self.say(words)).flatten()
            }
            Place::Member { types, steps } => inside(event, types, steps, words),
        }
    }

    /// The place before which the words stand, where they only wait for what they are.
    fn due(&self) -> Option<u64> {
        if let Place::Chunk(Chunk::Due { at, .. }) = self { Some(*at) } else { None }
    }

    /// The chunk that is due.
    fn say(&mut self, words: Words<'_>) -> Option<Insertion> {
        let Place::Chunk(chunk @ Chunk::Due { .. }) = self else { return None };
        let Chunk::Due { at, head } = std::mem::replace(chunk, Chunk::Said) else { return None };
        let words = words()?;
        let mut with = b"data: ".to_vec();
        object(&mut with, |o| {
            head.iter().for_each(|(name, raw)| o.raw(name, raw));
            o.list("choices", |l| {
                l.object(|o| {
                    o.set("index", 0);
                    o.object("delta", |o| o.object("provider_metadata", |o| o.raw("gateway", &words)));
                    o.set("finish_reason", None::<&str>);
                });
            });
        });
        with.extend_from_slice(b"\n\n");
        Some(Insertion { at, with })
    }
}

impl Chunk {
    /// A chunk that stands there in the stream: is it the one with the reason?
    fn read(&mut self, said: &Object<'_>, at: u64) {
        let ends_first = |json: Json<'_>| {
            let choice = json.object().unwrap_or_default();
            choice.count("index").unwrap_or(0) == 0 && choice.get("finish_reason").is_some()
        };
        if matches!(self, Chunk::Ahead) && said.items("choices").any(ends_first) {
            let head =
                ["id", "object", "created", "model"].into_iter().filter_map(|name| Some((name, said.raw(name)?)));
            *self = Chunk::Due { at, head: head.collect() };
        }
    }
}

/// A member of an object in the event's data. Where the data is in several lines, it has no place in them.
fn inside(event: &Event<'_>, types: &[&str], steps: &'static [Step], words: Words<'_>) -> Option<Insertion> {
    let kind = Object::parse(event.data)?.string("type")?;
    if !types.contains(&kind.as_str()) {
        return None;
    }
    let place = Finder::new(steps).feed(event.data).ok()??;
    let data = memchr::memmem::find(event.raw, event.data)?;
    let at = event.start.saturating_add(u64::try_from(data.saturating_add(place.close)).ok()?);
    Some(Insertion { at, with: member("provider_metadata", &words()?, place.is_empty) })
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Bytes of the stream from `start` on, with what is put in between.
fn with(bytes: &[u8], start: u64, insertions: Vec<Insertion>) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for Insertion { at, with } in insertions {
        let at = usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX).min(bytes.len());
        out.extend_from_slice(bytes.get(from..at).unwrap_or_default());
        out.extend_from_slice(&with);
        from = at;
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
    out
}
