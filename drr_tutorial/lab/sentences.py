"""Sentences that follow from results: whoever computes them anew gets text that still holds (chapters 12 and 13).

A difference counts when its 95 % interval over users leaves out 0, and so does the one over seeds where there is one,
and where many are compared, its corrected p-value is below 0.05. Input are the tables of the study `fair-table`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

Interval = Mapping[str, float]  # "mean", "low", "high", and "p" for a difference
Table = Mapping[str, Any]  # of one protocol
MAIN = ("nDCG@10", "reward@10")
SURE = 0.05  # a p-value below it counts
WORDS = {"ahead": "is ahead of", "behind": "is behind", "level": "cannot be told from"}


def standing(difference: Mapping[str, Any]) -> str:
    """ "ahead" or "behind", as all that is known of a difference lies above 0 or below it; "level": nobody can tell."""
    intervals = [difference, *([difference["over seeds"]] if "over seeds" in difference else [])]
    if difference.get("p corrected", 0.0) >= SURE:
        return "level"
    if all(interval["low"] > 0 for interval in intervals):
        return "ahead"
    return "behind" if all(interval["high"] < 0 for interval in intervals) else "level"


def main_metric(table: Table) -> str:
    """The one metric by which a protocol is summed up: nDCG@10, or the reward."""
    return next(metric for metric in MAIN if metric in table["best"])


def against_the_best(tables: Mapping[str, Table], method: str) -> str:
    """Markdown list with an item a protocol: how a DRR agent stands against the best bar."""
    lines = []
    for protocol, table in tables.items():
        metric = main_metric(table)
        if method in table["differences"][metric]:
            best, difference = table["best"][metric], table["differences"][metric][method]
            ours, theirs = (table["methods"][name][metric]["mean"] for name in (method, best))
            lines.append(
                f"- `{protocol}`: {method} **{WORDS[standing(difference)]}** the best bar, {best}: {metric} {ours:.3f} "
                f"against {theirs:.3f}, difference {signed(difference)}, {_p_of(difference)}"
            )
    return "\n".join(lines)


def _p_of(difference: Mapping[str, Any]) -> str:
    """Its p-value, and the one that is corrected."""
    corrected = f", corrected {difference['p corrected']:.4f}" if "p corrected" in difference else ""
    return f"p = {difference['p']:.4f}{corrected}"


def count(tables: Mapping[str, Table], method: str) -> dict[str, int]:
    """By how many protocols a DRR agent is ahead of the best bar, level with it, behind it; by the main metrics."""
    found = [
        standing(table["differences"][main_metric(table)][method])
        for table in tables.values()
        if method in table["differences"][main_metric(table)]
    ]
    return {word: found.count(word) for word in WORDS}


def signed(difference: Interval, digits: int = 4) -> str:
    """A difference with its interval, such as "+0.0121 [+0.0034, +0.0213]"."""
    mean, low, high = (f"{difference[name]:+.{digits}f}" for name in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def one_after_another(names: Sequence[str]) -> str:
    """Names as a sentence has them, such as "1, 2 and 4"; "none" for none."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]])) or "none"


def cell(interval: Interval) -> str:
    """A mean with its interval, such as "0.512 [0.503, 0.521]"."""
    return "{mean:.3f} [{low:.3f}, {high:.3f}]".format(**interval)


def with_intervals(table: Table) -> pd.DataFrame:
    """Methods x metrics of one protocol, each cell as "0.512 [0.503, 0.521]"."""
    cells = {
        method: {metric: cell(interval) for metric, interval in row.items()} for method, row in table["methods"].items()
    }
    return pd.DataFrame(cells).T.rename_axis("method")


def by_protocol(tables: Mapping[str, Table], methods: Sequence[str]) -> pd.DataFrame:
    """Protocols x methods: the mean of the main metric, which has a column too."""
    rows = {
        protocol: {"metric": main_metric(table)}
        | {method: table["methods"][method][main_metric(table)]["mean"] for method in methods}
        for protocol, table in tables.items()
    }
    return pd.DataFrame(rows).T.rename_axis("protocol")


def training_adds(tables: Mapping[str, Table], agents: Sequence[str]) -> pd.DataFrame:
    """Protocols x agents: each minus itself before training, by the main metric, with its interval."""
    found = {
        protocol: {agent: signed(table["training adds"][main_metric(table)][agent]) for agent in agents}
        for protocol, table in tables.items()
    }
    return pd.DataFrame(found).T.rename_axis("protocol")


def learned_nothing(tables: Mapping[str, Table], agent: str) -> bool:
    """True when an agent has the same figures before and after training, with every seed by every protocol."""
    return all(
        table["methods"][agent][metric]["seeds"] == table["methods"][f"{agent}, before training"][metric]["seeds"]
        for table in tables.values()
        for metric in table["methods"][agent]
    )


def turned(tables: Mapping[str, Table], one: str, other: str) -> pd.DataFrame:
    """Two bars of the fair table by all protocols: the main metric of both, and who is first."""
    rows = {}
    for protocol, table in tables.items():
        metric = main_metric(table)
        values = {name: table["methods"][name][metric]["mean"] for name in (one, other)}
        rows[protocol] = {"metric": metric} | values | {"first": max(values, key=lambda name: values[name])}
    return pd.DataFrame(rows).T.rename_axis("protocol")


def flipping_pairs(tables: Mapping[str, Table]) -> list[tuple[str, str, str, str]]:
    """Pairs of methods that two protocols put in different orders, intervals apart: (first, second, by one, by other).

    By `one` the first is better, by `other` the second, by the main metrics of both protocols. Intervals of single
    methods must not overlap, which is stricter than a paired test.
    """
    found = []
    for one, table in tables.items():
        for other, another in tables.items():
            here, there = ({name: row[main_metric(t)] for name, row in t["methods"].items()} for t in (table, another))
            found += [
                (a, b, one, other)
                for a in here
                for b in here
                if a in there and b in there and here[a]["low"] > here[b]["high"] and there[b]["low"] > there[a]["high"]
            ]
    return found


def at_an_end(trials: Sequence[Mapping[str, Any]]) -> list[str]:
    """Settings whose best value is the smallest or the largest that was tried: a wider search might find a better one.

    `trials`: {"settings": {name: number}}, the best first. A setting with one value was not searched for.
    """
    best = trials[0]["settings"]
    return [
        name for name, values in _tried(trials).items() if len(values) > 1 and best[name] in (values[0], values[-1])
    ]


def _tried(trials: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The values of each setting, ascending."""
    return {name: sorted({trial["settings"][name] for trial in trials}) for name in trials[0]["settings"]}


def searches(rows: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The search spaces of the fair table's bars, a line each, from its rows.

    "tried": the values of the settings, on whatever split; "trials": at most so many a search; "searches": one for each
    data set and split; "at an end": how many of them are, see `at_an_end`.
    """
    found: dict[str, list[list[Any]]] = {}
    for key, row in rows.items():
        trials = row["figures"].get("trials", ())
        if len(trials) > 1:
            found.setdefault(key.split(".")[2], []).append(trials)
    lines = {
        name: {
            "tried": _spelled([trial for trials in of_bar for trial in trials]),
            "trials": max(len(trials) for trials in of_bar),
            "searches": len(of_bar),
            "at an end": sum(bool(at_an_end(trials)) for trials in of_bar),
        }
        for name, of_bar in found.items()
    }
    return pd.DataFrame(lines).T.rename_axis("bar")


def _spelled(trials: Sequence[Mapping[str, Any]]) -> str:
    """ "window 10, 20; recency 0.7, 0.8": what several trials have in common is left out."""
    names = list(dict.fromkeys(name for trial in trials for name in trial["settings"]))
    tried = {name: sorted({t["settings"][name] for t in trials if name in t["settings"]}) for name in names}
    return "; ".join(
        f"{name.replace('_', ' ')} {', '.join(f'{value:g}' for value in values)}"
        for name, values in tried.items()
        if len(values) > 1
    )
