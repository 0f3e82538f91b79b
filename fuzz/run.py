#!/usr/bin/env python3
"""Fuzzes every decoder, or those named, for some seconds each: builds, writes the first inputs, prints a table.

Needs a nightly Rust and `cargo-fuzz`. What is found stays in fuzz/artifacts/TARGET/, what is learnt in fuzz/corpus/TARGET/.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FUZZ = Path(__file__).resolve().parent
ENVIRONMENT = os.environ | {"RUSTUP_TOOLCHAIN": os.environ.get("FUZZ_TOOLCHAIN", "nightly")}
# A decoder that needs a second for 16 KiB, or 64 MB at once, has a fault too.
LIMITS = ["-max_len=16384", "-timeout=10", "-rss_limit_mb=1024", "-malloc_limit_mb=64", "-print_final_stats=1"]
DONE = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
COVERAGE = re.compile(r"cov: (\d+).*corp: (\d+)")


def targets() -> list[str]:
    return sorted(path.stem for path in (FUZZ / "fuzz_targets").glob("*.rs"))


def build(folder: Path) -> None:
    """Builds all targets and the tool that writes the first inputs."""
    command = ["cargo", "fuzz", "build", "--target-dir", str(folder)]
    subprocess.run(command, cwd=FUZZ, env=ENVIRONMENT, check=True)


def programs_in(folder: Path) -> Path:
    found = [path for path in folder.glob("*/release/corpus") if path.is_file()]
    return max(found, key=lambda path: path.stat().st_mtime).parent


def run(program: Path, seconds: int) -> tuple[str, bool]:
    name = program.name
    corpus, artifacts = FUZZ / "corpus" / name, FUZZ / "artifacts" / name
    artifacts.mkdir(parents=True, exist_ok=True)
    command = ["nice", program, corpus, *LIMITS, f"-max_total_time={seconds}", f"-artifact_prefix={artifacts}/"]
    ended = subprocess.run(command, cwd=FUZZ, capture_output=True, text=True, errors="replace")
    (artifacts / "log.txt").write_text(ended.stderr)
    done, coverage = DONE.search(ended.stderr), COVERAGE.findall(ended.stderr)
    counts = [done[1] if done else "?", *(coverage[-1] if coverage else "??")]
    found = sorted(path.name for path in artifacts.iterdir() if path.name != "log.txt")
    words = f"{name:18}{counts[0]:>12}{counts[1]:>10}{counts[2]:>9}   "
    return words + (" ".join(found) or ("ok" if ended.returncode == 0 else "ended early")), not found and ended.returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(targets())}")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) // 2), help="targets at a time")
    parser.add_argument("--target-dir", type=Path, default=FUZZ / "target")
    parser.add_argument("--built", action="store_true", help="build nothing: the last build is run again")
    arguments = parser.parse_args()
    if not arguments.built:
        if not shutil.which("cargo-fuzz"):
            sys.exit("cargo-fuzz is missing: rustup toolchain install nightly && cargo install cargo-fuzz --locked")
        build(arguments.target_dir.resolve())
    programs = programs_in(arguments.target_dir.resolve())
    subprocess.run([programs / "corpus", FUZZ / "corpus"], check=True)
    print(f"{'':18}{'executions':>12}{'coverage':>10}{'corpus':>9}", flush=True)
    chosen = arguments.targets or targets()
    is_well = True
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for words, ended_well in pool.map(lambda name: run(programs / name, arguments.seconds), chosen):
            print(words, flush=True)
            is_well = is_well and ended_well
    sys.exit(0 if is_well else 1)


main()
