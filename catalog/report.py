"""Where the sources differ by more than 1 %."""

import datetime
from decimal import Decimal

from merge import Catalog
from prices import Price, near, plain
from sources import ModelsDev

HEAD = """# Prices on which the sources disagree

Made by `make catalog`; not written by hand. USD per million tokens, where two sources differ by more than 1 % on the same
name at the same provider, for prompts of any length that both know. The catalog has the value of the first column that has
one: genai-prices, whose prices carry their dates, before litellm. models.dev is only compared with{absent}.

Compared on {day}: {packages}.

| provider | name there | what | genai-prices | litellm | models.dev |
|---|---|---|---|---|---|
"""


def disagreements(catalog: Catalog, models_dev: ModelsDev, packages: dict[str, str], day: datetime.date) -> str:
    absent = "" if models_dev.table else ", and was not at hand this time"
    listed = ", ".join(f"{name} {version} ({catalog.sources[name]})" for name, version in packages.items())
    lines = []
    for model in catalog.models.values():
        for preset, offers in model.offers.items():
            for native in (name for offer in offers for name in offer.names):
                seen = [catalog.genai.find(preset, native), catalog.litellm.find(preset, native)]
                prices = [row and row.price for row in seen] + [models_dev.price(preset, native)]
                lines += [f"| {preset} | `{native}` | {what} | {values} |" for what, values in differences(prices)]
    return HEAD.format(absent=absent, day=day, packages=listed) + "\n".join(sorted(set(lines))) + "\n"


def differences(prices: list[Price | None]):
    """Each rate on which two differ, with what everybody says."""
    known = [price for price in prices if price]
    names = dict.fromkeys(name for price in known for name in price.rates)
    starts = dict.fromkeys(start for price in known for start in price.tiers)
    for above in [None, *sorted(starts)]:
        for name in names:
            values = [rate(price, name, above) for price in prices]
            said = [value for value in values if value is not None]
            if any(not near(one, other) for one in said for other in said):
                what = name if above is None else f"{name}, above {above}"
                yield what, " | ".join("" if value is None else plain(value) for value in values)


def rate(price: Price | None, name: str, above: int | None) -> Decimal | None:
    if price is None:
        return None
    return (price.rates if above is None else price.tiers.get(above, {})).get(name)
