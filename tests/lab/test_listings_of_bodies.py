"""Bodies of functions on a page: the package's own code, the same when parsed, in lines that a page can hold."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from drr_tutorial.lab.clinic.differences import code_of
from drr_tutorial.lab.listings import body, fitted, headed
from drr_tutorial.training.ddpg import DDPG
from drr_tutorial.training.optimizers import Lookahead, ranger
from drr_tutorial.training.replay import PrioritizedReplayBuffer, ReplayBuffer

HEADED = [DDPG.update, DDPG.expected_value, DDPG.slate_value]
ON_PAGES = [DDPG.update, DDPG.expected_value, DDPG.next_value, ranger, Lookahead.step]


def statements(source: str) -> list[str]:
    """The statements of a function's source, but for its docstring."""
    function = ast.parse(textwrap.dedent(source)).body[0]
    assert isinstance(function, ast.FunctionDef)
    return [
        ast.dump(part) for part in function.body if not isinstance(part, ast.Expr) or isinstance(part.value, ast.Call)
    ]


@pytest.mark.parametrize("function", [*ON_PAGES, DDPG.policy_loss], ids=lambda function: function.__name__)
@pytest.mark.parametrize("width", [60, 80, 200])
def test_it_is_the_same_code(function: Callable[..., Any], width: int) -> None:
    shown = "def f():\n" + textwrap.indent(body(function, width), "    ")
    assert statements(shown) == statements(inspect.getsource(function))
    assert '"""' not in shown and "type: ignore" not in shown


@pytest.mark.parametrize("function", ON_PAGES, ids=lambda function: function.__name__)
def test_it_fits_a_page(function: Callable[..., Any]) -> None:
    assert max(map(len, body(function).splitlines())) <= 80


WIDE = [
    DDPG.expected_value,
    DDPG.taken_action,
    ReplayBuffer.add,
    PrioritizedReplayBuffer.update_priorities,
    PrioritizedReplayBuffer._draw,
]


@pytest.mark.parametrize("piece", WIDE, ids=lambda piece: piece.__name__)
@pytest.mark.parametrize("width", [60, 80])
def test_broken_lines_are_the_same_code(piece: Any, width: int) -> None:
    source = code_of(piece)
    assert ast.dump(ast.parse(fitted(source, width))) == ast.dump(ast.parse(source))
    assert max(map(len, source.splitlines())) <= 80


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            "def longer(self, first: int, second: int) -> int:",
            ["def longer(", "    self, first: int, second: int", ") -> int:"],
        ),
        ('found = f("a, (b", [1, 2], {"key": 3}).of(1)', ["found = f(", '    "a, (b", [1, 2], {"key": 3}', ").of(1)"]),
        (
            "return self.first(), self.second(), self.third",
            ["return (", "    self.first(),", "    self.second(),", "    self.third", ")"],
        ),
        (
            '    f"of {len(self) - 1} it is {number + 1} too far",',
            ['    f"of {len(self) - 1} it is "', '    f"{number + 1} too far",'],
        ),
        ("call(items)  # noqa: B008 a note for a tool that is long", ["call(items)"]),
        ("a_name_that_is_longer_than_any_line_could_be = 1", ["a_name_that_is_longer_than_any_line_could_be = 1"]),
    ],
)
def test_where_a_line_is_broken(line: str, shown: list[str]) -> None:
    assert fitted(line, 40).splitlines() == shown


def without_docstring(first: int, second: int) -> int:
    total = first + second  # a comment that stays where it is
    return total


def test_a_comment_moves_above_a_long_line() -> None:
    assert body(without_docstring).splitlines() == [
        "total = first + second  # a comment that stays where it is",
        "return total",
    ]
    assert body(without_docstring, width=40).splitlines() == [
        "# a comment that stays where it is",
        "total = first + second",
        "return total",
    ]


@pytest.mark.parametrize("function", HEADED, ids=lambda function: function.__name__)
def test_with_its_head_it_is_the_same_code_and_fits_a_page(function: Callable[..., Any]) -> None:
    shown = headed(function)
    assert statements(shown) == statements(inspect.getsource(function))
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("function", "head"),
    [
        (DDPG.update, ["def update(self, batch, *, move_actor=True):"]),
        (DDPG.expected_value, ["@torch.no_grad()", "def expected_value(self, batch):"]),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_the_head_has_decorators_and_defaults_and_no_type_hints(function: Callable[..., Any], head: list[str]) -> None:
    assert headed(function).splitlines()[: len(head)] == head
