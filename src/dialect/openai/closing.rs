//! The last event of a stream that ended without its terminal event: SDKs take a cut stream for a complete one.

use super::Learnt;
use crate::operation::Operation;

/// What the client is told, as a literal for `concat!`.
macro_rules! message {
    () => {
        "The provider's stream ended before its answer was complete."
    };
}
const MESSAGE: &str = message!();

/// The error in a chat completion, as a whole event.
pub(super) const CUT: &str = concat!(
    r#"data: {"error":{"message":""#,
    message!(),
    r#"","type":"server_error","param":null,"code":"stream_cut"}}"#,
    "\n\n"
);

/// The bytes to add at the end of a stream; none when it ended well, with an error of its own, or with ours. The blank
/// line before them ends an event that was cut in its middle.
pub fn closing_event(operation: Operation, learnt: &Learnt) -> Vec<u8> {
    if learnt.ended || learnt.told_cut || learnt.error.is_some() {
        return Vec::new();
    }
    match operation {
        Operation::ChatCompletions | Operation::Completions => format!("\n\n{CUT}").into_bytes(),
        Operation::Responses => format!("\n\n{}", responses(learnt)).into_bytes(),
        _ => Vec::new(),
    }
}

/// The error, on which SDKs raise, then the end of the response, for those that wait for it. A response that has not
/// begun has no end.
fn responses(learnt: &Learnt) -> String {
    let number = learnt.sequence.map_or(0, |last| last.saturating_add(1));
    let error = format!(
        "event: error\ndata: {{\"type\":\"error\",\"sequence_number\":{number},\"error\":{{\"type\":\"server_error\",\
         \"code\":\"stream_cut\",\"message\":\"{MESSAGE}\",\"param\":null}}}}\n\n"
    );
    let Some(id) = learnt.id.as_deref().and_then(quoted) else { return error };
    let model = learnt.model.as_deref().and_then(quoted).unwrap_or_else(|| "\"\"".to_owned());
    let number = number.saturating_add(1);
    format!(
        "{error}event: response.failed\ndata: {{\"type\":\"response.failed\",\"sequence_number\":{number},\"response\":{{\
         \"id\":{id},\"object\":\"response\",\"created_at\":0,\"status\":\"failed\",\"error\":{{\"code\":\"server_error\",\
         \"message\":\"{MESSAGE}\"}},\"incomplete_details\":null,\"model\":{model},\"output\":[],\
         \"parallel_tool_calls\":true,\"tool_choice\":\"auto\",\"tools\":[],\"usage\":null}}}}\n\n"
    )
}

fn quoted(text: &str) -> Option<String> {
    serde_json::to_string(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::openai::Stream;
    use serde_json::{Value, json};

    fn data(bytes: &[u8]) -> Vec<Value> {
        let lines = std::str::from_utf8(bytes).unwrap().lines().filter_map(|line| line.strip_prefix("data: "));
        lines.map(|data| serde_json::from_str(data).unwrap()).collect()
    }

    #[test]
    fn a_cut_response_ends_with_an_error_and_its_failure() {
        let created = r#"data: {"type":"response.created","sequence_number":4,"response":{"id":"r\"1","model":"m"}}"#;
        let delta =
            r#"data: {"type":"response.output_text.delta","delta":"\"sequence_number\":9","sequence_number" : 5}"#;
        let mut stream = Stream::new(Operation::Responses, false);
        stream.feed(format!("{created}\n\n{delta}\n\n").as_bytes(), true);
        let closing = closing_event(Operation::Responses, stream.learnt());
        assert!(closing.starts_with(b"\n\nevent: error\n"));
        let events = data(&closing);
        assert_eq!(events.len(), 2);
        assert_eq!((&events[0]["type"], &events[0]["sequence_number"]), (&json!("error"), &json!(6)));
        assert_eq!(events[0]["error"]["code"], "stream_cut");
        assert_eq!((&events[1]["type"], &events[1]["sequence_number"]), (&json!("response.failed"), &json!(7)));
        let response = &events[1]["response"];
        assert_eq!(
            (&response["id"], &response["model"], &response["status"]),
            (&json!("r\"1"), &json!("m"), &json!("failed"))
        );
        assert_eq!(response["error"]["code"], "server_error");
    }

    #[test]
    fn nothing_is_added_where_nothing_is_missing() {
        let cut = Learnt::default();
        assert_eq!(data(&closing_event(Operation::ChatCompletions, &cut))[0]["error"]["code"], "stream_cut");
        let responses = data(&closing_event(Operation::Responses, &cut));
        assert_eq!((responses.len(), &responses[0]["sequence_number"]), (1, &json!(0)), "it had not begun");
        assert!(closing_event(Operation::Images, &cut).is_empty());
        for whole in [Learnt { ended: true, ..cut.clone() }, Learnt { told_cut: true, ..cut }] {
            assert!(closing_event(Operation::ChatCompletions, &whole).is_empty());
        }
    }
}
