//! The options that a body holds, and the members that no provider sees.

use super::needs;
use super::paths::{MODELS, OPTION, PATHS, PROVIDER, PROVIDER_OPTIONS, ROUTE, STRANGE};
use super::state::container;
use crate::error::Error;
use crate::operation::Operation;
use crate::route::options::Options;
use crate::stream::json::{Kind, Member, Reader};

/// What a body asks of routing.
pub(super) fn options(reader: &Reader, operation: Operation) -> Result<Options, Error> {
    let mut options = Options { needs: needs::read(reader, operation), ..Options::default() };
    if let Some(raw) = option(reader, PROVIDER_OPTIONS, "providerOptions")? {
        options.read_provider_options(raw, operation)?;
    }
    if has_models(operation)
        && let Some(raw) = option(reader, MODELS, "models")?
    {
        options.read_models(raw)?;
    }
    options.bound = options.bound.or(container(reader, operation));
    if operation == Operation::ChatCompletions {
        if let Some(raw) = option(reader, ROUTE, "route")? {
            Options::read_route(raw)?;
        }
        if let Some(raw) = option(reader, PROVIDER, "provider")? {
            options.read_provider(raw)?;
        }
    }
    let mut said = strange(reader, operation).filter(|(_, kind)| *kind != Kind::Null);
    match said.find_map(|(path, _)| PATHS.get(path)?.keys.first()) {
        Some(name) => Err(Error::unsupported_option(name, format!("The option `{name}` is not honoured here."))),
        None => Ok(options),
    }
}

fn option<'a>(reader: &'a Reader, path: usize, name: &str) -> Result<Option<&'a [u8]>, Error> {
    match reader.get(path) {
        None => Ok(None),
        Some(capture) if capture.kind == Kind::Null => Ok(None),
        Some(capture) => match &capture.raw {
            Some(raw) => Ok(Some(raw)),
            None => Err(Error::unsupported_option(name, format!("`{name}` is longer than {OPTION} bytes."))),
        },
    }
}

/// The strange options that are there; an object of such a name is a provider's own field (`caching` at some).
fn strange(reader: &Reader, operation: Operation) -> impl Iterator<Item = (usize, Kind)> {
    let here = STRANGE.iter().filter(move |(of, _)| *of == operation);
    here.filter_map(|(_, path)| Some((*path, reader.get(*path)?.kind))).filter(|(_, kind)| *kind != Kind::Object)
}

/// The members that are meant for the gateway alone.
pub(super) fn ours(reader: &Reader, operation: Operation) -> Vec<Member> {
    let paths = match operation {
        Operation::ChatCompletions => &[MODELS, PROVIDER, ROUTE, PROVIDER_OPTIONS][..],
        _ if has_models(operation) => &[MODELS, PROVIDER_OPTIONS],
        _ => &[PROVIDER_OPTIONS],
    };
    let strange = strange(reader, operation).map(|(path, _)| path);
    paths.iter().copied().chain(strange).flat_map(|path| reader.members(path)).cloned().collect()
}

/// Whether `models` at the top of the body are the gateway's.
fn has_models(operation: Operation) -> bool {
    operation == Operation::ChatCompletions || operation.is_anthropics()
}
