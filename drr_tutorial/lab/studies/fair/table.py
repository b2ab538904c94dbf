"""The fair table (chapter 12): tuned bars and the agents by every protocol, with intervals and paired tests."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, get_args

import numpy as np

from drr_tutorial.config import StateName
from drr_tutorial.evaluation.intervals import bootstrap_users, randomization_test
from drr_tutorial.lab.sentences import signed
from drr_tutorial.lab.studies.fair.agents import Entrant, own_vectors, trained_agent
from drr_tutorial.lab.studies.fair.bars import BASELINES, SEEDS, tuned_baseline
from drr_tutorial.lab.studies.fair.protocols import METRICS, SPLITS, Figures, together
from drr_tutorial.lab.studies.runner import Row, Study

STATES: tuple[StateName, ...] = get_args(StateName)
OUR_NAME = "DRR-ave"
OWN_VECTORS = "iALS, the simple agent's own vectors"
BEFORE, DISLIKES_LAST = "before training", "dislikes last"
PAIR = {"DRR simple": "DRR", OWN_VECTORS: "iALS"}
RANKING = ("HR@10", "nDCG@10")
SIMPLE, LIKES_ONLY, NEXT = (
    Entrant("DRR simple", "simple", "drr-ave", "original"),
    Entrant("DRR-ave, likes only", "default", "drr-ave", "original"),
    Entrant("DRR next", "next", "drr-ave", "ncf"),
)
DEFAULT, DEFAULT_BY_USER = (
    {state: Entrant(state.replace("drr", "DRR"), "default", state, kind) for state in STATES}
    for kind in ("rated", "by-user")
)
ENTRANTS: tuple[tuple[str, Entrant], ...] = (
    *(("ml-1m", entrant) for entrant in (DEFAULT["drr-ave"], NEXT, LIKES_ONLY)),
    *(("ml-100k", entrant) for entrant in (DEFAULT["drr-ave"], LIKES_ONLY, SIMPLE, DEFAULT_BY_USER["drr-ave"])),
)
"""Data and agent, each with five seeds. The other states are in the study `all_states`, and so is the paper's split of
ML-1M, the bars included: they take hours.
"""


def rows() -> list[Row]:
    """The agents' rows first, ML-1M's before ml-100k's: long ones first."""
    places = (("ml-1m", "original"), ("ml-1m", "ncf"), ("ml-100k", "original"), ("ml-100k", "by-user"))
    own = [Row(f"ml-100k.original.own-vectors.{seed}", partial(own_vectors, "ml-100k", seed)) for seed in SEEDS]
    return [*agent_rows(ENTRANTS), *own, *baseline_rows(places)]


def agent_rows(entrants: Sequence[tuple[str, Entrant]]) -> list[Row]:
    """Each with five seeds."""
    return [
        Row(f"{_prefix(data, entrant)}{seed}", partial(trained_agent, data, entrant, seed))
        for data, entrant in entrants
        for seed in SEEDS
    ]


def baseline_rows(places: Sequence[tuple[str, str]]) -> list[Row]:
    """All bars of each data set and split, iALS first: it takes longest."""
    methods = sorted(BASELINES, key=lambda method: method != "iALS")
    return [
        Row(f"{data}.{kind}.{_slug(method)}", partial(tuned_baseline, data, kind, method))
        for method in methods
        for data, kind in places
    ]


def _slug(method: str) -> str:
    return method.replace(" ", "-")


def _prefix(data: str, entrant: Entrant) -> str:
    return f"{data}.{entrant.kind}.{entrant.preset}.{entrant.state}."


def summarize(figures: Mapping[str, Figures]) -> Figures:
    """data -> protocol -> what `_table` says; and "decides", see `_decides`."""
    summary = tables(figures, ENTRANTS)
    summary["decides"] = _decides(summary["ml-100k"])
    summary["settings"] = {key: row["settings"] for key, row in figures.items() if "settings" in row}
    return summary


def tables(figures: Mapping[str, Figures], entrants: Sequence[tuple[str, Entrant]]) -> Figures:
    """data -> protocol -> what `_table` says, for the splits of which there are rows."""
    found: Figures = {}
    for data, kinds in SPLITS.items():
        found[data] = {}
        for kind in kinds:
            methods = _methods(figures, data, kind, entrants)
            for protocol in next(iter(methods.values()))["means"] if methods else ():
                found[data][protocol] = _table(methods, protocol)
    return found


def _decides(tables: Figures) -> Figures:
    """The table of chapter 6: the simple agent beside four bars, iALS with the agent's own settings among them.

    "rows": protocol -> a line a method; "means": metric -> protocol -> method; "per_seed": protocol -> a line a seed;
    "differences": protocol -> metric -> method.
    """
    names = {name: name for name in ("random", "popularity", "EASE")} | PAIR
    names = {name: names[name] for name in ("DRR simple", "random", "popularity", "EASE", OWN_VECTORS)}
    kept = {
        p: table for p, table in tables.items() if METRICS[p] == RANKING and names.keys() <= table["methods"].keys()
    }
    means = {
        m: {p: {short: t["methods"][name][m]["mean"] for name, short in names.items()} for p, t in kept.items()}
        for m in RANKING
    }
    differences = {
        p: {m: {short: t["simple minus"][m].get(name) for name, short in names.items()} for m in RANKING}
        for p, t in kept.items()
    }
    return {
        "means": means,
        "differences": differences,
        "rows": {p: [_line(short, p, means, differences) for short in names.values()] for p in kept},
        "per_seed": {p: _by_seed(table["methods"]) for p, table in kept.items()},
    }


def _line(method: str, protocol: str, means: Figures, differences: Figures) -> Figures:
    line: Figures = {"method": method} | {m: means[m][protocol][method] for m in RANKING}
    for metric in RANKING:
        found = differences[protocol][metric][method]
        line[f"DRR minus it, {metric}"] = "" if found is None else signed(found, 3)
    return line


def _by_seed(methods: Figures) -> list[Figures]:
    """A line a seed: the agent, iALS with the same seed, and their difference."""
    seeds = {short: {m: methods[name][m]["seeds"] for m in RANKING} for name, short in PAIR.items()}
    return [
        {"seed": i}
        | {f"{short} {m}": found[m][i] for m in RANKING for short, found in seeds.items()}
        | {f"difference {m}": seeds["DRR"][m][i] - seeds["iALS"][m][i] for m in RANKING}
        for i in range(len(seeds["DRR"][RANKING[0]]))
    ]


def _methods(
    figures: Mapping[str, Figures], data: str, kind: str, entrants: Sequence[tuple[str, Entrant]]
) -> dict[str, Figures]:
    """One entry a method, whatever seeds there are. The split "rated" has the lists of "original": one table."""
    kinds = ("original", "rated") if kind == "original" else (kind,)
    parts: dict[str, list[Figures]] = defaultdict(list)
    for method in BASELINES:
        row = figures.get(f"{data}.{kind}.{_slug(method)}")
        if row is None:
            continue
        parts[method].append(row)
        if DISLIKES_LAST in row:
            parts[f"{method}, {DISLIKES_LAST}"].append(row[DISLIKES_LAST])
    parts[OWN_VECTORS] = [row for key, row in figures.items() if key.startswith(f"{data}.{kind}.own-vectors.")]
    for where, entrant in entrants:
        if where == data and entrant.kind in kinds:
            trained = [row for key, row in figures.items() if key.startswith(_prefix(data, entrant))]
            parts[f"{entrant.name}, {BEFORE}"] = [row[BEFORE] for row in trained]
            parts[entrant.name] = trained
    return {method: together(rows) for method, rows in parts.items() if rows}


def _table(methods: Mapping[str, Figures], protocol: str) -> Figures:
    """The methods' figures with intervals, the best bar by each metric, the agents' paired differences to it.

    And the differences of some agents to every method: "default minus", "simple minus", "next minus".
    """
    if len({row["detail"][protocol]["task"] for row in methods.values()}) > 1:
        raise ValueError(f"all methods must be judged on the same lists of {protocol!r}; compute the rows anew")
    table = {method: {m: _figure(row, protocol, m) for m in METRICS[protocol]} for method, row in methods.items()}
    bars = [method for method in methods if method.removesuffix(f", {DISLIKES_LAST}") in BASELINES]
    best = {m: max(bars, key=lambda name: table[name][m]["mean"]) for m in METRICS[protocol]}
    agents = [method for method in methods if method.startswith("DRR")]
    return {
        "methods": table,
        "best": best,
        "differences": {
            m: {agent: _difference(methods[agent], methods[best[m]], protocol, m) for agent in agents}
            for m in METRICS[protocol]
        },
        "training adds": {
            m: {
                agent: _difference(methods[agent], methods[f"{agent}, {BEFORE}"], protocol, m)
                for agent in agents
                if f"{agent}, {BEFORE}" in methods
            }
            for m in METRICS[protocol]
        },
        **{
            f"{short} minus": {m: _to_all(methods, name, protocol, m) for m in METRICS[protocol]}
            for short, name in {
                "default": OUR_NAME,
                "likes only": LIKES_ONLY.name,
                "simple": SIMPLE.name,
                "next": NEXT.name,
            }.items()
            if name in methods
        },
    }


def _to_all(methods: Mapping[str, Figures], name: str, protocol: str, metric: str) -> Figures:
    others = {other: row for other, row in methods.items() if other != name}
    return {other: _difference(methods[name], row, protocol, metric) for other, row in others.items()}


def _figure(row: Figures, protocol: str, metric: str) -> Figures:
    detail, seeds = row["detail"][protocol], row["means"][protocol][metric]
    interval = bootstrap_users(np.array(detail[metric]), np.array(detail["lists"]))
    return {"mean": float(np.mean(seeds)), "low": interval.low, "high": interval.high, "seeds": seeds}


def _difference(agent: Figures, other: Figures, protocol: str, metric: str) -> Figures:
    """Paired by user: mean, interval, and the p-value of a randomization test."""
    ours, theirs = agent["detail"][protocol], other["detail"][protocol]
    sums: Any = np.array(ours[metric]) - np.array(theirs[metric])
    interval = bootstrap_users(sums, np.array(ours["lists"]))
    return interval._asdict() | {"p": randomization_test(sums)}


STUDY = Study(
    name="fair-table",
    title="Tuned baselines and DRR by every protocol, ml-100k and ML-1M",
    rows=rows,
    summarize=summarize,
    data=tuple(SPLITS),
    seeds=SEEDS,
)
