"""Chapter 15's checks: right answers, made by the package where it can, pass; usual mistakes get their own hint, nothing raises."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from drr_tutorial.actor_critic.networks import Actor
from drr_tutorial.lab.exercises import chapter_15 as chapter, check
from drr_tutorial.recommenders.dislikes_last import dislikes_last

RIGHT = {
    "15.1": [0.5, 0.578, 0.646],
    "15.2": [2, 1, 0, 3],
    "15.3": 2.25,
    "15.4": {"A": "helps", "B": "cannot tell", "C": "harms"},
}
WRONG = [
    ("15.1", [0.5, 0.6, 0.7], "before the tanh"),
    ("15.1", [0.5, 0.573, 0.646], "half of the way"),
    ("15.1", [0.646, 0.578, 0.5], "wrong order"),
    ("15.1", [0.7, 0.578, 0.646], "untrained"),
    ("15.1", [0.5, 0.6, 0.646], "multiplies the actor's output"),
    ("15.2", [0, 2, 1, 3], "scores alone"),
    ("15.2", [3, 0, 1, 2], "from its end"),
    ("15.2", [1, 2, 0, 3], "right two"),
    ("15.2", [3, 0, 2, 1], "First the films"),
    ("15.2", [1, 2, 3, 4], "numbers 0 to 3"),
    ("15.3", 12, "spread"),
    ("15.3", 2.5, "weight of the second"),
    ("15.3", 7, "not the spread"),
    ("15.3", 1.125, "number of parts"),
    ("15.3", 1.5, "sum of the weights"),
    ("15.3", 100, "add them"),
    ("15.4", {"A": "harms", "B": "cannot tell", "C": "helps"}, "without"),
    ("15.4", RIGHT["15.4"] | {"B": "helps"}, "B:"),  # type: ignore[operator]
    ("15.4", RIGHT["15.4"] | {"C": "cannot tell"}, "which side"),  # type: ignore[operator]
]


@pytest.mark.parametrize("number", RIGHT)
def test_right_answers_pass(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(number, RIGHT[number])
    assert capsys.readouterr().out == f"Exercise {number}: right.\n"


@pytest.mark.parametrize(("number", "answer", "hint"), WRONG)
def test_usual_mistakes_get_their_hint(number: str, answer: Any, hint: str) -> None:
    said = chapter.CHECKS[number](answer)
    assert said is not None and hint in said


def test_the_answer_to_15_1_is_the_actors() -> None:
    actor = Actor(1, 1, (), torch.Generator().manual_seed(0), residual=True, gates=True)
    with torch.no_grad():
        actor.layers[-1].bias.fill_(0.4)  # type: ignore[union-attr, operator]
    found = []
    for share in (0.0, 0.5, 1.0):
        with actor.tempered(share):
            found.append(actor(torch.zeros(1, 1), torch.full((1, 1), 0.5)).item())
    assert found == pytest.approx(chapter.TEMPERED, abs=1e-6)


def test_the_answer_to_15_2_is_the_packages() -> None:
    scores = np.array([[0.9, 0.4, 0.7, 0.1]], dtype=np.float32)
    found = dislikes_last(scores, csr_array(np.array([[1, 0, 0, 1]])))
    assert tuple(np.argsort(-found[0])) == chapter.ORDER
