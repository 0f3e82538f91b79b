//! Tokens that nobody has counted for us, from the length of what was said. `docs/estimates.md` has the method, where its
//! numbers come from, and how far off they are.

use super::{Price, Usage, cost};
use crate::operation::Operation;

/// Bytes of text in UTF-8 that make one token.
const BYTES: u64 = 4;

/// What a call of a tool takes beside its name and its arguments, in bytes of text.
const CALL: u64 = 48;

/// Tokens of an image, a sound or a file that stands in a request as data.
const DATA: u64 = 1_000;

/// Tokens that tools take beside their texts.
const TOOLS: u64 = 60;

/// The same of Anthropic's clients: their provider says a good deal about tools in front of them.
const TOOLS_OF_MESSAGES: u64 = 450;

/// Tokens of output that are held for a request where neither it nor its model says how many it may be.
const MOST_OUTPUT: u64 = 16_384;

/// Tokens that are held for the input beside one and a half times the estimate: what providers put in front of tools.
const MORE_INPUT: u64 = 600;

/// How many tokens a text of so many bytes is, rounded up.
pub fn tokens_of(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES)
}

/// So many calls of tools, as bytes of text.
pub fn calls(calls: u64) -> u64 {
    calls.saturating_mul(CALL)
}

/// What a request holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Bytes of its texts.
    pub bytes: u64,
    /// Images, sounds and files in it.
    pub data: u64,
    /// Tokens that stand in it as numbers.
    pub numbers: u64,
    /// Tokens that its tools take beside their texts.
    pub tools: u64,
}

/// What tools take beside their texts in a request for this.
pub fn tools(operation: Operation) -> u64 {
    if operation == Operation::Messages { TOOLS_OF_MESSAGES } else { TOOLS }
}

impl Prompt {
    /// The tokens that it is likely to be.
    pub fn tokens(&self) -> u64 {
        let data = self.data.saturating_mul(DATA);
        [data, self.numbers, self.tools].into_iter().fold(tokens_of(self.bytes), u64::saturating_add)
    }
}

/// What was seen of an exchange whose answer began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The estimate of its input, in tokens.
    pub input: u64,
    /// Bytes that its answer said since the provider last told its output.
    pub said: u64,
    /// Whether its answer came to its end: what the provider told then is the last word.
    pub is_whole: bool,
    /// Whether such answers have an output; embeddings have none.
    pub has_output: bool,
}

/// Fills in what the provider has not told. Its own numbers stay: to an output that it told before the answer broke off
/// comes what was said since.
pub fn fill(usage: &mut Usage, seen: Seen) {
    if usage.input.is_none() {
        usage.input = Some(seen.input);
        usage.estimated = true;
    }
    if !seen.has_output {
        return;
    }
    let further = match usage.output {
        None => true,
        Some(_) => !seen.is_whole && seen.said > 0,
    };
    if further {
        usage.output = Some(usage.output.unwrap_or(0).saturating_add(tokens_of(seen.said)));
        usage.estimated = true;
        if !seen.is_whole {
            // Told of an answer that was not yet all of it.
            usage.billed.clear();
            usage.cost = None;
        }
    }
}

/// The most that a request can take, as far as that can be known before: what a budget holds for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// Input and output.
    pub tokens: u64,
    /// What they cost, in pico-USD; `None` without a price.
    pub pico: Option<u64>,
}

/// What a request allows itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The estimate of its input, in tokens.
    pub input: u64,
    /// The output of each answer that it allows, in tokens, where it says so.
    pub max_output: Option<u64>,
    /// How many answers it asks for.
    pub answers: u64,
    /// Whether such answers have an output that is counted in tokens.
    pub has_output: bool,
}

/// The most that a request can take of a model with this longest output, at this price. All of the input counts at the
/// dearest of its rates: nobody knows before what the cache will read or write.
pub fn most(allowed: &Allowed, model_max_output: Option<u64>, price: Option<&Price>) -> Most {
    let input = allowed.input.saturating_add(allowed.input / 2).saturating_add(MORE_INPUT);
    let each = match (allowed.max_output, model_max_output) {
        _ if !allowed.has_output => 0,
        (Some(asked), Some(model)) => asked.min(model),
        (asked, model) => asked.or(model).unwrap_or(MOST_OUTPUT),
    };
    let output = each.saturating_mul(allowed.answers.max(1));
    let plain = Usage { input: Some(input), output: Some(output), ..Usage::default() };
    let reasoned = Usage { reasoning: Some(output), ..plain.clone() };
    let written = |for_an_hour: bool| Usage {
        cache_write: Some(input),
        cache_write_5m: Some(if for_an_hour { 0 } else { input }),
        cache_write_1h: Some(if for_an_hour { input } else { 0 }),
        ..plain.clone()
    };
    let ways = [plain.clone(), reasoned, written(false), written(true)];
    let pico = ways.iter().filter_map(|usage| cost(usage, price)).map(|cost| cost.pico).max();
    Most { tokens: input.saturating_add(output), pico }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::{Billed, Rates};

    #[test]
    fn absent_counts_are_filled_and_told_ones_stay() {
        let usage = |input, output| Usage { input, output, ..Usage::default() };
        for (told, said, is_whole, has_output, filled, estimated) in [
            ((None, None), 41, false, true, (Some(30), Some(11)), true),
            ((None, None), 0, false, true, (Some(30), Some(0)), true),
            ((None, None), 41, true, true, (Some(30), Some(11)), true),
            ((Some(25), None), 8, true, true, (Some(25), Some(2)), true),
            ((None, Some(7)), 8, true, true, (Some(30), Some(7)), true),
            ((Some(25), Some(3)), 8, false, true, (Some(25), Some(5)), true),
            ((Some(25), Some(3)), 0, false, true, (Some(25), Some(3)), false),
            ((Some(25), Some(3)), 8, true, true, (Some(25), Some(3)), false),
            ((Some(0), Some(0)), 8, true, true, (Some(0), Some(0)), false),
            ((None, None), 0, true, false, (Some(30), None), true),
            ((Some(9), None), 0, true, false, (Some(9), None), false),
        ] {
            let mut usage = usage(told.0, told.1);
            fill(&mut usage, Seen { input: 30, said, is_whole, has_output });
            assert_eq!(
                ((usage.input, usage.output), usage.estimated),
                (filled, estimated),
                "{told:?} {said} {is_whole}"
            );
        }
    }

    #[test]
    fn what_was_billed_until_a_cut_is_not_all() {
        let billed = vec![Billed { model: None, usage: Usage { output: Some(1), ..Usage::default() } }];
        let told = Usage { input: Some(1), output: Some(1), billed: billed.clone(), ..Usage::default() };
        for (said, is_whole, kept) in [(8, false, false), (8, true, true), (0, false, true)] {
            let mut usage = told.clone();
            fill(&mut usage, Seen { input: 30, said, is_whole, has_output: true });
            assert_eq!(!usage.billed.is_empty(), kept);
        }
    }

    #[test]
    fn prompts_are_their_texts_and_more() {
        let prompt = Prompt { bytes: 401, ..Prompt::default() };
        assert_eq!(prompt.tokens(), 101);
        assert_eq!(
            Prompt { data: 2, tools: tools(Operation::Messages), numbers: 3, ..prompt }.tokens(),
            101 + 2_000 + 450 + 3
        );
        assert_eq!(Prompt { bytes: u64::MAX, data: u64::MAX, ..prompt }.tokens(), u64::MAX);
    }

    #[test]
    fn the_most_is_what_request_and_model_allow() {
        let rates = Rates { input: Some(2), output: Some(10), cache_write_1h: Some(4), ..Rates::default() };
        let price = Price { rates, request: Some(7), ..Price::default() };
        for (max_output, answers, model, has_output, output) in [
            (Some(100), 1, None, true, 100),
            (Some(100), 3, Some(50), true, 150),
            (Some(100), 1, Some(1_000), true, 100),
            (None, 1, Some(1_000), true, 1_000),
            (None, 2, None, true, 32_768),
            (Some(100), 0, None, true, 100),
            (Some(100), 1, Some(9), false, 0),
        ] {
            let allowed = Allowed { input: 200, max_output, answers, has_output };
            let input = 200 + 100 + 600;
            let most = most(&allowed, model, Some(&price));
            assert_eq!(most, Most { tokens: input + output, pico: Some(input * 4 + output * 10 + 7) }, "{allowed:?}");
        }
        let allowed = Allowed { input: u64::MAX, max_output: Some(u64::MAX), answers: 9, has_output: true };
        assert_eq!(most(&allowed, None, None), Most { tokens: u64::MAX, pico: None });
    }
}
