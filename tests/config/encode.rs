//! Writes a document as Envoy does: a serialized `google.protobuf.Struct`, its maps in any order.

use serde_json::Value;

/// The bytes of a Struct; `seed` decides on the order of the maps.
pub fn encode(document: &Value, seed: u64) -> Vec<u8> {
    let Value::Object(members) = document else { panic!("a document is a mapping") };
    let mut order: Vec<_> = members.iter().collect();
    order.sort_by_key(|(key, _)| key.bytes().fold(seed, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)));
    let entries = order.into_iter().map(|(key, value)| {
        let mut entry = field(1, key.as_bytes());
        entry.extend(field(2, &encode_value(value, seed)));
        field(1, &entry)
    });
    entries.collect::<Vec<_>>().concat()
}

fn encode_value(value: &Value, seed: u64) -> Vec<u8> {
    match value {
        Value::Null => vec![0x08, 0],
        Value::Bool(flag) => vec![0x20, u8::from(*flag)],
        // Seen on Envoy 1.40.0: small integers are doubles, all other numbers text.
        Value::Number(number) => match number.as_i64().filter(|n| i32::try_from(*n).is_ok()) {
            Some(whole) => [vec![0x11], (whole as f64).to_le_bytes().to_vec()].concat(),
            None => field(3, number.to_string().as_bytes()),
        },
        Value::String(text) => field(3, text.as_bytes()),
        Value::Object(_) => field(5, &encode(value, seed)),
        Value::Array(items) => {
            let items = items.iter().map(|item| field(1, &encode_value(item, seed)));
            field(6, &items.collect::<Vec<_>>().concat())
        }
    }
}

/// A field that carries bytes.
pub fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend(bytes);
    out
}
