"""Makes the catalog: `make catalog`. Reads pinned public packages, writes models.tsv, offers.tsv and disagreements.md.

The tables are what is reviewed and what the tests read; the module embeds a compact form of them (src/catalog/catalog.bin),
which `make catalog` writes last. docs/catalog.md says what stands in them.
"""

import argparse
import datetime
import os
import subprocess
import sys
from pathlib import Path

from merge import Catalog
from report import disagreements
from sources import Genai, Litellm, ModelsDev

HERE = Path(__file__).parent
CACHE = HERE.parent / ".cache" / "catalog"

# Prices in force on this day are taken.
DAY = datetime.date(2026, 11, 22)
PACKAGES = {"genai-prices": "0.2.3", "litellm": "1.92.2"}

MODELS = "name kind context_window max_output abilities inputs outputs aliases source date".split()
OFFERS = "model preset names price tiers services fees source date".split()


def wheel(package: str) -> Path:
    """The package's file; fetched once. Nothing of it is installed or run but genai-prices' table."""
    stem = f"{package.replace('-', '_')}-{PACKAGES[package]}"
    for _ in range(2):
        found = sorted(CACHE.glob(f"{stem}-*.whl"))
        if found:
            return found[0]
        pin = f"{package}=={PACKAGES[package]}"
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", CACHE, pin], check=True)
    raise SystemExit(f"{package} did not come")


def write(file: Path, columns: list[str], rows: list[list[str]]) -> None:
    lines = ["\t".join(columns)] + ["\t".join(row) for row in rows]
    file.write_text("\n".join(lines) + "\n")
    print(f"{file.name}: {len(rows)} rows")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    recordings = os.environ.get("TOLLGATE_RECORDINGS", HERE.parent.parent / "shared" / "recordings")
    parser.add_argument("--models-dev", type=Path, default=Path(recordings) / "prices" / "models.dev.subset.json")
    arguments = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    genai = Genai(wheel("genai-prices"), CACHE / "genai-prices", DAY)
    litellm = Litellm(wheel("litellm"))
    catalog = Catalog(genai, litellm, litellm.vercel)
    models = sorted(catalog.models.values(), key=lambda model: model.name)
    write(HERE / "models.tsv", MODELS, [model.row() for model in models])
    offers = [
        offer.row(model.name, preset) for model in models for preset, list_ in model.offers.items() for offer in list_
    ]
    write(HERE / "offers.tsv", OFFERS, offers)
    report = disagreements(catalog, ModelsDev(arguments.models_dev), PACKAGES, DAY)
    (HERE / "disagreements.md").write_text(report)
    print(f"disagreements.md: {report.count(chr(10) + '| ')} lines")


if __name__ == "__main__":
    main()
