//! `usageMetadata`: counts that grow from chunk to chunk.

use crate::chat::json::{Json, Object};
use crate::meter::Usage;

/// A modality's word, and its number for clients that want numbers for words: TEXT, IMAGE, VIDEO, AUDIO, DOCUMENT.
type Modality = (&'static str, &'static str);
const AUDIO: Modality = ("AUDIO", "4");
const IMAGE: Modality = ("IMAGE", "2");

/// The tokens of one modality in a list.
fn of(list: Json<'_>, (word, number): Modality) -> Option<u64> {
    // Every chunk has such lists, and nearly all tell of text alone.
    if list.get().contains("\"TEXT\"") && !list.get().contains(word) {
        return None;
    }
    let counts = list.items()?.filter_map(Json::object).filter_map(|entry| {
        let modality = entry.get("modality")?;
        let is_it = modality.text().map_or(modality.get() == number, |text| text == word);
        if is_it { entry.count("tokenCount") } else { None }
    });
    counts.reduce(u64::saturating_add)
}

/// The last count of each kind (rule 17).
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    prompt: Option<u64>,
    /// What the provider's own tools put in.
    tools: Option<u64>,
    cached: Option<u64>,
    candidates: Option<u64>,
    thoughts: Option<u64>,
    total: Option<u64>,
    audio_prompt: Option<u64>,
    audio_tools: Option<u64>,
    audio_cached: Option<u64>,
    image_prompt: Option<u64>,
    audio_out: Option<u64>,
    image_out: Option<u64>,
    tier: Option<String>,
}

impl Counts {
    /// Takes over a report; whether there is a count in it (a traffic type alone is no report).
    pub fn read(&mut self, metadata: &Object<'_>) -> bool {
        let mut has_counts = false;
        let mut keep = |ours: &mut Option<u64>, theirs: Option<u64>| {
            has_counts |= theirs.is_some();
            *ours = theirs.or(*ours);
        };
        let (mut service, mut traffic) = (None, None);
        for (name, json) in metadata.iter() {
            match name {
                "promptTokenCount" => keep(&mut self.prompt, json.count()),
                "toolUsePromptTokenCount" => keep(&mut self.tools, json.count()),
                "cachedContentTokenCount" => keep(&mut self.cached, json.count()),
                "candidatesTokenCount" => keep(&mut self.candidates, json.count()),
                "thoughtsTokenCount" => keep(&mut self.thoughts, json.count()),
                "totalTokenCount" => keep(&mut self.total, json.count()),
                "promptTokensDetails" => {
                    keep(&mut self.audio_prompt, of(json, AUDIO));
                    keep(&mut self.image_prompt, of(json, IMAGE));
                }
                "cacheTokensDetails" => keep(&mut self.audio_cached, of(json, AUDIO)),
                "toolUsePromptTokensDetails" => keep(&mut self.audio_tools, of(json, AUDIO)),
                "candidatesTokensDetails" => {
                    keep(&mut self.audio_out, of(json, AUDIO));
                    keep(&mut self.image_out, of(json, IMAGE));
                }
                "serviceTier" => service = json.string(),
                "trafficType" => traffic = json.string(),
                _ => {}
            }
        }
        self.tier = service.or(traffic).or(self.tier.take());
        has_counts
    }

    /// In the words of no provider: input has what tools put in, output has the thoughts (rule 18).
    pub fn usage(&self) -> Usage {
        let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        let input = sum(self.prompt, self.tools);
        // Counts of zero are left out; a total that is the input says that there was no output.
        let none = self.total.filter(|total| Some(*total) == input).map(|_| 0);
        Usage {
            input,
            cache_read: self.cached,
            audio_in: sum(self.audio_prompt, self.audio_tools),
            cached_audio: self.audio_cached,
            image_in: self.image_prompt,
            output: sum(self.candidates, self.thoughts).or(none),
            reasoning: self.thoughts,
            audio_out: self.audio_out,
            image_out: self.image_out,
            tier: self.tier.clone(),
            ..Usage::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(metadata: &str) -> Usage {
        let mut counts = Counts::default();
        counts.read(&Object::parse(metadata.as_bytes()).unwrap());
        counts.usage()
    }

    #[test]
    fn parts_by_what_they_are() {
        let usage = read(
            r#"{"promptTokenCount":100,"cachedContentTokenCount":60,"candidatesTokenCount":5,"promptTokensDetails":[
                {"modality":"TEXT","tokenCount":50},{"modality":"AUDIO","tokenCount":40},{"modality":"IMAGE","tokenCount":10}],
                "cacheTokensDetails":[{"modality":"TEXT","tokenCount":45},{"modality":"AUDIO","tokenCount":15}]}"#,
        );
        assert_eq!([usage.cache_read, usage.audio_in, usage.cached_audio, usage.image_in], [60, 40, 15, 10].map(Some));
    }

    #[test]
    fn a_total_that_is_the_input_says_that_there_was_no_output() {
        assert_eq!(read(r#"{"promptTokenCount":14,"totalTokenCount":14}"#).output, Some(0));
        let tools = r#"{"promptTokenCount":14,"toolUsePromptTokenCount":3,"totalTokenCount":17}"#;
        assert_eq!(read(tools).output, Some(0));
        assert_eq!(read(r#"{"promptTokenCount":14,"totalTokenCount":20}"#).output, None);
        assert_eq!(read(r#"{"promptTokenCount":14}"#).output, None);
        assert_eq!(read(r#"{"promptTokenCount":14,"candidatesTokenCount":6,"totalTokenCount":14}"#).output, Some(6));
    }
}
