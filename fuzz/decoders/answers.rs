//! Answers of providers that are no streams: whole ones, and errors.

use std::time::Duration;

use tollgate::chat::{Ids, Request, Response};
use tollgate::dialect::openai::chat::{self, encode_response};
use tollgate::dialect::{Failure, ResponseHead, anthropic, bedrock, cohere, gemini, openai};
use tollgate::http::is_header_value;

use super::order;
use super::streams::ids;

fn answer(data: &[u8], decode: fn(&[u8], &Ids) -> Result<Response, Box<Failure>>) {
    match decode(data, &ids()) {
        Ok(response) => {
            assert!(!response.choices.is_empty(), "an answer without choices");
            let written = encode_response(&response, &Request::default(), &ids(), None);
            order::json(&written);
            let again = chat::decode_response(&written, &ids());
            assert!(again.is_ok(), "{again:?}: {}", String::from_utf8_lossy(&written));
        }
        Err(failure) => shown(&failure),
    }
}

/// What the client sees of it.
fn shown(failure: &Failure) {
    let error = &failure.error;
    order::json(&error.chat_body());
    assert!((400..600).contains(&error.status), "{failure:?}");
    assert!(error.headers().iter().all(|(_, value)| is_header_value(value.as_bytes())), "{failure:?}");
    assert!(is_header_value(failure.word.as_bytes()), "{failure:?}");
}

pub fn openai(data: &[u8]) {
    answer(data, chat::decode_response);
}

pub fn responses(data: &[u8]) {
    answer(data, openai::responses::decode_response);
}

pub fn anthropic(data: &[u8]) {
    answer(data, anthropic::decode_response);
}

pub fn gemini(data: &[u8]) {
    answer(data, gemini::decode_response);
}

pub fn bedrock(data: &[u8]) {
    answer(data, bedrock::decode_response);
}

pub fn cohere(data: &[u8]) {
    answer(data, cohere::decode_response);
}

/// Errors of every dialect: the same bytes with the statuses that matter.
pub fn errors(data: &[u8]) {
    let texts = [None, Some("ThrottlingException"), Some("ValidationException:http://x/")];
    for (at, status) in [200, 400, 401, 404, 413, 422, 424, 429, 500, 503, 529].into_iter().enumerate() {
        let error_type = texts[at % texts.len()].map(str::to_owned);
        let retry_after = (at % 2 == 0).then_some(Duration::from_millis(1500));
        let head = ResponseHead { status, error_type, retry_after, ..ResponseHead::default() };
        let read = [chat::failure, anthropic::failure, gemini::failure, bedrock::failure, cohere::failure];
        read.iter().for_each(|failure| shown(&failure(&head, data)));
        shown(&openai::failure(&head, data, Some("sk-secret")));
    }
    if let Some(error) = openai::refusal(data) {
        shown(&openai::stream_failure(&error, Some("sk-secret")));
    }
}
