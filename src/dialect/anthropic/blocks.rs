//! Blocks of an answer, and why it ends.

use super::ANSWER;
use crate::chat::json::{Json, Object};
use crate::chat::{
    Args, Body, Citation, Finish, Format, Ids, Link, Native, Part, Raw, Reason, Seal, SealKind, ToolCall, UrlCitation,
};

/// Reads a whole block; `place` is its number in the answer.
pub(super) fn read(json: Json<'_>, place: u32, ids: &Ids) -> Option<Part> {
    let object = json.object()?;
    let text = |name| object.string(name).unwrap_or_default();
    Some(match &*object.text("type").unwrap_or_default() {
        "text" => {
            let citations = object.items("citations").filter_map(citation).collect();
            Part::new(Body::Text { text: text("text"), citations })
        }
        "thinking" => {
            let seal = object.string("signature").and_then(signature);
            Part::new(Body::Reasoning { text: text("thinking"), summary: false }).sealed(seal)
        }
        "redacted_thinking" => {
            Part::new(Body::Reasoning { text: String::new(), summary: false }).sealed(Some(redacted(&object)))
        }
        "tool_use" if object.text("name").as_deref() == Some(ANSWER) => {
            Part::text(object.raw("input").map(|raw| raw.get().to_owned()).unwrap_or_default())
        }
        "tool_use" => {
            let args = object.get("input").map_or_else(|| Args::parse(""), args);
            let (id, name) = (call_id(&object, place, ids), text("name"));
            Part::new(Body::Call(ToolCall { id, item_id: None, name, args, caller: caller(&object) }))
        }
        _ => Part::new(Body::Native(native(json.raw()))),
    })
}

/// An input is an object; some servers that speak this dialect send it as text.
fn args(json: Json<'_>) -> Args {
    json.text().map_or_else(|| Args::Json(json.raw()), |text| Args::parse(&text))
}

/// The signature of a thinking block.
pub(super) fn signature(data: String) -> Option<Seal> {
    (!data.is_empty()).then(|| Seal::new(Format::Anthropic, SealKind::Signature, data))
}

/// What stands in place of thoughts that nobody may read.
pub(super) fn redacted(block: &Object<'_>) -> Seal {
    Seal::new(Format::Anthropic, SealKind::Redacted, block.string("data").unwrap_or_default())
}

/// A call's id.
pub(super) fn call_id(block: &Object<'_>, place: u32, ids: &Ids) -> String {
    block.string("id").filter(|id| !id.is_empty()).unwrap_or_else(|| ids.call(0, place))
}

/// Who called, unless it was the model itself.
pub(super) fn caller(block: &Object<'_>) -> Option<Raw> {
    let caller = block.object("caller")?;
    if caller.text("type").as_deref() == Some("direct") { None } else { block.raw("caller") }
}

/// Beside a text for others: the block that it stands for, as Anthropic wants it.
pub(super) const WHOLE: &str = "block";

/// A block that only Anthropic understands: built-in tools' calls and results, and whatever comes after us.
pub(super) fn native(block: Raw) -> Native {
    let object = block.json().object().unwrap_or_default();
    let link = match (object.string("tool_use_id"), object.string("id"), object.string("name")) {
        (Some(call_id), ..) => Link::Result { call_id },
        (None, Some(id), Some(name)) => Link::Call { id, name },
        _ => Link::Alone,
    };
    drop(object);
    Native { format: Format::Anthropic, block, link }
}

/// What a text is based on: pages of a web search, or places in documents and search results.
pub(super) fn citation(json: Json<'_>) -> Option<Citation> {
    let object = json.object()?;
    let page = object.string("url").filter(|_| object.text("type").as_deref() == Some("web_search_result_location"));
    Some(match page {
        Some(url) => Citation::Url(Box::new(UrlCitation {
            url,
            title: object.string("title"),
            start: None,
            end: None,
            quote: object.string("cited_text"),
            format: Format::Anthropic,
            raw: json.raw(),
        })),
        None => Citation::Native { format: Format::Anthropic, raw: json.raw() },
    })
}

/// What is known of an answer's end.
#[derive(Clone, Debug, Default)]
pub(super) struct Ending {
    pub word: Option<String>,
    pub stop_sequence: Option<String>,
    /// `stop_details` of a refusal.
    pub detail: Option<Raw>,
    pub has_calls: bool,
}

impl Ending {
    /// Takes over what an object says; it may be said again (rule 25).
    pub fn add(&mut self, object: &Object<'_>) {
        self.word = object.string("stop_reason").or(self.word.take());
        self.stop_sequence = object.string("stop_sequence").or(self.stop_sequence.take());
        self.detail = object.raw("stop_details").or(self.detail.take());
    }

    /// Why the model would not, in the provider's words.
    pub fn explanation(&self) -> Option<String> {
        let text = self.detail.as_ref()?.json().object()?.string("explanation")?;
        (self.word.as_deref() == Some("refusal") && !text.is_empty()).then_some(text)
    }

    /// The end.
    pub fn finish(self) -> Finish {
        let word = self.word.unwrap_or_default();
        let reason = match &*word {
            "" => Reason::Error,
            "max_tokens" | "model_context_window_exceeded" => Reason::Length,
            "refusal" => Reason::Refusal,
            "pause_turn" | "compaction" => Reason::Pause,
            // A call of the tool that stands for the answer is none; and calls of a built-in tool's, which stand in an
            // answer that went on after them, are no reason for its end (seen).
            "tool_use" if self.has_calls => Reason::Calls,
            _ => Reason::Stop,
        };
        Finish { stop_sequence: self.stop_sequence, detail: self.detail, ..Finish::new(reason, word) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_have_their_reasons() {
        for (word, has_calls, reason) in [
            ("end_turn", false, Reason::Stop),
            ("stop_sequence", false, Reason::Stop),
            ("tool_use", true, Reason::Calls),
            ("tool_use", false, Reason::Stop),
            ("end_turn", true, Reason::Stop),
            ("max_tokens", true, Reason::Length),
            ("model_context_window_exceeded", false, Reason::Length),
            ("refusal", false, Reason::Refusal),
            ("pause_turn", false, Reason::Pause),
            ("something_new", false, Reason::Stop),
        ] {
            let finish = Ending { word: Some(word.into()), has_calls, ..Ending::default() }.finish();
            assert_eq!((finish.reason, &*finish.raw), (reason, word));
        }
    }

    #[test]
    fn blocks_are_linked_by_what_they_say() {
        let link = |text: &str| native(Raw::parse(text).unwrap()).link;
        let call = Link::Call { id: "s".into(), name: "web_search".into() };
        assert_eq!(link(r#"{"type":"server_tool_use","id":"s","name":"web_search","input":{}}"#), call);
        let result = Link::Result { call_id: "s".into() };
        assert_eq!(link(r#"{"type":"web_search_tool_result","tool_use_id":"s","content":[]}"#), result);
        assert_eq!(link(r#"{"type":"compaction","content":"x"}"#), Link::Alone);
    }
}
