//! Recorded exchanges of Gemini, and ways through both dialects.

use serde_json::Value;
use tollgate::chat::Event;
use tollgate::dialect::gemini::{Decoder, decode_response};
use tollgate::dialect::openai::chat::encode_response;

use super::support::{Exchange, asking, chunked, decoded, fixtures, ids, recorded};

/// The generations, those of another project's fixtures last.
pub fn exchanges() -> Vec<Exchange> {
    let mut read = recorded(|entry| {
        let is_ours = entry["provider"] == "gemini" || entry["provider"] == "vertex";
        is_ours && (entry["endpoint"] == "generateContent" || entry["endpoint"] == "streamGenerateContent")
    });
    read.extend(fixtures(&["google"]));
    read
}

/// The fixture of that name.
pub fn fixture(name: &str) -> Exchange {
    exchanges().into_iter().find(|exchange| exchange.file.ends_with(name)).unwrap_or_else(|| panic!("no {name}"))
}

/// The events of a stream in pieces.
pub fn decode(pieces: &[&[u8]]) -> Vec<Event> {
    decoded(&mut Decoder::new(&ids()), pieces)
}

/// What a client of chat completions gets of a stream in pieces.
pub fn translate(pieces: &[&[u8]]) -> Vec<u8> {
    chunked(&mut Decoder::new(&ids()), pieces, &ids())
}

/// What a client of chat completions gets of a whole answer.
pub fn answer(body: &[u8]) -> Value {
    let response = decode_response(body, &ids()).unwrap_or_else(|failure| panic!("{failure:?}"));
    serde_json::from_slice(&encode_response(&response, &asking(), &ids(), None)).unwrap()
}
