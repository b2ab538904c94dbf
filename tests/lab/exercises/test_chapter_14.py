"""Chapter 14's checks: right answers, made by the clinic itself where it can, pass; usual mistakes get their own hint, nothing raises."""

from typing import Any

import numpy as np
import pytest

from drr_tutorial.lab.clinic.original.one_user import BarAfterTheBest
from drr_tutorial.lab.exercises import chapter_14 as chapter, check

RIGHT = {
    "14.1": [4.6, 1, 1, 3.6],
    "14.2": [200, 400, 600],
    "14.3": [10, 2.63],
    "14.4": {
        "A": "raw vectors",
        "B": "target not detached",
        "C": "training positives as negatives",
        "D": "one user's state for everybody",
    },
}
WRONG = [
    ("14.1", [1, 1, 1, 3.6], "Row 1"),
    ("14.1", [4.6, 4.6, 1, 3.6], "Row 2"),
    ("14.1", [4.6, 1, 4.6, 3.6], "Row 3"),
    ("14.1", [4.6, 1, 1, 0], "Row 4"),
    ("14.2", [200], "healthy rule"),
    ("14.2", [100, 200], "compared with itself"),
    ("14.2", [200, 300], "never kept"),
    ("14.2", [200, 600], "one by one"),
    ("14.3", [1.11, 2.63], "1 / gamma"),
    ("14.3", [9, 2.63], "Solve for Q"),
    ("14.3", [10, 4.0951], "at the first step"),
    ("14.3", [10, 3], "0.9 times the one before"),
    ("14.3", [10, 10], "nothing follows"),
    ("14.3", [10, 2], "n = 1 to 5"),
    ("14.4", RIGHT["14.4"] | {"A": "target not detached"}, "A:"),
    ("14.4", RIGHT["14.4"] | {"B": "raw vectors"}, "B:"),
    ("14.4", RIGHT["14.4"] | {"C": "raw vectors"}, "C:"),
    ("14.4", RIGHT["14.4"] | {"D": "raw vectors"}, "D:"),
]  # fmt: skip


@pytest.mark.parametrize("number", RIGHT)
def test_right_answers_pass(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(number, RIGHT[number])
    assert capsys.readouterr().out == f"Exercise {number}: right.\n"


@pytest.mark.parametrize(("number", "answer", "hint"), WRONG)
def test_usual_mistakes_get_their_hint(number: str, answer: Any, hint: str) -> None:
    said = chapter.CHECKS[number](answer)
    assert said is not None and hint in said


def test_the_steps_kept_are_those_of_the_clinics_rule() -> None:
    rule = BarAfterTheBest()
    figures = [0.30, 0.42, 0.35, 0.38, 0.36, 0.40]
    kept = [100 * (place + 1) for place, hit in enumerate(figures) if rule.passes(hit, 0.0)]
    assert kept == list(chapter.KEPT)


def test_the_values_are_sums_of_the_series() -> None:
    ahead = [sum(0.9**i for i in range(n)) for n in range(1, 6)]
    assert np.mean(ahead) == pytest.approx(chapter.VALUES[1], abs=1e-3)
