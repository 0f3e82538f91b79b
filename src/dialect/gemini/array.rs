//! Objects of a JSON text cut out of bytes as they arrive: a stream without `alt=sse` is a list of chunks, and an error
//! may come bare (rule 46).

/// An object was longer than what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ObjectTooLarge;

/// Cuts the objects out that stand at the top or in a list.
#[derive(Debug)]
pub(super) struct Objects {
    cap: usize,
    held: Vec<u8>,
    depth: u32,
    in_text: bool,
    is_escaped: bool,
}

impl Objects {
    /// Holds objects up to so many bytes.
    pub fn with_cap(cap: usize) -> Objects {
        Objects { cap, held: Vec::new(), depth: 0, in_text: false, is_escaped: false }
    }

    /// The next object in `rest`, which moves on; `None` when all of it is taken.
    pub fn next(&mut self, rest: &mut &[u8]) -> Option<Result<&[u8], ObjectTooLarge>> {
        if self.depth == 0 {
            self.held.clear();
        }
        let mut taken = 0usize;
        let mut is_complete = false;
        for byte in *rest {
            taken = taken.saturating_add(1);
            if self.depth == 0 && *byte != b'{' {
                continue;
            }
            if self.held.len() >= self.cap {
                *rest = rest.get(taken..).unwrap_or_default();
                return Some(Err(ObjectTooLarge));
            }
            self.held.push(*byte);
            if self.take(*byte) {
                is_complete = true;
                break;
            }
        }
        *rest = rest.get(taken..).unwrap_or_default();
        is_complete.then_some(Ok(&self.held))
    }

    /// Whether the byte ends the object.
    fn take(&mut self, byte: u8) -> bool {
        if self.in_text {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.in_text = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' => self.depth = self.depth.saturating_add(1),
            b'}' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_cut_out_of_any_pieces() {
        let text = br#"[{"a":"}\"{"}, {"b":[{"c":{}}]} ,{}]"#;
        for size in 1..text.len() {
            let (mut objects, mut found) = (Objects::with_cap(100), Vec::new());
            for mut piece in text.chunks(size) {
                while let Some(object) = objects.next(&mut piece) {
                    found.push(String::from_utf8(object.unwrap().to_vec()).unwrap());
                }
            }
            assert_eq!(found, [r#"{"a":"}\"{"}"#, r#"{"b":[{"c":{}}]}"#, "{}"]);
        }
        let mut piece = &text[..];
        assert_eq!(Objects::with_cap(5).next(&mut piece), Some(Err(ObjectTooLarge)));
    }
}
