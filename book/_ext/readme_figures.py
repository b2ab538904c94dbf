"""Writes the numbers of README.md and book/at_a_glance.md from result files. Run: python book/_ext/readme_figures.py

What stands between `<!-- figures: NAME -->` and `<!-- end -->` is made here, from book/results/fair-table.json,
planning.json, cold-start.json, speed.json and scale.json, and so is the README's picture of two sessions. `make
readme` measures the speeds first; `make results FULL=1` makes the tables.
"""

import hashlib
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context

from drr_tutorial.lab.figures.planning import two_sessions
from drr_tutorial.lab.pages import WAITING, changed_since, read_result
from drr_tutorial.lab.sentences import main_metric, signed, standing as word_for
from drr_tutorial.storage import read_json, whole_file

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "book" / "results"
PICTURE = ROOT / "book" / "images" / "two-sessions.svg"
PAGES = (ROOT / "README.md", ROOT / "book" / "at_a_glance.md")
MARKED = re.compile(r"(<!-- figures: (.+?) -->)(\n?).*?(<!-- end -->)", re.DOTALL)
LABELS = ("HR@10", "nDCG@10")
DATA = {"ml-100k": "MovieLens 100K", "ml-1m": "MovieLens 1M"}
BARS = ("iALS", "Mult-VAE", "SLIM", "EASE", "BPR", "RP3beta", "item-kNN", "popularity")
WITHOUT_RL = ("gates by BPR", "gates by softmax")
LEARNS_FROM = {  # name in the fair table: name here
    "likes and 80 % of the dislikes": {
        "DRR-ave": "DRR",
        "DRR-ave, before training": "DRR before training: its joint vectors alone",
    }
    | {name: f"the same vectors, {name}, no RL" for name in WITHOUT_RL}
    | {f"{bar}, dislikes last": bar for bar in BARS},
    "likes": {"DRR-ave, likes only": "DRR", "DRR-ave, likes only, before training": "DRR before training"}
    | {bar: bar for bar in (*BARS, "random")},
}
BOTH_KINDS = "ml-100k"  # of which every protocol but leave-last-out is measured
WORDS = {"ahead": "ahead", "behind": "**behind**", "level": "not to be told from it"}
AGENTS = {"DRR-ave": "default", "DRR next": "next"}
ORIGINAL = "the original's pass: 439,657 steps, an update of batch 512 each, sizes 8 and 16, Ranger"
SPEEDS = (  # name in speed.json, words, form, target
    ("environment", "environment, 256 users at once: score, mask, pick, step", "{:,.0f} steps/s", "100,000"),
    ("default pass", "one ML-1M pass with learning, embeddings and validation included", "{:.0f} s", "60 s"),
    ("whole training", "the default's whole ML-1M training, from the files to a finished agent", "{:.0f} s", "180 s"),
    ("original pass", ORIGINAL, "{:.1f} min", "20 min"),
    ("evaluation", "114,341 test positives with 99 negatives each, scores given", "{:.2f} s", "0.6 s"),
    ("recommend", "`recommend` for one user, median", "{:.2f} ms", "1 ms"),
    ("memory", "peak memory of ML-1M training", "{:.1f} GB", "3 GB"),
    ("import", "`import drr_tutorial` after `import torch`", "{:.3f} s", "0.3 s"),
    (
        "import alone",
        "`import drr_tutorial` in a new process, which brings torch when it is first used",
        "{:.0f} ms",
        "100 ms",
    ),
    ("size", "on the disk, the package with its book and all that it needs, without torch", "{:,.0f} MB", "600 MB"),
    ("size with torch", "the same with torch for the CPU", "{:,.0f} MB", "1,500 MB"),
)


def main() -> None:
    """Write the pages and the picture."""
    with whole_file(PICTURE) as temporary, rc_context({"svg.hashsalt": "drr", "svg.fonttype": "none"}):
        about = {"Date": None, "Description": of_sessions()}
        two_sessions(sessions()).savefig(temporary, format="svg", transparent=True, metadata=about)
    for path in PAGES:
        text = refreshed(path.read_text(encoding="utf-8"))
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


def refreshed(page: str) -> str:
    """The text with every marked place made anew; `KeyError` for a name that nobody makes."""
    return MARKED.sub(lambda found: found[1] + found[3] + PLACES[found[2]]() + found[3] + found[4], page)


@cache
def tables(data: str) -> dict[str, Any]:
    """protocol -> table of the fair table's summary."""
    found: dict[str, Any] = read_result("fair-table")["summary"][data]
    return found


def sessions() -> dict[str, Any]:
    """One user's session with the greedy and the planning agent."""
    found: dict[str, Any] = read_result("planning")["summary"]["sessions"]
    return found


def of_sessions() -> str:
    """A word that changes when they do."""
    return f"sessions {hashlib.sha256(json.dumps(sessions(), sort_keys=True).encode()).hexdigest()[:16]}"


def planning() -> str:
    """What planning earns beside greed and the bounds, and where it adds nothing."""
    study, logs = read_result("planning")["summary"], read_result("cold-start")["summary"]
    known, ours = study["bounds"]["all"], study["ours"]["planning"]
    tried = [found["over users"] for found in logs["looking ahead adds"].values()]
    gain = max(tried, key=lambda found: float(found["mean"]))  # not the one that suits what we say
    return (
        f"greed with full knowledge earns {known['myopic']:.1f} likes a session, an agent that plans "
        f"{ours['mean']:.1f} [{ours['low']:.1f}, {ours['high']:.1f}] (five seeds), the best "
        f"planner known {known['planner']:.1f}. In sessions with real people of MovieLens 1M, looking ahead "
        f"changes the likes of 40 films by {gain['mean']:+.2f} [{gain['low']:+.2f}, {gain['high']:+.2f}], the most of "
        f"{len(tried)} tries"
    )


def by_information() -> str:
    """HR@10 / nDCG@10 by `unseen` on both data sets, methods that may know the same together."""
    lines = ["| learns from | method | " + " | ".join(DATA.values()) + " |", "|---" * (2 + len(DATA)) + "|"]
    for information, names in LEARNS_FROM.items():
        for name, shown in names.items():
            cells = [figures(tables(data)["unseen"], name) for data in DATA]
            lines.append(f"| {information} | {shown} | {' | '.join(cells)} |")
    return "\n".join(lines)


def figures(table: dict[str, Any], method: str) -> str:
    """HR@10 / nDCG@10 of a method."""
    return " / ".join(f"{table['methods'][method][label]['mean']:.3f}" for label in LABELS)


def standing() -> str:
    """Each agent by each protocol: minus the best bar, and minus itself before training."""
    head = ["data", "protocol", "agent", "metric", "best bar", "agent minus it", "agent minus itself before training"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for data, words in DATA.items():
        for protocol, table in tables(data).items():
            metric = main_metric(table)
            lines += [
                f"| {words} | `{protocol}` | {agent} | {metric} | {table['best'][metric]} | "
                f"{signed(table['differences'][metric][agent])}, {word_for(table['differences'][metric][agent])} | "
                f"{signed(table[f'{preset} minus'][metric][f'{agent}, before training'])} |"
                for agent, preset in AGENTS.items()
                if agent in table["differences"][metric]
            ]
    lines += [
        f"| {words} | `{protocol}` | {next(iter(AGENTS))} | | not measured | | |" for words, protocol in missing()
    ]
    return "\n".join(lines)


def missing() -> list[tuple[str, str]]:
    """Data set and protocol, where no agent has been measured, though it has been on the other data set."""
    return [(words, p) for data, words in DATA.items() for p in tables(BOTH_KINDS) if p not in tables(data)]


def verdicts() -> str:
    """By which protocols the agents stand ahead of the best bar, by which behind, and by which nobody has measured."""
    found: dict[str, list[str]] = {word: [] for word in WORDS.values()}
    for data, words in DATA.items():
        for protocol, table in tables(data).items():
            differences = table["differences"][main_metric(table)]
            for agent in AGENTS:
                if agent in differences:
                    found[WORDS[word_for(differences[agent])]].append(f"`{protocol}` ({words})")
    found["not measured"] = [f"`{protocol}` ({words})" for words, protocol in missing()]
    return "; ".join(f"{word} by {', '.join(places)}" for word, places in found.items() if places)


def seeds() -> str:
    """Over how many seeds the means of `by_information` are, where chance plays a part."""
    counts: dict[int, dict[str, list[str]]] = {}  # number of seeds -> method -> data sets
    for name in (name for names in LEARNS_FROM.values() for name in names):
        for data, words in DATA.items():
            n = len(tables(data)["unseen"]["methods"][name]["HR@10"]["seeds"])
            where = counts.setdefault(n, {}).setdefault(name.partition(",")[0], [])
            where += [words] if words not in where else []
    counts.pop(1, None)  # no chance
    most = max(counts, key=lambda n: len(counts[n]))
    few = [
        f"{n} for {name}" + ("" if len(where) == len(DATA) else f" on {', '.join(where)}")
        for n, of_methods in counts.items()
        if n != most
        for name, where in of_methods.items()
    ]
    return f"{most} seeds where chance plays a part" + (f" ({', '.join(few)})" if few else "")


def original() -> str:
    """The notebook's own protocol and data: what it published, popularity, the agents."""
    table = tables("ml-1m")["original"]
    ours = [figures(table, name) for name in ("popularity", "DRR-ave, likes only", "DRR-ave")]
    said = "the notebook published 0.491 / 0.264; popularity has {}, DRR {} with likes alone and {} with dislikes"
    return said.format(*ours)


def speeds() -> str:
    """What was measured beside what was aimed at."""
    measured = read_json(RESULTS / "speed.json")["figures"]
    lines = [
        f"| {words} | {form.format(measured[name]['value'])} | {target} |"
        for name, words, form, target in SPEEDS
        if name in measured
    ]
    return "\n".join(["| what | measured | target |", "|---|---|---|", *lines])


def sizes() -> dict[tuple[int, ...], dict[str, tuple[float, int]]]:
    """(users, items, ratings) -> stage -> processor seconds and the most memory by then, MB; fewest ratings first."""
    figures = read_json(RESULTS / "scale.json")["figures"]
    found = {tuple(map(int, name.split("x"))): figure["value"]["stages"] for name, figure in figures.items()}
    return dict(sorted(found.items(), key=lambda shape: shape[0][-1]))


def scale() -> str:
    """A row a shape."""
    lines = []
    for shape, stages in sizes().items():
        vectors = sum(seconds for name, (seconds, _) in stages.items() if name.startswith("vectors"))
        times = (_minutes(seconds) for seconds in (vectors, stages["training"][0], stages["all"][0]))
        lines.append(
            f"| {' | '.join(f'{n:,}' for n in shape)} | {' | '.join(times)} | {stages['all'][1] / 1000:.1f} GB |"
        )
    head = "| users | items | ratings | vectors, thrice | training | all | most memory |"
    return "\n".join([head, "|---|---|---|---|---|---|---|", *lines])


def growth() -> str:
    """The slopes of log seconds and log memory over log ratings."""
    found = sizes()
    logs = np.log([shape[-1] for shape in found])
    time, memory = (
        np.polyfit(logs, np.log([stages["all"][place] for stages in found.values()]), 1)[0] for place in (0, 1)
    )
    return f"the time grows as the ratings to the power of {time:.2f}, the memory to the power of {memory:.2f}"


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


@cache
def older() -> dict[str, str]:
    """Result file that waits to be made, the first time or anew as its code has changed -> what is known of it."""
    reasons = read_json(RESULTS / WAITING) if (RESULTS / WAITING).is_file() else {}
    return {name: said for name, said in reasons.items() if _waits(RESULTS / f"{name}.json")}


def _waits(path: Path) -> bool:
    return not path.is_file() or bool(changed_since(read_json(path)))


def waiting() -> str:
    """Which tables wait, and where to read more; nothing where none does."""
    return f"{said_of_older()} ([what is known of them](book/at_a_glance.md))." if older() else ""


def reasons() -> str:
    """Which tables wait, and what is known of each; nothing where none does."""
    lines = [f"- `{name}`: {said}" for name, said in older().items()]
    return "\n".join([f"{said_of_older()}:", "", *lines]) if lines else ""


def said_of_older() -> str:
    """The beginning of both."""
    names = ", ".join(f"`{name}`" for name in older())
    return f"The result files {names} wait for the hours that it takes to make them, or to make them anew"


PLACES: dict[str, Callable[[], str]] = {
    "unseen": by_information,
    "seeds": seeds,
    "standing": standing,
    "original": original,
    "verdicts": verdicts,
    "speed": speeds,
    "scale": scale,
    "growth": growth,
    "waiting": waiting,
    "reasons": reasons,
    "planning": planning,
}


if __name__ == "__main__":
    main()
