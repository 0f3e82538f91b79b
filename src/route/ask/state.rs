//! What ties a request to a place: state kept at one account, and the conversation that it is a turn of.

use super::paths::{CACHE_KEY, CONTAINER, CONTAINER_ID, PATHS, PINS, PROMPT_CACHE_KEY, SESSION_ID, USER_ID, openings};
use super::raw;
use crate::config::Dialect;
use crate::operation::Operation;
use crate::route::hash::Hash;
use crate::route::options::Bound;
use crate::stream::json::{Kind, Reader};

/// What a field names is kept at Anthropic itself, not at whoever else serves its models.
pub(super) fn of_anthropic(field: &'static str) -> Bound {
    (field, &[Dialect::Anthropic])
}

/// The container that a request of Anthropic's API uses again: its name, or an object with its `id`.
pub(super) fn container(reader: &Reader, operation: Operation) -> Option<Bound> {
    let is_text = |path: usize| reader.get(path).is_some_and(|capture| capture.kind == Kind::String);
    let names_one = [CONTAINER, CONTAINER_ID].into_iter().any(is_text);
    (operation.is_anthropics() && names_one).then(|| of_anthropic("container"))
}

/// The first field that is there and not null, nor `background: false`. Others than OpenAI have no such fields.
pub(super) fn pinned(reader: &Reader, operation: Operation) -> Option<&'static str> {
    if operation.is_anthropics() || operation == Operation::LanguageModel {
        return None;
    }
    let names = |path: &usize| match reader.get(*path).map(|capture| capture.kind) {
        None | Some(Kind::Null) => false,
        Some(Kind::Bool) => raw(reader, *path) == Some(b"true"),
        Some(_) => true,
    };
    PINS.into_iter().find(names).and_then(|path| PATHS.get(path)?.keys.first().copied())
}

/// The first that is there of: the client's own word, `session_id`, `prompt_cache_key`, `metadata.user_id`, the opening.
pub(super) fn conversation(reader: &Reader, operation: Operation, session: Option<&[u8]>) -> u64 {
    let said = |path: &usize| raw(reader, *path).filter(|raw| *raw != b"null" && *raw != b"\"\"");
    let named = session.or_else(|| [SESSION_ID, CACHE_KEY, PROMPT_CACHE_KEY, USER_ID].iter().find_map(said));
    let hash = match named {
        Some(name) => Hash::default().with(name),
        None => openings(operation).iter().filter_map(|path| raw(reader, *path)).fold(Hash::default(), Hash::with),
    };
    hash.finish()
}
