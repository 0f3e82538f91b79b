//! `warnings`: what the target dropped, in the SDK's names.

use crate::chat::Request;
use crate::chat::json::{ListWriter, ObjectWriter};
use crate::dialect::{Client, Dropped, Spec, words};
use crate::operation::Operation;

/// What was dropped, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Warnings(Vec<String>);

impl Warnings {
    /// Of a request and the target that answers it. What was said to one provider alone is no loss where another answers.
    pub fn new(request: &Request, dropped: &Dropped) -> Warnings {
        let is_own = |field: &&str| request.ext.iter().any(|ext| ext.key == **field);
        let lost = dropped.fields().iter().map(|field| &**field).filter(|field| !is_own(field));
        let unmet = request.unmet.iter().copied().filter(|field| !dropped.fields().iter().any(|known| known == field));
        Warnings(lost.chain(unmet).map(name).collect())
    }

    /// Of a request for embeddings.
    pub fn of(dropped: &Dropped) -> Warnings {
        Warnings(dropped.fields().iter().map(|field| name(field)).collect())
    }

    /// Writes the items of the list.
    pub fn write(&self, spec: Spec, l: &mut ListWriter<'_>) {
        let (kind, member) = match spec {
            Spec::V2 => ("unsupported-setting", "setting"),
            Spec::V3 | Spec::V4 => ("unsupported", "feature"),
        };
        for feature in &self.0 {
            l.object(|o: &mut ObjectWriter<'_>| {
                o.set("type", kind);
                o.set(member, feature);
            });
        }
    }
}

fn name(field: &str) -> String {
    words::of(Client::AiSdk(Spec::V4), Operation::LanguageModel, field).unwrap_or(field).to_owned()
}
