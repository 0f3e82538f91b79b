//! The last event of a stream that ended without its terminal event: SDKs take a cut stream for a complete one.

use super::Learnt;
use crate::operation::Operation;

const CHAT: &str = concat!(
    r#"data: {"error":{"message":"The provider's stream ended before its answer was complete.","#,
    r#""type":"server_error","param":null,"code":"stream_cut"}}"#
);
const RESPONSES: &str = concat!(
    "event: error\n",
    r#"data: {"type":"error","sequence_number":0,"error":{"type":"server_error","code":"stream_cut","#,
    r#""message":"The provider's stream ended before its answer was complete.","param":null}}"#
);

/// The bytes to add at the end of a stream; none when it ended well or with an error of its own. The blank line before
/// them ends an event that was cut in its middle.
pub fn closing_event(operation: Operation, learnt: &Learnt) -> Vec<u8> {
    let event = match operation {
        Operation::ChatCompletions | Operation::Completions => CHAT,
        Operation::Responses => RESPONSES,
        _ => return Vec::new(),
    };
    if learnt.ended || learnt.error.is_some() {
        return Vec::new();
    }
    format!("\n\n{event}\n\n").into_bytes()
}
