//! Base64 of text documents.

/// The text in some base64, either alphabet, with or without padding; `None` where it is none.
pub fn text_of_base64(data: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(data.len() / 4 * 3);
    let (mut held, mut bits) = (0u32, 0u32);
    for letter in data.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::text_of_base64;

    #[test]
    fn texts_are_read_in_either_alphabet() {
        for (data, text) in [
            ("Z3LDvMOfZQ==", Some("grüße")),
            ("Z3LD\nvMOfZQ", Some("grüße")),
            ("fn5-fn5_", Some("~~~~~\u{7f}")),
            ("", Some("")),
            ("/////w==", None),
            ("AA==", None),
            ("?", None),
        ] {
            assert_eq!(text_of_base64(data).as_deref(), text, "{data}");
        }
    }
}
