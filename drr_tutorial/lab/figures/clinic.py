"""Figures of the clinic: a healthy patient beside a sick one, what each defect costs, what a wrong evaluation
reports.

Figures to guess by, `case` and `reported`, name no defect: `CASES` and the study `clinic` know which is whose.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, in_lines, new_figure
from drr_tutorial.lab.figures.training import replay_times

Interval = Mapping[str, float]  # mean, low, high
STYLES = ("-", "--", "-.", ":")
CASES = {
    1: "raw vectors",
    2: "-Q into state and vectors",
    3: "no end of episode",
    4: "reward in the done slot",
    5: "time limit is the end",
    6: "target not detached",
    7: "inert priorities",
    8: "powers at every sample",
}
"""The patients of the chapter, as the study names their defects. Case 8 is ill in its speed only."""
PARTNERS = {2: {"healthy, moving vectors": "its healthy partner"}}
"""Who else stands beside a case, and under which name."""
REPORTS = {
    "case 9": "training positives as negatives",
    "case 10": "one user's state for everybody",
    "case 11, all users": "best on the test part",
    "case 11, one user": "best for one test user",
}
"""The defective evaluations of the chapter, as the study names them."""


def case(study: Mapping[str, Any], number: int) -> Figure:
    """The symptoms of a case, 1 to 8, from the summary of the study `clinic`, beside those of the healthy patient; no
    word of the defect. Raises `ValueError` for another number.
    """
    if number not in CASES:
        raise ValueError(f"number must be one of the cases 1 to {len(CASES)} that have a patient, got {number!r}")
    names = {"healthy": "healthy", **PARTNERS.get(number, {}), CASES[number]: "this patient"}
    times = study["sample time"]
    if CASES[number] in times["microseconds"]:
        return replay_times(times["capacities"], {said: times["microseconds"][name] for name, said in names.items()})
    return patients({said: study["curves"][name] for name, said in names.items()}, study["popularity"]["HR@10"])


def patients(curves: Mapping[str, Mapping[str, Any]], popularity: float) -> Figure:
    """Test hit rate and below it what the critic believes, mean Q(s, a), against steps: a thick line for the mean of a
    patient's seeds, thin ones for the seeds. `curves` is {patient: {"step": (n,), "hit": (seeds, n), "value":
    (seeds, n)}}; a dashed line marks `popularity`.
    """
    figure = new_figure(4.8)
    upper, lower = figure.subplots(2, 1, sharex=True)
    for colour, style, (name, curve) in zip(COLOURS, STYLES, curves.items(), strict=False):
        steps = np.asarray(curve["step"]) / 1000
        for axes, values in ((upper, np.asarray(curve["hit"])), (lower, np.asarray(curve["value"])[:, 1:])):
            shown = steps[-values.shape[1] :]  # there is no Q before the first update
            axes.plot(shown, values.T, color=colour, alpha=0.3, linewidth=0.7)
            axes.plot(shown, values.mean(axis=0), style, color=colour, linewidth=2, label=name)
    upper.axhline(popularity, color=TEXT, linestyle=":", linewidth=1.2, label="popularity")
    for axes, label in ((upper, "HR@10, test part"), (lower, "mean Q(s, a)")):
        axes.set_ylabel(label)
        grey(axes)
    lower.set_xlabel("steps in thousands")
    handles, labels = upper.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def bill(study: Mapping[str, Any]) -> Figure:
    """What the defects of the cases cost that can change what is learned, as `costs` draws it, numbers before names."""
    return costs({f"{n}: {defect}": study["cost"][defect] for n, defect in CASES.items() if defect in study["cost"]})


def costs(found: Mapping[str, Mapping[str, Interval]], labels: Sequence[str] = ("HR@10", "nDCG@10")) -> Figure:
    """What each defect changes, a row each: the mean difference to the healthy patient and its interval, beside a
    line at 0.
    """
    figure = new_figure(0.9 + 0.34 * len(found))
    for axes, label in zip(figure.subplots(1, len(labels), sharey=True), labels, strict=True):
        for place, defect in enumerate(found):
            interval, colour = found[defect][label], COLOURS[place % len(COLOURS)]
            axes.plot([interval["low"], interval["high"]], [place, place], color=colour, linewidth=2)
            axes.plot([interval["mean"]], [place], "o", color=colour, markersize=5)
        axes.axvline(0, color=TEXT, linestyle=":", linewidth=1)
        axes.set_yticks(range(len(found)), [in_lines(name) for name in found], fontsize=9)
        axes.locator_params(axis="x", nbins=3)
        axes.set_ylim(len(found) - 0.5, -0.5)
        axes.set_xlabel(f"{label}, change")
        grey(axes)
    return figure


def reported(found: Mapping[str, Mapping[str, Interval]], label: str = "HR@10") -> Figure:
    """What each defective evaluation of `REPORTS` reports (square) and what is true (dot), a row each, joined by a
    line. The rows are named by their cases: {defect: {"true": interval, "reported": interval}}.
    """
    figure = new_figure(1.1 + 0.34 * len(REPORTS))
    axes = figure.subplots()
    for place, defect in enumerate(REPORTS.values()):
        means = [found[defect][name]["mean"] for name in ("true", "reported")]
        first = place == 0
        axes.plot(means, [place, place], color=TEXT, linewidth=1)
        axes.plot(means[:1], [place], "o", color=COLOURS[0], label="true" if first else None)
        axes.plot(means[1:], [place], "s", color=COLOURS[4], label="reported" if first else None)
    axes.set_yticks(range(len(REPORTS)), list(REPORTS))
    axes.set_ylim(len(REPORTS) - 0.5, -0.5)
    axes.set_xlabel(label)
    grey(axes)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure
