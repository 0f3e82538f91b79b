//! Writing JSON member by member: in order, raw values as they came, nothing allocated but the output.

use super::Raw;
use serde::Serialize;

/// Writes an object.
pub fn object(out: &mut Vec<u8>, write: impl FnOnce(&mut ObjectWriter<'_>)) {
    out.push(b'{');
    write(&mut ObjectWriter { out, is_empty: true });
    out.push(b'}');
}

/// Writes a list.
pub fn list(out: &mut Vec<u8>, write: impl FnOnce(&mut ListWriter<'_>)) {
    out.push(b'[');
    write(&mut ListWriter { out, is_empty: true });
    out.push(b']');
}

/// Texts, numbers and flags cannot fail to be written into memory.
fn value(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.extend_from_slice(b"null");
    }
}

/// An object that is being written.
#[derive(Debug)]
pub struct ObjectWriter<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl ObjectWriter<'_> {
    fn key(&mut self, name: &str) {
        if !std::mem::replace(&mut self.is_empty, false) {
            self.out.push(b',');
        }
        value(self.out, name);
        self.out.push(b':');
    }

    /// A text, a number, a flag, or an option of one, whose `None` is `null`.
    pub fn set(&mut self, name: &str, member: impl Serialize) {
        self.key(name);
        value(self.out, &member);
    }

    /// The same, left out when it is `None`.
    pub fn maybe(&mut self, name: &str, member: Option<impl Serialize>) {
        if let Some(member) = member {
            self.set(name, member);
        }
    }

    /// A value as it came.
    pub fn raw(&mut self, name: &str, raw: &Raw) {
        self.key(name);
        self.out.extend_from_slice(raw.get().as_bytes());
    }

    /// A value as it came, left out when it is `None`.
    pub fn maybe_raw(&mut self, name: &str, raw: Option<&Raw>) {
        if let Some(raw) = raw {
            self.raw(name, raw);
        }
    }

    /// A value that is written already.
    pub fn written(&mut self, name: &str, value: &[u8]) {
        self.key(name);
        self.out.extend_from_slice(value);
    }

    /// Members that are written already: `"a":1,"b":2`.
    pub fn members(&mut self, written: &[u8]) {
        if !written.is_empty() {
            if !std::mem::replace(&mut self.is_empty, false) {
                self.out.push(b',');
            }
            self.out.extend_from_slice(written);
        }
    }

    /// An object.
    pub fn object(&mut self, name: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.key(name);
        object(self.out, write);
    }

    /// A list.
    pub fn list(&mut self, name: &str, write: impl FnOnce(&mut ListWriter<'_>)) {
        self.key(name);
        list(self.out, write);
    }
}

/// A list that is being written.
#[derive(Debug)]
pub struct ListWriter<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl ListWriter<'_> {
    fn next(&mut self) {
        if !std::mem::replace(&mut self.is_empty, false) {
            self.out.push(b',');
        }
    }

    /// A text, a number, a flag.
    pub fn push(&mut self, item: impl Serialize) {
        self.next();
        value(self.out, &item);
    }

    /// A value as it came.
    pub fn raw(&mut self, raw: &Raw) {
        self.next();
        self.out.extend_from_slice(raw.get().as_bytes());
    }

    /// An item that is written already.
    pub fn written(&mut self, item: &[u8]) {
        self.next();
        self.out.extend_from_slice(item);
    }

    /// An object.
    pub fn object(&mut self, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.next();
        object(self.out, write);
    }

    /// A list.
    pub fn list(&mut self, write: impl FnOnce(&mut ListWriter<'_>)) {
        self.next();
        list(self.out, write);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_raw_values_stay() {
        let mut out = Vec::new();
        object(&mut out, |o| {
            o.set("z", "q\"\n");
            o.set("none", None::<u32>);
            o.maybe("left out", None::<u32>);
            o.written("w", b"[0]");
            o.members(b"");
            o.members(b"\"m\":1,\"n\":2");
            o.raw("raw", &Raw::parse("{\"b\":1.50,  \"a\":1e400}").unwrap());
            o.list("l", |l| {
                l.push(1);
                l.written(b"{}");
                l.list(|_| {});
                l.object(|o| o.set("f", 0.5));
            });
        });
        let text =
            r#"{"z":"q\"\n","none":null,"w":[0],"m":1,"n":2,"raw":{"b":1.50,  "a":1e400},"l":[1,{},[],{"f":0.5}]}"#;
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }
}
