"""Chapter 3: right answers pass, each usual mistake gets its own hint, nonsense gets a hint and no traceback."""

import re
from typing import Any

import numpy as np
import pytest
import torch

from drr_tutorial.lab.exercises import check
from drr_tutorial.lab.exercises.chapter_3 import CHECKS
from drr_tutorial.representation.states import STATES, DRRAve


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_sizes_are_those_of_the_package() -> None:
    assert check("3.1", tuple(state(8, 5, generator()).state_dim for state in STATES.values()))


def test_drr_ave_is_that_of_the_package() -> None:
    items = torch.tensor([[[2.0, 0.0], [4.0, 6.0]]])
    state = DRRAve(2, 2, generator())(torch.tensor([[1.0, -2.0]]), items, torch.ones(1, 2, dtype=torch.bool))
    assert check("3.2", state[0].tolist())
    assert check("3.2", state[0].detach())


def test_padding_is_that_of_the_package() -> None:
    items = torch.tensor([[[0.0, 0.0], [0.0, 0.0], [2.0, 0.0], [4.0, 6.0]]])
    present = torch.tensor([[False, False, True, True]])
    modules = [STATES[name](2, 4, generator()) for name in ("drr-ave", "drr-att")]
    for parameter in modules[1].parameters():
        torch.nn.init.zeros_(parameter)
    assert check("3.3", [module(torch.ones(1, 2), items, present)[0, 4:].tolist() for module in modules])


@pytest.mark.parametrize("answer", [{"drr-att"}, ["DRR-att"], "drr-att"])
def test_order(answer: Any) -> None:
    assert check("3.4", answer)


@pytest.mark.parametrize(
    ("number", "answer", "hint"),
    [
        *(
            ("3.1", (size, 120, 24, 24), hint)
            for size, hint in [
                (40, "products of pairs"), (80, "single vectors stand before"), (200, "counts once: with m"),
                (240, "not N times N"), (160, r"not N\(N\+1\)/2"), (128, "user's vector itself"),
                (15, "each of them has k"), (24, "That is DRR-ave"), (7, "then multiply by k"),
            ]
        ),
        ("3.1", (120, 40, 24, 24), "^DRR-u: "),
        *(
            ("3.1", (120, 120, size, 24), "^DRR-ave: .*" + hint)
            for size, hint in [(8, "alone"), (16, "three parts"), (3, "each of them"), (56, "whatever N"), (120, "pairs")]
        ),
        ("3.2", [1, -2, 6, -12, 6, 6], "sum of the items"),
        ("3.2", [1, -2, 3, 3, 3, -6], "the order is"),
        ("3.2", [3, 3, 3, -6, 1, -2], "the order is"),
        ("3.2", [1, -2, -3, 3, 3], "dot product"),
        ("3.2", [1, -2, 0, 0, 3, 3], "g is right"),
        ("3.2", [1, -2, 0, 0, 0, 0], "First g"),
        ("3.3", [[3, 3], [1.5, 1.5]], "DRR-ave first"),
        ("3.3", [[3, 3], [3, 3]], "gives padding its weight"),
        ("3.3", [[1.5, 1.5], [1.5, 1.5]], "leaves padding out"),
        ("3.3", [[6, 6], [3, 3]], "weights first"),
        ("3.4", {"drr-p", "drr-att"}, "side by side"),
        ("3.4", {"drr-ave", "drr-att"}, "while all weights are 1/N"),
        ("3.4", {"DDPG"}, "Names are among"),
        ("3.4", set(), "belong to the films"),
    ],
)  # fmt: skip
def test_a_usual_mistake_gets_its_hint(number: str, answer: Any, hint: str) -> None:
    found = CHECKS[number](answer)
    assert found is not None
    assert re.search(hint, found), found


@pytest.mark.parametrize("number", CHECKS)
@pytest.mark.parametrize(
    "answer",
    [
        None,
        3,
        "no",
        object(),
        [],
        {},
        [[1], [1, 2]],
        [None, None],
        np.full((2, 2), np.nan),
        torch.ones(4, requires_grad=True),
    ],
)
def test_nonsense_gets_a_hint_and_does_not_raise(number: str, answer: Any) -> None:
    assert isinstance(CHECKS[number](answer), str)
