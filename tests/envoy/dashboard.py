"""The queries of Grafana's dashboard and of the alerts, as they are asked: variables filled in, thresholds taken off."""

import json
import re
from dataclasses import dataclass

import yaml
from prometheus import ALERTS, ENVOY

DASHBOARD = json.loads((ENVOY / "grafana" / "tollgate.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
VARIABLES = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
RULES = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


@dataclass(frozen=True)
class Query:
    name: str
    expression: str
    instant: bool

    def filled(self, scrape: int, range: int, **chosen: list[str]) -> str:
        """As Grafana sends it. `chosen`: the values of a variable; All where it is not named. `scrape` and `range` in seconds."""
        fixed = {"__rate_interval": f"{4 * scrape}s", "__range": f"{range}s"}

        def value(match: re.Match) -> str:
            name = match[1]
            if name in fixed:
                return fixed[name]
            values = chosen.get(name)
            # Inside the quotes of a query a backslash is two.
            return f"({'|'.join(re.escape(one) for one in values)})".replace("\\", r"\\") if values else VARIABLES[name]["allValue"]

        return re.sub(r"\$([a-z_]\w*)", value, self.expression)


def of_dashboard() -> list[Query]:
    return [
        Query(f"{panel['title']}: {target['legendFormat']}", target["expr"], target.get("instant", False)) for panel in PANELS for target in panel["targets"]
    ]


def of_alerts() -> list[Query]:
    """Their expressions without the thresholds, each of which stands on a line of its own."""
    return [Query(rule["alert"], re.sub(r"^\s*(>=|>|<|==) [\d.e]+$", "", rule["expr"], flags=re.M), True) for rule in RULES]
