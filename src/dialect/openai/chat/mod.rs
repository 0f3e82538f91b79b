//! Chat completions, translated: as the dialect of a client, and as that of a provider that clients of other dialects
//! reach. The verbs are listed in `dialect`. What passes through does not come here.

mod client;
mod content;
mod details;
mod provider;
mod reason;
mod usage;

pub use client::{Encoder, decode_request, encode_error, encode_response};
pub(in crate::dialect) use client::{Extras, image};
pub(super) use content::sound;
pub use provider::{Decoder, can_express, decode_response, encode_request, failure};

/// The word of `finish_reason` for why an answer ends.
pub fn finish_reason(reason: crate::chat::Reason) -> &'static str {
    reason::write(reason, false)
}

/// The number at hand; the counter goes on.
fn next(counter: &mut u32) -> u32 {
    let now = *counter;
    *counter = now.saturating_add(1);
    now
}
