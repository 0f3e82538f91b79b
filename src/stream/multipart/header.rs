//! The two headers that matter: the content type of the body, and the content disposition of its parts.

/// The longest boundary that RFC 2046 allows.
const MAX_BOUNDARY: usize = 70;

/// The boundary of a `multipart/form-data` content type; `None` when it is something else, or has no usable one.
pub fn boundary(content_type: &[u8]) -> Option<Vec<u8>> {
    let (media_type, _) = split_once(content_type, b';');
    if !media_type.trim_ascii().eq_ignore_ascii_case(b"multipart/form-data") {
        return None;
    }
    let boundary = parameter(content_type, b"boundary")?;
    (1..=MAX_BOUNDARY).contains(&boundary.len()).then_some(boundary)
}

/// The field that a part with these headers belongs to; `None` when none is named, or when it is not certain which:
/// two readers must not disagree about what a body says.
pub(super) fn field_name(headers: &[u8]) -> Option<Vec<u8>> {
    let mut found = None;
    for line in headers.split(|&b| b == b'\n') {
        let (name, value) = split_once(line, b':');
        if name.trim_ascii().eq_ignore_ascii_case(b"content-disposition") {
            if found.is_some() || parameter(value, b"name*").is_some() {
                return None;
            }
            found = Some(parameter(value, b"name")?);
        }
    }
    found
}

/// The value of a parameter of a header; `None` when it is absent or stands there twice.
fn parameter(header: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let (_, mut rest) = split_once(header, b';');
    let mut found = None;
    while !rest.is_empty() {
        let (key, after) = rest.split_at(rest.iter().position(|b| matches!(b, b'=' | b';')).unwrap_or(rest.len()));
        let (value, after) = match after.strip_prefix(b"=") {
            Some(after) => value(after),
            None => (Vec::new(), after),
        };
        (_, rest) = split_once(after, b';');
        if key.trim_ascii().eq_ignore_ascii_case(name) && found.replace(value).is_some() {
            return None;
        }
    }
    found
}

/// Reads a quoted or a plain value, and gives what follows it.
fn value(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let text = text.trim_ascii_start();
    let Some(mut rest) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|&b| b == b';').unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.trim_ascii().to_vec(), rest);
    };
    let mut value = Vec::new();
    loop {
        (value, rest) = match rest {
            [] => return (value, rest),
            [b'"', rest @ ..] => return (value, rest),
            // Only these two are escaped: a backslash in `C:\file` is one.
            [b'\\', byte @ (b'"' | b'\\'), rest @ ..] | [byte, rest @ ..] => {
                value.push(*byte);
                (value, rest)
            }
        };
    }
}

fn split_once(text: &[u8], at: u8) -> (&[u8], &[u8]) {
    let place = memchr::memchr(at, text).unwrap_or(text.len());
    let (left, right) = text.split_at(place);
    (left, right.get(1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boundary_is_found() {
        let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
        for (content_type, expected) in [
            ("multipart/form-data; boundary=abc", Some("abc")),
            ("Multipart/Form-Data;charset=utf-8; Boundary=\"a;b c\"", Some("a;b c")),
            ("multipart/form-data ;boundary=----WebKitFormBoundary7MA4 ; x=y", Some("----WebKitFormBoundary7MA4")),
            ("multipart/form-data; boundary=\"a\\\"b\"", Some("a\"b")),
            ("multipart/form-data; boundary=a; boundary=b", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/form-data", None),
            ("multipart/mixed; boundary=abc", None),
            ("application/json", None),
            (long.as_str(), None),
        ] {
            let found = boundary(content_type.as_bytes());
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{content_type}");
        }
    }

    #[test]
    fn the_field_is_found() {
        for (headers, expected) in [
            ("\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n", Some("model")),
            ("\r\nA: b\r\ncontent-disposition:form-data;NAME=model\r\n\r\n", Some("model")),
            ("\r\nContent-Disposition: form-data; filename=\"name=a;\\\".mp3\"; name=\"file\"\r\n\r\n", Some("file")),
            ("\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\n", None),
            ("\r\nContent-Disposition: form-data; name=\"a\"; name*=utf-8''b\r\n\r\n", None),
            ("\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n\r\n", None),
            ("\r\nContent-Disposition: form-data\r\n\r\n", None),
            ("\r\n\r\n", None),
        ] {
            assert_eq!(field_name(headers.as_bytes()).as_deref(), expected.map(str::as_bytes), "{headers}");
        }
    }
}
