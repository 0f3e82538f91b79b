//! What a request asks of routing: `providerOptions.gateway`, top-level `models`, `route` and `provider`.
//!
//! No option is ever ignored: each is honoured, turned into labels that targets must carry, or refused by name. The
//! table for users is docs/options.md.

use super::dear::{MaxPrice, is_by_cost};
use super::needs::Needs;
use crate::chat::Owner;
use crate::chat::json::Json;
use crate::config::Dialect;
use crate::error::Error;
use crate::operation::Operation;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What a request asks of routing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether the request has `providerOptions`, whatever they say.
    pub are_given: bool,
    /// Providers tried first, in this order; the others follow.
    pub order: Vec<String>,
    /// The only providers that may serve.
    pub only: Option<Vec<String>>,
    /// Providers that must not serve.
    pub ignore: Vec<String>,
    /// The cheapest first.
    pub by_cost: bool,
    /// The most that a target may charge.
    pub max_price: Option<MaxPrice>,
    /// Models tried after the asked one and its fallbacks.
    pub models: Vec<String>,
    /// One target, no other.
    pub no_fallback: bool,
    /// State kept at one account that the request names in a dialect's own options.
    pub bound: Option<Bound>,
    /// Labels that every target must carry, each with the option that asked for it.
    pub labels: Vec<(String, String)>,
    /// What it needs of a model, whatever it wishes.
    pub needs: Needs,
    /// Credentials of the caller's own, in the order in which they are tried.
    pub byok: Vec<super::byok::Own>,
    /// What a provider caches only when told to is marked for it.
    pub caching: bool,
    /// The end user, for attribution.
    pub user: Option<String>,
    /// Words for attribution.
    pub tags: Vec<String>,
}

/// State kept at one account of a dialect: the option that names it, and the dialects that know it.
pub(super) type Bound = (&'static str, &'static [Dialect]);

/// Most entries of any list of an option.
const MOST: usize = 64;

impl Options {
    /// Reads `providerOptions`: its `gateway` member. The others are a dialect's own, and count where requests are
    /// written in it.
    pub fn read_provider_options(&mut self, raw: &[u8], operation: Operation) -> Result<(), Error> {
        self.are_given = true;
        for (owner, value) in members(raw, "providerOptions")? {
            let path = format!("providerOptions.{owner}");
            for (name, value) in members(value.get().as_bytes(), &path)? {
                let path = format!("{path}.{name}");
                match owner.as_str() {
                    "gateway" => self.gateway_option(&name, value.get(), &path)?,
                    _ if is_taken(&owner, operation) => self.bound = self.bound.or(bound(&owner, &name, value)),
                    _ => return Err(not_honoured(&path)),
                }
            }
        }
        Ok(())
    }

    fn gateway_option(&mut self, name: &str, value: &str, path: &str) -> Result<(), Error> {
        match name {
            "order" => self.set_order(words(value, path)?, path)?,
            "only" => self.set_only(words(value, path)?, path)?,
            "models" => self.models.extend(words(value, path)?),
            "byok" => self.byok = super::byok::of_option(value, path)?,
            "sort" if is_by_cost(value, "cost") => self.by_cost = true,
            "caching" => self.caching = auto(value, path)?,
            "user" => self.user = Some(user(value, path)?),
            "tags" => self.tags = tags(value, path)?,
            "zeroDataRetention" => self.flag(value, path, "zdr")?,
            "disallowPromptTraining" => self.flag(value, path, "no-training")?,
            "has" => self.abilities(words(value, path)?, path)?,
            "inferenceRegion" => self.region(value, path)?,
            "headquarters" => self.headquarters(value, path)?,
            _ => return Err(not_honoured(path)),
        }
        Ok(())
    }

    /// Reads the top-level `models` of chat completions.
    pub fn read_models(&mut self, raw: &[u8]) -> Result<(), Error> {
        let models: Vec<String> = parse(raw, "models", "a list of model names")?;
        self.models.extend(bounded(models, "models")?);
        Ok(())
    }

    /// Reads the top-level `route` of chat completions, which says that `models` are fallbacks: they always are.
    pub fn read_route(raw: &[u8]) -> Result<(), Error> {
        match parse::<String>(raw, "route", "`fallback`")?.as_str() {
            "fallback" => Ok(()),
            _ => Err(Error::unsupported_option("route", "`route` must be `fallback`.")),
        }
    }

    /// Reads the top-level `provider` object of chat completions, after `providerOptions`.
    pub fn read_provider(&mut self, raw: &[u8]) -> Result<(), Error> {
        let mut stays = false;
        for (name, value) in members(raw, "provider")? {
            let (path, value) = (format!("provider.{name}"), value.get());
            match name.as_str() {
                "order" => self.set_order(words(value, &path)?, &path)?,
                "only" => self.set_only(words(value, &path)?, &path)?,
                "ignore" => self.ignore = words(value, &path)?,
                "sort" if is_by_cost(value, "price") => self.by_cost = true,
                "max_price" => self.max_price = Some(MaxPrice::read(value, &path)?),
                "allow_fallbacks" => stays = !parse::<bool>(value.as_bytes(), &path, "true or false")?,
                "zdr" => self.flag(value, &path, "zdr")?,
                "data_collection" => match text(value, &path, 16)?.as_str() {
                    "allow" => {}
                    "deny" => self.require(vec!["no-training".to_owned()], &path),
                    _ => return Err(Error::unsupported_option(&path, format!("`{path}` must be `allow` or `deny`."))),
                },
                "quantizations" => self.quantizations(words(value, &path)?, &path)?,
                "require_parameters" | "enforce_distillable_text" => not_asked(value, &path)?,
                _ => return Err(not_honoured(&path)),
            }
        }
        if stays {
            self.stay();
        }
        Ok(())
    }

    /// No provider but the chosen ones: those of `order` where there is one, else the plan's first target.
    fn stay(&mut self) {
        if self.order.is_empty() {
            self.no_fallback = true;
            return;
        }
        let mut chosen = self.order.clone();
        if let Some(only) = &self.only {
            chosen.retain(|word| only.contains(word));
        }
        self.only = Some(chosen);
    }

    /// Two places may say `order`, but not two orders.
    fn set_order(&mut self, order: Vec<String>, path: &str) -> Result<(), Error> {
        if !self.order.is_empty() && self.order != order {
            return Err(said_otherwise(path));
        }
        self.order = order;
        Ok(())
    }

    fn set_only(&mut self, only: Vec<String>, path: &str) -> Result<(), Error> {
        if self.only.as_ref().is_some_and(|have| *have != only) {
            return Err(said_otherwise(path));
        }
        self.only = Some(only);
        Ok(())
    }

    fn flag(&mut self, value: &str, path: &str, label: &str) -> Result<(), Error> {
        if parse::<bool>(value.as_bytes(), path, "true or false")? {
            self.require(vec![label.to_owned()], path);
        }
        Ok(())
    }

    fn require(&mut self, labels: Vec<String>, option: &str) {
        self.labels.extend(labels.into_iter().map(|label| (label, option.to_owned())));
    }

    /// Abilities are labels; a label has no colon (`quantization:fp8` is `quantization-fp8`), and none says what is not.
    fn abilities(&mut self, abilities: Vec<String>, path: &str) -> Result<(), Error> {
        if abilities.iter().any(|ability| ability.starts_with('!')) {
            return Err(not_honoured(path));
        }
        self.require(abilities.into_iter().map(|ability| ability.replace(':', "-")).collect(), path);
        Ok(())
    }

    /// One is a label; a choice of several cannot be said in labels.
    fn quantizations(&mut self, quantizations: Vec<String>, path: &str) -> Result<(), Error> {
        match quantizations.as_slice() {
            [] => Ok(()),
            [one] => {
                self.require(vec![format!("quantization-{one}")], path);
                Ok(())
            }
            _ => Err(not_honoured(path)),
        }
    }

    fn region(&mut self, value: &str, path: &str) -> Result<(), Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Region {
            scope: String,
            #[serde(rename = "geoRegion")]
            geo_region: Option<String>,
        }
        let region: Region = parse(value.as_bytes(), path, "{scope, geoRegion}")?;
        match (region.scope.as_str(), region.geo_region) {
            ("global", None) => Ok(()),
            ("zone", Some(zone)) => {
                self.require(vec![zone], path);
                Ok(())
            }
            _ => Err(not_honoured(path)),
        }
    }

    /// `["US"]` asks for the label `hq-us`; a choice of countries or an exclusion cannot be said in labels.
    fn headquarters(&mut self, value: &str, path: &str) -> Result<(), Error> {
        match words(value, path)?.as_slice() {
            [] => Ok(()),
            [country] if !country.starts_with('!') => {
                self.require(vec![format!("hq-{}", country.to_ascii_lowercase())], path);
                Ok(())
            }
            _ => Err(not_honoured(path)),
        }
    }
}

fn not_honoured(path: &str) -> Error {
    Error::unsupported_option(path, format!("The option `{path}` is not honoured here."))
}

/// Whether anybody who serves the operation can take options under this name. A client's own dialect has them at the top
/// level of the body. The AI SDK's has no such place, and its applications say what they might need of any provider.
fn is_taken(owner: &str, operation: Operation) -> bool {
    let of_options = Owner::of_options(owner);
    match operation {
        Operation::LanguageModel | Operation::EmbeddingModel => true,
        Operation::Messages | Operation::CountTokens => of_options.is_some_and(|owner| owner != Owner::Anthropic),
        _ => operation.is_translated() && of_options.is_some_and(|owner| owner != Owner::OpenAi),
    }
}

/// State that an option names. A container can also be described, for a new one.
fn bound(owner: &str, name: &str, value: &RawValue) -> Option<Bound> {
    let is_text = |json: Json<'_>| json.text().is_some();
    let names_one = |json: Json<'_>| is_text(json) || json.object().and_then(|o| o.get("id")).is_some_and(is_text);
    match (owner, name) {
        ("google" | "vertex", "cachedContent") => Some(("cachedContent", &[Dialect::Gemini, Dialect::Vertex])),
        ("anthropic", "container") if names_one(Json::of(value)) => Some(("container", &[Dialect::Anthropic])),
        ("openai" | "azure", "previousResponseId") => Some(("previousResponseId", &[Dialect::OpenAi])),
        ("openai" | "azure", "conversation") => Some(("conversation", &[Dialect::OpenAi])),
        _ => None,
    }
}

fn said_otherwise(path: &str) -> Error {
    Error::unsupported_option(path, format!("`{path}` differs from the same option in `providerOptions.gateway`."))
}

/// An option that is not honoured when it is set, and asks for nothing when it is not.
fn not_asked(value: &str, path: &str) -> Result<(), Error> {
    if parse::<bool>(value.as_bytes(), path, "true or false")? { Err(not_honoured(path)) } else { Ok(()) }
}

fn parse<'a, T: Deserialize<'a>>(raw: &'a [u8], path: &str, expected: &str) -> Result<T, Error> {
    serde_json::from_slice(raw).map_err(|_| Error::unsupported_option(path, format!("`{path}` must be {expected}.")))
}

/// The members of an object, without those that are null: null is absent.
fn members<'a>(raw: &'a [u8], path: &str) -> Result<BTreeMap<String, &'a RawValue>, Error> {
    let all: BTreeMap<String, &RawValue> = parse(raw, path, "an object")?;
    Ok(all.into_iter().filter(|(_, value)| value.get() != "null").collect())
}

fn words(value: &str, path: &str) -> Result<Vec<String>, Error> {
    bounded(parse(value.as_bytes(), path, "a list of strings")?, path)
}

fn bounded<T: DeserializeOwned>(list: Vec<T>, path: &str) -> Result<Vec<T>, Error> {
    if list.len() > MOST {
        let message = format!("`{path}` has more than {MOST} entries.");
        return Err(Error::unsupported_option(path, message));
    }
    Ok(list)
}

fn text(value: &str, path: &str, cap: usize) -> Result<String, Error> {
    let text: String = parse(value.as_bytes(), path, "a string")?;
    if text.chars().count() > cap {
        return Err(Error::unsupported_option(path, format!("`{path}` is longer than {cap} characters.")));
    }
    Ok(text)
}

fn auto(value: &str, path: &str) -> Result<bool, Error> {
    match text(value, path, 16)?.as_str() {
        "auto" => Ok(true),
        _ => Err(Error::unsupported_option(path, format!("`{path}` must be `auto`."))),
    }
}

fn user(value: &str, path: &str) -> Result<String, Error> {
    let user = text(value, path, 256)?;
    if user.is_empty() {
        return Err(Error::unsupported_option(path, format!("`{path}` is empty.")));
    }
    Ok(user)
}

fn tags(value: &str, path: &str) -> Result<Vec<String>, Error> {
    let tags = words(value, path)?;
    if tags.len() > 10 || tags.iter().any(|tag| tag.is_empty() || tag.chars().count() > 64) {
        let message = format!("`{path}` must be at most 10 tags of 1 to 64 characters.");
        return Err(Error::unsupported_option(path, message));
    }
    Ok(tags)
}

#[cfg(test)]
mod tests;
