//! `logprobsResult` in OpenAI's shape.

use crate::chat::Raw;
use crate::chat::json::{Json, Object, ObjectWriter, object};

/// Turns it; `None` when no token was chosen.
pub(super) fn logprobs(result: &Object<'_>) -> Option<Raw> {
    let chosen: Vec<Object<'_>> = result.items("chosenCandidates").filter_map(Json::object).collect();
    if chosen.is_empty() {
        return None;
    }
    let mut tops = result.items("topCandidates").map(Json::object);
    let mut out = Vec::new();
    object(&mut out, |o| {
        o.list("content", |l| {
            for candidate in &chosen {
                let top = tops.next().flatten().unwrap_or_default();
                l.object(|o| {
                    token(candidate, o);
                    o.list("top_logprobs", |l| {
                        top.items("candidates").filter_map(Json::object).for_each(|top| l.object(|o| token(&top, o)));
                    });
                });
            }
        });
    });
    Raw::parse(std::str::from_utf8(&out).ok()?)
}

fn token(candidate: &Object<'_>, o: &mut ObjectWriter<'_>) {
    let text = candidate.text("token").unwrap_or_default();
    o.set("token", &text);
    // OpenAI's value for what is too unlikely to be told.
    o.set("logprob", candidate.get("logProbability").and_then(Json::number).unwrap_or(-9999.0));
    o.set("bytes", text.as_bytes());
}
