//! What the gateway says of itself in an answer's body: `provider_metadata.gateway`.

use super::Exchange;
use crate::chat::Raw;
use crate::chat::json::object;
use crate::meter::Usage;

impl Exchange {
    /// The JSON object, of an answer that one attempt gives; `None` where the client did not ask for any.
    pub fn metadata(&self, _index: usize, _usage: &Usage) -> Option<Raw> {
        let mut out = Vec::new();
        object(&mut out, |o| o.set("generationId", &self.generation));
        Raw::parse(std::str::from_utf8(&out).ok()?)
    }
}
