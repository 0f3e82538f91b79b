//! The query of a request: what we know of it by name, the rest is ignored.

/// `a=1&b=2`, as it came.
#[derive(Clone, Copy)]
pub struct Query<'a>(pub &'a str);

impl Query<'_> {
    /// The first value of a name; an empty one is none.
    pub fn get(self, name: &str) -> Option<String> {
        let mut pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs.find(|(key, _)| *key == name).map(|(_, value)| decoded(&value.replace('+', " ")));
        value.filter(|value| !value.is_empty())
    }
}

/// `%2F` and the like.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.first_chunk::<2>().filter(|_| *first == b'%').and_then(|two| std::str::from_utf8(two).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
