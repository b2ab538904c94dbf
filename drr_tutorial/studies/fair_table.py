"""The fair table (chapter 7): tuned bars and the agent in all four states, by every protocol, with intervals and paired
tests.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, get_args

import numpy as np

from drr_tutorial.config import PRESETS, StateName
from drr_tutorial.reports import bootstrap_users, randomization_test
from drr_tutorial.studies.fair_agent import own_vectors, trained_agent
from drr_tutorial.studies.fair_protocols import METRICS, SPLITS, Figures, together
from drr_tutorial.studies.study import Row, Study
from drr_tutorial.studies.tuning import BASELINES, SEEDS, tuned_baseline
from drr_tutorial.verdicts import signed

STATES: tuple[StateName, ...] = get_args(StateName)
DEFAULT_STATE = PRESETS["default"].agent.state
OWN_VECTORS = "iALS, the agent's own vectors"
OUR_NAME = DEFAULT_STATE.replace("drr", "DRR")
PAIR = {OUR_NAME: "DRR", OWN_VECTORS: "iALS"}
RANKING = ("HR@10", "nDCG@10")
N_SEEDS = {
    ("ml-100k", "original"): (5, 5),
    ("ml-100k", "by-user"): (5, 2),
    ("ml-1m", "original"): (5, 1),
    ("ml-1m", "ncf"): (5, 0),
    ("ml-1m", "by-user"): (2, 0),
}
"""Trainings in the committed set: of the default's state, and of each other one. The full set has five of all."""
BASELINE_CODE = ("drr_tutorial.studies.tuning",)
AGENT_CODE = ("drr_tutorial.studies.fair_agent",)


def rows() -> list[Row]:
    """The agents' rows first, ML-1M's before ml-100k's: long ones first."""
    places = [(data, kind) for data in ("ml-1m", "ml-100k") for kind in SPLITS[data]]
    return [row for make in (_agent_rows, _baseline_rows) for place in places for row in make(*place)]


def _agent_rows(data: str, kind: str) -> Iterator[Row]:
    of_default, of_others = N_SEEDS[data, kind]
    for seed in SEEDS:
        for state in STATES:
            beyond = seed >= (of_default if state == DEFAULT_STATE else of_others)
            compute = partial(trained_agent, data, kind, state, seed)
            yield Row(f"{data}.{kind}.{state}.{seed}", compute, full_only=beyond, code=AGENT_CODE)
        beyond = seed >= of_default
        yield Row(f"{data}.{kind}.own-vectors.{seed}", partial(own_vectors, data, kind, seed), beyond, AGENT_CODE)


def _baseline_rows(data: str, kind: str) -> Iterator[Row]:
    for method in BASELINES:
        compute = partial(tuned_baseline, data, kind, method)
        yield Row(f"{data}.{kind}.{method.replace(' ', '-')}", compute, code=BASELINE_CODE)


def summarize(figures: Mapping[str, Figures]) -> Figures:
    """data -> protocol -> what `_table` says; and "decides", see `_decides`."""
    summary: Figures = {}
    for data, kinds in SPLITS.items():
        summary[data] = {}
        for kind in kinds:
            methods = _methods(figures, f"{data}.{kind}.")
            for protocol in next(iter(methods.values()))["means"]:
                summary[data][protocol] = _table(methods, protocol)
    summary["decides"] = _decides(summary["ml-100k"])
    return summary


def _decides(tables: Figures) -> Figures:
    """The table of chapter 6: the default's agent beside four bars, iALS with the agent's own settings among them.

    "rows": protocol -> a line a method; "means": metric -> protocol -> method; "per_seed": protocol -> a line a seed;
    "differences": protocol -> metric -> method.
    """
    names = {OUR_NAME: "DRR", "random": "random", "popularity": "popularity", "EASE": "EASE", OWN_VECTORS: "iALS"}
    kept = {
        p: table for p, table in tables.items() if METRICS[p] == RANKING and names.keys() <= table["methods"].keys()
    }
    means = {
        m: {p: {short: t["methods"][name][m]["mean"] for name, short in names.items()} for p, t in kept.items()}
        for m in RANKING
    }
    differences = {
        p: {m: {short: t["default minus"][m].get(name) for name, short in names.items()} for m in RANKING}
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


def _methods(figures: Mapping[str, Figures], prefix: str) -> dict[str, Figures]:
    """One entry a method, whatever seeds there are; the agent's states are called "DRR-ave" and so on."""
    names = {method.replace(" ", "-"): method for method in BASELINES} | {"own-vectors": OWN_VECTORS}
    parts: dict[str, list[Figures]] = defaultdict(list)
    for key, row in figures.items():
        if key.startswith(prefix):
            name = key.removeprefix(prefix).partition(".")[0]
            parts[names.get(name, name.replace("drr", "DRR"))].append(row)
    order = [*BASELINES, OWN_VECTORS, *(state.replace("drr", "DRR") for state in STATES)]
    return {method: together(parts[method]) for method in order if method in parts}


def _table(methods: Mapping[str, Figures], protocol: str) -> Figures:
    """The methods' figures with intervals, the best bar by each metric, the agents' paired differences to it.

    And, since the metric decides which bar is best, the differences of the default's agent to every method.
    """
    if len({row["detail"][protocol]["task"] for row in methods.values()}) > 1:
        raise ValueError(f"all methods must be judged on the same lists of {protocol!r}; compute the rows anew")
    table = {method: {m: _figure(row, protocol, m) for m in METRICS[protocol]} for method, row in methods.items()}
    bars = [method for method in methods if method in BASELINES]
    best = {m: max(bars, key=lambda name: table[name][m]["mean"]) for m in METRICS[protocol]}
    agents = [method for method in methods if method.startswith("DRR")]
    return {
        "methods": table,
        "best": best,
        "differences": {
            m: {agent: _difference(methods[agent], methods[best[m]], protocol, m) for agent in agents}
            for m in METRICS[protocol]
        },
        "default minus": {
            m: {
                other: _difference(methods[OUR_NAME], row, protocol, m)
                for other, row in methods.items()
                if other != OUR_NAME
            }
            for m in METRICS[protocol]
            if OUR_NAME in methods
        },
    }


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
    title="Tuned baselines and DRR in all states, by every protocol, ml-100k and ML-1M",
    rows=rows,
    summarize=summarize,
    code=(__name__,),
    data=tuple(SPLITS),
    seeds=SEEDS,
)
