"""What a provider charges, as the tables write it: decimal USD per million tokens, and USD per request or per run of a tool."""

from dataclasses import dataclass, field
from decimal import Decimal

# The order in which rates are written; the names are those of the configuration's `price`.
RATES = (
    "input",
    "cached_input",
    "cache_write_5m",
    "cache_write_1h",
    "output",
    "reasoning",
    "audio_input",
    "cached_audio_input",
    "audio_output",
    "image_output",
    "image_input",
)

# Rates are whole pico-USD per token, so USD per million tokens have at most this many places.
PLACES = 6

Rates = dict[str, Decimal]


@dataclass
class Price:
    """`tiers` hold above a number of input tokens and are complete; `services` are of tiers of service."""

    rates: Rates = field(default_factory=dict)
    tiers: dict[int, Rates] = field(default_factory=dict)
    services: dict[str, Rates] = field(default_factory=dict)
    fees: Rates = field(default_factory=dict)

    def is_empty(self) -> bool:
        return not (self.rates or self.fees)

    def filled(self, other: "Price") -> "Price":
        """This one, with the rates that only the other has, where both agree on the plain ones."""
        agreed = all(near(self.rates.get(name), other.rates.get(name)) for name in ("input", "output"))
        if not agreed or self.tiers.keys() != other.tiers.keys():
            return self
        plain_rates = {**other.rates, **self.rates}
        more = {above: {name: rate for name, rate in rates.items() if name in plain_rates} for above, rates in other.tiers.items()}
        tiers = {above: {**plain_rates, **more[above], **rates} for above, rates in self.tiers.items()}
        services = {**other.services, **self.services}
        return Price(plain_rates, tiers, services, {**other.fees, **self.fees})


def near(one: Decimal | None, other: Decimal | None) -> bool:
    """Whether two amounts differ by 1 % at most."""
    if one is None or other is None:
        return one is other
    return abs(one - other) * 100 <= max(one, other)


def plain(amount: Decimal) -> str:
    """`0.25`, never with an exponent."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def rates_text(rates: Rates) -> str:
    """`input=1.25 output=10`; what is not a rate of tokens comes last."""
    names = [name for name in RATES if name in rates] + sorted(rates.keys() - set(RATES))
    return " ".join(f"{name}={plain(rates[name])}" for name in names)


def groups_text(groups: dict) -> str:
    """`272000 input=5 output=22.5; 500000 ...`"""
    return "; ".join(f"{key} {rates_text(groups[key])}" for key in sorted(groups))


def rounded(amount: Decimal) -> Decimal:
    """To whole pico-USD per token."""
    return amount.quantize(Decimal(1).scaleb(-PLACES)).normalize()
