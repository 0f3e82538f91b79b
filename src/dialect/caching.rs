//! `providerOptions.gateway.caching: auto`: where a provider caches only what it is told to, the gateway tells it.

use super::Facts;
use crate::chat::{Cache, Message, Request, Role};
use crate::config::Dialect;
use crate::dialect::parts;

/// Marks the last message, and what the last question adds to: the message before it, or else the system's. Others than
/// Claude cache by themselves, or never. A client that has marked anything has its own idea of what to cache.
pub fn mark(request: &mut Request, dialect: Dialect, facts: &Facts<'_>) {
    if !is_told(dialect, facts.model) || is_marked(request) {
        return;
    }
    let is_system = |message: &Message| matches!(message.role, Role::System | Role::Developer);
    let messages = &request.messages;
    let question = messages.iter().rposition(|message| message.role == Role::User).unwrap_or(messages.len());
    let earlier = messages.get(..question).unwrap_or_default();
    let before = earlier.iter().rposition(|message| !is_system(message)).or(earlier.iter().rposition(is_system));
    let last = messages.len().checked_sub(1);
    for place in [before, last].into_iter().flatten() {
        if let Some(message) = request.messages.get_mut(place) {
            message.cache = Some(Cache::default());
        }
    }
}

/// Whether a model caches what it is told to, wherever it runs.
fn is_told(dialect: Dialect, model: &str) -> bool {
    match dialect {
        Dialect::Anthropic | Dialect::VertexAnthropic => true,
        Dialect::Bedrock => model.contains("claude"),
        Dialect::OpenAi | Dialect::Responses | Dialect::Gemini | Dialect::Vertex | Dialect::Cohere => false,
    }
}

fn is_marked(request: &Request) -> bool {
    let in_message =
        |message: &Message| message.cache.is_some() || parts(&message.parts).any(|part| part.cache.is_some());
    request.cache.is_some()
        || request.tools.iter().any(|tool| tool.cache.is_some())
        || request.messages.iter().any(in_message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Part, Raw, Tool, ToolKind};

    /// The messages by the first letters of their roles, those that are marked in capitals.
    fn marked(roles: &str, dialect: Dialect, model: &str, prepare: impl Fn(&mut Request)) -> String {
        let message = |role| {
            let role = match role {
                's' => Role::System,
                'd' => Role::Developer,
                'a' => Role::Assistant,
                't' => Role::Tool,
                _ => Role::User,
            };
            Message::new(role, vec![Part::text("x")])
        };
        let mut request = Request { messages: roles.chars().map(message).collect(), ..Request::default() };
        prepare(&mut request);
        mark(&mut request, dialect, &Facts { model, ..Facts::default() });
        let seen = roles.chars().zip(&request.messages);
        seen.map(|(role, message)| if message.cache.is_some() { role.to_ascii_uppercase() } else { role }).collect()
    }

    #[test]
    fn the_last_message_and_the_one_before_the_question_are_marked() {
        for (roles, expected) in [
            ("su", "SU"),
            ("u", "U"),
            ("sduau", "sduAU"),
            ("suauau", "suauAU"),
            ("suat", "SuaT"),
            ("suauat", "suAuaT"),
            ("uu", "UU"),
            ("usu", "UsU"),
            ("s", "S"),
            ("", ""),
        ] {
            assert_eq!(marked(roles, Dialect::Anthropic, "claude-sonnet-4-5", |_| {}), expected, "{roles}");
        }
    }

    #[test]
    fn only_claude_is_told() {
        for (dialect, model, expected) in [
            (Dialect::VertexAnthropic, "claude-sonnet-4-5@20250929", "SU"),
            (Dialect::Bedrock, "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "SU"),
            (Dialect::Bedrock, "amazon.nova-pro-v1:0", "su"),
            (Dialect::OpenAi, "gpt-5", "su"),
            (Dialect::Gemini, "gemini-3-pro", "su"),
        ] {
            assert_eq!(marked("su", dialect, model, |_| {}), expected, "{model}");
        }
    }

    #[test]
    fn a_client_that_marks_does_it_alone() {
        let marked = |prepare: fn(&mut Request)| marked("suau", Dialect::Anthropic, "claude", prepare);
        assert_eq!(marked(|request| request.cache = Some(Cache::default())), "suau");
        assert_eq!(marked(|request| request.messages[0].cache = Some(Cache::default())), "Suau");
        assert_eq!(marked(|request| request.messages[1].parts[0].cache = Some(Cache::default())), "suau");
        let tool = |cache| {
            let (name, description, schema, strict) = ("f".to_owned(), None, Raw::empty_object(), None);
            Tool { cache, ..Tool::new(ToolKind::Function { name, description, schema, strict }) }
        };
        let with_tool = |cache: Option<Cache>| move |request: &mut Request| request.tools.push(tool(cache.clone()));
        let outcome = |cache| super::tests::marked("suau", Dialect::Anthropic, "claude", with_tool(cache));
        assert_eq!((outcome(Some(Cache::default())), outcome(None)), ("suau".to_owned(), "suAU".to_owned()));
    }
}
