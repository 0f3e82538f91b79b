"""What every framework is tried with: two tools that the mocks call at once, and what each of them was told."""

from babel import Babel
from speaking import speaking
from thinking import CALLS, thinking

NAMES = ("anthropic", "google", "bedrock")  # three APIs, none of them OpenAI's
CALLED: list[tuple] = []


def weather(city: str) -> str:
    """The weather in a city."""
    CALLED.append(("weather", city))
    return "20 degrees"


def clock() -> str:
    """The time."""
    CALLED.append(("clock",))
    return "noon"


def talking(babel: Babel, name: str) -> None:
    babel.behave(**{name: speaking("Hello you")})


def calling(babel: Babel, name: str) -> None:
    """The model thinks and calls both, then says `done`."""
    CALLED.clear()
    babel.behave(**{name: (thinking(name, "seal-1", CALLS), thinking(name, "seal-2"))})


def called(babel: Babel, name: str) -> None:
    """Both have run, and the model was told what they gave, of its own calls."""
    assert sorted(CALLED) == [("clock",), ("weather", "Paris")]
    first, second = babel.mocks[name].requests
    assert "20 degrees" in second and "noon" in second and "20 degrees" not in first
