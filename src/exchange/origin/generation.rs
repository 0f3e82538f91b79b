//! `GET /v1/generation?id=`: what is known of a request that has ended, for the key that made it.

use super::Visit;
use super::query::Query;
use crate::access::Caller;
use crate::chat::Raw;
use crate::chat::json::{ObjectWriter, object};
use crate::clock::rfc3339;
use crate::config::{Config, Expose};
use crate::error::{Class, Error, printable};
use crate::exchange::report::{Ended, Report, provider_name};
use crate::generation::{Owner, Record, find};
use crate::meter::usd;

/// What is kept of a request; `None` where nobody was asked.
pub fn record(report: &Report, config: &Config) -> Option<Record> {
    let usage = &report.usage;
    let finish = match report.ended {
        Ended::Complete | Ended::ClientLeft => report.finish.as_deref().unwrap_or("unknown"),
        Ended::UpstreamCut | Ended::Refused | Ended::Failed => "error",
    };
    let searches = usage.server_tools.iter().find(|(tool, _)| tool == "web_search");
    Some(Record {
        id: report.generation.clone(),
        owner: owner(report.caller.as_ref()?),
        started: report.started,
        model: report.model.clone()?,
        provider: provider_name(config, report.provider?).to_owned(),
        is_byok: report.credential.as_deref() == Some("byok"),
        streamed: report.stream.unwrap_or(false),
        finish: finish.to_owned(),
        latency_ms: report.ttft_ms,
        duration_ms: report.duration_ms,
        input: usage.input,
        cache_read: usage.cache_read,
        cache_write: usage.cache_write,
        output: usage.output,
        reasoning: usage.reasoning,
        estimated: usage.estimated,
        web_searches: searches.map(|(_, runs)| *runs),
        cost: report.charge.cost,
        uncached: report.uncached,
    })
}

fn owner(caller: &Caller) -> Owner {
    Owner { id: caller.id.clone(), has_key: caller.key.is_some() }
}

/// The body. One that somebody else made is as unknown as one that never was.
pub fn generation(visit: Visit<'_>, query: Query<'_>) -> Result<Vec<u8>, Error> {
    let missing = || Error::bad_body("The query names no generation: `?id=gen_...`.").at("id");
    let id = query.get("id").ok_or_else(missing)?;
    let record = find(visit.cells, &id).filter(|record| record.owner == owner(visit.caller)).ok_or_else(|| {
        let id = printable(&id);
        let message = format!("The generation `{id}` is not known here, has not ended, or is no longer kept.");
        Error::new(Class::BadRequest, 404, "invalid_request_error", "generation_not_found", message)
    })?;
    let mut out = Vec::new();
    object(&mut out, |o| o.object("data", |o| write(&record, visit.config, o)));
    Ok(out)
}

/// The shape has no place for what is not known: numbers are 0 then, money too.
fn write(record: &Record, config: &Config, o: &mut ObjectWriter<'_>) {
    let provider = if config.expose == Expose::Full { &*record.provider } else { "gateway" };
    o.set("id", &record.id);
    money(record, o);
    o.set("created_at", rfc3339(record.started));
    o.set("model", &record.model);
    o.set("is_byok", record.is_byok);
    o.set("provider_name", provider);
    o.set("streamed", record.streamed);
    o.set("finish_reason", &record.finish);
    for (name, number) in [
        ("latency", record.latency_ms),
        ("generation_time", Some(record.duration_ms)),
        ("tokens_prompt", record.input),
        ("tokens_completion", record.output),
        ("native_tokens_prompt", record.input),
        ("native_tokens_completion", record.output),
        ("native_tokens_reasoning", record.reasoning),
        ("native_tokens_cached", record.cache_read),
        ("native_tokens_cache_creation", record.cache_write),
        ("billable_web_search_calls", record.web_searches),
    ] {
        o.set(name, number.unwrap_or(0));
    }
}

/// Numbers of USD. What a caller pays its provider itself costs the gateway nothing, and is told apart.
fn money(record: &Record, o: &mut ObjectWriter<'_>) {
    let cost = record.cost.map_or(0, |cost| cost.pico);
    let (spent, own) = if record.is_byok { (0, cost) } else { (cost, 0) };
    let numbers = [("total_cost", spent), ("upstream_inference_cost", own), ("usage", spent)];
    for (name, pico) in numbers.into_iter().chain(record.uncached.map(|pico| ("cost_without_cache", pico))) {
        o.maybe_raw(name, Raw::parse(&usd(pico)).as_ref());
    }
    o.set("cost_source", record.cost.map_or("unknown", |cost| cost.source.word()));
    o.set("estimated", record.estimated);
}
