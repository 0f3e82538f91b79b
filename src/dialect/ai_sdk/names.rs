//! Names of provider tools: a client has its own word for each, under which its SDK looks for it.

use crate::chat::{Ext, Owner, Raw, Request, Tool, ToolKind};

/// Where the client's word stands in a tool of the intermediate form: beside the definition, which is its owner's.
const NAME: &str = "name";

/// The owners' words and the client's.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<(String, String)>);

/// A provider tool with the client's word for it.
pub(super) fn named(owner: Owner, definition: Raw, client: &str) -> Tool {
    let value = Raw::of(&serde_json::Value::from(client));
    let ext = vec![Ext { owner, key: NAME.to_owned(), value, required: false }];
    Tool { ext, ..Tool::new(ToolKind::Builtin { owner, definition }) }
}

impl Names {
    /// Of a request's tools.
    pub fn of(request: &Request) -> Names {
        let name = |tool: &Tool| {
            let ToolKind::Builtin { definition, .. } = &tool.kind else { return None };
            let definition = definition.json().object()?;
            let client = tool.ext.iter().find(|ext| ext.key == NAME)?.value.json().string()?;
            Some((definition.string("name").or_else(|| definition.string("type"))?, client))
        };
        Names(request.tools.iter().filter_map(name).collect())
    }

    /// The owner's word for the client's.
    pub fn native<'a>(&'a self, client: &'a str) -> &'a str {
        self.0.iter().find(|(_, known)| known == client).map_or(client, |(native, _)| native)
    }

    /// The client's word for the owner's; `None` where the client did not ask for such a tool.
    pub fn client(&self, native: &str) -> Option<&str> {
        let is_it = |known: &str| known == native || known.strip_suffix("_preview") == Some(native);
        self.0.iter().find(|(known, _)| is_it(known)).map(|(_, client)| client.as_str())
    }
}
