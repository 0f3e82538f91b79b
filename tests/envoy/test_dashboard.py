"""Every query of the dashboard and of the alerts finds something in a real Prometheus that scraped a real gateway while everything
happened to it that they are about; and the money in Prometheus, in the access log and in the ledger is the same."""

import hashlib
import re
import shutil
import subprocess
import time
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import dashboard
import example
import pytest
import yaml
from client import Response, chat, open_stream, request
from dashboard import DASHBOARD, PANELS, VARIABLES
from ecds import watched_gateway
from load import wait_until
from mock import Upstream, chat_stream, chatting, chunk, error, reserve_port, sse
from prometheus import Prometheus
from test_isolation_reload import BUILD, crash, with_little_memory

pytestmark = pytest.mark.skipif(not shutil.which("prometheus"), reason="no prometheus here")

KEYS = {name: f"tg-{name}" for name in ("alice", "bob", "carol")}
PRICE = {"input": "2.5", "cached_input": "0.25", "output": "10"}
USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 101,
    "total_tokens": 1101,
    "prompt_tokens_details": {"cached_tokens": 600, "cache_write_tokens": 7},
    "completion_tokens_details": {"reasoning_tokens": 20},
}
FIRST = {  # what the first provider does with a prompt; everything else it answers
    "fall": error(503),
    "bad": error(400),
    "cut": sse([chunk({"content": "a"}), chunk({"content": "b"})], end="reset"),
    "dumb": chat_stream(usage=None),
}
SCRAPE = 1  # seconds
# Nothing has to be wrong for these: 0 is all they say in this run.
WELL = {"What should never happen: series dropped", "What should never happen: ledger: {{call}}"}


def document() -> dict:
    def model(name: str, *providers: str, **more) -> dict:
        return example.plan(*providers, model=name)["models"][0] | more

    group = {"alice": "eng", "bob": "ops", "carol": "eng"}
    return example.plan("openai", "groq", "mistral", "cerebras", "azure") | {
        "models": [
            model("acme/chat", "openai", "groq", price=PRICE),
            model("acme/free", "openai"),
            model("acme/groq", "groq", price={"input": "0.1", "output": "0.3"}),
            model("acme/locked", "mistral", "groq", price=PRICE),
            model("acme/tired", "cerebras", "groq", price=PRICE),
            model("acme/lost", "cerebras", "azure"),
        ],
        "groups": [{"name": "eng", "models": ["*"]}, {"name": "ops", "models": ["*"]}],
        "keys": [{"id": id, "group": group[id], "sha256": hashlib.sha256(key.encode()).hexdigest()} for id, key in KEYS.items()],
        "metrics": {"labels": ["group", "key", "tag", "user"], "tags": ["search", "batch"], "users": ["u-1"]},
        "budgets": [
            {"id": "eng", "match": {"group": "eng"}, "usd": "1", "per": "total"},
            {"id": "each-key", "each": "key", "tokens": 1_000_000, "per": "total"},
            {"id": "carol", "match": {"key": "carol"}, "usd": "0.0001", "per": "total"},
        ],
        "routing": {"cooldown": {"after": 3, "for": "60s"}},
    }


class Stage:
    """A gateway after two rounds of traffic, a refused configuration and a crash, and the Prometheus that watched all of it."""

    def __init__(self, folder: Path):
        small = folder / "small.wasm"
        small.write_bytes(with_little_memory(BUILD.read_bytes()))

        def edit(tree: dict) -> None:
            for plugin in (example.gateway_plugin(tree), *map(example.upstream_plugin, example.clusters(tree).values())):
                plugin["vm_config"]["code"]["local"]["filename"] = str(small)
            example.matcher_map(tree).pop("azure")

        first = lambda got: FIRST.get(got.json()["messages"][0]["content"], chatting(usage=USAGE))  # noqa: E731
        behaviours = {"openai": first, "groq": chatting(usage=(300, 20)), "mistral": error(401), "cerebras": error(503)}
        self.upstreams = {name: Upstream(behaviour) for name, behaviour in behaviours.items()}
        self.gateway, watched = watched_gateway(document(), self.upstreams, prepare=edit, rests=True, concurrency=2)
        self.prometheus = Prometheus(self.gateway.admin, folder, reserve_port(), f"{SCRAPE}s")
        self.prometheus.__enter__()
        self.begin, self.sent = time.time(), 0
        for _ in range(2):  # a counter is there with its first event; its growth is seen after that
            self._round()
            self.gateway.wait_log(self.sent)
            self._wait("tollgate_requests_total", self.sent)
        watched.write(document() | {"nonsense": 1})
        self._wait("tollgate_config_rejected_total", 1)
        crash(self.gateway)
        wait_until(self._is_reloaded)
        self.log = self.gateway.access_log()
        self._wait("tollgate_requests_total", len(self.log))
        self._wait('ALERTS{alertname="TollgateVmReloaded",alertstate="firing"}', 1)
        self.range = int(time.time() - self.begin) + 60

    def _wait(self, expression: str, value: float) -> None:
        self.prometheus.wait(f"sum({expression})", {frozenset(): value})

    def _is_reloaded(self) -> bool:
        """The next request at that worker, once the back-off is over, gets the fresh VM; those before have no line."""
        answer = self._ask("bob", "acme/groq")
        if answer.status == 200:
            self.gateway.line_of(answer)
        return sum(self.gateway.stats("vm_reload_success").values()) > 0

    def _round(self) -> None:
        self._ask("alice", tags="search", user="u-1")
        for prompt in ("Hi", "fall", "bad", "Hi"):
            self._ask("alice", prompt=prompt)
        for prompt in ("Hi", "cut", "dumb"):
            self._ask("alice", prompt=prompt, stream=True)
        self._ask("bob", "acme/groq", tags="batch")
        self._ask("bob", "acme/free")
        self._ask("bob", "acme/none")
        self._ask("carol")
        for _ in range(2):
            self._ask("bob", "acme/locked")
            self._ask("bob", "acme/tired")
            self._ask("bob", "acme/lost")
        connection, answer = open_stream(self.gateway.url, "acme/chat", headers=self._headers("bob"))
        answer.close()
        connection.close()
        self.sent += 1

    def _headers(self, key: str, tags: str = "", user: str = "") -> dict:
        said = {"ai-reporting-tags": tags, "ai-reporting-user": user}
        return {"authorization": f"Bearer {KEYS[key]}"} | {name: value for name, value in said.items() if value}

    def _ask(self, key: str, model: str = "acme/chat", prompt: str = "Hi", stream: bool = False, **said: str) -> Response:
        self.sent += 1
        return chat(self.gateway.url, model, prompt=prompt, stream=stream, headers=self._headers(key, **said))

    def close(self) -> str:
        self.prometheus.__exit__()
        problem = self.gateway.stop_quietly()
        for one in self.upstreams.values():
            one.close()
        return problem

    def total(self, metric: str, *labels: str) -> dict[tuple, float]:
        """The dashboard's own way to a sum over the time shown, of this metric and by these labels."""
        (query,) = [one for one in dashboard.of_dashboard() if one.name == "Spend by model: {{model}}"]
        expression = query.filled(SCRAPE, self.range).replace("tollgate_cost_nanousd_total", metric).replace("by (model)", f"by ({', '.join(labels)})")
        found = self.prometheus.query(expression.replace(" / 1e9", ""))
        return {tuple(dict(series)[label] for label in labels): value for series, value in found.items()}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    one = Stage(tmp_path_factory.mktemp("stage"))
    yield one
    assert not one.close()


# ---------------------------------------------------------------- the queries


def answers(stage: Stage, query: dashboard.Query, **chosen: list[str]) -> list[float]:
    """Every number that the query gives, at the end or over the whole run."""
    expression = query.filled(SCRAPE, stage.range, **chosen)
    if query.instant:
        return list(stage.prometheus.query(expression).values())
    found = stage.prometheus.values(expression, stage.begin, stage.begin + stage.range - 60, SCRAPE)
    return [value for values in found.values() for value in values]


@pytest.mark.parametrize("query", dashboard.of_dashboard(), ids=lambda query: query.name)
def test_a_query_of_the_dashboard_gives_data(stage, query):
    numbers = [number for number in answers(stage, query) if number == number]  # NaN is none
    assert numbers
    assert any(numbers) or query.name in WELL


@pytest.mark.parametrize("query", dashboard.of_dashboard(), ids=lambda query: query.name)
def test_a_query_of_the_dashboard_takes_what_is_chosen(stage, query):
    """Two models, two providers and a group; and nothing of one that is not there."""
    chosen = {"model": ["acme/chat", "acme/free"], "provider": ["openai", "groq"], "group": ["eng"]}
    used = {name for name in chosen if f"${name}" in query.expression}
    rests = "that rest" in query.name  # what rests is at other providers
    assert (answers(stage, query, **chosen) == []) == (rests and bool(used))
    nowhere = {name: ["a.b"] for name in used}
    if used and "or vector(0)" not in query.expression:
        assert answers(stage, query, **nowhere) == []


@pytest.mark.parametrize("query", dashboard.of_alerts(), ids=lambda query: query.name)
def test_a_query_of_an_alert_gives_data(stage, query):
    expression = query.expression.replace("offset 1d", f"offset {SCRAPE}s")  # yesterday was not scraped
    assert [number for number in stage.prometheus.query(expression).values() if number == number]


def test_the_variables_offer_what_there_is(stage):
    offered = {}
    for name, variable in VARIABLES.items():
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"]).groups()
            offered[name] = set(stage.prometheus.api(f"label/{label}/values", **{"match[]": metric}))
    assert offered == {
        "model": {"acme/chat", "acme/free", "acme/groq", "acme/locked", "acme/tired", "acme/lost", "other"},
        "provider": {"openai", "groq", "cerebras", "other"},
        "group": {"eng", "ops"},
    }


def test_prometheus_has_taken_the_alerts_and_those_without_patience_fire(stage):
    rules = [rule for group in stage.prometheus.api("rules", type="alert")["groups"] for rule in group["rules"]]
    assert {rule["name"]: (rule["health"], rule.get("lastError")) for rule in rules} == {rule["alert"]: ("ok", None) for rule in dashboard.RULES}
    firing = {rule["name"]: [alert["annotations"]["summary"] for alert in rule["alerts"]] for rule in rules if rule["state"] == "firing"}
    assert {"TollgateVmReloaded", "TollgateConfigRejected", "TollgateMisconfigured", "TollgateBudgetSpent", "TollgateBudgetNearlySpent"} <= set(firing)
    assert firing["TollgateBudgetSpent"] == ["Budget carol is spent"]


def test_the_queries_of_a_report_give_data(stage):
    today = time.strftime("%Y-%m-%d", time.gmtime())
    for query in (
        *("group_by=model", "group_by=provider", "group_by=user", "group_by=tag", "group_by=api_key_name", "group_by=day", "date_part=hour"),
        "group_by=model&model=acme%2Fchat&provider=openai&user_id=u-1&tags=search,batch&api_key_name=alice",
        f"group_by=model&start_date={today}&end_date={today}",
    ):
        answer = request(stage.gateway.url, "GET", f"/v1/report?{query}", None, {"authorization": f"Bearer {KEYS['alice']}"})
        message = answer.json()["error"]["message"]
        asked = re.findall(r"`([^`]+)`", message)
        assert answer.status == 501 and len(asked) == 3, message
        # Days that are over are asked for at their end, which for today is still to come.
        assert all(stage.prometheus.query(re.sub(r"@ \d+", "", expression)) for expression in asked), query


# ---------------------------------------------------------------- the money


def spent(lines: list[dict], *fields: str) -> dict[tuple, Decimal]:
    """What the access log says, in nano-USD."""
    sums = defaultdict(Decimal)
    for line in lines:
        if line["cost_usd"] is not None:
            sums[tuple(line[field] for field in fields)] += Decimal(str(line["cost_usd"])) * 10**9
    return dict(sums)


@pytest.mark.parametrize("labels", [("model", "provider"), ("group", "key"), ()], ids=str)
def test_spend_in_prometheus_is_spend_in_the_log(stage, labels):
    logged, counted = spent(stage.log, *labels), stage.total("tollgate_cost_nanousd_total", *labels)
    assert set(logged) == set(counted) and min(logged.values()) > 0
    series = 2 * len(stage.prometheus.query("tollgate_cost_nanousd_total"))  # of two workers
    assert {key: abs(Decimal(counted[key]) - logged[key]) <= series for key in logged} == dict.fromkeys(logged, True)


def test_spend_in_the_ledger_is_spend_in_the_log(stage):
    gauges = stage.gateway.metrics()
    logged = spent(stage.log, "group")
    assert gauges.value("tollgate_budget_limit_nanousd", budget="eng") == 10**9
    assert gauges.value("tollgate_budget_spent_nanousd", budget="eng") == int(logged[("eng",)])
    for key in KEYS:
        tokens = sum((line["input"] or 0) + (line["output"] or 0) for line in stage.log if line["key"] == key)
        assert tokens > 0 and gauges.value("tollgate_budget_spent_tokens", budget="each-key", key=key) == tokens


def test_tokens_in_prometheus_are_tokens_in_the_log(stage):
    counted = stage.total("tollgate_tokens_total", "type")
    assert counted == {(kind,): sum(line[kind] or 0 for line in stage.log) for kind in ("input", "output")}


# A counter's values, a minute apart, and what a dashboard of the last hour, at minute 120, makes of them.
COUNTED = {
    "born in that hour": ("_x99 5 7 9x30", 9),
    "one event, long ago": ("3x200", 0),
    "grown since": ("100+1x200", 60),
    "gone before its end": ("100+1x70 stale", 10),
    "Envoy restarted": ("100+10x90 0+10x30", 300 + 290),
    "restarted and born again": ("7x50 _x40 4x60", 4),
}


@pytest.mark.parametrize("values, spent", COUNTED.values(), ids=COUNTED)
def test_spend_counts_from_the_first_event_and_through_restarts(tmp_path, values, spent):
    (query,) = [one for one in dashboard.of_dashboard() if one.name == "Spend: spend"]
    labels = '{model="m",provider="p",group="g",instance="envoy:9901"}'
    expected = {"expr": query.filled(15, 3600).replace(" / 1e9", ""), "eval_time": "2h", "exp_samples": [{"value": spent}]}
    test = {"interval": "1m", "input_series": [{"series": f"tollgate_cost_nanousd_total{labels}", "values": values}], "promql_expr_test": [expected]}
    file = tmp_path / "spend.yaml"
    file.write_text(yaml.safe_dump({"tests": [test]}))
    outcome = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


# ---------------------------------------------------------------- the dashboard itself


def test_the_dashboard_is_whole():
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    for panel in PANELS:
        assert panel["description"] and panel["fieldConfig"]["defaults"]["unit"] and panel["datasource"]["uid"] == "${datasource}", panel["title"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    taken = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken and at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells


def test_what_docker_compose_hands_over_is_there():
    services = yaml.safe_load((example.ROOT / "docker-compose.yaml").read_text())["services"]
    mounted = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])]
    assert len(mounted) == 5 and all((example.ROOT / path).is_file() for path in mounted), mounted
    assert services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] in str(services["grafana"]["volumes"])


def test_no_query_has_a_variable_that_is_not_there():
    known = {"__rate_interval", "__range", "datasource", *VARIABLES}
    for query in dashboard.of_dashboard():
        assert set(re.findall(r"\$([a-z_]\w*)", query.expression)) <= known, query
