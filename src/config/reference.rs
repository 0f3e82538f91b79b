//! What is generated from the description: the JSON Schema and the tables of `docs/config.md`. Never in the module:
//! nothing that the filter calls leads here.

use super::PRESETS;
use super::decode::Decode;
use super::preset::AuthStyle;
use super::raw::{RawGateway, RawUpstream};
use super::shape::{Shape, table};
use serde_json::{Value, json};
use std::fmt::Write;

/// The JSON Schema (2020-12) of the document.
pub fn schema() -> Value {
    let forms = Shape::Either(vec![RawGateway::shape(), RawUpstream::shape()]);
    let mut schema = forms.schema();
    if let Value::Object(members) = &mut schema {
        members.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        members.insert("title".to_owned(), json!("Tollgate"));
    }
    schema
}

/// The table of every path of the document, in Markdown.
pub fn paths() -> String {
    table(&RawGateway::shape())
}

/// The table of the presets, in Markdown.
pub fn presets() -> String {
    let mut out = String::from(
        "| preset | base URL | variable | credential | creator | operations |\n|---|---|---|---|---|---|\n",
    );
    let code = |text: &str| if text.is_empty() { "-".to_owned() } else { format!("`{text}`") };
    for preset in PRESETS {
        let auth = match preset.auth {
            AuthStyle::Bearer => "authorization: Bearer",
            AuthStyle::Header(name) => name,
        };
        let operations: Vec<_> = preset.operations.iter().map(|operation| operation.word()).collect();
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | `{auth}` | {} | {} |",
            preset.name,
            code(preset.base_url),
            code(preset.env),
            code(preset.creator.unwrap_or_default()),
            operations.join(", ")
        );
    }
    out
}
