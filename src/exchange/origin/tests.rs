use super::*;
use crate::dialect::Spec;
use crate::exchange::{Mint, Report};
use crate::generation::{Lane, keep};
use crate::health::Memory;
use crate::meter::{Cost, Source};
use crate::testing::{chat_ask, exchange};
use serde_json::{Value, json};
use std::rc::Rc;

/// What each of the tests' providers and models is there for stands in its name.
fn config(more: Value) -> Rc<Config> {
    let provider = |name: &str, preset: &str, labels: Value| json!({"name": name, "preset": preset, "credentials": [{"value": "key"}], "labels": labels});
    let model = |name: &str, providers: &[&str], more: Value| {
        let targets: Vec<Value> =
            providers.iter().map(|one| json!({"provider": one, "model": format!("{name}-at-{one}")})).collect();
        let mut model = json!({"name": name, "targets": targets});
        model.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        model
    };
    let price = json!({"input": "0.2", "cached_input": "0.05", "cache_write_5m": "0.25", "cache_write_1h": "0.4", "output": "0.8"});
    let known = json!({"aliases": ["known"], "supports": ["tools", "vision", "json_schema"], "context_window": 1000,
        "max_output": 100, "price": price});
    let mut document = json!({
        "role": "gateway",
        "providers": [provider("openai", "openai", json!([])), provider("anthropic", "anthropic", json!(["eu"]))],
        "models": [
            model("acme/known", &["openai", "anthropic"], known),
            model("acme/unknown", &["openai"], json!({})),
            model("acme/claude", &["anthropic"], json!({"price": {"input": "3"}})),
            model("acme/both", &["openai", "anthropic"], json!({})),
            model("secret/model", &["openai"], json!({})),
        ],
        "groups": [{"name": "all", "models": ["acme/*", "secret/*"]}, {"name": "eu", "models": ["acme/*"], "labels": ["eu"]}],
        "access": {"allow_unauthenticated": true},
    });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Rc::new(Config::load(document.to_string().as_bytes(), &|_| None).unwrap())
}

fn caller(id: &str, group: usize) -> Caller {
    Caller { id: id.to_owned(), key: None, group: Some(group) }
}

fn ask(config: &Config, caller: &Caller, client: Client, path: &str) -> Result<Value, Error> {
    let visit = Visit { config, caller, client, cells: &Memory::default(), now: 0 };
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let body = answer(visit, path, query).expect("served")?;
    Ok(serde_json::from_slice(&body).expect("JSON"))
}

/// A GET of somebody who may use everything.
fn get(client: Client, path: &str) -> Value {
    ask(&config(json!({})), &caller("a", 0), client, path).unwrap()
}

fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect()
}

#[test]
fn what_is_known_of_a_model_is_said_and_nothing_else() {
    let known = json!({
        "id": "acme/known", "object": "model", "created": 0, "owned_by": "acme", "name": "acme/known",
        "context_window": 1000, "max_tokens": 100, "type": "language", "tags": ["tool-use", "vision", "structured-output"],
        "pricing": {"input": "0.0000002", "output": "0.0000008", "input_cache_read": "0.00000005", "input_cache_write": "0.00000025"},
    });
    let unknown =
        json!({"id": "acme/unknown", "object": "model", "created": 0, "owned_by": "acme", "name": "acme/unknown"});
    let list = get(Client::OpenAi, "/v1/models?include_mappings=true&x");
    assert_eq!(list["object"], "list");
    assert_eq!((&list["data"][0], &list["data"][1]), (&known, &unknown));
    assert_eq!(ids(&list), ["acme/known", "acme/unknown", "acme/claude", "acme/both", "secret/model"]);
    for path in ["/v1/models/acme/known", "/v1/models/acme%2Fknown", "/v1/models/known"] {
        assert_eq!(get(Client::OpenAi, path), known);
        assert_eq!(get(Client::AiSdk(Spec::V4), path), known);
    }
}

/// OpenAI serves many kinds of models, Anthropic one.
#[test]
fn the_kind_of_a_model_is_told_where_its_providers_leave_only_one() {
    for (model, kind) in [
        ("known", json!("language")),
        ("unknown", Value::Null),
        ("claude", json!("language")),
        ("both", json!("language")),
    ] {
        assert_eq!(get(Client::OpenAi, &format!("/v1/models/acme/{model}"))["type"], kind, "{model}");
    }
}

#[test]
fn only_what_the_caller_may_use_is_there() {
    let (config, eu) = (config(json!({})), caller("a", 1));
    let seen = |path: &str| ask(&config, &eu, Client::OpenAi, path);
    assert_eq!(ids(&seen("/v1/models").unwrap()), ["acme/known", "acme/claude", "acme/both"]);
    for path in
        ["acme/unknown", "secret/model", "acme/unknown/endpoints", "secret/model/endpoints", "none", "", "/endpoints"]
    {
        let error = seen(&format!("/v1/models/{path}")).unwrap_err();
        assert_eq!((error.status, error.code.as_deref()), (404, Some("model_not_found")), "{path}");
    }
    let endpoints = seen("/v1/models/acme/known/endpoints").unwrap();
    assert_eq!(endpoints["data"]["endpoints"].as_array().unwrap().len(), 1);
}

#[test]
fn catalogued_models_are_listed_with_what_the_catalog_knows() {
    let group =
        json!({"groups": [{"name": "all", "models": ["*"]}], "models": [{"name": "openai/gpt-4o", "max_output": 7}]});
    let config = config(group);
    let seen = |client, path: &str| ask(&config, &caller("a", 0), client, path).unwrap();
    let list = seen(Client::OpenAi, "/v1/models");
    assert_eq!(ids(&list)[0], "openai/gpt-4o");
    assert!(ids(&list).len() > 60 && ids(&list).contains(&"anthropic/claude-sonnet-4-5"));
    assert!(!ids(&list).iter().any(|id| id.starts_with("google/") || id.starts_with("meta/")), "{list}");
    assert_eq!(ids(&list).iter().filter(|id| **id == "openai/gpt-4o").count(), 1);
    assert_eq!(list["data"][0]["max_tokens"], 7);
    let five = json!({
        "id": "openai/gpt-5", "object": "model", "created": 0, "owned_by": "openai", "name": "openai/gpt-5",
        "context_window": 400000, "max_tokens": 128000, "type": "language",
        "tags": ["tool-use", "vision", "structured-output", "reasoning", "file-input"],
        "pricing": {"input": "0.00000125", "output": "0.00001", "input_cache_read": "0.000000125"},
    });
    for name in ["openai/gpt-5", "gpt-5"] {
        assert_eq!(seen(Client::OpenAi, &format!("/v1/models/{name}")), five);
    }
    let endpoints = seen(Client::OpenAi, "/v1/models/openai/gpt-5/endpoints");
    assert_eq!(endpoints["data"]["endpoints"][0]["pricing"]["completion"], "0.00001");
    let info = seen(Client::Anthropic, "/v1/models/anthropic/claude-sonnet-4.5");
    assert_eq!((&info["id"], &info["max_tokens"]), (&json!("anthropic/claude-sonnet-4-5"), &json!(64000)));
    let models = seen(Client::AiSdk(Spec::V4), "/v4/ai/config")["models"].clone();
    let embeds =
        models.as_array().unwrap().iter().find(|model| model["id"] == "openai/text-embedding-3-small").unwrap();
    assert_eq!(embeds["modelType"], "embedding");
}

#[test]
fn endpoints_of_a_model() {
    let body = get(Client::OpenAi, "/v1/models/acme/known/endpoints");
    let data = &body["data"];
    assert_eq!((&data["id"], &data["name"], &data["created"]), (&json!("acme/known"), &json!("acme/known"), &json!(0)));
    let expected = json!({"tokenizer": null, "instruct_type": null, "modality": null,
        "input_modalities": ["text", "image"], "output_modalities": ["text"]});
    assert_eq!(data["architecture"], expected);
    let endpoint = json!({
        "name": "openai | acme/known-at-openai", "model_name": "acme/known", "context_length": 1000,
        "pricing": {"prompt": "0.0000002", "completion": "0.0000008", "input_cache_read": "0.00000005", "input_cache_write": "0.00000025"},
        "provider_name": "openai", "tags": ["tool-use", "vision", "structured-output"], "quantization": null,
        "max_completion_tokens": 100, "max_prompt_tokens": null,
        "supported_parameters": ["tools", "tool_choice", "response_format", "structured_outputs"], "status": 0,
        "uptime_last_15m": null, "uptime_last_1h": null, "uptime_last_1d": null,
        "latency_last_1h": null, "throughput_last_1h": null,
    });
    assert_eq!(data["endpoints"][0], endpoint);
    assert_eq!(data["endpoints"][1]["name"], "anthropic | acme/known-at-anthropic");
    let unknown = &get(Client::OpenAi, "/v1/models/acme%2Funknown/endpoints")["data"];
    assert_eq!(
        (&unknown["architecture"]["input_modalities"], &unknown["endpoints"][0]["pricing"]),
        (&json!([]), &json!({}))
    );
    assert_eq!(unknown["endpoints"][0]["context_length"], Value::Null);
    let minimal =
        ask(&config(json!({"expose": "minimal"})), &caller("a", 0), Client::OpenAi, "/v1/models/acme/known/endpoints");
    assert_eq!(minimal.unwrap()["data"]["endpoints"], json!([]));
}

#[test]
fn pages_of_anthropics_list() {
    let info = json!({"type": "model", "id": "acme/known", "display_name": "acme/known", "created_at": "1970-01-01T00:00:00Z",
        "lifecycle": "active", "max_input_tokens": 1000, "max_tokens": 100});
    assert_eq!(get(Client::Anthropic, "/v1/models/known"), info);
    assert_eq!(get(Client::Anthropic, "/v1/models")["data"][0], info);
    let (a, b, c, d, e) = ("acme/known", "acme/unknown", "acme/claude", "acme/both", "secret/model");
    for (query, expected, more) in [
        ("", &[a, b, c, d, e][..], false),
        ("limit=1000&beta=true", &[a, b, c, d, e], false),
        ("limit=2", &[a, b], true),
        ("limit=2&after_id=acme/unknown", &[c, d], true),
        ("limit=2&after_id=acme%2Fclaude", &[d, e], false),
        ("after_id=secret/model", &[], false),
        ("limit=2&before_id=acme/both", &[b, c], true),
        ("limit=2&before_id=acme/claude", &[a, b], false),
        ("before_id=acme/known", &[], false),
        ("after_id=acme/known&before_id=acme/both", &[b, c], false),
        ("after_id=acme/both&before_id=acme/known", &[], false),
    ] {
        let page = get(Client::Anthropic, &format!("/v1/models?{query}"));
        assert_eq!((ids(&page), &page["has_more"]), (expected.to_vec(), &json!(more)), "{query}");
        let ends = (&page["first_id"], &page["last_id"]);
        assert_eq!(ends, (&json!(expected.first()), &json!(expected.last())), "{query}");
    }
    for (query, at) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("after_id=none", "after_id"),
        ("before_id=known", "before_id"),
    ] {
        let error =
            ask(&config(json!({})), &caller("a", 0), Client::Anthropic, &format!("/v1/models?{query}")).unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some(at)), "{query}");
    }
}

#[test]
fn the_ai_sdks_list_names_the_version_of_its_path() {
    for (spec, path, version) in
        [(Spec::V2, "/v1/ai/config", "v2"), (Spec::V3, "/v3/ai/config", "v3"), (Spec::V4, "/v4/ai/config", "v4")]
    {
        let body = get(Client::AiSdk(spec), path);
        let first = json!({
            "id": "acme/known", "name": "acme/known", "modelType": "language",
            "specification": {"specificationVersion": version, "provider": "gateway", "modelId": "acme/known"},
            "pricing": {"input": "0.0000002", "output": "0.0000008", "input_cache_read": "0.00000005", "input_cache_write": "0.00000025"},
        });
        assert_eq!(body["models"][0], first);
        // Neither a kind nor a whole price is known.
        assert_eq!((body["models"][1].get("modelType"), body["models"][2].get("pricing")), (None, None));
        assert_eq!(body["models"].as_array().unwrap().len(), 5);
    }
}

#[test]
fn credits_are_none() {
    assert_eq!(
        get(Client::AiSdk(Spec::V4), "/v1/credits?slug=x"),
        json!({"balance": "0", "total_used": "0", "budget": null})
    );
}

/// The report of a request that a provider has answered.
fn report(config: &Rc<Config>, generation: &str) -> Report {
    let exchange = exchange(config, chat_ask(r#"{"model":"acme/known","messages":[]}"#));
    let begun = exchange.begin(exchange.plan.targets[0].provider.cluster.as_bytes(), 5).unwrap().index;
    let mut report = exchange.report(345_000_000, Some(200), None);
    assert_eq!(begun, 0);
    report.generation = generation.to_owned();
    report.caller = Some(caller("alice", 0));
    report
}

#[test]
fn a_generation_is_there_for_who_made_it() {
    let (config, cells) = (config(json!({})), Memory::default());
    let mut mint = Mint::new(1, Lane::of(3));
    let ticket = mint.ticket();
    let id = mint.generation(ticket, 0);
    let mut report = report(&config, &id);
    report.started = 1_700_000_000_123_000_000;
    report.ended = crate::exchange::Ended::Complete;
    report.finish = Some("stop".into());
    report.ttft_ms = Some(12);
    report.usage.input = Some(30);
    report.usage.cache_read = Some(10);
    report.usage.output = Some(7);
    report.usage.server_tools = vec![("web_fetch".into(), 9), ("web_search".into(), 2)];
    let cost = |pico, source| Some(Cost { pico, source });
    report.charge.cost = cost(720_000_000, Source::Computed);
    report.uncached = Some(3_150_000_000);
    keep(&cells, &record(&report, &config).unwrap());
    let ask = |config: &Config, caller: &Caller, query: &str| {
        let visit = Visit { config, caller, client: Client::AiSdk(Spec::V4), cells: &cells, now: 0 };
        let body = answer(visit, "/v1/generation", query).unwrap()?;
        Ok::<Value, Error>(serde_json::from_slice(&body).unwrap())
    };
    let alice = caller("alice", 1);
    let query = format!("id={id}");
    let provider = report.provider.map(|index| config.providers[index].name.clone());
    let expected = json!({"data": {
        "id": id, "total_cost": 0.00072, "upstream_inference_cost": 0, "usage": 0.00072, "cost_without_cache": 0.00315,
        "cost_source": "computed", "estimated": false, "created_at": "2023-11-14T22:13:20.123Z",
        "model": "acme/known", "is_byok": false, "provider_name": provider, "streamed": false,
        "finish_reason": "stop", "latency": 12, "generation_time": 345, "tokens_prompt": 30, "tokens_completion": 7,
        "native_tokens_prompt": 30, "native_tokens_completion": 7, "native_tokens_reasoning": 0,
        "native_tokens_cached": 10, "native_tokens_cache_creation": 0, "billable_web_search_calls": 2,
    }});
    assert_eq!(ask(&config, &alice, &query).unwrap(), expected);
    for (credential, cost, total, own, source) in [
        ("byok", cost(1, Source::Reported), json!(0), json!(1e-12), "reported"),
        ("0", None, json!(0), json!(0), "unknown"),
    ] {
        let mut report = Report { credential: Some(credential.to_owned()), uncached: None, ..report.clone() };
        report.charge.cost = cost;
        report.usage.estimated = cost.is_none();
        keep(&cells, &record(&report, &config).unwrap());
        let data = &ask(&config, &alice, &query).unwrap()["data"];
        assert_eq!((&data["total_cost"], &data["usage"]), (&total, &total));
        assert_eq!((&data["upstream_inference_cost"], data["cost_source"].as_str()), (&own, Some(source)));
        assert_eq!(data["estimated"], cost.is_none());
        assert!(data.get("cost_without_cache").is_none());
    }
    keep(&cells, &record(&report, &config).unwrap());
    let minimal = self::config(json!({"expose": "minimal"}));
    assert_eq!(ask(&minimal, &alice, &query).unwrap()["data"]["provider_name"], "gateway");

    let key = Caller { key: Some(0), ..alice.clone() };
    let unknown = ask(&config, &alice, "id=gen_01HF7YAT000000000000000000").unwrap_err();
    for other in [key, caller("bob", 0), caller("", 0)] {
        let error = ask(&config, &other, &query).unwrap_err();
        assert_eq!((error.status, error.code.as_deref()), (404, Some("generation_not_found")));
        assert_eq!(error.message.replace(&id, ""), unknown.message.replace("gen_01HF7YAT000000000000000000", ""));
    }
    for query in ["", "id=", "di=x"] {
        assert_eq!(ask(&config, &alice, query).unwrap_err().status, 400);
    }
}

#[test]
fn what_is_kept_of_a_request_says_how_it_ended() {
    use crate::exchange::Ended;
    let config = config(json!({}));
    let base = report(&config, "gen_x");
    for (ended, finish, expected) in [
        (Ended::Complete, Some("length"), "length"),
        (Ended::Complete, None, "unknown"),
        (Ended::ClientLeft, None, "unknown"),
        (Ended::UpstreamCut, Some("stop"), "error"),
        (Ended::Failed, None, "error"),
    ] {
        let report = Report { ended, finish: finish.map(Into::into), ..base.clone() };
        assert_eq!(record(&report, &config).unwrap().finish, expected);
    }
    assert!(record(&Report { credential: Some("byok".into()), ..base.clone() }, &config).unwrap().is_byok);
    assert_eq!(record(&Report { provider: None, ..base }, &config), None, "nobody was asked");
}

#[test]
fn a_report_is_prometheus_to_make() {
    let told = |more: Value, query: &str| {
        let error = ask(&config(more), &caller("a", 0), Client::OpenAi, &format!("/v1/report?{query}")).unwrap_err();
        assert_eq!((error.status, error.code.as_deref()), (501, Some("not_implemented")));
        error.message
    };
    let plain = |query: &str| told(json!({}), query);
    let dates = "start_date=2026-11-20&end_date=2026-11-21";
    let all = |cost: &str, tokens: &str, requests: &str, rest: &str| {
        format!(
            "Reports are not made here. Ask Prometheus for USD by `{cost} / 1e9`, for tokens by `{tokens}` and for \
             requests by `{requests}`{rest}"
        )
    };
    assert_eq!(
        plain(&format!("{dates}&group_by=model")),
        all(
            "sum by (model) (increase(tollgate_cost_nanousd_total[2d] @ 1795305600))",
            "sum by (model, type) (increase(tollgate_tokens_total[2d] @ 1795305600))",
            "sum by (model) (increase(tollgate_requests_total[2d] @ 1795305600))",
            "."
        )
    );
    assert_eq!(
        plain(dates),
        all(
            "sum (increase(tollgate_cost_nanousd_total[1d]))",
            "sum by (type) (increase(tollgate_tokens_total[1d]))",
            "sum (increase(tollgate_requests_total[1d]))",
            " with start=1795219200, end=1795305600 and step=1d."
        )
    );
    assert!(plain("date_part=hour").contains("tollgate_tokens_total[1h]"));
    assert!(plain("group_by=provider").contains("sum by (provider, type) (increase(tollgate_tokens_total[1d]))"));
    assert!(plain("group_by=credential_type").ends_with("no metric tells `credential_type` apart."));
    let filters = plain("group_by=model&model=a%2Fb&user_id=%22x%5C&tags=a.b,c");
    assert!(filters.contains(r#"{model="a/b",user="\"x\\",tag=~"a\\.b|c"}[1d]"#), "{filters}");
    assert!(filters.ends_with("`metrics.labels: [user]`. The label `tag` is not there yet: `metrics.labels: [tag]`."));
    let with_key = json!({"metrics": {"labels": ["key"]}});
    assert!(
        told(with_key, "group_by=api_key_name").ends_with("sum by (key) (increase(tollgate_requests_total[1d]))`.")
    );
    assert!(plain("group_by=api_key_name").ends_with("The label `key` is not there yet: `metrics.labels: [key]`."));
}
