"""envoy/alerts.yaml in promtool: when each alert fires, when it does not, and what it says. That its queries find the gateway's
own metrics is in test_dashboard.py."""

import shutil
import subprocess

import pytest
import yaml
from prometheus import ALERTS, EXAMPLE

pytestmark = pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool here")
RULES = {rule["alert"]: rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]}
PAIR = {"model": "acme/chat", "provider": "openai"}


def budget(unit: str, spent: str, **more) -> dict:
    """Series of one budget over 1,000."""
    labels = ",".join(f'{name}="{value}"' for name, value in ({"budget": "team"} | more).items())
    return {f"tollgate_budget_spent_{unit}{{{labels}}}": spent, f"tollgate_budget_limit_{unit}{{{labels}}}": "1000x100"}


def pair(**counters: str) -> dict:
    """Counters of one model at one provider: the metric's name, and labels behind a double underscore."""
    series = {}
    for name, values in counters.items():
        metric, _, label = name.partition("__")
        more = f',{label.replace("_is_", "=", 1).replace("=", "=" + chr(34), 1)}"' if label else ""
        series[f'{metric}{{model="acme/chat",provider="openai"{more}}}'] = values
    return series


def cached(today: int, before: int = 50_000, input: int = 100_000) -> dict:
    """Tokens in ten minutes: the input, and what caches gave of it for a day, and since."""
    read = f"0+{before}x144 {before * 144 + today}+{today}x50"
    return pair(tollgate_tokens_total__type_is_input=f"0+{input}x200", tollgate_token_details_total__type_is_cache_read=read)


def counts(metric: str, values: str, **labels: str) -> dict:
    return {f"{metric}{{{','.join(f'{name}={chr(34)}{value}{chr(34)}' for name, value in labels.items())}}}": values}


NOTHING = None
REQUESTS, ATTEMPTS, FALLBACKS = "tollgate_requests_total", "tollgate_attempts_total", "tollgate_fallbacks_total"
HERE = {"instance": "envoy:9901"}
# alert, series, minutes between their values, minute -> what it says then: labels and summary
CASES = [
    ("TollgateBudgetNearlySpent", budget("nanousd", "790 800 1000"), 1, {0: NOTHING, 1: ({"budget": "team"}, "Budget team: 80% spent")}),
    (
        "TollgateBudgetNearlySpent",
        budget("tokens", "1x5 900x5", key="alice"),
        1,
        {5: NOTHING, 6: ({"budget": "team", "key": "alice"}, "Budget team of key alice: 90% spent")},
    ),
    ("TollgateBudgetSpent", budget("nanousd", "999 1000"), 1, {0: NOTHING, 1: ({"budget": "team"}, "Budget team is spent")}),
    (
        "TollgateBudgetSpent",
        budget("tokens", "1200x5 7", group="eng"),
        1,
        {1: ({"budget": "team", "group": "eng"}, "Budget team of group eng is spent"), 6: NOTHING},
    ),
    ("TollgateCostUnknown", pair(tollgate_cost_unknown_total="0x4 1x30"), 1, {13: NOTHING, 16: (PAIR, "What acme/chat at openai costs is not known")}),
    (
        "TollgateUsageMissing",
        pair(tollgate_usage_missing_total="0+4x60", tollgate_requests_total__outcome_is_ok="0+100x60"),
        1,
        {40: (PAIR, "4% of the answers of acme/chat at openai do not tell their tokens")},
    ),
    ("TollgateUsageMissing", pair(tollgate_usage_missing_total="0+1x60", tollgate_requests_total__outcome_is_ok="0+100x60"), 1, {40: NOTHING}),
    ("TollgateUsageMissing", pair(tollgate_usage_missing_total="0+1x60", tollgate_requests_total__outcome_is_ok="0+1x60"), 1, {40: NOTHING}),
    (
        "TollgateCacheShareHalved",
        cached(20_000),
        10,
        {1500: NOTHING, 1755: NOTHING, 1860: (PAIR, "acme/chat at openai reads 40% of what it read from prompt caches at these hours yesterday")},
    ),
    ("TollgateCacheShareHalved", cached(30_000), 10, {1860: NOTHING}),
    ("TollgateCacheShareHalved", cached(5_000, before=12_500, input=25_000), 10, {1860: NOTHING}),
    ("TollgateCacheShareHalved", cached(0, before=2_500), 10, {1860: NOTHING}),
    (
        "TollgateRequestsFailing",
        counts(REQUESTS, "0+9x30", outcome="ok") | counts(REQUESTS, "0+1x30", outcome="failed") | counts(REQUESTS, "0+90x30", outcome="refused"),
        1,
        {4: NOTHING, 20: ({}, "10% of the requests end in an error or break off")},
    ),
    ("TollgateRequestsFailing", counts(REQUESTS, "0+1x30", outcome="cut") | counts(REQUESTS, "0x30", outcome="ok"), 1, {20: NOTHING}),
    ("TollgateRequestsFailing", counts(REQUESTS, "0+1x30", outcome="cut") | counts(REQUESTS, "0+40x30", outcome="ok"), 1, {20: NOTHING}),
    (
        "TollgateProviderFailing",
        counts(ATTEMPTS, "0+1x30", provider="groq", error_type="provider_limit")
        | counts(ATTEMPTS, "0+3x30", provider="groq", error_type="none")
        | counts(ATTEMPTS, "0+9x30", provider="openai", error_type="caller_bad_request"),
        1,
        {6: NOTHING, 20: ({"provider": "groq"}, "25% of the attempts at groq fail")},
    ),
    (
        "TollgateProviderFailing",
        counts(ATTEMPTS, "0+1x30", provider="groq", error_type="provider_limit") | counts(ATTEMPTS, "0+9x30", provider="groq", error_type="none"),
        1,
        {20: NOTHING},
    ),
    ("TollgateProviderFailing", counts(ATTEMPTS, "0+1x30", provider="groq", error_type="provider_limit"), 1, {20: NOTHING}),
    (
        "TollgateFallbackRate",
        counts(FALLBACKS, "0+1x40", model="acme/chat", from_provider="openai", to_provider="groq") | counts(ATTEMPTS, "0+5x40", model="acme/chat"),
        1,
        {9: NOTHING, 30: ({"model": "acme/chat"}, "20% of the attempts at acme/chat led to another provider")},
    ),
    ("TollgateFallbackRate", counts(FALLBACKS, "0+1x40", model="acme/chat") | counts(ATTEMPTS, "0+20x40", model="acme/chat"), 1, {30: NOTHING}),
    ("TollgateFallbackRate", counts(FALLBACKS, "0+1x40", model="acme/chat") | counts(ATTEMPTS, "0+1x40", model="acme/chat"), 1, {30: NOTHING}),
    (
        "TollgateCredentialResting",
        counts("tollgate_credential_resting", "1x20 0x5", provider="openai", credential="1"),
        1,
        {14: NOTHING, 15: ({"provider": "openai", "credential": "1"}, "Credential 1 of openai has not worked for 15 minutes"), 22: NOTHING},
    ),
    ("TollgateDown", counts("up", "1 0x9", job="tollgate", **HERE), 1, {2: NOTHING, 3: (HERE | {"job": "tollgate"}, "Envoy at envoy:9901 cannot be scraped")}),
    (
        "TollgateVmReloaded",  # the counter is not there before the first one
        counts("envoy_wasm_tollgate_vm_reload_success", "_x5 2x30", **HERE),
        1,
        {4: NOTHING, 6: (HERE, "The filter crashed in Envoy at envoy:9901"), 30: NOTHING},
    ),
    (
        "TollgateVmReloaded",
        counts("envoy_wasm_tollgate_vm_reload_success", "2x20 4x20", **HERE),
        1,
        {19: NOTHING, 22: (HERE, "The filter crashed in Envoy at envoy:9901")},
    ),
    (
        "TollgateMisconfigured",
        counts("tollgate_misconfigured_total", "0x5 1x20", reason="cluster"),
        1,
        {4: NOTHING, 7: ({"reason": "cluster"}, "Envoy's configuration and the filter's disagree (cluster): requests get 503"), 20: NOTHING},
    ),
    ("TollgateConfigRejected", counts("tollgate_config_rejected_total", "0x5 1x20", **HERE), 1, {4: NOTHING, 7: (HERE, "Envoy at envoy:9901 refused a new configuration")}),
    (
        "TollgateLedgerErrors",
        counts("tollgate_ledger_errors_total", "0x5 9x20", call="charge"),
        1,
        {6: NOTHING, 8: ({"call": "charge"}, "The rate limit service that keeps budgets does not answer (charge)")},
    ),
    (
        "TollgateSeriesDropped",
        counts("tollgate_series_dropped_total", "0x5 3x20", **HERE),
        1,
        {4: NOTHING, 7: (HERE, "Envoy at envoy:9901 has 20,000 series; further ones are counted as `other`")},
    ),
]


@pytest.mark.parametrize("alert, series, step, said", CASES, ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)])
def test_an_alert_fires_when_it_should_and_says_what_is_wrong(tmp_path, alert, series, step, said):
    def expected(labels: dict, summary: str) -> dict:
        rule = RULES[alert]
        return {"exp_labels": rule["labels"] | labels, "exp_annotations": rule["annotations"] | {"summary": summary}}

    checks = [{"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": [expected(*told)] if told else []} for minute, told in said.items()]
    test = {"interval": f"{step}m", "input_series": [{"series": name, "values": values} for name, values in series.items()], "alert_rule_test": checks}
    file = tmp_path / "alerts.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": [test]}))
    outcome = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize("command", [("check", "rules", ALERTS), ("check", "config", EXAMPLE)], ids=lambda command: command[1])
def test_promtool_accepts_the_rules_and_who_loads_them(command):
    outcome = subprocess.run(["promtool", *command], capture_output=True, text=True)
    assert outcome.returncode == 0 and f"{len(RULES)} rules found" in outcome.stdout, outcome.stdout + outcome.stderr


def test_every_alert_is_tried_both_ways():
    fires = {alert for alert, _, _, said in CASES if any(said.values())}
    rests = {alert for alert, _, _, said in CASES if not all(said.values())}
    assert fires == rests == set(RULES)


@pytest.mark.parametrize("alert", RULES)
def test_an_alert_says_what_it_means_and_where_to_look_first(alert):
    rule = RULES[alert]
    assert set(rule["annotations"]) == {"summary", "description"} and rule["labels"]["severity"] in ("page", "ticket")
    assert "First look" in rule["annotations"]["description"] or "First send" in rule["annotations"]["description"]
