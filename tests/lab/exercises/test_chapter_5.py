"""Chapter 5's checks: right answers pass, usual mistakes get their own hint, nothing raises."""

from typing import Any

import numpy as np
import pytest
import torch

from drr_tutorial.lab.exercises import chapter_5 as chapter, check
from drr_tutorial.training.optimizers import Lookahead
from drr_tutorial.training.replay import PrioritizedReplayBuffer
from drr_tutorial.training.schedules import LinearSchedule

RIGHT = {
    "5.1": [2.6, 1, 4, 10],
    "5.2": [0.5, 0.7071, 1, 1],
    "5.3": (1, 0.1, 0.19),
    "5.4": {"A": "growing action", "B": "untrained critic", "C": "known rewards"},
    "5.5": (0.5, -3),
    "5.6": (1.5, 2.5, 3),
}
WRONG = [
    ("5.1", [2.6, 2.6, 4, 10], "terminated: no state"),
    ("5.1", [2.6, 1, 0, 10], "only truncated"),
    ("5.1", [2.6, 2.6, 0, 10], "mixed up the two ends"),
    ("5.1", [2.6, 1, 4, 17], "clip"),
    ("5.1", [2.6, 1, 4, 9], "clip comes last"),
    ("5.1", [3, 1, 5, 11], "gamma out"),
    ("5.1", [7, 1, 4, 10], "transition 1"),
    ("5.2", [0.5, 0.25, 0.125, 0.125], "probabilities"),
    ("5.2", [0.7071, 1, 1.4142, 1.4142], "largest weight"),
    ("5.2", [1.4142, 2, 2.828, 2.828], "largest weight"),
    ("5.2", [0.25, 0.5, 1, 1], "beta = 1"),
    ("5.2", [1, 0.7071, 0.5, 0.5], "Upside down"),
    ("5.2", [1, 1, 1, 1], "uniform"),
    ("5.2", [3, 3, 3, 3], "First P"),
    ("5.3", [0, 0.1, 0.19], "share of the online"),
    ("5.3", [1, 0.9, 0.81], "kept tau"),
    ("5.3", [1, 0.1, 0.2], "second update"),
    ("5.3", [1, 0.5, 0.7], "Each update"),
    ("5.4", {"A": "known rewards", "B": "untrained critic", "C": "growing action"}, "Run A"),
    ("5.4", {"A": "growing action", "B": "known rewards", "C": "untrained critic"}, "Run B"),
    ("5.4", {"A": "growing action", "B": "untrained critic", "C": "untrained critic"}, "Run C"),
    ("5.5", [1.5, -3], "divide by the number"),
    ("5.5", [1 / 3, -3], "both signs"),
    ("5.5", [2 / 3, -3], "these are their sizes"),
    ("5.5", [0.5, 3], "minus the mean"),
    ("5.5", [0.5, -2.2], "what it would do now"),
    ("5.5", [0.5, -9], "The actor's loss is a mean"),
    ("5.5", [5, 5], "the mean of (y - Q)^2"),
    ("5.6", [3, 4, 6], "without Lookahead"),
    ("5.6", [3, 2.5, 3], "followed at once"),
    ("5.6", [1.5, 4, 3], "step 4 starts from 1.5"),
    ("5.6", [1.5, 2.5, 2.25], "1.5, not 0"),
    ("5.6", [1, 2, 4], "After three steps"),
]


@pytest.mark.parametrize("number", RIGHT)
def test_right_answers_pass(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(number, RIGHT[number])
    assert capsys.readouterr().out == f"Exercise {number}: right.\n"


@pytest.mark.parametrize(("number", "answer", "hint"), WRONG)
def test_usual_mistakes_get_their_hint(number: str, answer: Any, hint: str) -> None:
    said = chapter.CHECKS[number](answer)
    assert said is not None and hint in said


def test_the_places_asked_for_are_lookahead_s() -> None:
    parameter = torch.zeros(1, requires_grad=True)
    lookahead = Lookahead(torch.optim.SGD([parameter], lr=1.0), k=3, alpha=0.5)
    places = []
    for _ in range(6):
        parameter.grad = torch.tensor([-1.0])
        lookahead.step()
        places.append(parameter.item())
    assert check("5.6", [places[2], places[3], places[5]])


def test_the_weights_asked_for_are_the_buffer_s() -> None:
    buffer = PrioritizedReplayBuffer(4, 1, 1, alpha=1.0, beta=LinearSchedule.constant(0.5), eps=1e-9)
    zeros = np.zeros(4, dtype=np.int64)
    column = np.zeros((4, 1), dtype=np.int64)
    buffer.add(
        user=zeros, memory=column, action=column, item=zeros, reward=zeros, next_memory=column, terminated=zeros > 0
    )
    buffer.update_priorities(np.arange(4), torch.tensor([4.0, 2.0, 1.0, 1.0]))
    batch = buffer.sample(64, np.random.default_rng(0))
    np.testing.assert_allclose(batch.weight, np.array(RIGHT["5.2"])[batch.index], atol=1e-4)
