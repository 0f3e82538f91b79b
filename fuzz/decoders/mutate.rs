//! Changes that keep an input close to what a decoder knows: one value of its JSON, one event of its stream, a few bytes.

use serde_json::{Value, json};

use super::bytes::Rng;

/// How an input is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One document.
    Json,
    /// Server-sent events.
    Events,
    /// Lines of a word and a document.
    Lines,
    /// Anything.
    Bytes,
}

/// Keys that mean something somewhere.
const KEYS: [&str; 24] = [
    "type",
    "id",
    "index",
    "content",
    "text",
    "role",
    "name",
    "arguments",
    "input",
    "usage",
    "error",
    "model",
    "stop",
    "delta",
    "choices",
    "finish_reason",
    "tool_calls",
    "function",
    "thinking",
    "signature",
    "parts",
    "cache_control",
    "contentBlockIndex",
    "message",
];

/// An input changed a little. `other` gives values and events from elsewhere.
pub fn mutate(form: Form, data: &[u8], other: &[u8], rng: &mut Rng) -> Vec<u8> {
    if form == Form::Bytes || rng.below(4) == 0 {
        return bytes(data, other, rng);
    }
    match form {
        Form::Json => document(data, other, rng),
        Form::Events => joined(data, other, b"\n\n", b"data: ", rng),
        _ => joined(data, other, b"\n", b"{", rng),
    }
}

fn bytes(data: &[u8], other: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut data = data.to_vec();
    for _ in 0..1 + rng.below(4) {
        let at = rng.below(data.len() + 1);
        match (rng.below(6), data.get_mut(at)) {
            (0, Some(byte)) => *byte ^= 1 << rng.below(8),
            (1, Some(byte)) => *byte = *rng.of_list(b"\"{}[]:,\\\n\r 0\xff\xc3"),
            (2, Some(_)) => drop(data.remove(at)),
            (3, _) => data.truncate(at),
            (4, _) => {
                let from = rng.below(other.len());
                let piece = &other[from..(from + 1 + rng.below(32)).min(other.len()).max(from)];
                data.splice(at..at, piece.iter().copied());
            }
            _ => data.insert(at, *rng.of_list(b"\"{}[]:,\\\n\r 0\xff\xc3")),
        }
    }
    data
}

/// Events or lines, of which one goes, comes twice, changes places, comes from elsewhere or is changed inside.
fn joined(data: &[u8], other: &[u8], end: &[u8], before: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut pieces = split(data, end);
    let others = split(other, end);
    let (at, to) = (rng.below(pieces.len()), rng.below(pieces.len()));
    match rng.below(8) {
        0 => drop(pieces.remove(at)),
        1 => pieces.insert(to, pieces[at].clone()),
        2 => pieces.swap(at, to),
        3 => pieces.insert(to, rng.of_list(&others).clone()),
        4 => pieces.truncate(at + 1),
        _ => {
            let piece = &pieces[at];
            let place = if before == b"{" { 0 } else { before.len() };
            let found = piece.windows(before.len()).position(|window| window == before).map(|found| found + place);
            let from = found.unwrap_or(piece.len());
            let donor = others.first().and_then(|other| other.get(from..)).unwrap_or_default();
            let changed = document(&piece[from..], donor, rng);
            pieces[at] = [&piece[..from], &changed].concat();
        }
    }
    pieces.into_iter().flat_map(|piece| [&piece, end].concat()).collect()
}

/// At least one piece.
fn split(data: &[u8], end: &[u8]) -> Vec<Vec<u8>> {
    let (mut pieces, mut rest) = (Vec::new(), data);
    while let Some(at) = rest.windows(end.len()).position(|window| window == end) {
        pieces.push(rest[..at].to_vec());
        rest = &rest[at + end.len()..];
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(rest.to_vec());
    }
    pieces
}

fn document(data: &[u8], other: &[u8], rng: &mut Rng) -> Vec<u8> {
    let Ok(mut document) = serde_json::from_slice::<Value>(data) else { return bytes(data, other, rng) };
    let donor = serde_json::from_slice(other).unwrap_or(Value::Null);
    for _ in 0..1 + rng.below(3) {
        let count = count(&document);
        change(place(&mut document, &mut rng.below(count)), &donor, rng);
    }
    document.to_string().into_bytes()
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Object(members) => members.values().map(count).sum(),
        Value::Array(items) => items.iter().map(count).sum(),
        _ => 0,
    }
}

/// The value of that number, counted from the outside in.
fn place<'v>(value: &'v mut Value, number: &mut usize) -> &'v mut Value {
    if *number == 0 {
        return value;
    }
    *number -= 1;
    let inner: Vec<&mut Value> = match value {
        Value::Object(members) => members.values_mut().collect(),
        Value::Array(items) => items.iter_mut().collect(),
        _ => unreachable!("the number is below the count"),
    };
    for one in inner {
        let size = count(one);
        if *number < size {
            return place(one, number);
        }
        *number -= size;
    }
    unreachable!("the number is below the count")
}

fn change(value: &mut Value, donor: &Value, rng: &mut Rng) {
    let taken = {
        let mut donor = donor.clone();
        let mut number = rng.below(count(&donor));
        place(&mut donor, &mut number).clone()
    };
    match value {
        Value::Object(members) if rng.below(3) > 0 => {
            let names: Vec<String> = members.keys().cloned().collect();
            let name = if names.is_empty() { String::new() } else { rng.of_list(&names).clone() };
            let key = rng.of_list(&KEYS).to_string();
            match rng.below(3) {
                0 => drop(members.remove(&name)),
                1 => drop(members.remove(&name).map(|value| members.insert(key, value))),
                _ => drop(members.insert(key, taken)),
            }
        }
        Value::Array(items) if !items.is_empty() && rng.below(3) > 0 => {
            let (at, to) = (rng.below(items.len()), rng.below(items.len()));
            match rng.below(4) {
                0 => drop(items.remove(at)),
                1 => items.swap(at, to),
                2 => items.insert(to, taken),
                _ => items.insert(to, items[at].clone()),
            }
        }
        Value::String(text) if rng.below(2) == 0 => match rng.below(4) {
            0 => text.push_str("é漢\u{1f600}\u{2028}\r\n\0\""),
            1 => text.clear(),
            2 => *text = text.repeat(3),
            _ => *text = rng.of_list(&KEYS).to_string(),
        },
        _ => *value = odd(taken, value.take(), rng),
    }
}

fn odd(taken: Value, own: Value, rng: &mut Rng) -> Value {
    match rng.below(14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(u64::MAX),
        5 => json!(1.5e300),
        6 => json!(4_294_967_296u64),
        7 => json!(""),
        8 => json!([]),
        9 => json!({}),
        10 => json!([own]),
        11 => json!({"type": own}),
        12 => json!({"type": "text", "text": own}),
        _ => taken,
    }
}
