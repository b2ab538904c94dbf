"""Writes the figures of README.md from result files. Run: python book/_ext/readme_figures.py [FOLDER ...]

What stands between `<!-- figures: NAME -->` and `<!-- end -->` is made here, from book/results/train-*.json and
speed.json. A FOLDER is that of a finished `drr-tutorial train`; its figures become book/results/train-DATASET.json
first. `make readme` does all of it.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drr_tutorial.storage import read_json, whole_file, write_json

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "book" / "results"
MARKED = re.compile(r"(<!-- figures: (.+?) -->)(\n?).*?(<!-- end -->)", re.DOTALL)
METHODS = ("DRR", "iALS", "EASE", "popularity", "random")
LABELS = ("HR@10", "nDCG@10")
ORIGINAL = "the original's pass: 439,657 steps, an update of batch 512 each, sizes 8 and 16, Ranger"
SPEEDS = (  # name in speed.json, words, form, target
    ("environment", "environment, 256 users at once: score, mask, pick, step", "{:,.0f} steps/s", "100,000"),
    ("default pass", "one ML-1M pass with learning, embeddings and validation included", "{:.0f} s", "60 s"),
    ("original pass", ORIGINAL, "{:.1f} min", "20 min"),
    ("evaluation", "114,341 test positives with 99 negatives each, scores given", "{:.2f} s", "0.6 s"),
    ("recommend", "`recommend` for one user, median", "{:.2f} ms", "1 ms"),
    ("memory", "peak memory of ML-1M training", "{:.1f} GB", "3 GB"),
    ("import", "`import drr_tutorial` after `import torch`", "{:.3f} s", "0.3 s"),
)


def main(folders: list[str]) -> None:
    """Take the figures of the folders in, and write README.md."""
    for folder in folders:
        take(Path(folder))
    path = ROOT / "README.md"
    text = refreshed(path.read_text(encoding="utf-8"))
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def take(folder: Path) -> None:
    """Of metrics.json, what a figure can be traced by, and the figures."""
    metrics = read_json(folder / "metrics.json")
    name = metrics["config"]["dataset"]
    kept = {key: value for key, value in metrics.items() if key != "validation"}
    write_json(RESULTS / f"train-{name}.json", kept | {"command": f"drr-tutorial train --dataset {name}"})


def refreshed(readme: str) -> str:
    """The text with every marked place made anew; `KeyError` for a name that nobody makes."""
    return MARKED.sub(lambda found: found[1] + found[3] + PLACES[found[2]]() + found[3] + found[4], readme)


def results(dataset: str, protocol: str) -> tuple[dict[str, dict[str, float]], dict[str, Any]]:
    """method -> label -> mean, and the agent's differences: label -> method -> mean, low, high."""
    report = read_json(RESULTS / f"train-{dataset}.json")["reports"][protocol]
    means = {row["method"]: {label: row["metrics"][label]["mean"] for label in LABELS} for row in report["methods"]}
    return means, report["differences"]


def beside(dataset: str, protocol: str) -> str:
    """The methods with their figures, and the agent minus each."""
    means, differences = results(dataset, protocol)
    lines = ["| method | HR@10 | DRR minus it | nDCG@10 | DRR minus it |", "|---|---|---|---|---|"]
    for method in METHODS:
        cells = [(f"{means[method][label]:.3f}", interval(differences[label].get(method))) for label in LABELS]
        lines.append("| " + " | ".join([named(method), *(cell for pair in cells for cell in pair)]) + " |")
    return "\n".join(lines)


def by_protocols(dataset: str, protocols: tuple[str, ...]) -> str:
    """The methods with HR@10 / nDCG@10 by each protocol."""
    found = [results(dataset, protocol)[0] for protocol in protocols]
    lines = ["| method | " + " | ".join(f"`{protocol}`" for protocol in protocols) + " |"]
    lines.append("|---" * (1 + len(protocols)) + "|")
    for method in METHODS:
        cells = [" / ".join(f"{means[method][label]:.3f}" for label in LABELS) for means in found]
        lines.append(f"| {named(method)} | {' | '.join(cells)} |")
    lines.append("| *the original notebook, as published* | | *0.491 / 0.264* |")
    return "\n".join(lines)


def gain(dataset: str, protocol: str, label: str) -> str:
    """The agent minus its own vectors, with the interval."""
    return interval(results(dataset, protocol)[1][label]["iALS"])


def interval(row: dict[str, float] | None) -> str:
    """Mean with bounds; nothing for a method beside itself."""
    return "" if row is None else "{mean:+.3f} [{low:+.3f}, {high:+.3f}]".format(**row)


def named(method: str) -> str:
    """As the table says it."""
    return "iALS, the agent's own vectors" if method == "iALS" else method


def speeds() -> str:
    """What was measured beside what was aimed at."""
    measured = read_json(RESULTS / "speed.json")["figures"]
    lines = [
        f"| {words} | {form.format(measured[name]['value'])} | {target} |"
        for name, words, form, target in SPEEDS
        if name in measured
    ]
    return "\n".join(["| what | measured | target |", "|---|---|---|", *lines])


PLACES: dict[str, Callable[[], str]] = {
    "ml-100k": lambda: beside("ml-100k", "unseen"),
    "ml-100k full": lambda: gain("ml-100k", "full", "nDCG@10"),
    "ml-1m": lambda: by_protocols("ml-1m", ("unseen", "original")),
    "ml-1m hit": lambda: gain("ml-1m", "unseen", "HR@10"),
    "ml-1m dcg": lambda: gain("ml-1m", "unseen", "nDCG@10"),
    "speed": speeds,
}


if __name__ == "__main__":
    main(sys.argv[1:])
