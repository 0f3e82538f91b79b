//! How an answer ends: why, and what stands beside it.

use super::citation;
use crate::chat::json::{ObjectWriter, list};
use crate::chat::{Citation, Ext, Finish, Format, Media, Owner, Raw, Reason, Source};
use crate::dialect::openai::chat::{Extras, image};

/// `stop_reason`, `stop_sequence`, and `stop_details` where there are some (line 33).
pub(super) fn write(finish: &Finish, has_refused: bool, o: &mut ObjectWriter<'_>) {
    let word = match finish.reason {
        Reason::Calls => "tool_use",
        Reason::Length if finish.raw == "model_context_window_exceeded" => "model_context_window_exceeded",
        Reason::Length => "max_tokens",
        Reason::Filter | Reason::Refusal => "refusal",
        Reason::Pause => "pause_turn",
        Reason::Stop | Reason::Error if has_refused => "refusal",
        Reason::Stop if finish.stop_sequence.is_some() => "stop_sequence",
        Reason::Stop | Reason::Error => "end_turn",
    };
    o.set("stop_reason", word);
    o.set("stop_sequence", finish.stop_sequence.as_deref());
    o.maybe_raw("stop_details", details(finish));
}

/// What Anthropic says of a refusal.
fn details(finish: &Finish) -> Option<&Raw> {
    let is_refusal = |raw: &&Raw| raw.json().object().is_some_and(|o| o.text("type").as_deref() == Some("refusal"));
    finish.detail.as_ref().filter(is_refusal)
}

/// Whether a refusal's words stand in `stop_details`: then they are no text.
pub(super) fn is_explained(finish: &Finish) -> bool {
    let explanation = |raw: &Raw| raw.json().object()?.string("explanation");
    details(finish).and_then(explanation).is_some_and(|text| !text.is_empty())
}

/// What the gateway says of itself.
pub(super) fn gateway(said: Option<&Raw>, o: &mut ObjectWriter<'_>) {
    if let Some(said) = said {
        o.object("provider_metadata", |o| o.raw("gateway", said));
    }
}

/// What stands beside an answer: Anthropic's own members in their places, all else together.
#[derive(Debug, Default)]
pub(super) struct Beside {
    ours: Vec<Ext>,
    images: Vec<Media>,
    images_held: usize,
    pub extras: Extras,
}

impl Beside {
    /// A member that a provider tells.
    pub fn native(&mut self, ext: &Ext) {
        let is_ours = ext.owner == Owner::Anthropic;
        if is_ours { self.ours.push(ext.clone()) } else { self.extras.native(ext) }
    }

    /// A citation that no block holds: of another format, or of a block that has ended.
    pub fn cite(&mut self, citation: &Citation) {
        let raw = match citation {
            Citation::Url(_) => citation::shape(citation),
            Citation::Native { raw, .. } => Some(raw.clone()),
        };
        let native = raw.map(|raw| Citation::Native { format: Format::Anthropic, raw });
        native.iter().for_each(|native| self.extras.cite(native, 0, 0));
    }

    /// An image, for which no block is.
    pub fn image(&mut self, media: &Media) {
        if let Source::Base64(text) | Source::Url(text) = &media.source {
            self.images_held = self.images_held.saturating_add(text.len());
            self.images.push(media.clone());
        }
    }

    /// Bytes that wait.
    pub fn held(&self) -> usize {
        self.ours.iter().map(|ext| ext.value.get().len()).sum::<usize>() + self.images_held + self.extras.held
    }

    /// `container`, which in a stream stands beside the reason.
    pub fn container(&self, o: &mut ObjectWriter<'_>) {
        self.ours.iter().filter(|ext| ext.key == "container").for_each(|ext| o.raw(&ext.key, &ext.value));
    }

    /// Everything else.
    pub fn rest(mut self, o: &mut ObjectWriter<'_>) {
        self.ours.iter().filter(|ext| ext.key != "container").for_each(|ext| o.raw(&ext.key, &ext.value));
        if !self.images.is_empty() {
            let mut out = Vec::new();
            list(&mut out, |l| self.images.iter().zip(0..).for_each(|(media, index)| image(media, index, l)));
            let value = String::from_utf8(out).ok().and_then(|text| Raw::parse(&text));
            let ext = value.map(|value| Ext { owner: Owner::OpenAi, key: "images".to_owned(), value, required: false });
            ext.iter().for_each(|ext| self.extras.native(ext));
        }
        self.extras.write(o);
    }
}
