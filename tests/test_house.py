"""What the code and its tests keep to: how long things are, and what a test module may import.

The oldest libraries and other systems are tried without the tools of development (`make lowest`, the job `platforms`), so
a test module imports at its top only what comes with the package, pytest and hypothesis; for more there is
`pytest.importorskip`.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WITH_TOOLS = ("book", "oracles", "benchmarks", "portable")  # folders that those jobs leave out, or that hold programs
TEST_MODULES = [
    path
    for path in sorted((ROOT / "tests").rglob("*.py"))
    if path.relative_to(ROOT / "tests").parts[0] not in WITH_TOOLS
]
PACKAGE = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "drr_tutorial").rglob("*.py"))}


def distribution(name: str) -> str:
    """The name as indexes of packages compare it, without versions and extras."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", name)[0]).lower()


def imported_at_the_top(source: str) -> Iterator[str]:
    """First names of all modules that are imported as soon as the module is: outside functions."""
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


@pytest.fixture(scope="module")
def at_hand() -> set[str]:
    """Modules that every environment of the tests has."""
    installed = {distribution(name) for name in PROJECT["dependencies"]} | {"pytest", "hypothesis"}
    libraries = {
        module for module, names in packages_distributions().items() if installed & {distribution(n) for n in names}
    }
    return set(sys.stdlib_module_names) | libraries | {"drr_tutorial", "tests"}


def test_test_modules_import_only_what_every_environment_has(at_hand: set[str]) -> None:
    assert len(TEST_MODULES) > 80
    found = {
        str(path.relative_to(ROOT)): missing
        for path in TEST_MODULES
        if (missing := set(imported_at_the_top(path.read_text(encoding="utf-8"))) - at_hand)
    }
    assert not found


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import yaml, json", {"yaml", "json"}),
        ("from sklearn.metrics import ndcg_score", {"sklearn"}),
        ("try:\n    import yaml\nexcept ImportError:\n    pass", {"yaml"}),
        ("class A:\n    import yaml", {"yaml"}),
        ("def f():\n    import yaml", set()),
        ("yaml = pytest.importorskip('yaml')", set()),
    ],
)
def test_imports_are_read_where_they_run_at_once(source: str, names: set[str]) -> None:
    assert set(imported_at_the_top(source)) == names


def test_at_hand_is_what_the_package_needs_and_no_tool(at_hand: set[str]) -> None:
    assert {"numpy", "torch", "gymnasium", "pytest", "hypothesis", "lazy_loader"} <= at_hand
    assert not {"yaml", "mypy", "build", "nbformat", "sklearn", "implicit"} & at_hand


def test_functions_and_modules_are_short() -> None:
    functions = [
        (path.name, node.name)
        for path, source in PACKAGE.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno >= 40
    ]
    assert not functions
    assert not [path for path, source in PACKAGE.items() if len(source.splitlines()) > 350]


def test_what_has_a_folder_does_not_lie_in_the_packages_root() -> None:
    assert len([path for path in PACKAGE if path.parent == ROOT / "drr_tutorial"]) <= 6
