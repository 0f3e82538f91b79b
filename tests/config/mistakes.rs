//! Bad documents and the exact list of what is said about each.

use super::encode::encode;
use serde_json::{Value, json};
use tollgate::config::{PRESETS, Plugin};

/// What many messages end in.
const UNSET: &str = "is not set for this VM; list it in vm_config.environment_variables.host_env_keys of both roles \
                     (a new name means a new VM, so restart or use a new vm_id)";
const NAME: &str = r#"a name of letters, digits, "-", "_" and ".""#;
const URL: &str = "a URL such as https://api.example.com/v1: http or https, a host, a port and a path, nothing else";
const DURATION: &str = "a duration such as 500ms, 30s, 10m or 1h, above 0 and up to 24h";
const HEADER: &str =
    "a header name other than pseudo, hop-by-hop, framing, credential, x-envoy-* and x-tollgate-* headers";

fn env(name: &str) -> Option<String> {
    match name {
        "OPENAI_API_KEY" | "KEY" => Some("hunter2".to_owned()),
        "EMPTY" => Some(" \n".to_owned()),
        "BROKEN" => Some("hunter2\nhunter3".to_owned()),
        _ => None,
    }
}

fn said(bytes: &[u8]) -> Vec<String> {
    let mistakes = Plugin::load(bytes, &env).unwrap_err();
    let messages: Vec<_> = mistakes.messages().collect();
    assert_eq!(mistakes.to_string(), messages.join("\n"));
    messages
}

fn whole(message: &str) -> String {
    let presets: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
    let parts = [("<unset>", UNSET), ("<name>", NAME), ("<url>", URL), ("<duration>", DURATION), ("<header>", HEADER)];
    let message = message.replace("<presets>", &presets.join(", "));
    parts.iter().fold(message, |message, (part, text)| message.replace(part, text))
}

/// Members of a document that would load without them (null takes one away), and what is said.
const DOCUMENTS: &[(&str, &str, &[&str])] = &[
    ("a list where a mapping belongs", r##"{"access": []}"##, &["access: found an empty list, expected a mapping"]),
    ("role missing", r##"{"role": null}"##, &["role: missing, expected gateway or upstream"]),
    (
        "operations of others",
        r##"{"providers": [{"name": "openai", "operations": ["chat_completions", "rerank"]}]}"##,
        &["providers[0].operations: found rerank, expected what preset openai has: chat_completions, completions, \
             responses, embeddings, moderations, images, audio"],
    ),
    (
        "role unknown",
        r##"{"role": "gatewy"}"##,
        &[r##"role: found "gatewy", expected gateway or upstream (did you mean "gateway"?)"##],
    ),
    (
        "upstream role with more",
        r##"{"role": "upstream"}"##,
        &[
            "providers: found beside role: upstream, expected in the gateway role's configuration",
            "access: found beside role: upstream, expected in the gateway role's configuration",
        ],
    ),
    (
        "field unknown",
        r##"{"routing": {"max_atempts": 3}}"##,
        &[r##"routing.max_atempts: unknown field (did you mean "max_attempts"?)"##],
    ),
    ("field unknown and far from any", r##"{"zzz": 1}"##, &["zzz: unknown field"]),
    (
        "providers missing",
        r##"{"providers": null}"##,
        &["providers: missing, expected a list with at least one element"],
    ),
    (
        "providers empty",
        r##"{"providers": []}"##,
        &["providers: found an empty list, expected a list with at least one element"],
    ),
    ("providers no list", r##"{"providers": {"openai": {}}}"##, &["providers: found a mapping, expected a list"]),
    (
        "bare name of no preset",
        r##"{"providers": ["opnai"]}"##,
        &[r##"providers[0]: found "opnai", expected one of <presets> (did you mean "openai"?)"##],
    ),
    (
        "preset unknown",
        r##"{"providers": [{"name": "a", "preset": "opnai"}]}"##,
        &[r##"providers[0].preset: found "opnai", expected one of <presets> (did you mean "openai"?)"##],
    ),
    (
        "name that is no preset",
        r##"{"providers": [{"name": "mine", "base_url": "http://a"}]}"##,
        &[r##"providers[0].preset: missing, expected one of <presets>: the name "mine" is none of them"##],
    ),
    ("name missing", r##"{"providers": [{"preset": "openai"}]}"##, &["providers[0].name: missing, expected <name>"]),
    (
        "name with a space",
        r##"{"providers": [{"name": "my openai", "preset": "openai"}]}"##,
        &[r##"providers[0].name: found "my openai", expected <name>"##],
    ),
    (
        "provider named twice",
        r##"{"providers": ["openai", {"name": "openai", "base_url": "http://a"}]}"##,
        &[r##"providers[1].name: found "openai", expected a name of its own: providers[0] has this one"##],
    ),
    (
        "pool named like a provider",
        r##"{"pools": [{"name": "openai", "providers": ["openai"]}]}"##,
        &[r##"pools[0].name: found "openai", expected a name of its own: providers[0] has this one"##],
    ),
    (
        "pool of an unknown provider",
        r##"{"pools": [{"name": "all", "providers": ["openai", "opena", "openai"]}]}"##,
        &[
            r##"pools[0].providers[1]: found "opena", expected the name of a provider (did you mean "openai"?)"##,
            r##"pools[0].providers[2]: found "openai" a second time, expected it once"##,
        ],
    ),
    (
        "azure without its URL",
        r##"{"providers": [{"name": "azure"}]}"##,
        &[
            "providers[0].base_url: missing, expected <url>: preset azure has none of its own",
            "providers[0].credentials: variable AZURE_OPENAI_API_KEY <unset>, or give credentials: [{env: AZURE_OPENAI_API_KEY, optional: true}]",
        ],
    ),
    (
        "URL with another scheme",
        r##"{"providers": [{"name": "openai", "base_url": "ftp://a"}]}"##,
        &[r##"providers[0].base_url: found "ftp://a", expected <url>"##],
    ),
    (
        "URL with a password is not quoted",
        r##"{"providers": [{"name": "openai", "base_url": "https://user:hunter2@a/v1"}]}"##,
        &["providers[0].base_url: found text, expected <url>"],
    ),
    (
        "URL with a query",
        r##"{"providers": [{"name": "openai", "base_url": "https://a/v1?key=hunter2"}]}"##,
        &["providers[0].base_url: found text, expected <url>"],
    ),
    (
        "fields of other presets",
        r##"{"providers": [{"name": "openai", "api_version": "2025-04-01-preview", "project": "p", "region": "eu"}]}"##,
        &[
            "providers[0].api_version: found with preset openai, expected with preset azure only",
            "providers[0].project: found with preset openai, expected with presets vertex and vertex-anthropic only",
            "providers[0].region: found with preset openai, expected with preset bedrock only",
        ],
    ),
    (
        "vertex without project, location and credentials",
        r##"{"providers": ["vertex"]}"##,
        &[
            "providers[0].credentials: missing, expected a list of credentials, envoy or none: preset vertex needs them",
            "providers[0].project: missing, expected <name>: preset vertex needs it",
            "providers[0].location: missing, expected <name>: preset vertex needs it",
        ],
    ),
    (
        "bedrock without a region",
        r##"{"providers": ["bedrock"]}"##,
        &[
            "providers[0]: variable AWS_BEARER_TOKEN_BEDROCK <unset>, or give credentials: [{env: AWS_BEARER_TOKEN_BEDROCK, optional: true}]",
            "providers[0].region: missing, expected <name>: preset bedrock needs it",
        ],
    ),
    (
        "variable not set",
        r##"{"providers": [{"name": "openai", "credentials": [{"env": "NOT_SET"}]}]}"##,
        &["providers[0].credentials[0].env: variable NOT_SET <unset>, or mark it optional: true"],
    ),
    (
        "variable of a bare name not set",
        r##"{"providers": ["nebius"]}"##,
        &[
            "providers[0]: variable NEBIUS_API_KEY <unset>, or give credentials: [{env: NEBIUS_API_KEY, optional: true}]",
        ],
    ),
    (
        "variable empty",
        r##"{"providers": [{"name": "openai", "credentials": [{"env": "EMPTY"}]}]}"##,
        &["providers[0].credentials[0].env: variable EMPTY is empty, expected a secret"],
    ),
    (
        "variable with a line break inside",
        r##"{"providers": [{"name": "openai", "credentials": [{"env": "BROKEN"}]}]}"##,
        &["providers[0].credentials[0].env: variable BROKEN holds what no header can carry, expected visible ASCII"],
    ),
    (
        "the secret where its variable belongs",
        r##"{"providers": [{"name": "openai", "credentials": [{"env": "sk-hunter2"}]}]}"##,
        &["providers[0].credentials[0].env: found text, expected the name of a variable such as OPENAI_API_KEY"],
    ),
    (
        "the secret where a credential belongs",
        r##"{"providers": [{"name": "openai", "credentials": ["sk-hunter2"]}]}"##,
        &["providers[0].credentials[0]: found text, expected a mapping such as {env: OPENAI_API_KEY}"],
    ),
    (
        "the secret where the list belongs",
        r##"{"providers": [{"name": "openai", "credentials": "sk-hunter2"}]}"##,
        &["providers[0].credentials: found text, expected a list of credentials, envoy or none"],
    ),
    (
        "a secret that no header can carry",
        r##"{"providers": [{"name": "openai", "credentials": [{"value": "hunter2é"}]}]}"##,
        &["providers[0].credentials[0].value: found text, expected a secret of visible ASCII"],
    ),
    (
        "credential of two kinds",
        r##"{"providers": [{"name": "openai", "credentials": [{"env": "KEY", "value": "hunter2"}, {}]}]}"##,
        &[
            "providers[0].credentials[0]: found env and value, expected exactly one of env, value, gcp_metadata",
            "providers[0].credentials[1]: found none, expected exactly one of env, value, gcp_metadata",
        ],
    ),
    (
        "credential optional without a variable",
        r##"{"providers": [{"name": "openai", "credentials": [{"value": "hunter2", "optional": true}]}]}"##,
        &["providers[0].credentials[0].optional: found true, expected it beside env only"],
    ),
    (
        "no credential at all",
        r##"{"providers": [{"name": "openai", "credentials": []}]}"##,
        &["providers[0].credentials: found an empty list, expected a list of credentials, envoy or none"],
    ),
    (
        "header that is ours",
        r##"{"providers": [{"name": "openai", "headers": {"x-tollgate-key": "a", "X-Envoy-Retry-On": "5xx", "Authorization": "hunter2", ":path": "/", "connection": "close"}}]}"##,
        &[
            r##"providers[0].headers[":path"]: found ":path", expected <header>"##,
            r##"providers[0].headers.Authorization: found "Authorization", expected <header>"##,
            r##"providers[0].headers.X-Envoy-Retry-On: found "X-Envoy-Retry-On", expected <header>"##,
            r##"providers[0].headers.connection: found "connection", expected <header>"##,
            r##"providers[0].headers.x-tollgate-key: found "x-tollgate-key", expected <header>"##,
        ],
    ),
    (
        "header value with a line break",
        r##"{"providers": [{"name": "openai", "headers": {"x-a": "hunter2\r\nx-b: c"}}]}"##,
        &["providers[0].headers.x-a: found text, expected a header value of visible ASCII"],
    ),
    (
        "header twice but for case",
        r##"{"providers": [{"name": "openai", "headers": {"X-A": "1", "x-a": "2"}}]}"##,
        &["providers[0].headers.x-a: given twice, expected once: case does not matter"],
    ),
    (
        "public name without a creator",
        r##"{"providers": ["openai", {"name": "local", "preset": "openai-compatible", "base_url": "http://llm:8000/v1", "models": {"llama": "llama"}}]}"##,
        &[r##"providers[1].models.llama: found "llama", expected a model such as creator/model, or "*""##],
    ),
    (
        "star in a name that is not the wildcard",
        r##"{"providers": ["openai", {"name": "local", "preset": "openai-compatible", "base_url": "http://llm:8000/v1", "models": {"a/b": "*"}}]}"##,
        &[r##"providers[1].models["a/b"]: found "*", expected a name without "*", which is for the key "*""##],
    ),
    (
        "public name that is an alias",
        r##"{"providers": ["openai", {"name": "local", "preset": "openai-compatible", "base_url": "http://llm:8000/v1", "models": {"b/c": "x"}}], "models": [{"name": "a/b", "aliases": ["b/c"]}]}"##,
        &[
            r##"providers[1].models["b/c"]: found an alias, expected the model's own name "a/b": models[0].aliases[0] says so"##,
            r##"models[0].targets: missing, expected at least one target: no provider serves "a/b""##,
        ],
    ),
    (
        "model name with dots for a path",
        r##"{"models": [{"name": "openai/../x"}]}"##,
        &[r##"models[0].name: found "openai/../x", expected a model such as creator/model"##],
    ),
    (
        "model and alias named alike",
        r##"{"models": [{"name": "openai/a", "aliases": ["a", "openai/b"]}, {"name": "openai/b", "aliases": ["a"]}]}"##,
        &[
            r##"models[0].aliases[1]: found "openai/b", expected a name of its own: models[1].name has this one"##,
            r##"models[1].aliases[0]: found "a", expected a name of its own: models[0].aliases[0] has this one"##,
        ],
    ),
    (
        "model that nobody serves",
        r##"{"models": [{"name": "acme/llama"}]}"##,
        &[r##"models[0].targets: missing, expected at least one target: no provider serves "acme/llama""##],
    ),
    (
        "target of an unknown provider",
        r##"{"models": [{"name": "openai/a", "targets": [{"provider": "opnai"}]}]}"##,
        &[
            r##"models[0].targets[0].provider: found "opnai", expected the name of a provider or pool (did you mean "openai"?)"##,
        ],
    ),
    (
        "target without weight",
        r##"{"models": [{"name": "openai/a", "targets": [{"provider": "openai", "weight": 0}, {"provider": "openai", "weight": "heavy"}]}]}"##,
        &[
            "models[0].targets[0].weight: found 0, expected a number above 0",
            r##"models[0].targets[1].weight: found "heavy", expected a number above 0"##,
        ],
    ),
    (
        "no targets",
        r##"{"models": [{"name": "openai/a", "targets": []}]}"##,
        &["models[0].targets: found an empty list, expected a list with at least one element"],
    ),
    (
        "fallback to nothing, to itself, twice",
        r##"{"models": [{"name": "openai/a", "aliases": ["a"], "fallbacks": ["anthropic/x", "a", "openai/b", "openai/b"]}]}"##,
        &[
            r##"models[0].fallbacks[0]: found "anthropic/x", expected a model that a provider serves"##,
            r##"models[0].fallbacks[1]: found the model itself, expected another than "openai/a""##,
            r##"models[0].fallbacks[3]: found "openai/b" a second time, expected it once"##,
        ],
    ),
    (
        "durations",
        r##"{"models": [{"name": "openai/a", "timeouts": {"attempt": 600, "first_token": "0s", "total": "2 days"}}]}"##,
        &[
            "models[0].timeouts.attempt: found 600, expected <duration>",
            r##"models[0].timeouts.first_token: found "0s", expected <duration>"##,
            r##"models[0].timeouts.total: found "2 days", expected <duration>"##,
        ],
    ),
    (
        "numbers",
        r##"{"routing": {"max_attempts": 0, "cooldown": {"after": 1.5, "for": "30"}, "first_event_probe": {"bytes": "2MiB"}}, "limits": {"request_body": "32 MB"}}"##,
        &[
            "routing.max_attempts: found 0, expected a whole number from 1 to 100",
            "routing.cooldown.after: found 1.5, expected a whole number from 1 to 1000",
            r##"routing.cooldown.for: found "30", expected a duration such as 500ms, 30s, 10m or 1h, 0s for none and up to 24h"##,
            r##"routing.first_event_probe.bytes: found "2MiB", expected a size in bytes such as 65536, 64KiB or 32MiB, above 0 and up to 1MiB"##,
            r##"limits.request_body: found "32 MB", expected a size in bytes such as 65536, 64KiB or 32MiB, above 0 and up to 1GiB"##,
        ],
    ),
    (
        "words",
        r##"{"routing": {"affinity": "converation", "fallback_on": ["rate_limit", "timeouts"]}, "expose": true}"##,
        &[
            r##"routing.affinity: found "converation", expected conversation, key or none (did you mean "conversation"?)"##,
            r##"routing.fallback_on[1]: found "timeouts", expected rate_limit, server_error, timeout, credential, model_missing, context_window or content_filter (did you mean "timeout"?)"##,
            "expose: found true, expected full or minimal",
        ],
    ),
    (
        "abilities and prices",
        r##"{"models": [{"name": "openai/a", "supports": ["tools", "video"], "price": {"input": "0.0000001", "output": "-1"}, "context_window": "many"}]}"##,
        &[
            r##"models[0].context_window: found "many", expected a whole number of at least 1"##,
            r##"models[0].supports[1]: found "video", expected tools, vision, json_schema, reasoning, audio or pdf"##,
            r##"models[0].price.input: found "0.0000001", expected a decimal such as "0.25" with at most 6 places"##,
            r##"models[0].price.output: found "-1", expected a decimal such as "0.25" with at most 6 places"##,
        ],
    ),
    (
        "prices that say something twice, or nothing",
        r##"{"models": [{"name": "openai/a", "price": {"request": "0.0000000000001",
            "tools": [{"name": "web_search", "usd": "0.01"}, {"name": "web_search", "usd": 1}, {"name": "x"}],
            "tiers": [{"above": 200000, "input": 1}, {"above": 200000, "input": 2}, {"above": 300000}, {"above": 0, "input": "?"}],
            "service_tiers": [{"name": "Flex", "input": 1}, {"name": "flex", "input": 1}, {"name": "on_demand", "input": 1}, {"name": "batch"}, {"input": 1}]}}]}"##,
        &[
            r##"models[0].price.request: found "0.0000000000001", expected a decimal such as "0.25" with at most 12 places, below 18446744"##,
            r##"models[0].price.tools[1].name: found "web_search" a second time, expected it once"##,
            r##"models[0].price.tools[2].usd: missing, expected a decimal such as "0.25" with at most 12 places, below 18446744"##,
            r##"models[0].price.tiers[1].above: found 200000, expected more than 200000, the tier before"##,
            r##"models[0].price.tiers[2]: found no price, expected at least one that differs"##,
            r##"models[0].price.tiers[3].above: found 0, expected a whole number of at least 1"##,
            r##"models[0].price.tiers[3].input: found "?", expected a decimal such as "0.25" with at most 6 places"##,
            r##"models[0].price.service_tiers[1].name: found "flex", expected each tier once"##,
            r##"models[0].price.service_tiers[2].name: found "on_demand", expected the name of another tier than the usual one, whose prices stand above"##,
            r##"models[0].price.service_tiers[3]: found no price, expected at least one that differs"##,
            r##"models[0].price.service_tiers[4].name: missing, expected a name of letters, digits, "-", "_" and ".""##,
        ],
    ),
    (
        "key of an unknown group",
        r##"{"keys": [{"id": "a", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "group": "b"}], "groups": [{"name": "bb", "models": ["*"]}]}"##,
        &[r##"keys[0].group: found "b", expected the name of a group"##],
    ),
    (
        "key without or with two secrets",
        r##"{"keys": [{"id": "a"}, {"id": "b", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "secret": {"env": "KEY"}}, {"id": "c", "secret": {}}]}"##,
        &[
            "keys[0]: found none, expected exactly one of sha256, secret",
            "keys[1]: found sha256 and secret, expected exactly one of sha256, secret",
            "keys[2].secret: found none, expected exactly one of env, value",
        ],
    ),
    (
        "key with several hashes",
        r##"{"keys": [{"id": "a", "sha256": []}, {"id": "b", "sha256": ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "hunter2"]}, {"id": "c", "sha256": ["9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08", "0000000000000000000000000000000000000000000000000000000000000000", "0000000000000000000000000000000000000000000000000000000000000000"]}, {"id": "d", "sha256": ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]}]}"##,
        &[
            "keys[0].sha256: found an empty list, expected a list with at least one element",
            "keys[1].sha256[1]: found text, expected the SHA-256 of the key: 64 hex digits",
            "keys[2]: found the same key as keys[1], expected one of its own",
            "keys[2].sha256: found the same hash twice, expected different ones",
            "keys[3]: found the same key as keys[1], expected one of its own",
        ],
    ),
    (
        "key whose hash is the key",
        r##"{"keys": [{"id": "a", "sha256": "hunter2"}]}"##,
        &["keys[0].sha256: found text, expected the SHA-256 of the key: 64 hex digits"],
    ),
    (
        "keys alike",
        r##"{"keys": [{"id": "a", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}, {"id": "b", "secret": {"value": "test"}}, {"id": "a", "sha256": "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08"}, {"id": "anonymous", "secret": {"value": "other"}}]}"##,
        &[
            "keys[1]: found the same key as keys[0], expected one of its own",
            "keys[2]: found the same key as keys[0], expected one of its own",
            r##"keys[2].id: found "a", expected a name of its own: keys[0].id has this one"##,
            r##"keys[3].id: found "anonymous", expected another name: it stands for callers without a key"##,
        ],
    ),
    (
        "key's variable not set",
        r##"{"keys": [{"id": "a", "secret": {"env": "NOT_SET"}}]}"##,
        &["keys[0].secret.env: variable NOT_SET <unset>"],
    ),
    (
        "nobody could call",
        r##"{"access": null}"##,
        &["access: found no keys, no identity and no allow_unauthenticated, expected one of them: nobody could call"],
    ),
    (
        "identity",
        r##"{"access": {"identity": {"group_header": "x team", "default_group": "guests"}}}"##,
        &[
            "access.identity.header: missing, expected <header>",
            r##"access.identity.group_header: found "x team", expected <header>"##,
            r##"access.identity.default_group: found "guests", expected the name of a group"##,
        ],
    ),
    (
        "glob with a space",
        r##"{"groups": [{"name": "a", "models": ["openai/ *"]}, {"name": "b"}]}"##,
        &[
            r##"groups[0].models[0]: found "openai/ *", expected a pattern over model names such as "openai/*""##,
            "groups[1].models: missing, expected a list",
        ],
    ),
    (
        "labels of metrics",
        r##"{"metrics": {"labels": ["group", "model"], "tags": [""]}}"##,
        &[
            r##"metrics.labels[1]: found "model", expected key, group, tag or user"##,
            r##"metrics.tags[0]: found "", expected text of 1 to 200 characters without control characters"##,
        ],
    ),
    (
        "budgets",
        r##"{"budgets": [{"id": "a", "match": {"group": "g", "key": "k", "provider": "p"}, "per": "year", "warn_at": "0.8"}, {"id": "a", "usd": "1", "tokens": 5, "per": "day", "each": "model", "on_exceed": {"use": "acme/x"}}]}"##,
        &[
            "budgets[0]: found none, expected exactly one of usd, tokens",
            r##"budgets[0].match.group: found "g", expected the name of a group"##,
            r##"budgets[0].match.key: found "k", expected the name of a key"##,
            r##"budgets[0].match.provider: found "p", expected the name of a provider"##,
            r##"budgets[0].per: found "year", expected hour, day, week, month or total"##,
            r##"budgets[0].warn_at: found "0.8", expected a percentage from 1% to 100%"##,
            "budgets[1]: found usd and tokens, expected exactly one of usd, tokens",
            r##"budgets[1].id: found "a", expected a name of its own: budgets[0].id has this one"##,
            r##"budgets[1].each: found "model", expected key, group or user"##,
            r##"budgets[1].on_exceed.use: found "acme/x", expected a model that a provider serves"##,
        ],
    ),
    (
        "budgets that make no sense",
        r##"{"groups": [{"name": "g", "models": ["*"]}, {"name": "h", "models": ["*"]}], "keys": [{"id": "k", "group": "h", "secret": {"value": "k"}}], "models": [{"name": "a/b", "targets": [{"provider": "openai", "model": "b"}]}], "budgets": [{"id": "a", "match": {"key": "k", "group": "g"}, "usd": "18446745", "per": "day"}, {"id": "b", "match": {"key": "k"}, "usd": "0.0000000000001", "per": "day", "each": "key"}, {"id": "c", "match": {"key": "k"}, "tokens": 1, "per": "day", "each": "group"}, {"id": "d", "match": {"user": "u"}, "tokens": 1, "per": "day", "each": "user", "warn_at": "0%"}, {"id": "e", "match": {"model": "a/b"}, "tokens": 1, "per": "day", "on_exceed": {"use": "a/b"}}, {"id": "f", "match": {"model": "no/such"}, "tokens": 1, "per": "day"}]}"##,
        &[
            "budgets[0].match.key: found the key of another group, expected one of match.group",
            r##"budgets[0].usd: found "18446745", expected a decimal such as "0.25" with at most 12 places, below 18446744"##,
            r##"budgets[1].each: found "key", expected none beside match.key: there is only one"##,
            r##"budgets[1].usd: found "0.0000000000001", expected a decimal such as "0.25" with at most 12 places, below 18446744"##,
            r##"budgets[2].each: found "group", expected none beside match.key: there is only one"##,
            r##"budgets[3].each: found "user", expected none beside match.user: there is only one"##,
            r##"budgets[3].warn_at: found "0%", expected a percentage from 1% to 100%"##,
            r##"budgets[4].on_exceed.use: found the budget's own model, expected another than "a/b""##,
            r##"budgets[5].match.model: found "no/such", expected a model that a provider serves"##,
        ],
    ),
    (
        "two ledgers",
        r##"{"ledger": {"local": {}, "rate_limit_service": {"failure_mode": "open"}}}"##,
        &[
            "ledger: found local and rate_limit_service, expected one of them",
            "ledger.rate_limit_service.cluster: missing, expected <name>",
            r##"ledger.rate_limit_service.failure_mode: found "open", expected allow or deny"##,
        ],
    ),
    (
        "a fleet's ledger that is to hold something",
        r##"{"ledger": {"rate_limit_service": {"cluster": "rls", "timeout": "0s"}}, "budgets": [{"id": "a", "usd": "5", "per": "day", "reserve": true}]}"##,
        &[
            "budgets[0].reserve: found true, expected false: a rate limit service holds nothing, only ledger.local does",
            r##"ledger.rate_limit_service.timeout: found "0s", expected <duration>"##,
        ],
    ),
    (
        "eight at once",
        r##"{"role": "gateway", "providers": [{"name": "openai", "base_url": "openai"}, {"name": "b", "preset": "opnai"}], "models": [{"name": "x"}, {"name": "openai/a", "targets": [{"provider": "c", "weight": -1}]}], "routing": {"max_atempts": 4}, "keys": [{"id": "a b", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}], "expose": "all"}"##,
        &[
            r##"providers[0].base_url: found "openai", expected <url>"##,
            r##"providers[1].preset: found "opnai", expected one of <presets> (did you mean "openai"?)"##,
            r##"models[0].name: found "x", expected a model such as creator/model"##,
            r##"models[1].targets[0].provider: found "c", expected the name of a provider or pool"##,
            "models[1].targets[0].weight: found -1, expected a number above 0",
            r##"routing.max_atempts: unknown field (did you mean "max_attempts"?)"##,
            r##"keys[0].id: found "a b", expected <name>"##,
            r##"expose: found "all", expected full or minimal"##,
        ],
    ),
];

/// Whole documents that are no mapping, or say a thing twice.
const TEXTS: &[(&str, &str, &[&str])] = &[
    (
        "empty document",
        "",
        &[
            "role: missing, expected gateway or upstream",
            "providers: missing, expected a list with at least one element",
            "access: found no keys, no identity and no allow_unauthenticated, expected one of them: nobody could call",
        ],
    ),
    (
        "neither JSON nor a Struct",
        "role: gateway",
        &[
            "configuration: found neither JSON nor a google.protobuf.Struct, expected a mapping such as {role: gateway, ...}",
        ],
    ),
    (
        "JSON cut off",
        r##"{"role": "gateway", "providers": ["##,
        &["configuration: found JSON with a mistake: EOF while parsing a list at line 1 column 34"],
    ),
    (
        "JSON with more after it",
        r##"{"role":"upstream"} {}"##,
        &["configuration: found JSON with a mistake: trailing characters at line 1 column 21"],
    ),
    (
        "field given twice",
        r##"{"role":"gateway","providers":["openai"],"access":{"allow_unauthenticated":true},"expose":"full","expose":"minimal"}"##,
        &["expose: given twice, expected once"],
    ),
];

#[test]
fn each_document() {
    assert!(DOCUMENTS.len() > 40);
    for (title, members, expected) in DOCUMENTS {
        let base = json!({"role": "gateway", "providers": ["openai"], "access": {"allow_unauthenticated": true}});
        let mut document = base.as_object().unwrap().clone();
        let members: Value = serde_json::from_str(members).unwrap();
        for (key, value) in members.as_object().unwrap() {
            if value.is_null() {
                document.remove(key)
            } else {
                document.insert(key.clone(), value.clone())
            };
        }
        let document = Value::from(document);
        let expected: Vec<_> = expected.iter().map(|message| whole(message)).collect();
        assert_eq!(said(document.to_string().as_bytes()), expected, "{title}");
        // Envoy writes some numbers as text, so they are quoted then.
        let unquoted = |messages: &[String]| messages.join("\n").replace('"', "");
        assert_eq!(unquoted(&said(&encode(&document, 7))), unquoted(&expected), "{title}, as a Struct");
        assert!(!expected.join("").contains("hunter"), "{title} shows a secret");
    }
}

#[test]
fn each_text() {
    for (title, text, expected) in TEXTS {
        assert_eq!(said(text.as_bytes()), *expected, "{title}");
    }
}
