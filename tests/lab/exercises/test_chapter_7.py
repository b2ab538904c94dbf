"""Chapter 7: right answers pass, each usual mistake gets its own hint, nothing raises."""

from typing import Any

import numpy as np
import pytest
import torch

from drr_tutorial.lab.exercises import chapter_7, check
from drr_tutorial.lab.tiny import Rules, action_values, solve_with, sweeps
from drr_tutorial.worlds.tiny import solve

WORLDS = {
    "a": Rules(level_worth=0),
    "b": Rules(boredom_weight=0),
    "c": Rules(leaves_after_dislike=0.01),
    "d": Rules(level_worth=0, boredom_weight=0),
    "e": Rules(leaves_after_like=0.5, leaves_after_dislike=0.5),
}


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("7.1", (1.48, 1.26)),
        ("7.1", np.array([1.4834, 1.2587])),
        ("7.1", torch.tensor([1.4834, 1.2587])),
        ("7.2", 0.81),
        ("7.2", np.float64(0.81)),
        ("7.2", 81 / 100),
        ("7.3", 6.73),
        ("7.3", np.float32(6.734)),
        ("7.4", {"d", "e"}),
        ("7.4", "ED"),
        ("7.4", "d, e"),
        ("7.5", (8000, 48000)),
        ("7.5", np.array([8000, 48000])),
    ],
)
def test_right(number: str, answer: Any) -> None:
    assert check(number, answer)


@pytest.mark.parametrize(
    ("number", "answer", "hint"),
    [
        ("7.1", (1.2587, 1.4834), "wrong order"),
        ("7.1", (1.498, 1.2855), "with the chance to stay"),
        ("7.1", (1.5529, 1.3268), "counts 0.9"),
        ("7.1", (0.858, 0.646), "first like alone"),
        ("7.1", (0.6252, 0.613), "left out the like"),
        ("7.1", (2, 1), "Q = P(like)"),
        ("7.2", 0.8, "still ahead"),
        ("7.2", 0.804, "the two cross"),
        ("7.2", 0.67, "still begins with the shallow"),
        ("7.2", 0.85, "Try smaller"),
        ("7.2", 0.9, "Try smaller"),
        ("7.2", 0.3, "solve(gamma).policy[0]"),
        ("7.2", 81, "its place in `gammas`"),
        ("7.3", np.inf, "they have no end"),
        ("7.3", 4.8, "That is the right value"),
        ("7.3", 30.68, "likes of the policy"),
        ("7.3", 10, "a like at every step"),
        ("7.3", 88.79, "gamma 0.99"),
        ("7.3", 0, "Set both leave chances"),
        ("7.4", {"a", "d", "e"}, "resting a topic pays"),
        ("7.4", {"b", "d", "e"}, "deep items pay"),
        ("7.4", {"c", "d", "e"}, "still get bored"),
        ("7.4", "d", "hardly a later"),
        ("7.4", "e", "change nothing"),
        ("7.4", "", "Compare"),
        ("7.4", {"x"}, "from a to e only"),
        ("7.5", (48000, 8000), "wrong order"),
        ("7.5", (600, 3600), "multiply"),
        ("7.5", (8000, 32000), "six items"),
        ("7.5", (8000, 8000), "an entry for each item"),
        ("7.5", (60, 360), "4 levels of boredom"),
    ],
)
def test_usual_mistakes_get_their_hint(number: str, answer: Any, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not check(number, answer)
    assert hint in capsys.readouterr().out


@pytest.mark.parametrize("number", chapter_7.CHECKS)
@pytest.mark.parametrize(
    "answer", [None, 3, True, "no", [], [None], {}, [[1, 2], [3]], object(), float("nan"), [[np.inf] * 3] * 2]
)
def test_other_types_are_explained(number: str, answer: Any) -> None:
    assert not check(number, answer)


def test_the_answers_are_those_of_the_package() -> None:
    two = action_values(sweeps(0.9, 1)[1], 0.9)[0, :2]
    np.testing.assert_allclose(chapter_7.TWO_STEPS, two, atol=1e-5)
    first = next(gamma for gamma in range(101) if solve(gamma / 100).policy[0] == 1)
    assert first / 100 == chapter_7.FIRST_GAMMA
    assert solve(0.9).values[0] == pytest.approx(chapter_7.RIGHT, abs=1e-4)
    nobody_leaves = solve_with(Rules(leaves_after_like=0, leaves_after_dislike=0), 0.9)
    assert nobody_leaves.values[0] == pytest.approx(chapter_7.BROKEN, abs=1e-4)
    alike = {
        name for name, rules in WORLDS.items() if np.isclose(solve_with(rules, 0).likes, solve_with(rules, 1).likes)
    }
    assert alike == chapter_7.NOTHING_TO_PLAN
