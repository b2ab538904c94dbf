"""Chapter 8: right answers, made by the package where it can, pass; each usual mistake gets its own hint."""

from typing import Any

import numpy as np
import pytest
import torch

from drr_tutorial.lab.exercises import check
from drr_tutorial.worlds.planners import Planner, myopic, play
from drr_tutorial.worlds.planning import PlanningWorld

TARGETS = [5.455, 1.0, 5.455]


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("8.1", TARGETS),
        ("8.1", np.array([5.46, 1, 5.46])),
        ("8.2", [1.3576, 2]),
        ("8.2", torch.tensor([1.36, 2.0])),
        ("8.3", (0.044, 0)),
        ("8.3", np.exp(3125 * np.log1p([-0.001, -0.01]))),
        ("8.4", {"boredom", "growth"}),
        ("8.4", ["growth", "boredom"]),
        ("8.4", "boredom, growth"),
        ("8.4", {"Boredom", "Growth"}),
    ],
)
def test_right(number: str, answer: Any) -> None:
    assert check(number, answer)


@pytest.mark.parametrize(
    ("number", "answer", "hint"),
    [
        ("8.1", [6.31, 1, 6.31], "gamma to the third power"),
        ("8.1", [7, 1, 7], "a power of gamma"),
        ("8.1", [3, 1, 3], "a) 1 "),
        ("8.1", [5.0905, 1, 5.0905], "count its power"),
        ("8.1", [5.455, 5.05, 5.455], "must not be asked"),
        ("8.1", [5.455, 1.81, 5.455], "not paid"),
        ("8.1", [5.455, 2, 5.455], "nothing follows"),
        ("8.1", [5.455, 1, 1.81], "would have gone on"),
        ("8.1", "no", "three numbers"),
        ("8.2", [2.425, 2], "by kappa"),
        ("8.2", [3.642, 2], "selected more often"),
        ("8.2", [2.5, 2], "the mean of both"),
        ("8.2", [1.3576, 1], "The value is right"),
        ("8.2", [9, 2], "softmax"),
        ("8.2", None, "Pass the value"),
        ("8.3", (0, 0.044), "wrong order"),
        ("8.3", (0.04, 0), "three decimals"),
        ("8.3", (0.956, 1), "is new"),
        ("8.3", (-2.125, 0), "shares multiply"),
        ("8.3", (0.0439, -0.005), "to the power"),
        ("8.3", (0.9, 0.8), "to the power"),
        ("8.3", 3, "two numbers"),
        ("8.4", {"boredom", "growth", "leaving"}, "may stay on"),
        ("8.4", {"leaving"}, "a reason to be liked now"),
        ("8.4", {"growth"}, "One effect is left"),
        ("8.4", "boredom", "One effect is left"),
        ("8.4", {"taste"}, "The switches are"),
        ("8.4", set(), "worth a lot"),
        ("8.4", 5, "Pass names"),
    ],
)
def test_wrong(number: str, answer: Any, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not check(number, answer)
    assert hint in capsys.readouterr().out


@pytest.mark.parametrize(
    ("off", "weights", "ahead"),
    [
        ({"boredom": False, "growth": False}, [1, 1, -0.7, -0.2, 0, 0], False),
        ({"boredom": False, "growth": False}, [1, 1, -0.35, -0.2, 0, 2], False),
        ({"growth": False, "leaving": False}, [1, 1, -0.7, -0.2, 0, 0], True),
        ({"boredom": False, "leaving": False}, [1, 1, -0.35, -0.2, 0, 2], True),
    ],
)
def test_of_the_three_pairs_only_one_leaves_nothing_to_plan(
    off: dict[str, bool], weights: list[float], ahead: bool
) -> None:
    world = PlanningWorld(**off)
    greed, planner = (play(world, rule, 500, seed=0).likes.mean() for rule in (myopic, Planner(weights)))
    assert (planner > greed) == ahead
    assert check("8.4", set(off)) == (not ahead)


def test_with_the_weights_that_the_exercise_names_the_planner_is_myopic() -> None:
    players = myopic, Planner([1, 1, -0.35, -0.2, 0, 0])
    one, other = (play(PlanningWorld(), rule, 100, seed=0).likes for rule in players)
    np.testing.assert_array_equal(one, other)
