//! What the clients of each format can do.

use tollgate::dialect::heard::Voice;
use tollgate::dialect::{Client, Spec};
use tollgate::operation::Operation;

use super::{answers, paths, requests};

/// A format of clients: its name in the table, and the endpoint of its conversations.
#[derive(Clone, Copy)]
pub struct Format {
    pub name: &'static str,
    pub client: Client,
    pub operation: Operation,
}

pub const FORMATS: [Format; 6] = [
    Format { name: "chat completions", client: Client::OpenAi, operation: Operation::ChatCompletions },
    Format { name: "Responses", client: Client::OpenAi, operation: Operation::Responses },
    Format { name: "Messages", client: Client::Anthropic, operation: Operation::Messages },
    Format { name: "AI SDK 5", client: Client::AiSdk(Spec::V2), operation: Operation::LanguageModel },
    Format { name: "AI SDK 6", client: Client::AiSdk(Spec::V3), operation: Operation::LanguageModel },
    Format { name: "AI SDK 7", client: Client::AiSdk(Spec::V4), operation: Operation::LanguageModel },
];

impl Format {
    pub fn voice(&self, stream: bool) -> Voice {
        Voice { client: self.client, operation: self.operation, model: "acme/m".to_owned(), stream }
    }

    pub fn spec(&self) -> Option<Spec> {
        if let Client::AiSdk(spec) = self.client { Some(spec) } else { None }
    }
}

/// What a client can do, in a cell.
pub enum Cell {
    /// Its format has no such thing.
    Absent,
    /// So many of so many dialects of providers take it.
    Of(usize, usize),
    Is(bool),
}

impl Cell {
    fn word(&self) -> String {
        match self {
            Cell::Absent => "-".to_owned(),
            Cell::Of(able, all) if able == all => "yes".to_owned(),
            Cell::Of(able, all) => format!("{able} of {all}"),
            Cell::Is(true) => "yes".to_owned(),
            Cell::Is(false) => "no".to_owned(),
        }
    }
}

pub type Row = (&'static str, fn(&Format) -> Cell);

pub fn table() -> String {
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    let mut table = format!("| clients of | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for (feature, cell) in [requests::ROWS, answers::ROWS, paths::ROWS].concat() {
        let cells: Vec<String> = FORMATS.iter().map(|format| cell(format).word()).collect();
        table.push_str(&format!("| {feature} | {} |\n", cells.join(" | ")));
    }
    table
}
