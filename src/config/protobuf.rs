//! A serialized `google.protobuf.Struct`, read strictly: every byte counts, nothing unknown is skipped.
//!
//! The messages (<https://protobuf.dev/reference/protobuf/google.protobuf/#struct>):
//! `Struct { map<string, Value> fields = 1 }`, `ListValue { repeated Value values = 1 }` and
//! `Value { null = 1 | number = 2 | string = 3 | bool = 4 | struct = 5 | list = 6 }`.

use super::tree::{DEEPEST, Tree};
use crate::stream::protobuf::{self, Carried};

/// The tree of a Struct; the error says what was found and expected.
pub fn read(bytes: &[u8]) -> Result<Tree, String> {
    read_struct(bytes, 0)
}

fn read_struct(bytes: &[u8], depth: usize) -> Result<Tree, String> {
    if depth > DEEPEST {
        return Err(format!("found a Struct nested deeper than {DEEPEST} levels, expected less"));
    }
    let mut rest = bytes;
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (1, Carried::Bytes(mut entry)) = field(&mut rest)? else { return Err(damaged()) };
        let mut key = String::new();
        let mut value = Tree::Null;
        while !entry.is_empty() {
            match field(&mut entry)? {
                (1, Carried::Bytes(text)) => key = read_text(text)?,
                (2, Carried::Bytes(inner)) => value = read_value(inner, depth)?,
                _ => return Err(damaged()),
            }
        }
        entries.push((key, value));
    }
    Ok(Tree::map(entries))
}

fn read_list(bytes: &[u8], depth: usize) -> Result<Tree, String> {
    let mut rest = bytes;
    let mut items = Vec::new();
    while !rest.is_empty() {
        let (1, Carried::Bytes(inner)) = field(&mut rest)? else { return Err(damaged()) };
        if depth >= DEEPEST {
            return Err(format!("found a Struct nested deeper than {DEEPEST} levels, expected less"));
        }
        items.push(read_value(inner, depth)?);
    }
    Ok(Tree::List(items))
}

fn read_value(bytes: &[u8], depth: usize) -> Result<Tree, String> {
    let mut rest = bytes;
    let mut value = Tree::Null;
    while !rest.is_empty() {
        value = match field(&mut rest)? {
            (1, Carried::Varint(_)) => Tree::Null,
            (2, Carried::Fixed64(number)) => Tree::Number(f64::from_le_bytes(number)),
            (3, Carried::Bytes(text)) => Tree::Text(read_text(text)?),
            (4, Carried::Varint(flag)) => Tree::Bool(flag != 0),
            (5, Carried::Bytes(inner)) => read_struct(inner, depth + 1)?,
            (6, Carried::Bytes(inner)) => read_list(inner, depth + 1)?,
            _ => return Err(damaged()),
        };
    }
    Ok(value)
}

fn read_text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| damaged())
}

fn field<'a>(rest: &mut &'a [u8]) -> Result<(u64, Carried<'a>), String> {
    protobuf::field(rest).ok_or_else(damaged)
}

fn damaged() -> String {
    "found a damaged google.protobuf.Struct, expected one as Envoy serializes it".to_owned()
}
