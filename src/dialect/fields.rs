//! Members of a request, read by the type that they must have; what has another is a 400 that names them.

use crate::chat::json::{Json, Object};
use crate::error::Error;

/// A member of the wrong type.
pub(super) fn wrong(path: &str, expected: &str) -> Error {
    Error::bad_body(format!("`{path}`: {expected} is expected.")).at(path)
}

pub(super) fn text(json: Json<'_>, path: &str) -> Result<String, Error> {
    json.string().ok_or_else(|| wrong(path, "a text"))
}

pub(super) fn flag(json: Json<'_>, path: &str) -> Result<bool, Error> {
    json.flag().ok_or_else(|| wrong(path, "true or false"))
}

pub(super) fn number(json: Json<'_>, path: &str) -> Result<f64, Error> {
    json.number().ok_or_else(|| wrong(path, "a number"))
}

pub(super) fn small(json: Json<'_>, path: &str) -> Result<u32, Error> {
    json.count().and_then(|count| u32::try_from(count).ok()).ok_or_else(|| wrong(path, "a count"))
}

pub(super) fn items<'a>(json: Json<'a>, path: &str) -> Result<impl Iterator<Item = Json<'a>> + use<'a>, Error> {
    json.items().ok_or_else(|| wrong(path, "a list"))
}

pub(super) fn inner<'a>(json: Json<'a>, path: &str) -> Result<Object<'a>, Error> {
    json.object().ok_or_else(|| wrong(path, "an object"))
}
