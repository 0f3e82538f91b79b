"""The snippets of the README's first screen run as they stand there, with nothing changed but the address and the key."""

import os
import re
import subprocess
import sys
from pathlib import Path

import example
import pytest
from ai_sdk import PATHS
from babel import CLIENT_KEY, NAMES, config
from harness import Gateway

HERE = Path(__file__).parent
README = (example.ROOT / "README.md").read_text()
ADDRESS, KEY = "http://127.0.0.1:8080", "any"
SAYS = "Hello from the demo provider: Tollgate works."


def snippet(language: str) -> str:
    """The only one of its language before the second chapter."""
    first = README.split("\n## ")[1]
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", first, re.M | re.S)
    return found


def led(text: str, url: str, key: str = KEY) -> str:
    """The two things that a reader changes."""
    assert ADDRESS in text
    keyed = text.replace(f'"{KEY}"', f'"{key}"').replace(f"Bearer {KEY}", f"Bearer {key}")
    assert key == KEY or keyed.count(key) == 1
    return keyed.replace(ADDRESS, url)


def run(*command, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, env=os.environ)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def running():
    """The example as it is."""
    with Gateway() as one:
        yield one


@pytest.fixture(scope="module")
def guarded():
    """The same model, for those who have a key."""
    demo = [one for one in example.gateway_config()["providers"] if one["name"] == "demo"]
    echo = [one for one in example.gateway_config()["models"] if one["name"] == "demo/echo"]
    own = config()
    with Gateway(own | {"providers": [*own["providers"], *demo], "models": [*own["models"], *echo]}, dict.fromkeys(NAMES, example.REFUSING)) as one:
        yield one


@pytest.fixture(params=["open", "guarded"])
def lead(request, running, guarded):
    """`lead(snippet)` -> the snippet for a gateway that asks for no key, or for one."""
    gateway, key = (running, KEY) if request.param == "open" else (guarded, CLIENT_KEY)
    return lambda text: led(text, gateway.url, key)


@pytest.mark.parametrize("version", PATHS)
def test_the_ai_sdk(lead, tmp_path, version):
    """For another version only the base URL is another one."""
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "ai").symlink_to(HERE / "node_modules" / f"ai-{version}")
    written = snippet("js")
    assert f'"{ADDRESS}{PATHS[7]}"' in written and all(f"`{path}`" in README for path in (PATHS[6], PATHS[5]))
    (tmp_path / "first.mjs").write_text(lead(written).replace(PATHS[7], PATHS[version]))
    assert run("node", "first.mjs", folder=tmp_path) == f"{SAYS}\n"


def test_openais_sdk(lead, tmp_path):
    (tmp_path / "first.py").write_text(lead(snippet("python")))
    assert run(sys.executable, "first.py", folder=tmp_path) == f"{SAYS}\n"


def test_curl_and_what_it_prints(lead, tmp_path):
    said = run("sh", "-c", lead(snippet("sh")), folder=tmp_path)
    assert said.startswith("HTTP/1.1 200 OK") and f'"content":"{SAYS}"' in said
    shown = snippet("http")
    for line in shown.splitlines():
        name, _, value = line.partition(": ")
        if name.startswith("x-tollgate"):
            assert re.search(rf"^{name}: {'gen_' if name.endswith('generation') else value}", said, re.M), line
    for piece in re.findall(r'"[^ \n]+"[^ \n]*', shown.split("\n\n")[1]):
        assert piece in said, piece
