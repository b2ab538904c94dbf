"""Chapter 9: right answers pass, each usual mistake gets its own hint, nothing raises, and the world says the same."""

from typing import Any

import numpy as np
import pytest
import torch

from drr_tutorial.lab.exercises import chapter_9, check
from drr_tutorial.lab.small_sardine import N_TOPICS, small_world
from drr_tutorial.training.n_step import NStep

NUMBER, VECTOR = [0.7976, 0.6027, 0.01795, 0.01795], [0.8101, 0.5845, 0.0410, 0]


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("9.1", (50, 45)),
        ("9.1", torch.tensor([50, 45])),
        ("9.2", "AAAAB" * 4),
        ("9.2", list("aabaaaabaaaabaaaabaa")),
        ("9.2", "AAAAB AAAAB AAAAB AAAAB"),
        ("9.3", [10, 1, 10, 2.71]),
        ("9.3", np.array([10, 1, 10.0, 2.71])),
        ("9.4", [NUMBER, VECTOR]),
        ("9.4", np.round([NUMBER, VECTOR], 2)),
    ],
)
def test_right(number: str, answer: Any) -> None:
    assert check(number, answer)


@pytest.mark.parametrize(
    ("number", "answer", "hint"),
    [
        ("9.1", (45, 50), "wrong order"),
        ("9.1", (100, 100), "Nothing is clicked"),
        ("9.1", (84, 45), "not one"),
        ("9.1", (55, 45), "How many rounds"),
        ("9.1", (50, 50), "shorter than ten"),
        ("9.1", (50, 44), "step 100"),
        ("9.1", (50, 400 / 9), "step 100"),
        ("9.1", (50, 60), "The first is right"),
        ("9.2", "AAAAB", "Pass 20 letters"),
        ("9.2", "AAAAC" * 4, "each A or B"),
        ("9.2", "AAAAAB" * 3 + "AB", "with step 5:"),
        ("9.2", "AAAAB" * 3 + "BBBBB", "Five clicks on B end with step 19"),
        ("9.2", "AB" * 10, "with 10 times A"),
        ("9.3", [1, 10, 2.71, 10], "truncated first"),
        ("9.3", [10, 10, 10, 10], "nothing follows"),
        ("9.3", [11, 1, 10, 2.71], "0.9 times 10"),
        ("9.3", [9, 0, 10, 2.71], "One step"),
        ("9.3", [10, 1, 10, 3], "discounted, too"),
        ("9.3", [10, 1, 11.71, 2.71], "gamma to the third"),
        ("9.3", [10, 1, 2, 2], "The first two are right"),
        ("9.4", [VECTOR, NUMBER], "wrong order"),
        ("9.4", [[0.7775, 0.5875, 0.0175, 0.0175], [0.79, 0.57, 0.04, 0]], "Divide by the length"),
        ("9.4", [[0.531, 0.517, 0.474, 0.474], [0.626, 0.031, 0.779, 0]], "Omega is what is left"),
        ("9.4", [VECTOR, VECTOR], "The vector is right"),
        ("9.4", [[1, 0, 0, 0], [0, 1, 0, 0]], "0.95 times the taste"),
    ],
)
def test_usual_mistakes_get_their_hint(number: str, answer: Any, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not check(number, answer)
    assert hint in capsys.readouterr().out


@pytest.mark.parametrize("number", chapter_9.CHECKS)
@pytest.mark.parametrize(
    "answer", [None, 3, "no", [], [None], {}, [[1, 2], [3]], object(), float("nan"), [[np.inf] * 3] * 2]
)
def test_other_types_are_explained(number: str, answer: Any) -> None:
    assert not check(number, answer)


def clicks_on(topics: str, threshold: int) -> list[bool]:
    """What a user of SARDINE answers who likes two topics: A is topic 0, B is topic 1."""
    world = small_world(1.0)
    world.rules.boredom_thresh = threshold
    users, clicked = world.users(1), []
    users.taste[0, :2] = 1 / np.sqrt(2)
    for topic in topics:
        item = np.array([np.flatnonzero(world.topics == "AB".index(topic))[0]])
        liked = users.chance(item) > 0.5
        users.see(item, liked)
        clicked.append(bool(liked[0]))
    return clicked


@pytest.mark.parametrize(("threshold", "clicks"), [(5, chapter_9.CLICKS[0]), (4, chapter_9.CLICKS[1])])
def test_greed_earns_in_the_world_what_the_exercise_says(threshold: int, clicks: int) -> None:
    assert sum(clicks_on("A" * 100, threshold)) == clicks


def test_turns_are_clicked_in_the_world_where_the_check_lets_them_pass() -> None:
    rng, passed = np.random.default_rng(0), 0
    for _ in range(300):
        topics = "".join(rng.choice(["A", "B"], size=20, p=[0.8, 0.2]))
        hint = chapter_9.check_turns(topics) or ""
        bores = "end with step" in hint
        passed += not bores
        assert bores != all(clicks_on(topics + "A", 5))  # one more, to see boredom that begins with the last
    assert 20 < passed < 280


def test_targets_are_those_of_the_package() -> None:
    for terminated in (False, True):
        steps, targets = NStep(5, chapter_9.GAMMA), []
        for step in (1, 2, 3):
            over = np.array([step == 3])
            for whole in steps.add({"step": np.array([step])}, np.ones(1, np.float32), {}, over & terminated, over):
                follows = chapter_9.GAMMA ** whole["steps"][0] * chapter_9.VALUE * (not whole["terminated"][0])
                targets.append(whole["reward"][0] + follows)
        np.testing.assert_allclose([targets[-1], targets[0]], chapter_9.TARGETS[int(terminated) :: 2], rtol=1e-5)


def test_a_click_moves_a_taste_as_in_the_package() -> None:
    world = small_world(chapter_9.OMEGA)
    users, item = world.users(1), np.zeros(N_TOPICS)
    users.taste[0, :4], item[:4] = chapter_9.TASTE, chapter_9.ITEM
    world.embeddings[0], world.means[0] = item, chapter_9.ITEM.mean()
    users.see(np.array([0]), np.array([True]))
    moved = users.taste[0, :4]  # the other six topics take a little of the length
    np.testing.assert_allclose(moved / np.linalg.norm(moved), chapter_9.BY_NUMBER, atol=1e-12)
    assert chapter_9.BY_NUMBER[1] > chapter_9.TASTE[1] and chapter_9.BY_VECTOR[1] < chapter_9.TASTE[1]
    assert (chapter_9.BY_VECTOR - chapter_9.TASTE).argmax() == 2 and chapter_9.BY_VECTOR[3] == 0
