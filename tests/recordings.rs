//! Recorded responses of real providers pass through `Stream` and `Answer`: the bytes stay as they
//! are however they are cut, and what is learnt is what an independent reading of the whole finds.

#[cfg(test)]
#[allow(dead_code, missing_docs, reason = "shared with the tests of the dialects")]
#[path = "chat/recordings.rs"]
mod exchanges;

#[cfg(test)]
mod recordings {
    use std::collections::BTreeMap;

    use serde_json::Value;
    use tollgate::dialect::Client;
    use tollgate::dialect::passing::{Answer, Learnt, Passed, Stream};
    use tollgate::meter::Usage;
    use tollgate::operation::Operation;

    use super::exchanges::{Exchange, folder, recorded};

    const PROVIDERS: [&str; 9] =
        ["openai", "azure", "groq", "mistral", "deepseek", "openrouter", "xai", "perplexity", "anthropic"];

    struct Recording {
        file: String,
        provider: String,
        operation: Operation,
        is_stream: bool,
        body: Vec<u8>,
    }

    /// The successful responses of our providers.
    fn recordings() -> Vec<Recording> {
        let wanted = |entry: &Value| entry["status"] == 200 && PROVIDERS.iter().any(|name| entry["provider"] == *name);
        let recordings = recorded(wanted).into_iter().filter_map(|exchange| {
            let Exchange { file, provider, endpoint, is_stream, body, .. } = exchange;
            let client = if provider == "anthropic" { Client::Anthropic } else { Client::OpenAi };
            let path = match &*endpoint {
                "chat-completions" => "/chat/completions".to_owned(),
                "count_tokens" => "/messages/count_tokens".to_owned(),
                _ => format!("/{endpoint}"),
            };
            let operation = Operation::of_path(client, &path)?;
            Some(Recording { file, provider, operation, is_stream, body })
        });
        recordings.collect()
    }

    /// Ways of cutting a body: those of other tests, and as packets come.
    fn cuts(body: &[u8]) -> Vec<Vec<&[u8]>> {
        let mut ways = super::exchanges::cuts(body);
        ways.push(body.chunks(1448).collect());
        ways
    }

    fn pass(operation: Operation, hide_usage: bool, pieces: &[&[u8]]) -> (Vec<u8>, Learnt) {
        let mut stream = Stream::new(operation, hide_usage);
        let mut out = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            match stream.feed(piece, index + 1 == pieces.len()) {
                Passed::Unchanged => out.extend_from_slice(piece),
                Passed::Replaced(bytes) => out.extend(bytes),
            }
        }
        (out, stream.learnt().clone())
    }

    /// The events of a stream as text, each with its blank line, and the JSON in each.
    fn events(body: &[u8]) -> Vec<(String, Value)> {
        let text = std::str::from_utf8(body).unwrap();
        let end = if text.contains("\r\n\r\n") { "\r\n\r\n" } else { "\n\n" };
        let data = |event: &str| {
            let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
            serde_json::from_str(&lines.collect::<Vec<_>>().join("\n")).unwrap_or_default()
        };
        text.split_inclusive(end).map(|event| (event.to_owned(), data(event))).collect()
    }

    /// What a usage object says, read name by name.
    fn usage(operation: Operation, value: &Value) -> Usage {
        let find = |names: &[&str]| names.iter().find_map(|name| value.pointer(&format!("/{name}"))?.as_u64());
        if operation == Operation::Messages {
            let written = find(&["cache_creation_input_tokens"]);
            let read = find(&["cache_read_input_tokens"]);
            return Usage {
                input: find(&["input_tokens"]).map(|input| input + read.unwrap_or(0) + written.unwrap_or(0)),
                cache_read: read,
                cache_write: written,
                output: find(&["output_tokens"]),
                reasoning: find(&["output_tokens_details/thinking_tokens"]),
                ..Usage::default()
            };
        }
        Usage {
            input: find(&["prompt_tokens", "input_tokens"]),
            cache_read: find(&[
                "prompt_tokens_details/cached_tokens",
                "input_tokens_details/cached_tokens",
                "prompt_cache_hit_tokens",
                "num_cached_tokens",
            ]),
            cache_write: find(&["prompt_tokens_details/cache_write_tokens", "input_tokens_details/cache_write_tokens"]),
            output: find(&["completion_tokens", "output_tokens"]),
            reasoning: find(&[
                "completion_tokens_details/reasoning_tokens",
                "output_tokens_details/reasoning_tokens",
                "reasoning_tokens",
            ]),
            ..Usage::default()
        }
    }

    /// Anthropic's first report with what a later one says instead; elsewhere the last one is whole.
    fn reported(operation: Operation, events: &[(String, Value)]) -> Usage {
        let mut reports = events.iter().filter_map(|(_, event)| usage_of_event(event));
        if operation != Operation::Messages {
            return reports.next_back().map(|report| usage(operation, report)).unwrap_or_default();
        }
        let mut all = Value::Object(serde_json::Map::new());
        for report in reports {
            for (name, value) in report.as_object().unwrap().iter().filter(|(_, value)| !value.is_null()) {
                all[name] = value.clone();
            }
        }
        usage(operation, &all)
    }

    /// What the tests above compare; tiers, kinds of cache and built-in tools have tests of their own.
    fn tokens(usage: &Usage) -> Usage {
        let Usage { input, cache_read, cache_write, output, reasoning, .. } = *usage;
        Usage { input, cache_read, cache_write, output, reasoning, ..Usage::default() }
    }

    fn usage_of_event(event: &Value) -> Option<&Value> {
        let places = ["/usage", "/response/usage", "/message/usage", "/x_groq/usage"];
        places.iter().find_map(|place| event.pointer(place).filter(|usage| usage.is_object()))
    }

    #[test]
    fn streams_pass() {
        let mut counts = BTreeMap::<String, usize>::new();
        let mut hidden_in = 0;
        let recordings = recordings();
        for recording in recordings.iter().filter(|recording| recording.is_stream) {
            let Recording { file, operation, body, .. } = recording;
            let events = events(body);
            let expected = reported(*operation, &events);
            let is_only_usage = |event: &Value| event["choices"] == Value::Array(vec![]) && event["usage"].is_object();
            let visible = events.iter().filter(|(_, event)| !is_only_usage(event)).map(|(text, _)| text.as_str());
            let visible = visible.collect::<String>().into_bytes();
            hidden_in += usize::from(visible.len() < body.len());
            for pieces in cuts(body) {
                let (out, learnt) = pass(*operation, false, &pieces);
                assert!(out == *body, "{file}: changed");
                assert_eq!(tokens(&learnt.usage), expected, "{file}");
                assert!(learnt.ended || learnt.error.is_some(), "{file}: {learnt:?}");
                assert!(learnt.model.is_some() && !learnt.usage_gave_up, "{file}: {learnt:?}");
                let (out, hiding) = pass(*operation, true, &pieces);
                assert!(out == visible, "{file}: {}", String::from_utf8_lossy(&out));
                assert_eq!(hiding, learnt, "{file}");
            }
            *counts.entry(recording.provider.clone()).or_default() += 1;
        }
        println!("streams: {counts:?}; with a chunk to hide: {hidden_in}");
        assert!(recordings.is_empty() || counts.len() == PROVIDERS.len() && hidden_in > 0, "{counts:?}");
    }

    #[test]
    fn answers_pass() {
        let mut counts = BTreeMap::<String, usize>::new();
        let recordings = recordings();
        for recording in recordings.iter().filter(|recording| !recording.is_stream) {
            let Recording { file, operation, body, .. } = recording;
            let value: Value = serde_json::from_slice(body).unwrap();
            for pieces in cuts(body) {
                let mut answer = Answer::new(*operation);
                for piece in pieces {
                    answer.feed(piece);
                }
                let learnt = answer.finish();
                assert_eq!(tokens(&learnt.usage), usage(*operation, &value["usage"]), "{file}");
                assert_eq!(learnt.model.as_deref(), value["model"].as_str(), "{file}");
                assert_eq!(learnt.id.as_deref(), value["id"].as_str().filter(|id| !id.is_empty()), "{file}");
                assert!(learnt.ended && learnt.error.is_none(), "{file}");
            }
            *counts.entry(recording.provider.clone()).or_default() += 1;
        }
        println!("answers: {counts:?}");
        assert!(recordings.is_empty() || counts.len() == PROVIDERS.len(), "{counts:?}");
    }

    #[test]
    fn an_error_in_a_stream_is_seen() {
        let Some(folder) = folder() else { return };
        let (chat, messages) = (Operation::ChatCompletions, Operation::Messages);
        for (operation, file, is_error, is_whole) in [
            (chat, "openai/200-stream-error-mid.sse", true, false),
            (chat, "azure/200-stream-async-filter.sse", false, true),
            (messages, "anthropic/200-stream-error-first.sse", true, false),
            (messages, "anthropic/200-stream-error-mid.sse", true, false),
            (messages, "anthropic/200-stream-truncated.sse", false, false),
        ] {
            let body = std::fs::read(folder.join("synthetic-errors").join(file)).unwrap();
            for pieces in cuts(&body) {
                let (out, learnt) = pass(operation, false, &pieces);
                assert!(out == body, "{file}: changed");
                assert_eq!((learnt.error.is_some(), learnt.ended), (is_error, is_whole), "{file}: {learnt:?}");
            }
        }
    }
}
