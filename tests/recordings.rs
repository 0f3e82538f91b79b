//! Recorded responses of real providers pass through `Stream` and `Answer`: the bytes stay as they
//! are however they are cut, and what is learnt is what an independent reading of the whole finds.

#[cfg(test)]
mod recordings {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use serde_json::Value;
    use tollgate::dialect::Client;
    use tollgate::dialect::passing::{Answer, Learnt, Passed, Stream};
    use tollgate::meter::Usage;
    use tollgate::operation::Operation;

    const PROVIDERS: [&str; 9] =
        ["openai", "azure", "groq", "mistral", "deepseek", "openrouter", "xai", "perplexity", "anthropic"];

    /// The folder of the recordings; `None`, said in one line, when it is absent.
    fn folder() -> Option<PathBuf> {
        let named = std::env::var("TOLLGATE_RECORDINGS").ok().map(PathBuf::from);
        let folder = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/recordings"));
        if folder.join("index.jsonl").is_file() {
            return Some(folder);
        }
        assert!(std::env::var("CI").is_err(), "no recordings in {}", folder.display());
        println!("skipped: no recordings in {}", folder.display());
        None
    }

    struct Recording {
        file: String,
        provider: String,
        operation: Operation,
        is_stream: bool,
        body: Vec<u8>,
    }

    /// The successful responses of our providers.
    fn recordings() -> Vec<Recording> {
        let Some(folder) = folder() else { return Vec::new() };
        let index = std::fs::read_to_string(folder.join("index.jsonl")).unwrap();
        let entries = index.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let wanted = |entry: &Value| entry["status"] == 200 && PROVIDERS.iter().any(|name| entry["provider"] == *name);
        let recordings = entries.filter(wanted).filter_map(|entry| {
            let file = entry["file"].as_str().unwrap().to_owned();
            let endpoint = entry["endpoint"].as_str()?.replace("chat-completions", "chat/completions");
            let client = if entry["provider"] == "anthropic" { Client::Anthropic } else { Client::OpenAi };
            let endpoint = if endpoint == "count_tokens" { "messages/count_tokens".to_owned() } else { endpoint };
            let operation = Operation::of_path(client, &format!("/{endpoint}"))?;
            let path = folder.join(&file);
            let exchange: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let response = &exchange["response"];
            let body = match (response["body_file"].as_str(), response["body_text"].as_str()) {
                (Some(name), _) => std::fs::read(path.with_file_name(name)).unwrap(),
                (None, Some(text)) => text.as_bytes().to_vec(),
                (None, None) => serde_json::to_vec(&response["body"]).unwrap(),
            };
            let provider = entry["provider"].as_str().unwrap().to_owned();
            Some(Recording { file, provider, operation, is_stream: entry["stream"] == "sse", body })
        });
        recordings.collect()
    }

    /// Ways of cutting a body: whole, in small pieces, and at 50 places that only the body decides.
    fn cuts(body: &[u8]) -> Vec<Vec<&[u8]>> {
        let mut seed = body.iter().fold(7u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        let mut places: Vec<usize> = (0..50)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (seed >> 33) as usize % (body.len() + 1)
            })
            .collect();
        places.sort_unstable();
        places.push(body.len());
        let mut from = 0;
        let random = places.into_iter().map(|to| &body[std::mem::replace(&mut from, to)..to]).collect();
        vec![vec![body], body.chunks(1).collect(), body.chunks(7).collect(), body.chunks(1448).collect(), random]
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
