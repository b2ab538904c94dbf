"""The fair table (chapter 12): tuned bars and the agents by every protocol, with intervals and paired tests."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial

from drr_tutorial.lab.bars.without_rl import Loss
from drr_tutorial.lab.sentences import signed
from drr_tutorial.lab.studies.fair.agents import Entrant, own_vectors, trained_agent, without_rl
from drr_tutorial.lab.studies.fair.bars import SEEDS, tuned_baseline
from drr_tutorial.lab.studies.fair.compare import difference, figure, holm
from drr_tutorial.lab.studies.fair.contestants import BASELINES
from drr_tutorial.lab.studies.fair.protocols import METRICS, SPLITS, Figures, together
from drr_tutorial.lab.studies.runner import Row, Study

OUR_NAME = "DRR-ave"
OWN_VECTORS = "iALS, the simple agent's own vectors"
BEFORE, DISLIKES_LAST = "before training", "dislikes last"
VECTORS = "joint vectors alone"
"""The default agent before training: a bar that learns from dislikes and stars."""
WITHOUT_RL: Mapping[str, Loss] = {"gates by BPR": "bpr", "gates by softmax": "softmax"}
"""Bars with the default agent's vectors and gates, trained without RL."""
PAIR = {"DRR simple": "DRR", OWN_VECTORS: "iALS"}
RANKING = ("HR@10", "nDCG@10")
SIMPLE, LIKES_ONLY, NEXT, DEFAULT, DEFAULT_BY_USER = (
    Entrant("DRR simple", "simple", "drr-ave", "original"),
    Entrant("DRR-ave, likes only", "default", "drr-ave", "original"),
    Entrant("DRR next", "next", "drr-ave", "ncf"),
    Entrant(OUR_NAME, "default", "drr-ave", "rated"),
    Entrant(OUR_NAME, "default", "drr-ave", "by-user"),
)
ENTRANTS: tuple[tuple[str, Entrant], ...] = (
    *(("ml-1m", entrant) for entrant in (DEFAULT_BY_USER, DEFAULT, NEXT, LIKES_ONLY)),
    *(("ml-100k", entrant) for entrant in (DEFAULT, LIKES_ONLY, SIMPLE, DEFAULT_BY_USER)),
)
"""Data and agent, each with five seeds."""
PLACES = tuple((data, kind) for data in ("ml-1m", "ml-100k") for kind in SPLITS[data])


def rows() -> list[Row]:
    """The agents' rows first, ML-1M's before ml-100k's: long ones first. The paper's split of ML-1M is for the full
    set.
    """
    own = [Row(f"ml-100k.original.own-vectors.{seed}", partial(own_vectors, "ml-100k", seed)) for seed in SEEDS]
    return [*_agent_rows(), *_rows_without_rl(), *own, *_baseline_rows()]


def _agent_rows() -> list[Row]:
    return [
        Row(f"{_prefix(data, entrant)}{seed}", partial(trained_agent, data, entrant, seed), _long(data, entrant.kind))
        for data, entrant in ENTRANTS
        for seed in SEEDS
    ]


def _rows_without_rl() -> list[Row]:
    """Where the default agent is, too, but for the paper's split of ML-1M; three seeds there."""
    return [
        Row(f"{data}.{entrant.kind}.{_slug(name)}.{seed}", partial(without_rl, data, entrant.kind, loss, seed))
        for data, entrant in ENTRANTS
        if entrant.name == OUR_NAME and not _long(data, entrant.kind)
        for name, loss in WITHOUT_RL.items()
        for seed in SEEDS[: 3 if data == "ml-1m" else None]
    ]


def _baseline_rows() -> list[Row]:
    return [
        Row(f"{data}.{kind}.{_slug(method)}", partial(tuned_baseline, data, kind, method), _long(data, kind))
        for method, contestant in BASELINES.items()
        for data, kind in PLACES
        if contestant.competes(kind)
    ]


def _long(data: str, kind: str) -> bool:
    return (data, kind) == ("ml-1m", "by-user")


def _slug(method: str) -> str:
    return method.replace(" + ", " ").replace(" ", "-")


def _prefix(data: str, entrant: Entrant) -> str:
    return f"{data}.{entrant.kind}.{entrant.preset}.{entrant.state}."


def summarize(figures: Mapping[str, Figures]) -> Figures:
    """data -> protocol -> what `_table` says; "comparisons", how many differences to a best bar there are, by which
    their p-values are corrected; and "decides", see `_decides`.
    """
    summary = tables(figures, ENTRANTS)
    summary["comparisons"] = holm(
        [
            found
            for by_protocol in summary.values()
            for table in by_protocol.values()
            for by_agent in table["differences"].values()
            for found in by_agent.values()
        ]
    )
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
    parts[OWN_VECTORS] = _with_prefix(figures, f"{data}.{kind}.own-vectors.")
    for where, entrant in entrants:
        if where == data and entrant.kind in kinds:
            trained = _with_prefix(figures, _prefix(data, entrant))
            if entrant.name == OUR_NAME:
                parts[VECTORS] = [row[BEFORE] for row in trained]
                for name in WITHOUT_RL:
                    parts[name] = _with_prefix(figures, f"{data}.{entrant.kind}.{_slug(name)}.")
            parts[f"{entrant.name}, {BEFORE}"] = [row[BEFORE] for row in trained]
            parts[entrant.name] = trained
    return {method: together(rows) for method, rows in parts.items() if rows}


def _with_prefix(figures: Mapping[str, Figures], prefix: str) -> list[Figures]:
    return [row for key, row in figures.items() if key.startswith(prefix)]


def is_bar(method: str) -> bool:
    """Whether a method of a table competes with the agents: tuned baselines, with and without dislikes, and what has
    the agent's vectors, but no RL. The agent's own iALS is none: it is not tuned.
    """
    return method.removesuffix(f", {DISLIKES_LAST}") in BASELINES or method == VECTORS or method in WITHOUT_RL


def _table(methods: Mapping[str, Figures], protocol: str) -> Figures:
    """The methods' figures with intervals, the best bar by each metric, the agents' paired differences to it.

    And the differences of some agents to every method: "default minus", "simple minus", "next minus".
    """
    if len({row["detail"][protocol]["task"] for row in methods.values()}) > 1:
        raise ValueError(f"all methods must be judged on the same lists of {protocol!r}; compute the rows anew")
    table = {method: {m: figure(row, protocol, m) for m in METRICS[protocol]} for method, row in methods.items()}
    best = {m: max(filter(is_bar, methods), key=lambda name: table[name][m]["mean"]) for m in METRICS[protocol]}
    agents = [method for method in methods if method.startswith("DRR")]
    trained = {name: f"{name}, {BEFORE}" for name in agents if f"{name}, {BEFORE}" in methods}
    against = {"default": OUR_NAME, "likes only": LIKES_ONLY.name, "simple": SIMPLE.name, "next": NEXT.name}

    def minus(pairs: Mapping[str, str], metric: str) -> Figures:
        return {one: difference(methods[one], methods[other], protocol, metric) for one, other in pairs.items()}

    return {
        "methods": table,
        "best": best,
        "differences": {m: minus(dict.fromkeys(trained or agents, best[m]), m) for m in METRICS[protocol]},
        "training adds": {m: minus(trained, m) for m in METRICS[protocol]},
        **{
            f"{short} minus": {m: _to_all(methods, name, protocol, m) for m in METRICS[protocol]}
            for short, name in against.items()
            if name in methods
        },
    }


def _to_all(methods: Mapping[str, Figures], name: str, protocol: str, metric: str) -> Figures:
    others = {other: row for other, row in methods.items() if other != name}
    return {other: difference(methods[name], row, protocol, metric) for other, row in others.items()}


STUDY = Study(
    name="fair-table",
    title="Tuned baselines and DRR by every protocol, ml-100k and ML-1M",
    rows=rows,
    summarize=summarize,
    data=tuple(SPLITS),
    seeds=SEEDS,
    full_only=True,
)
