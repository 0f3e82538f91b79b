//! A whole answer of Gemini's.

use super::array::Objects;
use super::error::told;
use super::stream::{State, first_object};
use crate::chat::{Ids, Response, gather};
use crate::dialect::{Failure, unreadable};

/// Reads the body of a 200: one object, or a list of a stream's chunks.
pub fn decode_response(body: &[u8], ids: &Ids) -> Result<Response, Box<Failure>> {
    let first = first_object(body).ok_or_else(|| Box::new(unreadable("no JSON object")))?;
    if let Some(error) = first.object("error") {
        return Err(Box::new(told(&error, None, None)));
    }
    let (mut state, mut events) = (State::new(ids), Vec::new());
    let (mut objects, mut rest) = (Objects::with_cap(body.len()), body);
    while let Some(Ok(object)) = objects.next(&mut rest) {
        state.chunk(object, &mut events);
    }
    if state.choices.is_empty() {
        return Err(Box::new(unreadable("no candidates")));
    }
    // A candidate that does not say why it ended did, all the same.
    for choice in state.choices.iter_mut().filter(|choice| !choice.is_finished) {
        choice.finish("", None, &mut events);
    }
    let word = std::borrow::Cow::Borrowed("error");
    gather(&events).map_err(|error| Box::new(Failure { word, wait: error.retry_after, error, said: None }))
}
