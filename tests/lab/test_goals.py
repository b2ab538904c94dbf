"""Goals beside what was reached: a verdict follows the figures, by a hair too."""

from typing import Any

import pytest

from drr_tutorial.lab import goals


def result(hit: float = 0.9, low: float = 0.001) -> dict[str, Any]:
    """A fair table in which our agents have `hit` everywhere; differences to others have the lower bound `low`."""
    ours = {metric: {"mean": hit} for metric in ("HR@10", "nDCG@10")}
    theirs = {metric: {"mean": 0.5} for metric in ("HR@10", "nDCG@10")}
    difference = {"mean": low + 0.001, "low": low, "high": low + 0.002}
    to_all = {"EASE": difference, "DRR-att": {"mean": -0.1, "low": -0.2, "high": 0.0}}
    table = {
        "methods": {"EASE": theirs, "DRR-ave": ours, "DRR next": ours},
        "default minus": {"HR@10": to_all, "nDCG@10": to_all},
    }
    protocols = dict.fromkeys(("unseen", "masked", "original", "full", "leave-last-out"), table)
    return {"summary": {"ml-1m": protocols, "ml-100k": protocols}}


def verdicts(seconds: float = 102.0, **changes: Any) -> list[str]:
    return goals.table(result(**changes), seconds=seconds, milliseconds=0.25)["verdict"].tolist()


def test_all_goals_reached() -> None:
    table = goals.table(result(), seconds=102.0, milliseconds=0.25)
    assert table["verdict"].tolist() == ["reached"] * 8
    assert table.loc[("ml-1m", "time to this quality"), "reached"] == "102 s"
    assert set(table["learns from"]) == {goals.BOTH, goals.ALL, ""}


def test_a_figure_that_is_too_low_is_missed_by_how_much() -> None:
    found = verdicts(hit=0.825)
    assert found[0] == "reached" and found[1] == "missed: HR@10 by 0.005"


def test_exactly_the_goal_is_reached() -> None:
    assert verdicts(hit=0.82)[0] == "reached"


def test_another_method_level_with_ours_is_a_miss_but_our_own_states_are_not() -> None:
    found = verdicts(low=0.0)
    assert found[3] == "missed: nDCG@10 minus EASE: +0.0010 [+0.0000, +0.0020]"
    assert found[5].count("minus EASE") == 2  # by both metrics on ml-100k


def test_too_slow_is_a_miss() -> None:
    assert verdicts(seconds=181.0)[6] == "missed: by 1 s"
    assert goals.table(result(), seconds=102.0, milliseconds=1.5)["verdict"].iloc[-1] == "missed: by 0.5 ms"


def test_the_best_other_is_none_of_ours() -> None:
    assert goals.best_other(result()["summary"]["ml-1m"]["full"], "HR@10") == "EASE"


def test_the_agents_of_the_goals_are_in_the_study() -> None:
    from drr_tutorial.lab.studies.fair import table as fair_table

    names = {entrant.name for _, entrant in fair_table.ENTRANTS}
    assert {target.agent for target in goals.TARGETS} <= names


@pytest.mark.parametrize("target", goals.TARGETS, ids=lambda target: f"{target.data}.{target.protocol}")
def test_a_goal_has_a_figure_for_each_metric_or_none(target: goals.Target) -> None:
    assert target.least is None or len(target.least) == len(target.metrics)
