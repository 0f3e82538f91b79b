#!/usr/bin/env python3
"""Tollgate beside plain Envoy: same machine, same run, same file, in turns. Prints a table, keeps nothing.

Absolute numbers say little about another machine; the ratios are what counts. `floor`: two filters that do nothing;
`tollgate`: bytes pass through; `translated`: the provider speaks Anthropic Messages, the client chat completions.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import variants
from mock import reserve_port
from upstream import EVENTS, WORD

HERE = Path(__file__).resolve().parent
WASM = variants.ROOT / "target/wasm32-wasip1/release/tollgate.wasm"
WORKLOADS = [("json", 32), ("json", 1), ("stream", 32), ("stream", 1)]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Sample:
    rate: float  # requests per second
    p50: float  # milliseconds
    p99: float
    cpu: float  # microseconds of Envoy's CPU per request


def prove(gateway, workload: str) -> None:
    """One answer is what a client of chat completions expects: wrk looks at the status only."""
    body = {"model": "bench/chat", "stream": workload == "stream", "messages": [{"role": "user", "content": "hi"}]}
    headers = {"content-type": "application/json", "authorization": f"Bearer {variants.KEY}"}
    request = urllib.request.Request(gateway.url + "/v1/chat/completions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as response:
        text = response.read().decode()
    ends = text.endswith("data: [DONE]\n\n") if workload == "stream" else json.loads(text)["object"] == "chat.completion"
    words = text.count(WORD)
    if not ends or words < 100:
        sys.exit(f"{workload} at {gateway.folder}: {words} words, {text[-300:]}")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(gateway, workload: str, connections: int, seconds: float) -> Sample:
    before = cpu_seconds(gateway.process.pid)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "-s", HERE / "load.lua", gateway.url, "--", workload]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    cpu = cpu_seconds(gateway.process.pid) - before
    result = next(line for line in output.splitlines() if line.startswith("RESULT"))
    requests, duration, bad, p50, p99 = map(int, result.split()[1:])
    if bad or not requests:
        sys.exit(f"{bad} of {requests} requests failed; {gateway.folder}\n{gateway.envoy_log()[-2000:]}")
    return Sample(requests / duration * 1e6, p50 / 1e3, p99 / 1e3, cpu / requests * 1e6)


def median(samples: list[Sample]) -> Sample:
    return Sample(*(statistics.median(getattr(one, name) for one in samples) for name in ("rate", "p50", "p99", "cpu")))


def report(workload: str, connections: int, samples: dict[str, list[Sample]]) -> None:
    print(f"\n{workload}, {connections} connection{'s' * (connections > 1)}")
    events = EVENTS if workload == "stream" else 0
    column = f"{'events/s':>10}" if events else ""
    print(f"  {'':10}{'req/s':>9}{'ratio':>7}{column}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}{'ratio':>7}   req/s of each round")
    plain = median(samples["plain"] if "plain" in samples else next(iter(samples.values())))
    for name, rounds in samples.items():
        one = median(rounds)
        each = " ".join(f"{sample.rate:.0f}" for sample in rounds)
        column = f"{one.rate * events:10.0f}" if events else ""
        print(
            f"  {name:10}{one.rate:9.0f}{one.rate / plain.rate:7.2f}{column}{one.p50:9.2f}{one.p99:9.2f}"
            f"{one.cpu:9.0f}{one.cpu / plain.cpu:7.2f}   {each}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--only", choices=list(variants.VARIANTS), action="append", help="leave out the others")
    args = parser.parse_args()
    names = args.only or list(variants.VARIANTS)

    port = reserve_port()
    provider = [sys.executable, HERE / "upstream.py", str(port)]
    processes = [subprocess.Popen(provider) for _ in range(2)]
    time.sleep(0.5)
    gateways = {}
    try:
        gateways = {name: variants.start(name, port) for name in names}
        at_start = {name: gateway.memory() for name, gateway in gateways.items()}
        for gateway in gateways.values():  # V8 compiles its best code only after a while
            for workload in ("json", "stream"):
                prove(gateway, workload)
                measure(gateway, workload, 8, 1)
        for workload, connections in WORKLOADS:
            samples = {name: [] for name in names}
            for _ in range(args.rounds):
                for name, gateway in gateways.items():
                    samples[name].append(measure(gateway, workload, connections, args.seconds))
            report(workload, connections, samples)
        print(f"\nmodule {WASM.stat().st_size / 1024:.0f} KiB; memory of Envoy (MB), at the start and after:")
        for name, gateway in gateways.items():
            print(f"  {name:10}{at_start[name] / 1e6:6.0f}{gateway.memory() / 1e6:6.0f}")
    finally:
        for gateway in gateways.values():
            gateway.stop_quietly()
        for process in processes:
            process.terminate()


main()
