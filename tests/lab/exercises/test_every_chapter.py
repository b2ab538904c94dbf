"""What the checks of all chapters have in common: an answer of the wrong kind gets a hint, and nothing is raised."""

import importlib
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from drr_tutorial.lab.exercises import CHAPTERS, answers, check

CHECKS: dict[str, Callable[[Any], str | None]] = {
    number: check
    for chapter in CHAPTERS
    for number, check in importlib.import_module(f"drr_tutorial.lab.exercises.chapter_{chapter}").CHECKS.items()
}
NO_ANSWERS = [
    None,
    "abc",
    [],
    {},
    [[1], [2, 3]],
    {"A": []},
    object(),
    float("nan"),
    [float("nan")] * 4,
    np.zeros((2, 2)),
    np.zeros(3),
    3,
    True,
    [1, 2],
    10**400,
    [10**400] * 2,
    np.array(0.3),
    torch.tensor([1.0, 2.0], requires_grad=True),
    [torch.tensor(3.0, requires_grad=True)] * 3,
    {key: np.arange(2) for key in "ABC"},
    {key: np.arange(2) for key in "ABCD"},
]
FORMS: list[Callable[[list[float]], Any]] = [
    tuple,
    iter,
    np.array,
    pd.Series,
    torch.tensor,
    lambda numbers: torch.tensor(numbers, dtype=torch.float64, requires_grad=True),
    lambda numbers: dict(zip("1234", numbers, strict=True)),
    lambda numbers: dict(zip("1234", numbers, strict=True)).values(),
    lambda numbers: np.array([numbers]),
    lambda numbers: torch.tensor(numbers)[:, None],
    lambda numbers: [torch.tensor(numbers[0]), *numbers[1:]],
]


def test_every_chapter_has_three_exercises_or_more() -> None:
    counts = [sum(number.startswith(f"{chapter}.") for number in CHECKS) for chapter in CHAPTERS]
    assert min(counts) >= 3


@pytest.mark.parametrize("number", CHECKS)
@pytest.mark.parametrize("answer", NO_ANSWERS, ids=lambda answer: repr(answer).partition(" at 0x")[0])
def test_answers_of_a_wrong_kind_get_a_hint(number: str, answer: Any) -> None:
    assert CHECKS[number](answer)


def test_a_computed_loss_is_an_answer_though_it_has_a_gradient() -> None:
    losses = torch.tensor([0.5, -3.0], requires_grad=True)
    assert CHECKS["5.5"](losses) is None
    assert CHECKS["5.5"](list(losses)) is None


@pytest.mark.parametrize("given", [["C", "d "], "c, d", {"c", "d"}, ("D", "c"), np.array(["c", "d"])])
def test_letters_may_come_in_any_collection(given: Any) -> None:
    assert CHECKS["10.3"](given) is None
    assert answers.letters(given, "abc") is None


@pytest.mark.parametrize("number", ["5.4", "14.4", "15.4"])
def test_a_word_that_is_none_of_those_asked_for_gets_their_list(number: str) -> None:
    keys = "ABC" if number != "14.4" else "ABCD"
    hint = CHECKS[number](dict.fromkeys(keys, "something else"))
    assert hint is not None and "out of [" in hint


# Three wrong answers, or more, that a reader is most likely to give where the answer is a number or a row of numbers.
COMMON: dict[str, list[Any]] = {
    "1.2": [3, 0.6875, 1.625],
    "1.3": [10 / 99, 0.01, 10 / 101],
    "1.4": [0.1, 0.4544, sum(1 / math.log(1 + rank) for rank in range(1, 11)) / 100],
    "2.3": [(0.6, 15), (0.5, 0.02), (30, 0.6), (15, 15)],
    "3.1": [(40, 120, 24, 24), (120, 240, 24, 24), (120, 120, 16, 24)],
    "3.2": [(1, -2, -3, 3, 3), (1, -2, 6, -12, 6, 6), (1, -2, 3, 3, 3, -6)],
    "3.3": [([3, 3], [1.5, 1.5]), ([3, 3], [3, 3]), ([1.5, 1.5], [1.5, 1.5])],
    "4.2": [(545, 536), (512, 528), (536, 417)],
    "4.3": [
        ([0, 0, -0.76], [0, 0, -0.46]),
        ([0.995, -0.422, 0.422], [0, 0, -0.8]),
        ([0, 0, -0.762], [0.995, -0.462, 0.462]),
    ],
    "4.5": [(0.94, 0.8), (0.313, 0.8), (0.467, 0.8), (0.8, 0.8)],
    "5.5": [(1.5, -3), (0.333, -3), (0.667, -3), (0.5, 3)],
    "5.6": [(3, 4, 6), (3, 2.5, 3), (1.5, 4, 3), (1.5, 2.5, 2.25)],
    "4.4": [([2, 1, 1], [1, 0, 1]), ([1, 0.5, 1.25], [1, 0, 1]), ([1.25, 0.5, 1], [1.25, 0.5, 1])],
    "5.1": [(2.6, 2.6, 4, 10), (2.6, 1, 0, 10), (3, 1, 5, 11)],
    "5.2": [(0.5, 0.25, 0.125, 0.125), (0.25, 0.5, 1, 1), (1, 1, 1, 1)],
    "5.3": [(0, 0.9, 0.99), (1, 0.9, 0.81), (1, 0.1, 0.2)],
    "7.1": [(1.2587, 1.4834), (0.8581, 0.6457), (1.498, 1.2855)],
    "7.5": [(48000, 8000), (600, 3600), (8000, 32000)],
    "8.1": [(6.31, 1, 6.31), (7, 1, 7), (5.455, 5.05, 5.455)],
    "8.2": [(2.4251, 2), (2.5, 2), (3.6424, 2)],
    "8.3": [(0, 0.0439), (0.956, 1), (0.5, 0.5)],
    "9.1": [(45, 50), (100, 100), (84, 80)],
    "9.3": [(1, 10, 2.71, 10), (10, 10, 10, 2.71), (11, 1, 10, 2.71)],
    "9.4": [
        ([0.81, 0.585, 0.041, 0], [0.798, 0.603, 0.018, 0.018]),
        ([0.7775, 0.5875, 0.0175, 0.0175], [0.79, 0.57, 0.04, 0]),
        ([0.531, 0.517, 0.474, 0.474], [0.626, 0.031, 0.78, 0]),
    ],
    "10.1": [(0.167, 0.5), (0.2, -0.1333), (0.5, 0.3)],
    "10.2": [(0, 1, 2), (1, 1, 3), (1, 2, 2)],
    "11.1": [(2.222, 1, 1), (2.05, 1, 1), (0.45, 0.45, 2.25)],
    "11.5": [(3, 1.75), (2, 3), (1.5, 3)],
    "14.1": [(1, 1, 1, 3.6), (4.6, 4.6, 1, 3.6), (4.6, 1, 4.6, 3.6), (4.6, 1, 1, 0)],
    "14.2": [[200], [100, 200, 400], [200, 300]],
    "14.3": [(1.111, 2.629), (10, 4.0951), (10, 3), (10, 10)],
    "15.1": [(0.5, 0.6, 0.7), (0.5, 0.573, 0.646), (0.646, 0.578, 0.5)],
    "15.2": [(0, 2, 1, 3), (3, 0, 1, 2), (1, 2, 0, 3)],
    "17.1": [(4, 11 / 3), (2, 11 / 3), (5, 4.5)],
    "17.3": [(0.5, 0.5), (1, 0.5), (2 / 3, 1)],
}
IN_WORDS = {
    "2.1",
    "2.2",
    "2.4",
    "3.4",
    "4.1",
    "5.4",
    "6.5",
    "7.4",
    "8.4",
    "9.2",
    "10.3",
    "11.3",
    "12.4",
    "14.4",
    "15.4",
}
ON_DATA = {"1.1"}  # tests of chapter 1 give it four wrong answers, on toy data


def mistakes_of_one_number(number: str, monkeypatch: pytest.MonkeyPatch) -> dict[float, str]:
    """The wrong numbers that a check answers by name."""
    found: list[dict[float, str]] = []

    def watched(answer: Any, right: float, mistakes: dict[float, str], *rest: Any, **more: Any) -> None:
        found.append({value: hint for value, hint in mistakes.items() if not math.isclose(value, right)})

    module = importlib.import_module(CHECKS[number].__module__)
    monkeypatch.setattr(answers, "number", watched)
    monkeypatch.setattr(module, "number", watched, raising=False)
    CHECKS[number](0.123)
    return found[0] if found else {}


@pytest.mark.parametrize("number", sorted(set(CHECKS) - IN_WORDS - ON_DATA))
def test_the_three_commonest_wrong_numbers_have_a_hint_of_their_own(
    number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if number in COMMON:
        shape = np.shape(COMMON[number][-1])
        far_off = CHECKS[number](0.77 + 0.01 * np.arange(math.prod(shape)).reshape(shape))
        hints = [hint for answer in COMMON[number] if (hint := CHECKS[number](answer)) != far_off]
    else:
        hints = list(mistakes_of_one_number(number, monkeypatch).values())
    assert len(set(hints) - {None}) >= 3


@pytest.mark.parametrize("form", FORMS, ids=range(len(FORMS)))
def test_right_numbers_may_come_in_any_form(form: Callable[[list[float]], Any]) -> None:
    assert CHECKS["5.1"](form([2.6, 1.0, 4.0, 10.0])) is None


@pytest.mark.parametrize(
    "one", [[0.5], np.array([0.5]), torch.tensor([0.5]), torch.tensor(0.5, dtype=torch.bfloat16), Fraction(1, 2)]
)
def test_one_number_may_stand_in_a_list(one: Any) -> None:
    assert CHECKS["6.1"](one) is None
    assert answers.numbers(one) == 0.5
    assert answers.numbers([one, one]) is None


@pytest.mark.parametrize("given", ["a and e", "(a), (e)", {"a)", "E."}, {"a": True, "b": False, "e": True}])
def test_letters_may_come_as_they_stand_in_the_exercise(given: Any) -> None:
    assert answers.letters(given, "abcde") == {"a", "e"}


@pytest.mark.parametrize(
    "given", ["boredom and growth", "boredom growth", {"boredom": False, "growth": False, "leaving": True}]
)
def test_switches_may_come_as_words_or_as_they_are_set(given: Any) -> None:
    assert CHECKS["8.4"](given) is None


@pytest.mark.parametrize("number", CHECKS)
def test_an_empty_answer_gives_nothing_away(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(number, ...) is False
    said = f"Exercise {number}: no answer yet. Put yours in the place of the three dots.\n"
    assert capsys.readouterr().out == said
