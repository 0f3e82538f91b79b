//! Wire formats of providers. Every dialect has the same verbs: `encode` a request for a target, `failure` of a
//! response that is an error, `Stream` and `Answer` for what passes through.
//!
//! A vendor that speaks another's format is a row in `config::preset`, not a module here.

mod edits;
mod failure;
pub mod openai;

pub use edits::{Change, Edits, RequestHead, is_kept_from_client};
pub use failure::{Failure, ResponseHead, Said};

use crate::config::Dialect;
use crate::error::Error;
use crate::route::{Ask, Target};

/// What has to change in the client's request so that this target understands it.
pub fn encode(ask: &Ask, target: &Target) -> Result<Edits, Error> {
    match target.provider.preset.dialect {
        Dialect::OpenAi => Ok(openai::encode(ask, target)),
        _ => Err(Error::misconfigured("This provider's API is not spoken yet.")),
    }
}
