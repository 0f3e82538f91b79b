//! One candidate of an answer: which part is open, and what the next chunk's parts add (rules 46 and 47).

use super::call::{Growing as GrowingCall, TooLarge};
use super::finish::reason;
use super::grounding::{Said, searches};
use crate::chat::json::{Json, Object};
use crate::chat::{
    Body, Event, Finish, Format, Ids, Kind, Link, Media, MediaKind, Native, Raw, Seal, SealKind, Source,
};
use crate::meter::Usage;

/// Most parts of one candidate.
const MOST_PARTS: u32 = 1 << 16;

/// A candidate on its way.
#[derive(Debug, Default)]
pub(super) struct Growing {
    pub index: u32,
    pub is_finished: bool,
    next: u32,
    /// The text that is open; `true` when it is a thought.
    open: Option<(u32, bool)>,
    /// The part before, and whether it has its seal.
    before: Option<(u32, bool)>,
    call: Option<GrowingCall>,
    has_calls: bool,
    /// The id of the code that ran last.
    code: Option<String>,
    said: Said,
    grounding: Option<Raw>,
    recited: Option<Raw>,
}

fn seal(signature: String) -> Seal {
    Seal::new(Format::Gemini, SealKind::Encrypted, signature)
}

impl Growing {
    pub fn new(index: u32) -> Growing {
        Growing { index, ..Growing::default() }
    }

    /// What a chunk's candidate says, but for its end.
    pub fn add(&mut self, candidate: &Object<'_>, ids: &Ids, out: &mut Vec<Event>) -> Result<(), TooLarge> {
        if let Some(content) = candidate.object("content") {
            for part in content.items("parts").filter_map(Json::object) {
                self.part(&part, ids, out)?;
            }
        }
        self.grounding = candidate.raw("groundingMetadata").or(self.grounding.take());
        self.recited = candidate.raw("citationMetadata").or(self.recited.take());
        Ok(())
    }

    /// Closes all parts and says why it ends.
    pub fn finish(&mut self, word: &str, detail: Option<Raw>, out: &mut Vec<Event>) {
        self.is_finished = true;
        let grounding = self.grounding.as_ref().and_then(|raw| raw.json().object());
        let recited = self.recited.as_ref().and_then(|raw| raw.json().object());
        let choice = self.index;
        let citations = self.said.citations(grounding.as_ref(), recited.as_ref());
        out.extend(citations.into_iter().map(|(part, citation)| Event::Cite { choice, part, citation }));
        let searches = grounding.as_ref().map_or(0, searches);
        if searches > 0 {
            let server_tools = vec![("web_search".to_owned(), searches)];
            out.push(Event::Usage(Usage { server_tools, ..Usage::default() }));
        }
        self.shut(out);
        self.end_call(out);
        let finish = Finish { detail, ..Finish::new(reason(word, self.has_calls), word) };
        out.push(Event::Finish { choice, finish });
    }

    /// What the answer is based on, to be told on.
    pub fn take_grounding(&mut self) -> Option<Raw> {
        self.grounding.take()
    }

    fn number(&mut self) -> Result<u32, TooLarge> {
        let now = self.next;
        self.next = now.saturating_add(1);
        if now < MOST_PARTS { Ok(now) } else { Err(TooLarge) }
    }

    /// Closes the text that is open.
    fn shut(&mut self, out: &mut Vec<Event>) {
        if let Some((part, _)) = self.open.take() {
            out.push(Event::Close { choice: self.index, part });
        }
    }

    fn part(&mut self, part: &Object<'_>, ids: &Ids, out: &mut Vec<Event>) -> Result<(), TooLarge> {
        let signature = part.string("thoughtSignature").filter(|signature| !signature.is_empty());
        if let Some(call) = part.object("functionCall") {
            return self.call(&call, signature, ids, out);
        }
        if let Some(text) = part.string("text") {
            let is_thought = part.flag("thought") == Some(true);
            return self.text(text, is_thought, signature, out);
        }
        if let Some(media) = media(part) {
            // Drafts of an image are thoughts.
            return if part.flag("thought") == Some(true) { Ok(()) } else { self.whole(media, signature, out) };
        }
        if part.iter().any(|(name, _)| !matches!(name, "thought" | "thoughtSignature")) {
            let link = self.link(part, ids);
            let block = raw(part);
            // The signature stays inside of the block.
            return self.whole(Body::Native(Native { format: Format::Gemini, block, link }), None, out);
        }
        self.text(String::new(), false, signature, out)
    }

    fn text(
        &mut self,
        text: String,
        is_thought: bool,
        signature: Option<String>,
        out: &mut Vec<Event>,
    ) -> Result<(), TooLarge> {
        let choice = self.index;
        if text.is_empty() {
            let Some(signature) = signature else { return Ok(()) };
            // It seals what came before, be it a call that is closed already.
            let part = match self.before {
                Some((part, false)) => part,
                _ => self.open(false, out)?,
            };
            out.push(Event::Seal { choice, part, seal: seal(signature) });
            self.before = Some((part, true));
            return Ok(());
        }
        let is_same = self.open.is_some_and(|(_, open)| open == is_thought);
        let goes_on = is_same && !self.before.is_some_and(|(_, is_sealed)| is_sealed);
        let part = match self.open {
            Some((part, _)) if goes_on => part,
            _ => self.open(is_thought, out)?,
        };
        if !is_thought {
            self.said.add(&text);
        }
        out.push(Event::Text { choice, part, piece: text });
        if let Some(signature) = signature {
            out.push(Event::Seal { choice, part, seal: seal(signature) });
            self.before = Some((part, true));
        }
        Ok(())
    }

    /// Opens a text.
    fn open(&mut self, is_thought: bool, out: &mut Vec<Event>) -> Result<u32, TooLarge> {
        self.shut(out);
        let part = self.number()?;
        let kind = if is_thought { Kind::Reasoning { summary: false, format: None } } else { Kind::Text };
        if !is_thought {
            self.said.begin(part);
        }
        out.push(Event::Open { choice: self.index, part, kind });
        self.open = Some((part, is_thought));
        self.before = Some((part, false));
        Ok(part)
    }

    fn whole(&mut self, body: Body, signature: Option<String>, out: &mut Vec<Event>) -> Result<(), TooLarge> {
        self.shut(out);
        let (choice, part) = (self.index, self.number()?);
        // An image takes a seal that comes later; a block is whole.
        self.before = Some((part, signature.is_some() || matches!(body, Body::Native(_))));
        out.push(Event::Whole { choice, part, body });
        out.extend(signature.map(|signature| Event::Seal { choice, part, seal: seal(signature) }));
        Ok(())
    }

    /// A call, whole or a piece of one: with `willContinue` it stays open until a piece without it.
    fn call(
        &mut self,
        call: &Object<'_>,
        signature: Option<String>,
        ids: &Ids,
        out: &mut Vec<Event>,
    ) -> Result<(), TooLarge> {
        let choice = self.index;
        let name = call.string("name").filter(|name| !name.is_empty());
        let goes_on = call.flag("willContinue") == Some(true);
        let Some(name) = name else {
            // The end of a call, or of nothing.
            let Some(growing) = &mut self.call else { return Ok(()) };
            growing.add(call)?;
            if let Some(signature) = signature.filter(|_| !growing.has_seal) {
                growing.has_seal = true;
                out.push(Event::Seal { choice, part: growing.part, seal: seal(signature) });
                self.before = Some((growing.part, true));
            }
            if !goes_on {
                self.end_call(out);
            }
            return Ok(());
        };
        self.end_call(out);
        self.shut(out);
        let part = self.number()?;
        let has_seal = signature.is_some();
        (self.has_calls, self.before) = (true, Some((part, has_seal)));
        let id = call.string("id").filter(|id| !id.is_empty()).unwrap_or_else(|| ids.call(choice, part));
        let kind = Kind::Call { id, item_id: None, name, custom: false, caller: None, seal: signature.map(seal) };
        out.push(Event::Open { choice, part, kind });
        if goes_on || call.items("partialArgs").next().is_some() {
            let mut growing = GrowingCall::new(part, has_seal);
            growing.add(call)?;
            self.call = Some(growing);
            if !goes_on {
                self.end_call(out);
            }
            return Ok(());
        }
        let args = call.get("args").map(Json::get).filter(|args| args.starts_with('{') && *args != "{}");
        out.extend(args.map(|args| Event::Args { choice, part, piece: args.to_owned() }));
        out.push(Event::Close { choice, part });
        Ok(())
    }

    fn end_call(&mut self, out: &mut Vec<Event>) {
        let Some(call) = self.call.take() else { return };
        let (choice, part, piece) = (self.index, call.part, call.json());
        if !piece.is_empty() {
            out.push(Event::Args { choice, part, piece });
        }
        out.push(Event::Close { choice, part });
    }

    /// Code that ran, and what it gave, belong together; so do the calls of other tools of Google's.
    fn link(&mut self, part: &Object<'_>, ids: &Ids) -> Link {
        let made = ids.call(self.index, self.next);
        for (name, is_call) in
            [("executableCode", true), ("toolCall", true), ("codeExecutionResult", false), ("toolResponse", false)]
        {
            let Some(inner) = part.object(name) else { continue };
            let id = inner.string("id").filter(|id| !id.is_empty());
            if is_call {
                let id = id.unwrap_or(made);
                self.code = Some(id.clone());
                let name = inner.string("toolType").unwrap_or_else(|| "code_execution".to_owned());
                return Link::Call { id, name };
            }
            return id.or(self.code.clone()).map_or(Link::Alone, |call_id| Link::Result { call_id });
        }
        Link::Alone
    }
}

/// A part as it came.
fn raw(part: &Object<'_>) -> Raw {
    let mut out = Vec::new();
    crate::chat::json::object(&mut out, |o| part.iter().for_each(|(name, json)| o.raw(name, &json.raw())));
    std::str::from_utf8(&out).ok().and_then(Raw::parse).unwrap_or_else(Raw::empty_object)
}

/// `inlineData` or `fileData`.
fn media(part: &Object<'_>) -> Option<Body> {
    let (object, source) = if let Some(blob) = part.object("inlineData") {
        let data = blob.string("data")?;
        (blob, Source::Base64(data))
    } else {
        let file = part.object("fileData")?;
        let uri = file.string("fileUri")?;
        (file, Source::Url(uri))
    };
    let mime = object.string("mimeType");
    let kind = mime.as_deref().map_or(MediaKind::Image, MediaKind::of_mime);
    Some(Body::Media(Box::new(Media::new(kind, mime, source))))
}
