"""Chapter 11: right answers pass, each usual mistake gets its own hint, nothing raises."""

from typing import Any

import numpy as np
import pytest
import torch

from drr_tutorial.evaluation.fitted_q import Transitions, fitted_q
from drr_tutorial.evaluation.off_policy import (
    LoggedEpisodes,
    ModelValues,
    doubly_robust,
    effective_size,
    episode_weights,
    importance_sampling,
    per_decision,
)
from drr_tutorial.lab.exercises import chapter_11, check


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("11.1", (0.45, 0.9, 2.25)),
        ("11.1", np.array([0.45, 0.9, 2.25])),
        ("11.1", torch.tensor([0.45, 0.9, 2.25])),
        ("11.2", 2.38),
        ("11.2", np.array(100 / 42)),
        ("11.3", (0, None, 0)),
        ("11.3", [0.0, float("nan"), np.float64(0)]),
        ("11.4", 2.075),
        ("11.4", torch.tensor(2.075)),
        ("11.5", (1.75, 3)),
        ("11.5", np.array([1.75, 3.0])),
    ],
)
def test_right(number: str, answer: Any) -> None:
    assert check(number, answer)


@pytest.mark.parametrize(
    ("number", "answer", "hint"),
    [
        ("11.1", (1 / 0.45, 1, 1), "upside down"),
        ("11.1", (2.05, 1, 1), "multiply them"),
        ("11.1", (0.3, 1, 1), "product of two ratios"),
        ("11.1", (0.45, 0.45, 2.25), "two likes make 2"),
        ("11.1", (0.45, 0.9, 0.9), "by the first ratio alone"),
        ("11.2", 10, "Ten sessions"),
        ("11.2", 4, "Four sessions"),
        ("11.2", 0.42, "upside down"),
        ("11.2", 10 / 42, "Square the sum on top"),
        ("11.2", 10 / 6, "by the largest"),
        ("11.2", 7, "Square the sum of the weights"),
        ("11.3", (1, None, 0), "Per decision"),
        ("11.3", (0, 0, 0), "refuses"),
        ("11.3", (0, None, 1), "fitted_q puts 0"),
        ("11.3", (0, 0), "Pass three"),
        ("11.4", 0.575, "model alone"),
        ("11.4", 3.75, "importance sampling alone"),
        ("11.4", 4.325, "off the reward before"),
        ("11.4", 0.975, "has to be weighed"),
        ("11.4", 2.02, "not the logging one"),
        ("11.4", 2.16875, "not v"),
        ("11.4", 9, "v, then plus"),
        ("11.5", (3, 1.75), "wrong order"),
        ("11.5", (2, 3), "without a last step"),
        ("11.5", (1.5, 3), "Once more"),
        ("11.5", (1, 3), "With one step to go"),
        ("11.5", (1.75, 2), "all three steps"),
    ],
)
def test_usual_mistakes_get_their_hint(number: str, answer: Any, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not check(number, answer)
    assert hint in capsys.readouterr().out


@pytest.mark.parametrize("number", chapter_11.CHECKS)
@pytest.mark.parametrize("answer", [None, "no", [], [None], {}, [[1, 2], [3]], object(), float("nan"), [np.inf] * 3])
def test_other_types_are_explained(number: str, answer: Any) -> None:
    assert not check(number, answer)


def test_the_answers_are_those_of_the_package() -> None:
    two = LoggedEpisodes([[1.0, 1.0]] * 2, [[0.5, 0.8]] * 2, [[0.9, 0.2]] * 2, [2, 2])
    found = episode_weights(two)[0, 1], importance_sampling(two).value, per_decision(two).value
    np.testing.assert_allclose(found, chapter_11.TWO_STEPS)
    assert effective_size([6, 2, 1, 1] + [0] * 6) == pytest.approx(chapter_11.EFFECTIVE)
    one = LoggedEpisodes([[1.0]] * 2, [[0.2]] * 2, [[0.75]] * 2, [1, 1])
    model = ModelValues([[0.6]] * 2, [[0.25 * 0.5 + 0.75 * 0.6]] * 2)
    assert doubly_robust(one, model).value == pytest.approx(chapter_11.CORRECTED)
    for ends, value in ((True, chapter_11.ENDS), (False, chapter_11.GOES_ON)):
        steps = Transitions([0, 0], [0, 0], [1.0, 1.0], [0, 0], [ends, False], [[1.0]] * 2)
        assert fitted_q(steps, 1, 3)[0, 0, 0] == pytest.approx(value)
