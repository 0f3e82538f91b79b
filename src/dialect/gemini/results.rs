//! What calls gave: `functionResponse`, which names the tool.

use std::collections::{BTreeMap, VecDeque};

use super::media::{fits_in_result, media};
use super::model::{Model, is_vertex};
use crate::chat::json::{ListWriter, ObjectWriter};
use crate::chat::{Body, Media, Part, Raw, ToolResult};
use crate::dialect::{Dropped, Facts};

/// The calls so far.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Name, and whether it was answered; in order.
    all: Vec<(String, bool)>,
    /// The last one of each id.
    last: BTreeMap<String, usize>,
    /// Those of the last step by id, and the first of them that may be without an answer.
    here: BTreeMap<String, VecDeque<usize>>,
    free: usize,
}

impl Calls {
    /// A turn of the model's begins.
    pub fn step(&mut self, parts: &[&Part]) {
        self.here.clear();
        self.free = self.all.len();
        for part in parts {
            if let Body::Call(call) = &part.body {
                let place = self.all.len();
                self.here.entry(call.id.clone()).or_default().push_back(place);
                self.last.insert(call.id.clone(), place);
                self.all.push((call.name.clone(), false));
            }
        }
    }

    /// The call that a result is of: the nearest earlier one with its id, else the first of the step without an answer
    /// (rule 4).
    fn answer(&mut self, id: &str) -> Option<usize> {
        let is_free = |place: usize| self.all.get(place).is_some_and(|call| !call.1);
        let mut of_id = self.here.get_mut(id);
        let by_id = std::iter::from_fn(|| of_id.as_mut()?.pop_front()).find(|place| is_free(*place));
        let by_id = by_id.or_else(|| self.last.get(id).copied());
        let found = by_id.or_else(|| {
            self.free = (self.free..self.all.len()).find(|place| is_free(*place))?;
            Some(self.free)
        })?;
        if let Some(call) = self.all.get_mut(found) {
            call.1 = true;
        }
        Some(found)
    }

    fn name(&self, place: Option<usize>) -> Option<&str> {
        self.all.get(place?).map(|call| &*call.0)
    }
}

/// Writes the results of a turn in the order of the calls, then the media that they cannot hold (rule 13); whether
/// there were any.
pub(super) fn results(
    parts: &[&Part],
    calls: &mut Calls,
    facts: &Facts<'_>,
    dropped: &mut Dropped,
    l: &mut ListWriter<'_>,
) -> bool {
    let mut found: Vec<(Option<usize>, &ToolResult)> = Vec::new();
    for part in parts {
        if let Body::Result(result) = &part.body {
            found.push((calls.answer(&result.call_id), result));
        }
    }
    let holds_media = Model(facts.model).is_third();
    found.sort_by_key(|(place, _)| place.unwrap_or(usize::MAX));
    let mut moved: Vec<&Media> = Vec::new();
    for (place, result) in &found {
        let (inside, outside): (Vec<&Media>, Vec<&Media>) =
            result.parts.iter().filter_map(as_media).partition(|media| holds_media && fits_in_result(media));
        moved.extend(outside);
        dropped.when(result.parts.iter().any(|part| matches!(part.body, Body::Native(_))), "blocks");
        let name = result.name.as_deref().filter(|name| !name.is_empty());
        let name = name.or_else(|| calls.name(*place)).unwrap_or(&result.call_id);
        l.object(|o| {
            o.object("functionResponse", |o| {
                if takes_ids(facts) && !result.call_id.is_empty() {
                    o.set("id", &result.call_id);
                }
                o.set("name", name);
                self::result(result, &inside, o);
            });
        });
    }
    moved.iter().for_each(|media| l.object(|o| self::media(media, o)));
    !found.is_empty()
}

fn as_media(part: &Part) -> Option<&Media> {
    if let Body::Media(media) = &part.body { Some(media) } else { None }
}

/// Whether calls and results have ids there. Vertex sends them, but refused them in requests for long
/// (<https://github.com/langchain-ai/langchainjs/issues/11209>, seen 2026-11-22); it goes by name and order.
pub(super) fn takes_ids(facts: &Facts<'_>) -> bool {
    !is_vertex(facts)
}

fn result(result: &ToolResult, inside: &[&Media], o: &mut ObjectWriter<'_>) {
    let text: String = result.parts.iter().filter_map(Part::as_text).collect();
    let object = Raw::parse(&text).filter(|raw| raw.get().starts_with('{'));
    match object {
        // An object is what Gemini wants; anything else stands in one.
        Some(object) if !result.is_error => o.raw("response", &object),
        Some(object) => o.object("response", |o| o.raw("error", &object)),
        None => o.object("response", |o| o.set(if result.is_error { "error" } else { "output" }, &text)),
    }
    if !inside.is_empty() {
        o.list("parts", |l| inside.iter().for_each(|media| l.object(|o| self::media(media, o))));
    }
}
