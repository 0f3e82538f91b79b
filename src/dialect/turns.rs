//! A conversation as Claude and its kin want it: the roles alternate, and the results of a turn's calls come first in the
//! next one, in the order of the calls (docs/dialects.md, rules 13 and 14). Anthropic and Bedrock read a request into
//! this, each in its own way.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use super::Unable;
use crate::chat::{Cache, Media, Native, Part, Seal, ToolCall, ToolResult, fit_id};
use crate::error::printable;

/// What one side says until the other speaks.
#[derive(Debug)]
pub(in crate::dialect) struct Turn<'a> {
    pub is_assistant: bool,
    pub items: Vec<Item<'a>>,
}

/// One block.
#[derive(Debug)]
pub(in crate::dialect) struct Item<'a> {
    pub what: What<'a>,
    pub part: &'a Part,
    pub cache: Option<&'a Cache>,
}

/// What a block says. Ids are those that are sent.
#[derive(Debug)]
pub(in crate::dialect) enum What<'a> {
    Text(&'a str),
    Thinking(&'a str, &'a Seal),
    Media(&'a Media),
    Native(&'a Native),
    Call(&'a ToolCall, String),
    Result(&'a ToolResult, String),
}

impl What<'_> {
    /// Whether a cache hint may stand at it.
    pub fn takes_hints(&self) -> bool {
        !matches!(self, What::Thinking(..) | What::Native(_))
    }
}

impl Turn<'_> {
    /// Whether there is more in it than results.
    pub fn speaks(&self) -> bool {
        self.items.iter().any(|item| !matches!(item.what, What::Result(..)))
    }

    pub fn has_calls(&self) -> bool {
        self.items.iter().any(|item| matches!(item.what, What::Call(..)))
    }

    /// Whether it is an answer for the model to go on with; what a built-in tool paused is none.
    pub fn is_beginning(&self) -> bool {
        self.is_assistant && !matches!(self.items.last(), Some(Item { what: What::Native(_), .. }))
    }

    pub fn begins_with_thinking(&self) -> bool {
        matches!(self.items.first(), Some(Item { what: What::Thinking(..), .. }))
    }
}

/// The ids of a history's calls as they are sent: no two alike.
#[derive(Debug, Default)]
pub(in crate::dialect) struct CallIds<'a>(BTreeMap<&'a str, usize>);

impl<'a> CallIds<'a> {
    /// The next call's, in letters that are accepted and no more than `longest` of them (rule 3).
    pub fn next(&mut self, id: &'a str, takes: impl Fn(u8) -> bool, longest: usize) -> String {
        let count = self.0.entry(id).or_default();
        let before = std::mem::replace(count, count.saturating_add(1));
        let id = if before == 0 { Cow::Borrowed(id) } else { Cow::Owned(format!("{id}#{before}")) };
        fit_id(&id, takes, longest, "call_")
    }
}

/// Adds what a message says: neighbours of one role are one turn.
pub(in crate::dialect) fn join<'a>(turns: &mut Vec<Turn<'a>>, is_assistant: bool, mut items: Vec<Item<'a>>) {
    match turns.last_mut() {
        _ if items.is_empty() => {}
        Some(turn) if turn.is_assistant == is_assistant => turn.items.append(&mut items),
        _ => turns.push(Turn { is_assistant, items }),
    }
}

/// The hint of a request as a whole, where only blocks have hints.
pub(in crate::dialect) fn hint_at_end<'a>(cache: Option<&'a Cache>, turns: &mut [Turn<'a>]) {
    let mut items = turns.iter_mut().rev().flat_map(|turn| turn.items.iter_mut().rev());
    if let Some(item) = items.find(|item| item.what.takes_hints()) {
        item.cache = item.cache.or(cache);
    }
}

/// Brings results to their calls: first in the turn, in the order of the calls.
pub(in crate::dialect) fn pair<'a>(turns: &mut [Turn<'a>]) -> Result<(), Unable> {
    let mut calls: Vec<(&'a str, String)> = Vec::new();
    for turn in turns {
        if turn.is_assistant {
            let call = |item: &Item<'a>| match &item.what {
                What::Call(call, sent) => Some((call.id.as_str(), sent.clone())),
                _ => None,
            };
            calls = turn.items.iter().filter_map(call).collect();
            continue;
        }
        let mut rest: Vec<Option<Item<'a>>> = std::mem::take(&mut turn.items).into_iter().map(Some).collect();
        let mut results: BTreeMap<&'a str, VecDeque<usize>> = BTreeMap::new();
        for (place, item) in rest.iter().enumerate() {
            if let Some(Item { what: What::Result(result, _), .. }) = item {
                results.entry(&result.call_id).or_default().push_back(place);
            }
        }
        for (id, sent) in calls.drain(..) {
            let place = results.get_mut(id).and_then(VecDeque::pop_front).ok_or_else(|| unpaired(id))?;
            let mut mine = rest.get_mut(place).and_then(Option::take);
            if let Some(Item { what: What::Result(_, id), .. }) = &mut mine {
                *id = sent;
            }
            turn.items.extend(mine);
        }
        if let Some((id, _)) = results.iter().find(|(_, places)| !places.is_empty()) {
            return Err(unpaired(id));
        }
        turn.items.extend(rest.into_iter().flatten());
    }
    calls.first().map_or(Ok(()), |(id, _)| Err(unpaired(id)))
}

/// A call without a result, or a result without a call (rule 14).
fn unpaired(id: &str) -> Unable {
    Unable { field: Cow::Owned(format!("messages.tool_call_id: {}", printable(id))) }
}

/// Rule 10: with a budget, the assistant's turn that is going on must begin with its thinking when it has calls. It goes
/// back to the last thing that the user said besides results. Adaptive thinking does not ask for it (seen: turn 2 of
/// Opus 4.7 without a thinking block is a 200).
pub(in crate::dialect) fn lacks_thinking(turns: &[Turn<'_>]) -> bool {
    let asked = turns.iter().rposition(|turn| !turn.is_assistant && turn.speaks());
    let mut going_on = turns.iter().skip(asked.unwrap_or(0)).filter(|turn| turn.is_assistant);
    let Some(first) = going_on.next() else {
        // What the user said stands beside results: then it is the turn before that counts.
        let last = turns.iter().rfind(|turn| turn.is_assistant);
        return last.is_some_and(|turn| turn.has_calls() && !turn.begins_with_thinking());
    };
    let has_calls = first.has_calls() || going_on.any(Turn::has_calls);
    has_calls && !first.begins_with_thinking()
}
