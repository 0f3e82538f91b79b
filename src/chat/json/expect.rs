//! Members of a client's request that must have a type: those that have another are a 400 that names them.

use super::{Json, Object};
use crate::error::Error;

/// A member of the wrong type, by its path.
pub fn wrong(path: &str, expected: &str) -> Error {
    Error::bad_body(format!("`{path}`: {expected} is expected.")).at(path)
}

/// A text.
pub fn text(json: Json<'_>, path: &str) -> Result<String, Error> {
    json.string().ok_or_else(|| wrong(path, "a text"))
}

/// `true` or `false`.
pub fn flag(json: Json<'_>, path: &str) -> Result<bool, Error> {
    json.flag().ok_or_else(|| wrong(path, "true or false"))
}

/// Any number.
pub fn number(json: Json<'_>, path: &str) -> Result<f64, Error> {
    json.number().ok_or_else(|| wrong(path, "a number"))
}

/// A count of 32 bits.
pub fn small(json: Json<'_>, path: &str) -> Result<u32, Error> {
    json.count().and_then(|count| u32::try_from(count).ok()).ok_or_else(|| wrong(path, "a count"))
}

/// A list.
pub fn items<'a>(json: Json<'a>, path: &str) -> Result<impl Iterator<Item = Json<'a>> + use<'a>, Error> {
    json.items().ok_or_else(|| wrong(path, "a list"))
}

/// An object.
pub fn inner<'a>(json: Json<'a>, path: &str) -> Result<Object<'a>, Error> {
    json.object().ok_or_else(|| wrong(path, "an object"))
}
