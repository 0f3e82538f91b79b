//! The edits that a request needs for an OpenAI-compatible target; nothing to edit, nothing is rewritten.

use crate::config::Provider;
use crate::dialect::{Dropped, Edits};
use crate::operation::Operation;
use crate::route::{Ask, Body, Target};
use crate::stream::json::{Capture, Kind, Member};
use crate::stream::splice::{Edit, Splice, edit_object};
use std::ops::Range;

/// What has to change in the client's request.
pub fn encode(ask: &Ask, target: &Target) -> Edits {
    let body = Splice::new(body(ask, target));
    Edits { path: path(ask, target), headers: Vec::new(), body, dropped: Dropped::default() }
}

/// Whether the usage chunk of this stream is there only because we asked for it.
pub fn hides_usage(ask: &Ask, target: &Target) -> bool {
    adds_usage(ask, &target.provider)
}

fn adds_usage(ask: &Ask, provider: &Provider) -> bool {
    let streams = matches!(ask.operation, Operation::ChatCompletions | Operation::Completions);
    ask.stream && streams && !ask.include_usage && !provider.preset.no_stream_options
}

/// The base's path and the operation's; Azure's older form names the deployment in the path.
fn path(ask: &Ask, target: &Target) -> String {
    let base = &target.provider.base.path;
    match &target.provider.api_version {
        Some(version) => {
            let joint = if ask.path.contains('?') { '&' } else { '?' };
            format!("{base}/deployments/{}{}{joint}api-version={version}", segment(&target.sent), ask.path)
        }
        None => format!("{base}{}", ask.path),
    }
}

/// A model's name as one segment of a path.
fn segment(name: &str) -> String {
    let mut safe = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => safe.push(char::from(byte)),
            _ => safe.push_str(&format!("%{byte:02X}")),
        }
    }
    safe
}

fn body(ask: &Ask, target: &Target) -> Vec<Edit> {
    match &ask.body {
        Body::Multipart { models } => renamed(ask, target, models, target.sent.as_bytes()),
        Body::Json { object, models, stream_options, include_usage, ours, .. } => {
            let mut edits = renamed_json(ask, target, models);
            let mut insert = &b""[..];
            if adds_usage(ask, &target.provider) {
                match stream_options {
                    None => insert = br#""stream_options":{"include_usage":true}"#,
                    Some(options) => edits.extend(asks_for_usage(options, include_usage)),
                }
            }
            edits.extend(edit_object(*object, ours, insert));
            edits
        }
    }
}

/// The same in a JSON body.
pub(in crate::dialect) fn renamed_json(ask: &Ask, target: &Target, models: &[Member]) -> Vec<Edit> {
    let quoted = serde_json::to_vec(&target.sent).unwrap_or_default();
    let places: Vec<Range<usize>> = models.iter().map(|member| member.value.clone()).collect();
    renamed(ask, target, &places, &quoted)
}

/// Every `model` says the target's name. Several of them are made equal: which one a provider reads is not known.
fn renamed(ask: &Ask, target: &Target, places: &[Range<usize>], name: &[u8]) -> Vec<Edit> {
    if ask.model == target.sent && places.len() < 2 {
        return Vec::new();
    }
    places.iter().map(|range| Edit { range: range.clone(), with: name.to_vec() }).collect()
}

/// Turns `include_usage` on in the `stream_options` that the client sent.
fn asks_for_usage(options: &Capture, include_usage: &[Range<usize>]) -> Vec<Edit> {
    if !include_usage.is_empty() {
        return include_usage.iter().map(|range| Edit { range: range.clone(), with: b"true".to_vec() }).collect();
    }
    let empty = options.raw.as_deref().is_some_and(|raw| raw.iter().all(|b| b"{} \t\r\n".contains(b)));
    match options.kind {
        Kind::Null => vec![Edit { range: options.value.clone(), with: br#"{"include_usage":true}"#.to_vec() }],
        Kind::Object => {
            let inside = options.value.start.saturating_add(1);
            let with = if empty { &br#""include_usage":true"#[..] } else { br#""include_usage":true,"# };
            vec![Edit { range: inside..inside, with: with.to_vec() }]
        }
        // Not ours to mend: the provider says what is wrong with it.
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
