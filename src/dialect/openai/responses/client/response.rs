//! A whole answer for a client.

use super::answer::{Answer, State};
use super::frame::Frame;
use super::output::Output;
use crate::chat::json::object;
use crate::chat::{Args, Body, Event, Ids, Kind, Part, Raw, Reason, Request, Response, ToolCall};

/// Writes the body of a 200; `gateway` is what the gateway says of itself.
pub fn encode_response(response: &Response, request: &Request, ids: &Ids, gateway: Option<&Raw>) -> Vec<u8> {
    let mut output = Output::new(request, ids, Frame::silent());
    let mut reason = Reason::Stop;
    // There is one: nobody can ask for more here.
    if let Some(choice) = response.choices.first() {
        if let Some(raw) = &choice.logprobs {
            output.event(&Event::Logprobs { choice: 0, raw: raw.clone() }, &mut Vec::new());
        }
        for (number, part) in (0u32..).zip(&choice.parts) {
            self::part(number, part, request, &mut output);
        }
        reason = choice.finish.reason;
    }
    let state = State::Ended(reason);
    output.finish(state.status(), &mut Vec::new());
    response.native.iter().for_each(|ext| output.extras.native(ext));
    gateway.iter().for_each(|gateway| output.extras.tell((*gateway).clone()));
    let mut answer = Answer::new(request, ids);
    ids.model(&response.model).clone_into(&mut answer.model);
    let mut out = Vec::new();
    object(&mut out, |o| answer.write(state, Some(&output), response.usage.as_ref(), o));
    out
}

/// A part, as the events that it would be in a stream.
fn part(number: u32, part: &Part, request: &Request, output: &mut Output) {
    let (choice, none) = (0, &mut Vec::new());
    let sealed = part.seal.as_ref().map(|seal| Event::Seal { choice, part: number, seal: seal.clone() });
    match &part.body {
        Body::Call(call) => {
            let ToolCall { id, item_id, name, args, caller } = call;
            let custom = matches!(args, Args::Text(_)) && request.custom_tools().contains(name.as_str());
            let (id, item_id, name, caller) = (id.clone(), item_id.clone(), name.clone(), caller.clone());
            output.open(number, &Kind::Call { id, item_id, name, custom, caller, seal: part.seal.clone() }, none);
            output.args(number, args.as_text(), none);
        }
        body => {
            output.whole(number, body, none);
            sealed.iter().for_each(|event| output.event(event, none));
        }
    }
    output.close(number, none);
}
