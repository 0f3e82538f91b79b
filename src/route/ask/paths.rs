//! The values that are read of a JSON body, by their paths.

use crate::operation::Operation;
use crate::stream::json::{Keep, Path};
use std::ops::Range;

/// Most bytes of an option that we read ourselves.
pub(super) const OPTION: usize = 64 << 10;
/// Bytes of each part of a conversation's opening that count for its hash.
const OPENING: usize = 1 << 10;

pub(super) const MODEL: usize = 0;
pub(super) const STREAM: usize = 1;
pub(super) const STREAM_OPTIONS: usize = 2;
pub(super) const INCLUDE_USAGE: usize = 3;
pub(super) const MODELS: usize = 4;
pub(super) const PROVIDER: usize = 5;
pub(super) const PROVIDER_OPTIONS: usize = 6;
pub(super) const STORE: usize = 7;
pub(super) const CACHE_KEY: usize = 8;
pub(super) const USER_ID: usize = 9;
/// Fields that name state kept at one account: such a request goes nowhere else.
pub(super) const PINS: Range<usize> = 10..14;
/// What later turns of a conversation begin with.
pub(super) fn openings(operation: Operation) -> &'static [usize] {
    match operation {
        Operation::LanguageModel => &[TOOLS, PROMPT_MESSAGES],
        Operation::EmbeddingModel => &[INPUT, VALUES],
        _ => &[14, 15, TOOLS, 17, INPUT, 19],
    }
}
const INPUT: usize = 18;
pub(super) const ROUTE: usize = 20;
pub(super) const SESSION_ID: usize = 21;
/// Routing options of others that we have nothing like.
pub(super) const STRANGE: [(Operation, usize); 4] = [
    (Operation::ChatCompletions, 22),
    (Operation::Responses, 23),
    (Operation::Responses, 24),
    (Operation::Responses, 25),
];
/// What not every model can do; one of the openings too.
pub(super) const TOOLS: usize = 16;
pub(super) const FUNCTIONS: usize = 26;
pub(super) const RESPONSE_FORMAT: usize = 27;
pub(super) const TEXT_FORMAT: usize = 28;
pub(super) const REASONING_EFFORT: usize = 29;
pub(super) const EFFORT: usize = 30;
pub(super) const ENABLED: usize = 31;
/// Of `reasoning`, whatever they say.
pub(super) const REASONING: Range<usize> = 32..35;
pub(super) const AUDIO: usize = 35;
pub(super) const THINKING: usize = 36;
pub(super) const OUTPUT_FORMAT: usize = 37;
pub(super) const OUTPUT_CONFIG: usize = 38;
/// A container that is used again, by its id or with what it shall have.
pub(super) const CONTAINER: usize = 39;
pub(super) const CONTAINER_ID: usize = 40;
/// Members of Anthropic's API that not every provider of it knows.
pub(super) const OWN: Range<usize> = 41..45;
pub(super) const RESPONSE_SCHEMA: usize = 45;
pub(super) const REASONING_WORD: usize = 46;
/// The AI SDK's messages; `prompt` of completions is a text, or several.
const PROMPT_MESSAGES: usize = 47;
const VALUES: usize = 48;
/// `prompt_cache_key` as the AI SDK says it.
pub(super) const PROMPT_CACHE_KEY: usize = 49;

const fn path(keys: &'static [&'static str], keep: Keep) -> Path {
    Path { keys, keep }
}

/// The most output of each answer, in tokens. The first that is there counts, of those that the operation knows.
pub(super) const MOST_OUTPUT: [(Operation, &[usize]); 5] = [
    (Operation::ChatCompletions, &[51, 50]),
    (Operation::Completions, &[50]),
    (Operation::Messages, &[50]),
    (Operation::Responses, &[52]),
    (Operation::LanguageModel, &[53]),
];
/// How many answers are made, of chat completions and completions.
pub(super) const ANSWERS: [usize; 2] = [54, 55];
/// Of a number.
const NUMBER: usize = 24;

pub(super) static PATHS: [Path; 56] = [
    path(&["model"], Keep::Whole(1 << 10)),
    path(&["stream"], Keep::Whole(8)),
    path(&["stream_options"], Keep::Whole(OPTION)),
    path(&["stream_options", "include_usage"], Keep::Whole(8)),
    path(&["models"], Keep::Whole(OPTION)),
    path(&["provider"], Keep::Whole(OPTION)),
    path(&["providerOptions"], Keep::Whole(OPTION)),
    path(&["store"], Keep::Whole(8)),
    path(&["prompt_cache_key"], Keep::Prefix(OPENING)),
    path(&["metadata", "user_id"], Keep::Prefix(OPENING)),
    path(&["previous_response_id"], Keep::Place),
    path(&["conversation"], Keep::Place),
    path(&["background"], Keep::Whole(8)),
    path(&["prompt", "id"], Keep::Place),
    path(&["system"], Keep::Prefix(OPENING)),
    path(&["instructions"], Keep::Prefix(OPENING)),
    path(&["tools"], Keep::Prefix(OPENING)),
    path(&["messages"], Keep::Opening(OPENING)),
    path(&["input"], Keep::Opening(OPENING)),
    path(&["prompt"], Keep::Prefix(OPENING)),
    path(&["route"], Keep::Whole(64)),
    path(&["session_id"], Keep::Prefix(OPENING)),
    path(&["preset"], Keep::Place),
    path(&["caching"], Keep::Place),
    path(&["cache_anchor_items"], Keep::Place),
    path(&["cache_ttl"], Keep::Place),
    path(&["functions"], Keep::Prefix(64)),
    path(&["response_format", "type"], Keep::Whole(128)),
    path(&["text", "format", "type"], Keep::Whole(128)),
    path(&["reasoning_effort"], Keep::Whole(64)),
    path(&["reasoning", "effort"], Keep::Whole(64)),
    path(&["reasoning", "enabled"], Keep::Whole(8)),
    path(&["reasoning", "max_tokens"], Keep::Place),
    path(&["reasoning", "summary"], Keep::Place),
    path(&["reasoning", "generate_summary"], Keep::Place),
    path(&["audio"], Keep::Place),
    path(&["thinking", "type"], Keep::Whole(64)),
    path(&["output_format", "type"], Keep::Whole(128)),
    path(&["output_config", "format", "type"], Keep::Whole(128)),
    path(&["container"], Keep::Place),
    path(&["container", "id"], Keep::Place),
    path(&["service_tier"], Keep::Place),
    path(&["cache_control"], Keep::Place),
    path(&["speed"], Keep::Place),
    path(&["anthropic_version"], Keep::Place),
    path(&["responseFormat", "schema"], Keep::Place),
    path(&["reasoning"], Keep::Whole(64)),
    path(&["prompt"], Keep::Opening(OPENING)),
    path(&["values"], Keep::Prefix(OPENING)),
    path(&["providerOptions", "openai", "promptCacheKey"], Keep::Prefix(OPENING)),
    path(&["max_tokens"], Keep::Whole(NUMBER)),
    path(&["max_completion_tokens"], Keep::Whole(NUMBER)),
    path(&["max_output_tokens"], Keep::Whole(NUMBER)),
    path(&["maxOutputTokens"], Keep::Whole(NUMBER)),
    path(&["n"], Keep::Whole(NUMBER)),
    path(&["best_of"], Keep::Whole(NUMBER)),
];
