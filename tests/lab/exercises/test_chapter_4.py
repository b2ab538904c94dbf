"""Chapter 4: right answers pass, each usual mistake gets its own hint, nothing raises."""

from typing import Any

import numpy as np
import pytest
import torch

from drr_tutorial.actor_critic.networks import Actor, ActorCritic
from drr_tutorial.config import PRESETS
from drr_tutorial.lab.exercises import chapter_4, check

GATES, SUM = [0, 0, -0.8], [0.995055, -0.422626, 0.422626]


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("4.1", {"a", "e"}),
        ("4.1", "AE"),
        ("4.1", "a, e"),
        ("4.2", (536, 545)),
        ("4.2", np.array([536, 545])),
        ("4.3", [GATES, SUM]),
        ("4.3", torch.tensor([GATES, SUM])),
        ("4.3", ([0, 0, -0.8], [1, -0.42, 0.42])),
        ("4.4", [[1.25, 0.5, 1], [1, 0, 1]]),
        ("4.5", (0.94 / 1.5, 0.8)),
    ],
)
def test_right(number: str, answer: Any) -> None:
    assert check(number, answer)


@pytest.mark.parametrize(
    ("number", "answer", "hint"),
    [
        ("4.5", (0.94, 0.8), "sum of the weights, 1.5."),
        ("4.5", (0.94 / 3, 0.8), "not by the number"),
        ("4.5", (1.4 / 3, 0.8), "plain mean"),
        ("4.5", (0.8, 0.8), "best item alone"),
        ("4.5", (0.94 / 1.5, 0.5), "The first is right"),
        ("4.5", (3, 0.8), "Multiply each value"),
        ("4.1", {"a", "c", "e"}, "upside down"),
        ("4.1", {"a", "b", "e"}, "sum of an item's entries"),
        ("4.1", {"a", "d", "e"}, "squeezes"),
        ("4.1", {"a"}, "One is missing"),
        ("4.1", {"a", "z"}, "from a to e only"),
        ("4.2", (545, 536), "wrong order"),
        ("4.2", (512, 528), "These are the weights"),
        ("4.2", (512, 545), "The actor has two layers"),
        ("4.2", (536, 417), "the action's 8 entries"),
        ("4.2", (536, 500), "The actor is right"),
        ("4.3", (SUM, GATES), "wrong order"),
        ("4.3", ([0, 0, -1.1], [3, -0.45, 0.45]), "tanh comes last"),
        ("4.3", ([0, 0, -0.7616], [0.99505, -0.46212, 0.46212]), "Undo the tanh"),
        ("4.3", ([0, -0.5, -0.5], SUM), "The gate is 1"),
        ("4.3", ([0.9, 0, -0.8], SUM), "0 times a gate"),
        ("4.3", (GATES, [0, 0, 0]), "The gates are right"),
        ("4.3", ([0, 0.3, 0.3], SUM), "Gates: tanh"),
        ("4.4", [[1, 0, 1], [1.25, 0.5, 1]], "wrong order"),
        ("4.4", [[2, 1, 1], [1, 0, 1]], "plain sum"),
        ("4.4", [[1, 0.5, 1.25], [1, 0, 1]], "looked back"),
        ("4.4", [[1.25, 0.5, 2], [1, 0, 1]], "nothing follows"),
        ("4.4", [[1.25, 0.5, 1], [0, 0, 0]], "With gamma 0"),
        ("4.4", [[1, 0, 1], [1, 0, 1]], "Go backwards"),
    ],
)
def test_usual_mistakes_get_their_hint(number: str, answer: Any, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not check(number, answer)
    assert hint in capsys.readouterr().out


@pytest.mark.parametrize("number", chapter_4.CHECKS)
@pytest.mark.parametrize(
    "answer", [None, 3, "no", [], [None], {}, [[1, 2], [3]], object(), float("nan"), [[np.inf] * 3] * 2]
)
def test_other_types_are_explained(number: str, answer: Any) -> None:
    assert not check(number, answer)


def test_the_answers_are_those_of_the_package() -> None:
    rng = torch.Generator().manual_seed(0)
    vectors = np.zeros((2, 8), dtype=np.float32)
    networks = ActorCritic(PRESETS["original"].agent, vectors, vectors, rng)
    parts = (networks.actor, networks.critic)
    assert [sum(p.numel() for p in part.parameters()) for part in parts] == chapter_4.PARAMETERS.tolist()
    prior, output = (torch.tensor(values[None], dtype=torch.float32) for values in (chapter_4.PRIOR, chapter_4.OUTPUT))
    for gates, expected in ((True, chapter_4.GATES), (False, chapter_4.SUM)):
        actor = Actor(3, 3, (), rng, residual=True, gates=gates)
        torch.nn.init.eye_(next(actor.layers.parameters()))
        np.testing.assert_allclose(actor(output, prior).detach().numpy()[0], expected, atol=1e-6)
