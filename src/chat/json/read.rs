//! Reading JSON member by member: no tree, no failure over what nobody asked for.

use super::Raw;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// One value, not looked at yet. Every getter answers `None` to a value of another type.
#[derive(Clone, Copy, Debug)]
pub struct Json<'a>(&'a RawValue);

impl<'a> Json<'a> {
    /// The value in some bytes; `None` when they are not one JSON value in UTF-8.
    pub fn parse(bytes: &'a [u8]) -> Option<Json<'a>> {
        serde_json::from_slice::<&RawValue>(bytes).ok().map(Json)
    }

    /// A raw value.
    pub fn of(raw: &'a RawValue) -> Json<'a> {
        Json(raw)
    }

    /// Its bytes as text.
    pub fn get(self) -> &'a str {
        self.0.get()
    }

    /// Its bytes, kept.
    pub fn raw(self) -> Raw {
        Raw::from(self.0)
    }

    /// As a tree.
    pub fn value(self) -> Value {
        serde_json::from_str(self.get()).unwrap_or(Value::Null)
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.get() == "null"
    }

    /// A text. Half a surrogate pair becomes a replacement character: it spoils nothing beside it.
    pub fn text(self) -> Option<Cow<'a, str>> {
        if !self.get().starts_with('"') {
            return None;
        }
        let bytes = serde_json::from_str::<Bytes<'a>>(self.get()).ok()?.0;
        Some(match bytes {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Cow::Owned(text),
                Err(error) => Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()),
            },
        })
    }

    /// The same, owned.
    pub fn string(self) -> Option<String> {
        self.text().map(Cow::into_owned)
    }

    /// `true` or `false`.
    pub fn flag(self) -> Option<bool> {
        serde_json::from_str(self.get()).ok()
    }

    /// A count; `5.0` is one too.
    pub fn count(self) -> Option<u64> {
        let whole = |number: f64| (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u64);
        serde_json::from_str(self.get()).ok().or_else(|| self.number().and_then(whole))
    }

    /// A whole number.
    pub fn integer(self) -> Option<i64> {
        serde_json::from_str(self.get()).ok()
    }

    /// Any number.
    pub fn number(self) -> Option<f64> {
        serde_json::from_str(self.get()).ok()
    }

    /// The members of an object.
    pub fn object(self) -> Option<Object<'a>> {
        if self.get().starts_with('{') { serde_json::from_str(self.get()).ok() } else { None }
    }

    /// The items of a list.
    pub fn items(self) -> Option<impl Iterator<Item = Json<'a>> + use<'a>> {
        let items: Vec<&'a RawValue> =
            if self.get().starts_with('[') { serde_json::from_str(self.get()).ok()? } else { return None };
        Some(items.into_iter().map(Json))
    }
}

/// The members of an object, in their order. Of several with one name the last counts.
#[derive(Clone, Debug, Default)]
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// The object in some bytes.
    pub fn parse(bytes: &'a [u8]) -> Option<Object<'a>> {
        Json::parse(bytes)?.object()
    }

    /// A member; `null` counts as absent.
    pub fn get(&self, name: &str) -> Option<Json<'a>> {
        let found = self.members.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, raw)| Json(raw)).filter(|json| !json.is_null())
    }

    /// All members that are not `null`.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Json<'a>)> {
        self.all().filter(|(_, json)| !json.is_null())
    }

    /// All members, also those that are `null`: for what is written again.
    pub fn all(&self) -> impl Iterator<Item = (&str, Json<'a>)> {
        self.members.iter().map(|(key, raw)| (&**key, Json(raw)))
    }

    /// A member that is a text.
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name)?.text()
    }

    /// The same, owned.
    pub fn string(&self, name: &str) -> Option<String> {
        self.get(name)?.string()
    }

    /// A member that is a count.
    pub fn count(&self, name: &str) -> Option<u64> {
        self.get(name)?.count()
    }

    /// A member that is true or false.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.flag()
    }

    /// A member that is an object.
    pub fn object(&self, name: &str) -> Option<Object<'a>> {
        self.get(name)?.object()
    }

    /// The items of a member; none when it is absent or no list.
    pub fn items(&self, name: &str) -> impl Iterator<Item = Json<'a>> + use<'a> {
        self.get(name).and_then(Json::items).into_iter().flatten()
    }

    /// A member as it came.
    pub fn raw(&self, name: &str) -> Option<Raw> {
        self.get(name).map(Json::raw)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Bytes(key), value)) = map.next_entry::<Bytes<'de>, &RawValue>()? {
                    let key = match key {
                        Cow::Borrowed(key) => String::from_utf8_lossy(key),
                        Cow::Owned(key) => Cow::Owned(String::from_utf8_lossy(&key).into_owned()),
                    };
                    members.push((key, value));
                }
                Ok(Object { members })
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A text's bytes; unlike `str` it takes half surrogate pairs.
struct Bytes<'a>(Cow<'a, [u8]>);

impl<'de: 'a, 'a> Deserialize<'de> for Bytes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Bytes<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Bytes<'de>, E> {
                Ok(Bytes(Cow::Borrowed(bytes)))
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Bytes<'de>, E> {
                Ok(Bytes(Cow::Borrowed(text.as_bytes())))
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes<'de>, E> {
                Ok(Bytes(Cow::Owned(bytes.to_vec())))
            }
            fn visit_str<E>(self, text: &str) -> Result<Bytes<'de>, E> {
                Ok(Bytes(Cow::Owned(text.as_bytes().to_vec())))
            }
        }
        deserializer.deserialize_bytes(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_by_name_and_type() {
        let text =
            r#"{"a":1,"a":2,"t":"x\n\u00e9","half":"\ud83d!","n":null,"f":0.5,"five":5.0,"o":{"k":[1,{"z":1}]}}"#;
        let object = Object::parse(text.as_bytes()).unwrap();
        assert_eq!(object.count("a"), Some(2));
        assert_eq!(object.text("t").as_deref(), Some("x\n\u{e9}"));
        assert!(object.text("half").unwrap().ends_with('!'));
        assert!(object.get("n").is_none() && object.get("none").is_none());
        assert_eq!((object.get("f").unwrap().number(), object.count("five")), (Some(0.5), Some(5)));
        assert!(object.text("a").is_none() && object.count("t").is_none() && object.object("a").is_none());
        let inner = object.object("o").unwrap();
        assert_eq!(inner.items("k").map(Json::get).collect::<Vec<_>>(), ["1", r#"{"z":1}"#]);
        assert_eq!(object.items("a").count(), 0);
    }

    #[test]
    fn what_is_not_json_is_nothing() {
        for text in [&b"{"[..], b"", b"{}x", b"[]", b"\xff", b"{\"a\":\"\xff\"}"] {
            assert!(Object::parse(text).is_none(), "{text:?}");
        }
    }

    /// A tree would overflow the stack of the VM, or be refused; members nobody asked for are neither.
    #[test]
    fn a_deep_member_spoils_nothing() {
        let text = format!(r#"{{"a":1,"deep":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        let object = Object::parse(text.as_bytes()).unwrap();
        assert_eq!(object.count("a"), Some(1));
        assert_eq!(object.raw("deep").unwrap().value(), Value::Null);
    }
}
