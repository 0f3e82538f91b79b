//! Log probabilities: `{"text","token_ids","logprobs"}` for each piece of text, which may be several tokens.

use crate::chat::Raw;
use crate::chat::json::{Json, list};

/// In OpenAI's shape. A piece is one entry: the logarithms of its tokens are added. Cohere tells no alternatives.
pub(super) fn read<'a>(pieces: impl Iterator<Item = Json<'a>>) -> Option<Raw> {
    let mut out = br#"{"content":"#.to_vec();
    let mut is_empty = true;
    list(&mut out, |l| {
        for piece in pieces {
            let Some(piece) = piece.object() else { continue };
            let Some(text) = piece.string("text") else { continue };
            let sum: f64 = piece.items("logprobs").filter_map(Json::number).sum();
            if !sum.is_finite() {
                continue;
            }
            is_empty = false;
            l.object(|o| {
                o.set("token", &text);
                o.set("logprob", sum);
                o.list("bytes", |l| text.bytes().for_each(|byte| l.push(byte)));
                o.list("top_logprobs", |_| {});
            });
        }
    });
    out.extend_from_slice(b"}");
    if is_empty { None } else { Raw::parse(std::str::from_utf8(&out).ok()?) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_entries() {
        let text = r#"[{"text":"é","token_ids":[1,2],"logprobs":[-0.5,-0.25]},{"token_ids":[3]},7]"#;
        let json = Json::parse(text.as_bytes()).unwrap();
        let raw = read(json.items().unwrap()).unwrap();
        assert_eq!(raw.get(), r#"{"content":[{"token":"é","logprob":-0.75,"bytes":[195,169],"top_logprobs":[]}]}"#);
        assert_eq!(read(std::iter::empty()), None);
    }
}
