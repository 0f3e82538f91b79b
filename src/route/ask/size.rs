//! How large a request is, and how large an answer it allows.

use super::paths::{ANSWERS, MOST_OUTPUT};
use super::{Ask, raw};
use crate::meter::Price;
use crate::meter::estimate::{Allowed, Most, Prompt, most, tools};
use crate::operation::Operation;
use crate::stream::json::Reader;

/// The likely input of a body, in tokens.
pub(super) fn input(reader: &Reader, operation: Operation, has_tools: bool) -> u64 {
    let measured = reader.measured();
    let [bytes, ..] = measured.bytes;
    // Tokens may stand there as numbers, where others have texts.
    let takes_tokens = matches!(operation, Operation::Embeddings | Operation::Completions);
    let numbers = if takes_tokens { measured.numbers } else { 0 };
    let tools = if has_tools { tools(operation) } else { 0 };
    Prompt { bytes, data: measured.data, numbers, tools }.tokens()
}

/// The most output of each answer, where the body says so.
pub(super) fn max_output(reader: &Reader, operation: Operation) -> Option<u64> {
    let (_, paths) = MOST_OUTPUT.iter().find(|(of, _)| *of == operation)?;
    paths.iter().find_map(|path| number(reader, *path))
}

/// How many answers the body asks for.
pub(super) fn answers(reader: &Reader, operation: Operation) -> u64 {
    if !matches!(operation, Operation::ChatCompletions | Operation::Completions) {
        return 1;
    }
    ANSWERS.iter().filter_map(|path| number(reader, *path)).max().unwrap_or(1).max(1)
}

fn number(reader: &Reader, path: usize) -> Option<u64> {
    std::str::from_utf8(raw(reader, path)?).ok()?.parse().ok()
}

impl Ask {
    /// The most that it can take of a model with this longest output, at this price.
    pub fn most(&self, model_max_output: Option<u64>, price: Option<&Price>) -> Most {
        let has_output = self.operation.tells_usage() && !self.operation.is_embedding();
        let Ask { input_estimate: input, max_output, answers, .. } = *self;
        most(&Allowed { input, max_output, answers, has_output }, model_max_output, price)
    }
}

#[cfg(test)]
mod tests {
    use crate::meter::estimate::Most;
    use crate::operation::Operation;
    use crate::testing::ask_of;

    const CHAT: Operation = Operation::ChatCompletions;

    #[test]
    fn what_a_request_allows_stands_under_its_own_name() {
        for (operation, body, max_output, answers) in [
            (CHAT, r#""max_tokens":10"#, Some(10), 1),
            (CHAT, r#""max_tokens":10,"max_completion_tokens":20,"n":3"#, Some(20), 3),
            (CHAT, r#""max_completion_tokens":null,"max_tokens":10,"n":null"#, Some(10), 1),
            (CHAT, r#""max_tokens":"10","n":0"#, None, 1),
            (CHAT, r#""max_tokens":-1,"n":1.5"#, None, 1),
            (CHAT, r#""max_output_tokens":10,"x":{"max_tokens":4}"#, None, 1),
            (CHAT, r#""max_tokens":10,"max_tokens":11"#, Some(11), 1),
            (Operation::Completions, r#""max_tokens":10,"n":2,"best_of":5"#, Some(10), 5),
            (Operation::Responses, r#""max_output_tokens":10,"max_tokens":3,"n":2"#, Some(10), 1),
            (Operation::Messages, r#""max_tokens":10,"n":2"#, Some(10), 1),
            (Operation::LanguageModel, r#""maxOutputTokens":10"#, Some(10), 1),
            (Operation::Embeddings, r#""max_tokens":10"#, None, 1),
        ] {
            let ask = ask_of(operation, format!(r#"{{"model":"m",{body}}}"#).as_bytes()).unwrap();
            assert_eq!((ask.max_output, ask.answers), (max_output, answers), "{operation:?} {body}");
        }
    }

    #[test]
    fn the_input_is_the_texts_of_the_body() {
        let image =
            format!(r#"{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{}"}}}}"#, "AAAA".repeat(9_000));
        for (operation, body, expected) in [
            (CHAT, r#""messages":[{"role":"user","content":"123456789"}]"#.to_owned(), 4),
            (CHAT, r#""messages":[{"role":"user","content":"1234\u4e2d\n6789"}],"temperature":1"#.to_owned(), 5),
            (CHAT, r#""tools":[{"type":"function"}]"#.to_owned(), 63),
            (CHAT, format!(r#""messages":[{{"content":[{image}]}}]"#), 1_003),
            (Operation::Embeddings, r#""input":[[1,2,3],[4]],"dimensions":256"#.to_owned(), 6),
        ] {
            let ask = ask_of(operation, format!(r#"{{"model":"m",{body}}}"#).as_bytes()).unwrap();
            assert_eq!(ask.input_estimate, expected, "{operation:?} {body}");
        }
    }

    #[test]
    fn what_has_no_output_holds_none() {
        let most = |operation| ask_of(operation, br#"{"model":"m","max_tokens":50}"#).unwrap().most(Some(7), None);
        assert_eq!(most(CHAT), Most { tokens: 1 + 600 + 7, pico: None });
        assert_eq!(most(Operation::Embeddings), Most { tokens: 2 + 1 + 600, pico: None });
        assert_eq!(most(Operation::Images), Most { tokens: 1 + 600, pico: None });
    }
}
